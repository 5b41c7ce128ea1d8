"""Added latency, throughput and memory of the service, beside a bare FastAPI echo and a minimal proxy.

Everything runs as a process of its own on a fake engine that answers at once (or as slowly as told), and is visited in
turn, A B C A B C, so that a busy moment of the machine hits all of them. CPU per request is the column to trust on a
machine that is shared: it comes from the system's account of the process, not from a clock.

    python benchmarks/gateway.py [--quick] [--rounds 2] [--seconds 2] [--also NAME=http://host:port/v1 …]

``--also`` puts any OpenAI-compatible gateway beside them; let it use the engine at the port that ``--engine-port``
says. The service runs as a user would run it, with its log on, except that nothing is refused: no rate limit, and a
queue and slots for as many requests as there are connections.
"""

import argparse
import asyncio
import itertools
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import uvloop

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(Path(__file__).resolve().parent))

from chat_text import WORDS  # noqa: E402 - found by the line above
from gateway_load import (  # noqa: E402
    Requests,
    Result,
    closed_loop,
    open_loop,
    post,
    resident_mb,
    streams,
)
from gateway_peers import MODEL, TOKENS  # noqa: E402

SETTINGS = {"engine": "lmstudio", "rate_limit": "off", "queue_size": 2000, "slots": 256, "deadline": 60}
"""What the service is told beside addresses: nothing is refused. Everything else is as it comes."""
LINE = "which boss gives you the most trouble on this route, and is the new skip worth it in a real run?"
"""What a viewer says who repeats it."""
_WORDS = f"{WORDS['english']} {WORDS['slang']}".split()


def line(dice: random.Random) -> str:
    """What viewers say otherwise: some sixty characters, never the same."""
    return f"{' '.join(dice.choices(_WORDS, k=11))} {dice.randrange(1000)}"


@dataclass(frozen=True)
class Thing:
    """Something that answers. ``pid`` is None where it is not ours to look into."""

    name: str
    url: str
    pid: int | None
    speaks: str = "chat"
    """``chat`` (this project's API), ``plain`` (the same without rooms and ids) or ``openai``."""
    room: str = ""
    """The room that everybody talks in, if not the default one or one for each connection."""

    def requests(self, connection: int, *, stream: bool = False, rooms: int = 1) -> Requests:
        """Different messages without end, of one viewer."""
        path = "/chat/stream" if stream else "/chat"
        room = self.room or (f"room{connection % rooms}" if rooms > 1 else "")
        if self.speaks == "chat" and room:
            path = f"/rooms/{room}{path}"
        dice = random.Random(f"{connection} {stream} {rooms} {time.monotonic()}")
        while True:
            said = line(dice)
            if self.speaks == "openai":
                message = {"role": "user", "content": f"viewer{connection}: {said}"}
                body = {"model": MODEL, "messages": [message], "stream": stream, "max_tokens": 256}
                yield post(f"{urlsplit(self.url).path.rstrip('/')}/chat/completions", json.dumps(body).encode())
            else:
                body = {"username": f"viewer{connection}", "message": said, "emotes": []}
                yield post(path, json.dumps(body).encode())

    def repeated(self, connection: int) -> Requests:
        """The same message over and over."""
        body = {"username": f"viewer{connection}", "message": LINE, "emotes": [], "message_id": f"again{connection}"}
        return itertools.repeat(post("/chat", json.dumps(body).encode()))


# ── Starting ──


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@asynccontextmanager
async def running(name: str, command: Sequence[str], port: int, page: str, **environment: str) -> AsyncIterator[Thing]:
    """A process that answers, stopped afterwards."""
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, env={**os.environ, **environment}, stderr=log)
        try:
            url = f"http://127.0.0.1:{port}"
            await until_it_answers(url + page)
            yield Thing(name, url, process.pid, "chat" if name == "service" else "plain")
        finally:
            process.terminate()
            process.wait()


async def until_it_answers(url: str) -> None:
    async with asyncio.timeout(60), aiohttp.ClientSession() as session:
        while True:
            with suppress(aiohttp.ClientError):
                async with session.get(url) as response:
                    if response.status == 200:
                        return
            await asyncio.sleep(0.1)


def peer(kind: str, *arguments: str, port: int = 0):
    """The engine, the echo or the proxy."""
    port = port or free_port()
    page = "/v1/models" if kind == "engine" else "/health"
    script = str(ROOT / "benchmarks" / "gateway_peers.py")
    return running(kind, [sys.executable, script, kind, str(port), *arguments], port, page)


@asynccontextmanager
async def service(engine_url: str) -> AsyncIterator[Thing]:
    """The service of this project, with a database file of its own."""
    with tempfile.TemporaryDirectory() as data:
        port = free_port()
        settings = {**SETTINGS, "base_url": f"{engine_url}/v1", "port": port, "data_dir": data}
        environment = {f"LLM_SERVICE_{name.upper()}": str(value) for name, value in settings.items()}
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT / "src"), os.environ.get("PYTHONPATH")]))
        command = [sys.executable, "-c", "from llm_service.cli import main; main()", "serve"]
        async with running("service", command, port, "/health", **environment) as thing:
            yield thing


async def script(engine: Thing, **changes: object) -> None:
    """Tell the engine how to answer from now on."""
    async with aiohttp.ClientSession() as session:
        await session.put(f"{engine.url}/script", data=json.dumps(changes))


# ── Measuring ──


async def in_turn(things: Sequence[Thing], rounds: int, visit) -> dict[str, Result]:
    """Visit every thing once a round; what came of its visits, added up."""
    found: dict[str, Result] = {}
    for _ in range(rounds):
        for thing in things:
            result = await visit(thing)
            found[thing.name] = found[thing.name] + result if thing.name in found else result
    return found


def at(share: float, times: Sequence[float]) -> float:
    """Milliseconds."""
    return 1000 * sorted(times)[min(len(times) - 1, int(share * len(times)))] if times else float("nan")


def show(title: str, found: dict[str, Result], beside: str, per: int = 1, unit: str = "request") -> None:
    """One table. ``beside`` is the thing that ratios are taken to; ``per`` is what one answer is made of."""
    base = found[beside]
    print(f"\n{title}")
    print(f"  {'':14}{unit + 's/s':>12}{'CPU µs each':>13}{'p50 ms':>9}{'p99 ms':>9}{'rate ×':>9}{'CPU ×':>8}  failed")
    for name, result in found.items():
        each = 1e6 * result.cpu / max(1, per * len(result.latencies))
        base_each = 1e6 * base.cpu / max(1, per * len(base.latencies))
        times = result.lags or result.latencies
        print(
            f"  {name:14}{per * result.rate:12.0f}{f'{each:.0f}' if result.cpu else '–':>13}{at(0.5, times):9.2f}"
            f"{at(0.99, times):9.2f}{result.rate / base.rate:9.2f}"
            f"{f'{each / base_each:.2f}' if result.cpu and base_each else '–':>8}  {result.failed or ''}"
        )


@dataclass(frozen=True)
class Bench:
    """What is compared, and how long."""

    engine: Thing
    echo: Thing
    proxy: Thing
    service: Thing
    others: tuple[Thing, ...]
    rounds: int
    seconds: float
    quick: bool

    @property
    def levels(self) -> tuple[int, ...]:
        """Connections of the closed loop."""
        return (16,) if self.quick else (1, 16, 64, 256)

    async def uncached(self) -> None:
        """Different messages, blocking: each connection a room of its own, and all in one room."""
        things = (self.proxy, self.service, *self.others)
        rates = {}
        for rooms in (1000, 1):
            for level in self.levels:

                async def visit(thing: Thing, level: int = level, rooms: int = rooms) -> Result:
                    wanted = [thing.requests(number, rooms=rooms) for number in range(level)]
                    return await closed_loop(thing.url, wanted, self.seconds, thing.pid)

                found = await in_turn(things, self.rounds, visit)
                rates[level] = found["service"].rate
                show(f"/chat, {'one room' if rooms == 1 else 'many rooms'}, {level} connections", found, "proxy")
            if not self.quick:
                print(f"  256 connections over 16: {rates[256] / rates[16]:.2f}")

    async def relayed(self) -> None:
        """Different OpenAI requests, blocking: no room, nothing but the way to the engine and back."""
        ours = (replace(thing, url=f"{thing.url}/v1", speaks="openai") for thing in (self.proxy, self.service))
        things = (*ours, *self.others)
        for level in self.levels:

            async def visit(thing: Thing, level: int = level) -> Result:
                wanted = [thing.requests(number) for number in range(level)]
                return await closed_loop(thing.url, wanted, self.seconds, thing.pid)

            show(f"/v1/chat/completions, {level} connections", await in_turn(things, self.rounds, visit), "proxy")

    async def paced(self) -> None:
        """Added latency at a rate that a chat has, without saturation."""
        direct = Thing("engine", f"{self.engine.url}", self.engine.pid, "plain")
        for rate in (40, 200):

            async def visit(thing: Thing, rate: int = rate) -> Result:
                wanted = [thing.requests(number, rooms=1000) for number in range(16)]
                return await open_loop(thing.url, wanted, rate, self.seconds, thing.pid)

            found = await in_turn((direct, self.proxy, self.service, *self.others), self.rounds, visit)
            show(f"/chat at {rate} requests a second (p50 and p99 less the engine's are what is added)", found, "proxy")

    async def repeats(self) -> None:
        """A message that was answered already, again and again."""
        for level in self.levels:

            async def visit(thing: Thing, level: int = level) -> Result:
                wanted = [thing.repeated(number) for number in range(level)]
                return await closed_loop(thing.url, wanted, self.seconds, thing.pid)

            await visit(self.service)
            found = await in_turn((self.echo, self.service), self.rounds, visit)
            show(f"/chat, the same message_id again, {level} connections", found, "echo")

    async def completions(self) -> None:
        """An OpenAI request with ten messages that was answered already, again and again."""
        lines = [{"role": role, "content": LINE} for role in ["system", "user", "assistant"] * 3]
        body = {"model": MODEL, "messages": [*lines, {"role": "user", "content": LINE}], "max_tokens": 256}
        request = post("/v1/chat/completions", json.dumps(body).encode())
        for level in self.levels:

            async def visit(thing: Thing, level: int = level) -> Result:
                return await closed_loop(thing.url, [itertools.repeat(request)] * level, self.seconds, thing.pid)

            await visit(self.service)
            found = await in_turn((self.echo, self.service), self.rounds, visit)
            show(f"/v1/chat/completions from the cache, {level} connections", found, "echo")

    async def streamed(self) -> None:
        """Many streams at a speaking pace, and streams that come at once."""
        things = (self.proxy, self.service, *self.others)
        number, events = (16, 100) if self.quick else (64, 300)

        async def visit(thing: Thing) -> Result:
            wanted = [thing.requests(number, stream=True, rooms=1000) for number in range(number)]
            return (await streams(thing.url, wanted, thing.pid))[0]

        first = [self.service.requests(0)]  # it shows whether prompts end in a thought; until then, all is held back
        await closed_loop(self.service.url, first, 0.1, self.service.pid)
        await script(self.engine, events=events, gap=0.01)
        found = await in_turn(things, self.rounds, visit)
        show(
            f"streamed, {number} streams × 100 events/s (ms from engine to caller; ours waits for a token more)",
            found,
            "proxy",
            events,
            "event",
        )
        await script(self.engine, events=TOKENS, gap=0.0)

        async def burst(thing: Thing) -> Result:
            wanted = [thing.requests(number, stream=True, rooms=1000) for number in range(16)]
            return await closed_loop(thing.url, wanted, self.seconds, thing.pid)

        show("streamed at once, 16 connections", await in_turn(things, self.rounds, burst), "proxy", TOKENS, "event")

    async def long_streams(self) -> None:
        """Whether an event late in a stream costs more than an early one."""
        events, number, gap = (2_000, 4, 0.001) if self.quick else (10_000, 4, 0.001)
        await script(self.engine, events=events, gap=gap, letters=True)
        print(f"\n{events} events in one stream, CPU µs each: the last tenth over the first")
        for thing in (self.proxy, self.service):
            wanted = [thing.requests(n, stream=True, rooms=1000) for n in range(number)]
            slices = await streams(thing.url, wanted, thing.pid, watch=events * gap / 10)
            first, last = slices[0].cpu, slices[min(9, len(slices) - 1)].cpu
            each = 1e6 / (number * events / 10)
            print(f"  {thing.name:14}{first * each:8.1f}{last * each:8.1f}{last / first:8.2f}")
        await script(self.engine, events=TOKENS, gap=0.0, letters=False)

    async def memory(self) -> None:
        """What a service takes at its start, and for rooms."""
        rooms = 100 if self.quick else 1000
        async with peer("echo") as echo, service(self.engine.url) as fresh:
            least, start = resident_mb(echo.pid), resident_mb(fresh.pid)
            await ingest(fresh, [f"room{number}" for number in range(10)], 50)
            before = resident_mb(fresh.pid)
            await ingest(fresh, [f"more{number}" for number in range(rooms)], 50)
            grown = resident_mb(fresh.pid) - before
        print(f"\nmemory at start: echo {least:.0f} MB, service {start:.0f} MB, ratio {start / least:.2f}")
        print(f"memory for {rooms:,} rooms of 50 messages: {grown:.1f} MB")

    async def stored(self) -> None:
        """Whether a turn costs more in a room with many stored messages."""
        many = 2_000 if self.quick else 10_000
        async with service(self.engine.url) as fresh:
            cost: dict[int, float] = {}
            for number in (many, 100):
                await ingest(fresh, [f"stored{number}"], number)
            for number in (100, many) * self.rounds:
                thing = Thing("stored", fresh.url, fresh.pid, room=f"stored{number}")
                result = await closed_loop(fresh.url, [thing.requests(0)], self.seconds / 2, fresh.pid)
                cost.setdefault(number, []).append(1e6 * result.cpu / len(result.latencies))
        few, lots = statistics.mean(cost[100]), statistics.mean(cost[many])
        print(f"\na turn with 100 messages stored: {few:.0f} µs CPU; with {many}: {lots:.0f}; ratio {lots / few:.2f}")


async def ingest(thing: Thing, rooms: Sequence[str], messages: int) -> None:
    """Lines of 120 characters, different ones, by twenty viewers."""
    dice = random.Random(messages)
    async with aiohttp.ClientSession() as session:
        for room in rooms:
            lines = [
                {"username": f"viewer{number % 20}", "message": f"{line(dice)} {line(dice)}"[:120], "emotes": []}
                for number in range(messages)
            ]
            for batch in batches(lines, 500):
                async with session.post(f"{thing.url}/rooms/{room}/messages", json=batch) as answer:
                    assert answer.status == 202, await answer.text()


def batches(lines: list, size: int) -> Iterator[list]:
    return (lines[at : at + size] for at in range(0, len(lines), size))


async def main(arguments: argparse.Namespace) -> None:
    async with AsyncExitStack() as stack:
        engine = await stack.enter_async_context(peer("engine", port=arguments.engine_port))
        echo = await stack.enter_async_context(peer("echo"))
        proxy = await stack.enter_async_context(peer("proxy", f"{engine.url}/v1"))
        ours = await stack.enter_async_context(service(engine.url))
        others = tuple(Thing(name, url, None, "openai") for name, _, url in (o.partition("=") for o in arguments.also))
        rounds, seconds = (1, 0.7) if arguments.quick else (arguments.rounds, arguments.seconds)
        bench = Bench(engine, echo, proxy, ours, others, rounds, seconds, arguments.quick)
        print(f"service: {', '.join(f'{name}={value}' for name, value in SETTINGS.items())}; all else as it comes")
        print(f"engine: {engine.url}/v1, answers of {TOKENS} tokens")
        everything = [
            "uncached",
            "relayed",
            "paced",
            "repeats",
            "completions",
            "streamed",
            "long_streams",
            "memory",
            "stored",
        ]
        parts = arguments.only or everything
        for part in parts:
            await getattr(bench, part)()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Added latency, throughput and memory, beside others.")
    parser.add_argument("--quick", action="store_true", help="a look at everything in under a minute")
    parser.add_argument("--rounds", type=int, default=2, help="visits to each thing")
    parser.add_argument("--seconds", type=float, default=2.0, help="length of a visit")
    parser.add_argument("--also", action="append", default=[], metavar="NAME=URL", help="another gateway's base URL")
    parser.add_argument("--engine-port", type=int, default=0, help="port of the fake engine; default: a free one")
    parser.add_argument(
        "--only",
        nargs="+",
        help="parts to run: uncached relayed paced repeats completions streamed long_streams memory …",
    )
    uvloop.run(main(parser.parse_args()))
