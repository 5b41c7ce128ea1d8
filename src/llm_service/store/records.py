"""What only the store tells of itself, beside the words of :mod:`llm_service.types`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from llm_service.types import UNSET, Forgotten, Note, RoomRecord, Stored, Unset, UserRecord

__all__ = [
    "UNSET",
    "Forgotten",
    "Imported",
    "Note",
    "RoomRecord",
    "StoreHealth",
    "Stored",
    "Unset",
    "UserRecord",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """How much an import brought in; what was there already is not counted."""

    messages: int = 0
    replies: int = 0
    notes: int = 0

    def __add__(self, other: Imported) -> Imported:
        return Imported(
            messages=self.messages + other.messages,
            replies=self.replies + other.replies,
            notes=self.notes + other.notes,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreHealth:
    """The state of the database, as ``/health`` shows it."""

    kind: Literal["sqlite", "postgresql"]
    ok: bool
    """Whether the last thing that was tried worked."""
    library_version: str
    """Of SQLite, or of the PostgreSQL server; empty until it was reached."""
    journal_mode: str
    """How SQLite commits (``wal``, ``delete``, ``memory``); ``server`` on PostgreSQL."""
    code: str | None = None
    """Code of the error that stands, or of the damage that was survived."""
    detail: str | None = None
    set_aside: str | None = None
    """Where the newest damaged file lies; it is named as long as it lies there."""
