"""The tables.

Forgetting shapes them. SQLite's ``secure_delete`` overwrites a deleted row, but when a B-tree is balanced, rows move
between pages and their old bytes stay behind in the gap of the page they left, out of reach of any later delete.
Therefore:

- What can be read (names, texts, ids) lives only in tables whose key rises with every row. Such rows are appended at
  the right edge and never move.
- Forgetting blanks the row in place. The blank is deleted later, when all its neighbours are blank too (see
  :func:`.forgetting.reclaim`), so that deleting never moves a row that can be read.
- Indexes hold numbers: positions, and 64-bit fingerprints of ids, names and words (see :mod:`.fingerprints`). They are
  also a third of the size of the texts.

There are no foreign keys between the hot tables: every write of a room starts by locking its row in ``rooms``, and a
check for each inserted row would cost more than the insert.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
)

REVISION: Final = "2"
"""The newest migration: a database that has it needs no Alembic to be opened."""

REVISION_TABLE: Final = "llm_service_revision"
"""Where Alembic keeps it: a name of our own, so that another program's migrations in the database are not ours."""

metadata = MetaData()

Key = BigInteger().with_variant(Integer, "sqlite")
"""SQLite appends in key order only for the type that it calls INTEGER."""


def _seq() -> Column[Any]:
    return Column("seq", Key, primary_key=True)


rooms = Table(
    "rooms",
    metadata,
    Column("id", Key, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("created_at", Double, nullable=False),
    Column("last_position", BigInteger, nullable=False, default=0),
    Column("messages", BigInteger, nullable=False, default=0),
    Column("replies", BigInteger, nullable=False, default=0),
    Column("cut", BigInteger, nullable=False, default=0),
    Column("persona", Text),
    Column("policy", Text),
)
"""One row a room. ``last_position`` hands out places; locking the row puts the room's writers in line."""

messages = Table(
    "messages",
    metadata,
    _seq(),
    Column("room_id", BigInteger),
    Column("position", BigInteger),
    Column("id_print", BigInteger),
    Column("name_print", BigInteger),
    Column("user_print", BigInteger),
    Column("since", Double),
    Column("id", Text),
    Column("username", Text),
    Column("user_id", Text),
    Column("speaker", Text),
    Column("line", Text),
    Column("text", Text),
    Column("emotes", Text),
    Column("badges", Text),
    Column("reply_to", Text),
    Column("sent_at", Double),
    Index("messages_position", "room_id", "position", unique=True),
    Index("messages_id", "room_id", "id_print", unique=True),
    Index("messages_name", "name_print", "room_id"),
    Index("messages_user", "user_print", "room_id"),
    Index("messages_since", "room_id", "since"),
)
"""One row a message. ``since`` is when it was sent or stored, whichever is earlier: the age that retention goes by."""

replies = Table(
    "replies",
    metadata,
    _seq(),
    Column("room_id", BigInteger),
    Column("after", BigInteger),
    Column("id_print", BigInteger),
    Column("id", Text),
    Column("text", Text),
    Column("raw", Text),
    Column("answers", Text),
    Column("model", Text),
    Column("finish_reason", Text),
    Column("usage", Text),
    Column("timing", Text),
    Column("topics", Text),
    Column("cached", Boolean),
    Column("created_at", Double),
    Index("replies_after", "room_id", "after"),
    Index("replies_id", "room_id", "id_print", unique=True),
    Index("replies_created", "room_id", "created_at"),
)
"""One row a reply; it stands after the message at position ``after``."""

answers = Table(
    "answers",
    metadata,
    Column("room_id", BigInteger, primary_key=True),
    Column("message_print", BigInteger, primary_key=True),
    Column("reply_seq", BigInteger, primary_key=True),
    sqlite_with_rowid=False,
)
"""Which reply answers which message."""

summaries = Table(
    "summaries",
    metadata,
    _seq(),
    Column("room_id", BigInteger),
    Column("text", Text),
    Column("covers", Text),
    Index("summaries_room", "room_id"),
)
"""At most one row a room that is not blank."""

notes = Table(
    "notes",
    metadata,
    _seq(),
    Column("room_id", BigInteger),
    Column("speaker_print", BigInteger),
    Column("speaker", Text),
    Column("text", Text),
    Column("from_ids", Text),
    Column("created_at", Double),
    Index("notes_speaker", "room_id", "speaker_print"),
)
"""What is remembered about a viewer."""

note_sources = Table(
    "note_sources",
    metadata,
    Column("room_id", BigInteger, primary_key=True),
    Column("source_print", BigInteger, primary_key=True),
    Column("note_seq", BigInteger, primary_key=True),
    sqlite_with_rowid=False,
)
"""Which note was made from which message."""

postings = Table(
    "word_places",
    metadata,
    Column("room_id", BigInteger, primary_key=True),
    Column("block", BigInteger, primary_key=True),
    Column("term_print", BigInteger, primary_key=True),
    Column("stretch", BigInteger, primary_key=True),
    Column("places", Text, nullable=False),
    sqlite_with_rowid=False,
)
"""Where a word was said in a stretch of a room, a character for each message: the recall index (see
:mod:`.recall_index`)."""

facts = Table(
    "facts",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
"""Small things to remember that are nobody's words, such as how to estimate a model's tokens."""

READABLE: Final = (messages, replies, summaries, notes)
"""Tables whose rows are blanked, never moved."""
