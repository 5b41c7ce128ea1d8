"""Rooms: entered by writers, loaded by readers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sqlalchemy import BigInteger, ColumnElement, Text, bindparam, func, null, select, text, update

from ..types import Entry, Message, Persona, Summary
from .fingerprints import fingerprint
from .records import RoomRecord, Unset
from .rows import message_of, pack, persona_column, persona_of, reply_of, summary_of
from .schema import messages, replies, rooms, summaries
from .statement import Row, Statement, among, insert_into
from .transaction import Transaction

FOR_EVER: Final = 2**63 - 1
"""A position that no message reaches."""

_ENTER: Final = Statement(
    text(
        "INSERT INTO rooms (name, created_at, last_position, messages, replies, cut) VALUES (:room, :now, 0, 0, 0, 0)"
        " ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING id, name, last_position"
    ).columns(rooms.c.id, rooms.c.name, rooms.c.last_position)
)
_LOCK: Final = Statement(
    select(rooms.c.id, rooms.c.name, rooms.c.last_position).where(rooms.c.name == bindparam("room")).with_for_update()
)
_FIND: Final = Statement(select(rooms).where(rooms.c.name == bindparam("room")))
_NAMES: Final = Statement(select(rooms.c.name).order_by(rooms.c.name))


def _stretch(position: ColumnElement[int], room_id: ColumnElement[int]) -> tuple[ColumnElement[bool], ...]:
    return room_id == bindparam("room"), position >= bindparam("start"), position < bindparam("before")


_NEWEST: Final = Statement(
    select(messages)
    .where(*_stretch(messages.c.position, messages.c.room_id))
    .order_by(messages.c.position.desc())
    .limit(bindparam("limit"))
)
_REPLIES: Final = Statement(
    select(replies).where(*_stretch(replies.c.after, replies.c.room_id)).order_by(replies.c.seq)
)
_SAVE: Final = Statement(
    update(rooms)
    .where(rooms.c.id == bindparam("room"))
    .values(
        persona=func.coalesce(bindparam("to_persona", type_=Text), rooms.c.persona),
        policy=func.coalesce(bindparam("to_policy", type_=Text), rooms.c.policy),
        cut=func.coalesce(bindparam("to_cut", type_=BigInteger), rooms.c.cut),
    )
)
_STORED: Final = tuple(
    Statement(select(table.c.id_print).where(table.c.room_id == bindparam("room"), among(table.c.id_print, "prints")))
    for table in (messages, replies)
)
_SUMMARY: Final = Statement(select(summaries).where(summaries.c.room_id == bindparam("room")))
_DROP_SUMMARY: Final = Statement(
    update(summaries).where(summaries.c.room_id == bindparam("room")).values(room_id=null(), text=null(), covers=null())
)
_WRITE_SUMMARY: Final = Statement(insert_into(summaries))


def enter(tx: Transaction, room: str) -> Row:
    """The room's row (id, name, last_position), locked until the transaction ends, and made if it is new.

    Whoever writes to a room enters it first: by this, or by counting what is going to be written. Two processes on one
    database so take turns, and positions become visible in their order. Several rooms are entered in the order of
    their names, so that nobody waits in a circle.
    """
    return tx.row(_LOCK, room=room) or tx.one(_ENTER, room=room, now=tx.now)


def find(tx: Transaction, room: str) -> Row | None:
    """The room's row, if there is such a room."""
    return tx.row(_FIND, room=room)


def room_names(tx: Transaction) -> list[str]:
    """All rooms, in the order of their names."""
    return [row.name for row in tx.rows(_NAMES)]


def load_room(tx: Transaction, room: str, limit: int) -> RoomRecord | None:
    """The room with its entries from the cut on: the newest ``limit`` messages and the replies among them."""
    row = find(tx, room)
    if row is None:
        return None
    return RoomRecord(
        room=room,
        persona=persona_of(row.persona),
        policy=row.policy,
        cut=row.cut,
        summary=summary_of(find_summary(tx, row.id)),
        entries=tuple(_entries(tx, row, start=row.cut, before=None, limit=limit)),
        messages=row.messages,
        replies=row.replies,
        created_at=row.created_at,
    )


def history(tx: Transaction, room: str, before: int | None, limit: int) -> list[Entry]:
    """The newest ``limit`` messages before a position, and the replies among them."""
    row = find(tx, room)
    return [] if row is None else _entries(tx, row, start=0, before=before, limit=limit)


def _entries(tx: Transaction, room: Row, *, start: int, before: int | None, limit: int) -> list[Entry]:
    """A stretch of the conversation: messages by position, each followed by the replies that stand after it.

    Only messages count for the limit, so that a page never comes between a message and its reply.
    """
    end = FOR_EVER if before is None else before
    said = tx.rows(_NEWEST, room=room.id, start=start, before=end, limit=limit)
    if len(said) == limit:
        start = said[-1].position if said else start
    answered = tx.rows(_REPLIES, room=room.id, start=start, before=end)
    found: list[Entry] = [message_of(row, room.name) for row in said]
    return sorted([*found, *(reply_of(row, room.name) for row in answered)], key=place)


def place(entry: Entry) -> tuple[int, bool]:
    """Where an entry stands in its conversation: a reply right after the newest message that its prompt held."""
    return (entry.position, False) if isinstance(entry, Message) else (entry.after, True)


def save_room(
    tx: Transaction,
    room: str,
    *,
    persona: Persona | None,
    policy: str | None,
    cut: int | None,
    summary: Summary | Unset | None,
) -> None:
    """Keep what is given, leave alone what is not; the room is made if it is new.

    A summary that covers what was forgotten while it was written is not kept; then the room has none.
    """
    row = enter(tx, room)
    tx.run(_SAVE, room=row.id, to_persona=persona and persona_column(persona), to_policy=policy, to_cut=cut)
    if not isinstance(summary, Unset):
        drop_summary(tx, row.id)
        if summary is not None and all_stored(tx, row.id, summary.covers):
            write_summary(tx, row.id, summary)


def all_stored(tx: Transaction, room_id: int, ids: Iterable[str]) -> bool:
    """Whether all these messages and replies are there; what was made from one that is not must not be kept."""
    prints = {fingerprint(entry_id) for entry_id in ids}
    there = (row for statement in _STORED for row in tx.rows(statement, room=room_id, prints=list(prints)))
    return {row.id_print for row in there} == prints


def find_summary(tx: Transaction, room_id: int) -> Row | None:
    """The row of the room's summary."""
    return tx.row(_SUMMARY, room=room_id)


def drop_summary(tx: Transaction, room_id: int) -> None:
    """Blank the room's summary. A new one gets a new row: a longer text in the old one would move its neighbours."""
    tx.run(_DROP_SUMMARY, room=room_id)


def write_summary(tx: Transaction, room_id: int, summary: Summary) -> None:
    """Write the summary of a room that has none."""
    tx.run(_WRITE_SUMMARY, room_id=room_id, text=summary.text, covers=pack(summary.covers))
