"""What metrics and traces cost: CPU of a cached /chat with them and without, in turn (A B A B) in one process.

The app is called in process, without a network. Every request opens a room of its own with the same words, so that its
prompt is the same and the answer comes from the cache; the store is SQLite in memory. "Without" means that the layer
that counts requests is passed by, and that observing, counting and tracing do nothing. No OpenTelemetry SDK runs.

    python benchmarks/telemetry.py [--requests 300] [--rounds 12]
"""

import argparse
import asyncio
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
from llm_service.api.request_counts import RequestCounts
from llm_service.dialogue_manager import turn
from llm_service.dialogue_manager.counters import DialogueCounters
from llm_service.llm_client.state import Counters
from llm_service.logs import configure
from llm_service.measures import Distribution
from llm_service.settings import Settings
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
    async def passed_by(self, scope, receive, send):
        await self.app(scope, receive, send)

    def ignore(*_, **__):
        pass

    def no_step(_):
        return nullcontext()

    untold = SimpleNamespace(**dict.fromkeys(TRACE, ignore), step=no_step)

    with (
        mock.patch.object(RequestCounts, "__call__", passed_by),
        mock.patch.object(Distribution, "observe", ignore),
        mock.patch.object(Distribution, "timed", return_value=nullcontext()),
        mock.patch.object(DialogueCounters, "turn_over", ignore),
        mock.patch.object(Counters, "answered", ignore),
        mock.patch.object(turn, "AnswerTrace", return_value=untold),
    ):
        yield


async def microseconds(app, rooms: list[str]) -> float:
    start = time.process_time()
    for room in rooms:
        await chat(app, room)
    return (time.process_time() - start) / len(rooms) * 1e6


async def measure(requests: int, rounds: int) -> None:
    async with ScriptedLMStudio() as lm:
        settings = Settings(
            engine="lmstudio", base_url=lm.base_url, database_url="sqlite:///:memory:", rate_limit=None, topics=False
        )
        app = create_app(settings)
        async with app.router.lifespan_context(app):
            await chat(app, "first")
            await microseconds(app, [f"warm-{number}" for number in range(200)])
            taken = {"with": [], "without": []}
            for number in range(rounds):
                for name, measured in (("with", nullcontext()), ("without", nothing_measured())):
                    with measured:
                        rooms = [f"{name}-{number}-{room}" for room in range(requests)]
                        taken[name].append(await microseconds(app, rooms))
            print(f"{len(lm.requests)} request(s) reached the engine")
    median = {name: statistics.median(values) for name, values in taken.items()}
    least = {name: min(values) for name, values in taken.items()}
    print(f"{'':8} {'with µs':>9} {'without µs':>11} {'added':>7}")
    for name, values in (("median", median), ("least", least)):
        print(f"{name:8} {values['with']:9.1f} {values['without']:11.1f} {values['with'] / values['without'] - 1:7.1%}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--requests", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=12)
    options = parser.parse_args()
    configure("error", "text")
    asyncio.run(measure(options.requests, options.rounds))


if __name__ == "__main__":
    main()
