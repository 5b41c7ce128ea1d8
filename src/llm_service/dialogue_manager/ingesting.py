"""Ingesting: what viewers write becomes messages, and joins the conversation without a reply."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import chain
from secrets import token_hex

from llm_service.errors import InvalidMessage
from llm_service.hygiene import neutralise_message
from llm_service.types import Draft, Ingested, Message, Stored

from .deciding import Deciding
from .room import Room
from .rooms import Rooms
from .saving import Saving

AT_ONCE = 100
"""Lines that are taken in at a time: a few milliseconds of work."""


class Ingesting:
    """Takes lines into rooms."""

    def __init__(self, rooms: Rooms, saving: Saving, deciding: Deciding, clock: Callable[[], float]) -> None:
        self._rooms = rooms
        self._saving = saving
        self._deciding = deciding
        self._clock = clock

    async def ingest(self, drafts: Sequence[Draft], room: str) -> list[Ingested]:
        """Put lines into the conversation, a few at a time; others who use the loop come in between."""
        begun: list[tuple[Room, list[Ingested], asyncio.Task[Sequence[Stored]]]] = []
        for start in range(0, len(drafts), AT_ONCE):
            if start:
                await asyncio.sleep(0)
            found = await self._rooms.get(room)
            results = self._taken(drafts[start : start + AT_ONCE], found)
            fresh = [one.message for one in results if one.message is not None and not one.known]
            begun.append((found, results, self._saving.say(found, fresh)))
        saved = await asyncio.gather(*(saving for _, _, saving in begun))
        parts = (self._ingested(found, part, stored) for (found, part, _), stored in zip(begun, saved, strict=True))
        return list(chain.from_iterable(parts))

    def message(self, draft: Draft, room: Room, *, behind: int = 0) -> Message:
        """The line that a draft becomes: neutralised, with an id, and not from the future. It is expected to stand
        behind so many others that are about to join the room. Raises :class:`InvalidMessage`."""
        now = self._clock()
        neutral = neutralise_message(
            username=draft.username,
            text=draft.text,
            emotes=draft.emotes,
            badges=draft.badges,
            reserved=(room.persona.name,),
        )
        return Message(
            id=draft.message_id or new_id(),
            room=room.name,
            username=neutral.username,
            text=neutral.text,
            speaker=neutral.speaker,
            line=neutral.line,
            user_id=draft.user_id,
            emotes=neutral.emotes,
            badges=neutral.badges,
            reply_to=draft.reply_to,
            sent_at=now if draft.sent_at is None else min(draft.sent_at, now),
            position=room.last_position + behind + 1,
        )

    def _taken(self, drafts: Sequence[Draft], room: Room) -> list[Ingested]:
        """The lines that the drafts become; which of them are known is found out without the store, as far as it can
        be."""
        seen: set[str] = set()
        return [self._taken_one(draft, room, seen) for draft in drafts]

    def _taken_one(self, draft: Draft, room: Room, seen: set[str]) -> Ingested:
        try:
            message = self.message(draft, room, behind=len(seen))
        except InvalidMessage as exc:
            return Ingested(id=draft.message_id or "", problem=exc)
        known = message.id in seen or room.has(message.id)
        if not known:
            seen.add(message.id)
        return Ingested(id=message.id, message=message, known=known)

    def _ingested(self, room: Room, results: Sequence[Ingested], stored: Sequence[Stored]) -> list[Ingested]:
        """What became of them, now that they are stored: what was not known before waits for a turn."""
        fresh = {one.id for one in results if not one.known}
        self._deciding.let_wait(room, [one.message for one in stored if not one.known and one.message.id in fresh])
        known = {one.message.id for one in stored if one.known}
        return [replace(one, known=True) if one.id in known else one for one in results] if known else list(results)


def new_id() -> str:
    """An id for a message that the platform gave none, or for a reply."""
    return token_hex(16)
