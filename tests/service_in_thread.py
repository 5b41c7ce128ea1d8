"""The service before a scripted LM Studio, in a thread: for what talks to it as a reader of the docs does."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from llm_service.settings import Settings
from running_service import RunningService, running_service
from scripted_lm_studio import ScriptedLMStudio, ScriptedModel


@dataclass
class Desk:
    """What stands on a streamer's desk: an engine, and the service beside it."""

    lm: ScriptedLMStudio
    running: RunningService

    @property
    def address(self) -> str:
        """Where the service listens, as ``host:port``."""
        return self.running.url.removeprefix("http://")


@contextmanager
def service_in_thread(data_dir: Path) -> Iterator[Desk]:
    """Both, on free ports. Viewers may say as much as they like: a page says more than a viewer in ten seconds."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    stack = AsyncExitStack()

    models = [ScriptedModel(instances=["scripted-model"]), ScriptedModel(key="qwen/qwen3-4b")]

    async def start() -> Desk:
        lm = await stack.enter_async_context(ScriptedLMStudio(models=models))
        settings = Settings(engine="lmstudio", base_url=lm.base_url, data_dir=data_dir, rate_limit=None)
        return Desk(lm, await stack.enter_async_context(running_service(settings)))

    try:
        yield asyncio.run_coroutine_threadsafe(start(), loop).result(30)
    finally:
        asyncio.run_coroutine_threadsafe(stack.aclose(), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
