"""Inside a thought: where it ends."""

from __future__ import annotations

from llm_service.response_cleaner import markers
from llm_service.response_cleaner.formats import Act
from llm_service.response_cleaner.markers import Found
from llm_service.response_cleaner.sieve.mention import may_be_mentioned, mentioned
from llm_service.response_cleaner.sieve.reading import Reading
from llm_service.response_cleaner.sieve.turns import turn

_IDLE = (Act.NOISE, Act.UNWRAP, Act.MUSE)
"""What means nothing inside a thought."""
_DEEPEST = 16
"""Thoughts within thoughts that are told apart."""


def in_thought(r: Reading, text: str, at: int, final: bool) -> int:
    """A thought, up to its closer, or to the plain words that end it."""
    spark = r.thought.endings.search(text, at)
    if spark is None:
        return _muse(r, text, at, len(text))
    start = spark.start()
    if start > at:
        _muse(r, text, at, start)
    if spark.end() > start + 1:  # whole words
        r.close()
        return spark.end()
    if spark.lastindex and not final:  # the beginning of such words
        return r.wait(start)
    return _marked(r, text, start, final)


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
        return r.wait(at) if waits else _muse(r, text, at, at + 1)
    last = text[at - 1] if at else r.tail[-1:]
    talked_about = may_be_mentioned(last) and mentioned(r.before(text, at), text, found, final)
    if talked_about is None:
        return r.wait(at)
    if talked_about or found.marker.act in _IDLE:
        return _muse(r, text, at, found.end)
    return _apply(r, found, text, final)


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
        return r.wait(found.start)
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
