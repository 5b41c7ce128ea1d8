"""``llm-service export`` and ``import``: a room as a JSON Lines file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import Progress

from llm_service import recall
from llm_service.errors import InputError, UnknownMessage
from llm_service.settings import Settings
from llm_service.store import open_store

from .command import run
from .options import room_option, settings_of, settings_options


@click.command("export")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@room_option
@settings_options("data_dir", "database_url")
def export_command(file: Path, room: str, **flags: Any) -> None:
    """Write all that is kept of a room to FILE, as JSON Lines."""
    run(export_room(settings_of(flags).settings, file, Console(), room=room))


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@room_option
@settings_options("data_dir", "database_url")
def import_command(file: Path, room: str, **flags: Any) -> None:
    """Take what an export wrote to FILE into a room."""
    run(import_room(settings_of(flags).settings, file, Console(), room=room))


async def export_room(settings: Settings, file: Path, console: Console, *, room: str) -> None:
    """Write all that is kept of a room, one row a line. Raises :class:`UnknownMessage` where there is no such room."""
    rows = 0
    async with open_store(settings.database, terms=recall.terms) as store:
        with file.open("w", encoding="utf-8") as out, Progress(console=console, transient=True) as progress:
            task = progress.add_task(f"exporting {room}", total=None)
            async for row in store.export(room):
                out.write(json.dumps(row, ensure_ascii=False) + "\n")
                rows += 1
                progress.advance(task)
    if not rows:
        raise UnknownMessage(f"There is no room {room!r}.")
    console.print(f"{rows} rows of room {room} written to {file}.", highlight=False)


async def import_room(settings: Settings, file: Path, console: Console, *, room: str) -> None:
    """Bring in what an export wrote. What the room has already is left as it is."""
    async with open_store(settings.database, terms=recall.terms) as store:
        with Progress(console=console, transient=True) as progress:
            imported = await store.import_(room, _rows(file, progress))
    message = "message" if imported.messages == 1 else "messages"
    console.print(f"{imported.messages} {message} and {imported.replies} replies taken into room {room}.")


def _rows(file: Path, progress: Progress) -> Iterator[dict[str, Any]]:
    task = progress.add_task("importing", total=file.stat().st_size)
    with file.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            try:
                yield json.loads(line)
            except ValueError as exc:
                raise InputError(f"Line {number} of {file.name} is not JSON.") from exc
            progress.advance(task, len(line.encode()))
