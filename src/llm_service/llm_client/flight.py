"""Single flight: one question on its way to the engine, however many wait for its answer.

A flight is a task of its own, owned by the client, so that no reader's fate is another's: who asked first may leave,
and the others still get their answer. When the last reader leaves, the flight is cancelled, and with it the engine's
generation.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Hashable, Iterator
from contextlib import contextmanager
from typing import Any

from ..errors import DeadlineTooShort, EngineTimeout, LLMServiceError, ShuttingDown
from ..types import Chunk


class Flight:
    """The answer so far, and how it ended. Only its own task writes here."""

    def __init__(self, *, started: float) -> None:
        self.chunks: list[Chunk] = []
        self.error: BaseException | None = None
        self.ended = False
        self.started = started
        self.admitted: float | None = None
        """When it got its slot, in the loop's time."""
        self.first_chunk: float | None = None
        """When the first chunk came."""
        self.attempts = 0
        self.model = ""
        self.overdue = False
        """Whether a reader gave up because its time was over."""
        self.listed = True
        """Whether the answer may still be shared and remembered."""
        self.readers: set[Reader] = set()

    @property
    def deadline(self) -> float:
        """The latest time at which somebody still wants the answer."""
        return max((reader.deadline for reader in self.readers), default=self.started)

    def push(self, chunks: list[Chunk], now: float) -> None:
        """Pass on what has come."""
        if self.first_chunk is None:
            self.first_chunk = now
        self.chunks += chunks
        self.wake()

    def end(self, error: BaseException | None = None) -> None:
        """Nothing more will come. Only the first call counts."""
        if not self.ended:
            self.ended = True
            self.error = error
            self.wake()

    def wake(self) -> None:
        """Let the readers look."""
        for reader in self.readers:
            reader.wake()


class Reader:
    """One caller's place in a flight: reads from the beginning, at its own pace, until its own deadline."""

    __slots__ = ("_at", "_expired", "_flight", "_timer", "_waiting", "deadline")

    def __init__(self, flight: Flight, deadline: float) -> None:
        self._flight = flight
        self._at = 0
        self._expired = False
        self._waiting: asyncio.Future[None] | None = None
        self.deadline = deadline
        self._timer = asyncio.get_running_loop().call_at(deadline, self._expire)

    @property
    def flight(self) -> Flight:
        """What is being read."""
        return self._flight

    async def wait(self) -> None:
        """Return when the next chunk is there, or the end. Raises what the flight failed with, or a time-out."""
        flight = self._flight
        while self._at == len(flight.chunks):
            if flight.error is not None:
                raise flight.error
            if flight.ended:
                return
            if self._expired:
                flight.overdue = True
                raise _overdue(flight)
            self._waiting = asyncio.get_running_loop().create_future()
            await self._waiting

    async def next(self) -> Chunk | None:
        """The next chunk, None at the end. Raises as ``wait`` does."""
        if self._at == len(self._flight.chunks):
            await self.wait()
            if self._at == len(self._flight.chunks):
                return None
        chunk = self._flight.chunks[self._at]
        self._at += 1
        return chunk

    async def drain(self) -> None:
        """Read on until the end. Raises as ``wait`` does."""
        self._at = len(self._flight.chunks)
        while not self._flight.ended or self._flight.error is not None:
            await self.wait()
            self._at = len(self._flight.chunks)

    def wake(self) -> None:
        """Something has changed."""
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    def close(self) -> None:
        """Stop the clock."""
        self._timer.cancel()

    def _expire(self) -> None:
        self._expired = True
        self.wake()


def _overdue(flight: Flight) -> LLMServiceError:
    """The engine was too slow, or it was never asked because others kept it busy."""
    return DeadlineTooShort() if flight.admitted is None else EngineTimeout()


class Flights:
    """The flights under way, found by what they ask for."""

    def __init__(self) -> None:
        self._by_key: dict[Hashable, Flight] = {}
        self._tasks: dict[Flight, asyncio.Task[None]] = {}
        self.joined = 0
        """How many readers found their question already on its way."""

    def __len__(self) -> int:
        return len(self._tasks)

    @contextmanager
    def join(
        self, key: Hashable | None, deadline: float, fly: Callable[[Flight], Coroutine[Any, Any, None]]
    ) -> Iterator[Reader]:
        """Read the flight of this key; if there is none, or no key, ``fly`` starts one. Leaving may cancel it."""
        flight = self._by_key.get(key) if key is not None else None
        if flight is None:
            flight = Flight(started=asyncio.get_running_loop().time())
            reader = self._board(flight, deadline)
            self._start(flight, key, fly)
        else:
            self.joined += 1
            reader = self._board(flight, deadline)
        try:
            yield reader
        finally:
            reader.close()
            flight.readers.discard(reader)
            if not flight.readers and not flight.ended:
                self._abandon(flight, key)

    async def close(self, grace: float = 0.0) -> None:
        """Let what is under way finish within ``grace`` seconds, then cancel it, and wait until all is gone."""
        tasks = list(self._tasks.values())
        if tasks and grace > 0:
            await asyncio.wait(tasks, timeout=grace)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def unlist_all(self) -> None:
        """Let nobody join what is under way now, nor remember how it ends."""
        for flight in self._by_key.values():
            flight.listed = False
        self._by_key.clear()

    @staticmethod
    def _board(flight: Flight, deadline: float) -> Reader:
        reader = Reader(flight, deadline)
        flight.readers.add(reader)
        return reader

    def _start(self, flight: Flight, key: Hashable | None, fly: Callable[[Flight], Coroutine[Any, Any, None]]) -> None:
        async def run() -> None:
            try:
                await fly(flight)
            finally:
                self._unlist(flight, key)

        task = asyncio.get_running_loop().create_task(run())
        self._tasks[flight] = task
        if key is not None:
            self._by_key[key] = flight

        def landed(task: asyncio.Task[None]) -> None:
            del self._tasks[flight]
            flight.end(ShuttingDown() if task.cancelled() else task.exception())

        task.add_done_callback(landed)

    def _abandon(self, flight: Flight, key: Hashable | None) -> None:
        """Nobody wants it any more: hang up, and let nobody join it on its way out."""
        self._unlist(flight, key)
        self._tasks[flight].cancel()

    def _unlist(self, flight: Flight, key: Hashable | None) -> None:
        if key is not None and self._by_key.get(key) is flight:
            del self._by_key[key]
