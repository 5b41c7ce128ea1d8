"""An answer on its way, as a caller sees it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from math import inf
from typing import Self

from llm_service.errors import DeadlineTooShort, EngineTimeout
from llm_service.types import Chunk, Completion, FinishReason, ToolCallDelta, Usage

from .flight import Flight

_UNKNOWN = Usage()


class EngineStream:
    """One caller's place in a flight: iterate it for the chunks of the answer, from the first one on.

    Every step raises what the flight failed with, and EngineTimeout once the caller's own deadline is over
    (DeadlineTooShort if the engine was not even asked until then).
    """

    def __init__(self, flight: Flight, deadline: float = inf) -> None:
        self.flight = flight
        """What it reads."""
        self._at = 0
        self._loop = asyncio.get_running_loop()
        self._waiting: asyncio.Future[None] | None = None
        self._timer = self._loop.call_at(deadline, self._expire) if deadline < inf else None
        self._expired = False
        self.deadline = deadline

    # ── What is known of it ──

    @property
    def cached(self) -> bool:
        """Whether the engine was not asked."""
        return self.flight.cached

    @property
    def model(self) -> str:
        """The model that says it answered."""
        return self.flight.model

    @property
    def attempts(self) -> int:
        """How often the engine was asked: 0 for a cached answer."""
        return self.flight.attempts

    @property
    def queued_ms(self) -> float:
        """How long it waited for a slot."""
        return self._since_start(self.flight.admitted)

    @property
    def first_token_ms(self) -> float:
        """How long the first chunk took, from the question on."""
        return self._since_start(self.flight.first_chunk)

    def _since_start(self, time: float | None) -> float:
        return 0.0 if time is None else 1000 * (time - self.flight.started)

    # ── Reading ──

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Chunk:
        chunks = self.flight.chunks
        if self._at == len(chunks):
            await self.wait()
            if self._at == len(chunks):
                raise StopAsyncIteration
        chunk = chunks[self._at]
        self._at += 1
        return chunk

    async def wait(self) -> None:
        """Return when the next chunk is there, or the end."""
        flight = self.flight
        while self._at == len(flight.chunks) and not self._over():
            self._waiting = self._loop.create_future()
            await self._waiting

    async def drain(self) -> Completion:
        """The whole answer."""
        flight = self.flight
        while not self._over():
            self._at = len(flight.chunks)
            await self.wait()
        return gather(flight)

    def so_far(self) -> Completion:
        """The answer as far as it has come."""
        return gather(self.flight)

    def _over(self) -> bool:
        """Whether nothing more will come; raises why, if it did not end well."""
        flight = self.flight
        if flight.error is not None:
            raise flight.error
        if self._expired and not flight.ended:
            flight.overdue = True
            raise DeadlineTooShort if flight.admitted is None else EngineTimeout
        return flight.ended

    # ── Being told ──

    def wake(self) -> None:
        """Something has changed."""
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    def close(self) -> None:
        """Stop the clock."""
        if self._timer is not None:
            self._timer.cancel()

    def _expire(self) -> None:
        self._expired = True
        self.wake()


def landed(answer: Completion) -> Flight:
    """A flight that is over: how an answer out of the cache is read."""
    flight = Flight(started=0.0)
    flight.cached = True
    flight.model = answer.model
    flight.chunks.append(as_chunk(answer))
    flight.end()
    return flight


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


def gather(flight: Flight) -> Completion:
    """What a flight brought, as one whole answer. That of a flight which is over is put together once."""
    if flight.whole is not None:
        return flight.whole
    chunks = flight.chunks
    finish: FinishReason = next((chunk.finish_reason for chunk in reversed(chunks) if chunk.finish_reason), "stop")
    answer = Completion(
        text="".join([chunk.text for chunk in chunks]),
        reasoning="".join([chunk.reasoning for chunk in chunks]),
        tool_calls=_whole_calls(chunks),
        finish_reason=finish,
        usage=usage_of(chunks),
        model=flight.model,
        cached=flight.cached,
    )
    if flight.ended:
        flight.whole = answer
    return answer


def usage_of(chunks: list[Chunk]) -> Usage:
    """What they cost, which one of the last says."""
    for chunk in reversed(chunks):
        if chunk.usage is not None:
            return chunk.usage
    return _UNKNOWN


def _whole_calls(chunks: list[Chunk]) -> tuple[ToolCallDelta, ...]:
    """The pieces of each tool call put together, in the order of their index."""
    pieces = [call for chunk in chunks for call in chunk.tool_calls]
    if not pieces:
        return ()
    calls: dict[int, ToolCallDelta] = {}
    for piece in pieces:
        known = calls.get(piece.index)
        if known is None:
            calls[piece.index] = piece
        else:
            arguments = known.arguments + piece.arguments
            calls[piece.index] = replace(
                known, id=known.id or piece.id, name=known.name or piece.name, arguments=arguments
            )
    return tuple(calls[index] for index in sorted(calls))
