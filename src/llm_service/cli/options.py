"""Flags of the command line, made from the settings: the same words, help texts and defaults."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, get_args

import click
from pydantic_core import PydanticUndefined

from llm_service.errors import SettingsError
from llm_service.settings import Resolved, Settings, resolve
from llm_service.types import DEFAULT_ROOM

F = TypeVar("F", bound=Callable[..., Any])


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def _option(name: str) -> Callable[[F], F]:
    field = Settings.model_fields[name]
    default = "" if field.default in (PydanticUndefined, None, ()) else f" [default: {field.default}]"
    text = (field.description or "") + default
    if field.annotation is bool:
        return click.option(f"{_flag(name)}/--no-{name.replace('_', '-')}", name, default=None, help=text)
    choices = [choice for choice in get_args(field.annotation) if isinstance(choice, str)]
    metavar = "|".join(choices) if choices else name.rsplit("_", 1)[-1].upper()
    return click.option(_flag(name), name, default=None, metavar=metavar, help=text)


def settings_options(*names: str) -> Callable[[F], F]:
    """Add a flag for each of these settings, all of them by default, and ``--config`` for a file."""

    def decorate(command: F) -> F:
        for name in reversed(names or tuple(Settings.model_fields)):
            command = _option(name)(command)
        return click.option("--config", type=click.Path(path_type=Path), help="settings file (TOML)")(command)

    return decorate


room_option = click.option("--room", default=DEFAULT_ROOM, show_default=True, help="the room it is about")
"""``--room``."""


def settings_of(flags: dict[str, Any]) -> Resolved:
    """The settings that these flags, the environment and the file make; a wrong one ends the command with a hint."""
    config = flags.pop("config", None)
    try:
        return resolve(flags, config=config)
    except SettingsError as exc:
        raise click.ClickException(str(exc)) from exc
