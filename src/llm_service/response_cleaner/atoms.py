"""Pieces of a chat line in which every character counts: links, emoticons, commands, names."""

from __future__ import annotations

import regex

_URL = (
    r"(?:https?://|www\.)(?:[^\s<>`*\"“”]|\*{1,3}(?=\w))*[^\s<>`*\"“”.,;:!?'’)\]}_]/?_*+"
    r"(?:\([^\s()<>]{0,80}\)[^\s<>`*\"“”.,;:!?'’)\]}]*)?"
)
_EMAIL = r"[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,32}){1,4}"
_SHRUG = r"¯\\{0,3}_+\(.{1,5}\)_+/¯|_\([^\p{L}\s()]{1,8}\)_"
_MENTION = r"(?<!\w)@\w{0,40}[^\W_]"
_EYES_AND_MOUTH = r"[>]?[:;=8xX][-'^o*]?[)(\]\[DPp/\\|3]|[:;=]-?\*|[<][/\\]?3+"
_FACE = r"[\^\-*oOuUTt>.;xX@~=][_.][\^\-*oOuUTt<.;xX@~=]"
_EMOTICON = rf"(?<![\w*])(?:{_EYES_AND_MOUTH}|{_FACE})(?![\w*])"
_DUNDER = (
    r"(?<!\w)__(?:init|main|name|str|repr|call|enter|exit|new|del|len|iter|next|file|doc|dict|slots|all|class)__(?!\w)"
)

ATOM = regex.compile(f"{_URL}|{_EMAIL}|{_MENTION}|{_SHRUG}|{_EMOTICON}|{_DUNDER}")
"""A piece that no rule may look into."""
_UNADDRESSED = regex.compile(f"{_URL}|{_SHRUG}|{_EMOTICON}|{_DUNDER}")
"""The same where the text has no ``@``: then not every word may be the beginning of an address."""


def spans(text: str, emotes: frozenset[str] = frozenset()) -> list[tuple[int, int]]:
    """Where the atoms of ``text`` are, in order: links, addresses, emoticons, and the known ``emotes``."""
    atom = ATOM if "@" in text else _UNADDRESSED
    found = [match.span() for match in atom.finditer(text)]
    if emotes:
        words = (match.span() for match in _WORD.finditer(text) if match[0] in emotes)
        found = sorted({*found, *words})
    return found


_WORD = regex.compile(r"\S+")
