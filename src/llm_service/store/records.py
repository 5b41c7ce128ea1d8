"""What the store gives back: frozen values, beside the words of :mod:`llm_service.types`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final, Literal

from ..types import Entry, Message, Persona, Reply, Summary


class Unset(Enum):
    """The type of :data:`UNSET`, so that "leave it alone" and "there is none" are different things."""

    UNSET = "unset"


UNSET: Final = Unset.UNSET
"""Leave this alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A message that is on disk."""

    message: Message
    """With its position."""
    known: bool
    """Whether a message with this id was in the room already: then that one is given, and nothing was written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomRecord:
    """All that a room needs to go on where it was."""

    room: str
    persona: Persona | None
    policy: str | None
    """JSON, as it was saved."""
    cut: int
    """Position of the window's first message; 0 where nothing was trimmed yet."""
    summary: Summary | None
    entries: tuple[Entry, ...]
    """From the cut on, in the order of the conversation."""
    messages: int
    """How many messages are stored."""
    replies: int
    """How many replies are stored."""
    created_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Something remembered about a viewer, with its provenance."""

    speaker: str
    text: str
    from_ids: tuple[str, ...]
    """Ids of the messages it was made from: forgetting one of them drops the note."""
    created_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class UserRecord:
    """Everything that is kept about one viewer of a room."""

    username: str
    usernames: tuple[str, ...] = ()
    """The names as displayed, as they were written."""
    user_ids: tuple[str, ...] = ()
    messages: tuple[Message, ...] = ()
    notes: tuple[Note, ...] = ()
    replies: tuple[Reply, ...] = ()
    """What the assistant answered to them."""
    first_seen: float | None = None
    last_seen: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """What is gone, so that memory, window and caches can follow the database."""

    rooms: tuple[str, ...] = ()
    message_ids: tuple[str, ...] = ()
    reply_ids: tuple[str, ...] = ()
    summaries_dropped: bool = False
    speakers: tuple[str, ...] = ()
    """Keys of the viewers whose messages these were: the user id where there is one, and the casefolded name."""

    @property
    def nothing(self) -> bool:
        """Whether nothing matched."""
        return not (self.message_ids or self.reply_ids or self.summaries_dropped)

    def __add__(self, other: Forgotten) -> Forgotten:
        return Forgotten(
            rooms=_union(self.rooms, other.rooms),
            message_ids=self.message_ids + other.message_ids,
            reply_ids=self.reply_ids + other.reply_ids,
            summaries_dropped=self.summaries_dropped or other.summaries_dropped,
            speakers=_union(self.speakers, other.speakers),
        )


def _union(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(first + second))


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
