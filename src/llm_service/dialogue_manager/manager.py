"""The conductor: the only place that knows the order in which things happen.

::

    message ─▶ hygiene ─▶ room ─▶ topics ─▶ prompt (window + recall) ─▶ engine ─▶ cleaner ─▶ reply ─▶ store

It decides nothing itself: what is a harmless text, what fits a prompt, what may be shown is decided by pure functions
in other modules. It holds the rooms that are in use, and the work that goes on behind a turn.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, Self

from llm_service.admission import Admission
from llm_service.errors import StoreError, TurnDropped
from llm_service.hygiene import displayed_name
from llm_service.prompt import MOST_MESSAGES, RETENTION
from llm_service.recall import Embedder
from llm_service.response_cleaner import ResponseCleaner
from llm_service.response_cleaner.messages import split
from llm_service.threads import ThreadTracker
from llm_service.topic_tracker import TopicTracker
from llm_service.tracing import AnswerTrace
from llm_service.turn_taking import Decision, Policy, is_repeat
from llm_service.types import (
    DEFAULT_ROOM,
    Context,
    Draft,
    Forgotten,
    Ingested,
    Message,
    Persona,
    Reply,
    Sampling,
    Timing,
    Topic,
    UserRecord,
)

from .answered import Answered
from .autopilot import Autopilot
from .composer import Composer, Composing
from .counters import DialogueCounters
from .deciding import Deciding
from .events import EventLog, Kind
from .forgetting import Forgetting
from .ingesting import Ingesting, new_id
from .memory import MemoryStore
from .noting import Noting
from .ports import Backend, Store
from .recalling import Recalling
from .room import Room, Tracking
from .room_emotes import RoomEmotes
from .room_settings import RoomSettings
from .rooms import Rooms
from .saving import Saving
from .speech import Speech
from .telling import Telling
from .tending import Tending
from .turn import Turn

MOST_MOOD = 5
"""Emotes that a room's context tells."""


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
        thread_links: bool = True,
        recall: bool = True,
        notes: bool = True,
        understand_emotes: bool = True,
        embedder: Embedder | None = None,
        emotes: RoomEmotes | None = None,
        policy: Policy | None = None,
        reasoning_effort: str | None = None,
        clock: Callable[[], float] = time.time,
        speed: float = 1.0,
    ) -> None:
        self.backend = client
        self.store: Store = store or MemoryStore()
        self.deadline = deadline
        self.counters = DialogueCounters()
        self._persona = persona or Persona()
        self._room_concurrency = room_concurrency
        self._queue_size = queue_size
        self._tracking = Tracking(topics=topics, threads=thread_links, emotes=understand_emotes)
        self._emotes = emotes or RoomEmotes.well_known()
        self._policy = policy or Policy()
        self._clock = clock
        self._opens_reasoning: dict[str, bool] = {}
        self._answered = Answered()
        self._rooms = Rooms(self.store, self._make_room, abandoned=self._abandon)
        self.composer = Composer(
            client,
            self.store,
            sampling=sampling or Sampling(),
            window_messages=window_messages,
            window_keep=window_keep,
            reasoning_effort=reasoning_effort,
            telling=Telling(
                Recalling(self.store, self.counters, embedder, enabled=recall),
                Noting(self.store, self.counters, enabled=notes),
                clock=clock,
            ),
        )
        self.tending = Tending(client, self.store, self.composer)
        self.autopilot = Autopilot(self, speed=speed)
        self.deciding = Deciding(self.counters, clock, self.autopilot.heard)
        self.saving = Saving(self.store, self.counters, self.composer, self.tending, self._answered)
        self.ingesting = Ingesting(self._rooms, self.saving, self.deciding, clock)
        self._settings = RoomSettings(self._rooms, self.store, clock, self._answered, self.autopilot.look_at)
        self._forgetting = Forgetting(
            self._rooms,
            self.store,
            client,
            saving=self.saving,
            recalling=self.composer.telling.recalling,
            answered=self._answered,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Wait until everything that was said is stored. The client and the store are their owner's to close."""
        await self.autopilot.close()
        await self.tending.close()
        await self.saving.wait()
        with suppress(StoreError):  # a note that is lost costs a number in GET /context until the next turn
            await self._rooms.note_windows()

    # ── talking ──────────────────────────────────────────────────────────────────────────────────────────────────

    def add_message(
        self, username: str, message: str, emotes: Iterable[str] = (), *, room: str = DEFAULT_ROOM, **details: Any
    ) -> Message:
        """Put a line into the conversation; :meth:`generate_response` answers what waits.

        ``details`` are the other fields of :class:`Draft`: ``message_id``, ``user_id``, ``reply_to``, ``badges``,
        ``sent_at``. The line is stored with the next turn; :meth:`ingest` stores at once. Raises
        :class:`InvalidMessage` where nothing is left of the name or the text.
        """
        found = self._rooms.at_hand(room)
        draft = Draft(username=username, text=message, emotes=tuple(emotes), **details)
        (made,) = found.join([self.ingesting.message(draft, found)])
        found.unsaved[made.id] = made
        self.deciding.let_wait(found, [made])
        return made

    async def generate_response(self, *, room: str = DEFAULT_ROOM) -> str:
        """Answer all that waits in the room, in one reply; returns its text, once it is durable."""
        async with self.turn(room=room) as turn:
            return (await turn.reply()).text

    async def ingest(self, drafts: Sequence[Draft], *, room: str = DEFAULT_ROOM) -> list[Ingested]:
        """Put lines into the conversation, without a reply: durable when this returns, and never waiting for the model.

        A line whose id is known is not taken again; one that is not valid does not keep the others out.
        """
        return await self.ingesting.ingest(drafts, room)

    def turn(
        self,
        draft: Draft | None = None,
        *,
        room: str = DEFAULT_ROOM,
        choose: bool = False,
        deadline: float | None = None,
    ) -> Turn:
        """A turn that answers ``draft``, or without one what waits in the room: with ``choose`` as the room's policy
        decides. Enter it with ``async with``."""
        return Turn(self, room, draft, choose=choose, deadline=self.deadline if deadline is None else deadline)

    async def reply(self, draft: Draft, *, room: str = DEFAULT_ROOM) -> Reply:
        """Answer one line: the same turn, drained. One that was answered lately needs none."""
        if (known := self.known_at_once(room, draft)) is not None:
            with AnswerTrace(room) as trace:
                trace.received(known, cached=known.cached, first_token_ms=known.timing.first_token_ms)
            self.counters.turn_over("replied", 0.0)
            return known
        async with self.turn(draft, room=room) as turn:
            return await turn.reply()

    async def dry_run(self, *, room: str = DEFAULT_ROOM) -> Decision:
        """What a turn would decide now. Changes nothing."""
        return self.deciding.decide(await self._rooms.get(room))

    async def skip(self, *, room: str = DEFAULT_ROOM) -> int:
        """Cut off the replies that are being written; returns how many there were. What a turn had chosen to answer
        is passed over with them."""
        return self.deciding.skip(await self._rooms.get(room))

    async def set_persona(self, persona: Persona, *, room: str = DEFAULT_ROOM) -> None:
        """Give the room another system prompt, or the assistant another name there."""
        await self._settings.set_persona(room, persona)

    async def set_emotes(self, data: object, *, room: str = DEFAULT_ROOM) -> RoomEmotes:
        """Load the room's emotes: codes, meanings, and whether the assistant may use them. Raises
        :class:`InputError`."""
        return await self._settings.set_emotes(room, data)

    async def set_policy(self, changes: Mapping[str, Any], *, room: str = DEFAULT_ROOM) -> Policy:
        """Change knobs of the room's policy; those not named stay. Raises :class:`InputError`.

        Takes effect at once, whatever waits: a pause or a mute also cuts off what is being said unasked.
        """
        return await self._settings.set_policy(room, changes)

    async def warm(self, *, room: str = DEFAULT_ROOM) -> None:
        """Let the engine read the room's persona and window now, so that the first viewer does not wait for it."""
        await self.tending.warm(await self._rooms.get(room))

    async def waiting(self, *, room: str = DEFAULT_ROOM) -> int:
        """How many lines wait for a turn or are being answered."""
        found = await self._rooms.get(room)
        return len(found.pending) + len(found.turns) + found.committing

    async def events(self, *, room: str = DEFAULT_ROOM) -> EventLog:
        """What happens in the room, to be followed."""
        return (await self._rooms.get(room)).events

    def announce(self, kind: Kind, value: Any) -> None:
        """Publish an event in every room that is in memory."""
        for room in self._rooms.all():
            room.events.publish(kind, value)

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
            mood=found.topics.mood(self._clock())[:MOST_MOOD],
            window=found.window,
            policy=found.policy.to_json(),
            messages=found.messages,
            replies=found.replies,
            model=found.model,
            created_at=found.created_at,
        )

    async def clear(self, *, room: str = DEFAULT_ROOM) -> Forgotten:
        """Forget everything that was said in the room; its persona and policy stay."""
        return await self._forgetting.clear(room)

    async def forget_message(self, message_id: str, *, room: str = DEFAULT_ROOM) -> Forgotten:
        """Forget one message or reply, and everything made from it: the window, what waits, a reply that is being
        written, summaries, topics, caches. Raises :class:`UnknownMessage`."""
        return await self._forgetting.message(room, message_id)

    async def forget_user(self, username: str, *, user_id: str | None = None, room: str = DEFAULT_ROOM) -> Forgotten:
        """Forget a viewer, and everything made from what they said. Raises :class:`UnknownMessage`."""
        return await self._forgetting.user(room, username, user_id)

    async def user(self, username: str, *, user_id: str | None = None, room: str = DEFAULT_ROOM) -> UserRecord:
        """Everything that is kept about a viewer."""
        return await self.store.user(room, displayed_name(username), user_id)

    async def expire(self, before: float) -> Forgotten:
        """Forget what was said before a moment, in all rooms."""
        return await self._forgetting.expire(before)

    # ── what a turn asks for ─────────────────────────────────────────────────────────────────────────────────────

    async def room(self, name: str) -> Room:
        """The room, from memory or from the store."""
        return await self._rooms.get(name)

    def known_at_once(self, room: str, draft: Draft | None) -> Reply | None:
        """The reply that this message got lately: one that is sent again needs no turn, and nothing of the engine."""
        return self._answered.find(room, draft.message_id) if draft and draft.message_id else None

    async def known_reply(self, room: Room, message_id: str) -> Reply | None:
        """The reply that this message has already got, in memory or in the store."""
        if found := room.reply_to(message_id):
            return replace(found, messages=_messages(found.text, room.policy))
        cleared = self._answered.cleared
        if found := await self.store.reply_for(room.name, message_id):
            found = replace(found, messages=_messages(found.text, room.policy))
            self._answered.remember(found, cleared)
        return found

    def cleaner(self, room: Room, model: str) -> ResponseCleaner:
        """What makes the model's answer fit for this room's viewers.

        Whether the model's template opens a thought is known from its answers; the first one is held back until its
        end, lest it be a thought.
        """
        return ResponseCleaner(
            bot_name=room.persona.name,
            usernames=tuple(room.speakers),
            emotes=tuple(room.emotes),
            prompt_opens_reasoning=self._opens_reasoning.get(model),
        )

    def _abandon(self, lines: int) -> None:
        """Nobody took a turn in a room until all that waited there was stale, and it has left memory."""
        self.counters.dropped["stale"] += lines

    def answer(
        self,
        room: Room,
        composing: Composing,
        speech: Speech,
        answers: tuple[str, ...],
        timing: Timing,
        *,
        decision: Decision | None = None,
    ) -> Reply:
        """Make the reply, and put it into the conversation. Raises :class:`TurnDropped` where a turn that nobody asked
        for would repeat what was just said."""
        now = self._clock()
        if decision is not None and self._repeats(room, speech.text, now):
            why = "the reply would repeat what was just said"
            self.deciding.settle(room, Decision(speak=False, why=why, dropped={"repeat": answers}))
            raise TurnDropped("The reply was dropped: the same was said a moment ago.")
        reply = Reply(
            id=new_id(),
            room=room.name,
            text=speech.text,
            raw=speech.raw,
            messages=_messages(speech.text, room.policy),
            answers=answers,
            after=room.place_of(answers),
            model=speech.model or composing.model.id,
            finish_reason=speech.finish_reason,
            usage=speech.usage,
            timing=timing,
            topics=room.topics_lately(now),
            cached=speech.cached,
            created_at=now,
        )
        self.counters.removed.update(speech.removed)
        self._opens_reasoning[composing.model.id] = speech.opened_by_prompt
        if not reply.cached:
            self.composer.learn(composing, reply.usage)
        room.model, room.window = reply.model, composing.composed.window
        room.begun = max(room.begun, composing.composed.cut)
        room.answer(reply, decision.urgency if decision else "called")
        for text in reply.messages:
            room.ledger.sent(text, at=now)
        return reply

    def _repeats(self, room: Room, text: str, now: float) -> bool:
        return is_repeat(text, room.ledger.state(()).said, now, within=room.policy.repeat_after)

    def topics_of(self, room: Room) -> tuple[Topic, ...]:
        """What the room talks about now."""
        return room.topics.topics(self._clock())

    def _make_room(self, name: str) -> Room:
        return Room(
            name=name,
            persona=self._persona,
            policy=self._policy,
            gate=Admission(self._room_concurrency, self._queue_size),
            topics=TopicTracker(),
            threads=ThreadTracker(assistant=self._persona.name),
            events=EventLog(self._clock),
            known_emotes=self._emotes,
            tracking=self._tracking,
            work=self.counters.message_work,
            active_rooms=self._rooms.active,
        )


def _messages(text: str, policy: Policy) -> tuple[str, ...]:
    """A reply as messages that the platform takes."""
    return split(text, policy.max_chars)[: policy.most_messages]
