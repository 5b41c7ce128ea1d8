"""The command line: ``llm-service serve | chat | ask | doctor | config``."""

from __future__ import annotations

import asyncio
import getpass
from collections.abc import Coroutine
from typing import Any

import click
from rich.console import Console

from llm_service import __version__
from llm_service.errors import LLMServiceError
from llm_service.logs import configure
from llm_service.types import DEFAULT_ROOM

from .config import show_config
from .doctor import examine
from .options import settings_of, settings_options
from .serve import serve_forever
from .talk import ask as ask_once
from .talk import chat as chat_on

__all__ = ["main"]


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(__version__, prog_name="llm-service")
def main() -> None:
    """The dialogue server for live chat on a local model."""


def _run(work: Coroutine[Any, Any, Any]) -> Any:
    """Run a command's coroutine; an error of ours ends it with one sentence."""
    try:
        return asyncio.run(work)
    except LLMServiceError as exc:
        raise click.ClickException(str(exc)) from exc
    except KeyboardInterrupt:
        raise SystemExit(130) from None


@main.command()
@settings_options()
def serve(**flags: Any) -> None:
    """Start the service."""
    try:
        serve_forever(settings_of(flags).settings)
    except LLMServiceError as exc:
        raise click.ClickException(str(exc)) from exc


@main.command()
@click.argument("question")
@settings_options()
def ask(question: str, **flags: Any) -> None:
    """Print the answer to one QUESTION; nothing of it is stored."""
    settings = settings_of(flags).settings
    configure("error", "text")
    _run(ask_once(settings, question))


@main.command()
@click.option("--room", default=DEFAULT_ROOM, show_default=True, help="the conversation to go on with")
@click.option("--username", default=getpass.getuser, help="who you are [default: your login]")
@settings_options()
def chat(room: str, username: str, **flags: Any) -> None:
    """Talk in the terminal."""
    settings = settings_of(flags).settings
    configure("error", "text")
    _run(chat_on(settings, Console(), room=room, username=username))


@main.command()
@settings_options()
def doctor(**flags: Any) -> None:
    """Check the engine and the settings, and say what to change."""
    settings = settings_of(flags).settings
    configure("error", "text")
    raise SystemExit(0 if _run(examine(settings, Console())) else 1)


@main.command()
@click.option("--json", "as_json", is_flag=True, help="as JSON")
@settings_options()
def config(as_json: bool, **flags: Any) -> None:
    """Show the effective settings, and where each came from."""
    show_config(settings_of(flags), Console(width=None), as_json=as_json)
