"""What the model repeats of how its prompt is written: notes in parentheses, and lines that many viewers said.

Nobody else writes so, and no viewer has ever seen it. The forms are those of ``prompt/notes.py``, of
``dialogue_manager/telling.py`` and of ``turn_taking/crowd.py``.
"""

from __future__ import annotations

from collections.abc import Set

import regex

_COUNT = r"\[×\d+\]"
_COUNTED = regex.compile(rf"{_COUNT}\s*")
_CHORUS = regex.compile(rf"\s*{_COUNT}[^\n:]*+:")
"""``[×37] Ann, Mo and 35 others: …``"""
_NAME = r"[^\n:()]{1,60}"
_NOTE = regex.compile(
    rf"\((?:Earlier, (?:just now|\d+ (?:minute|hour|day)s? ago), {_NAME}:|This follows on {_NAME}:|Topics now:"
    rf"|About (?P<about>{_NAME}):|Reply to (?P<to>[^\n:()]+)(?=\)))(?:[^\n()]|\([^\n()]*\))*+\)\s*"
)
"""A whole note. What anybody might say in parentheses is one only if it has a viewer's name where a note has one."""


def is_chorus(line: str) -> bool:
    """Whether the line is what several viewers said."""
    return "[×" in line and _CHORUS.match(line) is not None


def without_echoes(text: str, viewers: Set[str]) -> str:
    """``text`` without notes, and without the count in front of names. ``viewers`` are their names, casefolded."""

    def hide(note: regex.Match[str]) -> str:
        named = note["about"] or note["to"]
        known = named is None or all(name.strip().casefold() in viewers for name in named.split(","))
        return "" if known else note[0]

    text = _NOTE.sub(hide, text) if "(" in text else text
    return _COUNTED.sub("", text) if "[×" in text else text
