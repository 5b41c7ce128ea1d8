"""From a prompt to an answer: is the model there, is there a slot, and what to do when it goes wrong.

::

    breaker closed? ─ no ─▶ EngineResting
         │
    model ready? ── no ─▶ ModelLoading, ModelNotLoaded
         │
    slot ── none in time ─▶ QueueFull, DeadlineTooShort
         │
    attempt ◀── again, if it may help and nothing was passed on yet
         │
    chunks
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

import structlog

from llm_service.admission import NOTHING, Admission, Weight
from llm_service.breaker import Breaker
from llm_service.chat_protocol import LLAMA_CPP, Inventory, Source, fold_roles, request_body, same_model, without_schema
from llm_service.errors import (
    ContextOverflow,
    EngineDisconnected,
    EngineError,
    EngineFailed,
    EngineTimeout,
    EngineUnavailable,
    LLMServiceError,
    ModelNotLoaded,
    SchemaRejected,
    TemplateRejected,
)
from llm_service.types import ModelInfo, Prompt

from .connection import Connection
from .exchange import Exchange, Limits
from .flight import Flight
from .loading import Loader, on_its_way
from .retry import RetryBudget, retry_delay
from .state import Counters
from .stream import usage_of
from .watch import Watch
from .weighing import Count, tokens_of

log = structlog.get_logger("llm_service.llm_client")

_CHANGES_THE_MODEL = (EngineUnavailable, EngineFailed, ModelNotLoaded, ContextOverflow)
"""After these the engine may hold another model, another context, or none."""
_JIT = {Source.LM_STUDIO_V1, Source.LM_STUDIO_V0, Source.OLLAMA}
"""Engines that load a model when a request names it."""


class Dispatch:
    """Carries prompts to the engine and their answers into flights."""

    def __init__(
        self,
        connection: Connection,
        *,
        watch: Watch,
        loader: Loader,
        admission: Admission,
        breaker: Breaker,
        counters: Counters,
        limits: Limits,
        attempts: int,
        model: str | None,
        clock: Callable[[], float],
    ) -> None:
        self._connection = connection
        self._watch = watch
        self._loader = loader
        self._admission = admission
        self._breaker = breaker
        self._counters = counters
        self._limits = limits
        self._attempts = attempts
        self._model = model
        self._budget = RetryBudget(clock=clock)
        self._strict_templates: set[str] = set()
        self._strangers: set[tuple[str, str]] = set()

    # ── Which model ──

    def pick(self, inventory: Inventory, asked: str | None) -> ModelInfo | None:
        """The model that answers when ``asked`` is asked for; None where the engine does not list it."""
        name = asked or self._model
        return inventory.named(name) if name else inventory.default()

    async def ready(self, asked: str | None = None) -> str:
        """The name of the model to ask for. Raises ModelLoading or ModelNotLoaded where it cannot answer."""
        inventory = await self._watch.current()
        name = asked or self._model
        if inventory is None:
            return name or ""
        model = self.pick(inventory, asked)
        if model is None:
            if name is None and inventory.source is not Source.OPENAI:
                raise ModelNotLoaded
            return name or ""
        self.keep_loaded(inventory, model)
        return model.id

    def keep_loaded(self, inventory: Inventory, model: ModelInfo) -> None:
        """Start loading a model that is not loaded; raises ModelLoading then, or why it could not be loaded."""
        if model.loaded is False and inventory.source in _JIT:
            self._loader.ensure(model, inventory.source)
            raise on_its_way(self._loader.progress)

    # ── One prompt ──

    def check(self, caller: str, deadline: float, *, background: bool = False) -> None:
        """Raise what a prompt would be refused with now, as far as is known without asking anybody."""
        inventory = self._watch.inventory
        model = self.pick(inventory, None) if inventory is not None else None
        if inventory is not None and model is not None:
            self.keep_loaded(inventory, model)
        try:
            self._breaker.check()
            self._admission.must_wait(caller, deadline=deadline, background=background)
        except LLMServiceError:
            self._counters.refusals += 1
            raise

    async def fly(
        self,
        flight: Flight,
        prompt: Prompt,
        caller: str = "",
        *,
        background: bool = False,
        count: Count | None = None,
    ) -> bool:
        """Fill ``flight`` with the answer to ``prompt``; gives whether it is whole. Raises what a caller must know."""
        self._breaker.check()
        model = await self.ready(prompt.model)
        weight = self._weight(prompt, count)
        try:
            place = await self._admission.enter(caller, deadline=flight.deadline, background=background, weight=weight)
        except LLMServiceError:
            self._counters.refusals += 1
            raise
        with place:
            flight.admitted = place.since
            self._counters.waits.observe(place.queued)
            whole = await self._persist(flight, prompt, model)
            place.useful = True
            self._count(flight)
        return whole

    def _weight(self, prompt: Prompt, count: Count | None) -> Weight:
        """What it may take of the context that it shares with others. A name that the engine does not know is answered
        by the model that is there."""
        inventory = self._watch.inventory
        model = (self.pick(inventory, prompt.model) or inventory.default()) if inventory is not None else None
        if model is None or model.pool is None:
            return NOTHING
        return Weight(model.id, tokens_of(prompt, count, unlimited=model.pool))

    def _count(self, flight: Flight) -> None:
        """Count a whole answer."""
        first = flight.first_chunk or flight.started
        generating = asyncio.get_running_loop().time() - first
        self._counters.answered(usage_of(flight.chunks), first_token=first - flight.started, generating=generating)

    async def _persist(self, flight: Flight, prompt: Prompt, model: str) -> bool:
        """Attempt until it succeeds or is not worth another try."""
        self._budget.request()
        if model in self._strict_templates:
            prompt = fold_roles(prompt)
        while True:
            try:
                return await self._attempt(flight, prompt, model)
            except EngineError as error:
                self._note(error, flight, model)
                if flight.chunks:
                    raise
                mended = self._mended(prompt, error, model)
                if mended is None:
                    await self._pause(error, flight)
                else:
                    prompt = mended
                self._counters.retries += 1

    async def _attempt(self, flight: Flight, prompt: Prompt, model: str) -> bool:
        flight.attempts += 1
        self._counters.attempts += 1
        exchange = Exchange(self._connection, flight, self._limits, prompt)
        body = request_body(prompt, model, self._extra())
        self._breaker.enter()
        await self._guarded(flight, exchange.run(body, fresh=flight.attempts > 1))
        self._check_model(model, flight.model)
        return not exchange.cut

    def _extra(self) -> Mapping[str, Any]:
        """What only this kind of engine understands: its own endpoints told which one it is."""
        known = self._watch.inventory
        return LLAMA_CPP if known is not None and known.source is Source.LLAMA_SERVER else {}

    async def _guarded(self, flight: Flight, call: Coroutine[Any, Any, None]) -> None:
        """Tell the breaker how a call went. A time-out of the caller's counts if the engine had said nothing."""
        try:
            await call
        except (EngineUnavailable, EngineDisconnected, EngineTimeout):
            self._breaker.failed()
            raise
        except EngineError:
            self._breaker.succeeded()
            raise
        except asyncio.CancelledError:
            if flight.overdue and flight.first_chunk is None:
                self._breaker.failed()
            else:
                self._breaker.abandoned()
            raise
        self._breaker.succeeded()

    def _note(self, error: EngineError, flight: Flight, model: str) -> None:
        self._counters.failed(error.code)
        if self._is_pool_full(error):
            self._watch.sharing.add(model)
        if isinstance(error, _CHANGES_THE_MODEL):
            self._watch.doubt()
        log.warning("attempt failed", code=error.code, attempt=flight.attempts)

    def _is_pool_full(self, error: EngineError) -> bool:
        """Whether it tells that several requests filled a context together: of one that is too long by itself,
        llama-server says how long it is."""
        known = self._watch.inventory
        if known is None or known.source is not Source.LLAMA_SERVER or self._admission.in_flight == 1:
            return False
        return isinstance(error, ContextOverflow) and error.prompt_tokens is None

    def _mended(self, prompt: Prompt, error: EngineError, model: str) -> Prompt | None:
        """The prompt in a form that this engine may accept, where the error says what was wrong with it."""
        mended = None
        if isinstance(error, TemplateRejected):
            mended = fold_roles(prompt)
            self._strict_templates.add(model)
        elif isinstance(error, SchemaRejected):
            mended = without_schema(prompt)
        return mended if mended != prompt else None

    async def _pause(self, error: EngineError, flight: Flight) -> None:
        """Wait before the next attempt, or raise the error where there is not to be one."""
        left = flight.deadline - asyncio.get_running_loop().time()
        delay = retry_delay(error, flight.attempts, left=left, attempts=self._attempts)
        if delay is None or self._breaker.state == "open" or not self._budget.allow():
            raise error
        await asyncio.sleep(delay)

    def _check_model(self, asked: str, answered: str) -> None:
        """LM Studio lets whatever is loaded answer for a name that it does not know: say so, once."""
        if not answered or not asked or same_model(answered, asked) or (asked, answered) in self._strangers:
            return
        self._strangers.add((asked, answered))
        self._watch.doubt()
        log.warning("another model answered", asked=asked, answered=answered)
