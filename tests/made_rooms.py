"""Rooms that nobody ever sat in, as recordings: lines of a ``chat.jsonl``, in order of time.

A line is a body of ``POST /messages`` with its ``sent_at`` (seconds, from 0), or ``{"forget": ID, "sent_at": …}``.
Everything comes from a seed.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

Record = dict[str, Any]
BOT = "Nova"
"""The assistant's name in these rooms."""

TALK = (
    "that jump was close", "what a game", "anyone else from Leeds?", "this music is great", "how long is the stream?",
    "my cat just sat on the keyboard", "which keyboard is that?", "first time here", "no way he makes this",
    "that boss took me a week", "is this the new patch?", "brb tea", "the lighting looks good today",
    "who won yesterday?",
)  # fmt: skip
CHORUS = ("KEKW", "LUL", "PogChamp", "gg", "W", "monkaS", "o7")
CALLS = (
    f"@{BOT} what do you think?", f"{BOT}, did you see that?", f"hey {BOT.lower()}!",
    f"@{BOT.lower()} which game next?", f"is {BOT} a real person?", f"{BOT} say hi to my sister",
)  # fmt: skip


def _room(moments: Iterable[float], say: Callable[[random.Random, int], Record], seed: int) -> list[Record]:
    rng = random.Random(seed)
    return [
        {"emotes": [], "message_id": f"m{seed}-{n}", "sent_at": round(at, 3)} | say(rng, n)
        for n, at in enumerate(moments)
    ]


def _somebody(rng: random.Random, people: int, calls: float) -> Record:
    kind = rng.random()
    texts = CALLS if kind < calls else TALK if kind < 0.7 else CHORUS
    tail = f" {rng.randrange(1000)}" if texts is not CHORUS else ""
    return {"username": f"viewer{rng.randrange(people)}", "message": rng.choice(texts) + tail}


def calm(minutes: float = 20, seed: int = 1) -> list[Record]:
    """A line every twelve seconds from eight people; every tenth one calls."""
    moments = (n * 12.0 for n in range(int(minutes * 5)))
    return _room(moments, lambda rng, _: _somebody(rng, 8, 0.1), seed)


def busy(
    rate: float = 10.0, seconds: float = 300.0, people: int = 400, calls: float = 0.05, seed: int = 2
) -> list[Record]:
    """So many messages a second from so many people."""
    moments = (n / rate for n in range(int(rate * seconds)))
    return _room(moments, lambda rng, _: _somebody(rng, people, calls), seed)


def burst(seed: int = 3) -> list[Record]:
    """Fifty messages a second for ten seconds."""
    return busy(50.0, 10.0, 300, 0.05, seed)


def chorus(lines: int = 500, seconds: float = 5.0, seed: int = 4) -> list[Record]:
    """Five hundred people who write the same word in five seconds."""
    moments = (n * seconds / lines for n in range(lines))
    return _room(moments, lambda _, n: {"username": f"fan{n}", "message": "KEKW"}, seed)


def flooded(seconds: float = 120.0, seed: int = 5) -> list[Record]:
    """One who calls five times a second, and ten who call every ten seconds."""
    flood = _room(
        (n / 5 for n in range(int(seconds * 5))),
        lambda rng, n: {"username": "flooder", "message": f"@{BOT} answer me {n} {rng.random()}"},
        seed,
    )
    talk = _room(
        (float(n) for n in range(int(seconds))),
        lambda rng, n: {"username": f"talker{n % 10}", "message": f"{rng.choice(CALLS)} {n}"},
        seed + 1000,
    )
    return sorted(flood + talk, key=lambda record: record["sent_at"])


def raid(people: int = 300, seconds: float = 8.0, seed: int = 6) -> list[Record]:
    """A calm room into which three hundred newcomers come with the same greeting, each a little different."""
    raiders = _room(
        (60 + n * seconds / people for n in range(people)),
        lambda rng, n: {
            "username": f"raider{n}",
            "message": "TombRaid " * rng.randrange(1, 4) + "raid" * rng.randrange(2) if n % 3 else "tombraid!!",
        },
        seed,
    )
    return sorted(calm(3, seed + 1000) + raiders, key=lambda record: record["sent_at"])


def moderated(seed: int = 7) -> list[Record]:
    """A calm room in which every seventh message is deleted two seconds after it was written."""
    room = calm(10, seed)
    deletions = [{"forget": line["message_id"], "sent_at": line["sent_at"] + 2.0} for line in room[::7]]
    return sorted(room + deletions, key=lambda record: record["sent_at"])


ROOMS: dict[str, Callable[[], list[Record]]] = {
    "calm": calm,
    "busy": busy,
    "burst": burst,
    "chorus": chorus,
    "flooded": flooded,
    "raid": raid,
    "moderated": moderated,
}


def write(room: Iterable[Record], path: Path) -> Path:
    """The room as a ``chat.jsonl``."""
    path.write_text("".join(json.dumps(record, ensure_ascii=False) + "\n" for record in room), encoding="utf-8")
    return path
