"""Replies: stored together with what they answer, or not at all."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import Row, bindparam, select, update

from ..errors import UnknownMessage
from ..types import Reply
from .fingerprints import fingerprint
from .rooms import enter, find
from .rows import reply_of, reply_row
from .schema import answers, messages, replies, rooms
from .transaction import Transaction, parts

_WITH_IDS: Final = select(messages.c.seq).where(
    messages.c.room_id == bindparam("room"), messages.c.id_print.in_(bindparam("prints", expanding=True))
)
_WITH_ID: Final = select(replies).where(
    replies.c.room_id == bindparam("room"), replies.c.id_print == bindparam("print")
)
_INSERT: Final = replies.insert().returning(replies.c.seq)
_COUNT: Final = update(rooms).where(rooms.c.id == bindparam("room")).values(replies=rooms.c.replies + 1)
_ANSWERING: Final = (
    select(replies)
    .join(answers, replies.c.seq == answers.c.reply_seq)
    .where(answers.c.room_id == bindparam("room"), answers.c.message_print == bindparam("print"))
    .order_by(replies.c.seq)
    .limit(1)
)
# Built once: building a statement costs more than running it.


def commit_reply(tx: Transaction, reply: Reply) -> Reply:
    """Store a reply and the ids it answers. One whose id is stored already is given back as it was.

    Raises:
        UnknownMessage: One of the messages it answers was forgotten while the model spoke. A reply may quote what it
            answers, so it goes where its message went.
    """
    room = enter(tx, reply.room)
    known = find_reply(tx, room.id, reply.id)
    if known is not None:
        return reply_of(known, reply.room)
    prints = {fingerprint(message_id) for message_id in reply.answers}
    if len(_stored(tx, room.id, prints)) < len(prints):
        raise UnknownMessage
    write_reply(tx, room.id, reply)
    return reply


def _stored(tx: Transaction, room_id: int, prints: set[int]) -> list[Row[Any]]:
    return [row for part in parts(prints) for row in tx.execute(_WITH_IDS, {"room": room_id, "prints": part})]


def find_reply(tx: Transaction, room_id: int, reply_id: str) -> Row[Any] | None:
    """The row of a reply, if it is stored."""
    return tx.execute(_WITH_ID, {"room": room_id, "print": fingerprint(reply_id)}).one_or_none()


def write_reply(tx: Transaction, room_id: int, reply: Reply) -> None:
    """Write a reply and what it answers, and count it."""
    seq = tx.execute(_INSERT, reply_row(reply, room_id)).scalar_one()
    rows = [(room_id, print_, seq) for print_ in {fingerprint(message_id) for message_id in reply.answers}]
    if rows:
        tx.insert_tuples(answers, rows)
    tx.execute(_COUNT, {"room": room_id})


def reply_for(tx: Transaction, room: str, message_id: str) -> Reply | None:
    """The first reply that answers a message."""
    row = find(tx, room)
    if row is None:
        return None
    found = tx.execute(_ANSWERING, {"room": row.id, "print": fingerprint(message_id)}).one_or_none()
    return None if found is None else reply_of(found, room)


def replies_to(tx: Transaction, room_id: int, room: str, message_ids: Iterable[str]) -> list[Reply]:
    """All replies that answer any of the messages, in the order they were stored."""
    answering = select(answers.c.reply_seq).where(answers.c.room_id == room_id)
    seqs = {row.reply_seq for row in tx.rows_in(answering, answers.c.message_print, map(fingerprint, message_ids))}
    return [reply_of(row, room) for row in tx.rows_in(select(replies), replies.c.seq, sorted(seqs))]
