"""Forgetting: what was said, and everything that was made from it.

Gone with a message are its words in the recall index, the replies that answer it, the notes and the summary that were
made from any of these, and the topics that began with it or are called by a word of it. Rows are blanked in place and
reclaimed later; :mod:`.schema` says why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import ColumnElement, Table, bindparam, delete, exists, or_, select, update

from .answering import find_reply
from .fingerprints import USUAL, fingerprint
from .postings import drop_postings
from .records import Forgotten
from .rooms import drop_summary, enter, find, find_summary, room_names
from .rows import topics_column, topics_of, unpack
from .schema import READABLE, answers, messages, note_sources, notes, replies, rooms
from .statement import Row, Statement, among
from .transaction import Transaction
from .viewers import SaidBy, speaker_keys, writers

MARGIN: Final = 1000
"""Blank rows that are left standing before the first row that can be read. At most 400 of them fit a page, and
balancing touches only the two pages beside the one that shrank: no row that can be read is among them."""

_BRIEF: Final = (
    messages.c.seq,
    messages.c.id,
    messages.c.position,
    messages.c.username,
    messages.c.user_id,
    messages.c.text,
)


def _messages_where(*conditions: ColumnElement[bool]) -> Statement:
    here = messages.c.room_id == bindparam("room")
    return Statement(select(*_BRIEF).where(here, *conditions).order_by(messages.c.seq))


def _seqs_where(table: Table, *conditions: ColumnElement[bool]) -> Statement:
    return Statement(select(table.c.seq).where(table.c.room_id == bindparam("room"), *conditions))


def _delete_among(table: Table, column: ColumnElement[int]) -> Statement:
    return Statement(delete(table).where(table.c.room_id == bindparam("room"), among(column, "numbers")))


_ALL_MESSAGES: Final = _messages_where()
_MESSAGE: Final = _messages_where(messages.c.id_print == bindparam("print"))
_OLD_MESSAGES: Final = _messages_where(messages.c.since < bindparam("before"))
_THEIRS: Final = SaidBy(*_BRIEF)
_ALL_REPLIES: Final = _seqs_where(replies)
_OLD_REPLIES: Final = _seqs_where(replies, replies.c.created_at < bindparam("before"))
_ALL_NOTES: Final = _seqs_where(notes)
_OLD_NOTES: Final = _seqs_where(notes, notes.c.created_at < bindparam("before"))
_NOTES_ABOUT: Final = _seqs_where(notes, among(notes.c.speaker_print, "prints"))
_NOTES_FROM: Final = Statement(
    select(note_sources.c.note_seq.label("seq")).where(
        note_sources.c.room_id == bindparam("room"), among(note_sources.c.source_print, "prints")
    )
)
_OLD_ROOMS: Final = Statement(
    select(rooms.c.name)
    .where(
        or_(
            *(
                exists().where(table.c.room_id == rooms.c.id, age < bindparam("before"))
                for table, age in (
                    (messages, messages.c.since),
                    (replies, replies.c.created_at),
                    (notes, notes.c.created_at),
                )
            )
        )
    )
    .order_by(rooms.c.name)
)
_ANSWERING: Final = Statement(
    select(answers.c.reply_seq).where(answers.c.room_id == bindparam("room"), among(answers.c.message_print, "prints"))
)
_REPLIES: Final = Statement(select(replies.c.seq, replies.c.id).where(among(replies.c.seq, "seqs")))
_TOLD_TOPICS: Final = Statement(
    select(replies.c.seq, replies.c.topics).where(
        replies.c.room_id == bindparam("room"), replies.c.after >= bindparam("since"), replies.c.topics != "[]"
    )
)
_TELL_TOPICS: Final = Statement(
    update(replies).where(replies.c.seq == bindparam("reply")).values(topics=bindparam("told"))
)
_UNCUT: Final = Statement(update(rooms).where(rooms.c.id == bindparam("room")).values(cut=0))
_COUNT: Final = Statement(
    update(rooms)
    .where(rooms.c.id == bindparam("room"))
    .values(
        messages=rooms.c.messages - bindparam("fewer_messages"), replies=rooms.c.replies - bindparam("fewer_replies")
    )
)
_NO_ANSWERS_TO: Final = _delete_among(answers, answers.c.message_print)
_NO_ANSWERS_BY: Final = _delete_among(answers, answers.c.reply_seq)
_NO_SOURCES_OF: Final = _delete_among(note_sources, note_sources.c.note_seq)
_OLDEST: Final = {
    table: Statement(select(table.c.seq).where(table.c.room_id.is_not(None)).order_by(table.c.seq).limit(1))
    for table in READABLE
}
_RECLAIM: Final = {table: Statement(delete(table).where(table.c.seq < bindparam("until"))) for table in READABLE}


@dataclass(slots=True, kw_only=True)
class Doomed:
    """What goes first in a room; the rest falls with it."""

    said: Sequence[Row] = ()
    """Messages: seq, id, position, username, user_id, text."""
    replies: set[int] = field(default_factory=set)
    notes: set[int] = field(default_factory=set)
    speakers: set[str] = field(default_factory=set)
    """Viewers about whom every note goes."""
    everything: bool = False
    """Whether nothing that was said in the room stays."""


def forget_message(tx: Transaction, room: str, entry_id: str) -> Forgotten:
    """Forget one message, or one reply, by its id."""
    return _in_room(tx, room, lambda row: _one_entry(tx, row, entry_id))


def _one_entry(tx: Transaction, room: Row, entry_id: str) -> Doomed:
    reply = find_reply(tx, room.id, entry_id)
    said = tx.rows(_MESSAGE, room=room.id, print=fingerprint(entry_id))
    return Doomed(said=said, replies={reply.seq} if reply else set())


def forget_user(tx: Transaction, room: str | None, username: str, user_id: str | None) -> Forgotten:
    """Forget a viewer in one room, or in all."""

    def theirs(row: Row) -> Doomed:
        said = _THEIRS.rows(tx, row.id, username, user_id)
        return Doomed(said=said, speakers=speaker_keys(username, user_id) | writers(said))

    names = room_names(tx) if room is None else [room]
    return sum((_in_room(tx, name, theirs) for name in names), Forgotten())


def clear(tx: Transaction, room: str) -> Forgotten:
    """Forget all that was said in a room; its persona and its policy stay."""

    def everything(row: Row) -> Doomed:
        tx.run(_UNCUT, room=row.id)
        return Doomed(
            said=tx.rows(_ALL_MESSAGES, room=row.id), replies=_seqs(tx.rows(_ALL_REPLIES, room=row.id)), everything=True
        )

    return _in_room(tx, room, everything)


def expire(tx: Transaction, before: float) -> Forgotten:
    """Forget what was said before a moment, in all rooms."""

    def old(row: Row) -> Doomed:
        return Doomed(
            said=tx.rows(_OLD_MESSAGES, room=row.id, before=before),
            replies=_seqs(tx.rows(_OLD_REPLIES, room=row.id, before=before)),
            notes=_seqs(tx.rows(_OLD_NOTES, room=row.id, before=before)),
        )

    with_old = tx.rows(_OLD_ROOMS, before=before)  # only these are locked: the others are not kept from talking
    return sum((_in_room(tx, row.name, old) for row in with_old), Forgotten())


def _seqs(rows: Iterable[Row]) -> set[int]:
    return {row.seq for row in rows}


def _in_room(tx: Transaction, room: str, choose: Callable[[Row], Doomed]) -> Forgotten:
    """Lock the room, choose what goes, and let it and all that was made from it go."""
    if find(tx, room) is None:
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


def _replies_of(tx: Transaction, room: Row, doomed: Doomed) -> list[Row]:
    """The replies that answer what goes, and those that go in any case: seq, id."""
    prints = [fingerprint(said.id) for said in doomed.said]
    seqs = {row.reply_seq for row in tx.rows(_ANSWERING, room=room.id, prints=prints)}
    return tx.rows(_REPLIES, seqs=sorted(seqs | doomed.replies))


def _notes_from(tx: Transaction, room: Row, doomed: Doomed, gone: set[str]) -> set[int]:
    """The notes that were made from what goes, or are about whom is forgotten."""
    if doomed.everything:
        return _seqs(tx.rows(_ALL_NOTES, room=room.id))
    about = tx.rows(_NOTES_ABOUT, room=room.id, prints=list(map(fingerprint, doomed.speakers)))
    derived = tx.rows(_NOTES_FROM, room=room.id, prints=list(map(fingerprint, gone)))
    return doomed.notes | _seqs(about) | _seqs(derived)


def _drop_summary_of(tx: Transaction, room: Row, gone: set[str], *, everything: bool) -> bool:
    summary = find_summary(tx, room.id)
    if summary is None or not (everything or gone.intersection(unpack(summary.covers))):
        return False
    drop_summary(tx, room.id)
    return True


def _blank_all(tx: Transaction, room: Row, said: Sequence[Row], answered: Sequence[Row], noted: set[int]) -> None:
    drop_postings(tx, room.id, (row.position for row in said))
    _strip_topics(tx, room, said)
    tx.blank(messages, (row.seq for row in said))
    tx.blank(replies, (row.seq for row in answered))
    tx.blank(notes, noted)
    tx.run(_NO_ANSWERS_TO, room=room.id, numbers=[fingerprint(row.id) for row in said])
    tx.run(_NO_ANSWERS_BY, room=room.id, numbers=[row.seq for row in answered])
    tx.run(_NO_SOURCES_OF, room=room.id, numbers=list(noted))
    tx.run(_COUNT, room=room.id, fewer_messages=len(said), fewer_replies=len(answered))
    reclaim(tx)
    USUAL.clear()  # its keys are words


def _strip_topics(tx: Transaction, room: Row, said: Sequence[Row]) -> None:
    """Take the topics that began with what goes, or are called by a word of it, out of later replies."""
    gone = {row.id for row in said}
    words = {term for row in said for term in tx.terms(row.text)}
    since = min((row.position for row in said), default=None)
    if since is None:
        return
    for row in tx.rows(_TOLD_TOPICS, room=room.id, since=since):
        topics = topics_of(row.topics)
        left = [topic for topic in topics if topic.since_id not in gone and words.isdisjoint(tx.terms(topic.label))]
        if len(left) < len(topics):
            tx.run(_TELL_TOPICS, reply=row.seq, told=topics_column(left))


def reclaim(tx: Transaction) -> None:
    """Delete the blanks at the old end of each table, up to a margin before the first row that can be read."""
    for table in READABLE:
        oldest = tx.row(_OLDEST[table])
        if oldest is not None:
            tx.run(_RECLAIM[table], until=oldest.seq - MARGIN)
