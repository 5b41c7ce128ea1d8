"""Single flight: however many ask the same at once, the engine is asked once.

When the last reader leaves, its flight is cancelled, and with it the engine's generation.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, TypeAlias

from llm_service.errors import ShuttingDown

from .flight import Flight
from .stream import EngineStream

Fly: TypeAlias = Callable[[Flight], Coroutine[Any, Any, None]]
"""What fills a flight."""


class Flights:
    """The flights under way, found by what they ask for."""

    def __init__(self) -> None:
        self._by_key: dict[Hashable, Flight] = {}
        self._tasks: dict[Flight, asyncio.Task[None]] = {}
        self.joined = 0
        """How many readers found their question already on its way."""

    def __len__(self) -> int:
        return len(self._tasks)

    def join(self, key: Hashable | None, deadline: float, fly: Fly) -> EngineStream:
        """Read the flight of this key; if there is none, or no key, ``fly`` starts one. Who joins must ``leave``."""
        flight = self._by_key.get(key) if key is not None else None
        if flight is not None:
            self.joined += 1
            return self._board(flight, deadline)
        flight = Flight(started=asyncio.get_running_loop().time())
        reader = self._board(flight, deadline)
        self._start(flight, key, fly)
        return reader

    def leave(self, key: Hashable | None, reader: EngineStream) -> None:
        """It reads no further. Who is the last to leave a flight under way cancels it."""
        flight = reader.flight
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
    def _board(flight: Flight, deadline: float) -> EngineStream:
        reader = EngineStream(flight, deadline)
        flight.readers.add(reader)
        return reader

    def _start(self, flight: Flight, key: Hashable | None, fly: Fly) -> None:
        async def run() -> None:
            try:  # unlisted before the readers go on, who may ask the same at once
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
