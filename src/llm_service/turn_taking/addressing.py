"""Whom a line is meant for: the assistant, the room, or another viewer."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache
from typing import Literal

from llm_service.memo import remembered
from llm_service.types import Message

TEXTS = 2_048
"""Texts of which it is remembered what they are: more than wait in a room, which decides about all of them anew."""

Addressed = Literal["reply", "mention", "name"]
"""How a line calls the assistant: answering one of its replies on the platform, with ``@name``, or by name."""

_LETTER = r"[^\W\u2e80-\U0010ffff]"
"""A letter of a script that parts words with blanks; Chinese, Japanese and Korean may touch a name."""
_QUESTION = re.compile(r"[?？؟](?:[\s?？؟!！.…\"'”’)\]]|$)")
_TO_SOMEBODY = re.compile(r"\s*@\w")


def addressed(message: Message, names: tuple[str, ...], replies: Collection[str] = ()) -> Addressed | None:
    """How a message calls the assistant, None where it does not.

    ``names`` are the assistant's; case does not matter, and a name within a longer word, a host or an address is no
    call. ``replies`` are the ids of its latest replies.
    """
    if message.reply_to is not None and message.reply_to in replies:
        return "reply"
    return _call_in(message.text, names)


@remembered(TEXTS)
def _call_in(text: str, names: tuple[str, ...]) -> Addressed | None:
    pattern = _called(names)
    if pattern is None or not _may_hold(text, names):
        return None
    found = pattern.search(text)
    if found is None:
        return None
    return "mention" if found[0].startswith("@") else "name"


def _may_hold(text: str, names: tuple[str, ...]) -> bool:
    """False where a text in plain letters holds none of the names, as nearly all do: found out in a tenth of the
    time."""
    openings = _openings(names) if text.isascii() else None
    if openings is None:
        return True
    lowered = text.lower()
    return any(opening in lowered for opening in openings)


@lru_cache(maxsize=256)
def _openings(names: tuple[str, ...]) -> tuple[str, ...] | None:
    """The first word of each name, in small letters; None where a name has others than ASCII's, which may be the same
    in another case (``ſ`` and ``s``)."""
    words = [name.split()[0].lower() for name in names if name.strip()]
    return tuple(words) if all(map(str.isascii, words)) else None


def is_question(message: Message) -> bool:
    """Whether it asks something: a question mark that ends a word, so not one within a link."""
    return _asks(message.text)


@remembered(TEXTS)
def _asks(text: str) -> bool:
    return _QUESTION.search(text) is not None


def is_for_somebody_else(message: Message) -> bool:
    """Whether a line that does not call the assistant opens with a mention, or answers another viewer's message."""
    return message.reply_to is not None or _TO_SOMEBODY.match(message.text) is not None


@lru_cache(maxsize=256)
def _called(names: tuple[str, ...]) -> re.Pattern[str] | None:
    calls = "|".join(_call(name) for name in names if name.strip())
    return re.compile(calls, re.IGNORECASE) if calls else None


def _call(name: str) -> str:
    before = rf"(?<!{_LETTER})(?<![./@-])" if _parts_words(name.strip()[0]) else ""
    after = rf"(?!{_LETTER}|-|\.\w)" if _parts_words(name.strip()[-1]) else ""
    spelled = r"\s+".join(map(re.escape, name.split()))
    return rf"{before}@?{spelled}{after}"


def _parts_words(letter: str) -> bool:
    return ord(letter) < 0x2E80
