"""``llm-service models``: what the engine has, and bringing models in and out of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import click
from rich.console import Console
from rich.filesize import decimal
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TransferSpeedColumn,
)
from rich.table import Table

from llm_service.errors import EngineFailed, InputError, ModelNotLoaded
from llm_service.llm_client import LMStudioClient
from llm_service.logs import configure
from llm_service.settings import Settings
from llm_service.types import ModelInfo

from .command import run
from .options import settings_of, settings_options

DONE = {"completed", "already_downloaded", "success"}
"""How engines say that a model is there."""


@click.group()
def models() -> None:
    """The models of the engine at base_url: list, load, unload, pull."""
    configure("error", "text")


_engine_settings = settings_options("base_url", "api_key", "connect_timeout")


@models.command("list")
@_engine_settings
def list_command(**flags: Any) -> None:
    """Show what the engine has: loaded or not, context, slots, size."""
    run(show_models(settings_of(flags).settings, Console()))


@models.command("load")
@click.argument("name")
@click.option("--context", type=click.IntRange(min=1), help="tokens of context; default: the engine's own choice")
@_engine_settings
def load_command(name: str, context: int | None, **flags: Any) -> None:
    """Load the model NAME and wait until it is there."""
    run(load(settings_of(flags).settings, Console(), name, context_length=context))


@models.command("unload")
@click.argument("name")
@_engine_settings
def unload_command(name: str, **flags: Any) -> None:
    """Take the model NAME out of the engine's memory."""
    run(unload(settings_of(flags).settings, Console(), name))


@models.command("pull")
@click.argument("name")
@_engine_settings
def pull_command(name: str, **flags: Any) -> None:
    """Have the engine download the model NAME."""
    run(pull(settings_of(flags).settings, Console(), name))


def engine_client(settings: Settings) -> LMStudioClient:
    """The engine at ``base_url``: the embedded one has the one model that it was given."""
    key = settings.api_key.get_secret_value() if settings.api_key else None
    return LMStudioClient(settings.base_url, api_key=key, connect_timeout=settings.connect_timeout)


async def show_models(settings: Settings, console: Console) -> None:
    """Print what the engine has, the loaded models first."""
    async with engine_client(settings) as client:
        models = await client.models()
    if models:
        console.print(table_of(models))
    else:
        console.print("The engine has no model: download one in its app, or with `llm-service models pull NAME`.")


def table_of(models: Sequence[ModelInfo]) -> Table:
    """Models as a table. A question mark stands where the engine does not say."""
    table = Table("model", "loaded", "context", "at most", "slots", "size", box=None, header_style="bold")
    for model in models:
        loaded = "?" if model.loaded is None else "yes" if model.loaded else "no"
        size = decimal(model.size_bytes) if model.size_bytes else "?"
        context = "-" if model.loaded is False else _number(model.context_length)
        slots = "-" if model.loaded is False else _number(model.slots)
        table.add_row(model.id, loaded, context, _number(model.max_context_length), slots, size)
    return table


def _number(value: int | None) -> str:
    return f"{value:,}" if value else "?"


async def load(settings: Settings, console: Console, name: str, *, context_length: int | None) -> None:
    """Load a model and wait until it is there. Raises InputError for a context that it cannot have."""
    async with engine_client(settings) as client:
        models = await client.models()
        if _stays_as_it_is(_named(models, name), context_length):
            console.print(f"{name} is loaded already.")
            return
        with _waiting(f"Loading {name} …", console), _in_clear_words("load", name, models):
            await client.load(name, context_length=context_length)
        loaded = [model for model in await client.models() if model.loaded]
    console.print(f"{name} is loaded.")
    if loaded:
        console.print(table_of(loaded))


async def unload(settings: Settings, console: Console, name: str) -> None:
    """Take a model out of the engine's memory."""
    async with engine_client(settings) as client:
        models = await client.models()
        model = _named(models, name)
        if model is not None and model.loaded is False:
            console.print(f"{name} was not loaded.")
            return
        with _in_clear_words("unload", name, models):
            await client.unload(name)
    console.print(f"{name} is not loaded any more.")


def _named(models: Sequence[ModelInfo], name: str) -> ModelInfo | None:
    return next((model for model in models if model.id == name), None)


def _stays_as_it_is(model: ModelInfo | None, context_length: int | None) -> bool:
    """Whether there is nothing to do: LM Studio would load a model that is loaded once more, beside itself."""
    if model is None or context_length is None:
        return model is not None and model.loaded is True
    if model.max_context_length and context_length > model.max_context_length:
        raise InputError(f"{model.id} can have {model.max_context_length:,} tokens of context at most.")
    if model.loaded and model.context_length != context_length:
        raise InputError(
            f"{model.id} is loaded with {_number(model.context_length)} tokens of context: unload it first."
        )
    return model.loaded is True


@contextmanager
def _in_clear_words(verb: str, name: str, models: Sequence[ModelInfo]) -> Iterator[None]:
    """Say of a failure what the engine leaves open: that it has no such model, or that only its own log knows."""
    try:
        yield
    except (EngineFailed, ModelNotLoaded) as exc:
        if _named(models, name) is not None:
            raise EngineFailed(f"The engine could not {verb} {name}: its own log says why.") from exc
        known = ", ".join(model.id for model in models) or "none"
        raise EngineFailed(f"The engine could not {verb} {name}, which is not among its models: {known}.") from exc


@contextmanager
def _waiting(words: str, console: Console) -> Iterator[None]:
    """A sign of life in a terminal, while nobody knows how long it takes."""
    columns = (SpinnerColumn(), TextColumn(words), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        bar.add_task(words, total=None)
        yield


async def pull(settings: Settings, console: Console, name: str) -> None:
    """Download a model, showing how far it has come. Raises EngineFailed where it does not arrive."""
    status = ""
    async with engine_client(settings) as client:
        with _bar(console) as bar:
            async for progress in client.pull(name):
                status = progress.status
                task = bar.task_ids[0] if bar.task_ids else bar.add_task(name)
                bar.update(task, completed=progress.done_bytes or 0, total=progress.total_bytes, description=status)
    if status not in DONE:
        raise EngineFailed("The engine could not download the model; its own log says why.")
    console.print(f"{name} is there.")


def _bar(console: Console) -> Progress:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    return Progress(*columns, console=console)
