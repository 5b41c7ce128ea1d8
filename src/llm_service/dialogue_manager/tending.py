"""What is done for a room while nobody waits: cutting its window before it overflows, summing up what falls out of it,
and letting the engine read the new prompt beforehand.

An engine that reads a whole window anew takes seconds. Done in the pause after a reply, at low priority, no viewer
notices. Where the engine is busy or fails, nothing is lost: the next turn cuts the window itself, without a summary.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

import structlog

from llm_service.errors import LLMServiceError
from llm_service.prompt import summary_prompt
from llm_service.response_cleaner import ResponseCleaner
from llm_service.types import Entry, Prompt, Summary

from .composer import Composer, Composing
from .ports import Backend, Store
from .room import Room

log = structlog.get_logger("llm_service.dialogue")

PATIENCE = 60.0
"""Seconds that work in the background may wait and take."""
QUIET = 0.02
"""Seconds without a turn after which a room is looked after: composing on every turn's heels would slow the next."""


class Tending:
    """Looks after rooms between turns; one task a room at most."""

    def __init__(self, backend: Backend, store: Store, composer: Composer) -> None:
        self._backend = backend
        self._store = store
        self._composer = composer
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._slots = 1

    def after_turn(self, room: Room, composing: Composing) -> None:
        """Begin to look after a room whose turn has just ended, where its window is nearly full."""
        self._slots = composing.model.slots or 1
        if room.name in self._tasks or room.turns or not self._composer.nearly_full(room, composing):
            return
        task = self._tasks[room.name] = asyncio.create_task(self._tend(room))
        task.add_done_callback(lambda _: self._tasks.pop(room.name, None))

    def step_aside(self, room: Room) -> None:
        """A viewer waits: leave the room to the turn, and the engine too where it has but one slot."""
        for name, task in self._tasks.items():
            if self._slots == 1 or name == room.name:
                task.cancel()

    async def close(self) -> None:
        """Stop all of it."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _tend(self, room: Room) -> None:
        await asyncio.sleep(QUIET)
        try:
            composing = await self._composer.compose(room, (), idle=True)
            if composing.composed.cut == room.cut:
                return
            before = room.summary
            summary = await self._summarise(room, composing)
            if room.summary is not before or not self._still_right(room, composing):
                return  # the new one carries on what the old one told
            await self.move_window(room, composing.composed.cut, summary)
            fresh = await self._composer.compose(room, ())
            await self._backend.warm(fresh.prompt, count=fresh.most_tokens)
        except LLMServiceError as exc:
            log.info("room was not tended", room=room.name, code=exc.code)

    async def move_window(self, room: Room, cut: int, summary: Summary | None) -> None:
        """Let the window begin at another message; what it began with is told by the summary, if there is one."""
        room.drop_before(cut)
        room.summary = summary
        await self._store.save_room(room.name, cut=cut, summary=summary)

    async def warm(self, room: Room) -> None:
        """Let the engine read the room's prompt before anybody waits for it."""
        try:
            composing = await self._composer.compose(room, ())
            await self._backend.warm(composing.prompt, count=composing.most_tokens)
        except LLMServiceError as exc:
            log.info("room was not warmed", room=room.name, code=exc.code)

    def _still_right(self, room: Room, composing: Composing) -> bool:
        """Whether the room is as it was when the work began: nothing cut, nothing forgotten."""
        present = {entry.id for entry in room.entries}
        dropped = composing.composed.dropped
        return not room.stale and composing.composed.cut > room.cut and all(entry.id in present for entry in dropped)

    async def _summarise(self, room: Room, composing: Composing) -> Summary | None:
        """What falls out, summed up by the same engine; the summary there was, where that fails."""
        if not room.persona.summaries or not composing.composed.dropped:
            return None
        try:
            return await self._ask(room, composing, composing.composed.dropped)
        except LLMServiceError as exc:
            log.info("no summary", room=room.name, code=exc.code)
            return room.summary

    async def _ask(self, room: Room, composing: Composing, dropped: Sequence[Entry]) -> Summary | None:
        task = summary_prompt(
            dropped,
            room.summary,
            persona=room.persona,
            model=composing.model,
            counter=await self._composer.estimator(composing.model.id),
            sharing=room.sharing(composing.model.slots or 1),
        )
        text = await self._say(task.prompt, composing.model.id)
        return Summary(text=text, covers=task.covers) if text else room.summary

    async def _say(self, prompt: Prompt, model: str) -> str:
        cleaning, count = ResponseCleaner().stream(), partial(self._composer.most_tokens, prompt, model)
        asked = self._backend.stream(prompt, deadline=PATIENCE, background=True, use_cache=False, count=count)
        async with asked as chunks:
            async for chunk in chunks:
                cleaning.feed(chunk.text)
        cleaning.finish()
        return cleaning.result.text
