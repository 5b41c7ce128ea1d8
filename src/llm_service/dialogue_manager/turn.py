"""One turn: from picking what to answer until the reply is durable.

::

    gate ─▶ pick what to answer ─▶ compose the prompt ─▶ engine ─▶ cleaner ─▶ reply ─▶ gate opens ─▶ store

Entering a turn may fail, iterating it flows, leaving it cleans up. Everything that can go wrong before the first word
goes wrong on entering. The room's gate opens as soon as the reply is known, before it is durable: the next turn can
begin while this one's caller waits for the disk.

What becomes of a question whose turn fails is one rule: from the moment that it passed the gate it was said in the
room, and it stays there, unanswered, whatever happens to the turn. A reply is kept whole or not at all.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, ExitStack
from types import TracebackType
from typing import TYPE_CHECKING, Self

from llm_service.admission import Place
from llm_service.errors import (
    ContextOverflow,
    EmptyReply,
    InvalidMessage,
    LLMServiceError,
    TurnDropped,
    UnknownMessage,
)
from llm_service.tracing import AnswerTrace
from llm_service.turn_taking import Decision
from llm_service.types import Completed, Delta, Draft, Message, Reply, Timing, TurnEvent

from .room import Room
from .speech import Speech

if TYPE_CHECKING:
    from .composer import Composing
    from .manager import DialogueManager
    from .ports import Stream

TRIES = 2
"""How often a turn is spoken at most: an empty answer, an overflow and a forgotten message are tried once more."""


class Turn:
    """One turn of a room. ``async with`` it, then iterate for clean pieces, or await :meth:`reply`.

    With a ``draft`` it answers that. Without one it answers what waits in the room: all of it, or with ``choose`` what
    the room's policy decides, which may be nothing; then it is ``silent``, and iterating it yields nothing.
    """

    def __init__(
        self, manager: DialogueManager, room: str, draft: Draft | None, *, choose: bool, deadline: float
    ) -> None:
        self._manager = manager
        self._room_name = room
        self._draft = draft
        self._choose = choose
        self._started = time.perf_counter()
        self._deadline = self._started + deadline
        self._caller = _caller_of(draft)
        self._gate = ExitStack()
        self._engine = AsyncExitStack()
        self._saving: asyncio.Task[object] | None = None
        self._answers: tuple[str, ...] = ()
        self._composing: Composing | None = None
        self._speech: Speech | None = None
        self._reply: Reply | None = None
        self._tries = 0
        self._within: int | None = None
        self._queued_ms = 0.0
        self._first_ms = 0.0
        self._dropped: str | None = None
        self._waiting: asyncio.Timeout | None = None
        self._problem: BaseException | None = None
        self.decision: Decision | None = None
        """What was decided, and why; None where nothing had to be."""

    @property
    def silent(self) -> bool:
        """Whether the decision was not to speak."""
        return self.decision is not None and not self.decision.speak

    async def __aenter__(self) -> Self:
        self._trace = AnswerTrace(self._room_name)
        try:
            await self._begin()
        except BaseException as exc:
            self._problem = exc
            await self._leave()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._problem = self._problem or exc
        await self._leave()

    async def reply(self) -> Reply:
        """The reply, once it is durable: the same turn, drained."""
        async for event in self:
            if isinstance(event, Completed):
                return event.reply
        raise EmptyReply

    def drop(self, why: str) -> None:
        """Let it come to nothing: it raises :class:`TurnDropped` instead of saying more."""
        self._dropped = self._dropped or why
        self.look()

    def look(self) -> None:
        """See whether it has become pointless: then it waits for the engine no longer, which may still read a long
        prompt."""
        if self._waiting is not None and not self._waiting.expired() and self._pointless():
            self._waiting.reschedule(asyncio.get_running_loop().time())

    async def __aiter__(self) -> AsyncIterator[TurnEvent]:
        if self.silent:
            return
        if self._reply is not None:
            yield Delta(text=self._reply.text)
            yield Completed(reply=self._reply)
            return
        try:
            async for delta in self._speak():
                self._room.events.publish("delta", delta)
                yield delta
            reply = self._reply = self._conclude()
            await self._release()
            self._reply = await self._commit(reply)
        except LLMServiceError as exc:
            self._problem = exc
            if self._first_ms:
                self._room.events.publish("dropped", {"code": exc.code})
            raise
        yield Completed(reply=self._reply)

    # ── beginning ────────────────────────────────────────────────────────────────────────────────────────────────

    async def _begin(self) -> None:
        self._reply = self._manager.known_at_once(self._room_name, self._draft)
        if self._reply is not None:
            return
        self._manager.backend.check(caller=self._caller, deadline=self._left())
        room = self._room = await self._manager.room(self._room_name)
        asked = self._manager.ingesting.message(self._draft, room) if self._draft else None
        self._place = await self._pass_gate(room)
        self._manager.tending.step_aside(room)
        await (self._ask(room, asked) if asked else self._pick(room))
        if self._reply is None and not self.silent:
            await self._open()

    async def _pass_gate(self, room: Room) -> Place:
        room.last_turn = now = asyncio.get_running_loop().time()
        with self._trace.step("queue"):
            place = await room.gate.enter(self._caller, deadline=now + self._left())
        self._gate.enter_context(place)
        self._queued_ms = place.queued * 1000
        room.turns.add(self)
        self._gate.callback(self._finished)
        return place

    async def _ask(self, room: Room, asked: Message) -> None:
        """Put the question into the conversation, unless its id is known: then it is answered once and no more."""
        self._answers = (asked.id,)
        if self._draft and self._draft.message_id:
            self._reply = await self._manager.known_reply(room, asked.id)
            if self._reply is not None or room.has(asked.id):
                return
        self._saving = self._manager.saving.say(room, [asked])

    async def _pick(self, room: Room) -> None:
        """Choose from what waits, or take all of it."""
        self._saving = self._manager.saving.say(room, [])
        if self._choose:
            self.decision = self._manager.deciding.decide(room)
            self._manager.deciding.settle(room, self.decision)
            self._answers = self.decision.answers
        else:
            self._answers = tuple(room.pending)
            if not self._answers:
                raise InvalidMessage("There is nothing to answer: add a message first.")

    async def _open(self) -> None:
        """Compose the prompt and wait for its first chunk; once more where it came back empty or did not fit."""
        self._tries += 1
        composing = self._composing = await self._manager.composer.compose(
            self._room, self._answers, within=self._within
        )
        stream = self._manager.backend.stream(
            composing.prompt,
            caller=self._caller,
            deadline=self._left(),
            use_cache=self._tries == 1,
            count=composing.most_tokens,
        )
        self._trace.asked(composing.prompt, composing.model)
        self._engine.enter_context(self._trace.step("engine"))
        try:
            chunks = await self._first_chunk(stream)
        except TurnDropped:
            if not self._can_redo():
                raise
            return await self._open_again()
        except (ContextOverflow, EmptyReply) as exc:
            if self._tries == TRIES:
                raise
            if isinstance(exc, ContextOverflow):
                self._within = self._manager.composer.learn_overflow(composing, exc)
            return await self._open_again()
        self._speech = Speech(chunks, self._manager.cleaner(self._room, composing.model.id).stream(), self._room.polish)
        return None

    async def _open_again(self) -> None:
        await self._engine.aclose()
        await self._open()

    async def _first_chunk(self, stream: AbstractAsyncContextManager[Stream]) -> Stream:
        """The answer when it begins; :class:`TurnDropped` as soon as nobody wants it any more."""
        self._check()
        try:
            async with asyncio.timeout(None) as self._waiting:
                return await self._engine.enter_async_context(stream)
        except TimeoutError:
            self._check()
            raise
        finally:
            self._waiting = None

    # ── speaking ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def _speak(self) -> AsyncIterator[Delta]:
        while True:
            assert self._speech is not None
            try:
                with self._trace.step("clean"):
                    async for text in self._speech.pieces(self._check):
                        self._first_ms = self._first_ms or self._elapsed_ms()
                        yield Delta(text=text)
            except (EmptyReply, TurnDropped):
                if not self._can_redo():
                    raise
                await self._open_again()
            else:
                return

    def _can_redo(self) -> bool:
        untouched = self._room.forgotten.isdisjoint(self._answers)
        return not self._first_ms and self._tries < TRIES and self._dropped is None and untouched

    def _check(self) -> None:
        """Raise where what was written so far must not be seen any more."""
        if self._pointless():
            raise TurnDropped(self._dropped) if self._dropped is not None else TurnDropped

    def _pointless(self) -> bool:
        assert self._composing is not None
        return self._dropped is not None or not self._room.forgotten.isdisjoint(self._composing.ids)

    def _conclude(self) -> Reply:
        """Make the reply and put it into the conversation."""
        assert self._composing is not None
        assert self._speech is not None
        self._place.useful = True
        timing = Timing(
            queued_ms=self._queued_ms + self._speech.queued_ms,
            first_token_ms=self._first_ms,
            total_ms=self._elapsed_ms(),
        )
        return self._manager.answer(
            self._room, self._composing, self._speech, self._answers, timing, decision=self.decision
        )

    async def _commit(self, reply: Reply) -> Reply:
        assert self._composing is not None
        with self._trace.step("store"):
            if self._saving is not None:
                await self._saving
            try:
                return await self._manager.saving.commit(self._room, self._composing, reply)
            except UnknownMessage as exc:  # forgotten between its last word and the disk
                if self.decision is not None:
                    self._manager.deciding.put_back(self._room, self._answers)
                raise TurnDropped from exc

    # ── ending ───────────────────────────────────────────────────────────────────────────────────────────────────

    async def _release(self) -> None:
        try:
            await self._engine.aclose()
        finally:
            self._gate.close()

    async def _leave(self) -> None:
        try:
            await self._release()
        finally:
            if self._saving is not None and not self._saving.done():
                await asyncio.wait({self._saving})
            self._tell()

    def _tell(self) -> None:
        """Say how it went to those who measure."""
        self._manager.counters.turn_over(self._outcome(), time.perf_counter() - self._started)
        if (reply := self._reply) is not None:
            self._trace.received(reply, cached=reply.cached, first_token_ms=reply.timing.first_token_ms)
        self._trace.end(self._problem)

    def _outcome(self) -> str:
        if isinstance(self._problem, LLMServiceError):
            return self._problem.code
        if self._problem is not None or (self._reply is None and not self.silent):
            return "left"
        return "silent" if self.silent else "replied"

    def _finished(self) -> None:
        self._room.turns.discard(self)
        if not self._room.turns:
            self._room.forgotten.clear()

    def _left(self) -> float:
        return self._deadline - time.perf_counter()

    def _elapsed_ms(self) -> float:
        return (time.perf_counter() - self._started) * 1000


def _caller_of(draft: Draft | None) -> str:
    """Whose turn it is, for fairness: the platform's id of the viewer where there is one, else the name."""
    return "" if draft is None else draft.user_id or draft.username.casefold()
