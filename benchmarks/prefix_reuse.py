"""How much of each prompt the engine reads anew: a sliding window, ours, and the whole history as the bound.

    python benchmarks/prefix_reuse.py             the full run: 200 turns a row, a few minutes
    python benchmarks/prefix_reuse.py --quick     a minute

A room of many turns talks to the embedded engine (llama.cpp with random weights). Every row counts, as the engine
reports them, the prompt tokens that it really processed: these do not depend on the machine or on the model's size.
The second table is time: the model of 26 million parameters on one thread, slide and ours turn by turn (A B A B), each
with a slot of its own, after the window has filled.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import aiohttp

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from rich.console import Console
from rich.progress import track

from llm_service.engine import EmbeddedEngine
from llm_service.prompt import RETENTION, before, compose, warming
from llm_service.tokens import TokenEstimator
from llm_service.types import EngineKind, Entry, Message, ModelInfo, Persona, Prompt, Reply, Sampling, Usage
from tiny_gguf import SLOW, TINY, write_gguf

WINDOW = 40
CONTEXT = 4096
UNLIMITED = 10**9
WHOLE = 49152
"""A context that holds 200 turns."""
RESTART = 10
DRAWN = ("sliding window", "whole history (the bound)", "ours")
NEVER_ENDS = -30.0
PERSONA = Persona(text=" ".join([Persona().text] * 2)[:470])
SAMPLING = Sampling(max_tokens=32, repeat_penalty=1.0)
WORDS = [
    "the",
    "game",
    "was",
    "so",
    "good",
    "that",
    "nobody",
    "wanted",
    "to",
    "leave",
    "but",
    "we",
    "lost",
    "it",
    "again",
    "and",
    "then",
    "she",
    "won",
    "every",
    "round",
]


@dataclass(frozen=True)
class Policy:
    """How a row of the table keeps its window."""

    name: str
    slides: bool = False
    retention: float = RETENTION
    most_messages: int = WINDOW
    context: int = CONTEXT
    rooms: int = 1
    restarts: bool = False
    resends_shown: bool = False
    notes: bool = False
    idle: bool = False
    cache_reuse: int = 0
    """Fewest tokens of a piece that llama.cpp takes from its cache although it stood elsewhere; no other engine can."""


@dataclass(frozen=True)
class Read:
    """What the engine says about one prompt, and how long its first token took."""

    text: str
    prompt_tokens: int
    processed: int
    seconds: float
    idle: int = 0
    """Prompt tokens processed after it, while nobody waited."""


@dataclass
class Room:
    """One conversation under one policy."""

    policy: Policy
    rng: random.Random
    counter: TokenEstimator = field(default_factory=TokenEstimator)
    entries: list[Entry] = field(default_factory=list)
    cut: int = 0
    position: int = 0

    def hear(self) -> None:
        """A viewer writes 40 to 160 characters."""
        line = ""
        while len(line) < self.rng.randint(40, 160):
            line += " " + self.rng.choice(WORDS)
        self.position += 1
        self.entries.append(
            Message(
                id=f"m{self.position}",
                username="ann",
                text=line,
                speaker=self.rng.choice(["ann", "bob", "cem", "dora"]),
                line=line.strip(),
                sent_at=0.0,
                position=self.position,
            )
        )

    def answer(self, read: Read) -> None:
        """The reply is stored as the engine wrote it, beside what a viewer sees of it."""
        shown = read.text[4:]
        self.entries.append(
            Reply(
                id=f"r{self.position}",
                text=shown,
                raw=shown if self.policy.resends_shown else read.text,
                answers=(f"m{self.position}",),
                after=self.position,
                usage=Usage(prompt_tokens=read.prompt_tokens),
            )
        )

    def prompt(self, entries: Sequence[Entry] | None = None, *, idle: bool = False) -> Prompt:
        """The prompt of this turn; with ``idle``, the one that warms the engine after it."""
        told = self.entries if entries is None else entries
        made = compose(
            told[-WINDOW:] if self.policy.slides else told,
            persona=PERSONA,
            model=ModelInfo(id="m", engine=EngineKind.LLAMA_SERVER, context_length=self.policy.context),
            counter=self.counter,
            sampling=SAMPLING,
            notes=[f"The clock says {self.position}"] if self.policy.notes else [],
            cut=self.cut,
            retention=self.policy.retention,
            most_messages=self.policy.most_messages,
            idle=idle,
        )
        self.cut = 0 if self.policy.slides else made.cut
        return made.prompt

    def restart(self) -> None:
        """All that survives is what is stored: the entries, the cut, what was learned about the model."""
        self.counter = TokenEstimator.from_json(self.counter.to_json())
        last = self.entries[-1]
        assert isinstance(last, Reply)
        self.counter.observe(self.prompt(before(self.entries, last)).messages, last.usage.prompt_tokens)


async def ask(http: aiohttp.ClientSession, engine: EmbeddedEngine, prompt: Prompt, **options: object) -> Read:
    """Send a prompt and wait for the end of its reply."""
    body = {
        "messages": [{"role": message.role, "content": message.content} for message in prompt.messages],
        "max_tokens": prompt.sampling.max_tokens,
        "temperature": prompt.sampling.temperature,
        "seed": 1,
        "stream": True,
        "stream_options": {"include_usage": True},
        **options,
    }
    text, first, timings = "", 0.0, {}
    start = time.perf_counter()
    async with http.post(f"{engine.base_url}/chat/completions", json=body) as answer:
        answer.raise_for_status()
        async for line in answer.content:
            if not line.startswith(b"data: {"):
                continue
            event = json.loads(line[6:])
            timings = event.get("timings", timings)
            piece = event["choices"][0]["delta"].get("content") if event["choices"] else None
            if piece:
                first = first or time.perf_counter() - start
                text += piece
    processed = timings["prompt_n"]
    return Read(text, processed + timings["cache_n"], processed, first)


async def talk(http: aiohttp.ClientSession, engine: EmbeddedEngine, policy: Policy, turns: int) -> list[Read]:
    """A room, or several that take turns, from its first message on; what was read while idle counts as well."""
    rooms = [Room(policy, random.Random(seed)) for seed in range(policy.rooms)]
    counter = TokenEstimator()
    read = []
    for turn in range(turns):
        room = rooms[turn % len(rooms)]
        room.counter = counter
        if policy.restarts and turn and turn % RESTART == 0:
            room.restart()
            counter = room.counter
        read.append(await take_turn(http, engine, room))
    return read


async def take_turn(http: aiohttp.ClientSession, engine: EmbeddedEngine, room: Room, **options: object) -> Read:
    """A viewer writes, the assistant answers; and, by policy, the room makes ready for the next turn."""
    room.hear()
    prompt = room.prompt()
    options["n_cache_reuse"] = room.policy.cache_reuse
    read = await ask(http, engine, prompt, **options)
    room.counter.observe(prompt.messages, read.prompt_tokens)
    room.answer(read)
    if room.policy.idle:
        cut = room.cut
        ahead = room.prompt(idle=True)
        if room.cut > cut:
            warm = await ask(http, engine, warming(ahead), **options)
            room.counter.observe(ahead.messages, warm.prompt_tokens)
            read = replace(read, idle=warm.processed)
    return read


def policies(quick: bool) -> Iterator[Policy]:
    """The rows of the first table."""
    slide, ours = Policy("sliding window", slides=True, most_messages=UNLIMITED), Policy("ours")
    yield slide
    yield replace(ours, name="whole history (the bound)", most_messages=UNLIMITED, context=WHOLE)
    yield ours
    yield replace(ours, name="ours, cut and warmed when idle", idle=True)
    yield replace(ours, name=f"ours, restarted every {RESTART} turns", restarts=True)
    yield replace(ours, name="ours, 8 rooms in turn on one slot", rooms=8)
    yield replace(ours, name="ours, notes that change every turn", notes=True)
    yield replace(ours, name="ours, if what viewers saw were sent again", resends_shown=True)
    yield replace(slide, name="sliding window, n_cache_reuse 256", cache_reuse=256)
    yield replace(ours, name="ours, n_cache_reuse 256", cache_reuse=256)
    if not quick:
        for retention in (0.0, 0.25, 0.4, 0.6, 0.75, 0.9):
            yield replace(ours, name=f"ours, retention {retention}", retention=retention)


@dataclass(frozen=True)
class Row:
    """One policy, counted."""

    name: str
    turns: int
    mean_prompt: float
    processed: int
    per_turn: float
    reuse: float


def count(policy: Policy, read: Sequence[Read]) -> Row:
    """Add up what was read."""
    prompts = sum(turn.prompt_tokens for turn in read)
    processed = sum(turn.processed + turn.idle for turn in read)
    return Row(policy.name, len(read), prompts / len(read), processed, processed / len(read), 1 - processed / prompts)


async def count_tokens(http: aiohttp.ClientSession, folder: Path, turns: int, quick: bool) -> dict[str, list[Read]]:
    """The first table, row by row as it is measured."""
    model = write_gguf(folder / "small.gguf", shape=replace(TINY, context=WHOLE), end_bias=NEVER_ENDS)
    read: dict[str, list[Read]] = {}
    print(f"{turns} turns, window of {WINDOW} messages, replies of {SAMPLING.max_tokens} tokens\n")
    print(f"{'':44}{'mean prompt':>12}{'processed':>11}{'a turn':>8}{'reuse':>8}{'of sliding':>12}")
    for policy in policies(quick):
        async with EmbeddedEngine(model, context_length=policy.context, slots=1, threads=1) as engine:
            many = turns if policy.rooms == 1 else max(turns, policy.rooms * 30)
            read[policy.name] = await talk(http, engine, policy, many)
        row, sliding = count(policy, read[policy.name]), count(policy, next(iter(read.values())))
        share = sliding.per_turn / row.per_turn
        print(
            f"{row.name:44}{row.mean_prompt:12.0f}{row.processed:11d}{row.per_turn:8.0f}{row.reuse:8.1%}{share:>10.1f}:1",
            flush=True,
        )
    return read


async def measure_time(http: aiohttp.ClientSession, folder: Path, turns: int) -> dict[str, list[Read]]:
    """The second table: slide and ours turn by turn, each in its slot, in rooms whose window is full."""
    model = write_gguf(folder / "large.gguf", shape=SLOW, end_bias=NEVER_ENDS)
    chosen = [
        Policy("sliding window", slides=True, most_messages=UNLIMITED),
        Policy("ours"),
        Policy("ours, idle cut", idle=True),
    ]
    rooms = [Room(policy, random.Random(1)) for policy in chosen]
    read: dict[str, list[Read]] = {room.policy.name: [] for room in rooms}
    async with EmbeddedEngine(model, context_length=CONTEXT, slots=len(rooms), threads=1) as engine:
        for slot, room in enumerate(rooms):
            fill(room)
            await take_turn(http, engine, room, id_slot=slot)
        for _ in track(range(turns), "turns", transient=True, console=Console(stderr=True)):
            for slot, room in enumerate(rooms):
                read[room.policy.name].append(await take_turn(http, engine, room, id_slot=slot))
    print_time(read)
    return read


def fill(room: Room) -> None:
    """Everything said before the first measured turn."""
    for _ in range(WINDOW // 2):
        room.hear()
        room.answer(Read("".join(room.rng.choices("etaoin shrdlu", k=SAMPLING.max_tokens)), 0, 0, 0.0))


def print_time(read: dict[str, list[Read]]) -> None:
    first = {name: [turn.seconds * 1000 for turn in turns] for name, turns in read.items()}
    sliding = statistics.median(first["sliding window"])
    print(f"\nTime to first token, 26 M parameters, one thread, {len(next(iter(read.values())))} turns side by side\n")
    print(f"{'':20}{'a turn':>8}{'mean ms':>10}{'p50':>8}{'p95':>8}{'worst':>8}{'p95 / p50 of sliding':>23}")
    for name, times in first.items():
        p95 = statistics.quantiles(times, n=20, method="inclusive")[-1]
        each = statistics.mean(turn.processed for turn in read[name])
        mean, median, worst = statistics.mean(times), statistics.median(times), max(times)
        print(f"{name:20}{each:8.0f}{mean:10.0f}{median:8.0f}{p95:8.0f}{worst:8.0f}{p95 / sliding:23.2f}")


def save(counted: dict[str, list[Read]], timed: dict[str, list[Read]]) -> None:
    """The figures as JSON and, where matplotlib is installed, as a picture."""
    results = Path(__file__).parent / "results"
    results.mkdir(exist_ok=True)
    figures = {"tokens": counted, "time": timed}
    as_rows = {
        kind: {name: [asdict(turn) for turn in turns] for name, turns in read.items()} for kind, read in figures.items()
    }
    (results / "prefix_reuse.json").write_text(json.dumps(as_rows))
    try:
        from matplotlib.figure import Figure
    except ImportError:
        return
    chosen = {name: read for name, read in counted.items() if name in DRAWN}
    figure = Figure(figsize=(11, 4.5), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.set(title="Prompt tokens processed", xlabel="turn", yscale="log")
    right.set(title="Time to first token, ms, window full", xlabel="turn", yscale="log")
    for name, read in chosen.items():
        left.plot([turn.processed for turn in read], label=name, linewidth=1)
    for name, read in timed.items():
        right.plot([turn.seconds * 1000 for turn in read], label=name, linewidth=1)
    for axes in (left, right):
        if axes.lines:
            axes.legend()
    figure.savefig(results / "prefix_reuse.png", dpi=130)


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--turns", type=int, default=200, help="turns of the first table; 0 leaves it out")
    parser.add_argument("--timed", type=int, default=40, help="turns of the second table; 0 leaves it out")
    parser.add_argument("--quick", action="store_true", help="few turns, fewer rows")
    given = parser.parse_args()
    turns, timed = (60, 8) if given.quick else (given.turns, given.timed)
    with tempfile.TemporaryDirectory() as folder:
        connector = aiohttp.TCPConnector(force_close=True)  # the engine hangs up on idle connections
        async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=600)) as http:
            counted = await count_tokens(http, Path(folder), turns, given.quick) if turns else {}
            times = await measure_time(http, Path(folder), timed) if timed else {}
    save(counted, times)


if __name__ == "__main__":
    asyncio.run(main())
