"""What happens in a room, as a numbered list that many can follow at their own pace, within limits.

A follower that comes back with the last number it saw gets what it missed, as far as it is still remembered. One that
reads too slowly is dropped rather than served late: an overlay that is ten seconds behind is worse than one that
reconnects.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

Kind = Literal["message", "delta", "reply", "decision", "dropped", "topic", "forgotten", "engine", "gap"]

REMEMBERED = 200
"""Events of a room that a follower can catch up with."""
BACKLOG = 500
"""Events that may wait for one follower before it counts as too slow."""


@dataclass(frozen=True, slots=True)
class RoomEvent:
    """Something that happened. ``value`` is what it happened to: a Message, a Delta, a Reply, a Decision, …"""

    number: int
    kind: Kind
    value: Any
    at: float

    @property
    def id(self) -> str:
        """Unique also after a restart: numbers begin anew with the process, so it names the process's run."""
        return f"{RUN}-{self.number}"


RUN = secrets.token_hex(4)
"""Of this process."""


class TooSlow(Exception):
    """The follower fell too far behind and was dropped."""


class EventLog:
    """The events of one room."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._events: deque[RoomEvent] = deque(maxlen=REMEMBERED)
        self._followers: set[asyncio.Queue[RoomEvent | None]] = set()
        self._number = 0
        self._fallen = 0
        """Number of the newest event that is not remembered any more because newer ones came."""

    @property
    def followed(self) -> bool:
        """Whether anybody listens."""
        return bool(self._followers)

    @property
    def last_id(self) -> str:
        """Id of the newest event."""
        return f"{RUN}-{self._number}"

    def now(self) -> float:
        """The time by the room's clock."""
        return self._clock()

    def publish(self, kind: Kind, value: Any) -> None:
        """Tell everybody who follows. Pieces of a reply are not remembered: the reply is."""
        self.publish_each(kind, [value])

    def publish_each(self, kind: Kind, values: Sequence[Any]) -> None:
        """Publish an event for each of what happened at the same time."""
        first = self._number + 1
        self._number += len(values)
        if kind == "delta" and not self._followers:
            return
        at = self._clock()
        for number, value in enumerate(values, first):
            event = RoomEvent(number, kind, value, at)
            if kind != "delta":
                self._remember(event)
            for follower in list(self._followers):
                self._hand(follower, event)

    def _remember(self, event: RoomEvent) -> None:
        if len(self._events) == REMEMBERED:
            self._fallen = self._events[0].number
        self._events.append(event)

    def _hand(self, follower: asyncio.Queue[RoomEvent | None], event: RoomEvent) -> None:
        if follower.qsize() < BACKLOG:
            follower.put_nowait(event)
            return
        self._followers.discard(follower)
        while not follower.empty():
            follower.get_nowait()
        follower.put_nowait(None)

    def forget(self, doomed: Callable[[RoomEvent], bool]) -> None:
        """Drop remembered events: what was forgotten must not be caught up with."""
        kept = [event for event in self._events if not doomed(event)]
        self._events.clear()
        self._events.extend(kept)

    def amend(self, amended: Callable[[Any], Any]) -> None:
        """Put other values into remembered events: of what was forgotten, no part must be caught up with."""
        self._events = deque((replace(event, value=amended(event.value)) for event in self._events), maxlen=REMEMBERED)

    async def follow(self, last_id: str | None = None) -> AsyncGenerator[RoomEvent, None]:
        """Events from now on, after those since ``last_id`` that are still remembered.

        Where some are not, the first event is a ``gap``. Raises :class:`TooSlow` when too many wait to be read.
        """
        queue: asyncio.Queue[RoomEvent | None] = asyncio.Queue()
        missed = self._since(last_id)
        self._followers.add(queue)
        try:
            for event in missed:
                yield event
            while (event_or_end := await queue.get()) is not None:
                yield event_or_end
            raise TooSlow
        finally:
            self._followers.discard(queue)

    def _since(self, last_id: str | None) -> list[RoomEvent]:
        if last_id is None:
            return []
        run, _, number = last_id.rpartition("-")
        seen = int(number) if run == RUN and number.isascii() and number.isdigit() else -1
        later = [event for event in self._events if event.number > seen]
        if seen >= self._fallen:
            return later
        return [RoomEvent(self._fallen, "gap", None, self._clock()), *later]
