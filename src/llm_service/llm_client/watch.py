"""What the engine has, found out by asking it, and kept up to date in the background."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace

import structlog

from llm_service.chat_protocol import Inventory, Source, inventory
from llm_service.errors import EngineAuth, EngineBadResponse, EngineError, EngineTimeout, LLMServiceError
from llm_service.types import ModelInfo

from .connection import Connection

log = structlog.get_logger("llm_service.llm_client")

LOOK_LIMIT = 5.0
"""Seconds that finding out may take in all."""
PATIENCE = 1.0
"""Seconds that a request waits for it: an engine that is slow to say what it has may still answer."""
CALM = 15.0
"""Seconds between two looks at an engine that is well."""
ALERT = 2.0
"""… and at one that is away, or is loading its model."""


class Watch:
    """Keeps knowing what the engine has: looks now and then, and when somebody has reason to ask.

    Only ``run`` looks, so however many ask, the engine is asked once. ``on_look`` is called after every look, with
    whether the engine has come back since the one before.
    """

    def __init__(self, connection: Connection, *, on_look: Callable[[bool], None]) -> None:
        self._connection = connection
        self._on_look = on_look
        self._doubts = 1
        self._settled = 0
        self._wanted = asyncio.Event()
        self._next: asyncio.Future[None] | None = None
        self.inventory: Inventory | None = None
        """What the engine had when it last answered."""
        self.reachable: bool | None = None
        self.problem: LLMServiceError | None = None
        """Why the last look failed, if it did."""
        self.sharing: set[str] = set()
        """Models whose slots turned out to share one context, since the engine was last away: llama-server does not
        say so."""

    async def current(self, patience: float = PATIENCE) -> Inventory | None:
        """What is known; waits for a look where nothing is, or where something has gone wrong since."""
        if self._settled < self._doubts and not isinstance(self.problem, EngineTimeout):
            await self._settle(patience)
        return self.inventory

    async def known(self) -> Inventory:
        """As ``current``, but with all patience, and raises the reason where nothing is known."""
        found = await self.current(LOOK_LIMIT)
        if found is None:
            raise self.problem or EngineTimeout()
        return found

    def doubt(self) -> None:
        """Something happened that may mean another model, or none: the next request waits for a look."""
        self._doubts += 1
        self._wanted.set()

    async def look(self) -> None:
        """Have the engine asked now, and wait for it."""
        self.doubt()
        await self._settle(LOOK_LIMIT)

    async def _settle(self, patience: float) -> None:
        if self._next is None:
            self._next = asyncio.get_running_loop().create_future()
        self._wanted.set()
        await asyncio.wait({self._next}, timeout=patience)

    async def run(self, is_calm: Callable[[], bool]) -> None:
        """Look, for ever: now and then while all is well, often while it is not."""
        while True:
            doubts, was_away = self._doubts, self.reachable is False
            if was_away:
                self.sharing.clear()
            self._wanted.clear()
            await self._ask()
            self._on_look(was_away and self.reachable is True)
            if self.reachable:
                self._settled = doubts
            if doubts == self._doubts:
                self._wanted.clear()
                self._tell()
            with suppress(TimeoutError):
                async with asyncio.timeout(CALM if self.reachable and is_calm() else ALERT):
                    await self._wanted.wait()

    def _tell(self) -> None:
        """Let go on who has waited for this look."""
        if self._next is not None:
            self._next.set_result(None)
            self._next = None

    async def _ask(self) -> None:
        doubtful = self._settled < self._doubts
        known = None if doubtful or self.inventory is None else self.inventory.source
        try:
            async with asyncio.timeout(LOOK_LIMIT):
                found = await take_inventory(self._connection, known)
                self.inventory = replace(found, models=tuple(map(self._as_it_turned_out, found.models)))
        except TimeoutError:
            self._note(EngineTimeout())
        except EngineError as exc:
            self._note(exc)
        else:
            self._note(None)

    def _as_it_turned_out(self, model: ModelInfo) -> ModelInfo:
        return replace(model, shared_context=True) if model.id in self.sharing else model

    def _note(self, problem: LLMServiceError | None) -> None:
        reachable = problem is None or isinstance(problem, EngineAuth)
        if reachable != self.reachable:
            log.info("engine reachable" if reachable else "engine not reachable", code=_code(problem))
        self.reachable = reachable
        self.problem = problem


def _code(problem: LLMServiceError | None) -> str | None:
    return problem.code if problem is not None else None


async def take_inventory(connection: Connection, known: Source | None = None) -> Inventory:
    """Ask a server what it has; what it is, too, unless that is known from earlier.

    Raises EngineUnavailable where nothing listens, EngineAuth where our key is refused, EngineBadResponse where
    something listens that is none of the servers we know.
    """
    if known is not None:
        found = await _READERS[known](connection)
        if found is not None:
            return found
    refused: EngineAuth | None = None
    for source in await _candidates(connection):
        try:
            found = await _READERS[source](connection)
        except EngineAuth as exc:
            refused = exc
            continue
        if found is not None:
            return found
    raise refused or EngineBadResponse()


async def _candidates(connection: Connection) -> tuple[Source, ...]:
    """What to ask for, most telling first. LM Studio introduces itself; it logs an error for every unknown path."""
    if inventory.is_lm_studio(await connection.get_json("lmstudio-greeting", root=True)):
        return Source.LM_STUDIO_V1, Source.LM_STUDIO_V0, Source.OPENAI
    return tuple(Source)


async def _lm_studio_v1(connection: Connection) -> Inventory | None:
    return inventory.lm_studio_v1(await connection.get_json("api/v1/models", root=True))


async def _lm_studio_v0(connection: Connection) -> Inventory | None:
    return inventory.lm_studio_v0(await connection.get_json("api/v0/models", root=True))


async def _llama_server(connection: Connection) -> Inventory | None:
    props = await connection.get_json("props", root=True)
    if not isinstance(props, dict):
        return None
    return inventory.llama_server(props, await connection.get_json("models"))


async def _ollama(connection: Connection) -> Inventory | None:
    version = await connection.get_json("api/version", root=True)
    if not isinstance(version, dict) or "version" not in version:
        return None
    running = await connection.get_json("api/ps", root=True)
    return inventory.ollama(version, running, await connection.get_json("models"))


async def _vllm(connection: Connection) -> Inventory | None:
    return inventory.vllm(await connection.get_json("models"))


async def _koboldcpp(connection: Connection) -> Inventory | None:
    version = await connection.get_json("api/extra/version", root=True)
    if not isinstance(version, dict) or "result" not in version:
        return None
    context = await connection.get_json("api/extra/true_max_context_length", root=True)
    return inventory.koboldcpp(version, context, await connection.get_json("models"))


async def _openai(connection: Connection) -> Inventory | None:
    return inventory.openai(await connection.get_json("models"))


_READERS: dict[Source, Callable[[Connection], Awaitable[Inventory | None]]] = {
    Source.LM_STUDIO_V1: _lm_studio_v1,
    Source.LM_STUDIO_V0: _lm_studio_v0,
    Source.LLAMA_SERVER: _llama_server,
    Source.OLLAMA: _ollama,
    Source.VLLM: _vllm,
    Source.KOBOLDCPP: _koboldcpp,
    Source.OPENAI: _openai,
}
