"""An answer straight from the engine: whole, or chunk by chunk."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

from llm_service.errors import EmptyReply
from llm_service.llm_client import EngineStream
from llm_service.types import Chunk, Completion, FinishReason, Usage

from .answer import DONE, ChunkWriter, finish_of
from .cleaning import Cleaners, Cleaning


def whole_answer(answer: Completion, cleaners: Cleaners, *, as_json: bool) -> Completion:
    """A whole answer, cleaned. Raises EmptyReply where nothing is left of it."""
    cleaning = cleaners.cleaning(answer.model, as_json=as_json, thoughts_apart=bool(answer.reasoning))
    cleaned = cleaning.whole(answer)
    cleaners.learn(answer.model, cleaning)
    return cleaned


def chunks_again(answer: Completion, *, with_usage: bool) -> bytes:
    """A whole answer that was given before, as the chunks of a streamed one."""
    writer = ChunkWriter(answer.model, with_usage=with_usage)
    chunks = [
        writer.opening(),
        writer.reasoning(answer.reasoning) if answer.reasoning else b"",
        writer.text(answer.text) if answer.text else b"",
        writer.tool_calls(answer.tool_calls) if answer.tool_calls else b"",
        writer.finish(finish_of(answer)),
        writer.usage(answer.usage) if with_usage else b"",
    ]
    return b"".join([*chunks, DONE])


class EngineChunks:
    """Iterate it for the bytes of a streamed answer, the usage chunk and the end among them."""

    def __init__(
        self,
        stream: EngineStream,
        cleaners: Cleaners,
        another: Callable[[], Awaitable[EngineStream]],
        *,
        as_json: bool,
        with_usage: bool,
    ) -> None:
        """``another`` asks once more, where nothing is left of what ``stream`` brought; it may raise EmptyReply."""
        self._stream = stream
        self._another = another
        self._cleaners = cleaners
        self._as_json = as_json
        self._with_usage = with_usage
        self._writer = ChunkWriter(stream.model, with_usage=with_usage)
        self._cleaning: Cleaning | None = None
        self._thought = self._called = False
        self._finish: FinishReason = "stop"
        self.usage = Usage()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._writer.opening()
        try:
            async for piece in self._pieces():
                yield piece
        except EmptyReply:
            self._stream = await self._another()
            self._cleaning = None
            self._thought = self._called = False
            async for piece in self._pieces():
                yield piece

    async def _pieces(self) -> AsyncIterator[bytes]:
        async for chunk in self._stream:
            if chunk.text and (piece := self._text(chunk.text)):
                yield piece
            if chunk.reasoning or chunk.tool_calls:
                for piece in self._other(chunk):
                    yield piece
            self._finish = chunk.finish_reason or self._finish
            self.usage = chunk.usage or self.usage
        yield self._end()

    def _text(self, raw: str) -> bytes:
        """What this text shows; the thoughts that came before it are told first."""
        if self._cleaning is None:
            self._cleaning = self._cleaners.cleaning(
                self._stream.model, as_json=self._as_json, thoughts_apart=self._thought
            )
        first = not self._cleaning.visible
        text = self._cleaning.feed(raw)
        if not text:
            return b""
        return (self._hidden() if first else b"") + self._writer.text(text)

    def _hidden(self) -> bytes:
        thoughts = self._cleaning.hidden() if self._cleaning is not None else ""
        return self._writer.reasoning(thoughts) if thoughts else b""

    def _other(self, chunk: Chunk) -> Iterator[bytes]:
        if chunk.reasoning:
            self._thought = True
            yield self._writer.reasoning(chunk.reasoning)
        if chunk.tool_calls:
            self._called = True
            yield self._writer.tool_calls(chunk.tool_calls)

    def _end(self) -> bytes:
        """What was held back, why it ended, what it cost. Raises EmptyReply where nothing was shown at all."""
        last = self._cleaning.finish(self._finish) if self._cleaning is not None else ""
        shown = self._called or (self._cleaning is not None and self._cleaning.visible)
        if not shown:
            raise EmptyReply
        if self._cleaning is not None:
            self._cleaners.learn(self._stream.model, self._cleaning)
        reason: FinishReason = "tool_calls" if self._called and self._finish == "stop" else self._finish
        pieces = [self._hidden(), self._writer.text(last) if last else b"", self._writer.finish(reason)]
        if self._with_usage:
            pieces.append(self._writer.usage(self.usage))
        return b"".join([*pieces, DONE])
