"""The rooms that are in memory: brought in when they are used, let go when they are idle."""

from __future__ import annotations

import asyncio
import json
from array import array
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import asdict

from llm_service.turn_taking import Policy
from llm_service.types import Message, Window

from .ports import Store
from .room import MOST_ENTRIES, Room
from .room_emotes import RoomEmotes

MOST_ROOMS = 250
"""Rooms in memory; beyond, those unused for longest are let go and come back from the store."""
FEW_ROOMS = 50
"""So many are kept however long they are …"""
MOST_LINES = 3_000
"""… and more only as long as all of them have no more lines, each of which takes some 3 KB with what is known of it."""
MOST_WAITING = 10_000
"""Rooms that were let go while lines waited for a turn there, and of which only that is remembered."""
ACTIVE = 600.0
"""Seconds for which a room counts as active after a turn."""


class Rooms:
    """Rooms by name. ``make`` gives an empty one; ``abandoned`` is told how many lines will wait for a turn no more,
    since their room has left memory."""

    def __init__(
        self,
        store: Store,
        make: Callable[[str], Room],
        *,
        abandoned: Callable[[int], None] = lambda lines: None,
        most: int = MOST_ROOMS,
    ) -> None:
        self._store = store
        self._make = make
        self._abandoned = abandoned
        self._most = most
        self._rooms: OrderedDict[str, Room] = OrderedDict()
        self._loading: dict[str, asyncio.Lock] = {}
        self._waiting: OrderedDict[str, array[int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._rooms)

    def all(self) -> list[Room]:
        """The rooms in memory."""
        return list(self._rooms.values())

    def active(self) -> int:
        """How many rooms have had a turn within the last minutes."""
        since = asyncio.get_running_loop().time() - ACTIVE
        return sum(room.last_turn > since for room in self._rooms.values())

    def at_hand(self, name: str) -> Room:
        """The room if it is in memory, else an empty one, to be filled from the store when somebody can wait."""
        found = self._rooms.get(name)
        if found is None:
            found = self._keep(self._make(name))
            found.stale = True
        return found

    async def get(self, name: str) -> Room:
        """The room, from memory or from the store."""
        found = self._rooms.get(name)
        if found is None or (found.stale and not found.turns):
            found = await self._load(name)
        self._rooms.move_to_end(name)
        return found

    async def _load(self, name: str) -> Room:
        async with self._loading.setdefault(name, asyncio.Lock()):
            found = self._rooms.get(name)
            if found is not None and not found.stale:
                return found
            fresh = await self._read(name)
            if found is not None:
                fresh.gate, fresh.unsaved, fresh.window, fresh.model = (
                    found.gate,
                    found.unsaved,
                    found.window,
                    found.model,
                )
                fresh.events, fresh.pending = found.events, found.pending
                fresh.rejoin_unsaved()
        self._loading.pop(name, None)
        return self._keep(fresh)

    async def _read(self, name: str) -> Room:
        room = self._make(name)
        if saved := await self._store.recollect(emotes_key(name)):
            room.known_emotes = RoomEmotes.of(json.loads(saved))
        record = await self._store.load(name, limit=MOST_ENTRIES)
        waiting = frozenset(self._waiting.pop(name, ()))
        if record is None:
            return room
        room.persona = record.persona or room.persona
        room.policy = Policy.from_json(json.loads(record.policy)) if record.policy else room.policy
        room.cut, room.summary, room.created_at = record.cut, record.summary, record.created_at
        room.messages, room.replies = record.messages, record.replies
        room.hold(record.entries)
        for entry in room.entries:
            if isinstance(entry, Message):
                room.last_position = max(room.last_position, entry.position)
                room.observe([entry])
                if entry.position in waiting:
                    room.wait_for_turn(entry)
            else:
                room.observe_reply(entry)
                room.model = entry.model
        room.window = await self._last_window(room)
        return room

    async def _last_window(self, room: Room) -> Window:
        """How the last prompt was counted, if nothing was said since it was noted."""
        saved = json.loads(await self._store.recollect(window_key(room.name)) or "{}")
        return Window(**saved["window"]) if saved.get("position") == room.last_position else room.window

    async def note_windows(self) -> None:
        """Keep what a restart could not find out by itself: how the last prompts were counted."""
        for room in self._rooms.values():
            if room.window.tokens:
                noted = {"position": room.last_position, "window": asdict(room.window)}
                await self._store.remember(window_key(room.name), json.dumps(noted))

    def _keep(self, room: Room) -> Room:
        self._rooms[room.name] = room
        idle = (other for other in list(self._rooms.values()) if not other.busy and other is not room)
        while self._too_many() and (other := next(idle, None)) is not None:
            self._let_go(other)
        return room

    def _let_go(self, room: Room) -> None:
        del self._rooms[room.name]
        if not room.expects_a_turn():
            self._abandoned(len(room.pending))
            return
        self._waiting[room.name] = array("q", (message.position for message in room.pending.values()))
        if len(self._waiting) > MOST_WAITING:
            self._abandoned(len(self._waiting.popitem(last=False)[1]))

    def _too_many(self) -> bool:
        number = len(self._rooms)
        return number > self._most or (
            number > FEW_ROOMS and sum(room.lines for room in self._rooms.values()) > MOST_LINES
        )


def window_key(room: str) -> str:
    """Under which key the store keeps how a room's last prompt was counted."""
    return f"window:{room}"


def emotes_key(room: str) -> str:
    """Under which key the store keeps the emotes that a room has loaded."""
    return f"emotes:{room}"
