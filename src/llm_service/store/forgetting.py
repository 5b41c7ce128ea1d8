"""Forgetting: what was said, and everything that was made from it.

Gone with a message are its words in the recall index, the replies that answer it, the notes and the summary that were
made from any of these, and the topics that began with it. Rows are blanked in place and reclaimed later;
:mod:`.schema` says why.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, Select, Table, delete, exists, or_, select, update

from .answering import find_reply
from .fingerprints import fingerprint
from .recall_index import drop_postings
from .records import Forgotten
from .rooms import drop_summary, enter, find_summary, room_names
from .rows import topics_column, topics_of, unpack
from .schema import READABLE, answers, messages, note_sources, notes, replies, rooms
from .transaction import Transaction
from .viewers import said_by, speaker_keys, writers

MARGIN: Final = 1000
"""Blank rows that are left standing before the first row that can be read. At most 400 of them fit a page, and
balancing touches only the two pages beside the one that shrank: no row that can be read is among them."""


@dataclass(slots=True, kw_only=True)
class Doomed:
    """What goes first in a room; the rest falls with it."""

    said: Sequence[Row[Any]] = ()
    """Messages: seq, id, position, username, user_id."""
    replies: set[int] = field(default_factory=set)
    notes: set[int] = field(default_factory=set)
    speakers: set[str] = field(default_factory=set)
    """Viewers about whom every note goes."""
    everything: bool = False
    """Whether nothing that was said in the room stays."""


def forget_message(tx: Transaction, room: str, entry_id: str) -> Forgotten:
    """Forget one message, or one reply, by its id."""
    return _in_room(tx, room, lambda row: _one_entry(tx, row, entry_id))


def _one_entry(tx: Transaction, room: Row[Any], entry_id: str) -> Doomed:
    reply = find_reply(tx, room.id, entry_id)
    said = tx.rows(_messages_where(room, messages.c.id_print == fingerprint(entry_id)))
    return Doomed(said=said, replies={reply.seq} if reply else set())


def forget_user(tx: Transaction, room: str | None, username: str, user_id: str | None) -> Forgotten:
    """Forget a viewer in one room, or in all."""

    def theirs(row: Row[Any]) -> Doomed:
        said = said_by(tx, _messages_where(row), username, user_id)
        return Doomed(said=said, speakers=speaker_keys(username, user_id) | writers(said))

    names = room_names(tx) if room is None else [room]
    return sum((_in_room(tx, name, theirs) for name in names), Forgotten())


def clear(tx: Transaction, room: str) -> Forgotten:
    """Forget all that was said in a room; its persona and its policy stay."""

    def everything(row: Row[Any]) -> Doomed:
        tx.execute(update(rooms).where(rooms.c.id == row.id).values(cut=0))
        seqs = {reply.seq for reply in tx.rows(select(replies.c.seq).where(replies.c.room_id == row.id))}
        return Doomed(said=tx.rows(_messages_where(row)), replies=seqs, everything=True)

    return _in_room(tx, room, everything)


def expire(tx: Transaction, before: float) -> Forgotten:
    """Forget what was said before a moment, in all rooms."""

    def old(row: Row[Any]) -> Doomed:
        return Doomed(
            said=tx.rows(_messages_where(row, messages.c.since < before)),
            replies=_seqs_before(tx, replies, row, before),
            notes=_seqs_before(tx, notes, row, before),
        )

    return sum((_in_room(tx, name, old) for name in _rooms_with_old(tx, before)), Forgotten())


def _rooms_with_old(tx: Transaction, before: float) -> list[str]:
    """Only rooms that have something to forget are locked: the others are not kept from talking."""
    ages = ((messages, messages.c.since), (replies, replies.c.created_at), (notes, notes.c.created_at))
    old = (exists().where(table.c.room_id == rooms.c.id, age < before) for table, age in ages)
    return [row.name for row in tx.rows(select(rooms.c.name).where(or_(*old)).order_by(rooms.c.name))]


def _seqs_before(tx: Transaction, table: Table, room: Row[Any], before: float) -> set[int]:
    old = select(table.c.seq).where(table.c.room_id == room.id, table.c.created_at < before)
    return {row.seq for row in tx.rows(old)}


def _messages_where(room: Row[Any], *conditions: ColumnElement[bool]) -> Select[Any]:
    columns = (messages.c.seq, messages.c.id, messages.c.position, messages.c.username, messages.c.user_id)
    return select(*columns).where(messages.c.room_id == room.id, *conditions).order_by(messages.c.seq)


def _in_room(tx: Transaction, room: str, choose: Callable[[Row[Any]], Doomed]) -> Forgotten:
    """Lock the room, choose what goes, and let it and all that was made from it go."""
    if tx.execute(select(rooms.c.id).where(rooms.c.name == room)).one_or_none() is None:
        return Forgotten()
    row = enter(tx, room)
    doomed = choose(row)
    answered = _replies_of(tx, row, doomed)
    gone = {entry.id for entry in (*doomed.said, *answered)}
    noted = _notes_from(tx, row, doomed, gone)
    summarised = _drop_summary_of(tx, row, gone, everything=doomed.everything)
    if not (gone or noted or summarised):
        return Forgotten()
    _blank_all(tx, row, doomed.said, answered, noted)
    tx.erased = True
    return Forgotten(
        rooms=(room,),
        message_ids=tuple(entry.id for entry in doomed.said),
        reply_ids=tuple(entry.id for entry in answered),
        summaries_dropped=summarised,
        speakers=tuple(sorted(doomed.speakers | writers(doomed.said))),
    )


def _replies_of(tx: Transaction, room: Row[Any], doomed: Doomed) -> list[Row[Any]]:
    """The replies that answer what goes, and those that go in any case: seq, id."""
    answering = select(answers.c.reply_seq).where(answers.c.room_id == room.id)
    prints = (fingerprint(said.id) for said in doomed.said)
    seqs = {row.reply_seq for row in tx.rows_in(answering, answers.c.message_print, prints)}
    return tx.rows_in(select(replies.c.seq, replies.c.id), replies.c.seq, sorted(seqs | doomed.replies))


def _notes_from(tx: Transaction, room: Row[Any], doomed: Doomed, gone: set[str]) -> set[int]:
    """The notes that were made from what goes, or are about whom is forgotten."""
    here = select(notes.c.seq).where(notes.c.room_id == room.id)
    if doomed.everything:
        return {row.seq for row in tx.rows(here)}
    about = tx.rows_in(here, notes.c.speaker_print, map(fingerprint, doomed.speakers))
    made = select(note_sources.c.note_seq.label("seq")).where(note_sources.c.room_id == room.id)
    derived = tx.rows_in(made, note_sources.c.source_print, map(fingerprint, gone))
    return doomed.notes | {row.seq for row in (*about, *derived)}


def _drop_summary_of(tx: Transaction, room: Row[Any], gone: set[str], *, everything: bool) -> bool:
    summary = find_summary(tx, room.id)
    if summary is None or not (everything or gone.intersection(unpack(summary.covers))):
        return False
    drop_summary(tx, room.id)
    return True


def _blank_all(
    tx: Transaction, room: Row[Any], said: Sequence[Row[Any]], answered: Sequence[Row[Any]], noted: set[int]
) -> None:
    drop_postings(tx, room.id, (row.position for row in said))
    _strip_topics(tx, room, said)
    tx.blank(messages, (row.seq for row in said))
    tx.blank(replies, (row.seq for row in answered))
    tx.blank(notes, noted)
    tx.delete_in(answers, answers.c.message_print, (fingerprint(row.id) for row in said), answers.c.room_id == room.id)
    tx.delete_in(answers, answers.c.reply_seq, (row.seq for row in answered), answers.c.room_id == room.id)
    tx.delete_in(note_sources, note_sources.c.note_seq, noted, note_sources.c.room_id == room.id)
    fewer = {"messages": rooms.c.messages - len(said), "replies": rooms.c.replies - len(answered)}
    tx.execute(update(rooms).where(rooms.c.id == room.id).values(fewer))
    reclaim(tx)
    fingerprint.cache_clear()  # its keys are words


def _strip_topics(tx: Transaction, room: Row[Any], said: Sequence[Row[Any]]) -> None:
    """Take the topics that began with what goes out of later replies: their labels are its words."""
    gone = {row.id for row in said}
    since = min((row.position for row in said), default=None)
    if since is None:
        return
    later = (replies.c.room_id == room.id, replies.c.after >= since, replies.c.topics != "[]")
    for row in tx.rows(select(replies.c.seq, replies.c.topics).where(*later)):
        topics = topics_of(row.topics)
        left = [topic for topic in topics if topic.since_id not in gone]
        if len(left) < len(topics):
            tx.execute(update(replies).where(replies.c.seq == row.seq).values(topics=topics_column(left)))


def reclaim(tx: Transaction) -> None:
    """Delete the blanks at the old end of each table, up to a margin before the first row that can be read."""
    for table in READABLE:
        first = select(table.c.seq).where(table.c.room_id.is_not(None)).order_by(table.c.seq).limit(1)
        oldest = tx.execute(first).scalar_one_or_none()
        if oldest is not None:
            tx.execute(delete(table).where(table.c.seq < oldest - MARGIN))
