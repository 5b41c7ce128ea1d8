"""Values to rows and back, exactly: what was stored is what is loaded."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any, TypeVar

from sqlalchemy import Row

from ..errors import StoreCorrupt
from ..types import Message, Persona, Reply, Summary, Timing, Topic, Usage
from .fingerprints import fingerprint, name_fingerprint
from .records import Note

T = TypeVar("T")


def pack(words: tuple[str, ...]) -> str:
    """A tuple of texts as JSON; almost always it is empty."""
    return json.dumps(words, ensure_ascii=False) if words else "[]"


def unpack(column: str) -> Any:
    """What :func:`pack` and its kin wrote.

    Raises:
        StoreCorrupt: It is no longer JSON: the file was damaged where SQLite cannot see it.
    """
    try:
        return json.loads(column)
    except (ValueError, TypeError) as exc:
        raise StoreCorrupt from exc


def message_row(message: Message, room_id: int, now: float) -> dict[str, Any]:
    """The row of a message that has its position."""
    return {
        "room_id": room_id,
        "position": message.position,
        "id_print": fingerprint(message.id),
        "name_print": name_fingerprint(message.username),
        "user_print": None if message.user_id is None else fingerprint(message.user_id),
        "since": min(message.sent_at, now),
        "id": message.id,
        "username": message.username,
        "user_id": message.user_id,
        "speaker": message.speaker,
        "line": message.line,
        "text": message.text,
        "emotes": pack(message.emotes),
        "badges": pack(message.badges),
        "reply_to": message.reply_to,
        "sent_at": message.sent_at,
    }


def message_of(row: Row[Any], room: str) -> Message:
    """The message of a row."""
    return Message(
        id=row.id,
        room=room,
        username=row.username,
        text=row.text,
        speaker=row.speaker,
        line=row.line,
        user_id=row.user_id,
        emotes=tuple(unpack(row.emotes)),
        badges=tuple(unpack(row.badges)),
        reply_to=row.reply_to,
        sent_at=row.sent_at,
        position=row.position,
    )


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
        "usage": json.dumps(asdict(reply.usage)),
        "timing": json.dumps(asdict(reply.timing)),
        "topics": topics_column(reply.topics),
        "cached": reply.cached,
        "created_at": reply.created_at,
    }


def topics_column(topics: Iterable[Topic]) -> str:
    """Topics as JSON."""
    return json.dumps([asdict(topic) for topic in topics], ensure_ascii=False)


def topics_of(column: str) -> tuple[Topic, ...]:
    """Topics from JSON."""
    return tuple(_stored(Topic, fields) for fields in unpack(column))


def reply_of(row: Row[Any], room: str) -> Reply:
    """The reply of a row."""
    return Reply(
        id=row.id,
        room=room,
        text=row.text,
        raw=row.raw,
        answers=tuple(unpack(row.answers)),
        after=row.after,
        model=row.model,
        finish_reason=row.finish_reason,
        usage=_stored(Usage, unpack(row.usage)),
        timing=_stored(Timing, unpack(row.timing)),
        topics=topics_of(row.topics),
        cached=row.cached,
        created_at=row.created_at,
    )


def persona_column(persona: Persona) -> str:
    """A persona as JSON."""
    return json.dumps(asdict(persona), ensure_ascii=False)


def persona_of(column: str | None) -> Persona | None:
    """A persona from JSON."""
    return None if column is None else _stored(Persona, unpack(column))


def summary_of(row: Row[Any] | None) -> Summary | None:
    """The summary of a row, if there is one."""
    return None if row is None else Summary(text=row.text, covers=tuple(unpack(row.covers)))


def note_of(row: Row[Any]) -> Note:
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
