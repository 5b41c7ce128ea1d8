"""Rooms: entered by writers, loaded by readers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import Row, Select, Table, bindparam, select, update

from ..types import Entry, Message, Persona, Summary
from .fingerprints import fingerprint
from .records import RoomRecord, Unset
from .rows import message_of, pack, persona_column, persona_of, reply_of, summary_of
from .schema import messages, replies, rooms, summaries
from .transaction import Transaction

_NAMED: Final = select(rooms).where(rooms.c.name == bindparam("room"))


def enter(tx: Transaction, room: str) -> Row[Any]:
    """The room's row, locked until the transaction ends, and made if it is new.

    Whoever writes to a room enters it first. Two processes on one database so take turns, and positions become
    visible in their order. Several rooms are entered in the order of their names, so that nobody waits in a circle.
    """
    entering = tx.upsert(rooms, "name", "name", rooms.c.id, rooms.c.name, rooms.c.last_position)
    return tx.execute(entering, {"name": room, "created_at": tx.now}).one()


def find(tx: Transaction, room: str) -> Row[Any] | None:
    """The room's row, if there is such a room."""
    return tx.execute(_NAMED, {"room": room}).one_or_none()


def room_names(tx: Transaction) -> list[str]:
    """All rooms, in the order of their names."""
    return [row.name for row in tx.rows(select(rooms.c.name).order_by(rooms.c.name))]


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
        entries=tuple(entries(tx, row, start=row.cut, before=None, limit=limit)),
        messages=row.messages,
        replies=row.replies,
        created_at=row.created_at,
    )


def history(tx: Transaction, room: str, before: int | None, limit: int) -> list[Entry]:
    """The newest ``limit`` messages before a position, and the replies among them."""
    row = find(tx, room)
    return [] if row is None else entries(tx, row, start=0, before=before, limit=limit)


def entries(tx: Transaction, room: Row[Any], *, start: int, before: int | None, limit: int) -> list[Entry]:
    """A stretch of the conversation: messages by position, each followed by the replies that stand after it.

    Only messages count for the limit, so that a page never comes between a message and its reply.
    """
    newest = _stretch(select(messages), messages.c.position, room.id, start, before)
    said = tx.rows(newest.order_by(messages.c.position.desc()).limit(limit))
    if len(said) == limit:
        start = said[-1].position if said else start
    answered = tx.rows(_stretch(select(replies), replies.c.after, room.id, start, before).order_by(replies.c.seq))
    found: list[Entry] = [message_of(row, room.name) for row in said]
    return sorted([*found, *(reply_of(row, room.name) for row in answered)], key=place)


def place(entry: Entry) -> tuple[int, bool]:
    """Where an entry stands in its conversation: a reply right after the newest message that its prompt held."""
    return (entry.position, False) if isinstance(entry, Message) else (entry.after, True)


def _stretch(statement: Select[Any], position: Any, room_id: int, start: int, before: int | None) -> Select[Any]:
    statement = statement.where(position.table.c.room_id == room_id, position >= start)
    return statement if before is None else statement.where(position < before)


def neighbours(tx: Transaction, room: str, positions: list[int], radius: int) -> list[Message]:
    """The messages around some positions, themselves included, in order."""
    row = find(tx, room)
    if row is None:
        return []
    wanted = {near for p in positions for near in range(p - radius, p + radius + 1)}
    found = tx.rows_in(select(messages).where(messages.c.room_id == row.id), messages.c.position, wanted)
    return sorted((message_of(said, room) for said in found), key=lambda message: message.position)


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
    given = {"persona": persona and persona_column(persona), "policy": policy, "cut": cut}
    columns = {name: value for name, value in given.items() if value is not None}
    if columns:
        tx.execute(update(rooms).where(rooms.c.id == row.id).values(columns))
    if not isinstance(summary, Unset):
        drop_summary(tx, row.id)
        if summary is not None and all_stored(tx, row.id, summary.covers):
            write_summary(tx, row.id, summary)


def all_stored(tx: Transaction, room_id: int, ids: Iterable[str]) -> bool:
    """Whether all these messages and replies are there; what was made from one that is not must not be kept."""
    prints = {fingerprint(entry_id) for entry_id in ids}
    there = {row.id_print for table in (messages, replies) for row in _with_prints(tx, table, room_id, prints)}
    return there == prints


def _with_prints(tx: Transaction, table: Table, room_id: int, prints: set[int]) -> list[Row[Any]]:
    return tx.rows_in(select(table.c.id_print).where(table.c.room_id == room_id), table.c.id_print, prints)


def find_summary(tx: Transaction, room_id: int) -> Row[Any] | None:
    """The row of the room's summary."""
    return tx.execute(select(summaries).where(summaries.c.room_id == room_id)).one_or_none()


def drop_summary(tx: Transaction, room_id: int) -> None:
    """Blank the room's summary. A new one gets a new row: a longer text in the old one would move its neighbours."""
    tx.execute(update(summaries).where(summaries.c.room_id == room_id).values(room_id=None, text=None, covers=None))


def write_summary(tx: Transaction, room_id: int, summary: Summary) -> None:
    """Write the summary of a room that has none."""
    tx.execute(summaries.insert(), {"room_id": room_id, "text": summary.text, "covers": pack(summary.covers)})
