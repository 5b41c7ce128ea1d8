"""Crowd compression: what a crowd says in chorus becomes one line with a count and a few names.

A busy room repeats itself: emotes, copypasta, raid greetings. Dropping repeats hides that the room exploded, and
passing all of them spends the context on one word; the count says the same in one line::

    [×37] alice, bob and 35 others: KEKW        37 lines of 37 people
    [×3] alice and bob: gg                       3 lines of two people
    [×5] alice: anyone?                          5 lines of one person
    carol: which keyboard is that?               a line that nobody repeats stays as it is

A line of a group is ``[×COUNT] NAMES: TEXT``, with the text of its first message, in that message's place. Nobody can
forge one: a speaker's name holds no square bracket (see ``hygiene.names``), so no other line begins with one. Names
that hold a blank or a comma would read like a list and are only counted. Text and names are one line each, so is this.

What counts as the same: texts that are equal without case, punctuation and, where they are one word said once or more
often, without repeated letters and words ("KEKW", "kekwww", "KEKW KEKW!"); and texts of eight words or more that share
three fifths of them, which is how copypasta mutates. The work is linear in the messages, and its result depends on
nothing but them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from zlib import crc32

from llm_service.memo import remembered
from llm_service.types import Message

from .addressing import TEXTS
from .viewers import viewer_of

_WORD = re.compile(r"[^\W_]+")
_LETTERS_AGAIN = re.compile(r"([^\W\d])\1+")
_PLAIN_NAME = re.compile(r"[^\s,]+")
_LONG = 8
"""Words from which on a text may be copypasta."""
_ALIKE = 0.6
"""Share of words (Jaccard) from which on two long texts are the same."""
_SIGNATURE = 4
"""How many of a long text's pairs of words are looked up."""
_NAMES = 2
"""Most names that a line gives."""


@dataclass(frozen=True, slots=True)
class Chorus:
    """Messages of a turn that say the same; most often a single one."""

    messages: tuple[Message, ...]

    @property
    def ids(self) -> tuple[str, ...]:
        """Of all its messages, in order."""
        return tuple(message.id for message in self.messages)

    @property
    def people(self) -> frozenset[str]:
        """Who joined in, by `viewer_of`."""
        return frozenset([viewer_of(message) for message in self.messages])

    @property
    def line(self) -> str:
        """As the model reads it: see the module's description for the format."""
        first = self.messages[0]
        if len(self.messages) == 1:
            return f"{first.speaker}: {first.line}"
        return f"[×{len(self.messages)}] {_names(self.messages)}: {first.line}"


def compress(messages: Sequence[Message]) -> tuple[Chorus, ...]:
    """The messages in groups that say the same, in the order of their first messages; every message is in one."""
    if len(messages) == 1:
        return (Chorus(tuple(messages)),)
    groups: list[list[Message]] = []
    first_words: dict[int, frozenset[str]] = {}
    known: dict[object, int] = {}
    for message in messages:
        text = _text(message.line)
        place = known.get(text.key)
        if place is None:
            place = _copied(text, known, first_words)
        if place is None:
            place = len(groups)
            groups.append([])
            first_words[place] = text.words
            known.update(dict.fromkeys(text.signature, place))
        known[text.key] = place
        groups[place].append(message)
    return tuple(Chorus(tuple(group)) for group in groups)


def crowd_lines(messages: Sequence[Message]) -> tuple[str, ...]:
    """The lines of one turn as the model reads them, repeats compressed."""
    return tuple(chorus.line for chorus in compress(messages))


@dataclass(frozen=True, slots=True)
class _Text:
    """What is compared of a text."""

    key: str
    words: frozenset[str]
    signature: tuple[int, ...]
    """Hashes of a few pairs of neighbouring words, always the smallest; empty for a short text."""


@remembered(TEXTS)
def _text(line: str) -> _Text:
    words = _WORD.findall(line.casefold())
    if len(words) >= _LONG:
        pairs = {crc32(f"{one} {two}".encode()) for one, two in pairwise(words)}
        return _Text(" ".join(words), frozenset(words), tuple(sorted(pairs)[:_SIGNATURE]))
    return _Text(_short_key(words) or line, frozenset(), ())


def _short_key(words: list[str]) -> str:
    if len({word[0] for word in words}) == 1:
        simple = {_LETTERS_AGAIN.sub(r"\1", word) for word in words}
        if len(simple) == 1:
            return simple.pop()
    return " ".join(words)


def _copied(text: _Text, known: dict[object, int], first_words: dict[int, frozenset[str]]) -> int | None:
    """The group of whose first text a long one is a mutation."""
    for pair in text.signature:
        place = known.get(pair)
        if place is not None and _alike(text.words, first_words[place]):
            return place
    return None


def _alike(words: frozenset[str], others: frozenset[str]) -> bool:
    return len(words & others) >= _ALIKE * len(words | others)


def _names(messages: Sequence[Message]) -> str:
    speakers = {viewer_of(message): message.speaker for message in reversed(messages)}
    people = dict.fromkeys(map(viewer_of, messages))
    plain = [speakers[person] for person in people if _PLAIN_NAME.fullmatch(speakers[person])]
    named = plain if len(people) == len(plain) <= _NAMES else plain[:_NAMES]
    others = len(people) - len(named)
    if not others:
        return " and ".join(named)
    rest = f"{others} {'other' if others == 1 else 'others'}" if named else _count(others)
    return f"{', '.join(named)} and {rest}" if named else rest


def _count(people: int) -> str:
    return "1 viewer" if people == 1 else f"{people} viewers"
