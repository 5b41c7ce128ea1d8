"""Who a viewer is, and everything that is kept about one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Row, Select, select

from ..people import person
from ..types import Message
from .answering import replies_to
from .fingerprints import fingerprint, name_fingerprint
from .records import Note, UserRecord
from .rooms import find
from .rows import message_of, note_of
from .schema import messages, notes
from .transaction import Transaction


def viewer(tx: Transaction, room: str, username: str, user_id: str | None) -> UserRecord:
    """All that a room keeps about a viewer: exactly what forgetting them would remove."""
    row = find(tx, room)
    if row is None:
        return UserRecord(username=username)
    theirs = said_by(tx, select(messages).where(messages.c.room_id == row.id), username, user_id)
    said = [message_of(found, room) for found in theirs]
    times = [message.sent_at for message in said]
    return UserRecord(
        username=username,
        usernames=tuple(dict.fromkeys(message.username for message in said)),
        user_ids=tuple(dict.fromkeys(message.user_id for message in said if message.user_id)),
        messages=tuple(said),
        notes=tuple(_notes(tx, row.id, speaker_keys(username, user_id) | writers(said))),
        replies=tuple(replies_to(tx, row.id, room, (message.id for message in said))),
        first_seen=min(times, default=None),
        last_seen=max(times, default=None),
    )


def said_by(tx: Transaction, among: Select[Any], username: str, user_id: str | None) -> list[Row[Any]]:
    """The rows of a viewer's messages, in order: by id where one is given, and what the same name said without an
    id."""
    named = among.where(messages.c.name_print == name_fingerprint(username))
    if user_id is None:
        rows = tx.rows(named)
    else:
        rows = [
            *tx.rows(among.where(messages.c.user_print == fingerprint(user_id))),
            *tx.rows(named.where(messages.c.user_print.is_(None))),
        ]
    return sorted(rows, key=lambda row: row.seq)


def speaker_keys(username: str, user_id: str | None) -> set[str]:
    """Under which keys notes about a viewer may stand who is asked for by name, and perhaps by id."""
    return {person(username), person(username, user_id)}


def writers(said: Iterable[Row[Any] | Message]) -> set[str]:
    """The keys of those who wrote these messages."""
    return {person(message.username, message.user_id) for message in said}


def _notes(tx: Transaction, room_id: int, speakers: set[str]) -> list[Note]:
    here = select(notes).where(notes.c.room_id == room_id)
    rows = tx.rows_in(here, notes.c.speaker_print, map(fingerprint, speakers))
    return [note_of(row) for row in sorted(rows, key=lambda row: row.seq)]
