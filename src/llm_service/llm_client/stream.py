"""An answer on its way, as a caller sees it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

from ..types import Chunk, Completion, FinishReason, ToolCallDelta
from .flight import Reader


class EngineStream:
    """Iterate it for the chunks of one answer, which may come from the engine or from the cache."""

    def __init__(self, source: Reader | Completion) -> None:
        self._source = source

    @property
    def cached(self) -> bool:
        """Whether the engine was not asked."""
        return isinstance(self._source, Completion)

    @property
    def model(self) -> str:
        """The model that says it answered."""
        return self._source.model if isinstance(self._source, Completion) else self._source.flight.model

    @property
    def attempts(self) -> int:
        """How often the engine was asked: 0 for a cached answer."""
        return 0 if isinstance(self._source, Completion) else self._source.flight.attempts

    @property
    def queued_ms(self) -> float:
        """How long it waited for a slot."""
        if isinstance(self._source, Completion):
            return 0.0
        flight = self._source.flight
        return 1000 * ((flight.admitted or flight.started) - flight.started)

    @property
    def first_token_ms(self) -> float:
        """How long the first chunk took, from the question on."""
        if isinstance(self._source, Completion):
            return 0.0
        flight = self._source.flight
        return 1000 * ((flight.first_chunk or flight.started) - flight.started)

    async def __aiter__(self) -> AsyncIterator[Chunk]:
        if isinstance(self._source, Completion):
            yield as_chunk(self._source)
            return
        while (chunk := await self._source.next()) is not None:
            yield chunk

    async def drain(self) -> Completion:
        """The whole answer."""
        if isinstance(self._source, Completion):
            return self._source
        await self._source.drain()
        return gather(self._source.flight.chunks, self.model)


def as_chunk(answer: Completion) -> Chunk:
    """A whole answer as a stream of one chunk."""
    return Chunk(
        text=answer.text,
        reasoning=answer.reasoning,
        tool_calls=answer.tool_calls,
        finish_reason=answer.finish_reason,
        usage=answer.usage,
        model=answer.model,
    )


def gather(chunks: list[Chunk], model: str) -> Completion:
    """Chunks as one whole answer."""
    finish: FinishReason = next((chunk.finish_reason for chunk in reversed(chunks) if chunk.finish_reason), "stop")
    usage = next((chunk.usage for chunk in reversed(chunks) if chunk.usage), None)
    answer = Completion(
        text="".join([chunk.text for chunk in chunks]),
        reasoning="".join([chunk.reasoning for chunk in chunks]),
        tool_calls=_whole_calls(chunks),
        finish_reason=finish,
        model=model,
    )
    return answer if usage is None else replace(answer, usage=usage)


def _whole_calls(chunks: list[Chunk]) -> tuple[ToolCallDelta, ...]:
    """The pieces of each tool call put together, in the order of their index."""
    calls: dict[int, ToolCallDelta] = {}
    for piece in (call for chunk in chunks for call in chunk.tool_calls):
        known = calls.get(piece.index)
        if known is None:
            calls[piece.index] = piece
        else:
            arguments = known.arguments + piece.arguments
            calls[piece.index] = replace(
                known, id=known.id or piece.id, name=known.name or piece.name, arguments=arguments
            )
    return tuple(calls[index] for index in sorted(calls))
