"""``llm-service serve``: uvicorn with our way of stopping.

The first SIGTERM or SIGINT makes ``/health`` say 503 and refuses new work, while what runs gets up to ten seconds; the
second one ends at once. Either way the exit code is 0: being asked to stop is no failure.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from contextvars import Context
from socket import socket
from types import FrameType
from typing import Any

import click
import structlog
import uvicorn

from llm_service.api import create_app
from llm_service.api.edge import GuardedHttp
from llm_service.errors import LLMServiceError
from llm_service.logs import configure
from llm_service.service import Service
from llm_service.settings import Settings

from .options import settings_of, settings_options

log = structlog.get_logger("llm_service.serve")

YOUNG = 5_000
"""New objects after which those that refer to each other are looked for. A request makes some hundreds that live until
it is over: Python's own 700 would look through them again and again, and find nothing."""
GRACE = 10.0
"""Seconds that running turns get after the first signal."""
MOST_CONNECTIONS = 2_000
"""Connections that are served at a time; more are refused with 503."""


@click.command()
@settings_options()
def serve(**flags: Any) -> None:
    """Start the service."""
    try:
        serve_forever(settings_of(flags).settings)
    except LLMServiceError as exc:
        raise click.ClickException(str(exc)) from exc


class Server(uvicorn.Server):
    """uvicorn, but the first signal drains before the sockets close, and no signal is raised again afterwards."""

    def __init__(self, config: uvicorn.Config, service_of: Callable[[], Service]) -> None:
        super().__init__(config)
        self._service_of = service_of
        self._draining: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: list[socket] | None = None) -> None:
        """Called by uvicorn inside its loop, once."""
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)
        gc.collect()
        gc.set_threshold(YOUNG)
        gc.freeze()  # what is there now stays: going through it again and again stops everything for 40 ms each time

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Called in the main thread for SIGTERM and SIGINT."""
        if self._loop is None or self._draining is not None or not self.started:
            self.should_exit = self.force_exit = True
        else:
            self._loop.call_soon_threadsafe(self._begin_drain, context=Context())  # not of whoever was interrupted

    def _begin_drain(self) -> None:
        self._draining = self._draining or asyncio.create_task(self._drain())

    async def _drain(self) -> None:
        service = self._service_of()
        log.info("stopping", running=service.running)
        await service.drain(GRACE)
        self.should_exit = True


def serve_forever(settings: Settings) -> None:
    """Run the service until it is told to stop."""
    configure(settings.log_level, settings.log_format)
    app = create_app(settings)
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        http=GuardedHttp,
        proxy_headers=False,
        ws="none",
        limit_concurrency=MOST_CONNECTIONS,
        timeout_keep_alive=65,
        timeout_graceful_shutdown=1,
    )
    Server(config, lambda: app.state.service).run()
