"""A small grammar for chat lines: ``[hi|hello] {name}`` is one of two greetings to somebody.

``[a|b|]`` is one of its alternatives (the empty one leaves no blank behind), brackets nest, and ``{slot}`` is a value
or, if the value is itself a pattern, what that becomes.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence

_CHOICE = re.compile(r"\[([^\[\]]*)\]")
_SLOT = re.compile(r"\{(\w+)\}")
_BLANKS = re.compile(r" {2,}")
_BLANK_BEFORE_MARK = re.compile(r" +([,.!?;:])(?=\s|$)")

Slots = Mapping[str, str | Sequence[str]]


def expand(pattern: str, rng: random.Random, slots: Slots) -> str:
    """Return one line that the pattern allows; ``slots`` maps a slot to its text or to a list to choose from."""
    text = _choose(pattern, rng)
    while found := _SLOT.search(text):
        text = text[: found.start()] + _choose(_value(found[1], rng, slots), rng) + text[found.end() :]
    return _BLANK_BEFORE_MARK.sub(r"\1", _BLANKS.sub(" ", text)).strip()


def _choose(pattern: str, rng: random.Random) -> str:
    while "[" in pattern:
        chosen = _CHOICE.sub(lambda found: rng.choice(found[1].split("|")), pattern)
        if chosen == pattern:
            break
        pattern = chosen
    return pattern


def _value(slot: str, rng: random.Random, slots: Slots) -> str:
    value = slots[slot]
    return value if isinstance(value, str) else rng.choice(value)
