"""Which engine answers: LM Studio where it runs, else llama.cpp in this process.

With ``engine = auto`` the server at ``base_url`` comes first. Where it does not answer, the embedded engine loads the
GGUF file that was named, or the small built-in model; should the server appear later, it takes over from the built-in
model, which is never chosen when a real one is there. It does not step in again: an audience that talks to a real model
is better off without an answer than with a toy's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Self

import structlog

from llm_service import builtin, cache
from llm_service.cache import ResponseCache
from llm_service.dialogue_manager import Stream
from llm_service.engine import EmbeddedEngine
from llm_service.errors import EngineError, LLMServiceError, ModelLoading, NoEngine
from llm_service.llm_client import EngineState, LMStudioClient
from llm_service.settings import Settings
from llm_service.types import ModelInfo, Prompt

log = structlog.get_logger("llm_service.engines")

LOOK_EVERY = 5.0
"""Seconds between two looks for LM Studio while the built-in model, or nothing, answers."""
EMBEDDED_SLOTS = 2
"""Requests that the embedded engine answers side by side, unless told otherwise."""
BUILTIN_TEMPERATURE = 0.2
"""The built-in model is so small that chance derails it; and a penalty on repetition would misspell names."""
BUILTIN_HINT = "This is the small built-in model: start LM Studio's server, or give a GGUF file with --model PATH."


class Engines:
    """The engine that answers now, of those that could. Fulfils the dialogue manager's ``Backend``."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._exit = AsyncExitStack()
        self._server: LMStudioClient | None = None
        self._client: LMStudioClient | None = None
        self._starting: asyncio.Task[None] | None = None
        self._problem: LLMServiceError | None = None
        self._cache: ResponseCache | None = None
        self._chosen = asyncio.Event()
        """Set once it is known whether any engine answers."""
        self.embedded = False
        """Whether the embedded engine answers."""
        self.builtin = False
        """Whether it is the built-in model that answers."""

    async def __aenter__(self) -> Self:
        if self._settings.redis_url and self._settings.cache_ttl:
            self._cache = cache.RedisCache(self._settings.redis_url, self._settings.cache_ttl)
            self._exit.push_async_callback(self._cache.close)
        if self._settings.engine != "embedded":
            self._server = await self._exit.enter_async_context(self._make_client(self._settings.base_url))
        if self._settings.engine == "lmstudio":
            self._client = self._server
            self._chosen.set()
        else:
            self._starting = asyncio.create_task(self._choose())
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self._starting is not None:
            self._starting.cancel()
            await asyncio.gather(self._starting, return_exceptions=True)
        await self._exit.aclose()

    # ── choosing ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def _choose(self) -> None:
        """Find the engine to begin with; then look for the server for as long as it would be better."""
        path = self._model_path()
        if path is None and await self._server_answers():
            self._take_server()
            return
        try:
            await self._embed(path)
        except LLMServiceError as exc:
            self._problem = exc
            log.warning("embedded engine did not start", code=exc.code)
        self._chosen.set()
        if path is None and self._server is not None:
            await self._await_server()

    async def _await_server(self) -> None:
        while not await self._server_answers():  # noqa: ASYNC110 - a server tells nobody that it has come
            await asyncio.sleep(LOOK_EVERY)
        log.info("the server at base_url takes over", builtin=self.builtin)
        self._take_server()

    def _take_server(self) -> None:
        self._client, self.embedded, self.builtin = self._server, False, False
        self._chosen.set()

    async def _server_answers(self) -> bool:
        if self._server is None:
            return False
        try:
            await self._server.model()
        except ModelLoading:
            return True
        except EngineError:
            return False
        return True

    def _model_path(self) -> Path | None:
        """The GGUF file that was asked for, if it was one. A file that is asked for wins over any server."""
        name = self._settings.model
        return Path(name).expanduser() if name and name.endswith(".gguf") else None

    async def _embed(self, path: Path | None) -> None:
        use_builtin = path is None and self._settings.builtin
        if path is None and not use_builtin:
            raise NoEngine
        engine = EmbeddedEngine(
            path or builtin.model_path(),
            context_length=self._settings.context_length,
            slots=self._settings.slots or EMBEDDED_SLOTS,
            threads=self._settings.threads,
        )
        await self._exit.enter_async_context(engine)
        self._client = await self._exit.enter_async_context(self._make_client(engine.base_url))
        self.embedded, self.builtin = True, use_builtin
        log.info("embedded engine answers", model=await self.describe())

    def _make_client(self, base_url: str) -> LMStudioClient:
        settings = self._settings
        key = settings.api_key.get_secret_value() if settings.api_key else None
        named = settings.model if settings.model and not self._model_path() else None
        return LMStudioClient(
            base_url,
            settings.cache_ttl,
            model=named if base_url == settings.base_url else None,
            api_key=key,
            deadline=settings.deadline,
            connect_timeout=settings.connect_timeout,
            gap_timeout=settings.gap_timeout,
            slots=settings.slots,
            queue_size=settings.queue_size,
            cache=self._cache,
        )

    # ── telling ──────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def client(self) -> LMStudioClient:
        """The client of the engine that answers. Raises :class:`NoEngine` or :class:`ModelLoading` where none does."""
        if self._client is not None:
            return self._client
        raise self._problem or ModelLoading("The engine is starting; try again in a moment.")

    async def ready(self) -> None:
        """Wait until an engine answers. Raises the reason where none can."""
        await self._chosen.wait()
        await self.client.model()

    async def describe(self) -> str:
        """Which engine and which model answer, in words."""
        model = await self.model()
        where = "built-in model" if model.builtin else f"{model.id}, {model.engine.value}"
        return f"{where}, {model.context_length or 'unknown'} tokens of context"

    def state(self) -> EngineState | None:
        """The engine as it was last seen; None where there is none. Does no I/O."""
        return self._client.state() if self._client else None

    @property
    def problem(self) -> LLMServiceError | None:
        """Why no engine answers, where none does."""
        if self._client is not None:
            return None
        return self._problem or ModelLoading("The engine is starting; try again in a moment.")

    # ── answering ────────────────────────────────────────────────────────────────────────────────────────────────

    def stream(
        self,
        prompt: Prompt,
        *,
        caller: str = "",
        deadline: float | None = None,
        background: bool = False,
        use_cache: bool = True,
        count: Callable[[], int] | None = None,
    ) -> AbstractAsyncContextManager[Stream]:
        """An answer on its way: see :meth:`LMStudioClient.stream`."""
        if self.builtin:
            calm = replace(prompt.sampling, temperature=BUILTIN_TEMPERATURE, repeat_penalty=1.0)
            prompt = replace(prompt, sampling=calm)
        return self.client.stream(
            prompt, caller=caller, deadline=deadline, background=background, use_cache=use_cache, count=count
        )

    def check(self, *, caller: str = "", deadline: float | None = None, background: bool = False) -> None:
        """Raise the refusal that :meth:`stream` would give now."""
        self.client.check(caller=caller, deadline=deadline, background=background)

    async def warm(self, prompt: Prompt, *, count: Callable[[], int] | None = None) -> None:
        """Let the engine read a prompt, behind all replies."""
        await self.client.warm(prompt, count=count)

    async def model(self) -> ModelInfo:
        """The model that answers."""
        found = await self.client.model()
        return replace(found, builtin=True, id=builtin.MODEL_NAME) if self.builtin else found

    async def count_tokens(self, prompt: Prompt) -> int | None:
        """Tokens of the prompt as the engine counts them."""
        return await self.client.count_tokens(prompt)

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Vectors of texts, by the engine's embedding model."""
        return await self.client.embed(texts, model=self._settings.embeddings)

    async def forget(self) -> None:
        """Drop every remembered answer."""
        for client in {self._server, self._client} - {None}:
            assert client is not None
            await client.forget()
