"""Train the built-in model: ``python train.py --out work`` (see README.md for the whole recipe).

Every batch is made on the fly from the seed and its number, so a run can be stopped and resumed (``--resume``) and sees
the same data. The checkpoint is replaced atomically. The learning rate rises, stays, and falls linearly at the end.
"""

from __future__ import annotations

import argparse
import os
import random
import time
from collections.abc import Iterator
from pathlib import Path

# Set before PyTorch is imported: by default it keeps a kernel for every shape of a batch, which takes gigabytes.
os.environ.setdefault("LRU_CACHE_CAPACITY", "32")

import torch
from conversations import conversation
from model import Llama, Shape
from names import name
from tokenizer import END, SYSTEM, Codec, learn
from torch import Tensor

POOL = 192
"""Conversations that are sorted by length together, so that a batch needs little padding."""
LENGTHS = ((1, 300), (3, 380), (7, 235), (14, 70), (30, 12), (70, 3))
"""Most turns of a conversation, and how often (in a thousand)."""
DRILLS = 0.15
"""Share of the rows that only practise copying, from which a small model learns to copy names many times sooner."""
ANY_TOKENS = 0.3
"""Share of the drills that copy tokens at random, so that none is too rare to be copied."""
MULTIPLE = 32
"""Batches are padded to a multiple of so many tokens, which spares the compiler odd shapes."""

Row = tuple[list[int], list[bool]]
"""Token ids, and which of them are to be learnt."""


def batches(codec: Codec, shape: Shape, tokens: int, seed: int, skip: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield ids and what to learn of them, (rows, time) each, at most ``tokens`` a batch, without end."""
    number = 0
    pool = 0
    while True:
        for rows in _pooled(codec, shape, tokens, random.Random(f"{seed}/{pool}")):
            number += 1
            if number > skip:
                yield _padded(rows)
        pool += 1


def _pooled(codec: Codec, shape: Shape, tokens: int, rng: random.Random) -> list[list[Row]]:
    most = rng.choices([turns for turns, _ in LENGTHS], [share for _, share in LENGTHS], k=POOL)
    rows = [codec.conversation(conversation(rng, turns), shape.context) for turns in most]
    rows += [_drill(codec, rng) for _ in range(round(POOL * DRILLS))]
    rows.sort(key=lambda row: len(row[0]))
    groups: list[list[Row]] = [[]]
    for row in rows:
        if len(row[0]) * (len(groups[-1]) + 1) > tokens and groups[-1]:
            groups.append([])
        groups[-1].append(row)
    rng.shuffle(groups)
    return groups


def _drill(codec: Codec, rng: random.Random) -> Row:
    """Names or any tokens, and the same again; in system messages, of which no conversation has two."""
    names = codec.encode("".join(f" {name(rng)}{rng.choice((':', ',', '!', ''))}" for _ in range(rng.randint(3, 14))))
    if rng.random() < ANY_TOKENS:
        names = [rng.randrange(len(codec.control), codec.bpe.get_vocab_size()) for _ in range(rng.randint(8, 50))]
    half = [codec.control[SYSTEM], *names, codec.control[END]]
    return half * 2, [False] * (len(half) + 1) + [True] * (len(half) - 1)


def _padded(rows: list[Row]) -> tuple[Tensor, Tensor]:
    longest = -(-max(len(ids) for ids, _ in rows) // MULTIPLE) * MULTIPLE + 1
    ids = torch.tensor([[*row, *[0] * (longest - len(row))] for row, _ in rows])
    learnt = torch.tensor([[*marks, *[False] * (longest - len(marks))] for _, marks in rows])
    return ids, learnt


def optimizers(model: Llama) -> list[torch.optim.Optimizer]:
    """Return Muon for the matrices of the layers and AdamW for the rest; the vectors of the tokens move fastest."""
    inner = [weight for weight in model.blocks.parameters() if weight.ndim == 2]
    norms = [weight for weight in model.parameters() if weight.ndim == 1]
    others = [
        {"params": [model.embedding.weight], "lr": 2e-2},
        {"params": [model.output.weight, *norms], "lr": 3e-3},
    ]
    tuned = [
        torch.optim.Muon(inner, lr=3e-3, weight_decay=0.05, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(others, betas=(0.9, 0.98), weight_decay=0.0),
    ]
    for group in (group for optimizer in tuned for group in optimizer.param_groups):
        group["highest"] = group["lr"]
    return tuned


def rate(step: int, steps: int, warm: int = 60, fall: float = 0.45) -> float:
    """Return the share of the full learning rate at a step."""
    return min(1.0, (step + 1) / warm, max(0.02, (steps - step) / (fall * steps)))


def save(path: Path, model: Llama, tuned: list[torch.optim.Optimizer], step: int, seconds: float) -> None:
    """Replace the checkpoint."""
    state = {
        "shape": model.shape.as_dict(),
        "model": model.state_dict(),
        "optimizers": [optimizer.state_dict() for optimizer in tuned],
        "step": step,
        "seconds": seconds,
    }
    torch.save(state, path.with_suffix(".part"))
    path.with_suffix(".part").replace(path)


def train(options: argparse.Namespace) -> None:
    """Train until ``options.steps``, saving now and then."""
    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads)
    options.out.mkdir(parents=True, exist_ok=True)
    shape = Shape()
    if not (options.out / "tokenizer.json").exists():
        learn(shape.vocabulary, options.seed).save(str(options.out / "tokenizer.json"))
    codec = Codec(options.out / "tokenizer.json")
    model, start, spent = Llama(shape), 0, 0.0
    tuned = optimizers(model)
    if options.resume:
        state = torch.load(options.resume, weights_only=True)
        model.load_state_dict(state["model"])
        for optimizer, kept in zip(tuned, state["optimizers"], strict=True):
            optimizer.load_state_dict(kept)
        start, spent = state["step"], state["seconds"]
    if options.compile:
        model.hidden = torch.compile(model.hidden, dynamic=True)
    _steps(options, model, tuned, batches(codec, shape, options.batch, options.seed, start), start, spent)


def _steps(
    options: argparse.Namespace,
    model: Llama,
    tuned: list[torch.optim.Optimizer],
    data: Iterator[tuple[Tensor, Tensor]],
    start: int,
    spent: float,
) -> None:
    began, seen, smooth = time.monotonic(), 0, 0.0
    for step in range(start, options.steps):
        ids, learnt = next(data)
        for group in (group for optimizer in tuned for group in optimizer.param_groups):
            group["lr"] = group["highest"] * rate(step, options.steps)
        with torch.autocast("cpu", torch.bfloat16):
            loss = model.loss(ids, learnt)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimizer in tuned:
            optimizer.step()
            optimizer.zero_grad()
        seen += ids.numel()
        smooth = loss.item() if not smooth else 0.95 * smooth + 0.05 * loss.item()
        if (step + 1) % 20 == 0:
            took = time.monotonic() - began
            print(f"step {step + 1} loss {smooth:.4f} {seen / took:.0f} tokens/s {spent + took:.0f} s", flush=True)
        if (step + 1) % 100 == 0 or step + 1 == options.steps:
            save(options.out / "checkpoint.pt", model, tuned, step + 1, spent + time.monotonic() - began)


def main() -> None:
    """Read the options and train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("work"))
    parser.add_argument("--steps", type=int, default=5700)
    parser.add_argument("--batch", type=int, default=6144, help="tokens a step, padding included")
    parser.add_argument("--seed", type=int, default=4)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--resume", type=Path)
    parser.add_argument("--compile", action=argparse.BooleanOptionalAction, default=True, help="needs a C++ compiler")
    train(parser.parse_args())


if __name__ == "__main__":
    main()
