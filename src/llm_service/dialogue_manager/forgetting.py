"""Forgetting: what is gone from the store is gone from memory, the running replies, the recall index and the caches."""

from __future__ import annotations

from collections.abc import Awaitable

from llm_service import memo
from llm_service.errors import UnknownMessage
from llm_service.hygiene import displayed_name
from llm_service.types import Forgotten

from .answered import Answered
from .ports import Backend, Store
from .recalling import Recalling
from .room import Room
from .rooms import Rooms
from .saving import Saving


class Forgetting:
    """Takes things back everywhere; the store decides what goes with what."""

    def __init__(
        self,
        rooms: Rooms,
        store: Store,
        backend: Backend,
        *,
        saving: Saving,
        recalling: Recalling,
        answered: Answered,
    ) -> None:
        self._rooms = rooms
        self._store = store
        self._backend = backend
        self._saving = saving
        self._recalling = recalling
        self._answered = answered

    async def clear(self, room: str) -> Forgotten:
        """Everything that was said in the room."""
        found = await self._rooms.get(room)
        gone = await self._forget(found, self._store.clear(room))
        found.clear()
        return gone

    async def message(self, room: str, message_id: str) -> Forgotten:
        """One message or reply. Raises :class:`UnknownMessage`."""
        found = await self._rooms.get(room)
        gone = await self._forget(found, self._store.forget_message(room, message_id))
        if gone.nothing:
            raise UnknownMessage
        return gone

    async def user(self, room: str, username: str, user_id: str | None) -> Forgotten:
        """A viewer. Raises :class:`UnknownMessage`."""
        found = await self._rooms.get(room)
        gone = await self._forget(found, self._store.forget_user(room, displayed_name(username), user_id))
        if gone.nothing:
            raise UnknownMessage
        return gone

    async def expire(self, before: float) -> Forgotten:
        """What was said before a moment, in all rooms."""
        await self._saving.wait()
        gone = await self._store.expire(before)
        for name in gone.rooms:
            await self._follow(await self._rooms.get(name), gone)
        self._recalling.forget(gone.message_ids)
        self._answered.clear()
        memo.forget()
        await self._backend.forget()
        return gone

    async def _follow(self, room: Room, gone: Forgotten) -> None:
        """Let a room forget what is gone from many; how much it has left, only the store knows."""
        room.forget(gone.message_ids, gone.reply_ids, summary=gone.summaries_dropped)
        if (record := await self._store.load(room.name, limit=1)) is not None:
            room.messages, room.replies = record.messages, record.replies

    async def _forget(self, room: Room, forgetting: Awaitable[Forgotten]) -> Forgotten:
        """Memory and caches follow the store. What is being stored is waited for, lest it come back."""
        await self._saving.wait()
        gone = await forgetting
        room.forget(gone.message_ids, gone.reply_ids, summary=gone.summaries_dropped)
        self._recalling.forget(gone.message_ids)
        self._answered.clear()
        memo.forget()
        room.events.publish("forgotten", gone)
        await self._backend.forget()
        return gone
