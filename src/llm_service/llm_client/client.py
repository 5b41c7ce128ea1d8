"""The client: what a program sees of the engine."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from functools import partial
from types import TracebackType
from typing import Self

from llm_service import memo
from llm_service.admission import QUEUE_SIZE, Admission
from llm_service.breaker import Breaker
from llm_service.cache import CacheKey, MemoryCache, ResponseCache, cache_key
from llm_service.errors import EmptyReply, EngineBadResponse, LLMServiceError, ModelNotLoaded, ShuttingDown
from llm_service.types import Completion, ModelInfo, Prompt, PromptMessage, Sampling

from .cleaning import shows, visible
from .connection import Connection
from .counting import TokenCounter
from .dispatch import Dispatch
from .exchange import REPLY_LIMIT, Limits
from .flight import Flight
from .flights import Flights
from .loading import Loader, Progress
from .state import Counters, EngineState
from .stream import EngineStream, gather, landed
from .watch import PATIENCE, Watch
from .weighing import Count

DEFAULT_SLOTS = 4
"""What an engine is trusted with that does not say how many requests it answers side by side."""


class LMStudioClient:
    """Talks to LM Studio, or to any other OpenAI-compatible engine.

    ::

        async with LMStudioClient() as client:
            print(await client.get_response("Hello, how are you?"))

    Without ``async with`` it opens on first use; ``await client.close()`` then lets go of everything. All methods may
    be called at once from many tasks of one event loop. Every failure is one of ``llm_service.errors``.

    ``cache_ttl`` (seconds; 0 turns the cache and the sharing of identical requests off), ``deadline`` (seconds for a
    whole request, waiting and retries included), ``connect_timeout``, ``first_token_timeout`` (None: whatever the
    deadline leaves) and ``gap_timeout`` (between two chunks) are limits that never need to be waited for twice.
    ``slots`` is how many requests the engine gets at once; by default it is asked. ``reply_limit`` is in characters;
    what is longer is cut, unless ``max_tokens`` allows for more. ``cache`` is any ResponseCache; the caller closes it.
    ``clean=False`` leaves reasoning in what ``get_response`` gives.
    """

    def __init__(
        self,
        base_url: str = "http://localhost:1234/v1",
        cache_ttl: float = 3600,
        *,
        model: str | None = None,
        api_key: str | None = None,
        deadline: float = 30.0,
        connect_timeout: float = 1.0,
        first_token_timeout: float | None = None,
        gap_timeout: float = 10.0,
        attempts: int = 3,
        slots: int | None = None,
        queue_size: int = QUEUE_SIZE,
        reply_limit: int = REPLY_LIMIT,
        sampling: Sampling | None = None,
        cache: ResponseCache | None = None,
        clean: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._deadline = deadline
        self._sampling = sampling or Sampling()
        self._clean = clean
        self._slots = slots
        self._caching = cache_ttl > 0
        self._cache: ResponseCache = MemoryCache(cache_ttl, clock=clock) if cache is None else cache
        self._counters = Counters()
        self._flights = Flights()
        self._admission = Admission(slots or DEFAULT_SLOTS, queue_size)
        self._breaker = Breaker(clock=clock)
        self._connection = Connection(base_url, api_key=api_key, connect_timeout=connect_timeout)
        self._watch = Watch(self._connection, on_look=self._looked)
        self._loader = Loader(self._connection, on_loaded=self._watch.look, clock=clock)
        self._counter = TokenCounter(self._connection)
        self._dispatch = Dispatch(
            self._connection,
            watch=self._watch,
            loader=self._loader,
            admission=self._admission,
            breaker=self._breaker,
            counters=self._counters,
            limits=Limits(first_token=first_token_timeout, gap=gap_timeout, text=reply_limit),
            attempts=attempts,
            model=model,
            clock=clock,
        )
        self._watching: asyncio.Task[None] | None = None
        self._closed = False

    # ── Opening and closing ──

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def open(self) -> None:
        """Begin to watch the engine. Does not wait for it: an engine may come later, or go and come back."""
        if self._closed:
            raise ShuttingDown
        if self._watching is None or self._watching.done():
            self._watching = asyncio.get_running_loop().create_task(self._watch.run(self._is_calm))

    async def close(self, grace: float = 0.0) -> None:
        """Take no new work, let what runs finish within ``grace`` seconds, hang up, and close every connection."""
        self._closed = True
        self._admission.close()
        await self._flights.close(grace)
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
            self._watching = None
        await self._loader.close()
        await self._connection.close()

    # ── Asking ──

    @asynccontextmanager
    async def stream(
        self,
        prompt: Prompt,
        *,
        caller: str = "",
        deadline: float | None = None,
        background: bool = False,
        use_cache: bool = True,
        count: Count | None = None,
        missed: CacheKey | None = None,
    ) -> AsyncIterator[EngineStream]:
        """The answer to ``prompt``, as it comes.

        Entering waits for a slot, sends the prompt and waits for the first chunk, so that whatever fails before the
        first word is raised here. Leaving hangs up: the engine stops generating. ``caller`` is who shares the engine
        fairly with others; ``deadline`` is in seconds from now; ``background`` work waits behind all replies.
        ``count`` tells how many tokens the prompt has at most, where slots share one context; without it, that is
        taken from its size. Where ``remembered`` gave a key, it comes as ``missed``, and is not looked for again.
        """
        await self.open()
        due = asyncio.get_running_loop().time() + (self._deadline if deadline is None else deadline)
        key = missed
        if key is None and use_cache:
            found = await self.remembered(prompt)
            if isinstance(found, Completion):
                yield EngineStream(landed(found))
                return
            key = found
        self._counters.requests += 1
        fly = partial(self._fly, prompt, key, caller, background=background, count=count)
        reader = self._flights.join(key, due, fly)
        try:
            await reader.wait()
            yield reader
        finally:
            self._flights.leave(key, reader)

    async def _fly(
        self,
        prompt: Prompt,
        key: CacheKey | None,
        caller: str,
        flight: Flight,
        *,
        background: bool,
        count: Count | None,
    ) -> None:
        """Bring the answer, and remember it under the key."""
        whole = await self._dispatch.fly(flight, prompt, caller, background=background, count=count)
        flight.end()
        if key is not None and key.model and whole:
            await self._remember(key, flight)

    async def remembered(self, prompt: Prompt) -> Completion | CacheKey | None:
        """The answer to ``prompt`` that was given before; else the key under which it would be found, which is None
        where nothing is remembered.

        For those who need no stream where there is nothing to wait for. A prompt is counted once it is answered. An
        answer that shows nothing is none.
        """
        await self.open()
        if not self._caching:
            return None
        key = await self._key(prompt)
        if not key.model:
            return key
        answer = await self._cache.get(key)
        if answer is None or not shows(answer):
            self._counters.cache_misses += 1
            return key
        self._counters.requests += 1
        self._counters.cache_hits += 1
        return answer

    def check(self, *, caller: str = "", deadline: float | None = None, background: bool = False) -> None:
        """Raise what ``stream`` would refuse a new prompt with now. Asks nobody and changes nothing.

        For those who have work to do before they have a prompt: under overload, what is refused must cost little.
        """
        due = asyncio.get_running_loop().time() + (self._deadline if deadline is None else deadline)
        self._dispatch.check(caller, due, background=background)

    async def complete(
        self,
        prompt: Prompt,
        *,
        caller: str = "",
        deadline: float | None = None,
        background: bool = False,
        use_cache: bool = True,
        count: Count | None = None,
    ) -> Completion:
        """The whole answer to ``prompt``: the stream, drained."""
        asked = self.stream(
            prompt, caller=caller, deadline=deadline, background=background, use_cache=use_cache, count=count
        )
        async with asked as stream:
            return await stream.drain()

    async def get_response(
        self, prompt: str | Prompt, *, system_prompt: str | None = None, sampling: Sampling | None = None
    ) -> str:
        """What the model says to ``prompt``, without its reasoning.

        An answer of which nothing is left is asked for once more; then EmptyReply is raised.
        """
        prompt = self._as_prompt(prompt, system_prompt, sampling)
        with suppress(EmptyReply):
            return self._text(await self.complete(prompt))
        return self._text(await self.complete(prompt, use_cache=False))

    async def warm(self, prompt: Prompt, *, count: Count | None = None) -> None:
        """Have the engine read ``prompt`` now, behind all replies, so that its cache holds it when it is needed."""
        short = Sampling(temperature=0.0, max_tokens=1)
        with suppress(EmptyReply):
            await self.complete(replace(prompt, sampling=short), background=True, use_cache=False, count=count)

    async def forget(self) -> None:
        """Empty the cache, also of answers that are still on their way."""
        self._flights.unlist_all()
        self._counter.forget()
        await self._cache.clear()
        memo.forget()

    # ── What the engine has ──

    async def model(self) -> ModelInfo:
        """The model that answers, with its loaded context and its slots. Raises what keeps it from answering."""
        await self.open()
        found = self._dispatch.pick(await self._watch.known(), None)
        if found is None:
            raise ModelNotLoaded
        return found

    async def models(self) -> list[ModelInfo]:
        """All models that can chat, the loaded ones first."""
        await self.open()
        return list((await self._watch.known()).models)

    async def count_tokens(self, prompt: Prompt) -> int | None:
        """How many tokens the engine will read; None where it does not count (LM Studio, Ollama, plain OpenAI)."""
        await self.open()
        inventory = await self._watch.current()
        if inventory is None:
            return None
        model = self._dispatch.pick(inventory, prompt.model)
        return await self._counter.count(prompt, model.id if model else "", inventory.source)

    async def embed(self, texts: Sequence[str], *, model: str | None = None) -> list[list[float]]:
        """One vector for each text, from ``model`` or the engine's first embedding model."""
        await self.open()
        name = model or next(iter((await self._watch.known()).embeddings), None)
        if name is None:
            raise ModelNotLoaded("The engine has no embedding model.")
        body = {"model": name, "input": list(texts)}
        answer = await self._connection.post_json("embeddings", body, within=self._deadline)
        try:
            entries = sorted(answer["data"], key=lambda entry: int(entry["index"]))
            return [[float(number) for number in entry["embedding"]] for entry in entries]
        except (KeyError, TypeError, ValueError) as exc:
            raise EngineBadResponse from exc

    async def load(self, model: str, *, context_length: int | None = None) -> None:
        """Load a model and wait until it is there (LM Studio, Ollama)."""
        await self.open()
        await self._loader.load(model, (await self._watch.known()).source, context_length)
        await self._watch.look()

    async def unload(self, model: str) -> None:
        """Take a model out of the engine's memory (LM Studio, Ollama)."""
        await self.open()
        await self._loader.unload(model, (await self._watch.known()).source)
        await self._watch.look()

    async def pull(self, model: str) -> AsyncIterator[Progress]:
        """Download a model, telling how far it has come (LM Studio, Ollama)."""
        await self.open()
        async for progress in self._loader.pull(model, (await self._watch.known()).source):
            yield progress
        await self._watch.look()

    def state(self) -> EngineState:
        """What is known at this moment; asks nobody."""
        inventory = self._watch.inventory
        model = self._dispatch.pick(inventory, None) if inventory is not None else None
        self._counters.joins = self._flights.joined
        return EngineState(
            reachable=self._watch.reachable,
            model=model,
            loading=self._loader.loading,
            progress=self._loader.progress,
            problem=self._problem(model),
            breaker=self._breaker.state,
            in_flight=self._admission.in_flight,
            queued=self._admission.queued,
            slots=self._admission.slots,
            pool=model.pool if model is not None else None,
            tokens_in_flight=self._admission.tokens_in_flight,
            counters=self._counters.copy(),
        )

    # ── How ──

    def _as_prompt(self, prompt: str | Prompt, system_prompt: str | None, sampling: Sampling | None) -> Prompt:
        if isinstance(prompt, Prompt):
            return prompt if sampling is None else replace(prompt, sampling=sampling)
        system = (PromptMessage(role="system", content=system_prompt),) if system_prompt else ()
        messages = (*system, PromptMessage(role="user", content=prompt))
        return Prompt(messages=messages, sampling=sampling or self._sampling)

    def _text(self, answer: Completion) -> str:
        text = visible(answer) if self._clean else answer.text
        if not text:
            raise EmptyReply
        return text

    async def _key(self, prompt: Prompt) -> CacheKey:
        """The key of this prompt with the model that would answer it now."""
        inventory = await self._watch.current(PATIENCE if self._breaker.state == "closed" else 0.0)
        model = self._dispatch.pick(inventory, prompt.model) if inventory is not None else None
        return cache_key(prompt, (model.id if model is not None else prompt.model) or "")

    async def _remember(self, key: CacheKey, flight: Flight) -> None:
        """Keep a whole answer. Whether it shows anything is seen when it is asked for again, which most never are."""
        answer = gather(flight)
        if flight.listed and answer.finish_reason != "content_filter":
            await self._cache.put(key, answer)

    def _looked(self, came_back: bool) -> None:
        """The engine was asked what it has: follow it."""
        inventory = self._watch.inventory
        if came_back:
            self._breaker.knock()
        if inventory is None:
            return
        self._admission.share({model.id: model.pool for model in inventory.models if model.pool is not None})
        model = self._dispatch.pick(inventory, None)
        if model is None:
            return
        self._admission.resize(self._slots or model.slots or DEFAULT_SLOTS)
        with suppress(LLMServiceError):
            self._dispatch.keep_loaded(inventory, model)

    def _is_calm(self) -> bool:
        return not self._loader.loading and self._breaker.state == "closed"

    def _problem(self, model: ModelInfo | None) -> str | None:
        problem = self._watch.problem
        if problem is not None:
            return problem.code
        if self._loader.loading:
            return "model_loading"
        return None if model is not None or self._watch.inventory is None else ModelNotLoaded.code
