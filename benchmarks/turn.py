"""What a turn costs below the HTTP edge: from a message to a reply that is stored, on an engine that answers at once.

    python benchmarks/turn.py [--against SOURCE_FOLDER] [--rounds 5] [--stored 100 10000] [--database URL]

CPU of the whole process for each turn, and the event loop's part of it; the rest is the store's thread. The median of
the rounds counts. ``--against`` names the ``src`` folder of another version: both then run side by side and are
measured in turn, A B A B, so that a busy moment of the machine hits both. ``--stored`` measures turns in a room that
holds so many messages already.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import uvloop

sys.path.insert(0, str(Path(__file__).resolve().parent))

from gateway import SETTINGS, free_port, line, peer

SOURCE = Path(__file__).resolve().parents[1] / "src"
BATCH = 500


@dataclass(frozen=True)
class Case:
    """Who talks where. Rooms go on from round to round."""

    name: str
    viewers: int
    rooms: int
    turns: int
    stored: int = 0
    """Messages that each room is given before it is measured."""


CASES = (
    Case("one viewer", 1, 1, 60),
    Case("16 viewers, 16 rooms", 16, 16, 320),
    Case("16 viewers, one room", 16, 1, 160),
)

# ── The process that is measured ──


async def serve(engine: str, database: str | None) -> None:
    """Take a case from each line of the input and say what its turns cost, garbage collected as ``serve`` has it."""
    from llm_service.cli.serve import YOUNG
    from llm_service.service import open_service
    from llm_service.settings import Settings

    with tempfile.TemporaryDirectory() as data:
        more = {"database_url": database} if database else {}
        settings = Settings(**SETTINGS, base_url=f"{engine}/v1", data_dir=data, **more)
        async with open_service(settings) as service:
            gc.collect()
            gc.set_threshold(YOUNG)
            gc.freeze()
            for asked in iter(sys.stdin.readline, ""):
                print(json.dumps(await measured(service, Case(**json.loads(asked)))), flush=True)


async def measured(service: Any, case: Case) -> tuple[float, float]:
    """Milliseconds of CPU for each turn: of the process, and of the loop's thread."""
    await fill(service, case)
    process, loop = time.process_time(), time.thread_time()
    dice = random.Random(process)
    left = iter(range(case.turns))
    await asyncio.gather(*(talk(service, f"{case.name} {n % case.rooms}", n, dice, left) for n in range(case.viewers)))
    each = 1000 / case.turns
    return (time.process_time() - process) * each, (time.thread_time() - loop) * each


async def talk(service: Any, room: str, viewer: int, dice: random.Random, left: Any) -> None:
    from llm_service.types import Draft

    for _ in left:
        async with service.chat(Draft(username=f"viewer{viewer}", text=line(dice)), room) as turn:
            await turn.reply()


async def fill(service: Any, case: Case) -> None:
    from llm_service.types import Draft

    room = f"{case.name} 0"
    missing = case.stored - (await service.dialogues.context(room=room)).messages
    dice = random.Random(case.stored)
    for start in range(0, missing, BATCH):
        lines = [Draft(username=f"viewer{n % 20}", text=line(dice)) for n in range(start, min(start + BATCH, missing))]
        await service.ingest(lines, room)


# ── Comparing ──


def started(stack: ExitStack, source: Path, engine: str, database: str | None) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(source)}
    command = [sys.executable, __file__, "--serve", engine, *(["--database", database] if database else [])]
    process = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    return stack.enter_context(process)


def ask(process: subprocess.Popen[str], case: Case) -> tuple[float, float]:
    assert process.stdin
    assert process.stdout
    process.stdin.write(json.dumps(case.__dict__) + "\n")
    process.stdin.flush()
    return json.loads(process.stdout.readline())


def compare(processes: Sequence[subprocess.Popen[str]], case: Case, rounds: int) -> None:
    found: list[list[tuple[float, float]]] = [[] for _ in processes]
    for number in range(rounds + 1):
        for process, costs in zip(processes, found, strict=True):
            cost = ask(process, case)
            if number:  # the first one warms up
                costs.append(cost)
    wholes = [median(whole for whole, _ in costs) for costs in found]
    shown = [
        f"{whole:9.2f} {median(loop for _, loop in costs):9.2f}" for whole, costs in zip(wholes, found, strict=True)
    ]
    ratio = f"{wholes[0] / wholes[1]:9.2f}" if len(wholes) > 1 else ""
    print(f"{case.name:26}{' '.join(shown)}{ratio}", flush=True)


async def main(options: argparse.Namespace) -> None:
    cases = [*CASES, *(Case(f"{stored:,} stored", 1, 1, 40, stored) for stored in options.stored)]
    sources = [SOURCE, *([options.against] if options.against else [])]
    async with peer("engine", port=free_port()) as engine:
        with ExitStack() as stack:
            processes = [started(stack, source, engine.url, options.database) for source in sources]
            heads = " ".join(f"{name:>9} {'loop':>9}" for name in ("this", "other")[: len(sources)])
            print(f"{'CPU ms a turn':26}{heads}{'ratio':>9}" if options.against else f"{'CPU ms a turn':26}{heads}")
            for case in cases:
                compare(processes, case, options.rounds)
            for process in processes:
                process.stdin.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="CPU of a turn below the HTTP edge.")
    parser.add_argument("--against", type=Path, help="the src folder of another version, to be compared with")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--stored", type=int, nargs="*", default=[100, 10_000], help="messages that a room holds")
    parser.add_argument("--database", help="a path or URL; a file of its own for each if not given")
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    options = parser.parse_args()
    uvloop.run(serve(options.serve, options.database) if options.serve else main(options))
