"""Whether a marker is used, or only talked about: in code, in quotes, or as "the … tag"."""

from __future__ import annotations

import re
from functools import lru_cache

import regex

from llm_service.response_cleaner.markers import LONGEST, Found

_QUOTES = {'"': '"', "'": "'", "`": "`", "“": "”", "‘": "’", "«": "»", "„": "“", "「": "」"}
_DETERMINED = re.compile(
    r"(?:^|\s)(?:the|an?|this|that|your|my|its|his|her|our|their|opening|closing|raw|literal|and|or|of|with|like)\s\Z",
    re.IGNORECASE,
)
_NAMED = regex.compile(r"\s(?:tag|token|marker|block|element|section|bracket)", regex.IGNORECASE)
_FARTHEST = 32 * LONGEST
"""Characters in which a code span must be closed."""


def may_be_mentioned(last: str) -> bool:
    """Whether a marker behind this character may be only talked about. Most markers stand behind others."""
    return last in _QUOTES or last.isspace()


def mentioned(before: str, text: str, found: Found, final: bool) -> bool | None:
    """Whether the marker, with this just before it, is only talked about; None where it cannot be known yet."""
    last = before[-1:]
    if last in _QUOTES:
        return _quoted(_QUOTES[last], text, found.end, final)
    if not last.isspace() or not _DETERMINED.search(before):
        return False
    return _named(text, found.end, final)


def _quoted(quote: str, text: str, end: int, final: bool) -> bool | None:
    if end == len(text) and not final:
        return None
    return text.startswith(quote, end)


def _named(text: str, end: int, final: bool) -> bool | None:
    named = _NAMED.match(text, end, partial=not final)
    return None if named is not None and named.partial else named is not None


def span_end(ticks: int, text: str, at: int, final: bool) -> int | None:
    """Where the code span ends that is open at ``at``; 0 where not in its line, None where that cannot be known yet."""
    end = _span_end(ticks).search(text, at, at + _FARTHEST + 1)
    if end is None or end.end() > at + _FARTHEST:
        return 0 if final or len(text) - at > _FARTHEST else None
    if end[0] == "\n":
        return 0
    return end.end() if final or end.end() < len(text) else None


@lru_cache(maxsize=64)
def _span_end(ticks: int) -> re.Pattern[str]:
    return re.compile(rf"(?<!`)`{{{ticks}}}(?!`)|\n")
