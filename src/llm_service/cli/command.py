"""What all commands share: how they are found, and how their work is run.

A command lives with its work in the module of its noun, which is imported when the command is typed: nobody waits a
second for what is not used. So the list of commands says by itself what each of them is for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from importlib import import_module
from typing import Any, TypeVar

import click

from llm_service.errors import LLMServiceError

T = TypeVar("T")


class Commands(click.Group):
    """Commands by their name: the module in this folder that has it, and what it is for, in a few words."""

    def __init__(self, *, found_in: Mapping[str, tuple[str, str]], **options: Any) -> None:
        super().__init__(**options)
        self._found_in = found_in

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order in which they were given."""
        return list(self._found_in)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name; this imports it."""
        if cmd_name not in self._found_in:
            return None
        module, _ = self._found_in[cmd_name]
        found = vars(import_module(f"{__package__}.{module}")).values()
        return next(one for one in found if isinstance(one, click.Command) and one.name == cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands in the help; this imports none of them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, words) for name, (_, words) in self._found_in.items()])


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a command's coroutine to its end; an error of ours ends the command with one sentence."""
    try:
        return asyncio.run(work)
    except LLMServiceError as exc:
        raise click.ClickException(str(exc)) from exc
    except KeyboardInterrupt:
        raise SystemExit(130) from None
