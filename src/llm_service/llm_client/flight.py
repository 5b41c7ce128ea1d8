"""One question on its way to the engine, and the answer as far as it has come.

A flight is a task of its own, owned by the client, so that no reader's fate is another's: who asked first may leave,
and the others still get their answer. Readers read from the beginning, each at its own pace.
"""

from __future__ import annotations

from typing import Protocol

from llm_service.types import Chunk, Completion


class Reader(Protocol):
    """Who waits for an answer."""

    deadline: float

    def wake(self) -> None:
        """Something has changed."""


class Flight:
    """The answer so far, and how it ended. Only its own task writes here. Times are the running loop's."""

    def __init__(self, *, started: float) -> None:
        self.chunks: list[Chunk] = []
        self.error: BaseException | None = None
        self.ended = False
        self.started = started
        self.admitted: float | None = None
        """When it got its slot."""
        self.first_chunk: float | None = None
        """When the first chunk came."""
        self.attempts = 0
        self.model = ""
        self.cached = False
        """Whether the answer came from the cache."""
        self.overdue = False
        """Whether a reader gave up because its time was over."""
        self.listed = True
        """Whether the answer may still be shared and remembered."""
        self.whole: Completion | None = None
        """The answer put together, once it is over and somebody has asked for it."""
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
        for reader in self.readers:
            reader.wake()

    def end(self, error: BaseException | None = None) -> None:
        """Nothing more will come. Only the first call counts."""
        if self.ended:
            return
        self.ended = True
        self.error = error
        for reader in self.readers:
            reader.wake()
