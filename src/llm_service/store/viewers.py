"""Who a viewer is, and everything that is kept about one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import ColumnElement, Table, bindparam, select

from ..people import person
from ..types import Message
from .answering import replies_to
from .fingerprints import fingerprint, name_fingerprint
from .records import Note, UserRecord
from .rooms import find
from .rows import message_of, note_of
from .schema import messages, notes
from .statement import Row, Statement, among
from .transaction import Transaction

_NOTES: Final = Statement(
    select(notes)
    .where(notes.c.room_id == bindparam("room"), among(notes.c.speaker_print, "speakers"))
    .order_by(notes.c.seq)
)


class SaidBy:
    """The rows of a viewer's messages, as some of their columns."""

    def __init__(self, *columns: Table | ColumnElement[Any]) -> None:
        here = select(*columns).where(messages.c.room_id == bindparam("room"))
        named = here.where(messages.c.name_print == bindparam("name"))
        self._named = Statement(named)
        self._nameless = Statement(named.where(messages.c.user_print.is_(None)))
        self._with_id = Statement(here.where(messages.c.user_print == bindparam("user")))

    def rows(self, tx: Transaction, room_id: int, username: str, user_id: str | None) -> list[Row]:
        """In order: by id where one is given, and what the same name said without an id."""
        name = name_fingerprint(username)
        if user_id is None:
            rows = tx.rows(self._named, room=room_id, name=name)
        else:
            rows = [
                *tx.rows(self._with_id, room=room_id, user=fingerprint(user_id)),
                *tx.rows(self._nameless, room=room_id, name=name),
            ]
        return sorted(rows, key=lambda row: row.seq)


_SAID: Final = SaidBy(messages)


def viewer(tx: Transaction, room: str, username: str, user_id: str | None) -> UserRecord:
    """All that a room keeps about a viewer: exactly what forgetting them would remove."""
    row = find(tx, room)
    if row is None:
        return UserRecord(username=username)
    said = [message_of(found, room) for found in _SAID.rows(tx, row.id, username, user_id)]
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


def speaker_keys(username: str, user_id: str | None) -> set[str]:
    """Under which keys notes about a viewer may stand who is asked for by name, and perhaps by id."""
    return {person(username), person(username, user_id)}


def writers(said: Iterable[Row | Message]) -> set[str]:
    """The keys of those who wrote these messages."""
    return {person(message.username, message.user_id) for message in said}


def _notes(tx: Transaction, room_id: int, speakers: set[str]) -> list[Note]:
    return [note_of(row) for row in tx.rows(_NOTES, room=room_id, speakers=list(map(fingerprint, speakers)))]
