"""What metrics and traces cost: CPU of a cached /chat with them and without, in turn (A B A B) in one process.

The app is called in process, without a network. Every request opens a room of its own with the same words, so that its
prompt is the same and the answer comes from the cache; the store is SQLite in memory. "Without" means that counting,
observing and tracing do nothing. No OpenTelemetry SDK runs.

    python benchmarks/telemetry.py [--pairs 1000]
"""

import argparse
import asyncio
import gc
import statistics
import sys
import time
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from llm_service.api import create_app
from llm_service.dialogue_manager import turn
from llm_service.dialogue_manager.counters import DialogueCounters
from llm_service.llm_client.state import Counters
from llm_service.logs import configure
from llm_service.measures import Distribution
from llm_service.settings import Settings
from llm_service.telemetry import Requests
from llm_service.tracing import AnswerTrace
from scripted_lm_studio import ScriptedLMStudio

BODY = b'{"username": "viewer", "message": "Hello!", "emotes": []}'
HEADERS = [(b"host", b"127.0.0.1"), (b"content-type", b"application/json"), (b"content-length", b"%d" % len(BODY))]
TRACE = ("asked", "received", "end")


async def chat(app, room: str) -> None:
    path = f"/rooms/{room}/chat"
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "method": "POST",
        "http_version": "1.1",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": HEADERS,
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }
    sent, body = asyncio.Event(), [{"type": "http.request", "body": BODY, "more_body": False}]

    async def receive():
        if body:
            return body.pop()
        await sent.wait()
        return {"type": "http.disconnect"}

    async def send(message):
        assert message.get("status", 200) == 200, message
        if message["type"] == "http.response.body":
            sent.set()

    await app(scope, receive, send)


@contextmanager
def nothing_measured():
    def ignore(*_, **__):
        pass

    def no_step(*_):
        return nullcontext()

    untold = SimpleNamespace(**dict.fromkeys(TRACE, ignore), step=no_step, recording=False)

    def silent(_):
        return untold

    with (
        mock.patch.object(Requests, "count", ignore),
        mock.patch.object(Distribution, "observe", ignore),
        mock.patch.object(Distribution, "timed", no_step),
        mock.patch.object(DialogueCounters, "turn_over", ignore),
        mock.patch.object(Counters, "answered", ignore),
        mock.patch.object(turn, "AnswerTrace", silent),
    ):
        yield


async def microseconds(app, room: str) -> float:
    start = time.process_time()
    await chat(app, room)
    return (time.process_time() - start) * 1e6


async def measure(pairs: int) -> None:
    async with ScriptedLMStudio() as lm:
        settings = Settings(
            engine="lmstudio", base_url=lm.base_url, database_url="sqlite:///:memory:", rate_limit=None, topics=False
        )
        app = create_app(settings)
        async with app.router.lifespan_context(app):
            for number in range(100):
                await chat(app, f"warm-{number}")
            taken = {"with": [], "without": []}
            gc.disable()
            for number in range(pairs):
                variants = [("with", nullcontext()), ("without", nothing_measured())]
                for name, measured in variants if number % 2 else reversed(variants):
                    with measured:
                        taken[name].append(await microseconds(app, f"{name}-{number}"))
            print(f"{len(lm.requests)} request(s) reached the engine")
    print(f"{'':12} {'with µs':>9} {'without µs':>11} {'added':>7}")
    for name, reckon in (("median", statistics.median), ("best tenth", best_tenth)):
        have, lack = reckon(taken["with"]), reckon(taken["without"])
        print(f"{name:12} {have:9.1f} {lack:11.1f} {have / lack - 1:7.1%}")
    print(f"all instruments of a turn by themselves: {alone():.1f} µs")


def alone(repeats: int = 20_000) -> float:
    """Microseconds of everything that a turn measures, with nothing else around it."""
    requests, counters = Requests(), DialogueCounters()
    start = time.process_time()
    for _ in range(repeats):
        requests.count("/chat", 200, 0.01)
        trace = AnswerTrace("room")
        for name in ("queue", "engine", "clean", "store"):
            with trace.step(name):
                pass
        for _ in range(2):
            with counters.store_seconds.timed():
                pass
        trace.asked(None, None)
        trace.received(None, cached=True, first_token_ms=0)
        counters.turn_over("replied", 0.01)
        trace.end()
    return (time.process_time() - start) / repeats * 1e6


def best_tenth(values: list[float]) -> float:
    return statistics.mean(sorted(values)[: max(1, len(values) // 10)])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--pairs", type=int, default=1_000)
    options = parser.parse_args()
    configure("error", "text")
    asyncio.run(measure(options.pairs))


if __name__ == "__main__":
    main()
