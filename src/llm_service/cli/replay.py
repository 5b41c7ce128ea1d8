"""``llm-service replay``: a recorded room, played against the real service, and what a streamer cares about of it.

A line of the recording is a body of ``POST /messages`` with ``sent_at``, or ``{"forget": MESSAGE_ID, "sent_at": …}``.
Time runs ``speed`` times as fast as the wall's for everything but the engine, which then looks so many times slower.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from llm_service.api.bodies import ChatMessage
from llm_service.dialogue_manager import DialogueManager, RoomEvent
from llm_service.errors import InputError, LLMServiceError, UnknownMessage
from llm_service.logs import configure
from llm_service.service import open_service
from llm_service.settings import Settings
from llm_service.turn_taking import Decision, Policy, addressed, viewer_of
from llm_service.turn_taking.scorecard import (
    Answered,
    Dropped,
    Event,
    Forgotten,
    Heard,
    RefusedRequest,
    Scorecard,
    Skipped,
    rows,
    score,
)
from llm_service.types import DEFAULT_ROOM, Draft, Message, Reply

from .command import run
from .options import settings_of, settings_options

PATIENCE = 60.0
"""Seconds of the room's time that replies may still take after the last line."""


@click.command("replay")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--speed", type=click.FloatRange(0.1, 1000), default=1.0, help="how much faster than it was recorded")
@click.option("--policy", "policies", type=click.Path(path_type=Path, exists=True), multiple=True, help="JSON of knobs")
@click.option("--json", "out", type=click.Path(path_type=Path, dir_okay=False), help="file for the figures")
@settings_options()
def replay_command(file: Path, speed: float, policies: tuple[Path, ...], out: Path | None, **flags: Any) -> None:
    """Play the recorded room in FILE against the real service, once for each --policy, and compare."""
    settings = settings_of(flags).settings
    configure("error", "text")
    run(replay(settings, file, policies, Console(), speed=speed, out=out))


@dataclass(frozen=True, slots=True)
class Recorded:
    """One line of a recording: something said, or something deleted, at a second from its beginning."""

    at: float
    draft: Draft | None = None
    forget: str | None = None


@dataclass(slots=True)
class Record:
    """What happened while it was played."""

    names: tuple[str, ...]
    events: list[Event] = field(default_factory=list)
    merged: set[str] = field(default_factory=set)
    """Ids that repeat another line, as the decisions said that chose them."""
    last_id: str = ""

    def add(self, event: RoomEvent) -> None:
        """Note what happened."""
        self.last_id = event.id
        match event.value:
            case Message() as message:
                called = addressed(message, self.names) is not None
                self.events.append(
                    Heard(message_id=message.id, viewer=viewer_of(message), at=message.sent_at, called=called)
                )
            case Reply() as reply:
                merged = tuple(id_ for id_ in reply.answers if id_ in self.merged)
                self.events.append(Answered(at=reply.created_at, answers=reply.answers, merged=merged, text=reply.text))
            case Decision() as decision:
                self._add_decision(decision)

    def _add_decision(self, decision: Decision) -> None:
        self.merged.update(decision.merged)
        if decision.skipped:
            self.events.append(Skipped(message_ids=decision.skipped))
        for reason, ids in decision.dropped.items():
            self.events.append(Dropped(message_ids=ids, reason=reason))


def read(file: Path) -> list[Recorded]:
    """The recording, in order of time from 0. Raises :class:`InputError` that names the line."""
    found = []
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        if line.strip():
            try:
                found.append(_recorded(json.loads(line)))
            except (ValueError, KeyError, TypeError) as exc:
                raise InputError(f"Line {number} of {file.name} is not a message with sent_at, nor a forget.") from exc
    if not found:
        raise InputError(f"There is nothing in {file.name}.")
    found.sort(key=lambda one: one.at)
    return [Recorded(one.at - found[0].at, one.draft, one.forget) for one in found]


def _recorded(line: Mapping[str, Any]) -> Recorded:
    if "forget" in line:
        return Recorded(float(line["sent_at"]), forget=str(line["forget"]))
    at = float(line["sent_at"])
    body = ChatMessage.model_validate({name: value for name, value in line.items() if name != "sent_at"})
    return Recorded(at, draft=body.draft())


def read_policy(file: Path) -> Policy:
    """A policy from a JSON file of knobs; it drives itself, whatever the file says."""
    try:
        return Policy.from_json({**json.loads(file.read_text(encoding="utf-8")), "mode": "auto"})
    except (OSError, ValueError, TypeError) as exc:
        raise InputError(f"The policy file {file.name} cannot be read.") from exc


async def play(settings: Settings, lines: Sequence[Recorded], policy: Policy, *, speed: float) -> Scorecard:
    """Play a recording into a fresh room of the real service, and score it."""
    started = time.time()
    in_memory = settings.model_copy(update={"database_url": "sqlite:///:memory:"})
    async with open_service(in_memory, clock=lambda: started + (time.time() - started) * speed, speed=speed) as service:
        await service.engines.ready()
        dialogues = service.dialogues
        await dialogues.set_policy(policy.to_json())
        record = Record((settings.bot_name,))
        log = await dialogues.events()
        following = asyncio.create_task(_follow(log.follow(), record))
        await asyncio.sleep(0)
        with Progress(transient=True) as progress:
            task = progress.add_task("replaying", total=len(lines))
            for line in lines:
                await asyncio.sleep(max(0.0, started + line.at / speed - time.time()))
                await _happen(dialogues, line, record)
                progress.advance(task)
        await _settle(dialogues, speed)
        while record.last_id != log.last_id:  # noqa: ASYNC110 - what was told last has still to be read
            await asyncio.sleep(0)
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
    return score(record.events)


async def _follow(events: Any, record: Record) -> None:
    async for event in events:
        record.add(event)


async def _happen(dialogues: DialogueManager, line: Recorded, record: Record) -> None:
    try:
        if line.draft is not None:
            await dialogues.ingest([line.draft])
        elif line.forget is not None:
            await dialogues.forget_message(line.forget)
            record.events.append(Forgotten(message_id=line.forget))
    except UnknownMessage:
        return  # a moderator deleted what was never taken in
    except LLMServiceError as exc:
        record.events.append(RefusedRequest(code=exc.code))


async def _settle(dialogues: DialogueManager, speed: float) -> None:
    """Wait until nothing waits in the room any more."""
    try:
        async with asyncio.timeout(PATIENCE / speed):
            while await dialogues.waiting(room=DEFAULT_ROOM):  # noqa: ASYNC110 - a room that is done tells nobody
                await asyncio.sleep(0.05)
    except TimeoutError:
        return


async def replay(
    settings: Settings, file: Path, policies: Sequence[Path], console: Console, *, speed: float, out: Path | None
) -> None:
    """Play a recording once for each policy, print the figures side by side, and write them to ``out``."""
    lines = read(file)
    named = {path.stem: read_policy(path) for path in policies} or {"default": Policy(mode="auto")}
    cards = {name: await play(settings, lines, policy, speed=speed) for name, policy in named.items()}
    head, *body = rows(cards)
    table = Table(*head, box=None, header_style="bold")
    for row in body:
        table.add_row(*row)
    console.print(table)
    if out is not None:
        figures = json.dumps({name: card.to_dict() for name, card in cards.items()}, indent=2)
        await asyncio.to_thread(out.write_text, figures + "\n")
