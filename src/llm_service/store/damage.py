"""Damaged files are set aside: never deleted, never written over."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import Final

SUFFIX: Final = ".damaged"
COMPANIONS: Final = ("-wal", "-journal", "-shm")
"""What belongs to a SQLite file and must keep its name to be of use to a rescuer."""


def set_aside(path: Path) -> Path:
    """Rename a database file and its companions to names that nothing has; returns the file's new one."""
    free = next(name for n in count(1) if not (name := path.with_name(f"{path.name}{SUFFIX}-{n}")).exists())
    for companion in COMPANIONS:
        belonging = path.with_name(path.name + companion)
        if belonging.exists():
            belonging.rename(free.with_name(free.name + companion))
    return path.rename(free)


def newest_set_aside(path: Path) -> Path | None:
    """The file that was set aside last, if one still lies there."""
    there = path.parent.glob(f"{path.name}{SUFFIX}-*")
    numbered = [(int(number), found) for found in there if (number := found.name.rpartition("-")[2]).isdigit()]
    return max(numbered)[1] if numbered else None
