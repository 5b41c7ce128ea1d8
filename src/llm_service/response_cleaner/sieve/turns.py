"""Turns and messages: which marker gives the floor to whom, and what somebody else says with it."""

from __future__ import annotations

from llm_service.response_cleaner import markers
from llm_service.response_cleaner.formats import Act
from llm_service.response_cleaner.markers import HIDDEN_SPARK, Found
from llm_service.response_cleaner.sieve.reading import Reading


def turn(r: Reading, found: Found, text: str) -> None:
    """A marker of turns, messages or tools, in the answer or where somebody else speaks."""
    marker = found.marker
    match marker.act:
        case Act.HEADER:
            r.read_header(text[found.start : found.end], marker.family)
        case Act.TOOL:
            r.use_tool(marker.closer)
        case Act.BREAK if r.spoken:
            r.new_message = True
            r.somebody_else("")
        case Act.STOP if text.startswith("</s>", found.start) and r.struck:
            r.struck = False
        case Act.STOP if r.spoken:
            r.state = "over"
        case Act.OTHER:
            r.somebody_else(marker.closer, over=r.spoken)
        case Act.MUSE:
            r.decide()
            r.think(marker.family, message=True)


def over(r: Reading, text: str, at: int, final: bool) -> int:
    """The turn is over: nothing after it is the assistant's."""
    return len(text)


def elsewhere(r: Reading, text: str, at: int, final: bool) -> int:
    """Somebody else speaks, until a marker gives the floor back."""
    if r.closer:
        return _until_closer(r, text, at, final)
    spark = HIDDEN_SPARK.search(text, at)
    if spark is None:
        return len(text)
    start = spark.start()
    found = markers.find(text, start)
    if found is not None:
        return _handed_over(r, found, text)
    if final or not markers.may_begin(text, start):
        return start + 1
    return r.wait(start)


def _handed_over(r: Reading, found: Found, text: str) -> int:
    if found.marker.act in {Act.SELF, Act.ANSWER}:
        r.close()
    elif found.marker.act in {Act.HEADER, Act.MUSE}:
        turn(r, found, text)
    return found.end


def _until_closer(r: Reading, text: str, at: int, final: bool) -> int:
    end = text.find(r.closer, at)
    if end >= 0:
        r.answer()
        return end + len(r.closer)
    limit = len(text) if final else len(text) - len(r.closer)
    return limit if limit > at else r.wait(at)
