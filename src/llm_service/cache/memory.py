"""The cache of one process: bounded in entries and in bytes, each entry for its time."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from llm_service.types import Completion

from .key import CacheKey

ENTRY_OVERHEAD = 600
"""Bytes that an entry takes beside its texts, roughly."""


@dataclass(frozen=True, slots=True)
class _Entry:
    answer: Completion
    expires: float
    size: int


class MemoryCache:
    """Least recently used out first; what has expired is swept out as new entries come in."""

    def __init__(
        self,
        ttl: float = 3600.0,
        *,
        max_entries: int = 1000,
        max_bytes: int = 16 * 1024 * 1024,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ttl = ttl
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self._clock = clock
        self._entries: OrderedDict[bytes, _Entry] = OrderedDict()
        self._size = 0
        self._sweep_at = 0.0

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def size(self) -> int:
        """Bytes held, roughly."""
        return self._size

    async def get(self, key: CacheKey) -> Completion | None:
        """See ResponseCache."""
        entry = self._entries.get(key.material)
        if entry is None:
            return None
        if entry.expires <= self._clock():
            self._drop(key.material)
            return None
        self._entries.move_to_end(key.material)
        return entry.answer

    async def put(self, key: CacheKey, answer: Completion) -> None:
        """See ResponseCache. An answer larger than a quarter of the whole space is not kept."""
        size = ENTRY_OVERHEAD + len(key.material) + 4 * (len(answer.text) + len(answer.reasoning))
        if self._ttl <= 0 or size > self._max_bytes // 4:
            return
        self._sweep()
        self._drop(key.material)
        self._entries[key.material] = _Entry(answer, self._clock() + self._ttl, size)
        self._size += size
        while len(self._entries) > self._max_entries or self._size > self._max_bytes:
            self._drop(next(iter(self._entries)))

    async def clear(self) -> None:
        """See ResponseCache."""
        self._entries.clear()
        self._size = 0

    async def close(self) -> None:
        """See ResponseCache."""

    def _drop(self, material: bytes) -> None:
        entry = self._entries.pop(material, None)
        if entry is not None:
            self._size -= entry.size

    def _sweep(self) -> None:
        """Throw out what has expired, a few times in a life span: each entry is then looked at a few times in all."""
        now = self._clock()
        if now < self._sweep_at:
            return
        self._sweep_at = now + self._ttl / 4
        for material in [material for material, entry in self._entries.items() if entry.expires <= now]:
            self._drop(material)
