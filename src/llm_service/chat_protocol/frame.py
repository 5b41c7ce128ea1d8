"""What stands around the text in the events of one answer.

Nearly all of them are alike but for the few letters that they carry. What surrounds those is learnt from one event that
was parsed; the events behind it that have the same around their text are then read in one step, however many they are.
"""

from __future__ import annotations

import re
from itertools import takewhile
from operator import methodcaller
from typing import Any

import orjson

_PROBE = "\x00probe"
"""A text that no engine writes: where it is put, it must be read."""
_PROBE_JSON = orjson.dumps(_PROBE)
_VERBATIM = re.compile(rb'[^"\\\x00-\x1f]*')
"""Text that stands in JSON as it is (RFC 8259, section 7)."""
_PATIENCE = 4
"""Events in a row that may be learnt from in vain: some engines put a number or noise into each."""


class Frame:
    """Knows how the next event will look, once it has learnt from one."""

    __slots__ = ("_end", "_patience", "_start")

    def __init__(self) -> None:
        self._start = b""
        self._end = b""
        self._patience = _PATIENCE

    @property
    def hopeful(self) -> bool:
        """Whether events are worth learning from."""
        return self._patience > 0

    def learn(self, event: bytes, text: str) -> None:
        """``event``, which carries nothing but ``text``, is how the next ones may look: they do if another text in its
        place would be read there."""
        if not self.hopeful or b"\n" in event:  # an event of several lines is not written as it is read
            return
        self._patience -= 1
        before, _, after = event.partition(b'"%b"' % text.encode("utf-8", "replace"))
        if plain_text(_parsed(before + _PROBE_JSON + after)) == _PROBE:
            self._start = b'data: %b"' % before
            self._end = b'"%b\n\n' % after

    def run(self, data: bytes, at: int) -> tuple[str, int]:
        """The text of the known events that follow ``at``, a place between two events; and the place behind them."""
        if not self._start or not data.startswith(self._start, at):
            return "", at
        end = data.find(self._end, at)
        if end < 0:
            return "", at
        behind = end + len(self._end)
        if data.startswith(self._start, behind):
            return self._run_of_many(data, at)
        return self._read([data[at + len(self._start) : end]], at, behind)

    def _run_of_many(self, data: bytes, at: int) -> tuple[str, int]:
        """As ``run``, which most often finds one: for that this would be half of the work."""
        before, behind = len(self._start), data.rfind(self._end)
        events = data[at:behind].split(self._end)
        pieces = [event[before:] for event in events]
        if not data.startswith((self._end + self._start).join(pieces), at + before):  # others stand between them
            alike = list(takewhile(methodcaller("startswith", self._start), events))
            pieces = pieces[: len(alike)]
            behind = at + len(self._end.join(alike))
        return self._read(pieces, at, behind + len(self._end))

    def _read(self, pieces: list[bytes], at: int, behind: int) -> tuple[str, int]:
        text = _text(pieces)
        if not text:
            return "", at
        self._patience = _PATIENCE
        return text, behind


def plain_text(document: Any) -> str | None:
    """The text of an event that carries nothing else, as nearly all do; None sends it the long way round."""
    try:
        (choice,) = document["choices"]
        delta = choice["delta"]
        text = delta["content"]
        more = len(delta) > 1 + ("role" in delta) or choice.get("finish_reason") or document.get("usage")
    except (AttributeError, KeyError, TypeError, ValueError):
        return None
    return text if isinstance(text, str) and not more else None


def _text(pieces: list[bytes]) -> str:
    """The text of these insides of JSON strings; empty where one of them is none."""
    whole = b"".join(pieces)
    if whole.isascii() and _VERBATIM.fullmatch(whole):
        return whole.decode()
    if b"\\" not in whole:  # then a piece with a quote in it makes the list longer, and nothing makes it shorter
        texts = _parsed(b'["%b"]' % b'","'.join(pieces))
        return "".join(texts) if texts is not None and len(texts) == len(pieces) else ""
    try:
        return "".join([orjson.loads(b'"%b"' % piece) for piece in pieces])
    except orjson.JSONDecodeError:
        return ""


def _parsed(document: bytes) -> Any:
    try:
        return orjson.loads(document)
    except orjson.JSONDecodeError:
        return None
