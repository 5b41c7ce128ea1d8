"""Replies: stored together with what they answer, or not at all."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sqlalchemy import bindparam, exists, select, update

from ..errors import UnknownMessage
from ..types import Reply
from .fingerprints import fingerprint
from .rooms import enter, find
from .rows import reply_of, reply_row
from .schema import answers, messages, replies, rooms
from .statement import Row, Statement, among, insert_into
from .transaction import Transaction

_WITH_ID: Final = Statement(
    select(replies).where(replies.c.room_id == bindparam("room"), replies.c.id_print == bindparam("print"))
)
_COUNT: Final = Statement(
    update(rooms)
    .where(
        rooms.c.name == bindparam("room"),
        ~exists().where(replies.c.room_id == rooms.c.id, replies.c.id_print == bindparam("print")),
    )
    .values(replies=rooms.c.replies + 1)
    .returning(rooms.c.id)
)
"""Enters the room, and counts a new reply; but not where it is a new room, or has the reply. Who has to wait for the
room does not see what was stored meanwhile: the index refuses an id that came twice."""
_THERE: Final = Statement(
    select(messages.c.seq).where(messages.c.room_id == bindparam("room"), among(messages.c.id_print, "prints"))
)
_INSERT: Final = Statement(insert_into(replies).returning(replies.c.seq))
_ANSWERS: Final = Statement(insert_into(answers))
_TO_ANY: Final = Statement(
    select(replies)
    .where(
        replies.c.seq.in_(
            select(answers.c.reply_seq).where(
                answers.c.room_id == bindparam("room"), among(answers.c.message_print, "prints")
            )
        )
    )
    .order_by(replies.c.seq)
)


def commit_reply(tx: Transaction, reply: Reply) -> Reply:
    """Store a reply and the ids it answers. One whose id is stored already is given back as it was.

    Raises:
        UnknownMessage: One of the messages it answers was forgotten while the model spoke. A reply may quote what it
            answers, so it goes where its message went.
    """
    room_id = count_reply(tx, reply)
    if room_id is None:
        known = find_reply(tx, enter(tx, reply.room).id, reply.id)
        return reply_of(known, reply.room) if known else commit_reply(tx, reply)
    prints = {fingerprint(message_id) for message_id in reply.answers}
    if len(tx.rows(_THERE, room=room_id, prints=list(prints))) < len(prints):
        raise UnknownMessage
    write_reply(tx, room_id, reply)
    return reply


def find_reply(tx: Transaction, room_id: int, reply_id: str) -> Row | None:
    """The row of a reply, if it is stored."""
    return tx.row(_WITH_ID, room=room_id, print=fingerprint(reply_id))


def count_reply(tx: Transaction, reply: Reply) -> int | None:
    """Enter the room of a reply and count it, if it is neither a new room nor has the reply; gives the room's id."""
    row = tx.row(_COUNT, room=reply.room, print=fingerprint(reply.id))
    return None if row is None else row.id


def write_reply(tx: Transaction, room_id: int, reply: Reply) -> None:
    """Write a reply that is counted, and what it answers."""
    seq = tx.one(_INSERT, **reply_row(reply, room_id)).seq
    prints = {fingerprint(message_id) for message_id in reply.answers}
    tx.run_each(_ANSWERS, [(room_id, print_, seq) for print_ in prints])


def reply_for(tx: Transaction, room: str, message_id: str) -> Reply | None:
    """The first reply that answers a message."""
    row = find(tx, room)
    return None if row is None else next(iter(replies_to(tx, row.id, room, [message_id])), None)


def replies_to(tx: Transaction, room_id: int, room: str, message_ids: Iterable[str]) -> list[Reply]:
    """All replies that answer any of the messages, in the order they were stored."""
    found = tx.rows(_TO_ANY, room=room_id, prints=[fingerprint(message_id) for message_id in message_ids])
    return [reply_of(row, room) for row in found]
