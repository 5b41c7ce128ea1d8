"""The command line, ``llm-service``: each command is a few lines here and a module of its own."""

from __future__ import annotations

import asyncio
import getpass
from collections.abc import Callable, Coroutine
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console

from llm_service import __version__
from llm_service.errors import LLMServiceError
from llm_service.logs import configure
from llm_service.types import DEFAULT_ROOM

from .options import settings_of, settings_options

if TYPE_CHECKING:
    from .control import Control

__all__ = ["main"]


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(__version__, prog_name="llm-service")
def main() -> None:
    """The dialogue server for live chat on a local model."""


def _part(name: str) -> Any:
    """A module of this folder, imported by the command that needs it: nobody waits a second for what is not used."""
    return import_module(f".{name}", __name__)


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
        _part("serve").serve_forever(settings_of(flags).settings)
    except LLMServiceError as exc:
        raise click.ClickException(str(exc)) from exc


@main.command()
@click.argument("question")
@settings_options()
def ask(question: str, **flags: Any) -> None:
    """Print the answer to one QUESTION; nothing of it is stored."""
    settings = settings_of(flags).settings
    configure("error", "text")
    _run(_part("talk").ask(settings, question))


@main.command()
@click.option("--room", default=DEFAULT_ROOM, show_default=True, help="the conversation to go on with")
@click.option("--username", default=getpass.getuser, help="who you are [default: your login]")
@settings_options()
def chat(room: str, username: str, **flags: Any) -> None:
    """Talk in the terminal."""
    settings = settings_of(flags).settings
    configure("error", "text")
    _run(_part("talk").chat(settings, Console(), room=room, username=username))


@main.command()
@settings_options()
def doctor(**flags: Any) -> None:
    """Check the engine and the settings, and say what to change."""
    settings = settings_of(flags).settings
    configure("error", "text")
    raise SystemExit(0 if _run(_part("doctor").examine(settings, Console())) else 1)


@main.command()
@click.option("--json", "as_json", is_flag=True, help="as JSON")
@settings_options()
def config(as_json: bool, **flags: Any) -> None:
    """Show the effective settings, and where each came from."""
    _part("config").show_config(settings_of(flags), Console(width=None), as_json=as_json)


_room = click.option("--room", default=DEFAULT_ROOM, show_default=True, help="the room it is about")
_file = click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
_existing = click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))


@main.command("export")
@_file
@_room
@settings_options("data_dir", "database_url")
def export(file: Path, room: str, **flags: Any) -> None:
    """Write all that is kept of a room to FILE, as JSON Lines."""
    _run(_part("transfer").export_room(settings_of(flags).settings, file, Console(), room=room))


@main.command("import")
@_existing
@_room
@settings_options("data_dir", "database_url")
def import_(file: Path, room: str, **flags: Any) -> None:
    """Take what an export wrote to FILE into a room."""
    _run(_part("transfer").import_room(settings_of(flags).settings, file, Console(), room=room))


@main.command()
@_existing
@click.option("--speed", type=click.FloatRange(0.1, 1000), default=1.0, help="how much faster than it was recorded")
@click.option("--policy", "policies", type=click.Path(path_type=Path, exists=True), multiple=True, help="JSON of knobs")
@click.option("--json", "out", type=click.Path(path_type=Path, dir_okay=False), help="file for the figures")
@settings_options()
def replay(file: Path, speed: float, policies: tuple[Path, ...], out: Path | None, **flags: Any) -> None:
    """Play the recorded room in FILE against the real service, once for each --policy, and compare."""
    settings = settings_of(flags).settings
    configure("error", "text")
    _run(_part("replay").replay(settings, file, policies, Console(), speed=speed, out=out))


def _controls(command: Callable[..., None]) -> Callable[..., None]:
    key = click.option("--key", envvar="LLM_SERVICE_KEY", help="an API key of the service with scope moderate")
    return settings_options("host", "port")(_room(key(command)))


def _control(room: str, key: str | None, flags: dict[str, Any]) -> Control:
    control: Control = _part("control").control_of(settings_of(flags).settings, room, key)
    return control


@main.command()
@_controls
def pause(room: str, key: str | None, **flags: Any) -> None:
    """Silence the running service in a room until `resume`."""
    _run(_control(room, key, flags).pause())


@main.command()
@_controls
def resume(room: str, key: str | None, **flags: Any) -> None:
    """End a pause or a mute."""
    _run(_control(room, key, flags).resume())


@main.command()
@click.argument("minutes", type=click.FloatRange(0, 10_000))
@_controls
def mute(minutes: float, room: str, key: str | None, **flags: Any) -> None:
    """Silence the running service in a room for some MINUTES."""
    _run(_control(room, key, flags).mute(minutes))


@main.command()
@_controls
def skip(room: str, key: str | None, **flags: Any) -> None:
    """Cut off the reply that is being written."""
    click.echo(f"{_run(_control(room, key, flags).skip())} cut off")


@main.command()
@click.argument("viewer")
@_controls
def ignore(viewer: str, room: str, key: str | None, **flags: Any) -> None:
    """Let the running service answer VIEWER no more."""
    _run(_control(room, key, flags).ignore(viewer))


# ── models of the engine ─────────────────────────────────────────────────────────────────────────────────────────────


@main.group()
def models() -> None:
    """The models of the engine at base_url: list, load, unload, pull."""
    configure("error", "text")


_engine_settings = settings_options("base_url", "api_key", "connect_timeout")


@models.command("list")
@_engine_settings
def list_models(**flags: Any) -> None:
    """Show what the engine has: loaded or not, context, slots, size."""
    _run(_part("models").show_models(settings_of(flags).settings, Console()))


@models.command("load")
@click.argument("name")
@click.option("--context", type=click.IntRange(min=1), help="tokens of context; default: the engine's own choice")
@_engine_settings
def load_model(name: str, context: int | None, **flags: Any) -> None:
    """Load the model NAME and wait until it is there."""
    _run(_part("models").load(settings_of(flags).settings, Console(), name, context_length=context))


@models.command("unload")
@click.argument("name")
@_engine_settings
def unload_model(name: str, **flags: Any) -> None:
    """Take the model NAME out of the engine's memory."""
    _run(_part("models").unload(settings_of(flags).settings, Console(), name))


@models.command("pull")
@click.argument("name")
@_engine_settings
def pull_model(name: str, **flags: Any) -> None:
    """Have the engine download the model NAME."""
    _run(_part("models").pull(settings_of(flags).settings, Console(), name))
