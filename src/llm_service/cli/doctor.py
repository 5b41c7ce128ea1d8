"""``llm-service doctor``: is the engine there, is it really LM Studio, what is loaded, and what should be changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import click
from rich.console import Console
from rich.table import Table

from llm_service.errors import LLMServiceError
from llm_service.llm_client import LMStudioClient
from llm_service.logs import configure
from llm_service.service import open_service
from llm_service.settings import Settings
from llm_service.types import EngineKind, ModelInfo

from .command import run
from .options import settings_of, settings_options

ROOMY_CONTEXT = 8_192
"""Tokens of context with which a lively room can be remembered for a while."""

SIGNS = {"ok": "[green]ok[/green]  ", "hint": "[yellow]hint[/yellow]", "bad": "[red]bad[/red] "}


@click.command()
@settings_options()
def doctor(**flags: Any) -> None:
    """Check the engine and the settings, and say what to change."""
    settings = settings_of(flags).settings
    configure("error", "text")
    raise SystemExit(0 if run(examine(settings, Console())) else 1)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    kind: Literal["ok", "hint", "bad"]
    text: str


async def examine(settings: Settings, console: Console) -> bool:
    """Look at everything and print it. Returns whether messages can be answered."""
    answered, models = await _ask_engine(settings, console)
    if models:
        console.print(_table(models))
    console.print()
    working = await _examine_service(settings, console)
    if not answered and settings.engine != "embedded":
        _print(console, Finding("hint", "LM Studio: Developer tab, Start server, load a model; or `lms server start`."))
    return working


async def _ask_engine(settings: Settings, console: Console) -> tuple[bool, Sequence[ModelInfo]]:
    key = settings.api_key.get_secret_value() if settings.api_key else None
    async with LMStudioClient(settings.base_url, api_key=key, connect_timeout=settings.connect_timeout) as client:
        try:
            models = await client.models()
        except LLMServiceError as exc:
            _print(console, Finding("bad", f"{settings.base_url}: {exc}"))
            return False, ()
        for finding in judge(settings, models):
            _print(console, finding)
        return True, models


def judge(settings: Settings, models: Sequence[ModelInfo]) -> Iterator[Finding]:
    """What the engine's list of models means for the service."""
    kinds = {model.engine for model in models}
    if EngineKind.LM_STUDIO in kinds:
        yield Finding("ok", f"{settings.base_url} is LM Studio.")
    elif kinds:
        yield Finding("ok", f"{settings.base_url} is {', '.join(kind.value for kind in kinds)}.")
    else:
        yield Finding("bad", f"{settings.base_url} answers, but offers no model: load one.")
    loaded = [model for model in models if model.loaded is not False]
    if models and not loaded:
        yield Finding("bad", "No model is loaded: load one, for example with `lms load KEY -c 8192 --parallel 4`.")
    if settings.model and not any(settings.model == model.id for model in models):
        yield Finding("bad", f"The model {settings.model!r} is not among the engine's models.")
    if not settings.model and len(loaded) > 1:
        yield Finding("hint", f"Several models are loaded: choose one with model = {loaded[0].id!r}.")
    for model in loaded:
        if model.context_length and model.context_length < ROOMY_CONTEXT:
            yield Finding(
                "hint",
                f"{model.id} is loaded with {model.context_length} tokens of context: {ROOMY_CONTEXT} or more "
                "remember a lively room for longer.",
            )


def _table(models: Sequence[ModelInfo]) -> Table:
    table = Table("model", "loaded", "context", "at most", "slots", box=None, header_style="bold")
    for model in models:
        loaded = "?" if model.loaded is None else "yes" if model.loaded else "no"
        numbers = (model.context_length, model.max_context_length, model.slots)
        table.add_row(model.id, loaded, *(str(number or "?") for number in numbers))
    return table


async def _examine_service(settings: Settings, console: Console) -> bool:
    async with open_service(settings) as service:
        try:
            await service.engines.ready()
            _print(console, Finding("ok", f"Messages are answered by: {await service.engines.describe()}."))
        except LLMServiceError as exc:
            _print(console, Finding("bad", str(exc)))
            return False
        if service.engines.builtin:
            _print(console, Finding("hint", str(service.health()["hint"])))
        store = service.store.health()
        detail = "" if store.ok else f" {store.detail}"
        _print(
            console, Finding("ok" if store.ok else "bad", f"Database: {store.kind} {store.library_version}.{detail}")
        )
        return True


def _print(console: Console, finding: Finding) -> None:
    console.print(f"{SIGNS[finding.kind]} {finding.text}", highlight=False, soft_wrap=True)
