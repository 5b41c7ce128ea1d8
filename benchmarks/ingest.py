"""What it costs to ingest a message, and whether that stays so: CPU, wall time and memory at 0 to a million stored
ones.

    python benchmarks/ingest.py [--database PATH_OR_URL] [--levels 0 10000 100000 1000000]

The database is filled to each level and measured there, single messages and batches of 100 in turn (A B A B). CPU is
that of this process, all threads; the time of a PostgreSQL server is not in it. Ids are random, names and words are
drawn as a chat draws them (few say much; Zipf), so that indexes grow as they really do.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import resource
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from llm_service.store import Store, open_store
from llm_service.types import Message

BATCH = 100
ROUNDS = 4
FILL = 2_000


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one message."""

    cpu_us: float
    wall_us: float


def chat(seed: int) -> Iterator[Message]:
    """An endless chat of about ten words a line."""
    rng = random.Random(seed)
    while True:
        username = f"viewer{int(rng.paretovariate(0.6)) % 50_000}"
        line = " ".join(f"word{int(rng.paretovariate(0.5)) % 30_000}" for _ in range(rng.randint(3, 16)))
        yield Message(
            id=str(UUID(int=rng.getrandbits(128))),
            username=username,
            speaker=username,
            text=line,
            line=line,
            emotes=("Kappa",) if rng.random() < 0.3 else (),
            sent_at=time.time(),
        )


def take(source: Iterator[Message], count: int) -> list[Message]:
    return [next(source) for _ in range(count)]


async def cost(store: Store, batches: list[list[Message]]) -> Cost:
    cpu, wall = time.process_time(), time.perf_counter()
    for batch in batches:
        await store.append(batch)
    count = sum(map(len, batches))
    return Cost((time.process_time() - cpu) / count * 1e6, (time.perf_counter() - wall) / count * 1e6)


async def measure(store: Store, source: Iterator[Message]) -> tuple[Cost, Cost]:
    """Single and batched, in turn; of each the median round."""
    single, batched = [], []
    for _ in range(ROUNDS):
        single.append(await cost(store, [[message] for message in take(source, 50)]))
        batched.append(await cost(store, [take(source, BATCH) for _ in range(20)]))
    return middle(single), middle(batched)


def middle(costs: list[Cost]) -> Cost:
    return sorted(costs, key=lambda each: each.cpu_us)[len(costs) // 2]


def resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


async def run(database: str, levels: list[int]) -> None:
    source, stored = chat(seed=1), 0
    async with open_store(database) as store:
        await store.append(take(source, 1))
        print(f"{store.health()}\n")
        print(f"{'stored':>9} | {'one: CPU µs':>11} {'wall µs':>8} | {'of 100: CPU µs':>14} {'wall µs':>8} | RSS MB")
        first: Cost | None = None
        for level in levels:
            while stored < level:
                await store.append(take(source, FILL))
                stored += FILL
            single, batched = await measure(store, source)
            stored += ROUNDS * (50 + 20 * BATCH)
            first = first or batched
            print(
                f"{level:>9,} | {single.cpu_us:>11.0f} {single.wall_us:>8.0f} | {batched.cpu_us:>14.1f} "
                f"{batched.wall_us:>8.1f} | {resident_mb():>6.1f}   ×{batched.cpu_us / first.cpu_us:.2f}",
                flush=True,
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", help="a path or URL to use and keep; a temporary file if not given")
    parser.add_argument("--levels", type=int, nargs="+", default=[0, 10_000, 100_000, 1_000_000])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(run(options.database or str(Path(folder, "ingest.db")), options.levels))


if __name__ == "__main__":
    main()
