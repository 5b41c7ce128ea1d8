"""The load of ``gateway.py``: requests over kept connections in raw bytes, closed and open loop, and streams."""

import asyncio
import re
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_STAMP = re.compile(rb"(\d{9,})\. ?\"")
_END = b"\r\n0\r\n\r\n"

Requests = Iterator[bytes]
"""Requests without end, each whole: head and body."""


def post(path: str, body: bytes) -> bytes:
    head = f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: {len(body)}"
    return head.encode() + b"\r\n\r\n" + body


@dataclass
class Result:
    """What became of the requests of one visit."""

    seconds: float = 0.0
    cpu: float = 0.0
    """Seconds that the server computed."""
    latencies: list[float] = field(default_factory=list)
    failed: int = 0
    events: int = 0
    lags: list[float] = field(default_factory=list)
    """Seconds from the engine's writing to the driver's reading of what a stream carries."""

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.latencies) / self.seconds

    def __add__(self, other: "Result") -> "Result":
        return Result(
            self.seconds + other.seconds,
            self.cpu + other.cpu,
            self.latencies + other.latencies,
            self.failed + other.failed,
            self.events + other.events,
            self.lags + other.lags,
        )


class Wire(asyncio.Protocol):
    """One kept connection. ``ask`` sends a request; ``answered`` is called when its answer is whole."""

    def __init__(self, answered: Callable[["Wire", bool], None], heard: Callable[[bytes], None] | None = None) -> None:
        self.answered = answered
        self.heard = heard
        self.buffer = b""
        self.left: int | None = None
        self.ok = False

    def connection_made(self, transport) -> None:
        """Called by the loop."""
        self.transport = transport

    def ask(self, request: bytes) -> None:
        """Send it; the answer to the one before must be whole."""
        self.asked = time.perf_counter()
        self.buffer, self.left = b"", None
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Called by the loop."""
        if self.heard is not None:
            self.heard(data)
        if self.left is None:
            self.buffer += data
            end = self.buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            self.ok = self.buffer[9:10] == b"2"
            length = _LENGTH.search(self.buffer, 0, end + 2)
            data = self.buffer[end + 2 :]
            self.left = int(length[1]) + 2 if length else -1
            self.buffer = b""
        if self.left >= 0:
            self.left -= len(data)
            over = self.left <= 0
        else:
            self.buffer = (self.buffer + data)[-len(_END) :]
            over = self.buffer == _END
        if over:
            self.answered(self, self.ok)


async def connect(url: str, number: int, answered, heard=None) -> list[Wire]:
    loop, parts = asyncio.get_running_loop(), urlsplit(url)
    made = [
        await loop.create_connection(lambda: Wire(answered, heard), parts.hostname, parts.port) for _ in range(number)
    ]
    return [wire for _, wire in made]


def hang_up(wires: list[Wire]) -> None:
    for wire in wires:
        wire.transport.close()


async def closed_loop(url: str, requests: list[Requests], seconds: float, pid: int | None) -> Result:
    """A connection for each of ``requests``, the next one sent as soon as the last is answered."""
    result, last, running = Result(), time.perf_counter() + seconds, len(requests)
    over = asyncio.Event()

    def answered(wire: Wire, ok: bool) -> None:
        nonlocal running
        now = time.perf_counter()
        if ok:
            result.latencies.append(now - wire.asked)
        else:
            result.failed += 1
        if now < last:
            wire.ask(next(requests_of[wire]))
            return
        running -= 1
        if not running:
            over.set()

    wires = await connect(url, len(requests), answered)
    requests_of = dict(zip(wires, requests, strict=True))
    started, cpu = time.perf_counter(), cpu_seconds(pid)
    last = started + seconds
    for wire in wires:
        wire.ask(next(requests_of[wire]))
    await over.wait()
    result.seconds, result.cpu = time.perf_counter() - started, cpu_seconds(pid) - cpu
    hang_up(wires)
    return result


async def open_loop(url: str, requests: list[Requests], rate: float, seconds: float, pid: int | None) -> Result:
    """Requests at fixed moments, each on a connection that is free; latencies count from the moment it was due."""
    result = Result()
    free: asyncio.Queue[Wire] = asyncio.Queue()
    due_of: dict[Wire, float] = {}

    def answered(wire: Wire, ok: bool) -> None:
        if ok:
            result.latencies.append(time.perf_counter() - due_of[wire])
        else:
            result.failed += 1
        free.put_nowait(wire)

    wires = await connect(url, len(requests), answered)
    requests_of = dict(zip(wires, requests, strict=True))
    for wire in wires:
        free.put_nowait(wire)
    started, cpu = time.perf_counter(), cpu_seconds(pid)
    for turn in range(int(rate * seconds)):
        due = started + turn / rate
        await asyncio.sleep(due - time.perf_counter())
        wire = await free.get()
        due_of[wire] = due
        wire.ask(next(requests_of[wire]))
    for _ in wires:
        await free.get()
    result.seconds, result.cpu = time.perf_counter() - started, cpu_seconds(pid) - cpu
    hang_up(wires)
    return result


EDGES = 300_000_000
"""Nanoseconds at both ends of streams of which no lag is told: there all begin and end at once, as in no chat."""


async def streams(url: str, requests: list[Requests], pid: int | None, watch: float = 0.0) -> list[Result]:
    """One stream for each of ``requests``, to its end; with ``watch``, a result for each so many seconds of it."""
    slices, running, over = [Result()], len(requests), asyncio.Event()
    lags: list[tuple[int, float]] = []

    def heard(data: bytes) -> None:
        now = time.monotonic_ns()
        slices[-1].events += data.count(b"\ndata: ")
        streamed = data.partition(b"event: done")[0]  # which repeats all that was streamed
        lags.extend((now, (now - int(stamp)) / 1e9) for stamp in _STAMP.findall(streamed))

    def answered(wire: Wire, ok: bool) -> None:
        nonlocal running
        if ok:
            slices[-1].latencies.append(time.perf_counter() - wire.asked)
        else:
            slices[-1].failed += 1
        running -= 1
        if not running:
            over.set()

    wires = await connect(url, running, answered, heard)
    begun = time.monotonic_ns()
    for wire, wanted in zip(wires, requests, strict=True):
        wire.ask(next(wanted))
    while not over.is_set():
        started, cpu = time.perf_counter(), cpu_seconds(pid)
        with suppress(TimeoutError):
            await asyncio.wait_for(over.wait(), watch or None)
        slices[-1].seconds, slices[-1].cpu = time.perf_counter() - started, cpu_seconds(pid) - cpu
        if not over.is_set():
            slices.append(Result())
    hang_up(wires)
    steady = range(begun + EDGES, time.monotonic_ns() - EDGES)
    slices[0].lags = [lag for when, lag in lags if when in steady]
    return slices


def cpu_seconds(pid: int | None) -> float:
    """What all threads of a process have computed so far (Linux)."""
    if pid is None:
        return 0.0
    threads = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(thread.read_text().split()[0]) for thread in threads) / 1e9


def resident_mb(pid: int) -> float:
    """Megabytes of a process in memory (Linux)."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024
