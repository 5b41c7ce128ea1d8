"""What a room is set to: its persona, its emotes and its policy, each stored before it counts."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from llm_service.turn_taking import Policy
from llm_service.types import Persona

from .answered import Answered
from .ports import Store
from .room import Room
from .room_emotes import RoomEmotes
from .rooms import Rooms, emotes_key


class RoomSettings:
    """Changes rooms' settings. ``changed`` is told of a room whose policy is another."""

    def __init__(
        self,
        rooms: Rooms,
        store: Store,
        clock: Callable[[], float],
        answered: Answered,
        changed: Callable[[Room], None],
    ) -> None:
        self._rooms = rooms
        self._store = store
        self._clock = clock
        self._answered = answered
        self._changed = changed

    async def set_persona(self, room: str, persona: Persona) -> None:
        """Give the room another system prompt, or the assistant another name there."""
        found = await self._rooms.get(room)
        await self._store.save_room(room, persona=persona)
        found.persona = persona

    async def set_emotes(self, room: str, data: object) -> RoomEmotes:
        """Load the room's emotes. Raises :class:`InputError`."""
        found = await self._rooms.get(room)
        emotes = RoomEmotes.of(data)
        await self._store.remember(emotes_key(room), json.dumps(emotes.to_json()))
        found.known_emotes = emotes
        return emotes

    async def set_policy(self, room: str, changes: Mapping[str, Any]) -> Policy:
        """Change knobs of the policy; those not named stay. Raises :class:`InputError`."""
        found = await self._rooms.get(room)
        policy = Policy.from_json(changes, base=found.policy)
        await self._store.save_room(room, policy=json.dumps(policy.to_json()))
        found.policy = policy
        self._answered.clear()
        if policy.silent_until(self._clock()) is not None:
            for turn in found.turns:
                if turn.decision is not None:
                    turn.drop("The room was silenced.")
        self._changed(found)
        return policy
