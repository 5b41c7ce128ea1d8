"""Kill the store with ``kill -9`` at random moments under load, and see whether it kept its word.

    python benchmarks/kill.py [--kills 1000] [--database PATH_OR_URL] [--processes 1] [--seed 1]

Each round starts processes that write to a room of their own as fast as they can: messages, replies to them, and now
and then they forget one. They tell what was acknowledged through a pipe. Then they are killed, the database is opened
again, and everything is compared:

- lost: an acknowledged message or reply that is not there as it was said;
- half: a reply without one of the messages it answers, or one that is not found by one of them;
- undead: something that was acknowledged to be forgotten and is there;
- broken: places that are given twice, or (SQLite) an integrity check that complains.

Ends with 1 if any of these is not 0. The suite runs the same with fewer kills.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import random
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path

from rich.console import Console
from rich.progress import track

from llm_service.store import Store, open_store
from llm_service.types import Entry, Message, Reply

VIEWERS = 6
"""How many write at once in each process, so that transactions are shared."""

Told = tuple[str, str]
"""What happened to which id: ``said`` or ``replied`` once it is stored, ``forgetting`` before and ``forgot`` after."""


# ── The processes that are killed ────────────────────────────────────────────────────────────────────────────────


def talk(database: str, room: str, name: str, pipe: Connection) -> None:
    """Write until killed."""
    asyncio.run(_talk(database, room, name, pipe.send))


async def _talk(database: str, room: str, name: str, tell: Callable[[Told], None]) -> None:
    async with open_store(database) as store, asyncio.TaskGroup() as viewers:
        for viewer in range(VIEWERS):
            viewers.create_task(_view(store, room, f"{name}.{viewer}", tell))


async def _view(store: Store, room: str, name: str, tell: Callable[[Told], None]) -> None:
    rng = random.Random(name)
    for n in count():
        said = [line(room, f"{name}.{n}.{each}") for each in range(rng.choice([1, 1, 1, 5]))]
        stored = await store.append(said)
        for message in said:
            tell(("said", message.id))
        if rng.random() < 0.5:
            answer = reply_to(room, [s.message for s in stored])
            await store.commit_reply(answer)
            tell(("replied", answer.id))
        if rng.random() < 0.1:
            tell(("forgetting", said[0].id))
            await store.forget_message(room, said[0].id)
            tell(("forgot", said[0].id))


def line(room: str, message_id: str) -> Message:
    """A message that can be known again by its id alone."""
    text = f"I am {message_id}. " + "So it goes. " * (len(message_id) % 7)
    return Message(id=message_id, room=room, username=message_id[:6], text=text, speaker="x", line=text, sent_at=1.0)


def reply_to(room: str, said: list[Message]) -> Reply:
    """A reply that can be known again by its id alone."""
    ids = tuple(message.id for message in said)
    return Reply(id="+".join(ids), room=room, text="yes", raw=" ".join(ids), answers=ids, after=said[-1].position)


# ── The judge ────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class Witness:
    """What a killed process had told."""

    said: set[str] = field(default_factory=set)
    replied: set[str] = field(default_factory=set)
    forgetting: set[str] = field(default_factory=set)
    forgot: set[str] = field(default_factory=set)

    def hear(self, told: Told) -> None:
        """Take it down."""
        getattr(self, told[0]).add(told[1])


def judge(witness: Witness, room: str, entries: list[Entry], answered: dict[str, bool]) -> Counter[str]:
    """How often the store broke its word."""
    messages = {entry.id: entry for entry in entries if isinstance(entry, Message)}
    replies = {entry.id: entry for entry in entries if isinstance(entry, Reply)}
    going = witness.forgetting
    lost_messages = sum(m not in going and not as_said(messages.get(m), room) for m in witness.said)
    lost_replies = sum(not going & set(r.split("+")) and r not in replies for r in witness.replied)
    half = sum(not all(answered.get(m) for m in reply.answers) for reply in replies.values())
    torn = sum(r != "+".join(reply.answers) or reply.raw.split(" ") != r.split("+") for r, reply in replies.items())
    undead = sum(m in messages or any(m in reply.answers for reply in replies.values()) for m in witness.forgot)
    places = Counter(message.position for message in messages.values())
    return Counter(
        lost=lost_messages + lost_replies,
        half=half + torn,
        undead=undead,
        broken=sum(n > 1 for n in places.values()),
    )


def as_said(found: Message | None, room: str) -> bool:
    return found is not None and found.text == line(room, found.id).text


async def look(database: str, witness: Witness, room: str) -> Counter[str]:
    """Open the database and compare it with what was told."""
    async with open_store(database) as store:
        entries = await store.history(room, limit=1_000_000)
        answered = {}
        for entry in entries:
            if isinstance(entry, Reply):
                found = {m: await store.reply_for(room, m) for m in entry.answers}
                there = {message.id for message in entries if isinstance(message, Message)}
                answered |= {m: reply is not None and m in there for m, reply in found.items()}
        verdict = judge(witness, room, entries, answered)
        if len(await store.rooms()) % 50 == 0:
            for old in await store.rooms():
                await store.clear(old)
    verdict["broken"] += not sound(database)
    return verdict


def sound(database: str) -> bool:
    """SQLite's own opinion of its file, and nothing set aside."""
    if "://" in database:
        return True
    with sqlite3.connect(database) as connection:
        intact = connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()
    return intact and not list(Path(database).parent.glob("*.damaged-*"))


# ── Rounds ───────────────────────────────────────────────────────────────────────────────────────────────────────


def kill_round(database: str, room: str, processes: int, rng: random.Random) -> Witness:
    """Let some processes write, and kill each of them at a moment of its own after the first word of all."""
    context = multiprocessing.get_context("forkserver")
    running = []
    for n in range(processes):
        reading, writing = context.Pipe(duplex=False)
        process = context.Process(target=talk, args=(database, room, f"{room}.{n}", writing), daemon=True)
        process.start()
        writing.close()
        running.append((process, reading))
    witness = Witness()
    for _, reading in running:
        witness.hear(reading.recv())
    for process, reading in running:
        until = time.monotonic() + rng.uniform(0, 0.3)
        while (rest := until - time.monotonic()) > 0:
            if reading.poll(rest):
                witness.hear(reading.recv())
        process.kill()
    for process, reading in running:
        _drain(reading, witness)
        process.join()
    return witness


def _drain(reading: Connection, witness: Witness) -> None:
    try:
        while True:
            witness.hear(reading.recv())
    except (EOFError, OSError):
        reading.close()


def run(database: str, kills: int, processes: int, seed: int) -> Counter[str]:
    multiprocessing.set_forkserver_preload(["llm_service.store.postgres", "alembic.command"])
    rng, total = random.Random(seed), Counter[str]()
    stamp = f"{time.time_ns():x}"
    for n in track(range(1, kills + 1), "killing", transient=True, console=Console(stderr=True)):
        room = f"kill-{stamp}-{n}"
        witness = kill_round(database, room, processes, rng)
        total += Counter(told=len(witness.said), replies=len(witness.replied), forgotten=len(witness.forgot))
        verdict = asyncio.run(look(database, witness, room))
        total.update(verdict)
        if n % 50 == 0 or n == kills or +verdict:
            print(f"{n:>6} kills: {dict(total)}", flush=True)
    return total


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--database", help="a path or URL; a temporary file if not given")
    parser.add_argument("--processes", type=int, default=1, help="that write at once (PostgreSQL only)")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        database = options.database or str(Path(folder, "kill.db"))
        total = run(database, options.kills, options.processes, options.seed)
    sys.exit(any(total[fault] for fault in ("lost", "half", "undead", "broken")) or not total["told"])


if __name__ == "__main__":
    main()
