"""Characters that have no place in a line of chat: controls, invisible ones, directions, tags."""

from __future__ import annotations

import re

import regex

_ANSI = regex.compile(r"\x1b\[[0-?]*+[ -/]*+[@-~]|\x1b\][^\x07\x1b]{0,256}(?:\x07|\x1b\\)|\x1b[@-Z\\-_]")
_NEWLINE = regex.compile(r"\r\n?|[\x85\u2028\u2029\v\f]")
# A flag of England, Scotland or Wales is a black flag and tag characters: https://unicode.org/reports/tr51/#flag-emoji-tag-sequences
_UNSEEN = regex.compile(
    r"(\U0001F3F4[\U000E0030-\U000E007A]{1,6}\U000E007F)"
    r"|[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}--\t\n]|[\p{Cf}--\u200C\u200D\u0600-\u0605\u06DD\u070F\u08E2]"
    r"|[\u115F\u1160\u3164\uFFA0\uFFFC]",
    regex.VERSION1,
)
_BLANK = re.compile("[\u115f\u1160\u3164\uffa0\ufffc]")
"""Of what must go, all that Python takes for printable."""
_JOINERS = regex.compile(r"[\u200C\u200D]++")
# Joiners mean something between emoji (UTS 51) and between letters of scripts that join or form conjuncts (UAX 31).
_JOINING_SCRIPTS = (
    r"[\p{Arabic}\p{Syriac}\p{Mongolian}\p{Devanagari}\p{Bengali}\p{Gurmukhi}\p{Gujarati}\p{Oriya}\p{Tamil}\p{Telugu}"
    r"\p{Kannada}\p{Malayalam}\p{Sinhala}\p{Khmer}\p{Myanmar}\p{Tibetan}\p{Mn}]"
)
_BEFORE = regex.compile(rf"{_JOINING_SCRIPTS}\Z")
_AFTER = regex.compile(rf"{_JOINING_SCRIPTS}")
_VIRAMA = regex.compile(r"\p{Canonical_Combining_Class=Virama}")
"""Behind it, a joiner forms a half letter also where the word ends."""
_EMOJI_BEFORE = regex.compile(r"[\p{Extended_Pictographic}\uFE0F\U0001F3FB-\U0001F3FF\u20E3]\Z")
_EMOJI_AFTER = regex.compile(r"\p{Extended_Pictographic}")


def scrub(text: str) -> str:
    """``text`` without what cannot be seen or could rearrange the line; line ends become ``\\n``."""
    if text.isprintable() and not _BLANK.search(text):
        return text
    text = _NEWLINE.sub("\n", _ANSI.sub("", text))
    text = _UNSEEN.sub(lambda match: match[1] or "", text)
    return str(_JOINERS.sub(_joiner, text))


def _joiner(match: regex.Match[str]) -> str:
    text, joiner = str(match.string), str(match[0][0])
    before, after = (
        text[match.start() - 1 : match.start()] if match.start() else "",
        text[match.end() : match.end() + 1],
    )
    if _BEFORE.match(before) and _AFTER.match(after):
        return joiner
    if joiner == "\u200d" and _VIRAMA.match(before):
        return joiner
    if joiner == "\u200d" and _EMOJI_BEFORE.match(before) and _EMOJI_AFTER.match(after):
        return joiner
    return ""
