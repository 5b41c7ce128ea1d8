"""What it costs to ingest a message, and whether that stays so.

    python benchmarks/ingest.py [--only service store] [--seconds 3] [--levels 0 10000 100000 1000000]
                                [--database PATH_OR_URL]

``service`` is the whole of it, as a bot sees it: ``POST /messages`` with one line and with up to 500, and a room of 50
lines a second for ten seconds, each a request of its own or what came within a tenth of a second in one. The room is
followed (``GET /events``) and, last, takes its turns by itself. The service runs as a process of its own as its users
run it, with its database on the disk; CPU is that of the process, all threads, less what it computes while nothing
comes in. Beside it stands a bare FastAPI echo: what a request costs that is read, checked, and done nothing with.

``store`` is the database alone, at 0 to a million stored messages. It is filled to each level and measured there,
single messages and batches of 100 in turn (A B A B). CPU is that of this process; the time of a PostgreSQL server is
not in it. Ids are random, names and words are drawn as a chat draws them (few say much; Zipf), so that indexes grow as
they really do.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import random
import resource
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import aiohttp
import uvloop

sys.path.insert(0, str(Path(__file__).resolve().parent))

from chat_text import WORDS
from gateway import Thing, peer, service
from gateway_load import Requests, Result, closed_loop, cpu_seconds, open_loop, post
from gateway_load import resident_mb as resident_mb_of
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


# ── The whole service ──

VOCABULARY = f"{WORDS['english']} {WORDS['slang']}".split()
RATE = 50
"""Lines a second of the busy room."""
WARM = 4_000
"""Lines that a room has before it is measured: as many as it keeps at hand."""


def spoken(seed: int) -> Iterator[dict]:
    """Lines of a Twitch chat, as bodies of ``POST /messages``: some seven words, now and then an emote or a mention."""
    rng = random.Random(seed)
    for number in itertools.count():
        username = f"viewer{int(rng.paretovariate(0.6)) % 50_000}"
        text = " ".join(rng.choices(VOCABULARY, k=rng.randint(1, 13)))
        mention = f"@viewer{rng.randrange(40)} " if rng.random() < 0.1 else ""
        yield {
            "username": username,
            "message": mention + text,
            "emotes": ["Kappa"] if rng.random() < 0.2 else [],
            "message_id": f"{seed}-{number}",
            "user_id": username[6:],
        }


def posts(seed: int, size: int, room: str = "default") -> Requests:
    """Requests of so many lines each."""
    lines = spoken(seed)
    while True:
        body = [next(lines) for _ in range(size)] if size > 1 else next(lines)
        yield post(f"/rooms/{room}/messages", json.dumps(body).encode())


def chats(seed: int) -> Requests:
    """The same lines for the echo."""
    for line in spoken(seed):
        yield post("/chat", json.dumps(line).encode())


@asynccontextmanager
async def followed(thing: Thing, room: str) -> AsyncIterator[None]:
    """While somebody reads the room's events."""

    async def read() -> None:
        async with session.get(f"{thing.url}/rooms/{room}/events") as events:
            async for _ in events.content.iter_any():
                pass

    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None)) as session:
        reading = asyncio.create_task(read())
        await asyncio.sleep(0.2)
        try:
            yield
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)


async def idle_cpu(thing: Thing, seconds: float) -> float:
    """Seconds of CPU that it takes in a second in which nothing happens."""
    before = cpu_seconds(thing.pid)
    await asyncio.sleep(seconds)
    return (cpu_seconds(thing.pid) - before) / seconds


async def as_fast_as_it_goes(thing: Thing, echo: Thing, seconds: float) -> None:
    idle = await idle_cpu(thing, seconds)
    print(f"service at rest: {1e3 * idle:.1f} ms of CPU a second\n")
    print(f"{'POST /messages':34}{'lines/s':>9}{'CPU µs a line':>15}")
    seeds = itertools.count(1)
    await closed_loop(thing.url, [posts(next(seeds), 500)], WARM / 5_000, thing.pid)
    visits = {(size, callers): Result() for size, callers in ((1, 1), (1, 16), (10, 1), (100, 1), (500, 1))}
    beside = Result()
    for _ in range(ROUNDS):
        for size, callers in visits:
            wanted = [posts(next(seeds), size) for _ in range(callers)]
            visits[size, callers] += await closed_loop(thing.url, wanted, seconds / ROUNDS, thing.pid)
        beside += await closed_loop(echo.url, [chats(next(seeds))], seconds / ROUNDS, echo.pid)
    costs: dict[int, float] = {}
    for (size, callers), result in visits.items():
        what = f"{size} a request" + (f", {callers} at a time" if callers > 1 else "")
        cost = show(what, result, size * len(result.latencies), idle)
        costs.setdefault(size, cost * size)
    show("bare FastAPI echo, 1 a request", beside, len(beside.latencies), 0.0)
    line = (costs[500] - costs[1]) / 499
    print(f"  so a line costs {line:.0f} µs, and the request and the transaction around it {costs[1] - line:.0f} µs")


async def busy_room(thing: Thing, echo: Thing, seconds: float) -> None:
    """Fifty lines a second for ten seconds, in rooms that have a past."""
    print(f"\n{f'{RATE} lines a second for {seconds:.0f} s':34}{'lines/s':>9}{'CPU µs a line':>15}")
    idle = await idle_cpu(thing, 2)
    for number, (mode, size) in enumerate([("manual", 1), ("manual", RATE // 10), ("auto", 1), ("auto", RATE // 10)]):
        room = f"busy{number}"
        await closed_loop(thing.url, [posts(1000 + number, 500, room)], WARM / 5_000, thing.pid)
        await set_mode(thing, room, mode)
        async with followed(thing, room):
            result = await open_loop(thing.url, [posts(2000 + number, size, room)], RATE / size, seconds, thing.pid)
        await set_mode(thing, room, "manual")
        show(f"{mode}, {size} a request, followed", result, size * len(result.latencies), idle)
    beside = await open_loop(echo.url, [chats(3000)], RATE, seconds, echo.pid)
    show("bare FastAPI echo, 1 a request", beside, len(beside.latencies), 0.0)


async def set_mode(thing: Thing, room: str, mode: str) -> None:
    """Let the room take its turns by itself, or not."""
    async with (
        aiohttp.ClientSession() as session,
        session.put(f"{thing.url}/rooms/{room}/policy", json={"mode": mode}) as answer,
    ):
        assert answer.status == 200, await answer.text()


def show(what: str, result: Result, lines: int, idle: float) -> float:
    """One row; returns the CPU of a line, in microseconds."""
    cpu = result.cpu - idle * result.seconds
    failed = f"  {result.failed} failed" if result.failed else ""
    print(f"  {what:32}{lines / result.seconds:9.0f}{1e6 * cpu / lines:15.1f}{failed}", flush=True)
    return 1e6 * cpu / lines


async def whole_service(seconds: float) -> None:
    async with peer("engine") as engine, peer("echo") as echo, service(engine.url) as ours:
        await as_fast_as_it_goes(ours, echo, seconds)
        await busy_room(ours, echo, 10.0)
        print(f"\nservice in memory: {resident_mb_of(ours.pid):.0f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=["service", "store"], default=["service", "store"])
    parser.add_argument("--seconds", type=float, default=3.0, help="of each visit to the service")
    parser.add_argument("--database", help="a path or URL to use and keep; a temporary file if not given")
    parser.add_argument("--levels", type=int, nargs="+", default=[0, 10_000, 100_000, 1_000_000])
    options = parser.parse_args()
    if "service" in options.only:
        uvloop.run(whole_service(options.seconds))
        print()
    if "store" in options.only:
        with tempfile.TemporaryDirectory() as folder:
            asyncio.run(run(options.database or str(Path(folder, "ingest.db")), options.levels))


if __name__ == "__main__":
    main()
