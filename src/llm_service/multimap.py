"""Several things under one key."""

from __future__ import annotations

from sys import maxsize
from typing import Generic, TypeVar

K = TypeVar("K")
T = TypeVar("T")


class Multimap(dict[K, list[T]], Generic[K, T]):
    """The newest ``most`` things of each key, oldest first. A key that has none is not in it."""

    __slots__ = ("_most",)

    def __init__(self, most: int = maxsize) -> None:
        super().__init__()
        self._most = most

    def put(self, key: K, thing: T) -> None:
        """Add the newest thing of a key."""
        things = self.get(key)
        if things is None:
            self[key] = [thing]
            return
        things.append(thing)
        if len(things) > self._most:
            del things[0]

    def take_out(self, key: K, thing: T) -> None:
        """Remove a thing of a key, once, if it is there."""
        things = self.get(key)
        if things and thing in things:
            things.remove(thing)
            if not things:
                del self[key]

    def newest(self, key: K) -> T | None:
        """The thing that was added to a key last; None where there is none."""
        things = self.get(key)
        return things[-1] if things else None
