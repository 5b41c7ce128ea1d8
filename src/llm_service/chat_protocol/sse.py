"""Server-sent events, read from bytes that may be cut anywhere (WHATWG HTML, section 9.2)."""

from __future__ import annotations

from typing import TypeAlias

from llm_service.errors import EngineTooLarge

LINE_LIMIT = 1_000_000
"""Bytes of one line, or of the data of one event, after which the engine is taken to be out of its mind."""

BOM = b"\xef\xbb\xbf"


Event: TypeAlias = tuple[bytes, bytes]
"""What an event is called, mostly nothing, and what it carries."""


class EventDecoder:
    """Bytes in, events out. Lines may end in LF, CR or CRLF; comments and unknown fields are passed over."""

    def __init__(self, line_limit: int = LINE_LIMIT) -> None:
        self._limit = line_limit
        self._line = bytearray()
        self._data: list[bytes] = []
        self._size = 0
        self._name = b""
        self._after_cr = False
        self._at_start = True

    @property
    def between(self) -> bool:
        """Whether what comes next begins an event."""
        return not (self._line or self._data or self._name or self._after_cr)

    def feed(self, data: bytes) -> list[Event]:
        """The events that these bytes complete. Raises EngineTooLarge when a line or an event does not end."""
        if self._after_cr and data:
            self._after_cr = False
            data = data.removeprefix(b"\n")
        if b"\r" in data:
            self._after_cr = data.endswith(b"\r")
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        head, newline, tail = data.rpartition(b"\n")
        events: list[Event] = []
        if newline:
            self._take_lines(bytes(self._line) + head + newline, events)
            self._line.clear()
        self._line += tail
        if len(self._line) > self._limit:
            raise EngineTooLarge
        return events

    def plain(self, data: bytes, at: int, end: int) -> bytes | None:
        """What the event at ``data[at:end]`` carries, blank line included, where it is one data line and nothing else,
        as nearly all are: they need no taking apart. Else None, and ``feed`` is for it."""
        if not data.startswith(b"data: ", at) or not self.between or end - at > self._limit:
            return None
        document = data[at + 6 : end - 2]
        if b"\n" in document or b"\r" in document:
            return None
        self._at_start = False
        return document

    def flush(self) -> list[Event]:
        """The event that was not yet ended by a blank line, at the end of the stream. Some servers leave it out."""
        events: list[Event] = []
        self._take(bytes(self._line), events)
        self._take(b"", events)
        self._line.clear()
        return events

    def _take_lines(self, lines: bytes, events: list[Event]) -> None:
        """Whole lines. Nearly all streams are one data line and a blank one, over and over: those go block by block."""
        *blocks, rest = lines.split(b"\n\n")
        fresh = not (self._data or self._name or self._at_start)
        for block in blocks:
            if fresh and block[:6] == b"data: " and b"\n" not in block:
                events.append((b"", block[6:]))
            else:
                for line in block.split(b"\n"):
                    self._take(line, events)
                self._take(b"", events)
                fresh = True
        for line in rest.split(b"\n")[:-1]:
            self._take(line, events)

    def _take(self, line: bytes, events: list[Event]) -> None:
        if self._at_start:
            self._at_start = False
            line = line.removeprefix(BOM)
        if line.startswith(b"data:"):
            self._add(line[6:] if line.startswith(b"data: ") else line[5:])
        elif line.startswith(b"event:"):
            self._name = line[6:].removeprefix(b" ")
        elif line == b"data":
            self._add(b"")
        elif not line:
            self._dispatch(events)

    def _add(self, data: bytes) -> None:
        self._size += len(data)
        if self._size > self._limit:
            raise EngineTooLarge
        self._data.append(data)

    def _dispatch(self, events: list[Event]) -> None:
        if self._data:
            data = self._data[0] if len(self._data) == 1 else b"\n".join(self._data)
            events.append((self._name, data))
            self._data.clear()
            self._size = 0
        self._name = b""
