"""Code in the answer: markers in it are text."""

from __future__ import annotations

import re

import regex

from llm_service.response_cleaner.markers import LONGEST
from llm_service.response_cleaner.sieve.reading import WAIT, Reading

_FENCE = regex.compile(r"(`{3,}|~{3,})[\w+#.:={}\"' \t-]{0,40}\n")
_FENCE_END = re.compile(r"^ {0,3}(`{3,}|~{3,})[ \t]*$", re.MULTILINE)
_FENCE_START_OF_END = re.compile(r" {0,3}(?:`*|~*)[ \t]*")


def ticked(r: Reading, text: str, spark: re.Match[str], final: bool) -> int:
    """A run of backticks or tildes: a fence opens, or a code span opens or closes."""
    at, run = spark.start(), spark[0]
    if spark.end() == len(text) and not final:
        return WAIT if len(run) < LONGEST else r.literal(text, at, spark.end())
    fence = _fence_at(r, text, at, final) if len(run) >= 3 else None
    if fence is not None:
        return WAIT if fence.partial else _fenced(r, text, at, fence)
    if run[0] == "`":
        r.ticks = 0 if r.ticks == len(run) else r.ticks or len(run)
    return r.literal(text, at, spark.end())


def _fence_at(r: Reading, text: str, at: int, final: bool) -> regex.Match[str] | None:
    if r.lead or not r.visible.at_line_start:
        return None
    return _FENCE.match(text, at, partial=not final)


def _fenced(r: Reading, text: str, at: int, fence: regex.Match[str]) -> int:
    r.fence = fence[1]
    r.state = "fence"
    return r.literal(text, at, fence.end())


def in_fence(r: Reading, text: str, at: int, final: bool) -> int:
    """Code between fences, up to the fence that closes it; an unclosed one lasts to the end."""
    for end in _FENCE_END.finditer(text, at):
        if end.end() == len(text) and not final:
            break
        if end[1].startswith(r.fence) and r.before(text, end.start()).endswith("\n"):
            r.state = "answer"
            return r.literal(text, at, end.end())
    stop = len(text) if final else _sure(r, text, at)
    return r.literal(text, at, stop) if stop > at else WAIT


def _sure(r: Reading, text: str, at: int) -> int:
    """Up to where the text cannot belong to the closing fence."""
    line = max(text.rfind("\n", at) + 1, at)
    begins_line = r.before(text, line).endswith("\n")
    return line if begins_line and _FENCE_START_OF_END.fullmatch(text, line) else len(text)
