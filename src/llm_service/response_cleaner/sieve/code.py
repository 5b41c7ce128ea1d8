"""Code in the answer: markers in it are text."""

from __future__ import annotations

import re

from llm_service.response_cleaner.markers import LONGEST
from llm_service.response_cleaner.sieve.reading import Reading

_SHORTEST_FENCE = 3
_FENCE_LINE = re.compile(r" {0,3}(`{3,}|~{3,})[^\S\n]*(?=\n|\Z)")
_NEXT_FENCE_LINE = re.compile(rf"(?<=\n){_FENCE_LINE.pattern}")
_FENCE_BEGINNING = re.compile(r" {0,3}(?:`*|~*)[^\S\n]*")


def ticked(r: Reading, text: str, spark: re.Match[str], final: bool) -> int:
    """A run of backticks or tildes: a fence opens, or a code span opens or closes."""
    run, code = spark[0], r.code
    if spark.end() == len(text) and not final:
        return r.wait(spark.start()) if len(run) < LONGEST else r.literal(text, spark.start(), spark.end())
    opens = len(run) >= _SHORTEST_FENCE and not r.lead and r.visible.at_line_start
    end = r.literal(text, spark.start(), spark.end())
    if opens:
        code.fence, code.opening = run, True
    if run[0] == "`":
        code.ticks = 0 if code.ticks == len(run) else code.ticks or len(run)
    return end


def in_fence(r: Reading, text: str, at: int, final: bool) -> int:
    """Code between fences, up to the fence that closes it; an unclosed one lasts to the end."""
    at_line_start = r.shown.endswith("\n")
    end = _closing(r.code.fence, text, at, at_line_start)
    if end and (final or end < len(text)):
        r.state = "answer"
        return r.literal(text, at, end)
    stop = len(text) if final else _sure(text, at, at_line_start)
    return r.literal(text, at, stop) if stop > at else r.wait(at)


def _closing(fence: str, text: str, at: int, at_line_start: bool) -> int:
    """Where the line ends that closes the fence; 0 where none does."""
    first = _FENCE_LINE.match(text, at) if at_line_start else None
    if first is not None and first[1].startswith(fence):
        return first.end()
    return next((line.end() for line in _NEXT_FENCE_LINE.finditer(text, at) if line[1].startswith(fence)), 0)


def _sure(text: str, at: int, at_line_start: bool) -> int:
    """Up to where the text cannot belong to the closing fence."""
    line = text.rfind("\n", at) + 1
    if not line and not at_line_start:
        return len(text)
    line = line or at
    return line if _FENCE_BEGINNING.fullmatch(text, line) else len(text)
