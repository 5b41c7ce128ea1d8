"""PostgreSQL: for more than one process, or more than one machine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, TypeVar

import asyncpg
from sqlalchemy import Connection, func, select, text
from sqlalchemy.engine.interfaces import IsolationLevel
from sqlalchemy.ext.asyncio import create_async_engine

from ..errors import StoreError
from .database import Contended, our_errors
from .migrating import migrate
from .records import StoreHealth

T = TypeVar("T")

CONNECT_SECONDS: Final = 5.0
TRANSACTION_SECONDS: Final = 30.0
"""How long a transaction may take before its connection is given up."""
PROBE_SECONDS: Final = 2.0
READERS: Final = 4
"""Connections for reading, beside the one that writes."""
MIGRATION_LOCK: Final = 0x4C4C4D53
"""The advisory lock that lets one starter migrate while the others wait."""


class PostgresDatabase:
    """A database on a PostgreSQL server.

    The URL is libpq's (https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS): host, port,
    ``sslmode``, and any server setting, such as ``?search_path=my_schema``.
    """

    def __init__(self, url: str, *, synchronous: str = "full") -> None:
        self._url = url
        self._settings = {"application_name": "llm-service"}
        if synchronous == "normal":
            self._settings["synchronous_commit"] = "off"
        self._engine = create_async_engine(
            "postgresql+asyncpg://",
            async_creator=self._connect,
            pool_size=READERS + 1,
            max_overflow=0,
            pool_timeout=TRANSACTION_SECONDS,
            pool_pre_ping=True,
        )
        self._migrated = False
        self._migrating = asyncio.Lock()
        self._version = ""
        self._failure: StoreError | None = None

    async def run(self, work: Callable[[Connection], T], *, write: bool) -> T:
        """See :class:`.database.Database`. Readers see one moment of the database, however many queries they make."""
        return await self._run(work, "READ COMMITTED" if write else "REPEATABLE READ", TRANSACTION_SECONDS)

    async def purge(self) -> None:
        """Nothing here: when the space of deleted rows is written over is for the server to say (see docs/store.md)."""

    async def probe(self) -> None:
        """Ask the server for one number."""
        with suppress(StoreError):
            await self._run(_one, "READ COMMITTED", PROBE_SECONDS)

    def health(self) -> StoreHealth:
        """See :class:`.database.Database`."""
        return StoreHealth(
            kind="postgresql",
            ok=self._failure is None,
            library_version=self._version,
            journal_mode="server",
            code=self._failure.code if self._failure else None,
            detail=str(self._failure) if self._failure else None,
        )

    async def close(self) -> None:
        """Close all connections."""
        await self._engine.dispose()

    async def _run(self, work: Callable[[Connection], T], isolation: IsolationLevel, seconds: float) -> T:
        try:
            with our_errors():
                async with asyncio.timeout(seconds):
                    result = await self._transact(work, isolation)
        except Contended:
            raise
        except StoreError as exc:
            self._failure = exc
            raise
        self._failure = None
        return result

    async def _transact(self, work: Callable[[Connection], T], isolation: IsolationLevel) -> T:
        """A cancelled transaction closes its connection: what it left unread must not be the next one's answer."""
        await self._migrate()
        async with self._engine.connect() as connection:
            await connection.execution_options(isolation_level=isolation)
            async with connection.begin():
                return await connection.run_sync(work)

    async def _connect(self) -> Any:
        try:
            return await asyncpg.connect(self._url, timeout=CONNECT_SECONDS, server_settings=self._settings)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, ValueError) as exc:
            raise StoreError("The database server refused the connection: check the URL and the password.") from exc

    async def _migrate(self) -> None:
        """Once a process, on first use: the tables of today. Processes that start together go one after another."""
        async with self._migrating:
            if self._migrated:
                return
            async with self._engine.begin() as connection:
                await connection.execute(select(func.pg_advisory_xact_lock(MIGRATION_LOCK)))
                await connection.run_sync(migrate)
                self._version = (await connection.execute(text("SHOW server_version"))).scalar_one()
            self._migrated = True


def _one(connection: Connection) -> None:
    connection.execute(text("SELECT 1"))
