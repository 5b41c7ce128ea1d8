"""Bringing a database to the tables of today, when it is opened and in its own process."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, column, inspect, select, table

from ..errors import StoreError
from .schema import REVISION, REVISION_TABLE


def migrate(connection: Connection) -> None:
    """Run the migrations that are missing, in the transaction that is open.

    Alembic is imported only if there are any: it costs as much memory as everything else here.

    Raises:
        StoreError: A newer version of this service made the database.
    """
    found = revision(connection)
    if found == REVISION:
        return
    from alembic import command  # noqa: PLC0415  (only where there is something to migrate)
    from alembic.config import Config  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    try:
        command.upgrade(config, "head")
    except CommandError as exc:
        raise StoreError("The database was made by a newer version of this service.") from exc


def revision(connection: Connection) -> str | None:
    """The newest migration that the database has seen; None where it has seen none."""
    if not inspect(connection).has_table(REVISION_TABLE):
        return None
    found: str | None = connection.execute(select(column("version_num")).select_from(table(REVISION_TABLE))).scalar()
    return found
