"""Rooms that take their turns by themselves: one task for each, which decides again when something may have changed.

Nothing is posted here. What the assistant says is published as events, and whoever follows them posts it.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from llm_service.errors import LLMServiceError, TurnDropped

from .room import Room

if TYPE_CHECKING:
    from .manager import DialogueManager

log = structlog.get_logger("llm_service.autopilot")

REST = 2.0
"""Seconds of rest after the engine failed: what waits grows stale meanwhile, so no backlog pours out afterwards."""


class Autopilot:
    """Drives the rooms whose policy says ``auto``."""

    def __init__(self, manager: DialogueManager, *, speed: float = 1.0) -> None:
        self._manager = manager
        self._speed = speed
        """How much faster the manager's clock runs than the wall's."""
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def look_at(self, room: Room) -> None:
        """The room's policy may have changed: begin or stop driving it, and let it decide anew."""
        driven = room.name in self._tasks
        if room.policy.mode == "auto" and not driven:
            task = self._tasks[room.name] = asyncio.create_task(self._drive(room.name))
            task.add_done_callback(lambda _: self._tasks.pop(room.name, None))
        elif room.policy.mode != "auto" and driven:
            self._tasks[room.name].cancel()
        room.stirred.set()

    async def close(self) -> None:
        """Stop driving."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _drive(self, name: str) -> None:
        while True:
            try:
                room = await self._manager.room(name)
                wait = await self._take_turn(room)
            except TurnDropped:
                continue
            except LLMServiceError as exc:
                log.warning("no turn", room=name, code=exc.code)
                wait = REST
            await _stirred_or_after(room, None if wait is None else wait / self._speed)

    async def _take_turn(self, room: Room) -> float | None:
        """Decide, and speak if that is the decision. Returns the seconds after which to decide again."""
        async with self._manager.turn(room=room.name, choose=True) as turn:
            if turn.silent:
                return turn.decision.wait if turn.decision else None
            await turn.reply()
        return 0.0 if room.pending else None


async def _stirred_or_after(room: Room, wait: float | None) -> None:
    try:
        async with asyncio.timeout(wait):
            await room.stirred.wait()
    except TimeoutError:
        return
    room.stirred.clear()
