"""Values to rows and back, exactly: what was stored is what is loaded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields as fields_of
from typing import Any, Final, TypeVar

import orjson

from ..errors import StoreCorrupt
from ..recall.ranking import Header
from ..types import Message, Persona, Reply, Summary, Timing, Topic, Usage
from .fingerprints import USUAL, fingerprint, name_fingerprint
from .records import Note
from .schema import messages
from .statement import Row, packed

T = TypeVar("T")


def pack(words: tuple[str, ...]) -> str:
    """A tuple of texts as JSON; almost always it is empty."""
    return _plain(words) if words else "[]"


def unpack(column: str) -> Any:
    """What :func:`pack` and its kin wrote.

    Raises:
        StoreCorrupt: It is no longer JSON: the file was damaged where SQLite cannot see it.
    """
    try:
        return orjson.loads(column)
    except (ValueError, TypeError) as exc:
        raise StoreCorrupt from exc


def _words(column: str) -> tuple[str, ...]:
    return () if column == "[]" else tuple(unpack(column))


def message_row(message: Message, room_id: int, now: float) -> tuple[Any, ...]:
    """The row of a message that has its position, in the order of the table's columns."""
    return (
        room_id,
        message.position,
        fingerprint(message.id),
        name_fingerprint(message.username),
        None if message.user_id is None else USUAL[message.user_id],
        min(message.sent_at, now),
        message.id,
        message.username,
        message.user_id,
        message.speaker,
        message.line,
        message.text,
        pack(message.emotes),
        pack(message.badges),
        message.reply_to,
        message.sent_at,
    )


MESSAGE: Final = tuple(messages.c[field.name] for field in fields_of(Message) if field.name in messages.c)
"""The columns that a message is made of: the others are only searched by."""


def message_of(row: Row, room: str) -> Message:
    """The message of a row."""
    return Message(
        id=row.id,
        room=room,
        username=row.username,
        text=row.text,
        speaker=row.speaker,
        line=row.line,
        user_id=row.user_id,
        emotes=_words(row.emotes),
        badges=_words(row.badges),
        reply_to=row.reply_to,
        sent_at=row.sent_at,
        position=row.position,
    )


HEADERS: Final = packed(*(messages.c[name] for name in Header._fields))
"""The headers of all rows, as one value."""


def headers_of(column: str) -> list[Header]:
    """Headers from that value."""
    return [*map(Header._make, unpack(column))]


def reply_row(reply: Reply, room_id: int) -> dict[str, Any]:
    """The row of a reply."""
    return {
        "room_id": room_id,
        "after": reply.after,
        "id_print": fingerprint(reply.id),
        "id": reply.id,
        "text": reply.text,
        "raw": reply.raw,
        "answers": pack(reply.answers),
        "model": reply.model,
        "finish_reason": reply.finish_reason,
        "usage": _plain(reply.usage),
        "timing": _plain(reply.timing),
        "topics": topics_column(reply.topics),
        "cached": reply.cached,
        "created_at": reply.created_at,
    }


def _plain(value: Any) -> str:
    return orjson.dumps(value).decode()


def topics_column(topics: Iterable[Topic]) -> str:
    """Topics as JSON."""
    return _plain(tuple(topics))


def topics_of(column: str) -> tuple[Topic, ...]:
    """Topics from JSON."""
    return tuple(_stored(Topic, fields) for fields in unpack(column))


def reply_of(row: Row, room: str) -> Reply:
    """The reply of a row."""
    return Reply(
        id=row.id,
        room=room,
        text=row.text,
        raw=row.raw,
        answers=_words(row.answers),
        after=row.after,
        model=row.model,
        finish_reason=row.finish_reason,
        usage=_stored(Usage, unpack(row.usage)),
        timing=_stored(Timing, unpack(row.timing)),
        topics=topics_of(row.topics),
        cached=bool(row.cached),
        created_at=row.created_at,
    )


def persona_column(persona: Persona) -> str:
    """A persona as JSON."""
    return _plain(persona)


def persona_of(column: str | None) -> Persona | None:
    """A persona from JSON."""
    return None if column is None else _stored(Persona, unpack(column))


def summary_of(row: Row | None) -> Summary | None:
    """The summary of a row, if there is one."""
    return None if row is None else Summary(text=row.text, covers=tuple(unpack(row.covers)))


def note_of(row: Row) -> Note:
    """The note of a row."""
    return Note(speaker=row.speaker, text=row.text, from_ids=tuple(unpack(row.from_ids)), created_at=row.created_at)


def value_of(cls: type[T], fields: Mapping[str, Any]) -> T:
    """A value of one of our classes from what JSON left of it: its tuples are lists there.

    Raises:
        TypeError: These are not its fields.
    """
    return cls(**{name: tuple(field) if isinstance(field, list) else field for name, field in fields.items()})


def _stored(cls: type[T], fields: Any) -> T:
    try:
        return value_of(cls, fields)
    except (TypeError, AttributeError) as exc:
        raise StoreCorrupt from exc
