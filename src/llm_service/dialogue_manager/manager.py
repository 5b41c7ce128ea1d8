"""The conductor: the only place that knows the order in which things happen.

::

    message ─▶ hygiene ─▶ room ─▶ topics ─▶ prompt (window + recall) ─▶ engine ─▶ cleaner ─▶ reply ─▶ store

It decides nothing itself: what is a harmless text, what fits a prompt, what may be shown is decided by pure functions
in other modules. It holds the rooms that are in use, and the work that goes on behind a turn.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, Self

from llm_service.admission import Admission
from llm_service.errors import UnknownMessage
from llm_service.hygiene import neutralise_message
from llm_service.prompt import MOST_MESSAGES, RETENTION
from llm_service.response_cleaner import ResponseCleaner
from llm_service.threads import ThreadTracker
from llm_service.topic_tracker import TopicTracker
from llm_service.turn_taking import Policy
from llm_service.types import (
    DEFAULT_ROOM,
    Context,
    Draft,
    Forgotten,
    Message,
    Persona,
    Reply,
    Sampling,
    Timing,
    Topic,
    UserRecord,
)

from .composer import Composer, Composing
from .memory import MemoryStore
from .ports import Backend, Store
from .room import Room
from .rooms import Rooms
from .speech import Speech
from .tending import Tending
from .turn import Turn


class DialogueManager:
    """Conversations with many speakers on one model.

    ``client`` answers prompts; ``store`` keeps the rooms (without one they live in memory). Every method takes the
    ``room`` it is about; without it, the default one. Errors are those of the client, :class:`InvalidMessage` and
    :class:`StoreError`.
    """

    def __init__(
        self,
        client: Backend,
        *,
        store: Store | None = None,
        persona: Persona | None = None,
        sampling: Sampling | None = None,
        deadline: float = 30.0,
        room_concurrency: int = 1,
        queue_size: int = 32,
        window_messages: int = MOST_MESSAGES,
        window_keep: float = RETENTION,
        topics: bool = True,
        max_chars: int | None = None,
        reasoning_effort: str | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.backend = client
        self.store: Store = store or MemoryStore()
        self.deadline = deadline
        self._persona = persona or Persona()
        self._room_concurrency = room_concurrency
        self._queue_size = queue_size
        self._topics = topics
        self._max_chars = max_chars
        self._clock = clock
        self._saving: set[asyncio.Task[None]] = set()
        self._opens_reasoning: dict[str, bool] = {}
        self._rooms = Rooms(self.store, self._make_room)
        self.composer = Composer(
            client,
            self.store,
            sampling=sampling or Sampling(),
            window_messages=window_messages,
            window_keep=window_keep,
            reasoning_effort=reasoning_effort,
            clock=clock,
        )
        self.tending = Tending(client, self.store, self.composer)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Wait until everything that was said is stored. The client and the store are their owner's to close."""
        await self.tending.close()
        await asyncio.gather(*self._saving, return_exceptions=True)

    # ── talking ──────────────────────────────────────────────────────────────────────────────────────────────────

    def add_message(
        self, username: str, message: str, emotes: Iterable[str] = (), *, room: str = DEFAULT_ROOM, **details: Any
    ) -> Message:
        """Put a line into the conversation; :meth:`generate_response` answers what waits.

        ``details`` are the other fields of :class:`Draft`: ``message_id``, ``user_id``, ``reply_to``, ``badges``,
        ``sent_at``. The line is stored with the next turn. Raises :class:`InvalidMessage` where nothing is left of the
        name or the text.
        """
        found = self._rooms.at_hand(room)
        draft = Draft(username=username, text=message, emotes=tuple(emotes), **details)
        made = found.join(self.message(draft, found))
        found.unsaved[made.id] = found.pending[made.id] = made
        return made

    async def generate_response(self, *, room: str = DEFAULT_ROOM) -> str:
        """Answer what waits in the room, in one reply; returns its text, once it is durable."""
        async with self.turn(room=room) as turn:
            return (await turn.reply()).text

    def turn(self, draft: Draft | None = None, *, room: str = DEFAULT_ROOM, deadline: float | None = None) -> Turn:
        """A turn that answers ``draft``, or without one what waits in the room. Enter it with ``async with``."""
        return Turn(self, room, draft, deadline=self.deadline if deadline is None else deadline)

    async def reply(self, draft: Draft, *, room: str = DEFAULT_ROOM) -> Reply:
        """Answer one line: the same turn, drained."""
        async with self.turn(draft, room=room) as turn:
            return await turn.reply()

    # ── looking and forgetting ───────────────────────────────────────────────────────────────────────────────────

    async def context(self, *, room: str = DEFAULT_ROOM) -> Context:
        """The room as it is now."""
        found = await self._rooms.get(room)
        return Context(
            room=room,
            persona=found.persona,
            entries=tuple(found.entries),
            summary=found.summary,
            topics=self.topics_of(found),
            window=found.window,
            policy=found.policy.to_json(),
            messages=found.messages,
            replies=found.replies,
            model=found.model,
            created_at=found.created_at,
        )

    async def clear(self, *, room: str = DEFAULT_ROOM) -> Forgotten:
        """Forget everything that was said in the room; its persona and policy stay."""
        found = await self._rooms.get(room)
        gone = await self._forget(found, self.store.clear(room))
        found.clear()
        return gone

    async def forget_message(self, message_id: str, *, room: str = DEFAULT_ROOM) -> Forgotten:
        """Forget one message or reply, and everything made from it: the window, what waits, a reply that is being
        written, summaries, topics, caches. Raises :class:`UnknownMessage`."""
        found = await self._rooms.get(room)
        gone = await self._forget(found, self.store.forget_message(room, message_id))
        if gone.nothing:
            raise UnknownMessage
        return gone

    async def forget_user(self, username: str, *, user_id: str | None = None, room: str = DEFAULT_ROOM) -> Forgotten:
        """Forget a viewer, and everything made from what they said. Raises :class:`UnknownMessage`."""
        found = await self._rooms.get(room)
        gone = await self._forget(found, self.store.forget_user(room, username, user_id))
        if gone.nothing:
            raise UnknownMessage
        return gone

    async def user(self, username: str, *, user_id: str | None = None, room: str = DEFAULT_ROOM) -> UserRecord:
        """Everything that is kept about a viewer."""
        return await self.store.user(room, username, user_id)

    async def expire(self, before: float) -> Forgotten:
        """Forget what was said before a moment, in all rooms."""
        gone = await self.store.expire(before)
        for name in gone.rooms:
            (await self._rooms.get(name)).forget(gone.message_ids, gone.reply_ids, summary=gone.summaries_dropped)
        await self.backend.forget()
        return gone

    async def _forget(self, room: Room, forgetting: Awaitable[Forgotten]) -> Forgotten:
        """Memory and caches follow the store. What is being stored is waited for, lest it come back."""
        await asyncio.gather(*self._saving, return_exceptions=True)
        gone = await forgetting
        room.forget(gone.message_ids, gone.reply_ids, summary=gone.summaries_dropped)
        await self.backend.forget()
        return gone

    # ── what a turn asks for ─────────────────────────────────────────────────────────────────────────────────────

    async def room(self, name: str) -> Room:
        """The room, from memory or from the store."""
        return await self._rooms.get(name)

    def message(self, draft: Draft, room: Room) -> Message:
        """The line that a draft becomes: neutralised, with an id, and not from the future. Raises
        :class:`InvalidMessage`."""
        now = self._clock()
        neutral = neutralise_message(
            username=draft.username, text=draft.text, emotes=draft.emotes, reserved=(room.persona.name,)
        )
        return Message(
            id=draft.message_id or _new_id(),
            room=room.name,
            username=neutral.username,
            text=neutral.text,
            speaker=neutral.speaker,
            line=neutral.line,
            user_id=draft.user_id,
            emotes=neutral.emotes,
            badges=draft.badges,
            reply_to=draft.reply_to,
            sent_at=now if draft.sent_at is None else min(draft.sent_at, now),
        )

    async def known_reply(self, room: Room, message_id: str) -> Reply | None:
        """The reply that this message has already got, in memory or in the store."""
        return room.reply_to(message_id) or await self.store.reply_for(room.name, message_id)

    def cleaner(self, room: Room, model: str) -> ResponseCleaner:
        """What makes the model's answer fit for this room's viewers.

        Whether the model's template opens a thought is known from its answers; the first one is held back until its
        end, lest it be a thought.
        """
        return ResponseCleaner(
            bot_name=room.persona.name,
            usernames=room.speakers(),
            max_chars=self._max_chars,
            emotes=room.emotes(),
            prompt_opens_reasoning=self._opens_reasoning.get(model),
        )

    def answer(
        self, room: Room, composing: Composing, speech: Speech, answers: tuple[str, ...], timing: Timing
    ) -> Reply:
        """Make the reply, and put it into the conversation."""
        reply = Reply(
            id=_new_id(),
            room=room.name,
            text=speech.text,
            raw=speech.raw,
            answers=answers,
            after=room.place_of(answers),
            model=speech.model or composing.model.id,
            finish_reason=speech.finish_reason,
            usage=speech.usage,
            timing=timing,
            topics=self.topics_of(room),
            cached=speech.cached,
            created_at=self._clock(),
        )
        self._opens_reasoning[composing.model.id] = speech.opened_by_prompt
        room.model, room.window = reply.model, composing.composed.window
        room.answer(reply)
        return reply

    def say(self, room: Room, messages: Sequence[Message]) -> asyncio.Task[None]:
        """Put messages into the conversation, and begin to store them with all that is not stored yet.

        Memory and store see them in the same order, because both are told in the same step of the loop. What is in the
        conversation when the task is done is durable.
        """
        joined = [room.join(message) for message in messages]
        waiting, room.unsaved = [*room.unsaved.values(), *joined], {}
        task = asyncio.create_task(self._save(room, waiting))
        self._saving.add(task)
        task.add_done_callback(self._saving.discard)
        return task

    async def _save(self, room: Room, messages: Sequence[Message]) -> None:
        if not messages:
            return
        try:
            stored = await self.store.append(messages)
        except BaseException:
            for message in messages:
                room.leave(message.id)
            raise
        room.confirm([one.message for one in stored])
        if not room.created_at and (record := await self.store.load(room.name, limit=1)):
            room.created_at = record.created_at

    async def commit(self, room: Room, composing: Composing, reply: Reply) -> Reply:
        """Make the reply durable, and with it the window's new start."""
        try:
            reply = await self.store.commit_reply(replace(reply, after=room.place_of(reply.answers)))
            if composing.composed.cut > room.cut:
                await self.tending.move_window(room, composing.composed.cut, room.summary)
        except BaseException:
            room.stale = True  # what is on disk is not known here any more: the next turn reads it
            raise
        room.confirm([], reply)
        if not reply.cached:
            await self.composer.observe(composing, reply.usage)
        self.tending.after_turn(room, composing)
        return reply

    def topics_of(self, room: Room) -> tuple[Topic, ...]:
        """What the room talks about now."""
        return room.topics.topics(self._clock()) if self._topics else ()

    def _make_room(self, name: str) -> Room:
        return Room(
            name=name,
            persona=self._persona,
            policy=Policy(),
            gate=Admission(self._room_concurrency, self._queue_size),
            topics=TopicTracker(),
            threads=ThreadTracker(),
            active_rooms=self._rooms.active,
        )


def _new_id() -> str:
    return uuid.uuid4().hex
