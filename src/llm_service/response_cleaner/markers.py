"""Finds markers: one pattern, made from the table of formats, whole or as far as the text has come."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache

import regex

from llm_service.response_cleaner.formats import (
    ANSWER_TAGS,
    BARE_TOKENS,
    CITATION_TAGS,
    LITERALS,
    MUSING_CHANNELS,
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


LONGEST_TAG = 700
"""Characters of a marker with every attribute that is understood."""
_AGAIN = re.compile(r"[<◁]|&l")
"""What is only at the beginning of a marker."""


_VALUE = r"""(?:"[^"<>\n]{0,120}"|'[^'<>\n]{0,120}'|[^\s"'<>/]{1,120})"""
_ATTRIBUTES = rf"(?:\s{{1,3}}[\w:-]{{1,32}}[ \t]?=[ \t]?{_VALUE}){{0,4}}"
_NAMES = _any([*THOUGHT_TAGS, *ANSWER_TAGS, *TOOL_TAGS])
_ANY_PREFIX = r"[a-z]{1,12}:think(?:ing)?"
_PREFIXED = re.compile(_ANY_PREFIX)


def _tag_of(name: str) -> str:
    return (
        rf"(?:<|&lt;)\s{{0,2}}(?P<slash>[/\\]{{1,2}})?\s{{0,2}}(?P<name>{name})"
        rf"{_ATTRIBUTES}(?P<bare>(?:\s{{1,3}}[\w:-]{{1,32}}){{1,3}})?\s{{0,2}}(?P<alone>/)?\s{{0,2}}(?:>|&gt;)"
    )


_SOME_TAG = re.compile(_tag_of(r"[\w:]{1,32}"))
"""A tag of any name; the table says whether the name means something."""
# Open WebUI writes thoughts into the history so: <details type="reasoning" done="true" duration="3">
_DETAILS = (
    r"""<(?i:details)(?:\s{1,3}[a-z]{1,16}(?:=(?:"[^"<>\n]{0,40}"|'[^'<>\n]{0,40}'))?){0,3}"""
    r"""\s{1,3}(?i:type=["']?reasoning)\b[^<>\n]{0,120}>"""
)
_NAMED_TOOL = rf"<(?P<tool>{_any(NAMED_TOOL_TAGS)})(?:=|\s{{1,2}}name=)[^<>\n]{{1,80}}>"
_STRAY_TOOL = rf"</(?:{_any(NAMED_TOOL_TAGS)})>"
_CITATION = rf"</?(?:{_any(CITATION_TAGS)})(?::[^<>\n]{{0,60}})?>"
_WORDS = _any(TOKEN_WORDS)
_SPECIAL = rf"<\|(?i:(?:{_WORDS})(?:[_:▁-](?:{_WORDS}|\d{{1,5}})){{0,6}})\|>|<｜[^<>｜\n]{{1,48}}｜>"
_TOKENS = re.compile(_SPECIAL)
# A tool call that a gateway wrote out in words (OpenClaw): "[Tool Call: read (ID: 1)]", then "Arguments: {…}".
_CALL = r"\[Tool (?:Call|Use|Result)(?: for)?:? [^\[\]<◁\n]{1,120}\]"
_SPOKEN_CALL = re.compile(_CALL)
_RARE = re.compile(rf"(?P<details>{_DETAILS})|(?P<named>{_NAMED_TOOL})|{BARE_TOKENS}|{_CITATION}|{_STRAY_TOOL}")
_PARTIAL = regex.compile(
    rf"{_tag_of(f'(?i:{_NAMES}|{_ANY_PREFIX})')}|{_any(LITERALS)}|{_DETAILS}|{_NAMED_TOOL}|{_CALL}"
    rf"|{_SPECIAL}|{BARE_TOKENS}|{_CITATION}|{_STRAY_TOOL}"
)
_TOKEN = Marker(Act.NOISE, "special")
_LETTERS = re.compile(r"[a-z]+")
_OPENS, _CLOSES = frozenset({"begin", "start", "open"}), frozenset({"end", "stop", "close"})
_CALLS = frozenset({"tool", "tools", "call", "calls", "section"})
_ENDING = {"begin": "end", "start": "end", "open": "close"}
_OPENING_WORD = re.compile("|".join(_ENDING))
_SPOKEN = Marker(Act.HEADER, "spoken")

_TAIL = rf"(?:[^<>\d=().,!?'\"-]|0x)[^<>]{{0,{LONGEST_TAG}}}+(?:>|\Z)"
"""What follows the ``<`` of a marker, or of what may still become one."""
_SQUARE = r"[A-Z/][A-Z]|gM|e~|To|[A-Zge/]?\Z"
"""What may follow its ``[``."""
LONGEST_RUN = 16
"""Of ``<`` in a row, as many are looked at together."""
_RUN = rf"<{{0,{LONGEST_RUN - 1}}}"
SPARK = re.compile(
    # Each begins with a character of its own: so most text is passed over fast. A row of "<" is taken at once, and not
    # tried again with fewer, but for one where "<S" or "</" may follow.
    rf"<(?:{_RUN}+(?={_TAIL}|0?\Z|<[S/])|(?={_RUN}+[S/]){_RUN}(?=<[S/]))|\[(?={_SQUARE})|\](?=~|\Z)|◁|&(?=l|\Z)"
    rf"|``{{0,{LONGEST - 1}}}|~(?:~{{2,{LONGEST - 1}}}|~?\Z)|/(?=no|th|[nt]?\Z)"
)
"""Places in an answer worth a closer look: where a marker, code, or a soft switch may begin."""
HIDDEN_SPARK = re.compile(
    rf"<(?=<(?:/?S|/?\Z)|{_TAIL}|0?\Z)|\[(?={_SQUARE})|\](?=~[b!]|~?\Z)|◁(?=/?t|/?\Z)|&(?=lt|l?\Z)"
)
"""The same inside a thought, where code protects nothing and no piece of a marker can do harm."""

_BY_NAME: dict[str, Marker] = {
    **{name: Marker(Act.THINK, "think" if not weak else name, weak=weak) for name, weak in THOUGHT_TAGS.items()},
    **{name: Marker(Act.WRAP, "answer") for name in ANSWER_TAGS},
    **{name: Marker(Act.TOOL, "tool", f"</{name}>") for name in TOOL_TAGS},
}
_CLOSING = {Act.THINK: Act.UNTHINK, Act.WRAP: Act.UNWRAP, Act.TOOL: Act.NOISE}


@dataclass(slots=True)
class Found:
    """A marker in a text."""

    marker: Marker
    name: str
    """What its partner must be called."""
    start: int
    end: int


def find(text: str, at: int) -> Found | None:
    """The marker that begins exactly at ``at``, or None."""
    if text[at] != "<":
        return _find_other(text, at)
    end = text.find(">", at, at + LONGEST_TAG) + 1
    if not end:
        return None
    plain = _PLAIN.get(text[at:end])
    return _find_unusual(text, at, end) if plain is None else Found(*plain, at, end)


def _find_unusual(text: str, at: int, end: int) -> Found | None:
    sign = text[at + 1]
    if sign == "<":
        return _find_other(text, at)
    if _AGAIN.search(text, at + 2, end):
        return None
    if sign in "|｜":
        token = _token(text[at:end]) if _TOKENS.fullmatch(text, at, end) else None
        return Found(token, token.family, at, end) if token is not None else None
    tag = _SOME_TAG.match(text, at)
    return (tag and _tag(tag)) or _find_rare(text, at)


@lru_cache(maxsize=256)
def _token(spelling: str) -> Marker:
    """A special token that the table does not list: its words may say what it does."""
    words = frozenset(_LETTERS.findall(spelling.lower()))
    opens, closes = not words.isdisjoint(_OPENS), not words.isdisjoint(_CLOSES)
    if opens != closes and not words.isdisjoint(MUSING_CHANNELS):
        return Marker(Act.THINK if opens else Act.UNTHINK, "think")
    if opens and len(words & _CALLS) > 1 and words <= _CALLS | _OPENS:
        return Marker(Act.TOOL, "tool", _OPENING_WORD.sub(lambda word: _ENDING[word[0]], spelling))
    return _TOKEN


def _find_other(text: str, at: int) -> Found | None:
    if text[at] == "&":
        tag = _SOME_TAG.match(text, at)
        return _tag(tag) if tag and not _AGAIN.search(text, at + 2, tag.end()) else None
    spellings = _OTHERS.get(text[at : at + 2], ())
    if text.startswith(spellings, at):
        spelling = next(spelling for spelling in spellings if text.startswith(spelling, at))
        marker = LITERALS[spelling]
        return Found(marker, marker.family, at, at + len(spelling))
    spoken = _SPOKEN_CALL.match(text, at) if text.startswith("[Tool ", at) else None
    if spoken is None or _AGAIN.search(text, at, spoken.end()):
        return None
    return Found(_SPOKEN, _SPOKEN.family, *spoken.span())


def _find_rare(text: str, at: int) -> Found | None:
    match = _RARE.match(text, at)
    if match is None:
        return None
    if match["named"]:
        return Found(Marker(Act.TOOL, "tool", f"</{match['tool']}>"), "tool", *match.span())
    marker = Marker(Act.THINK, "details") if match["details"] else _TOKEN
    return Found(marker, marker.family, *match.span())


def _tag(match: re.Match[str]) -> Found | None:
    name = match["name"].lower()
    marker = _BY_NAME.get(name) or (_BY_NAME["think"] if _PREFIXED.fullmatch(name) else None)
    if marker is None:
        return None
    if match["bare"]:
        return _worded(match, marker, name)
    if match["alone"]:
        marker = Marker(Act.NOISE, marker.family)
    elif match["slash"]:
        marker = _closer_of(marker)
    return Found(marker, name, *match.span())


def _worded(match: re.Match[str], marker: Marker, name: str) -> Found | None:
    """``<think hidden>``: words in the tag may be an attribute, or a sentence."""
    if marker.act != Act.THINK or match["slash"] or match["alone"]:
        return None
    return Found(replace(marker, weak=True), name, *match.span())


def _closer_of(marker: Marker) -> Marker:
    return Marker(_CLOSING[marker.act], marker.family, weak=marker.weak)


_PLAIN: dict[str, tuple[Marker, str]] = {
    **{f"<{name}>": (marker, name) for name, marker in _BY_NAME.items()},
    **{f"</{name}>": (_closer_of(marker), name) for name, marker in _BY_NAME.items()},
    **{spelling: (marker, marker.family) for spelling, marker in LITERALS.items() if spelling.endswith(">")},
}
"""The usual spellings, which are most of what is found."""
_OTHERS: dict[str, tuple[str, ...]] = {}
"""Those that do not end with the first ``>``, by their first two characters."""
for _spelling in sorted(LITERALS, key=len, reverse=True):
    if _spelling not in _PLAIN or ">" in _spelling[:-1]:
        _OTHERS[_spelling[:2]] = (*_OTHERS.get(_spelling[:2], ()), _spelling)


def may_begin(text: str, at: int, end: int | None = None) -> bool:
    """Whether ``text[at:end]`` is the beginning of a marker, and not yet a whole one."""
    stop = len(text) if end is None else end
    if stop - at > LONGEST_TAG or _AGAIN.search(text, at + 2, stop):
        return False
    return is_beginning(text[at:stop])


@lru_cache(maxsize=4096)
def is_beginning(tail: str) -> bool:
    """Whether all of ``tail`` is the beginning of a marker, and not yet a whole one."""
    match = _PARTIAL.fullmatch(tail, partial=True)
    return match is not None and bool(match.partial)


def contains(text: str) -> bool:
    """Whether there is a marker anywhere."""
    return any(
        find(text, at)
        for match in SPARK.finditer(text)
        for at in range(max(match.start(), match.end() - 2), match.end())
    )


@lru_cache(maxsize=64)
def closing(spelling: str) -> re.Pattern[str]:
    """Finds this closer and the JSON punctuation that may hide it in a string."""
    closer = re.escape(spelling).replace("</", r"<\s?/\s?") if spelling else "(?!)"
    return re.compile(rf'(?P<closer>{closer})|\\.|["{{}}\[\]]', re.IGNORECASE | re.DOTALL)
