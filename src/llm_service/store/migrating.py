"""Bringing a database to the tables of today, when it is opened and in its own process."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import (
    Column,
    Connection,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    column,
    inspect,
    select,
    table,
)

from ..errors import StoreError
from .schema import REVISION, REVISION_TABLE, metadata


def migrate(connection: Connection) -> None:
    """Bring the database to the tables of today, in the transaction that is open.

    An empty one gets them at once, and one that has them is left as it is: Alembic costs 12 MB of memory, a tenth of
    the service, and is imported only where there is something to migrate.

    Raises:
        StoreError: A newer version of this service made the database.
    """
    found = revision(connection)
    if found is None and not any(map(inspect(connection).has_table, metadata.tables)):
        _make_all(connection)
    elif found != REVISION:
        upgrade(connection)


def upgrade(connection: Connection) -> None:
    """Run the migrations that are missing.

    Raises:
        StoreError: A newer version of this service made the database.
    """
    from alembic import command  # noqa: PLC0415  (only where there is something to migrate)
    from alembic.config import Config  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    try:
        command.upgrade(config, "head")
    except CommandError as exc:
        raise StoreError("The database was made by a newer version of this service.") from exc


def _make_all(connection: Connection) -> None:
    """What all migrations lead to, and the note that they were run, as Alembic would leave it."""
    metadata.create_all(connection)
    revisions = Table(
        REVISION_TABLE,
        MetaData(),
        Column("version_num", String(32), nullable=False),
        PrimaryKeyConstraint("version_num", name=f"{REVISION_TABLE}_pkc"),
    )
    revisions.create(connection)
    connection.execute(revisions.insert().values(version_num=REVISION))


def revision(connection: Connection) -> str | None:
    """The newest migration that the database has seen; None where it has seen none."""
    if not inspect(connection).has_table(REVISION_TABLE):
        return None
    found: str | None = connection.execute(select(column("version_num")).select_from(table(REVISION_TABLE))).scalar()
    return found
