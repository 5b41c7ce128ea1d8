"""The assembly: opens every part, wires them, and closes what it opened. The only place that knows them all.

The web app, the command line and the tests enter the same :func:`open_service`.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from types import TracebackType
from typing import Any

import structlog

from llm_service import __version__, recall
from llm_service.cache import CacheKey
from llm_service.dialogue_manager import DialogueManager, RoomEmotes, Turn
from llm_service.errors import EngineError, LLMServiceError, SettingsError, ShuttingDown
from llm_service.llm_client import EngineStream
from llm_service.settings import Settings
from llm_service.store import Store, open_store
from llm_service.telemetry import Readings, Requests, Telemetry
from llm_service.tracing import AnswerTrace
from llm_service.turn_taking import Policy
from llm_service.types import Completion, Draft, Ingested, Persona, Prompt, Reply, Sampling

from .engines import BUILTIN_HINT, Engines
from .housekeeping import keeping

log = structlog.get_logger("llm_service")

__all__ = ["Service", "open_service", "sampling_of"]


class Service:
    """The open parts, and what concerns all of them: how they are, and how they stop."""

    def __init__(self, settings: Settings, engines: Engines, store: Store, dialogues: DialogueManager) -> None:
        self.settings = settings
        self.engines = engines
        self.store = store
        self.dialogues = dialogues
        self.sampling = sampling_of(settings)
        """How words are chosen where nobody says otherwise."""
        self.stopping = False
        self.running = 0
        """Requests that callers wait for."""
        self.telemetry = Telemetry(self._readings, Requests())
        self._working = _Working(self)
        self._idle = asyncio.Event()

    @asynccontextmanager
    async def chat(self, draft: Draft, room: str) -> AsyncIterator[Turn]:
        """A turn that answers ``draft``. Raises :class:`ShuttingDown` where the service is stopping."""
        with self._working:
            async with self.dialogues.turn(draft, room=room) as turn:
                yield turn

    async def reply(self, draft: Draft, room: str) -> Reply:
        """The reply to ``draft``: the same turn, drained."""
        with self._working:
            return await self.dialogues.reply(draft, room=room)

    @asynccontextmanager
    async def turn(self, room: str) -> AsyncIterator[Turn]:
        """A turn that answers what waits, as the room's policy decides."""
        with self._working:
            async with self.dialogues.turn(room=room, choose=True) as turn:
                yield turn

    async def ingest(self, drafts: Sequence[Draft], room: str) -> list[Ingested]:
        """Take lines in, without a reply."""
        with self._working:
            return await self.dialogues.ingest(drafts, room=room)

    @asynccontextmanager
    async def answer(
        self, prompt: Prompt, *, caller: str = "", use_cache: bool = True, missed: CacheKey | None = None
    ) -> AsyncIterator[EngineStream]:
        """The engine's answer to a prompt that somebody else composed. Raises as :meth:`chat` does; ``missed`` is what
        :meth:`remembered` gave."""
        with self._working, AnswerTrace() as trace, trace.step("engine"):
            if trace.recording:
                trace.asked(prompt, await self.engines.model())
            async with self._asked(prompt, caller, use_cache=use_cache, missed=missed) as stream:
                yield stream
                if trace.recording:
                    trace.received(stream.so_far(), cached=stream.cached, first_token_ms=stream.first_token_ms)

    async def complete(
        self, prompt: Prompt, *, caller: str = "", use_cache: bool = True, missed: CacheKey | None = None
    ) -> Completion:
        """The whole of :meth:`answer`."""
        with self._working, AnswerTrace() as trace, trace.step("engine"):
            if trace.recording:
                trace.asked(prompt, await self.engines.model())
            async with self._asked(prompt, caller, use_cache=use_cache, missed=missed) as stream:
                answer = await stream.drain()
                trace.received(answer, cached=stream.cached, first_token_ms=stream.first_token_ms)
                return answer

    def _asked(
        self, prompt: Prompt, caller: str, *, use_cache: bool, missed: CacheKey | None
    ) -> AbstractAsyncContextManager[EngineStream]:
        count = partial(self._most_tokens, prompt)
        return self.engines.client.stream(prompt, caller=caller, use_cache=use_cache, count=count, missed=missed)

    def _most_tokens(self, prompt: Prompt) -> int:
        """The tokens that a prompt has at most for the model that answers it."""
        return self.dialogues.composer.most_tokens(prompt, prompt.model or self._answering())

    def _answering(self) -> str:
        """The model that answers where none is named; empty where that is not known."""
        state = self.engines.state()
        return state.model.id if state is not None and state.model is not None else ""

    async def remembered(self, prompt: Prompt) -> Completion | CacheKey | None:
        """The answer to such a prompt that was given before, or what :meth:`answer` is told where there is none."""
        with self._working:
            found = await self.engines.client.remembered(prompt)
            if isinstance(found, Completion):
                await self._trace_remembered(prompt, found)
            return found

    async def _trace_remembered(self, prompt: Prompt, answer: Completion) -> None:
        with AnswerTrace() as trace, trace.step("engine"):
            if trace.recording:
                trace.asked(prompt, await self.engines.model())
                trace.received(answer, cached=True, first_token_ms=0.0)

    def begin(self) -> None:
        """Somebody waits for something. Raises :class:`ShuttingDown` where the service is stopping."""
        if self.stopping:
            raise ShuttingDown(retry_after=5)
        self.running += 1
        self._idle.clear()

    def end(self) -> None:
        """It is done."""
        self.running -= 1
        if not self.running:
            self._idle.set()

    def _readings(self) -> Readings:
        """What the parts have counted."""
        return Readings(
            engine=self.engines.state(),
            dialogues=self.dialogues.counters,
            requests=self.telemetry.requests,
            store_ok=self.store.health().ok,
            running=self.running,
        )

    async def drain(self, grace: float) -> None:
        """Take no new work, and wait for what runs, ``grace`` seconds at most."""
        self.stopping = True
        try:
            async with asyncio.timeout(grace):
                if self.running:
                    await self._idle.wait()
        except TimeoutError:
            log.warning("stopped with work in flight", running=self.running)

    def health(self) -> dict[str, Any]:
        """Whether the service can answer, and how its parts are. Does no I/O, so it answers at once under any load."""
        problem = self._engine_problem()
        store = self.store.health()
        status = "unavailable" if self.stopping or problem else "ok" if store.ok else "degraded"
        code, hint = (problem.code, str(problem)) if problem else (store.code, None if store.ok else store.detail)
        if self.stopping:
            code, hint = ShuttingDown.code, ShuttingDown.detail
        elif self.engines.builtin and not problem:
            hint = BUILTIN_HINT
        return {
            "status": status,
            "code": code,
            "hint": hint or None,
            "engine": self._engine_json(),
            "store": {
                "kind": store.kind,
                "journal_mode": store.journal_mode,
                "library": store.library_version,
                "detail": store.detail or None,
                "ok": store.ok,
            },
            "version": __version__,
        }

    def _engine_problem(self) -> LLMServiceError | None:
        if (problem := self.engines.problem) is not None:
            return problem
        state = self.engines.state()
        assert state is not None
        if state.problem is None and state.reachable is not False:
            return None
        return PROBLEMS.get(state.problem or "", EngineError)()

    def _engine_json(self) -> dict[str, Any]:
        state = self.engines.state()
        if state is None:
            return {"reachable": False, "model": None}
        model = state.model
        return {
            "kind": "embedded" if self.engines.embedded else model.engine.value if model else None,
            "reachable": state.reachable,
            "model": model.id if model else None,
            "builtin": self.engines.builtin,
            "context_length": model.context_length if model else None,
            "loading": state.loading,
            "progress": state.progress,
            "breaker": state.breaker,
            "in_flight": state.in_flight,
            "queued": state.queued,
            "slots": state.slots,
            "pool": state.pool,
            "tokens_in_flight": state.tokens_in_flight,
        }


class _Working:
    """Somebody waits for this: it is finished before the service stops, and not begun while it does."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def __enter__(self) -> None:
        self._service.begin()

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._service.end()


def _family(cls: type[LLMServiceError]) -> dict[str, type[LLMServiceError]]:
    found = {cls.code: cls}
    for child in cls.__subclasses__():
        found = {**_family(child), **found}
    return found


PROBLEMS = _family(EngineError)
"""Errors of the engine by their code."""


@asynccontextmanager
async def open_service(
    settings: Settings, *, clock: Callable[[], float] = time.time, speed: float = 1.0
) -> AsyncIterator[Service]:
    """Open everything that the settings name, and close it afterwards.

    ``clock`` gives seconds since the Unix epoch, ``speed`` times as fast as the wall's: for replays.
    """
    async with (
        Engines(settings) as engines,  # first: an engine of ours starts while the database opens
        open_store(settings.database, terms=recall.terms, clock=clock) as store,
        DialogueManager(
            engines,
            store=store,
            persona=_persona(settings),
            sampling=sampling_of(settings),
            deadline=settings.deadline,
            room_concurrency=settings.room_concurrency,
            queue_size=settings.queue_size,
            window_messages=settings.window_messages,
            window_keep=settings.window_keep,
            topics=settings.topics,
            thread_links=settings.thread_links,
            recall=settings.recall,
            notes=settings.notes,
            understand_emotes=settings.emotes,
            embedder=engines if settings.embeddings else None,
            emotes=_emotes(settings),
            policy=Policy(max_chars=settings.max_chars),
            reasoning_effort=settings.reasoning_effort,
            clock=clock,
            speed=speed,
        ) as dialogues,
    ):
        service = Service(settings, engines, store, dialogues)
        async with keeping(service):
            yield service


def _emotes(settings: Settings) -> RoomEmotes | None:
    if settings.emotes_file is None:
        return None
    try:
        return RoomEmotes.of(json.loads(settings.emotes_file.read_bytes()))
    except (OSError, ValueError) as exc:
        raise SettingsError(f"The emotes file {settings.emotes_file} cannot be read.") from exc


def _persona(settings: Settings) -> Persona:
    text = settings.persona or Persona().text
    return Persona(text=text, name=settings.bot_name, summaries=settings.summaries)


def sampling_of(settings: Settings) -> Sampling:
    """How words are chosen where nobody says otherwise."""
    return Sampling(
        temperature=settings.temperature,
        top_p=settings.top_p,
        top_k=settings.top_k,
        min_p=settings.min_p,
        repeat_penalty=settings.repeat_penalty,
        max_tokens=settings.max_tokens,
        seed=settings.seed,
    )
