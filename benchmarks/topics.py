"""Topic changes on TIAGE and DialSeg711, decided online; and what a message costs the topic tracker.

    python benchmarks/topics.py --dir FOLDER [--embed]
    python benchmarks/topics.py                     # without data: cost and memory only, on made-up chat
    python benchmarks/topics.py --messages 1000000  # replay a million

Data: any ``tiage*.json`` (github.com/HuiyuanXie/tiage, MIT; Xie et al., EMNLP Findings 2021) and ``dialseg*.json``
(github.com/lxing532/Dialogue-Topic-Segmenter; Xu et al., AAAI 2021) in the folder.
Metrics per dialogue, averaged, as in SuperDialseg (Jiang et al., EMNLP 2023): k = max(2, round(half the mean length
of a reference segment)); Pk (Beeferman et al. 1999): windows of k labels that disagree on whether there is a
boundary; WD (Pevzner and Hearst 2002): … on how many; F1 of exact boundaries; Score = F1/2 + (1-Pk)/4 + (1-WD)/4.
Published rows: SuperDialseg as reprinted in SeCom (ICLR 2025), Table 4, and Def-DTS (arXiv 2505.21033), Table 3, on
the test sets; they see the whole dialogue, ours sees no later line than the one it decides about.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import resource
import time
from collections.abc import Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from statistics import mean

from rich.console import Console
from rich.progress import track

from llm_service.recall import MiniLM
from llm_service.topic_tracker import TopicShift, TopicTracker
from llm_service.types import Message

Dialogue = tuple[list[str], list[int]]
"""Utterances, and for each 1 if a topic ends after it."""

PUBLISHED = {
    "Random": ((0.526, 0.664, 0.237), (0.533, 0.714, 0.204)),
    "TextTiling": ((0.469, 0.488, 0.204), (0.470, 0.493, 0.245)),
    "GraphSeg": ((0.496, 0.515, 0.238), (0.412, 0.442, 0.392)),
    "TextTiling + GloVe": ((0.486, 0.511, 0.236), (0.399, 0.438, 0.436)),
    "GreedySeg (BERT)": ((0.490, 0.506, 0.181), (0.381, 0.410, 0.445)),
    "TextTiling + NSP": ((0.425, 0.439, 0.285), (0.347, 0.360, 0.347)),
    "BayesSeg": ((0.486, 0.571, 0.366), (0.306, 0.350, 0.556)),
    "CSM (trained BERT)": ((0.400, 0.420, 0.427), (0.278, 0.302, 0.610)),
    "RoBERTa (supervised)": ((0.265, 0.287, 0.572), None),
}


def tiage(path: Path) -> list[Dialogue]:
    """The file marks the utterance that starts a topic."""
    dialogues = []
    for turns in json.loads(path.read_text()).values():
        starts = [int(mark == "1") for _, mark in turns]
        dialogues.append(([text for text, _ in turns], [*starts[1:], 0]))
    return dialogues


def dialseg(path: Path) -> list[Dialogue]:
    dialogues = []
    for dialogue in json.loads(path.read_text()):
        labels = [label for length in dialogue["segments"] for label in [0] * (length - 1) + [1]]
        dialogues.append((dialogue["utterances"], [*labels[:-1], 0]))
    return dialogues


def detected(utterances: list[str], vectors: Sequence[Sequence[float] | None]) -> list[int]:
    shift = TopicShift()
    opens = [int(shift.observe(text, vector)) for text, vector in zip(utterances, vectors, strict=True)]
    return [*opens[1:], 0]


def measure(reference: list[int], ours: list[int]) -> tuple[float, float, float, float]:
    k = max(2, round(len(reference) / (sum(reference) + 1) / 2))
    a, b = windows(reference, k), windows(ours, k)
    pk = mean((x > 0) != (y > 0) for x, y in zip(a, b, strict=True))
    wd = mean(x != y for x, y in zip(a, b, strict=True))
    right = sum(x and y for x, y in zip(reference, ours, strict=True))
    f1 = 2 * right / (sum(reference) + sum(ours)) if right else 0.0
    return pk, wd, f1, overall(pk, wd, f1)


def windows(labels: list[int], k: int) -> list[int]:
    sums = [0, *accumulate(labels)]
    return [sums[end] - sums[end - k] for end in range(k, len(sums))]


def overall(pk: float, wd: float, f1: float) -> float:
    return f1 / 2 + (1 - pk) / 4 + (1 - wd) / 4


def averaged(dialogues: list[Dialogue], vectors: list[Sequence[Sequence[float] | None]]) -> tuple[float, ...]:
    rows = [
        measure(labels, detected(utterances, each))
        for (utterances, labels), each in zip(dialogues, vectors, strict=True)
    ]
    return tuple(mean(column) for column in zip(*rows, strict=True))


def show(name: str, row: Sequence[float]) -> None:
    print(f"{name:34s}" + "".join(f"{value:8.3f}" for value in row))


def against(name: str, dialogues: list[Dialogue], published: int, *, embed: bool) -> None:
    utterances = sum(len(texts) for texts, _ in dialogues)
    boundaries = sum(sum(labels) for _, labels in dialogues)
    print(f"\n{name}: {len(dialogues)} dialogues, {utterances:,} utterances, {boundaries} boundaries")
    print(f"{'':34s}" + "".join(f"{column:>8s}" for column in ("Pk", "WD", "F1", "Score")))
    for method, rows in PUBLISHED.items():
        if (row := rows[published]) is not None:
            show(f"paper, test set: {method}"[:33], (*row, overall(*row)))
    nothing: list = [[None] * len(texts) for texts, _ in dialogues]
    start = time.process_time()
    row = averaged(dialogues, nothing)
    spent = 1e6 * (time.process_time() - start) / utterances
    show("TopicShift, words (online)", row)
    if embed:
        show("TopicShift, MiniLM (online)", averaged(dialogues, asyncio.run(embedded(dialogues))))
    print(f"{spent:.1f} us an utterance, without embedding")


async def embedded(dialogues: list[Dialogue]) -> list[Sequence[Sequence[float] | None]]:
    embedder = MiniLM()
    return [await embedder.embed(texts) for texts, _ in dialogues]


def made_up(count: int) -> Iterator[Message]:
    """Eight lines a second by 3,000 people: words by Zipf's law, one line in ten a flood of one text."""
    chance = random.Random(1)
    words = ["".join(chance.choices("abcdefghijklmnop", k=chance.randint(3, 9))) for _ in range(20_000)]
    weights = list(accumulate(1 / place for place in range(1, 20_001)))
    for n in range(count):
        flood = chance.random() < 0.1
        text = "buy followers now" if flood else " ".join(chance.choices(words, cum_weights=weights, k=8))
        name = f"viewer{chance.randrange(3_000)}"
        yield Message(id=str(n), username=name, speaker=name, text=text, line=text, sent_at=n / 8)


def replay(count: int) -> None:
    tracker = TopicTracker()
    spent, resident = 0.0, []
    for n, message in enumerate(
        track(made_up(count), "messages", total=count, transient=True, console=Console(stderr=True)), 1
    ):
        start = time.process_time()
        tracker.observe(message)
        spent += time.process_time() - start
        if n % (count // 4) == 0:
            resident.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
    start = time.process_time()
    labels = [topic.label for topic in tracker.topics(count / 8)]
    asked = 1e3 * (time.process_time() - start)
    each = 1e6 * spent / count
    print(f"\n{count:,} made-up messages, CPU time: {each:.1f} us each; topics() {asked:.1f} ms, {len(labels)} named")
    print(f"peak memory of the process after each quarter, MB: {resident}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dir", type=Path, help="folder with tiage*.json, dialseg*.json")
    parser.add_argument("--embed", action="store_true", help="also with embeddings by MiniLM")
    parser.add_argument("--messages", type=int, default=100_000, help="made-up messages")
    options = parser.parse_args()
    for path in sorted(options.dir.glob("*.json")) if options.dir else ():
        if path.name.startswith("tiage"):
            against(path.name, tiage(path), 0, embed=options.embed)
        elif path.name.startswith("dialseg"):
            against(path.name, dialseg(path), 1, embed=options.embed)
    replay(options.messages)


if __name__ == "__main__":
    main()
