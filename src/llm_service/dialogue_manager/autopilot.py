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
SOON = 0.5
"""Seconds within which lines are looked at that call nobody. Deciding takes milliseconds where hundreds wait: done for
each of fifty lines a second, it would cost more than all that it decides about."""


class Autopilot:
    """Drives the rooms whose policy says ``auto``."""

    def __init__(self, manager: DialogueManager, *, speed: float = 1.0) -> None:
        self._manager = manager
        self._speed = speed
        """How much faster the manager's clock runs than the wall's."""
        self._drivers: dict[str, _Driver] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def look_at(self, room: Room) -> None:
        """The room's policy may have changed: begin or stop driving it, and let it decide anew."""
        driver = self._drivers.get(room.name)
        if room.policy.mode != "auto":
            self._stop(room.name)
        elif driver is None:
            self._begin(room.name)
        else:
            driver.stir()

    def heard(self, room: Room, *, called: bool) -> None:
        """Something new waits in the room, and perhaps calls the assistant."""
        driver = self._drivers.get(room.name)
        if driver is None:
            return
        if called:
            driver.stir()
        else:
            driver.stir_within(SOON / self._speed)

    async def close(self) -> None:
        """Stop driving."""
        for name in list(self._drivers):
            self._stop(name)
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _begin(self, name: str) -> None:
        driver = self._drivers[name] = _Driver()
        driver.task = asyncio.create_task(self._drive(name, driver))
        self._tasks.add(driver.task)
        driver.task.add_done_callback(self._tasks.discard)

    def _stop(self, name: str) -> None:
        driver = self._drivers.pop(name, None)
        if driver is not None:
            driver.stir()
            driver.task.cancel()

    async def _drive(self, name: str, driver: _Driver) -> None:
        while True:
            try:
                wait = await self._take_turn(await self._manager.room(name))
            except TurnDropped:
                continue
            except LLMServiceError as exc:
                log.warning("no turn", room=name, code=exc.code)
                wait = REST
            except Exception:  # a bug in one turn must not silence the room until the next start
                log.exception("no turn", room=name)
                wait = REST
            await driver.rest(None if wait is None else wait / self._speed)

    async def _take_turn(self, room: Room) -> float | None:
        """Decide, and speak if that is the decision. Returns the seconds after which to decide again."""
        async with self._manager.turn(room=room.name, choose=True) as turn:
            if turn.silent:
                return turn.decision.wait if turn.decision else None
            await turn.reply()
        return 0.0 if room.pending else None


class _Driver:
    """The task that drives a room, and what wakes it."""

    task: asyncio.Task[None]

    def __init__(self) -> None:
        self._stirred = asyncio.Event()
        self._soon: asyncio.TimerHandle | None = None

    def stir(self) -> None:
        """Let it decide now."""
        if self._soon is not None:
            self._soon.cancel()
            self._soon = None
        self._stirred.set()

    def stir_within(self, seconds: float) -> None:
        """Let it decide once so many seconds have passed, if nothing wakes it before."""
        if self._soon is None and not self._stirred.is_set():
            self._soon = asyncio.get_running_loop().call_later(seconds, self.stir)

    async def rest(self, seconds: float | None) -> None:
        """Wait until it is stirred, or for so many seconds."""
        try:
            async with asyncio.timeout(seconds):
                await self._stirred.wait()
        except TimeoutError:
            return
        self._stirred.clear()
