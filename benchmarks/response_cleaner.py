"""What cleaning costs: microseconds for each chunk of four characters, for short and long texts, kind and hostile.

``python benchmarks/response_cleaner.py`` prints a table. A parser that does everything again at each chunk, as many do,
runs beside ours in the same rounds (ours, other, ours, other), so their ratio does not depend on the machine's mood.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from llm_service.response_cleaner import ResponseCleaner

LENGTHS = (2_000, 8_000, 32_000, 128_000)
SENTENCE = "The raid starts at nine and everyone is welcome to join us there. "
Feed = Callable[[str], object]


def filled(length: int) -> str:
    return (SENTENCE * (length // len(SENTENCE) + 1))[:length]


def texts(length: int) -> dict[str, str]:
    half = filled(length // 2)
    harmony = "<|channel|>analysis<|message|>{0}<|end|><|start|>assistant<|channel|>final<|message|>{0}<|return|>"
    return {
        "plain": filled(length),
        "<think>": f"<think>{half}</think>{half}",
        "Harmony": harmony.format(half),
        "Markdown": ("**bold** and `code`, then [a link](https://a.example/b_c). " * length)[:length],
        "'<' × n": "<" * length,
        "openers": ("a <think>" * length)[:length],
        "blocks": ("<think>x</think>" * length)[:length],
        "closers": ("a</think>" * length)[:length],
        "stray ticks": ("` <think>" * length)[:length],
        "halves": ("<th" * length)[:length],
    }


def ours(*, stage: str, hint: bool | None) -> Callable[[], Feed]:
    return lambda: ResponseCleaner(stage=stage, prompt_opens_reasoning=hint).stream().feed


def again() -> Feed:
    """The usual way: keep all the text and search all of it at each chunk."""
    seen: list[str] = []
    block = re.compile(r"<think>.*?(?:</think>|\Z)", re.DOTALL)

    def feed(piece: str) -> str:
        seen.append(piece)
        return block.sub("", "".join(seen))

    return feed


def per_chunk(feed: Feed, text: str) -> float:
    """Microseconds for each chunk of four characters."""
    chunks = [text[at : at + 4] for at in range(0, len(text), 4)]
    start = time.perf_counter()
    for chunk in chunks:
        feed(chunk)
    return (time.perf_counter() - start) / len(chunks) * 1e6


def best(make: Callable[[], Feed], text: str, rounds: int) -> float:
    return min(per_chunk(make(), text) for _ in range(rounds))


def table(stage: str, hint: bool | None, rounds: int = 5) -> None:
    print(f"\nµs per chunk of 4 characters, stage={stage!r}, prompt_opens_reasoning={hint}, best of {rounds}")
    print(f"{'':12}" + "".join(f"{length:>10,}" for length in LENGTHS))
    for name in texts(0):
        costs = [best(ours(stage=stage, hint=hint), texts(length)[name], rounds) for length in LENGTHS]
        print(f"{name:12}" + "".join(f"{cost:10.2f}" for cost in costs))


def beside() -> None:
    print("\n<think>, ours and a parser that reads everything again, in turn: µs per chunk")
    for length in LENGTHS[:3]:
        text = texts(length)["<think>"]
        pairs = [(per_chunk(ours(stage="reasoning", hint=None)(), text), per_chunk(again(), text)) for _ in range(3)]
        mine, other = (min(costs) for costs in zip(*pairs, strict=True))
        print(f"{length:>8,}  {mine:8.2f}  {other:8.2f}   ×{other / mine:.1f}")


def whole_replies() -> None:
    print("\nA whole reply of 400 characters, cleaner built for it: µs, best of 300")
    for stage in ("reasoning", "chat"):
        for name in ("plain", "<think>", "Harmony", "Markdown"):
            text, costs = texts(400)[name], []
            for _ in range(300):
                start = time.perf_counter()
                ResponseCleaner(stage=stage, bot_name="Pip", usernames=("Ann", "Mo")).clean(text)
                costs.append(time.perf_counter() - start)
            print(f"{stage:12}{name:12}{min(costs) * 1e6:10.1f}")


def main() -> None:
    whole_replies()
    beside()
    for stage, hint in (("reasoning", None), ("reasoning", False), ("chat", False)):
        table(stage, hint)


if __name__ == "__main__":
    main()
