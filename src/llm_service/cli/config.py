"""``llm-service config``: the effective settings, and where each came from."""

from __future__ import annotations

import json
from typing import Any

import click
from pydantic import SecretStr
from rich.console import Console
from rich.table import Table

from llm_service.settings import ENV_PREFIX, Resolved, Settings

from .options import settings_of, settings_options


@click.command()
@click.option("--json", "as_json", is_flag=True, help="as JSON")
@settings_options()
def config(as_json: bool, **flags: Any) -> None:
    """Show the effective settings, and where each came from."""
    show_config(settings_of(flags), Console(width=None), as_json=as_json)


def shown(value: Any) -> str:
    """A setting as a person reads it; secrets stay hidden."""
    if isinstance(value, SecretStr):
        return "(hidden)"
    if isinstance(value, tuple):
        return ", ".join(str(part).rsplit(":", 1)[0] for part in value) or "-"
    return "-" if value is None else str(value)


def show_config(resolved: Resolved, console: Console, *, as_json: bool) -> None:
    """Print every setting with its value, its source and what it is for."""
    values = {name: getattr(resolved.settings, name) for name in Settings.model_fields}
    if as_json:
        rows = {name: {"value": shown(value), "source": resolved.sources[name]} for name, value in values.items()}
        console.print_json(json.dumps(rows))
        return
    table = Table("setting", "value", "from", "what it is for", box=None, header_style="bold")
    for name, value in values.items():
        table.add_row(name, shown(value), resolved.sources[name], Settings.model_fields[name].description)
    console.print(table)
    console.print(f"\nIn the environment each is {ENV_PREFIX}NAME; in llm-service.toml it is name = value.")
