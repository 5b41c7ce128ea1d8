"""Replies: stored together with what they answer, or not at all."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Row, select, update

from ..errors import UnknownMessage
from ..types import Reply
from .fingerprints import fingerprint
from .rooms import enter, find
from .rows import reply_of, reply_row
from .schema import answers, messages, replies, rooms
from .transaction import Transaction


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
    there = select(messages.c.seq).where(messages.c.room_id == room_id)
    return tx.rows_in(there, messages.c.id_print, prints)


def find_reply(tx: Transaction, room_id: int, reply_id: str) -> Row[Any] | None:
    """The row of a reply, if it is stored."""
    same = (replies.c.room_id == room_id, replies.c.id_print == fingerprint(reply_id))
    return tx.execute(select(replies).where(*same)).one_or_none()


def write_reply(tx: Transaction, room_id: int, reply: Reply) -> None:
    """Write a reply and what it answers, and count it."""
    seq = tx.execute(replies.insert().returning(replies.c.seq), reply_row(reply, room_id)).scalar_one()
    rows = [
        {"room_id": room_id, "message_print": print_, "reply_seq": seq}
        for print_ in {fingerprint(message_id) for message_id in reply.answers}
    ]
    if rows:
        tx.execute(answers.insert(), rows)
    tx.execute(update(rooms).where(rooms.c.id == room_id).values(replies=rooms.c.replies + 1))


def reply_for(tx: Transaction, room: str, message_id: str) -> Reply | None:
    """The first reply that answers a message."""
    row = find(tx, room)
    if row is None:
        return None
    answering = (answers.c.room_id == row.id, answers.c.message_print == fingerprint(message_id))
    statement = select(replies).join(answers, replies.c.seq == answers.c.reply_seq).where(*answering)
    found = tx.execute(statement.order_by(replies.c.seq).limit(1)).one_or_none()
    return None if found is None else reply_of(found, room)


def replies_to(tx: Transaction, room_id: int, room: str, message_ids: Iterable[str]) -> list[Reply]:
    """All replies that answer any of the messages, in the order they were stored."""
    answering = select(answers.c.reply_seq).where(answers.c.room_id == room_id)
    seqs = {row.reply_seq for row in tx.rows_in(answering, answers.c.message_print, map(fingerprint, message_ids))}
    return [reply_of(row, room) for row in tx.rows_in(select(replies), replies.c.seq, sorted(seqs))]
