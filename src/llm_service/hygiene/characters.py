"""Which characters may be displayed at all.

The rule is Unicode's own list of what is invisible or steers its neighbours, minus the places where a script or an
emoji needs it: joiners inside Arabic, Indic or Mongolian words, the parts of an emoji sequence, the three flags that
are spelled with tag characters, one direction mark at a time where there is right-to-left text.

Sources: Unicode Standard ch. 23 (special areas and format characters), UAX #15 (normalisation, stream-safe text),
UTS #51 (emoji sequences), UTR #36 (security considerations).
"""

from __future__ import annotations

import unicodedata

import regex

MAX_MARKS = 6
"""Combining marks in a row, joiners among them. Burmese and Tibetan need five; a tower of them covers other lines."""
STREAM_SAFE_MARKS = 30
"""Marks in a row before normalising, after UAX #15-D4: sorting a longer run takes quadratic time."""

# What neither a script nor an emoji needs: gone wherever it stands.
_NEVER = (
    r"\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f"  # C0 and C1, less the line breaks, which become \n first
    r"\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180e\u3164\uffa0"  # soft hyphen, grapheme joiner, fillers, separators
    r"\u200b\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffc"  # zero width, bidi controls, annotations, object
    r"\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"  # shorthand and musical controls
    r"\U000e0000-\U000e001f\U000e0080-\U000e0fff"  # language tag, variation selectors 17 to 256, the rest of plane 14
    r"\ufdd0-\ufdef" + "".join(rf"\U{plane:04x}fffe\U{plane:04x}ffff" for plane in range(17))  # noncharacters
)
_JOINERS = r"\u200c\u200d"
_DIRECTION_MARKS = r"\u200e\u200f\u061c"
_VARIATIONS = r"\ufe00-\ufe0f"
_TAGS = r"\U000e0020-\U000e007f"
_MONGOLIAN_VARIATIONS = r"\u180b-\u180d\u180f"
_CONDITIONAL = _JOINERS + _VARIATIONS + _TAGS + _MONGOLIAN_VARIATIONS

# Blocks whose letters change shape with their neighbours: Arabic to Myanmar, Khmer and Mongolian, Tai Tham to Lepcha,
# the Indic blocks of plane 0's upper half, Arabic presentation forms, the right-to-left and Indic parts of plane 1.
_JOINING = (
    r"\u0600-\u061b\u061d-\u109f\u1780-\u180a\u1810-\u18af\u1a20-\u1c4f\ua800-\uabff\ufb50-\ufdcf\ufdf0-\ufdff"
    r"\ufe70-\ufefc\U00010a00-\U00010eff\U00011000-\U00011fff"
)
_PICTURE = r"\p{Extended_Pictographic}[\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]?"


def _flag(subdivision: str) -> str:
    return "".join(chr(0xE0000 + ord(letter)) for letter in subdivision) + "\U000e007f"


_LINE_BREAK = regex.compile(r"\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_TERMINAL_ESCAPE = regex.compile(
    r"(?:\x1b\[|\x9b)[0-?]*+[ -/]*+[@-~]|(?:\x1b\]|\x9d)[^\x07\x1b\x9c]*+(?:\x07|\x1b\\|\x9c)"
)
_SURROGATE = regex.compile(r"[\ud800-\udfff]")
_NEVER_RUN = regex.compile(f"[{_NEVER}]+")
_UNSAFE_RUN = regex.compile(rf"(\p{{M}}{{{STREAM_SAFE_MARKS}}})\p{{M}}++")
_MARK_TOWER = regex.compile(rf"([\p{{M}}{_JOINERS}]{{{MAX_MARKS}}})[\p{{M}}{_JOINERS}]++")
_DIRECTION_RUN = regex.compile(f"([{_DIRECTION_MARKS}])[{_DIRECTION_MARKS}]*+")
_RIGHT_TO_LEFT = regex.compile(r"[\p{Bidi_Class=R}\p{Bidi_Class=AL}--[\u200f\u061c]]", regex.V1)
_BASELESS = regex.compile(rf"^[\s\p{{M}}{_JOINERS}{_DIRECTION_MARKS}]++")
_NEEDED_OR_NOT = regex.compile(
    rf"(\U0001f3f4(?:{_flag('gbeng')}|{_flag('gbsct')}|{_flag('gbwls')})"
    rf"|{_PICTURE}(?:\u200d{_PICTURE}){{0,4}}"
    r"|[0-9#*]\ufe0f(?=\u20e3)"
    rf"|[{_JOINING}][{_JOINERS}{_MONGOLIAN_VARIATIONS}])"
    rf"|[{_CONDITIONAL}]"
)
"""Group 1 is a sequence in which the invisible part is needed; outside it, what is conditional is dropped."""

_PLAIN = regex.compile(r"[\n\t\x20-\x7e]*+")
_ODD = regex.compile(rf"[{_NEVER}{_CONDITIONAL}{_DIRECTION_MARKS}\p{{M}}\p{{Cs}}\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_VISIBLE = regex.compile(r"[^\p{M}\p{Z}\p{Cc}\p{Cf}\p{Cs}\u2800]")


def clean_characters(text: str) -> str:
    """``text`` as it may be displayed: NFC, line breaks as ``\\n``, nothing invisible that nobody needs.

    Removed are control characters and terminal escapes, bidi overrides and isolates, zero-width and tag characters
    outside the emoji and scripts that need them, lone surrogates, noncharacters, and marks beyond `MAX_MARKS` on one
    letter. Everything else stays as typed. Idempotent, linear, and never raises.
    """
    if text.isascii() and (text.isprintable() or _PLAIN.fullmatch(text)):
        return text.strip()
    if not _ODD.search(text) and unicodedata.is_normalized("NFC", text):
        return text.strip()
    text = _TERMINAL_ESCAPE.sub("", _LINE_BREAK.sub("\n", text))
    while (cleaned := _cleaned_once(text)) != text:
        text = cleaned
    return text


def _cleaned_once(text: str) -> str:
    """One pass. What it removes can bring together what the next one must see: two or three passes settle any text."""
    text = _NEVER_RUN.sub("", _SURROGATE.sub("", text))
    text = unicodedata.normalize("NFC", _UNSAFE_RUN.sub(r"\1", text))
    text = _MARK_TOWER.sub(r"\1", text)
    text = _NEEDED_OR_NOT.sub(r"\1", text)
    text = _DIRECTION_RUN.sub(r"\1" if _RIGHT_TO_LEFT.search(text) else "", text)
    text = _BASELESS.sub("", text)
    return text.rstrip()


def one_line(text: str) -> str:
    """Cleaned ``text`` as a single line: its lines joined by one space, tabs as spaces."""
    if "\n" in text:
        text = " ".join(part.strip() for part in text.split("\n") if part.strip())
    return text.replace("\t", " ").strip()


def is_blank(text: str) -> bool:
    """Whether nothing of cleaned ``text`` can be seen: only spaces, marks or blank Braille patterns."""
    if text.isascii() and text.isprintable():
        return not text.strip()
    return _VISIBLE.search(text) is None
