"""Whether a marker is used, or only talked about: in code, in quotes, or as "the … tag"."""

from __future__ import annotations

import re
from functools import lru_cache

import regex

from llm_service.response_cleaner.markers import LONGEST, Found
from llm_service.response_cleaner.sieve.reading import Reading

_QUOTES = {'"': '"', "'": "'", "`": "`", "“": "”", "‘": "’", "«": "»", "„": "“", "「": "」"}
_DETERMINED = re.compile(
    r"(?:^|\s)(?:the|an?|this|that|your|my|its|his|her|our|their|opening|closing|raw|literal|and|or|of|with|like)\s\Z",
    re.IGNORECASE,
)
_NAMED = regex.compile(r"\s(?:tags?|tokens?|markers?|blocks?|elements?|sections?|brackets?)(?!\w)", regex.IGNORECASE)
_FARTHEST = 32 * LONGEST
"""Characters in which a code span must be closed."""


def mentioned(r: Reading, text: str, found: Found, final: bool) -> bool | None:
    """Whether the marker is only talked about; None where it cannot be known yet."""
    if r.ticks:
        closed = _in_span(r.ticks, text, found.end, final)
        if closed is not False:
            return closed
        r.ticks = 0
    before = r.before(text, found.start)
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
    if named is not None and not final and (named.partial or named.end() == len(text)):
        return None
    return named is not None


def _in_span(ticks: int, text: str, at: int, final: bool) -> bool | None:
    """Whether the code span that is open here is closed in its line."""
    close = _span_end(ticks).search(text, at)
    if close is None:
        return False if final or len(text) - at > _FARTHEST else None
    if close[0] != "\n" and close.end() == len(text) and not final:
        return None
    return close[0] != "\n"


@lru_cache(maxsize=64)
def _span_end(ticks: int) -> re.Pattern[str]:
    return re.compile(rf"(?<!`)`{{{ticks}}}(?!`)|\n")
