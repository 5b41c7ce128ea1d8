"""What goes on while the service runs: rooms that drive themselves, messages that grow too old, news of the engine."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import structlog

from llm_service.errors import LLMServiceError

if TYPE_CHECKING:
    from . import Service

log = structlog.get_logger("llm_service")

SWEEP_EVERY = 600.0
"""Seconds between two looks for messages that are too old."""
LOOK_EVERY = 1.0
"""Seconds between two looks at the engine's state, for those who follow events."""
HOUR = 3600.0


@asynccontextmanager
async def keeping(service: Service) -> AsyncIterator[None]:
    """Do all of it for as long as the block lasts."""
    tasks = [asyncio.create_task(work(service)) for work in (_wake_rooms, _sweep, _tell_engine)]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _wake_rooms(service: Service) -> None:
    """Go on driving the rooms that drove themselves before a restart."""
    for name in await service.store.rooms():
        record = await service.store.load(name, limit=1)
        if record is not None and record.policy and '"auto"' in record.policy:
            service.dialogues.autopilot.look_at(await service.dialogues.room(name))


async def _sweep(service: Service) -> None:
    """Forget what is older than the settings allow."""
    hours = service.settings.retention
    while hours is not None:
        await _or_log(lambda: service.dialogues.expire(time.time() - hours * HOUR), "messages were not swept")
        await asyncio.sleep(SWEEP_EVERY)


async def _tell_engine(service: Service) -> None:
    """Publish an event when the service's state changes; a model that has just been loaded reads the default room."""
    before, loading = service.health()["status"], False
    while True:
        await asyncio.sleep(LOOK_EVERY)
        health = service.health()
        if health["status"] != before:
            before = health["status"]
            service.dialogues.announce("engine", {"status": before, "code": health["code"], "hint": health["hint"]})
        if loading and not health["engine"].get("loading"):
            await service.dialogues.warm()
        loading = bool(health["engine"].get("loading"))


async def _or_log(work: Callable[[], Awaitable[object]], otherwise: str) -> None:
    try:
        await work()
    except LLMServiceError as exc:
        log.warning(otherwise, code=exc.code)
