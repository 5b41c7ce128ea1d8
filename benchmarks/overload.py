"""What overload does: an engine with four slots, asked for one to ten times what it can answer.

The service runs on one core; the engine (scripted, with a fixed time an answer) and the driver on another, all of them
before other programs where the system allows it (as root). What a refusal costs is CPU time, which a busy machine does
not distort: that of a round less what its answers cost in the round with the fewest refusals. Requests
arrive at random moments, each from a viewer and a room of its own, whether or not earlier ones were answered. Goodput
is what was answered well within the deadline; what is refused should be refused at once, and say when to come back.

    python benchmarks/overload.py [--seconds 6] [--loads 1 2 4 10] [--url http://127.0.0.1:8000]
"""

import argparse
import asyncio
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from rich.console import Console
from rich.progress import track

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from gateway_load import cpu_seconds  # noqa: E402 - found by the line above
from scripted_lm_studio import ScriptedLMStudio  # noqa: E402 - found by the line above

SLOTS = 4
ANSWER_SECONDS = 0.2
CAPACITY = SLOTS / ANSWER_SECONDS
DEADLINE = 5.0


@dataclass
class Round:
    """What became of the requests of one load."""

    load: float
    seconds: float = 0.0
    good: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    polite: int = 0
    """Refusals that said when to come back."""
    failed: dict[str, int] = field(default_factory=dict)
    health: list[float] = field(default_factory=list)
    cpu: float = 0.0
    """Seconds that the service computed."""

    @property
    def goodput(self) -> float:
        """Answers a second."""
        return len(self.good) / self.seconds


def pin(core: int, pid: int = 0) -> None:
    """Keep a process on one core, where the system can."""
    if hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(pid, {core})


def hurry() -> None:
    """Run before other programs, and so what is started from here."""
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, -10)


@asynccontextmanager
async def service(engine_url: str) -> AsyncIterator[tuple[str, int]]:
    """The service of this project, in a process of its own: where it is, and which process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as data:
        settings = {
            "ENGINE": "lmstudio",
            "BASE_URL": engine_url,
            "PORT": port,
            "DATA_DIR": data,
            "RATE_LIMIT": "off",
            "DEADLINE": DEADLINE,
            "LOG_LEVEL": "error",
        }
        environment = {f"LLM_SERVICE_{name}": str(value) for name, value in settings.items()}
        command = [sys.executable, "-c", "from llm_service.cli import main; main()", "serve"]
        paths = os.pathsep.join(filter(None, [str(ROOT / "src"), os.environ.get("PYTHONPATH")]))
        process = subprocess.Popen(command, env={**os.environ, **environment, "PYTHONPATH": paths})
        pin(0, process.pid)
        try:
            await until_healthy(f"http://127.0.0.1:{port}")
            yield f"http://127.0.0.1:{port}", process.pid
        finally:
            process.terminate()
            process.wait()


async def until_healthy(url: str) -> None:
    async with asyncio.timeout(60), aiohttp.ClientSession() as session:
        while True:
            with suppress(aiohttp.ClientError):
                async with session.get(f"{url}/health") as response:
                    if response.status == 200:
                        return
            await asyncio.sleep(0.1)


async def ask(session: aiohttp.ClientSession, url: str, name: str, found: Round) -> None:
    start = time.perf_counter()
    body = {"username": name, "message": f"Hello from {name}", "emotes": []}
    try:
        async with session.post(f"{url}/rooms/{name}/chat", json=body) as response:
            await response.read()
            took = time.perf_counter() - start
            if response.status == 200 and took <= DEADLINE:
                found.good.append(took)
            elif response.status in {429, 503}:
                found.refused.append(took)
                found.polite += "Retry-After" in response.headers
            else:
                count(found, str(response.status))
    except aiohttp.ClientError as exc:
        count(found, type(exc).__name__)


def count(found: Round, what: str) -> None:
    found.failed[what] = found.failed.get(what, 0) + 1


async def probe_health(session: aiohttp.ClientSession, url: str, found: Round) -> None:
    while True:
        start = time.perf_counter()
        with suppress(aiohttp.ClientError):
            async with session.get(f"{url}/health") as response:
                await response.read()
        found.health.append(time.perf_counter() - start)
        await asyncio.sleep(0.05)


async def play(url: str, load: float, seconds: float, number: int, pid: int | None = None) -> Round:
    """Requests at ``load`` times the capacity for so many seconds, and until the last is answered."""
    found = Round(load)
    dice = random.Random(number)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        prober = asyncio.create_task(probe_health(session, url, found))
        start, cpu = time.perf_counter(), cpu_seconds(pid)
        due, asked = start, []
        while due < start + seconds:
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            asked.append(asyncio.create_task(ask(session, url, f"v{number}x{len(asked)}", found)))
            due += dice.expovariate(load * CAPACITY)
        await asyncio.gather(*asked)
        found.seconds = max(time.perf_counter() - start, seconds)
        found.cpu = cpu_seconds(pid) - cpu
        prober.cancel()
        await asyncio.gather(prober, return_exceptions=True)
    return found


def at(share: float, times: Sequence[float]) -> str:
    if not times:
        return "–"
    return f"{1000 * sorted(times)[min(len(times) - 1, int(share * len(times)))]:.0f}"


def show(rounds: Sequence[Round], engine: ScriptedLMStudio) -> None:
    peak = max(found.goodput for found in rounds)
    print(f"engine: {SLOTS} slots, {1000 * ANSWER_SECONDS:.0f} ms an answer, so {CAPACITY:.0f} answers a second")
    print(f"most at once in the engine: {engine.most_running}\n")
    print(
        "load   goodput/s   of peak   answered ms p50/p99   refused   refused ms p50/p99   polite   /health p99   else"
    )
    calm = min(rounds, key=lambda found: len(found.refused))
    answer = calm.cpu / max(1, len(calm.good))
    for found in rounds:
        polite = f"{found.polite / len(found.refused):.0%}" if found.refused else "–"
        print(
            f"{found.load:>3.0f}×{found.goodput:>12.1f}{found.goodput / peak:>10.0%}"
            f"{at(0.5, found.good):>15} / {at(0.99, found.good):<5}{len(found.refused):>9}"
            f"{at(0.5, found.refused):>14} / {at(0.99, found.refused):<5}{polite:>8}"
            f"{at(0.99, found.health):>14}   {found.failed or ''}"
        )
        if found is not calm and found.refused and found.cpu:
            each = max(0.0, found.cpu - answer * len(found.good)) / len(found.refused)
            print(f"{'':5}CPU of the service: {1e6 * answer:.0f} µs an answer, {1e6 * each:.0f} µs a refusal")


async def main(arguments: argparse.Namespace) -> None:
    pin((os.cpu_count() or 1) - 1)
    hurry()
    async with ScriptedLMStudio() as engine:
        engine.think_time = ANSWER_SECONDS
        engine.models[0].parallel = SLOTS
        loads = track(list(enumerate(arguments.loads)), "rounds", transient=True, console=Console(stderr=True))
        if arguments.url:
            rounds = [await play(arguments.url, load, arguments.seconds, n) for n, load in loads]
        else:
            async with service(engine.base_url) as (url, pid):
                await play(url, 0.5, 2.0, 999)
                rounds = [await play(url, load, arguments.seconds, n, pid) for n, load in loads]
        show(rounds, engine)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Goodput and refusals under overload.")
    parser.add_argument("--seconds", type=float, default=6.0, help="length of each round")
    parser.add_argument("--loads", type=float, nargs="+", default=[1, 2, 4, 10], help="multiples of the capacity")
    parser.add_argument("--url", help="a service that runs already, on an engine of the same kind")
    asyncio.run(main(parser.parse_args()))
