"""The recall index holds a word's messages in one row a stretch, a character for each."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "2"
down_revision = "1"
branch_labels = None
depends_on = None

OLD_BLOCK = 4096
BLOCK, STRETCH, FIRST = 16_384, 1024, 0x4000

ROOMS = sa.text("SELECT id, last_position FROM rooms ORDER BY id")
OLD = sa.text(
    "SELECT term_print, position FROM postings WHERE room_id = :room AND block = :block ORDER BY term_print, position"
)
PACKED = sa.text(
    "SELECT room_id, block, term_print, places FROM word_places ORDER BY room_id, block, term_print, stretch"
)
PACK = sa.text("INSERT INTO word_places VALUES (:room, :block, :term, :stretch, :places)")
UNPACK = sa.text("INSERT INTO postings VALUES (:room, :block, :term, :position)")


def upgrade() -> None:
    """Pack the postings, an old block at a time: a stretch never lies in two of them."""
    _link(
        "word_places", sa.Column("places", sa.Text, nullable=False), key=("room_id", "block", "term_print", "stretch")
    )
    connection = op.get_bind()
    for room, last in connection.execute(ROOMS).all():
        for block in range(last // OLD_BLOCK + 1):
            rows = list(_packed(room, connection.execute(OLD, {"room": room, "block": block})))
            if rows:
                connection.execute(PACK, rows)
    op.drop_table("postings")


def downgrade() -> None:
    """Write a row for each posting again."""
    _link("postings", key=("room_id", "block", "term_print", "position"))
    connection = op.get_bind()
    for row in connection.execute(PACKED).all():
        connection.execute(UNPACK, list(_unpacked(row)))
    op.drop_table("word_places")


def _link(name: str, *columns: sa.Column[Any], key: Iterable[str]) -> None:
    """A table that is found by its key only; SQLite then needs no second B-tree for it."""
    keys = (sa.Column(column, sa.BigInteger, primary_key=True) for column in key)
    op.create_table(name, *keys, *columns, sqlite_with_rowid=False)


def _packed(room: int, old: Iterable[Any]) -> Iterator[Mapping[str, Any]]:
    for (term, stretch), said in groupby(old, key=lambda row: (row.term_print, row.position // STRETCH)):
        places = "".join(chr(FIRST + row.position % BLOCK) for row in said)
        yield {"room": room, "block": stretch * STRETCH // BLOCK, "term": term, "stretch": stretch, "places": places}


def _unpacked(row: Any) -> Iterator[Mapping[str, Any]]:
    for character in row.places:
        position = row.block * BLOCK + ord(character) - FIRST
        yield {"room": row.room_id, "block": position // OLD_BLOCK, "term": row.term_print, "position": position}
