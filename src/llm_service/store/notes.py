"""Notes about viewers, each with the messages it was made from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from sqlalchemy import bindparam, delete, select

from ..errors import UnknownMessage
from .fingerprints import fingerprint
from .records import Note
from .rooms import all_stored, enter, find
from .rows import note_of, pack
from .schema import note_sources, notes
from .statement import Statement, among, insert_into
from .transaction import Transaction

MOST_OF_VIEWER: Final = 16
"""Notes about one viewer; of more, the oldest go."""
MOST_OF_ROOM: Final = 5_000
"""Notes in a room, likewise."""

Outdated = Callable[[str], bool]
"""Whether the text of an earlier note does not hold any more."""

_INSERT: Final = Statement(insert_into(notes).returning(notes.c.seq))
_SOURCES: Final = Statement(insert_into(note_sources))
_ABOUT: Final = Statement(
    select(notes)
    .where(notes.c.room_id == bindparam("room"), notes.c.speaker_print == bindparam("speaker"))
    .order_by(notes.c.seq)
)
_BEYOND: Final = Statement(
    select(notes.c.seq)
    .where(notes.c.room_id == bindparam("room"))
    .order_by(notes.c.seq.desc())
    .limit(bindparam("most"))
    .offset(bindparam("most"))
)
_NO_SOURCES_OF: Final = Statement(
    delete(note_sources).where(note_sources.c.room_id == bindparam("room"), among(note_sources.c.note_seq, "seqs"))
)


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
    left = _without(tx, row.id, speaker, outdated, most=MOST_OF_VIEWER - 1)
    write_note(tx, row.id, note)
    _drop(tx, row.id, [old.seq for old in tx.rows(_BEYOND, room=row.id, most=MOST_OF_ROOM)])
    return (*left, note)


def drop_notes(tx: Transaction, room: str, speaker: str, outdated: Outdated) -> tuple[Note, ...]:
    """Forget what is outdated of the notes about a viewer; gives what is left."""
    return tuple(_without(tx, enter(tx, room).id, speaker, outdated, most=MOST_OF_VIEWER))


def _without(tx: Transaction, room_id: int, speaker: str, outdated: Outdated, *, most: int) -> list[Note]:
    rows = tx.rows(_ABOUT, room=room_id, speaker=fingerprint(speaker))
    kept = [row for row in rows if not outdated(row.text)][-most:]
    _drop(tx, room_id, sorted({row.seq for row in rows} - {row.seq for row in kept}))
    return [note_of(row) for row in kept]


def _drop(tx: Transaction, room_id: int, seqs: Sequence[int]) -> None:
    if seqs:
        tx.blank(notes, seqs)
        tx.run(_NO_SOURCES_OF, room=room_id, seqs=seqs)


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
