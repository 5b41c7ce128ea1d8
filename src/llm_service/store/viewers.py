"""Everything that is kept about one viewer."""

from __future__ import annotations

from sqlalchemy import select

from ..types import Message
from .answering import replies_to
from .fingerprints import fingerprint
from .forgetting import is_viewer, speaker_keys
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
    theirs = select(messages).where(messages.c.room_id == row.id, is_viewer(username, user_id))
    said = [message_of(found, room) for found in tx.rows(theirs.order_by(messages.c.position))]
    times = [message.sent_at for message in said]
    return UserRecord(
        username=username,
        usernames=tuple(dict.fromkeys(message.username for message in said)),
        user_ids=tuple(dict.fromkeys(message.user_id for message in said if message.user_id)),
        messages=tuple(said),
        notes=tuple(_notes(tx, row.id, speaker_keys(username, user_id), said)),
        replies=tuple(replies_to(tx, row.id, room, (message.id for message in said))),
        first_seen=min(times, default=None),
        last_seen=max(times, default=None),
    )


def _notes(tx: Transaction, room_id: int, speakers: set[str], said: list[Message]) -> list[Note]:
    keys = speakers.union(*(speaker_keys(message.username, message.user_id) for message in said))
    here = select(notes).where(notes.c.room_id == room_id)
    rows = tx.rows_in(here, notes.c.speaker_print, map(fingerprint, keys))
    return [note_of(row) for row in sorted(rows, key=lambda row: row.seq)]
