"""Notes about viewers, each with the messages it was made from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import bindparam, select

from ..errors import UnknownMessage
from .fingerprints import fingerprint
from .records import Note
from .rooms import all_stored, enter, find
from .rows import note_of, pack
from .schema import note_sources, notes
from .statement import Statement, insert_into
from .transaction import Transaction

_INSERT: Final = Statement(insert_into(notes).returning(notes.c.seq))
_SOURCES: Final = Statement(insert_into(note_sources))
_ABOUT: Final = Statement(
    select(notes)
    .where(notes.c.room_id == bindparam("room"), notes.c.speaker_print == bindparam("speaker"))
    .order_by(notes.c.seq)
)


def save_note(tx: Transaction, room: str, speaker: str, text: str, from_ids: Sequence[str]) -> Note:
    """Remember something about a viewer.

    Raises:
        UnknownMessage: One of the entries it was made from was forgotten meanwhile.
    """
    row = enter(tx, room)
    if not all_stored(tx, row.id, from_ids):
        raise UnknownMessage
    note = Note(speaker=speaker, text=text, from_ids=tuple(from_ids), created_at=tx.now)
    write_note(tx, row.id, note)
    return note


def write_note(tx: Transaction, room_id: int, note: Note) -> None:
    """Write a note and where it came from."""
    row = tx.one(
        _INSERT,
        room_id=room_id,
        speaker_print=fingerprint(note.speaker),
        speaker=note.speaker,
        text=note.text,
        from_ids=pack(note.from_ids),
        created_at=note.created_at,
    )
    sources = {fingerprint(source) for source in note.from_ids}
    tx.run_each(_SOURCES, [(room_id, print_, row.seq) for print_ in sources])


def notes_about(tx: Transaction, room: str, speaker: str) -> list[Note]:
    """What is remembered about a viewer, oldest first."""
    row = find(tx, room)
    if row is None:
        return []
    return [note_of(note) for note in tx.rows(_ABOUT, room=row.id, speaker=fingerprint(speaker))]
