"""What was worked out about people's words, remembered for a while, and dropped when something must be forgotten.

A pure function that is asked about the same text or name again and again is cheaper with a memory; but a memory of what
somebody said must not outlive the message. So all of them are emptied together: filling them anew takes milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Generic, ParamSpec, TypeVar, cast

P = ParamSpec("P")
K = TypeVar("K")
T = TypeVar("T")

_MEMORIES: list[Callable[[], None]] = []


def remembered(most: int) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Let a pure function of hashable arguments remember its newest ``most`` results."""

    def remembering(function: Callable[P, T]) -> Callable[P, T]:
        known = lru_cache(maxsize=most)(function)
        _MEMORIES.append(known.cache_clear)
        return cast(Callable[P, T], known)

    return remembering


class Memory(dict[K, T], Generic[K, T]):
    """What a pure function gives for many small keys, such as words: asked for as ``memory[key]``, it costs a third of
    a call. At most ``most`` results; when there are more, it begins anew."""

    def __init__(self, function: Callable[[K], T], most: int) -> None:
        super().__init__()
        self._function = function
        self._most = most
        _MEMORIES.append(self.clear)

    def __missing__(self, key: K) -> T:
        if len(self) >= self._most:
            self.clear()
        result = self[key] = self._function(key)
        return result


def forget() -> None:
    """Empty every memory."""
    for clear in _MEMORIES:
        clear()
