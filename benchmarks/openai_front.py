"""What the OpenAI-compatible front costs beside the least that a relay can do.

Three processes: an engine that sends one short event after another, a minimal relay (FastAPI and aiohttp: read a line,
parse it, write it anew), and the service. The same client streams from both in turn (A B A B), and the CPU time of each
server is read before and after. Events come either one by one, as a GPU makes them, or as fast as they can.

    python benchmarks/openai_front.py [--rounds 3] [--events 1000 10000]
"""

import argparse
import asyncio
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import aiohttp
import orjson
import psutil
import uvicorn
from aiohttp import web
from fastapi import FastAPI
from fastapi.responses import StreamingResponse

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "src"))

LETTERS = "abcdefgh ijklmn opqrst uvwxyz"
GAP = 0.0003
"""Seconds between two events that come one by one."""


def event(number: int) -> bytes:
    delta = {"role": "assistant", "content": random.Random(number).choice(LETTERS)}
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": None}
    chunk = {"id": "chatcmpl-x", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}
    return b"data: " + orjson.dumps(chunk) + b"\n\n"


# ── The engine ──


async def completions(request: web.Request) -> web.StreamResponse:
    words = (await request.json())["messages"][-1]["content"].split()
    events, gap = int(words[0]), float(words[1])
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    for number in range(events):
        await response.write(event(number))
        if gap:
            await asyncio.sleep(gap)
    end = {"id": "x", "model": "m", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    await response.write(b"data: " + orjson.dumps(end) + b"\n\ndata: [DONE]\n\n")
    return response


async def models(_: web.Request) -> web.Response:
    return web.json_response({"object": "list", "data": [{"id": "m", "object": "model"}]})


def serve_engine(port: int) -> None:
    app = web.Application()
    app.router.add_post("/v1/chat/completions", completions)
    app.router.add_get("/v1/models", models)
    web.run_app(app, host="127.0.0.1", port=port, print=None)


# ── The relay and the service ──


def serve_relay(port: int, engine: str) -> None:
    app = FastAPI()
    session: list[aiohttp.ClientSession] = []

    async def relayed(body: bytes):
        if not session:
            session.append(aiohttp.ClientSession())
        async with session[0].post(f"{engine}/v1/chat/completions", data=body) as answer:
            async for line in answer.content:
                if line.startswith(b"data: {"):
                    chunk = orjson.loads(line[6:])
                    yield b"data: " + orjson.dumps(chunk) + b"\n\n"
        yield b"data: [DONE]\n\n"

    async def relay(body: dict):
        return StreamingResponse(relayed(orjson.dumps(body)), media_type="text/event-stream")

    app.post("/v1/chat/completions")(relay)
    uvicorn.run(app, port=port, log_config=None, access_log=False)


def serve_service(port: int, engine: str) -> None:
    from llm_service.cli.serve import serve_forever
    from llm_service.settings import Settings

    with tempfile.TemporaryDirectory() as folder:
        serve_forever(
            Settings(
                engine="lmstudio",
                base_url=f"{engine}/v1",
                port=port,
                data_dir=Path(folder),
                rate_limit=None,
                cache_ttl=0,
                log_level="warning",
                deadline=300,
            )
        )


# ── The client ──


async def stream(session: aiohttp.ClientSession, url: str, events: int, gap: float) -> int:
    body = {"model": "m", "stream": True, "messages": [{"role": "user", "content": f"{events} {gap} {time.time()}"}]}
    size = 0
    async with session.post(f"{url}/v1/chat/completions", json=body) as answer:
        assert answer.status == 200, await answer.text()
        async for line in answer.content:
            size += line.startswith(b"data: {")
    return size


async def cpu_per_event(session: aiohttp.ClientSession, server: tuple[str, int], events: int, gap: float) -> float:
    """Microseconds of the server's CPU for each event that the engine sent."""
    url, pid = server
    process = psutil.Process(pid)
    before = process.cpu_times()
    await stream(session, url, events, gap)
    after = process.cpu_times()
    return (after.user + after.system - before.user - before.system) / events * 1e6


async def wait_for(session: aiohttp.ClientSession, url: str) -> None:
    for _ in range(300):
        try:
            await stream(session, url, 3, 0)
        except (aiohttp.ClientError, AssertionError):
            await asyncio.sleep(0.1)
        else:
            return
    raise SystemExit(f"{url} does not answer")


async def measure(servers: dict[str, tuple[str, int]], rounds: int, sizes: list[int]) -> None:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=600)) as session:
        for url, _ in servers.values():
            await wait_for(session, url)
        print(f"{'events':>8} {'':12} {'relay µs':>10} {'service µs':>10} {'ratio':>6}")
        for gap, how in ((GAP, "one by one"), (0.0, "in bursts")):
            for events in sizes:
                best = dict.fromkeys(servers, float("inf"))
                for _ in range(rounds):
                    for name, server in servers.items():
                        best[name] = min(best[name], await cpu_per_event(session, server, events, gap))
                ratio = best["service"] / best["relay"]
                print(f"{events:8} {how:12} {best['relay']:10.1f} {best['service']:10.1f} {ratio:6.2f}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--events", type=int, nargs="+", default=[1_000, 10_000])
    parser.add_argument("--port", type=int, default=18_700)
    parser.add_argument("--serve", choices=["engine", "relay", "service"])
    options = parser.parse_args()
    engine = f"http://127.0.0.1:{options.port}"
    if options.serve == "engine":
        return serve_engine(options.port)
    if options.serve:
        offset, serve = {"relay": (1, serve_relay), "service": (2, serve_service)}[options.serve]
        return serve(options.port + offset, engine)
    roles = ("engine", "relay", "service")
    command = [sys.executable, __file__, "--port", str(options.port), "--serve"]
    processes = [subprocess.Popen([*command, role]) for role in roles]
    try:
        servers = {
            name: (f"http://127.0.0.1:{options.port + offset}", processes[offset].pid)
            for offset, name in enumerate(roles)
            if offset
        }
        asyncio.run(measure(servers, options.rounds, options.events))
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait()
    return None


if __name__ == "__main__":
    main()
