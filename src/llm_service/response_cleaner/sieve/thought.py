"""Inside a thought: where it ends."""

from __future__ import annotations

import re

from llm_service.response_cleaner import markers
from llm_service.response_cleaner.formats import Act
from llm_service.response_cleaner.markers import HIDDEN_SPARK, Found
from llm_service.response_cleaner.phrases import LONGEST_TURNING
from llm_service.response_cleaner.sieve.mention import mentioned
from llm_service.response_cleaner.sieve.reading import WAIT, Reading
from llm_service.response_cleaner.sieve.turns import turn

_DEEPEST = 16
"""Thoughts within thoughts that are told apart."""


def in_thought(r: Reading, text: str, at: int, final: bool) -> int:
    """A thought, up to its closer, or to the plain words that end it."""
    spark = HIDDEN_SPARK.search(text, at)
    stop = spark.start() if spark else len(text)
    turning = r.thought.turning
    if turning is not None:
        last = min(len(text), stop + LONGEST_TURNING)
        turned = turning.search(text, at, last)
        if turned is not None and turned.start() <= stop and (turned["whole"] or (last == len(text) and not final)):
            return _turned(r, text, at, turned)
    return _muse(r, text, at, stop) if stop > at else _marked(r, text, at, final)


def _turned(r: Reading, text: str, at: int, turned: re.Match[str]) -> int:
    """Words that end the thought, or at the end of the text the beginning of them."""
    start = turned.start()
    if turned["whole"]:
        _muse(r, text, at, start)
        r.close()
        return turned.end()
    return _muse(r, text, at, start) if start > at else WAIT


def _muse(r: Reading, text: str, at: int, end: int) -> int:
    """This piece is part of the thought."""
    thought, piece = r.thought, text[at:end]
    if thought.kept:
        r.blocks[-1].append(piece)
    if thought.blank:
        thought.blank = piece.isspace()
    if thought.ticks or "`" in piece:
        line = piece.rpartition("\n")
        thought.ticks = (line[2].count("`") + (0 if line[1] else thought.ticks)) % 2
    return end


def _marked(r: Reading, text: str, at: int, final: bool) -> int:
    found = markers.find(text, at)
    if found is None:
        waits = not final and markers.may_begin(text, at)
        return WAIT if waits else _muse(r, text, at, at + 1)
    talked_about = mentioned(r.before(text, found.start), text, found, final)
    if talked_about is None:
        return WAIT
    return _muse(r, text, at, found.end) if talked_about else _apply(r, found, text, final)


def _apply(r: Reading, found: Found, text: str, final: bool) -> int:
    marker, message = found.marker, r.thought.message
    match marker.act:
        case Act.UNTHINK if not message:
            return _unthink(r, found, text, final)
        case Act.THINK if not message:
            return _nest(r, found, text)
        case Act.ANSWER | Act.BREAK | Act.SELF:
            r.close()
        case Act.STOP:
            _stop(r)
        case Act.OTHER:
            r.close()
            r.somebody_else(marker.closer, over=r.spoken)
        case Act.HEADER if marker.family != "spoken":
            turn(r, found, text)
        case Act.TOOL if r.thought.names == ["prompt"]:
            r.doubt = None  # what comes before a tool call is no answer
            return _muse(r, text, found.start, found.end)
        case Act.WRAP if not message and "wrapper" not in r.certain and r.doubt is None:
            r.doubt_from("wrapper", text[found.start :])
            return _muse(r, text, found.start, found.end)
        case _:
            return _muse(r, text, found.start, found.end)
    r.removed[marker.family] += 1
    return found.end


def _stop(r: Reading) -> None:
    """The turn ends within the thought; one that the prompt opened may have been the answer all the same."""
    doubt = r.doubt if r.thought.names == ["prompt"] else None
    r.close()
    r.doubt = doubt
    r.somebody_else("")


def _nest(r: Reading, found: Found, text: str) -> int:
    names = r.thought.names
    if names == ["prompt"] and r.thought.blank:
        return found.end
    if "nested" not in r.certain and len(names) < _DEEPEST:
        names.append(found.name)
    return _muse(r, text, found.start, found.end) if found.marker.weak else found.end


def _unthink(r: Reading, found: Found, text: str, final: bool) -> int:
    names, ticked = r.thought.names, r.thought.ticks
    if ticked and found.end == len(text) and not final:
        return WAIT
    word = found.marker.weak and found.name not in names and names != ["prompt"]
    if word or (ticked and text.startswith("`", found.end)):
        return _muse(r, text, found.start, found.end)
    r.removed[found.marker.family] += 1
    del names[_level(names, found.name) :]
    if not names:
        r.close()
    elif names[0] in {found.name, "prompt"}:
        r.doubt_from("nested", text[found.end :])
    return found.end


def _level(names: list[str], name: str) -> int:
    """Which of the open thoughts a closer of this name ends: its own, else the innermost."""
    level = len(names) - 1
    while level and names[level] != name:
        level -= 1
    return level if names[level] == name else len(names) - 1
