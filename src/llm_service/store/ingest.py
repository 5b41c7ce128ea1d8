"""Messages come in: each gets the next place of its room, once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from sqlalchemy import bindparam, select, update

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
_INSERT: Final = Statement(insert_into(messages))
_COUNT: Final = Statement(
    update(rooms)
    .where(rooms.c.id == bindparam("room"))
    .values(last_position=bindparam("last"), messages=rooms.c.messages + bindparam("more"))
)


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
    row = enter(tx, room)
    known = find_messages(tx, row.id, room, incoming)
    there = {message.id: Stored(message=message, known=True) for message in known}
    unseen = [message for message in incoming.values() if message.id not in there]
    new = [
        message if message.position == place else replace(message, position=place)
        for place, message in enumerate(unseen, row.last_position + 1)
    ]
    if new:
        write_messages(tx, row, new)
    return there | {message.id: Stored(message=message, known=False) for message in new}


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


def write_messages(tx: Transaction, room: Row, new: Sequence[Message]) -> None:
    """Write messages whose places are settled, index their words and count them. ``room`` is as it was before."""
    tx.run_each(_INSERT, [message_row(message, room.id, tx.now) for message in new])
    index_messages(tx, room.id, new, after=room.last_position)
    tx.run(_COUNT, room=room.id, last=new[-1].position, more=len(new))
