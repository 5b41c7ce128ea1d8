"""Pieces of markers in a row: with a marker among them gone, ``<th<think>…</think>ink>`` would become one."""

from __future__ import annotations

import re

from llm_service.response_cleaner import markers
from llm_service.response_cleaner.markers import LONGEST
from llm_service.response_cleaner.sieve.mention import mentioned
from llm_service.response_cleaner.sieve.opening import show
from llm_service.response_cleaner.sieve.reading import WAIT, Reading, Row

_NEXT = re.compile(r"[<\[\]◁&]")
"""What markers begin with."""


def half(r: Reading, text: str, start: int, at: int, final: bool) -> int:
    """No marker at ``at``, or only the beginning of one: wait, drop it, or show it."""
    row = r.row or Row(at - start)
    before, end = _last(text, at, start + row.reach)
    if end > at:
        return _followed(r, text, start, (before, end), final)
    if not (markers.may_begin(text, at) or (at > start and markers.may_begin(text, at - 1))):
        return show(r, text, start, at + 1, final)
    if not final:
        return _wait(r, start, at)
    return len(text) if r.cut else show(r, text, start, at + 1, final)


def _wait(r: Reading, start: int, at: int) -> int:
    r.row = Row(at - start)
    return WAIT


def _last(text: str, at: int, known: int) -> tuple[int, int]:
    """Where the last two pieces of the row begin, which is known to reach so far; ``at`` where there is no row.

    The last may still turn out to be a part of the one before.
    """
    before = here = known
    while here - at < LONGEST:
        after = _after(text, here)
        if after == here:
            break
        before, here = here, after
    return before, here


def _after(text: str, here: int) -> int:
    """Where the piece that begins here is broken off by a sign of another marker; ``here`` where it is none."""
    sign = _NEXT.search(text, here + 1)
    if sign is None or not markers.is_beginning(text[here : sign.start()]):
        return here
    end = sign.start()
    if _breaks(text, here, end):
        return end
    if markers.find(text, here) is not None or markers.may_begin(text, here):
        return here
    breaks = markers.find(text, end) is not None or markers.may_begin(text, end)
    return end if breaks else _over(text, here, end)


def _breaks(text: str, here: int, end: int) -> bool:
    """Whether the sign at ``end`` cannot belong to a marker that begins here."""
    if text[here] == "]":
        return not text.startswith(("]~b]", "]~!b["), here)
    if text[end] == "[":
        return text[here] == "[" and text[here + 1] != "e"  # all but ``[e~[``
    return text[end] == "◁" or (end > here + 1 and (text[end] == "<" or text.startswith("&l", end)))


def _over(text: str, here: int, end: int) -> int:
    """The sign may belong to the piece, as in ``</co: 0:[1``: then the next one breaks it off."""
    sign = _NEXT.search(text, end + 1)
    return sign.start() if sign is not None and markers.may_begin(text, here, sign.start()) else end


def _followed(r: Reading, text: str, start: int, last: tuple[int, int], final: bool) -> int:
    """A row of pieces, and what comes at the last: before a marker they go, before anything else they are text."""
    before, at = last
    if at - start >= LONGEST:
        return show(r, text, start, at, final)
    found = markers.find(text, at)
    if found is not None:
        talked_about = mentioned(r, text, found, final)
        if talked_about is None:
            return WAIT
        return show(r, text, start, at, final) if talked_about else at
    if not final and markers.may_begin(text, at):
        return _wait(r, start, before)
    return show(r, text, start, at, final)
