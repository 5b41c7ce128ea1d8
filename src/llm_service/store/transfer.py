"""A room as rows of plain data, one for each line of a JSON Lines file, and back.

The first row is the room's own; then its conversation in order, then its notes. What is imported into an empty room is
exactly what was exported, places included; into a room that has messages, it comes after them. An import that was
broken off is completed by doing it again.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from itertools import groupby
from typing import Any, Final

from sqlalchemy import bindparam, select, update

from ..errors import InputError
from ..types import Entry, Message, Persona, Reply, Summary, Timing, Topic, Usage
from .answering import count_reply, write_reply
from .ingest import find_messages, write_messages
from .notes import notes_about, write_note
from .records import Imported, Note
from .rooms import FOR_EVER, enter, find, find_summary, place, save_room, write_summary
from .rows import message_of, note_of, persona_of, reply_of, summary_of, value_of
from .schema import messages, notes, replies, rooms
from .statement import Row, Statement
from .transaction import Transaction

Line = dict[str, Any]

PAGE: Final = 500
"""Rows that are read or written in one transaction."""

_LATER: Final = Statement(
    select(messages)
    .where(messages.c.room_id == bindparam("room"), messages.c.position > bindparam("start"))
    .order_by(messages.c.position)
    .limit(PAGE)
)
_ANSWERED: Final = Statement(
    select(replies)
    .where(
        replies.c.room_id == bindparam("room"),
        replies.c.after > bindparam("start"),
        replies.c.after <= bindparam("end"),
    )
    .order_by(replies.c.seq)
)
_NOTES: Final = Statement(select(notes).where(notes.c.room_id == bindparam("room")).order_by(notes.c.seq))
_CREATED: Final = Statement(update(rooms).where(rooms.c.id == bindparam("room")).values(created_at=bindparam("moment")))
_COUNT: Final = Statement(
    update(rooms)
    .where(rooms.c.id == bindparam("room"))
    .values(last_position=bindparam("last"), messages=rooms.c.messages + bindparam("more"))
)


# ── Out ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def room_line(tx: Transaction, room: str) -> Line | None:
    """The room's own row: who it is and where its window begins."""
    row = find(tx, room)
    if row is None:
        return None
    persona, summary = persona_of(row.persona), summary_of(find_summary(tx, row.id))
    return {
        "kind": "room",
        "room": room,
        "created_at": row.created_at,
        "persona": persona and asdict(persona),
        "policy": row.policy,
        "cut": row.cut,
        "summary": summary and asdict(summary),
    }


def entry_lines(tx: Transaction, room: str, start: int) -> tuple[list[Line], int | None]:
    """A page of the conversation after a position, and the position to go on from; None after the last page."""
    row = find(tx, room)
    if row is None:
        return [], None
    said = tx.rows(_LATER, room=row.id, start=start)
    end = said[-1].position if len(said) == PAGE else None
    answered = tx.rows(_ANSWERED, room=row.id, start=start, end=FOR_EVER if end is None else end)
    found: list[Entry] = [message_of(each, room) for each in said]
    found += (reply_of(each, room) for each in answered)
    return [_line(entry) for entry in sorted(found, key=place)], end


def _line(entry: Entry) -> Line:
    fields = asdict(entry)
    del fields["room"]
    return {"kind": "message" if isinstance(entry, Message) else "reply", **fields}


def note_lines(tx: Transaction, room: str) -> list[Line]:
    """The room's notes."""
    row = find(tx, room)
    if row is None:
        return []
    return [{"kind": "note", **asdict(note_of(each))} for each in tx.rows(_NOTES, room=row.id)]


# ── In ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def import_lines(tx: Transaction, room: str, lines: Sequence[Line], shift: int) -> tuple[Imported, int]:
    """Bring in some rows, in order. ``shift`` is how far places move; pass on what the last call gave.

    Raises:
        InputError: A row is not one that an export wrote.
    """
    row = enter(tx, room)
    imported = Imported()
    try:
        for kind, group in groupby(lines, key=lambda line: line["kind"]):
            bring = _KINDS[kind]
            part, shift = bring(tx, row, list(group), shift)
            imported += part
    except (KeyError, TypeError, ValueError, AttributeError) as exc:
        raise InputError("A row of the import is not one that an export wrote.") from exc
    return imported, shift


def _import_room(tx: Transaction, room: Row, lines: list[Line], shift: int) -> tuple[Imported, int]:
    """Take over persona, window and the like, unless the room has a life of its own."""
    if room.last_position:
        return Imported(), shift
    line = lines[0]
    persona = line["persona"] and value_of(Persona, line["persona"])
    summary = line["summary"] and value_of(Summary, line["summary"])
    save_room(tx, room.name, persona=persona, policy=line["policy"], cut=int(line["cut"]), summary=None)
    if summary:
        write_summary(tx, room.id, summary)
    tx.run(_CREATED, room=room.id, moment=float(line["created_at"]))
    return Imported(), shift


def _import_messages(tx: Transaction, room: Row, lines: list[Line], shift: int) -> tuple[Imported, int]:
    incoming = {line["id"]: _message(line, room.name) for line in lines}
    known = {message.id: message for message in find_messages(tx, room.id, room.name, incoming)}
    room = enter(tx, room.name)
    last, new = room.last_position, []
    for message in incoming.values():
        if message.id in known:
            shift = known[message.id].position - message.position
            continue
        last = max(message.position + shift, last + 1)
        shift = last - message.position
        new.append(replace(message, position=last))
    if new:
        write_messages(tx, room.id, new, after=room.last_position)
        tx.run(_COUNT, room=room.id, last=last, more=len(new))
    return Imported(messages=len(new)), shift


def _import_replies(tx: Transaction, room: Row, lines: list[Line], shift: int) -> tuple[Imported, int]:
    incoming = (_reply(line, room.name, shift) for line in lines)
    new = [reply for reply in incoming if count_reply(tx, reply) is not None]
    for reply in new:
        write_reply(tx, room.id, reply)
    return Imported(replies=len(new)), shift


def _import_notes(tx: Transaction, room: Row, lines: list[Line], shift: int) -> tuple[Imported, int]:
    incoming = [value_of(Note, _fields(line)) for line in lines]
    new = [note for note in incoming if note not in notes_about(tx, room.name, note.speaker)]
    for note in new:
        write_note(tx, room.id, note)
    return Imported(notes=len(new)), shift


_Bring = Callable[[Transaction, Row, list[Line], int], tuple[Imported, int]]
_KINDS: Final[Mapping[str, _Bring]] = {
    "room": _import_room,
    "message": _import_messages,
    "reply": _import_replies,
    "note": _import_notes,
}


def _fields(line: Line, **others: Any) -> Line:
    return {name: value for name, value in {**line, **others}.items() if name != "kind"}


def _message(line: Line, room: str) -> Message:
    return value_of(Message, _fields(line, room=room, sent_at=float(line["sent_at"]), position=int(line["position"])))


def _reply(line: Line, room: str, shift: int) -> Reply:
    parts = {
        "usage": value_of(Usage, line["usage"]),
        "timing": value_of(Timing, line["timing"]),
        "topics": tuple(value_of(Topic, topic) for topic in line["topics"]),
    }
    return value_of(Reply, _fields(line, room=room, after=int(line["after"]) + shift, **parts))


async def pages(lines: AsyncIterable[Line] | Iterable[Line]) -> AsyncIterator[list[Line]]:
    """The rows, a transaction's worth at a time."""
    page: list[Line] = []
    async for line in _each(lines):
        page.append(line)
        if len(page) == PAGE:
            yield page
            page = []
    if page:
        yield page


async def _each(lines: AsyncIterable[Line] | Iterable[Line]) -> AsyncIterator[Line]:
    if isinstance(lines, AsyncIterable):
        async for line in lines:
            yield line
    else:
        for line in lines:
            yield line
