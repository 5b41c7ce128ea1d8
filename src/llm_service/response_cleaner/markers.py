"""Finds markers: one pattern, made from the table of formats, whole or as far as the text has come."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

import regex

from llm_service.response_cleaner.formats import (
    ANSWER_TAGS,
    BARE_TOKENS,
    CITATION_TAGS,
    LITERALS,
    NAMED_TOOL_TAGS,
    THOUGHT_TAGS,
    TOKEN_WORDS,
    TOOL_TAGS,
    Act,
    Marker,
)

LONGEST = 64
"""Characters that are looked at around a place to decide what it is; no marker without attributes is longer."""


def _any(words: object) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))  # type: ignore[call-overload]


_LONGEST_TAG = 700
"""Characters of a marker with every attribute that is understood."""
_AGAIN = re.compile(r"[<◁]|&l")
"""What is only at the beginning of a marker."""


_VALUE = r"""(?:"[^"<>\n]{0,120}"|'[^'<>\n]{0,120}'|[^\s"'<>/]{1,120})"""
_ATTRIBUTES = rf"(?:\s{{1,3}}[\w:-]{{1,32}}\s?=\s?{_VALUE}){{0,4}}"
_NAMES = _any([*THOUGHT_TAGS, *ANSWER_TAGS, *TOOL_TAGS])
_TAG = (
    r"(?:<|&lt;)\s{0,2}(?P<slash>/|\\/?)?\s{0,2}"
    rf"(?P<name>(?i:{_NAMES}|[a-z]{{1,12}}:think(?:ing)?))"
    rf"(?P<attributes>{_ATTRIBUTES})\s{{0,2}}(?P<alone>/)?\s{{0,2}}(?:>|&gt;)"
)
# Open WebUI writes thoughts into the history so: <details type="reasoning" done="true" duration="3">
_DETAILS = r"""<details(?:\s{1,3}[a-z]{1,16}(?:="[^"<>\n]{0,40}")?){0,3}\s{1,3}type="reasoning"[^<>\n]{0,120}>"""
_NAMED_TOOL = rf"<(?P<tool>{_any(NAMED_TOOL_TAGS)})(?:=|\s{{1,2}}name=)[^<>\n]{{1,80}}>"
_STRAY_TOOL = rf"</(?:{_any(NAMED_TOOL_TAGS)})>"
_CITATION = rf"<(?:{_any(CITATION_TAGS)})>|</(?:{_any(CITATION_TAGS)})(?::[^<>\n]{{0,60}})?>"
_WORDS = _any(TOKEN_WORDS)
_TOKEN = rf"<\|(?i:(?:{_WORDS})(?:[_:-](?:{_WORDS}|\d{{1,5}})){{0,6}})\|>|<｜[^<>｜\n]{{1,48}}｜>|{BARE_TOKENS}"
# A tool call that a gateway wrote out in words (OpenClaw): "[Tool Call: read (ID: 1)]", then "Arguments: {…}".
_SPOKEN = r"\[Tool (?:Call|Use|Result)(?: for)?:? [^\[\]<\n]{1,120}\]"

_PATTERN = (
    rf"(?P<tag>{_TAG})|(?P<literal>{_any(LITERALS)})|(?P<details>{_DETAILS})|(?P<named>{_NAMED_TOOL})"
    rf"|(?P<spoken>{_SPOKEN})|(?P<token>{_TOKEN}|{_CITATION}|{_STRAY_TOOL})"
)
_WHOLE = re.compile(_PATTERN)
_PARTIAL = regex.compile(_PATTERN)

SPARK = re.compile(
    r"<{1,16}(?=[^<>\d=().,!?'\"-]|0x|<[S/]|\Z)|\[(?=[A-Zge/]|\Z)|\](?=~|\Z)|[◁]|&(?=l|\Z)|`+|~{3,}|~{1,2}\Z"
    r"|/(?=[nt]|\Z)"
)
"""Places in an answer worth a closer look: where a marker, code, or a soft switch may begin."""
LONGEST_RUN = 16
"""Of ``<`` in a row, as many are looked at together."""
HIDDEN_SPARK = re.compile(r"<(?=[^<>\d=().,!?'\"-]|0x|<(?:/?S|/?\Z)|\Z)|\[(?=[A-Zge/]|\Z)|\](?=~|\Z)|[◁]|&(?=l|\Z)")
"""The same inside a thought, where code protects nothing."""

_BY_NAME: dict[str, Marker] = {
    **{name: Marker(Act.THINK, "think" if not weak else name, weak=weak) for name, weak in THOUGHT_TAGS.items()},
    **{name: Marker(Act.WRAP, "answer") for name in ANSWER_TAGS},
    **{name: Marker(Act.TOOL, "tool", f"</{name}>") for name in TOOL_TAGS},
}
_CLOSING = {Act.THINK: Act.UNTHINK, Act.WRAP: Act.UNWRAP, Act.TOOL: Act.TOKEN}


class Found(NamedTuple):
    """A marker in a text."""

    marker: Marker
    name: str
    """What its partner must be called."""
    end: int


def find(text: str, at: int) -> Found | None:
    """The marker that begins exactly at ``at``, or None."""
    end = text.find(">", at, at + LONGEST) + 1
    plain = _PLAIN.get(text[at:end])
    if plain is not None:
        return Found(*plain, end)
    match = _WHOLE.match(text, at)
    return None if match is None else _found(match)


def _found(match: re.Match[str]) -> Found:
    end = match.end()
    if match["tag"]:
        return _tag(match)
    if match["named"]:
        return Found(Marker(Act.TOOL, "tool", f"</{match['tool']}>"), "tool", end)
    if match["literal"]:
        marker = LITERALS[match[0]]
    elif match["details"]:
        marker = Marker(Act.THINK, "details")
    elif match["spoken"]:
        marker = Marker(Act.HEADER, "spoken")
    else:
        marker = Marker(Act.TOKEN, "special")
    return Found(marker, marker.family, end)


def _tag(match: re.Match[str]) -> Found:
    name = match["name"].lower()
    marker = _BY_NAME.get(name) or _BY_NAME["think"]
    if match["alone"]:
        marker = Marker(Act.TOKEN, marker.family)
    elif match["slash"]:
        marker = _closer_of(marker)
    return Found(marker, name, match.end())


def _closer_of(marker: Marker) -> Marker:
    return Marker(_CLOSING[marker.act], marker.family, weak=marker.weak)


_PLAIN: dict[str, tuple[Marker, str]] = {
    **{f"<{name}>": (marker, name) for name, marker in _BY_NAME.items()},
    **{f"</{name}>": (_closer_of(marker), name) for name, marker in _BY_NAME.items()},
    **{spelling: (marker, marker.family) for spelling, marker in LITERALS.items() if spelling.endswith(">")},
}
"""The usual spellings, which are most of what is found."""


def may_begin(text: str, at: int, end: int | None = None) -> bool:
    """Whether ``text[at:end]`` is the beginning of a marker, and not yet a whole one."""
    stop = len(text) if end is None else end
    if stop - at > _LONGEST_TAG or _AGAIN.search(text, at + 2, stop):
        return False
    return _begins(text[at:stop])


@lru_cache(maxsize=1024)
def _begins(tail: str) -> bool:
    match = _PARTIAL.fullmatch(tail, partial=True)
    return match is not None and bool(match.partial)


def contains(text: str) -> bool:
    """Whether there is a marker anywhere."""
    return any(find(text, match.end() - 1) or find(text, match.start()) for match in SPARK.finditer(text))


@lru_cache(maxsize=64)
def closing(spelling: str) -> re.Pattern[str]:
    """Finds this closer and the JSON punctuation that may hide it in a string."""
    closer = re.escape(spelling).replace("</", r"<\s?/\s?") if spelling else "(?!)"
    return re.compile(rf'(?P<closer>{closer})|\\.|["{{}}\[\]]', re.IGNORECASE | re.DOTALL)
