"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "1"
down_revision = None
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make all tables."""
    _rooms()
    _messages()
    _replies()
    _summaries()
    _notes()
    _link("answers", "room_id", "message_print", "reply_seq")
    _link("note_sources", "room_id", "source_print", "note_seq")
    _link("postings", "room_id", "block", "term_print", "position")
    op.create_table("facts", sa.Column("key", sa.Text, primary_key=True), sa.Column("value", sa.Text, nullable=False))


def downgrade() -> None:
    """Drop all tables, and what is in them."""
    for table in (
        "facts",
        "postings",
        "note_sources",
        "answers",
        "notes",
        "summaries",
        "replies",
        "messages",
        "rooms",
    ):
        op.drop_table(table)


def _rooms() -> None:
    op.create_table(
        "rooms",
        sa.Column("id", KEY, primary_key=True),
        sa.Column("name", sa.Text, nullable=False, unique=True),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("last_position", sa.BigInteger, nullable=False),
        sa.Column("messages", sa.BigInteger, nullable=False),
        sa.Column("replies", sa.BigInteger, nullable=False),
        sa.Column("cut", sa.BigInteger, nullable=False),
        sa.Column("persona", sa.Text),
        sa.Column("policy", sa.Text),
    )


def _messages() -> None:
    op.create_table(
        "messages",
        sa.Column("seq", KEY, primary_key=True),
        *(sa.Column(name, sa.BigInteger) for name in ("room_id", "position", "id_print", "name_print", "user_print")),
        sa.Column("since", sa.Double),
        *(sa.Column(name, sa.Text) for name in ("id", "username", "user_id", "speaker", "line", "text")),
        *(sa.Column(name, sa.Text) for name in ("emotes", "badges", "reply_to")),
        sa.Column("sent_at", sa.Double),
    )
    op.create_index("messages_position", "messages", ["room_id", "position"], unique=True)
    op.create_index("messages_id", "messages", ["room_id", "id_print"], unique=True)
    op.create_index("messages_name", "messages", ["name_print", "room_id"])
    op.create_index("messages_user", "messages", ["user_print", "room_id"])
    op.create_index("messages_since", "messages", ["room_id", "since"])


def _replies() -> None:
    op.create_table(
        "replies",
        sa.Column("seq", KEY, primary_key=True),
        *(sa.Column(name, sa.BigInteger) for name in ("room_id", "after", "id_print")),
        *(sa.Column(name, sa.Text) for name in ("id", "text", "raw", "answers", "model", "finish_reason")),
        *(sa.Column(name, sa.Text) for name in ("usage", "timing", "topics")),
        sa.Column("cached", sa.Boolean),
        sa.Column("created_at", sa.Double),
    )
    op.create_index("replies_after", "replies", ["room_id", "after"])
    op.create_index("replies_id", "replies", ["room_id", "id_print"], unique=True)
    op.create_index("replies_created", "replies", ["room_id", "created_at"])


def _summaries() -> None:
    op.create_table(
        "summaries",
        sa.Column("seq", KEY, primary_key=True),
        sa.Column("room_id", sa.BigInteger),
        sa.Column("text", sa.Text),
        sa.Column("covers", sa.Text),
    )
    op.create_index("summaries_room", "summaries", ["room_id"])


def _notes() -> None:
    op.create_table(
        "notes",
        sa.Column("seq", KEY, primary_key=True),
        *(sa.Column(name, sa.BigInteger) for name in ("room_id", "speaker_print")),
        *(sa.Column(name, sa.Text) for name in ("speaker", "text", "from_ids")),
        sa.Column("created_at", sa.Double),
    )
    op.create_index("notes_speaker", "notes", ["room_id", "speaker_print"])


def _link(name: str, *columns: str) -> None:
    """A table that is nothing but its key; SQLite then needs no second B-tree for it."""
    op.create_table(
        name, *(sa.Column(column, sa.BigInteger, primary_key=True) for column in columns), sqlite_with_rowid=False
    )
