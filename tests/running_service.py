"""The whole service on a loopback socket, in the test's own loop: what a bot talks to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import uvicorn

from llm_service.api import create_app
from llm_service.api.edge import GuardedHttp
from llm_service.service import Service
from llm_service.settings import Settings


@dataclass
class RunningService:
    """A service that answers at ``url``."""

    url: str
    service: Service
    http: aiohttp.ClientSession

    async def post(self, path: str, body: Any = None, **options: Any) -> tuple[int, Any]:
        return await self.call("POST", path, json=body, **options)

    async def get(self, path: str, **options: Any) -> tuple[int, Any]:
        return await self.call("GET", path, **options)

    async def delete(self, path: str, **options: Any) -> tuple[int, Any]:
        return await self.call("DELETE", path, **options)

    async def call(self, method: str, path: str, **options: Any) -> tuple[int, Any]:
        async with self.http.request(method, self.url + path, **options) as answer:
            return answer.status, await answer.json(content_type=None)

    async def chat(self, message: str = "Hello!", username: str = "user", **fields: Any) -> tuple[int, Any]:
        return await self.post(
            fields.pop("path", "/chat"), {"username": username, "message": message, "emotes": [], **fields}
        )

    async def events(self, path: str, body: Any) -> list[tuple[str, Any]]:
        """The events of a stream, read to its end."""
        async with self.http.post(self.url + path, json=body) as answer:
            assert answer.status == 200, await answer.text()
            assert answer.content_type == "text/event-stream"
            return parse_events(await answer.text())


def parse_events(text: str) -> list[tuple[str, Any]]:
    """Server-sent events as pairs of name and data; comments are left out."""
    found = []
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if "data" in fields:
            found.append((fields.get("event", "message"), json.loads(fields["data"])))
    return found


@asynccontextmanager
async def running_service(settings: Settings) -> AsyncIterator[RunningService]:
    """Start the app under uvicorn on a free port, and stop it afterwards."""
    app = create_app(settings)
    config = uvicorn.Config(
        app,
        port=0,
        http=GuardedHttp,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server._serve())
    while not server.started:
        if serving.done():
            await serving
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        async with aiohttp.ClientSession() as http:
            yield RunningService(f"http://127.0.0.1:{port}", app.state.service, http)
    finally:
        server.should_exit = True
        await serving
