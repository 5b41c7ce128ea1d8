"""Messages come in: each gets the next place of its room, once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from sqlalchemy import bindparam, exists, select, update

from ..types import Message
from .fingerprints import fingerprint
from .postings import index_messages
from .records import Stored
from .rooms import enter
from .rows import message_of, message_row
from .schema import messages, rooms
from .statement import Row, Statement, among, insert_into
from .transaction import Transaction

_WITH_IDS: Final = Statement(
    select(messages).where(messages.c.room_id == bindparam("room"), among(messages.c.id_print, "prints"))
)
_TAKE_PLACES: Final = Statement(
    update(rooms)
    .where(
        rooms.c.name == bindparam("room"),
        ~exists().where(messages.c.room_id == rooms.c.id, among(messages.c.id_print, "prints")),
    )
    .values(last_position=rooms.c.last_position + bindparam("more"), messages=rooms.c.messages + bindparam("more"))
    .returning(rooms.c.id, rooms.c.last_position)
)
"""Enters the room, and gives new messages the places after its last; but not where it is a new room, or has one of
them. Who has to wait for the room does not see what was stored meanwhile: the index refuses an id that came twice."""
_INSERT: Final = Statement(insert_into(messages))


def append_messages(tx: Transaction, incoming: Sequence[Message]) -> list[Stored]:
    """Store the messages in order. One whose id is in its room already, or earlier in the list, is known."""
    by_room: dict[str, dict[str, Message]] = defaultdict(dict)
    for message in incoming:
        by_room[message.room].setdefault(message.id, message)
    there = {room: _append_to(tx, room, by_room[room]) for room in sorted(by_room)}
    told = [there[message.room][message.id] for message in incoming]
    return told if len(told) == sum(map(len, there.values())) else list(_new_once(told))


def _append_to(tx: Transaction, room: str, incoming: dict[str, Message]) -> dict[str, Stored]:
    """What becomes of messages of one room, by their ids."""
    prints = [fingerprint(message_id) for message_id in incoming]
    row = tx.row(_TAKE_PLACES, room=room, more=len(prints), prints=prints)
    if row is None:
        return _append_unknown(tx, room, incoming)
    return _written(tx, row, [*incoming.values()])


def _append_unknown(tx: Transaction, room: str, incoming: dict[str, Message]) -> dict[str, Stored]:
    """The same where the room is new, or knows some of them."""
    found = find_messages(tx, enter(tx, room).id, room, incoming)
    known = {message.id: Stored(message=message, known=True) for message in found}
    new = [message for message in incoming.values() if message.id not in known]
    return known | _written(tx, tx.one(_TAKE_PLACES, room=room, more=len(new), prints=[]), new) if new else known


def _written(tx: Transaction, room: Row, new: Sequence[Message]) -> dict[str, Stored]:
    """Write messages to the last places of a room."""
    after = room.last_position - len(new)
    placed = [
        message if message.position == place else replace(message, position=place)
        for place, message in enumerate(new, after + 1)
    ]
    write_messages(tx, room.id, placed, after=after)
    return {message.id: Stored(message=message, known=False) for message in placed}


def _new_once(told: Iterable[Stored]) -> Iterator[Stored]:
    """The same, but what is told more than once is new only the first time."""
    seen = set[int]()
    for stored in told:
        yield replace(stored, known=True) if id(stored) in seen else stored
        seen.add(id(stored))


def find_messages(tx: Transaction, room_id: int, room: str, ids: Iterable[str]) -> list[Message]:
    """Those of the messages with these ids that are stored."""
    found = tx.rows(_WITH_IDS, room=room_id, prints=[fingerprint(message_id) for message_id in ids])
    return [message_of(row, room) for row in found]


def write_messages(tx: Transaction, room_id: int, new: Sequence[Message], *, after: int) -> None:
    """Write messages whose places are settled and counted, and index their words. The room's last one was ``after``."""
    tx.run_each(_INSERT, [message_row(message, room_id, tx.now) for message in new])
    index_messages(tx, room_id, new, after=after)
