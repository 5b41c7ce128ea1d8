"""Where sentences end, in chat: what is only a dot in an abbreviation, a number, or a link is not an end."""

from __future__ import annotations

import re
from collections.abc import Iterator

import regex

_NARROW, _WIDE, _CLOSERS = ".!?…", "。！？｡", "\"'”’»」)]*_~"
MARKS = _NARROW + _WIDE + _CLOSERS
"""What an end may be made of: a text that stops in the middle of one ends with these."""
_MARK = re.compile(f"[{_NARROW}{_WIDE}]")
_CLOSED = rf"[{re.escape(_CLOSERS)}]*+"
_END = re.compile(
    rf"[{_NARROW}{_WIDE}](?:(?<=[{_NARROW}])(?<![{_NARROW}]{{2}})[{_NARROW}]*+{_CLOSED}(?=\s)"
    rf"|(?<=[{_WIDE}])(?<![{_WIDE}]{{2}})[{_WIDE}]*+{_CLOSED}(?!\Z))"
)
"""A whole run of end marks, and what shows that the sentence ends there."""
_LONGEST_ORDINAL = 3
"""Digits of a number whose dot may belong to it: "on 24. December"."""
_ABBREVIATIONS = ("dr", "mr", "mrs", "ms", "prof", "st", "vs", "etc", "approx", "vol")
_ABBREVIATION = regex.compile(
    rf"(?<![\p{{L}}\p{{N}}./])(?:{'|'.join(_ABBREVIATIONS)}|e\.g|i\.e|a\.m|p\.m|u\.s|\p{{L}}|\d{{1,{_LONGEST_ORDINAL}}})\Z",
    regex.IGNORECASE,
)
_LAST_WORD = 12
_FINISHED = regex.compile(
    r"(?:[.!?…。！？｡][\"'”’»」)\]*_~`]*|\p{Extended_Pictographic}\uFE0F?|[\U0001F3FB-\U0001F3FF]"
    r"|(?<!\S)(?:[:;=][-'^]?[)(DPp3O]|<3|[xX]D))\Z"
)


def may_end(text: str, at: int = 0) -> bool:
    """Whether any end mark stands behind ``at``."""
    return _MARK.search(text, at) is not None


def ends(text: str, at: int = 0) -> Iterator[int]:
    """Places from ``at`` on just after a sentence: an end mark (with quotes) and white space, or a wide end mark.

    The end of ``text`` itself never counts: what follows is not known.
    """
    for match in _END.finditer(text, at):
        end = match.end()
        if match[0] != "." or not _abbreviated(text[max(0, end - _LAST_WORD) : end - 1]):
            yield end


def _abbreviated(text: str) -> bool:
    """Whether the dot behind ``text`` belongs to an abbreviation."""
    word = text.rpartition(" ")[2]
    if word.isalpha():
        return len(word) == 1 or word.casefold() in _ABBREVIATIONS
    if word.isdecimal():
        return len(word) <= _LONGEST_ORDINAL
    return _ABBREVIATION.search(text) is not None


def finished(text: str, complete: frozenset[str] = frozenset()) -> bool:
    """Whether ``text`` stops at an end mark, an emoji, or a last word in ``complete`` (emotes)."""
    body = text.rstrip()
    return not body or _FINISHED.search(body) is not None or body.split()[-1] in complete


def whole(text: str, complete: frozenset[str] = frozenset()) -> str:
    """``text`` without a last sentence that was cut off; empty where there is no other."""
    body = text.rstrip()
    if finished(body, complete):
        return text
    return body[: max(*ends(body), body.rfind("\n"), 0, 0)]
