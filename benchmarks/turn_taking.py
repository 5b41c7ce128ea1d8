"""What a decision costs, from one waiting message to five hundred, and what merging repeats costs of that.

Run as ``python benchmarks/turn_taking.py``. The sizes are measured in turn, round after round, so that whatever else
the machine does falls on all of them; the fastest of the rounds counts. The last column should stay near 1: the cost of
a message does not depend on how many others wait.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from time import perf_counter

from rich.console import Console
from rich.table import Table

from llm_service.turn_taking import Ledger, Policy, compress, decide
from llm_service.types import Message

SIZES = (1, 10, 50, 100, 200, 500)
ROUNDS = 30
WORDS = (
    "what",
    "a",
    "game",
    "that",
    "was",
    "close",
    "which",
    "keyboard",
    "my",
    "cat",
    "sat",
    "on",
    "the",
    "new",
    "patch",
)


def room(size: int) -> list[Message]:
    """A busy room: a third of it in chorus, one line in twenty a call."""
    rng = random.Random(size)
    return [message(rng, n) for n in range(size)]


def message(rng: random.Random, n: int) -> Message:
    kind = rng.random()
    text = rng.choice(("KEKW", "gg", "LUL")) if kind < 0.33 else " ".join(rng.choices(WORDS, k=rng.randint(2, 14)))
    text = f"@nova {text}" if kind > 0.95 else text
    name = f"viewer{rng.randrange(400)}"
    return Message(id=str(n), username=name, speaker=name, text=text, line=text, sent_at=n / 100)


def seconds(act: Callable[[], object]) -> float:
    start = perf_counter()
    act()
    return perf_counter() - start


def best(acts: dict[int, Callable[[], object]]) -> dict[int, float]:
    times = [{size: seconds(act) for size, act in acts.items()} for _ in range(ROUNDS)]
    return {size: min(round_[size] for round_ in times) for size in acts}


def deciding(pending: list[Message]) -> Callable[[], object]:
    ledger, policy = Ledger(), Policy()
    for one in pending:
        ledger.heard(one)
    for n in range(100):
        ledger.replied(f"r{n}", [f"viewer{n}"], urgency="called", at=-float(n))
    return lambda: decide(pending, ledger.state(pending), policy, 6.0, bot_names=("Nova",))


def main() -> None:
    rooms = {size: room(size) for size in SIZES}
    whole = best({size: deciding(pending) for size, pending in rooms.items()})
    merging = best({size: (lambda pending=pending: compress(pending)) for size, pending in rooms.items()})
    table = Table("waiting", "decision, µs", "of it merging, µs", "µs a message", "… over 100 waiting")
    for size in SIZES:
        each = whole[size] / size
        table.add_row(
            str(size),
            f"{whole[size] * 1e6:,.0f}",
            f"{merging[size] * 1e6:,.0f}",
            f"{each * 1e6:.1f}",
            f"{each / (whole[100] / 100):.2f}",
        )
    Console().print(table)


if __name__ == "__main__":
    main()
