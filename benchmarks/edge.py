"""What the edge costs: CPU of one small JSON POST, with and without each check, and of hygiene and limits beside it.

The application is called in process, without a network, so that nothing but the checks is measured. Rounds of all
variants alternate in one run; the fastest round of each counts.

    python benchmarks/edge.py
"""

import asyncio
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))

from llm_service.api.edge import Edge, EdgeLimits, RateLimits, parse_keys
from llm_service.api.edge.body import StrictBodies
from llm_service.api.edge.head import BoundedHead, KnownHosts, KnownOrigins
from llm_service.api.edge.keys import Access
from llm_service.api.edge.request_id import marking, name_request
from llm_service.hygiene import neutralise_message

ROUNDS, REQUESTS = 15, 2000
SECRET = "0123456789abcdef"
BODY = b'{"username": "viewer123", "message": "What\'s your favorite game?", "emotes": ["PogChamp"]}'
SCOPE = {
    "type": "http",
    "method": "POST",
    "http_version": "1.1",
    "path": "/chat",
    "raw_path": b"/chat",
    "query_string": b"",
    "headers": [
        (b"host", b"127.0.0.1:8000"),
        (b"user-agent", b"bot/1.0"),
        (b"accept", b"*/*"),
        (b"authorization", f"Bearer {SECRET}".encode()),
        (b"content-type", b"application/json"),
        (b"content-length", str(len(BODY)).encode()),
    ],
}


async def application(scope, receive, send):
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"{}"})


async def receive():
    return {"type": "http.request", "body": BODY, "more_body": False}


async def send(message):
    pass


async def seconds_per_request(app) -> float:
    start = time.process_time()
    for _ in range(REQUESTS):
        await app({**SCOPE, "state": {}}, receive, send)
    return (time.process_time() - start) / REQUESTS


def checked(check):
    async def with_check(scope, receive, send):
        check(scope)
        await application(scope, receive, send)

    return with_check


def with_body(bodies):
    async def with_checked_body(scope, receive, send):
        await application(scope, await bodies.admit(scope, receive), send)

    return with_checked_body


def named(app):
    async def with_id(scope, receive, send):
        await app(scope, receive, marking(send, name_request(scope)))

    return with_id


def hygienic(app):
    async def with_hygiene(scope, receive, send):
        neutralise_message(username="viewer123", text="What's your favorite game?", emotes=["PogChamp"])
        await app(scope, receive, send)

    return with_hygiene


def limited(app):
    limits = RateLimits(viewer="1000000/s", flood="1000000/s", total="1000000/s")

    async def with_limits(scope, receive, send):
        await limits.hit(viewer="viewer123", text="What's your favorite game?", key="bot")
        await app(scope, receive, send)

    return with_limits


async def main() -> None:
    keys = parse_keys([f"bot:chat:{SECRET}", f"mod:moderate:{SECRET[::-1]}"])
    bodies = StrictBodies(EdgeLimits())
    variants = {
        "bare application": application,
        "request ids": named(application),
        "bounded head": checked(BoundedHead(EdgeLimits()).check),
        "known hosts": checked(KnownHosts().check),
        "known origins": checked(KnownOrigins().check),
        "access (2 keys)": checked(Access(keys).check),
        "strict bodies": with_body(bodies),
        "the whole edge": Edge(application, keys=keys),
        "hygiene of the message": hygienic(application),
        "limits in memory": limited(application),
    }
    best = dict.fromkeys(variants, float("inf"))
    for _ in range(ROUNDS):
        for name, app in variants.items():
            best[name] = min(best[name], await seconds_per_request(app))
    bare = best["bare application"]
    print(f"{'':24}{'µs a request':>14}{'more than bare':>16}")
    for name, seconds in best.items():
        print(f"{name:24}{seconds * 1e6:14.1f}{(seconds - bare) * 1e6:16.1f}")


if __name__ == "__main__":
    asyncio.run(main())
