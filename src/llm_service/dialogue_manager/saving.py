"""Saving: what is said joins the conversation and the store in the same order, and is durable before it counts.

Messages are stored in tasks of their own, so that a caller who leaves takes nothing with them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from llm_service.types import Message, Reply, Stored

from .answered import Answered
from .composer import Composer, Composing
from .counters import DialogueCounters
from .ports import Store
from .room import Room
from .tending import Tending


class Saving:
    """Brings messages and replies from memory to the store."""

    def __init__(
        self, store: Store, counters: DialogueCounters, composer: Composer, tending: Tending, answered: Answered
    ) -> None:
        self._store = store
        self._counters = counters
        self._composer = composer
        self._tending = tending
        self._answered = answered
        self._tasks: set[asyncio.Task[Sequence[Stored]]] = set()

    async def wait(self) -> None:
        """Until all that is on its way has arrived."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def say(self, room: Room, messages: Sequence[Message]) -> asyncio.Task[Sequence[Stored]]:
        """Put messages into the conversation, and begin to store them with all that is not stored yet.

        Memory and store see them in the same order, because both are told in the same step of the loop. What is in the
        conversation when the task is done is durable.
        """
        waiting, room.unsaved = [*room.unsaved.values(), *room.join(messages)], {}
        task = asyncio.create_task(self._save(room, waiting))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _save(self, room: Room, messages: Sequence[Message]) -> Sequence[Stored]:
        if not messages:
            return ()
        try:
            with self._counters.store_seconds.timed():
                stored = await self._store.append(messages)
        except BaseException:
            for message in messages:
                room.leave(message.id)
            raise
        fresh = [one.message for one in stored if not one.known]
        self._counters.messages += len(fresh)
        for one in stored:
            if one.known:
                room.leave(one.message.id)
        room.events.publish_each("message", fresh)
        room.confirm([one.message for one in stored])
        if not room.created_at and (record := await self._store.load(room.name, limit=1)):
            room.created_at = record.created_at
        await self._composer.telling.noting.note(room, fresh)
        return stored

    async def commit(self, room: Room, composing: Composing, reply: Reply) -> Reply:
        """Make the reply durable, and with it the window's new start."""
        room.committing += 1
        cleared = self._answered.cleared
        try:
            with self._counters.store_seconds.timed():
                if (after := room.place_of(reply.answers)) != reply.after:
                    reply = replace(reply, after=after)
                reply = await self._store.commit_reply(reply)
            if composing.composed.cut > room.cut:
                await self._tending.move_window(room, composing.composed.cut, room.summary)
        except BaseException:
            room.stale = True  # what is on disk is not known here any more: the next turn reads it
            raise
        finally:
            room.committing -= 1
        room.confirm([], reply)
        self._answered.remember(reply, cleared)
        room.events.publish("reply", reply)
        if not reply.cached:
            await self._composer.keep(composing, reply.usage)
        self._tending.after_turn(room, composing)
        return reply
