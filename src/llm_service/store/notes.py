"""Notes about viewers, each with the messages it was made from."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from ..errors import UnknownMessage
from .fingerprints import fingerprint
from .records import Note
from .rooms import all_stored, enter, find
from .rows import note_of, pack
from .schema import note_sources, notes
from .transaction import Transaction


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
    row = {
        "room_id": room_id,
        "speaker_print": fingerprint(note.speaker),
        "speaker": note.speaker,
        "text": note.text,
        "from_ids": pack(note.from_ids),
        "created_at": note.created_at,
    }
    seq = tx.execute(notes.insert().returning(notes.c.seq), row).scalar_one()
    sources = {fingerprint(source) for source in note.from_ids}
    if sources:
        rows = [{"room_id": room_id, "source_print": print_, "note_seq": seq} for print_ in sources]
        tx.execute(note_sources.insert(), rows)


def notes_about(tx: Transaction, room: str, speaker: str) -> list[Note]:
    """What is remembered about a viewer, oldest first."""
    row = find(tx, room)
    if row is None:
        return []
    about = (notes.c.room_id == row.id, notes.c.speaker_print == fingerprint(speaker))
    return [note_of(note) for note in tx.rows(select(notes).where(*about).order_by(notes.c.seq))]
