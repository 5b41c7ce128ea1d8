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
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import chain
from typing import Any, Self

from llm_service.admission import Admission
from llm_service.errors import InvalidMessage, StoreError, TurnDropped
from llm_service.hygiene import displayed_name, neutralise_message
from llm_service.prompt import MOST_MESSAGES, RETENTION
from llm_service.recall import Embedder
from llm_service.response_cleaner import ResponseCleaner
from llm_service.response_cleaner.messages import split
from llm_service.threads import ThreadTracker
from llm_service.topic_tracker import TopicTracker
from llm_service.tracing import AnswerTrace
from llm_service.turn_taking import Decision, Policy, addressed, decide, is_repeat, urgent_over
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
    Stored,
    Timing,
    Topic,
    UserRecord,
)

from .answered import Answered
from .autopilot import Autopilot
from .composer import Composer, Composing
from .counters import DialogueCounters
from .events import EventLog, Kind
from .forgetting import Forgetting
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
AT_ONCE = 100
"""Lines that are taken in at a time: a few milliseconds of work."""


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
        self._saving = Saving(self.store, self.counters, self.composer, self.tending, self._answered)
        self._settings = RoomSettings(self._rooms, self.store, clock, self._answered, self.autopilot.look_at)
        self._forgetting = Forgetting(
            self._rooms,
            self.store,
            client,
            saving=self._saving,
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
        await self._saving.wait()
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
        (made,) = found.join([self.message(draft, found)])
        found.unsaved[made.id] = made
        self._let_wait(found, [made])
        return made

    async def generate_response(self, *, room: str = DEFAULT_ROOM) -> str:
        """Answer all that waits in the room, in one reply; returns its text, once it is durable."""
        async with self.turn(room=room) as turn:
            return (await turn.reply()).text

    async def ingest(self, drafts: Sequence[Draft], *, room: str = DEFAULT_ROOM) -> list[Ingested]:
        """Put lines into the conversation, without a reply: durable when this returns, and never waiting for the model.

        A line whose id is known is not taken again; one that is not valid does not keep the others out. Of many lines,
        a few are taken at a time, and others who use the loop come in between.
        """
        begun: list[tuple[Room, list[Ingested], asyncio.Task[Sequence[Stored]]]] = []
        for start in range(0, len(drafts), AT_ONCE):
            if start:
                await asyncio.sleep(0)
            found = await self._rooms.get(room)
            results = self._taken(drafts[start : start + AT_ONCE], found)
            fresh = [one.message for one in results if one.message is not None and not one.known]
            begun.append((found, results, self.say(found, fresh)))
        saved = await asyncio.gather(*(saving for _, _, saving in begun))
        parts = (self._ingested(found, part, stored) for (found, part, _), stored in zip(begun, saved, strict=True))
        return list(chain.from_iterable(parts))

    def _taken(self, drafts: Sequence[Draft], room: Room) -> list[Ingested]:
        """The lines that the drafts become; which of them are known is found out without the store, as far as it can
        be."""
        seen: set[str] = set()
        return [self._taken_one(draft, room, seen) for draft in drafts]

    def _taken_one(self, draft: Draft, room: Room, seen: set[str]) -> Ingested:
        try:
            message = self.message(draft, room, place=room.last_position + len(seen) + 1)
        except InvalidMessage as exc:
            return Ingested(id=draft.message_id or "", problem=exc)
        known = message.id in seen or room.has(message.id)
        if not known:
            seen.add(message.id)
        return Ingested(id=message.id, message=message, known=known)

    def _ingested(self, room: Room, results: Sequence[Ingested], stored: Sequence[Stored]) -> list[Ingested]:
        """What became of them, now that they are stored: what was not known before waits for a turn."""
        fresh = {one.id for one in results if not one.known}
        self._let_wait(room, [one.message for one in stored if not one.known and one.message.id in fresh])
        known = {one.message.id for one in stored if one.known}
        return [replace(one, known=True) if one.id in known else one for one in results] if known else list(results)

    def _let_wait(self, room: Room, messages: Sequence[Message]) -> None:
        """Let messages wait for a turn, and tell those who may want to act on them now."""
        if not messages:
            return
        for message in messages:
            room.wait_for_turn(message)
        names, replies = self._bot_names(room), room.ledger.replies
        called = [message for message in messages if addressed(message, names, replies) is not None]
        self.autopilot.heard(room, called=bool(called))
        for message in called:
            self._interrupt(room, message)
        if len(room.pending) > 2 * room.policy.most_waiting:
            self._relieve(room)

    def _relieve(self, room: Room) -> None:
        """Let go of half of what waits, as nobody may ever ask for a turn: the oldest first, calls last."""
        waiting = sorted(room.pending.values(), key=lambda message: self._calls(room, message))
        over = [message.id for message in waiting[: -room.policy.most_waiting]]
        self.settle(room, Decision(speak=False, why="too many wait", dropped={"overflow": tuple(over)}))

    def _calls(self, room: Room, message: Message) -> bool:
        return addressed(message, self._bot_names(room), room.ledger.replies) is not None

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
        return self.decide(await self._rooms.get(room))

    async def skip(self, *, room: str = DEFAULT_ROOM) -> int:
        """Cut off the replies that are being written; returns how many there were. What a turn had chosen to answer
        is passed over with them."""
        found = await self._rooms.get(room)
        running = list(found.turns)
        for turn in running:
            turn.drop("The reply was skipped.")
            if turn.decision is not None:
                self.settle(found, Decision(speak=False, why="the reply was skipped", skipped=turn.decision.answers))
        return len(running)

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

    def message(self, draft: Draft, room: Room, *, place: int = 0) -> Message:
        """The line that a draft becomes: neutralised, with an id, and not from the future; ``place`` is where it is
        expected to stand. Raises :class:`InvalidMessage`."""
        now = self._clock()
        neutral = neutralise_message(
            username=draft.username,
            text=draft.text,
            emotes=draft.emotes,
            badges=draft.badges,
            reserved=(room.persona.name,),
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
            badges=neutral.badges,
            reply_to=draft.reply_to,
            sent_at=now if draft.sent_at is None else min(draft.sent_at, now),
            position=place,
        )

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
            usernames=room.speakers(),
            emotes=room.emotes(),
            prompt_opens_reasoning=self._opens_reasoning.get(model),
        )

    def decide(self, room: Room) -> Decision:
        """Whether to speak now, and to whom."""
        pending = list(room.pending.values())
        return decide(pending, room.ledger.state(pending), room.policy, self._clock(), bot_names=self._bot_names(room))

    def settle(self, room: Room, decision: Decision) -> None:
        """Let go of what the decision drops and passes over, and tell it to those who follow."""
        self.counters.decided(decision)
        for message_id in chain(decision.skipped, *decision.dropped.values()):
            room.pending.pop(message_id, None)
        if decision.speak or decision.skipped or decision.dropped:
            room.events.publish("decision", decision)

    def _abandon(self, lines: int) -> None:
        """Nobody took a turn in a room until all that waited there was stale, and it has left memory."""
        self.counters.dropped["stale"] += lines

    def put_back(self, room: Room, message_ids: Collection[str]) -> None:
        """Let what is still there of these messages wait again: their reply came to nothing."""
        for entry in room.entries:
            if isinstance(entry, Message) and entry.id in message_ids:
                room.wait_for_turn(entry)
        self.autopilot.heard(room, called=True)

    def _bot_names(self, room: Room) -> tuple[str, ...]:
        return (room.persona.name, *room.persona.accounts)

    def _interrupt(self, room: Room, message: Message) -> None:
        """Cut off a reply that nobody called for, where this message is worth it."""
        for turn in room.turns:
            if turn.decision is None:
                continue
            why = urgent_over(
                turn.decision, message, room.policy, bot_names=self._bot_names(room), replies=room.ledger.replies
            )
            if why is not None:
                turn.drop(f"The reply was cut off: {why}.")

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
            self.settle(room, Decision(speak=False, why=why, dropped={"repeat": answers}))
            raise TurnDropped("The reply was dropped: the same was said a moment ago.")
        reply = Reply(
            id=_new_id(),
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
        room.model, room.window = reply.model, composing.composed.window
        room.answer(reply, decision.urgency if decision else "called")
        for text in reply.messages:
            room.ledger.sent(text, at=now)
        return reply

    def _repeats(self, room: Room, text: str, now: float) -> bool:
        return is_repeat(text, room.ledger.state(()).said, now, within=room.policy.repeat_after)

    def say(self, room: Room, messages: Sequence[Message]) -> asyncio.Task[Sequence[Stored]]:
        """Put messages into the conversation, and begin to store them; durable when the task is done."""
        return self._saving.say(room, messages)

    async def commit(self, room: Room, composing: Composing, reply: Reply) -> Reply:
        """Make the reply durable, and with it the window's new start."""
        return await self._saving.commit(room, composing, reply)

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


def _new_id() -> str:
    return uuid.uuid4().hex


def _messages(text: str, policy: Policy) -> tuple[str, ...]:
    """A reply as messages that the platform takes."""
    return split(text, policy.max_chars)[: policy.most_messages]
