"""Notes about viewers, each with the messages it was made from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from sqlalchemy import Select, select

from ..errors import UnknownMessage
from .fingerprints import fingerprint
from .records import Note
from .rooms import all_stored, enter, find
from .rows import note_of, pack
from .schema import note_sources, notes
from .transaction import Transaction

MOST_OF_VIEWER: Final = 16
"""Notes about one viewer; of more, the oldest go."""
MOST_OF_ROOM: Final = 5_000
"""Notes in a room, likewise."""

Outdated = Callable[[str], bool]
"""Whether the text of an earlier note does not hold any more."""


def save_note(
    tx: Transaction, room: str, speaker: str, text: str, from_ids: Sequence[str], *, outdated: Outdated
) -> tuple[Note, ...]:
    """Remember something about a viewer in place of what is outdated by it; gives all that is remembered of them.

    Raises:
        UnknownMessage: One of the entries it was made from was forgotten meanwhile.
    """
    row = enter(tx, room)
    if not all_stored(tx, row.id, from_ids):
        raise UnknownMessage
    note = Note(speaker=speaker, text=text, from_ids=tuple(from_ids), created_at=tx.now)
    left = [*_without(tx, row.id, speaker, outdated, most=MOST_OF_VIEWER - 1), note]
    write_note(tx, row.id, note)
    _bound_room(tx, row.id)
    return tuple(left)


def drop_notes(tx: Transaction, room: str, speaker: str, outdated: Outdated) -> tuple[Note, ...]:
    """Forget what is outdated of the notes about a viewer; gives what is left."""
    return tuple(_without(tx, enter(tx, room).id, speaker, outdated, most=MOST_OF_VIEWER))


def _without(tx: Transaction, room_id: int, speaker: str, outdated: Outdated, *, most: int) -> list[Note]:
    rows = tx.rows(_about(room_id, speaker))
    fresh = [row for row in rows if not outdated(row.text)][-most:]
    kept = {row.seq for row in fresh}
    _drop(tx, room_id, [row.seq for row in rows if row.seq not in kept])
    return [note_of(row) for row in fresh]


def _bound_room(tx: Transaction, room_id: int) -> None:
    newest = select(notes.c.seq).where(notes.c.room_id == room_id).order_by(notes.c.seq.desc())
    _drop(tx, room_id, [row.seq for row in tx.rows(newest.offset(MOST_OF_ROOM))])


def _drop(tx: Transaction, room_id: int, seqs: Sequence[int]) -> None:
    tx.blank(notes, seqs)
    tx.delete_in(note_sources, note_sources.c.note_seq, seqs, note_sources.c.room_id == room_id)


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
    return [] if row is None else [note_of(note) for note in tx.rows(_about(row.id, speaker))]


def _about(room_id: int, speaker: str) -> Select[Any]:
    about = (notes.c.room_id == room_id, notes.c.speaker_print == fingerprint(speaker))
    return select(notes).where(*about).order_by(notes.c.seq)
