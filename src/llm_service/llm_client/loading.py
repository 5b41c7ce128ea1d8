"""Bringing a model into memory: once, in the background, under nobody's deadline.

LM Studio and Ollama load a model when a request names it, and stop loading when that request goes away. A request
with a deadline would therefore start the load over and over and never see its end. So the client loads the model
itself, and callers are told to come back.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import orjson
import structlog

from llm_service.chat_protocol import Source
from llm_service.errors import (
    EngineBadResponse,
    EngineError,
    EngineFailed,
    EngineRejected,
    ModelLoading,
    ModelNotLoaded,
)
from llm_service.types import ModelInfo

from .connection import Connection

log = structlog.get_logger("llm_service.llm_client")

LOAD_LIMIT = 900.0
"""Seconds after which a load is given up."""
COOL_DOWN = 10.0
"""Seconds after a failed load before the next is tried."""
POLL = 1.0
"""Seconds between two looks at a download."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a download has come."""

    status: str
    """In the engine's words: downloading, completed, …"""
    done_bytes: int | None = None
    total_bytes: int | None = None


class Loader:
    """Loads models where the engine has an API for it, one at a time each."""

    def __init__(self, connection: Connection, *, on_loaded: Callable[[], Any], clock: Callable[[], float]) -> None:
        self._connection = connection
        self._on_loaded = on_loaded
        self._clock = clock
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._resting: dict[str, float] = {}
        self._began: dict[str, float] = {}
        self._took: dict[str, float] = {}

    @property
    def loading(self) -> bool:
        """Whether a model is on its way."""
        return bool(self._tasks)

    @property
    def progress(self) -> float | None:
        """Share of the load under way that is done, 0 to 1; None where none is, or it is the model's first here.

        LM Studio says nothing while it loads a model on request, so what passed is set against the time that the last
        load of this model took; 0.99 is as far as that goes before it is there.
        """
        model = next((name for name in self._tasks if name in self._began), None)
        if model is None or model not in self._took:
            return None
        return round(min(0.99, (self._clock() - self._began[model]) / max(self._took[model], 0.001)), 2)

    def ensure(self, model: ModelInfo, source: Source) -> None:
        """See to it that this model is loaded or on its way; returns at once.

        Raises ModelNotLoaded for a while after a load that failed.
        """
        if model.id in self._tasks:
            return
        if self._clock() < self._resting.get(model.id, 0.0):
            raise ModelNotLoaded("The engine could not load the model: its own log says why.")
        task = asyncio.get_running_loop().create_task(self._load(model.id, source))
        self._tasks[model.id] = task
        task.add_done_callback(lambda _: self._tasks.pop(model.id, None))

    async def load(self, model: str, source: Source, context_length: int | None = None) -> None:
        """Load a model and wait until it is there, however long that takes."""
        if source is Source.LM_STUDIO_V1:
            size = {} if context_length is None else {"context_length": context_length}
            await self._order("api/v1/models/load", {"model": model, **size})
        elif source is Source.OLLAMA:
            await self._order("api/generate", {"model": model, "stream": False})
        elif source is Source.LM_STUDIO_V0:
            greeting = [{"role": "user", "content": "Hi"}]
            await self._order("v1/chat/completions", {"model": model, "messages": greeting, "max_tokens": 1})
        else:
            raise EngineRejected("This engine cannot load models on request.")

    async def unload(self, instance: str, source: Source) -> None:
        """Take a model out of memory."""
        if source is Source.LM_STUDIO_V1:
            await self._order("api/v1/models/unload", {"instance_id": instance})
        elif source is Source.OLLAMA:
            await self._order("api/generate", {"model": instance, "keep_alive": 0, "stream": False})
        else:
            raise EngineRejected("This engine cannot unload models on request.")

    def pull(self, model: str, source: Source) -> AsyncIterator[Progress]:
        """Download a model, telling how far it has come."""
        if source is Source.LM_STUDIO_V1:
            return self._download(model)
        if source is Source.OLLAMA:
            return self._pull(model)
        raise EngineRejected("This engine cannot download models on request.")

    async def close(self) -> None:
        """Stop waiting for loads under way."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _load(self, model: str, source: Source) -> None:
        log.info("loading model", model=model)
        self._began[model] = self._clock()
        try:
            await self.load(model, source)
        except EngineError as exc:
            log.warning("model could not be loaded", model=model, code=exc.code)
            self._resting[model] = self._clock() + COOL_DOWN
        else:
            self._took[model] = self._clock() - self._began[model]
            log.info("model loaded", model=model, seconds=round(self._took[model], 1))
        await self._on_loaded()

    async def _order(self, path: str, body: dict[str, Any]) -> Any:
        """Tell the engine to do what must not be done twice, and wait for it as long as it takes."""
        return await self._connection.post_json(path, body, root=True, once=True, within=LOAD_LIMIT)

    async def _download(self, model: str) -> AsyncIterator[Progress]:
        job = await self._order("api/v1/models/download", {"model": model})
        while True:
            progress = _lm_studio_progress(job)
            yield progress
            job_id = job.get("job_id") if isinstance(job, dict) else None
            if progress.status not in {"downloading", "paused"} or not job_id:
                return
            await asyncio.sleep(POLL)
            status = await self._connection.get_json(f"api/v1/models/download/status/{job_id}", root=True)
            job = {"job_id": job_id, **status} if isinstance(status, dict) else None

    async def _pull(self, model: str) -> AsyncIterator[Progress]:
        async for line in self._connection.post_lines("api/pull", {"model": model}, root=True):
            yield _progress(_parsed(line), "completed")


def _parsed(line: bytes) -> dict[str, Any]:
    try:
        document = orjson.loads(line)
    except orjson.JSONDecodeError as exc:
        raise EngineBadResponse from exc
    if not isinstance(document, dict) or "error" in document:
        raise EngineFailed
    return document


def _lm_studio_progress(job: object) -> Progress:
    return (
        _progress(job, "downloaded_bytes", "total_size_bytes") if isinstance(job, dict) else Progress(status="failed")
    )


def _progress(line: dict[str, Any], done: str, total: str = "total") -> Progress:
    return Progress(status=str(line.get("status")), done_bytes=line.get(done), total_bytes=line.get(total))


def on_its_way(progress: float | None = None) -> ModelLoading:
    """What callers are told meanwhile."""
    return ModelLoading(retry_after=2.0, progress=progress)
