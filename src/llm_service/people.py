"""Who wrote a line, and whom it names."""

from __future__ import annotations

import re
from sys import intern

from llm_service.memo import remembered
from llm_service.multimap import Multimap
from llm_service.words import fold, is_stop

_OPENING = re.compile(r"[<@]*([^\s:,>]+)\s*([:,>])?")
_SEPARATORS = ":,?!.()<>@"
_SEPARATOR = re.compile(f"[{_SEPARATORS}]")
_PARTED = bytes.maketrans(_SEPARATORS.encode(), b" " * len(_SEPARATORS))
"""Makes blanks of what stands between the words of an ASCII text."""
_ORNAMENT = re.compile(r"^[\W_]+|[\W_\d]+$")


@remembered(1 << 12)
def person(username: str, user_id: str | None = None) -> str:
    """One key for one person: the platform's id where there is one, since names change; else the name without case.

    All lines of a person share the one string.
    """
    return intern(f"id:{user_id}" if user_id else f"name:{username.casefold()}")


class Names:
    """The names of the people present, for telling whom a line addresses.

    A name counts as a whole word, whatever its case; at the start of a line, before a colon or comma, also without
    the digits and signs around it (``steve: hi`` means ``_steve99``). Short names and names that are everyday words
    count only where the line marks them (``@it``, ``it: hello``). A name of several words goes by each of them.
    """

    def __init__(self) -> None:
        self._people: Multimap[str, str] = Multimap()
        self._plain: Multimap[str, str] = Multimap()

    def add(self, username: str, key: str) -> None:
        """Someone called ``username`` is there, known as ``key``; the newest of two with one name wins."""
        for name, plain in _forms(username):
            self._people.put(name, key)
            self._plain.put(plain, key)

    def remove(self, username: str, key: str) -> None:
        """Take back one ``add``."""
        for name, plain in _forms(username):
            self._people.take_out(name, key)
            self._plain.take_out(plain, key)

    def addressed(self, text: str) -> str | None:
        """Key of the person whom ``text`` names: the one it opens with, else the first one in it."""
        folded = fold(text)
        parted = folded.encode().translate(_PARTED).decode() if folded.isascii() else _SEPARATOR.sub(" ", folded)
        if parted != folded:  # without any sign between its words, it opens with the first of them
            opening = _OPENING.match(folded)
            if opening and (who := self._opened(opening, marked=bool(opening[2]) or folded.startswith("@"))):
                return who
        tokens = parted.split()
        if self._people.keys().isdisjoint(tokens):
            return None
        return next((who for token in tokens if (who := self._named(token))), None)

    def _opened(self, opening: re.Match[str], *, marked: bool) -> str | None:
        name = opening[1]
        if not marked:
            return self._named(name)
        plain = _plain(name)
        return self._people.newest(name) or (self._plain.newest(plain) if len(plain) > 3 else None)

    def _named(self, token: str) -> str | None:
        is_name = len(token) > 2 and not is_stop(token) and token not in _GREETINGS
        return self._people.newest(token) if is_name else None


_GREETINGS = frozenset(["hello", "hey", "thanks", "yes", "okay", "please", "guys", "chat", "bot"])
"""Everyday words that a line may open with, or hold, without meaning a person of that name."""


@remembered(1 << 12)
def _forms(username: str) -> tuple[tuple[str, str], ...]:
    """The names that somebody goes by, each with what it is without ornament."""
    name = fold(username)
    return tuple((form, _plain(form)) for form in {name} | {part for part in name.split() if len(part) > 2})


def _plain(name: str) -> str:
    return _ORNAMENT.sub("", name) or name
