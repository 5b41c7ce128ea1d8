"""An engine's answer, read from bytes: server-sent events or one JSON document, cut anywhere."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any

import orjson

from llm_service.errors import EngineBadResponse, EngineDisconnected, EngineError, EngineTooLarge
from llm_service.types import Chunk, FinishReason, ToolCallDelta, Usage

from .failures import complaint, failure
from .frame import Frame, plain_text
from .sse import BOM, EventDecoder

DOCUMENT_LIMIT = 256 * 1024
"""Bytes of an answer that comes as one JSON document."""

_FINISH: dict[str, FinishReason] = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "content_filter",
}
_DOCUMENT_STARTS = b'{["<tfn0123456789-'
"""What JSON, and HTML in its place, can begin with; no line of an event stream that means something does."""
_EVENT_STARTS = (b"data:", b"event:")
"""How nearly all event streams begin: of these nothing more need be found out."""
_VISIBLE = re.compile("[^\\s\u200b\u200c\u200d\u2060\ufeff\u00ad\u180e]")


def is_blank(text: str) -> bool:
    """Whether nobody would see anything of this text."""
    return _VISIBLE.search(text) is None


class AnswerDecoder:
    """Feed it the body of an answer as it arrives; it gives the chunks that are complete.

    Whether the body is a stream of events or one JSON document is seen from its first byte: engines answer streaming
    requests with either, under any content type. Text that arrives together is one chunk: a burst of a hundred
    events costs its reader one step. What comes before a failure is still given; ``failure`` then says what it was.
    """

    def __init__(self, *, event_stream: bool = True, document_limit: int = DOCUMENT_LIMIT) -> None:
        self.event_stream = event_stream
        """Whether the engine says that it streams: a body that is empty is then no answer, and no failure yet."""
        self._limit = document_limit
        self._events: EventDecoder | None = None
        self._document = bytearray()
        self._is_document = False
        self._chunks: list[Chunk] = []
        self._texts: list[str] = []
        self._half = ""
        self._frame = Frame()
        self._seen = False
        self.model = ""
        """The model that says it answered."""
        self.finished = False
        """Whether a finish reason has come: from here on the answer is whole, even if the end is not clean."""
        self.done = False
        """Whether nothing more is to be read."""
        self.failure: EngineError | None = None
        """Why it ended, if not well: EngineBadResponse, EngineTooLarge, EngineDisconnected, or what the engine says."""

    def feed(self, data: bytes) -> list[Chunk]:
        """The chunks that these bytes complete."""
        return self._guarded(self._take, data)

    def end(self) -> list[Chunk]:
        """What the end of the body completes. An answer that was cut short fails with EngineDisconnected."""
        chunks = self._guarded(self._finish, b"")
        self.done = True
        return chunks

    def _guarded(self, step: Callable[[bytes], None], data: bytes) -> list[Chunk]:
        if self.done:
            return []
        try:
            step(data)
        except EngineError as exc:
            self.failure = exc
            self.done = True
        return self._taken()

    # ── Framing ──

    def _take(self, data: bytes) -> None:
        if self._events is None and not self._document and data.startswith(_EVENT_STARTS):
            self._events = EventDecoder()
        if self._events is not None:
            self._take_events(self._events, data)
            return
        self._document += data
        if not self._is_document:
            start = _start(self._document)
            if start and start not in _DOCUMENT_STARTS:
                self._events = EventDecoder()
                self._take(_moved(self._document))
                return
            self._is_document = bool(start)
        if len(self._document) > self._limit:
            raise EngineTooLarge

    def _take_events(self, events: EventDecoder, data: bytes) -> None:
        """Those that look like the one before are read in one step; others one by one, while it is worth learning how
        the next will look."""
        at = 0
        while at < len(data) and not self.done:
            if events.between:
                text, at = self._frame.run(data, at)
                if text:
                    self._text(text)
                    continue
            blank = data.find(b"\n\n", at) if self._frame.hopeful else -1
            end = blank + 2 if blank >= 0 else len(data)
            document = events.plain(data, at, end) if blank >= 0 else None
            found = events.feed(data[at:end]) if document is None else [(b"", document)]
            for name, document in found:
                self._event(name, document)
            at = end

    def _finish(self, _: bytes) -> None:
        if self._events is not None:
            self._last_event(self._events)
        elif self._document.strip() or not self.event_stream:
            self._whole(_moved(self._document))
        self._end_half()

    def _event(self, name: bytes, data: bytes) -> None:
        if self.done:
            return
        if data == b"[DONE]":
            self.done = self.finished = True
            return
        if name == b"error":
            raise failure(500, data.decode("utf-8", "replace"))
        document = _loads(data)
        text = plain_text(document)
        if text is None or not self._seen:
            words = complaint(document)
            if words is not None:
                raise failure(500, words)
        if text is None:
            self._read(document, streamed=True)
            return
        self._meet(document)
        self._frame.learn(data, text)
        self._text(text)

    def _last_event(self, events: EventDecoder) -> None:
        """A last event without its blank line counts if it is whole; if it is not, the answer was cut."""
        for name, data in events.flush():
            try:
                self._event(name, data)
            except EngineBadResponse:
                if not self.finished:
                    raise EngineDisconnected from None
        if not self.finished and self._seen:
            raise EngineDisconnected

    def _whole(self, data: bytes) -> None:
        document = _loads(data)
        words = complaint(document)
        if words is not None:
            raise failure(200, words)
        self._read(document, streamed=False)
        self.finished = True

    # ── Content ──

    def _read(self, document: Any, *, streamed: bool) -> None:
        """Take one document apart: an event of a stream, or a whole completion."""
        if not isinstance(document, dict):
            raise EngineBadResponse
        self._meet(document)
        choice = _first(document.get("choices"))
        if choice is not None:
            self._choice(choice, streamed)
        elif not streamed:
            raise EngineBadResponse
        usage = document.get("usage")
        if isinstance(usage, dict):
            self._emit(usage=_usage(usage))

    def _meet(self, document: dict[str, Any]) -> None:
        """See who answers."""
        self._seen = True
        if not self.model and isinstance(model := document.get("model"), str):
            self.model = model

    def _choice(self, choice: dict[str, Any], streamed: bool) -> None:
        message = choice.get("delta") if streamed else choice.get("message")
        if message is None:
            message = choice.get("message")
        if isinstance(message, dict):
            self._message(message)
        elif not streamed:
            raise EngineBadResponse
        reason = choice.get("finish_reason")
        if isinstance(reason, str) and reason:
            self.finished = True
            self._end_half()
            self._emit(finish_reason=_FINISH.get(reason, "stop"))

    def _message(self, message: dict[str, Any]) -> None:
        reasoning = message.get("reasoning_content") or message.get("reasoning")
        if isinstance(reasoning, str) and reasoning:
            self._emit(reasoning=_mended(reasoning))
        content = message.get("content")
        if isinstance(content, str):
            self._text(content)
        elif isinstance(content, list):
            self._text("".join(_part(part) for part in content))
        calls = message.get("tool_calls")
        if isinstance(calls, list) and calls:
            self._emit(tool_calls=_calls(calls))

    def _text(self, text: str) -> None:
        if not text:
            return
        if self._half or not text.isascii():
            text = self._join_surrogates(text)
        self._texts.append(text)

    def _join_surrogates(self, text: str) -> str:
        """Servers written in JavaScript may cut an emoji between its two UTF-16 halves: wait for the second."""
        text, self._half = self._half + text, ""
        if text and "\ud800" <= text[-1] <= "\udbff":
            text, self._half = text[:-1], text[-1]
        return _mended(text)

    def _end_half(self) -> None:
        if self._half:
            self._half = ""
            self._texts.append("\ufffd")

    def _emit(self, **fields: Any) -> None:
        self._gather()
        self._chunks.append(Chunk(model=self.model, **fields))

    def _gather(self) -> None:
        if self._texts:
            self._chunks.append(Chunk(text="".join(self._texts), model=self.model))
            self._texts.clear()

    def _taken(self) -> list[Chunk]:
        self._gather()
        chunks, self._chunks = self._chunks, []
        return chunks


def _start(body: bytearray) -> bytes:
    """The first byte that means something; empty while it has not come."""
    body = body.lstrip(b" \t\r\n")
    if len(body) < len(BOM) and BOM.startswith(body):
        return b""
    return bytes(body.removeprefix(BOM).lstrip(b" \t\r\n")[:1])


def _moved(buffer: bytearray) -> bytes:
    data = bytes(buffer)
    buffer.clear()
    return data


def _loads(data: bytes) -> Any:
    """JSON as engines write it: strictly and fast, else with bad bytes and lone surrogates put up with."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return _leniently(data)


def _leniently(data: bytes) -> Any:
    try:
        return json.loads(data.removeprefix(BOM).decode("utf-8", "replace"))
    except (ValueError, RecursionError) as exc:
        raise EngineBadResponse from exc


def _mended(text: str) -> str:
    """Surrogate pairs joined; a half without its other becomes U+FFFD."""
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _first(choices: object) -> dict[str, Any] | None:
    """The choice with index 0, wherever it stands, else the first."""
    if not isinstance(choices, list) or not choices:
        return None
    choice = choices[0]
    if len(choices) > 1:
        choice = next((c for c in choices if isinstance(c, dict) and c.get("index") == 0), choice)
    return choice if isinstance(choice, dict) else None


def _part(part: object) -> str:
    text = part.get("text") if isinstance(part, dict) else None
    return text if isinstance(text, str) else ""


def _usage(usage: dict[str, Any]) -> Usage:
    details = usage.get("prompt_tokens_details")
    cached = details.get("cached_tokens") if isinstance(details, dict) else None
    return Usage(
        prompt_tokens=_count(usage.get("prompt_tokens")),
        completion_tokens=_count(usage.get("completion_tokens")),
        cached_tokens=cached if isinstance(cached, int) else None,
    )


def _count(value: object) -> int:
    return value if isinstance(value, int) and value > 0 else 0


def _calls(calls: Sequence[object]) -> tuple[ToolCallDelta, ...]:
    return tuple(_call(place, call) for place, call in enumerate(calls) if isinstance(call, dict))


def _call(place: int, call: dict[str, Any]) -> ToolCallDelta:
    function = call.get("function")
    function = function if isinstance(function, dict) else {}
    arguments = function.get("arguments")
    index = call.get("index")
    return ToolCallDelta(
        index=index if isinstance(index, int) else place,
        id=_string(call.get("id")),
        name=_string(function.get("name")),
        arguments=arguments if isinstance(arguments, str) else "",
    )


def _string(value: object) -> str | None:
    return value if isinstance(value, str) else None
