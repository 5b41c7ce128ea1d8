"""Control at chat speed from a terminal: the running service is told over its API, which no queue delays."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import aiohttp
import click

from llm_service.errors import LLMServiceError
from llm_service.settings import Settings
from llm_service.types import DEFAULT_ROOM

from .command import run
from .options import room_option, settings_of, settings_options

MINUTE = 60.0


def _controls(command: Callable[..., None]) -> Callable[..., None]:
    key = click.option("--key", envvar="LLM_SERVICE_KEY", help="an API key of the service with scope moderate")
    return settings_options("host", "port")(room_option(key(command)))


@click.command()
@_controls
def pause(room: str, key: str | None, **flags: Any) -> None:
    """Silence the running service in a room until `resume`."""
    run(control_of(settings_of(flags).settings, room, key).pause())


@click.command()
@_controls
def resume(room: str, key: str | None, **flags: Any) -> None:
    """End a pause or a mute."""
    run(control_of(settings_of(flags).settings, room, key).resume())


@click.command()
@click.argument("minutes", type=click.FloatRange(0, 10_000))
@_controls
def mute(minutes: float, room: str, key: str | None, **flags: Any) -> None:
    """Silence the running service in a room for some MINUTES."""
    run(control_of(settings_of(flags).settings, room, key).mute(minutes))


@click.command()
@_controls
def skip(room: str, key: str | None, **flags: Any) -> None:
    """Cut off the reply that is being written."""
    click.echo(f"{run(control_of(settings_of(flags).settings, room, key).skip())} cut off")


@click.command()
@click.argument("viewer")
@_controls
def ignore(viewer: str, room: str, key: str | None, **flags: Any) -> None:
    """Let the running service answer VIEWER no more."""
    run(control_of(settings_of(flags).settings, room, key).ignore(viewer))


class NotReached(LLMServiceError):
    """The service does not run where the settings say, or refused."""

    code = "not_reached"
    detail = "The service cannot be reached: is it running on this host and port?"


class Control:
    """The controls of one room of the service at ``url``. ``key`` is an API key with the scope ``moderate``."""

    def __init__(self, url: str, room: str = DEFAULT_ROOM, key: str | None = None) -> None:
        self._room = f"{url}/rooms/{room}"
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}

    async def pause(self) -> None:
        """Be silent until resumed, and stop what is being said."""
        await self._policy(paused=True)
        await self.skip()

    async def resume(self) -> None:
        """Speak again: ends a pause and a mute."""
        await self._policy(paused=False, muted_until=0.0)

    async def mute(self, minutes: float) -> None:
        """Be silent for some minutes, and stop what is being said."""
        await self._policy(muted_until=time.time() + minutes * MINUTE)
        await self.skip()

    async def skip(self) -> int:
        """Cut off the running reply; returns how many were running."""
        return int((await self._call("POST", "/turn/skip"))["skipped"])

    async def ignore(self, viewer: str) -> None:
        """Answer this viewer no more."""
        ignored = (await self._call("GET", "/policy"))["ignored"]
        await self._policy(ignored=list(dict.fromkeys([*ignored, viewer])))

    async def _policy(self, **changes: Any) -> None:
        await self._call("PUT", "/policy", json=changes)

    async def _call(self, method: str, path: str, **options: Any) -> Any:
        try:
            async with (
                aiohttp.ClientSession(headers=self._headers, timeout=aiohttp.ClientTimeout(total=5)) as http,
                http.request(method, self._room + path, **options) as answer,
            ):
                body = await answer.json(content_type=None)
        except (aiohttp.ClientError, TimeoutError) as exc:
            raise NotReached from exc
        if answer.status >= 400:
            raise NotReached(str(body["title"]))
        return body


def control_of(settings: Settings, room: str, key: str | None) -> Control:
    """The controls of a room of the service that these settings describe."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return Control(f"http://{host}:{settings.port}", room, key)
