"""The first words of the answer: they may be a marker in plain words ("Here is my thought process:")."""

from __future__ import annotations

import regex

from llm_service.response_cleaner import phrases
from llm_service.response_cleaner.sieve.reading import Reading

_THOUGHTS = {"granite": "granite", "apriel": "apriel", "harmony": "harmony", "tool": "harmony"}
"""The kinds of openings after which a thought follows, and what it is called."""
_LONGEST_OPENING = 256
"""Characters in which an opening must show."""


def show(r: Reading, text: str, at: int, end: int, final: bool) -> int:
    """``text[at:end]`` is text."""
    if r.visible.begun and not r.lead:
        code = r.code
        if not (code.ticks or code.opening):
            r.visible.add(text[at:end])
            return end
        if code.opening:
            end = text.find("\n", at, end) + 1 or end
        return r.literal(text, at, end)
    return _begin(r, text, at, end, final)


def _begin(r: Reading, text: str, at: int, end: int, final: bool) -> int:
    looked_at = min(end, at + _LONGEST_OPENING)
    lead = r.lead + text[at:looked_at] if r.lead else text[at:looked_at].lstrip()
    if not lead:
        return looked_at
    opening = phrases.opening(lead, partial=True)
    if opening is not None and opening.partial and "<" not in lead:
        if looked_at == len(text) and not final:
            return r.wait(at)
        r.lead = lead
        return looked_at
    known, r.lead = r.lead, ""
    if opening is None or opening.partial or ("opening" in r.certain and opening.lastgroup == "harmony"):
        r.put(lead + text[looked_at:end])
        return end
    _opened(r, opening, known, text, at)
    return max(at, looked_at - (len(lead) - int(opening.end())))


def _opened(r: Reading, opening: regex.Match[str], known: str, text: str, at: int) -> None:
    kind = opening.lastgroup or ""
    r.removed[kind] += 1
    if kind == "harmony" and not phrases.SURE_HARMONY.match(opening.string.removeprefix("assistant")):
        r.doubt_from("opening", known + text[at:], if_cut=True)
    if kind in _THOUGHTS:
        r.think(_THOUGHTS[kind])
