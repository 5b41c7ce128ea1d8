"""``llm-service chat`` and ``llm-service ask``: talking in the terminal, with nothing started beforehand."""

from __future__ import annotations

import asyncio
import getpass
import sys
from typing import Any

import click
from rich.console import Console

from llm_service.errors import LLMServiceError
from llm_service.logs import configure
from llm_service.service import Service, open_service
from llm_service.settings import Settings
from llm_service.types import DEFAULT_ROOM, Completed, Delta, Draft

from .command import run
from .options import settings_of, settings_options

LEAVING = {"/quit", "/exit", "/bye"}


@click.command("ask")
@click.argument("question")
@settings_options()
def ask_command(question: str, **flags: Any) -> None:
    """Print the answer to one QUESTION; nothing of it is stored."""
    settings = settings_of(flags).settings
    configure("error", "text")
    run(ask(settings, question))


@click.command("chat")
@click.option("--room", default=DEFAULT_ROOM, show_default=True, help="the conversation to go on with")
@click.option("--username", default=getpass.getuser, help="who you are [default: your login]")
@settings_options()
def chat_command(room: str, username: str, **flags: Any) -> None:
    """Talk in the terminal."""
    settings = settings_of(flags).settings
    configure("error", "text")
    run(chat(settings, Console(), room=room, username=username))


async def ask(settings: Settings, question: str) -> None:
    """Print the answer to one question, as it is written; nothing of it is stored."""
    in_memory = settings.model_copy(update={"database_url": "sqlite:///:memory:"})
    async with open_service(in_memory) as service:
        await service.engines.ready()
        await _say(service, Draft(username="you", text=question), sys.stdout.write)
    sys.stdout.write("\n")


async def chat(settings: Settings, console: Console, *, room: str, username: str) -> None:
    """Read lines until the end of the input or ``/quit``, and stream the replies."""
    async with open_service(settings) as service:
        await service.engines.ready()
        name = settings.bot_name
        console.print(f"[dim]{await service.engines.describe()}. /clear forgets, /quit leaves.[/dim]")
        while (line := await _read(f"{username}: ")) is not None and line not in LEAVING:
            if line == "/clear":
                await service.dialogues.clear(room=room)
            elif line:
                console.print(f"[bold]{name}:[/bold] ", end="")
                await _turn(service, Draft(username=username, text=line), room, console)


async def _turn(service: Service, draft: Draft, room: str, console: Console) -> None:
    try:
        await _say(service, draft, lambda text: console.print(text, end="", markup=False, highlight=False), room)
    except LLMServiceError as exc:
        console.print(f"[red]{exc}[/red]", end="")
    console.print()


async def _say(service: Service, draft: Draft, write: object, room: str = "default") -> None:
    async with service.dialogues.turn(draft, room=room) as turn:
        async for happened in turn:
            if isinstance(happened, Delta):
                write(happened.text)  # type: ignore[operator]
                sys.stdout.flush()
            elif isinstance(happened, Completed):
                break


async def _read(prompt: str) -> str | None:
    """One line of input; None at its end."""
    try:
        return (await asyncio.to_thread(input, prompt)).strip()
    except EOFError:
        return None
