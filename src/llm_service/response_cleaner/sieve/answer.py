"""The answer: what a marker in it means."""

from __future__ import annotations

import re

from llm_service.response_cleaner import markers
from llm_service.response_cleaner.formats import Act
from llm_service.response_cleaner.markers import LONGEST_RUN, SPARK, Found
from llm_service.response_cleaner.phrases import OPENING, SWITCH
from llm_service.response_cleaner.sieve.code import ticked
from llm_service.response_cleaner.sieve.header import address
from llm_service.response_cleaner.sieve.mention import mentioned, span_end
from llm_service.response_cleaner.sieve.opening import show
from llm_service.response_cleaner.sieve.reading import Reading
from llm_service.response_cleaner.sieve.turns import turn


def in_answer(r: Reading, text: str, at: int, final: bool) -> int:
    """The answer, up to the next place that may be a marker, and that marker."""
    spark = SPARK.search(text, at)
    if spark is None:
        return show(r, text, at, len(text), final)
    start = spark.start()
    if start > at:
        at = show(r, text, at, start, final)
        if at < start or r.state != "answer":
            return at
    sign = text[at]
    if sign in "`~":
        return ticked(r, text, spark, final)
    return _switch(r, text, at, final) if sign == "/" else _marked(r, text, spark, final)


def _switch(r: Reading, text: str, at: int, final: bool) -> int:
    """``/no_think``: noise where it stands by itself, a word where the answer talks about it."""
    switch = SWITCH.match(text, at, partial=not final)
    if switch is None:
        return show(r, text, at, at + 1, final)
    if switch.partial or (switch.end() == len(text) and not final):
        return r.wait(at)
    before = r.shown.rstrip()
    if r.code.ticks or (r.spoken and before and (before[-1].isalnum() or before[-1] in ",'\"")):
        return r.literal(text, at, switch.end())
    r.perhaps(switch[0])
    return int(switch.end())


def _marked(r: Reading, text: str, spark: re.Match[str], final: bool) -> int:
    start, end = spark.span()
    at = end - 1
    if end == len(text) and not final:
        return r.wait(start) if end - start < LONGEST_RUN else show(r, text, start, at - 1, final)
    found = markers.find(text, at)
    if found is None and at > start:
        at -= 1
        found = markers.find(text, at)
    if found is None:
        return _half(r, text, start, end - 1, final)
    if r.lead and OPENING.fullmatch(r.lead + text[found.start : found.end]):
        return _addressed(r, found)
    return _used(r, found, text, start, final)


def _half(r: Reading, text: str, start: int, at: int, final: bool) -> int:
    """No marker, or only the beginning of one: wait, drop it where the answer was cut off there, or show it."""
    begins = markers.may_begin(text, at) or (at > start and markers.may_begin(text, at - 1))
    if begins and not final:
        return r.wait(start)
    if begins and r.cut:
        return len(text)
    following = SPARK.search(text, at + 1)
    return show(r, text, start, following.start() if following else len(text), final)


def _addressed(r: Reading, found: Found) -> int:
    """A header whose first tokens were stripped: ``analysis<|message|>``."""
    header, r.lead = r.lead, ""
    address(r, header)
    return found.end


def _used(r: Reading, found: Found, text: str, start: int, final: bool) -> int:
    spared = _talked_about(r, found, text, start, final)
    if spared is None:
        return r.wait(start)
    if spared:
        r.wrapper.worded |= found.marker.act == Act.WRAP and not r.seen
        return r.literal(text, start, spared)
    if start < found.start and not _goes(r, found):
        return show(r, text, start, found.start, final)
    return _apply(r, found, text, final)


def _talked_about(r: Reading, found: Found, text: str, start: int, final: bool) -> int | None:
    """Up to where the text is text because the marker is only talked about; 0 where it is used, None while unknown."""
    code = r.code
    if code.ticks and not code.endless:
        end = span_end(code.ticks, text, found.end, final)
        if end is None:
            return None
        code.endless = not end
        if end:
            code.ticks = 0
            return end
    before = text[start : found.start] or r.shown
    talked_about = mentioned(before, text, found, final)
    return None if talked_about is None else found.end * talked_about


def _goes(r: Reading, found: Found) -> bool:
    """Whether the marker is taken out whatever follows."""
    act = found.marker.act
    word = found.marker.weak or act in (Act.WRAP, Act.UNWRAP)
    return not word and not (act == Act.UNTHINK and r.hint is False)


def _apply(r: Reading, found: Found, text: str, final: bool) -> int:
    marker = found.marker
    match marker.act:
        case Act.NOISE:
            r.struck = r.struck or (text[found.start : found.end] == "<s>" and r.spoken)
        case Act.THINK:
            return _open(r, found, text)
        case Act.UNTHINK:
            return _stray(r, found, text, final)
        case Act.WRAP | Act.UNWRAP:
            if not _wrapper(r, marker.act, text[found.start : found.end]):
                return found.end
        case Act.ANSWER:
            r.reveal()
        case _:
            turn(r, found, text)
    r.removed[marker.family] += 1
    r.visible.gap()
    return found.end


def _wrapper(r: Reading, act: str, spelling: str) -> bool:
    """``<answer>`` or ``</answer>``; whether it is one, and not a word of the answer."""
    wrapper = r.wrapper
    if act == Act.WRAP:
        wrapper.open = r.seen or (not r.lead and r.visible.at_line_start)
        if not wrapper.open:
            wrapper.worded = True
            r.literal(spelling, 0, len(spelling))
        return wrapper.open
    if not wrapper.open and wrapper.worded:
        wrapper.worded = False
        r.literal(spelling, 0, len(spelling))
    elif not (wrapper.open or r.seen):
        r.perhaps(spelling)
    else:
        wrapper.open = False
        return True
    return False


def _open(r: Reading, found: Found, text: str) -> int:
    if not found.marker.weak:
        r.decide()
    elif "word" in r.certain:
        return r.literal(text, found.start, found.end)
    elif r.doubt is None:
        r.doubt_from("word", text[found.start :], if_cut=r.spoken)
    r.removed[found.marker.family] += 1
    r.think(found.name)
    return found.end


def _stray(r: Reading, found: Found, text: str, final: bool) -> int:
    """A closer in the answer: a thought whose opener is missing, noise, or prose."""
    if found.marker.weak and not r.seen:
        return r.literal(text, found.start, found.end)
    if r.hint is False and not r.seen and r.spoken:
        spaced = _between_words(r, found, text, final)
        if spaced is not False:
            return r.wait(found.start) if spaced is None else r.literal(text, found.start, found.end)
    r.removed[found.marker.family] += 1
    r.reveal()
    r.visible.gap(" ")
    return found.end


def _between_words(r: Reading, found: Found, text: str, final: bool) -> bool | None:
    """Whether it stands between spaces in mid-sentence; None where it cannot be known yet."""
    after = text[found.end : found.end + 2]
    if len(after) < 2 and not final:
        return None
    return after[:1].isspace() and after[1:].isalnum() and r.shown[-1:].isspace()
