"""PostgreSQL: for more than one process, or more than one machine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any, Final, TypeVar

import asyncpg
from sqlalchemy import Dialect, func, select, text
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool
from sqlalchemy.util import await_only, greenlet_spawn

from ..errors import LLMServiceError, StoreError
from .database import Contended, Driver, our_errors, translated
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


_BEGIN_WRITING: Final = "BEGIN ISOLATION LEVEL READ COMMITTED"
_BEGIN_READING: Final = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"
_DIALECT: Final = PGDialect_asyncpg()  # type: ignore[no-untyped-call]


class PostgresDriver:
    """A connection as :class:`.database.Driver`. Its methods wait within a greenlet, so that operations are the same
    plain functions as on SQLite."""

    dialect: Dialect = _DIALECT

    def __init__(self, raw: Any) -> None:
        self._raw = raw

    def fetch(self, sql: str, values: Sequence[Any]) -> Sequence[Sequence[Any]]:
        """Run a statement; all rows that it gives."""
        rows: Sequence[Sequence[Any]] = await_only(self._raw.fetch(sql, *values))
        return rows

    def run_each(self, sql: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """Run a statement for each row of parameters."""
        await_only(self._raw.executemany(sql, rows))


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
        self._pool: Any = None
        self._opening = asyncio.Lock()
        self._version = ""
        self._failure: StoreError | None = None

    async def run(self, work: Callable[[Driver], T], *, write: bool) -> T:
        """See :class:`.database.Database`. Readers see one moment of the database, however many queries they make."""
        return await self._run(work, _BEGIN_WRITING if write else _BEGIN_READING, TRANSACTION_SECONDS)

    async def purge(self) -> None:
        """Nothing here: when the space of deleted rows is written over is for the server to say (see docs/store.md)."""

    async def probe(self) -> None:
        """Ask the server for one number."""
        with suppress(StoreError):
            await self._run(_one, _BEGIN_READING, PROBE_SECONDS)

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
        if self._pool is not None:
            self._pool.terminate()

    async def _run(self, work: Callable[[Driver], T], begin: str, seconds: float) -> T:
        try:
            with _our_errors():
                async with asyncio.timeout(seconds):
                    result = await self._transact(work, begin)
        except Contended:
            raise
        except StoreError as exc:
            self._failure = exc
            raise
        self._failure = None
        return result

    async def _transact(self, work: Callable[[Driver], T], begin: str) -> T:
        async with self._connection(begin) as raw:
            return await greenlet_spawn(work, PostgresDriver(raw))

    @asynccontextmanager
    async def _connection(self, begin: str) -> AsyncIterator[Any]:
        """A connection in a transaction, which is undone where the server or the work refuses something. Where it was
        broken off the connection is closed: what it left unread must not be the next one's answer."""
        pool = await self._opened()
        raw = await self._begun(pool, begin)
        try:
            yield raw
            await raw.execute("COMMIT")
        except (asyncpg.PostgresError, LLMServiceError):
            with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
                await raw.execute("ROLLBACK")
            raise
        finally:
            if raw.is_in_transaction():
                raw.terminate()
            await pool.release(raw)

    async def _begun(self, pool: Any, begin: str) -> Any:
        """A connection that has begun its transaction: another one where the first was closed while it was idle."""
        for _ in range(READERS + 1):
            raw = await pool.acquire()
            try:
                await raw.execute(begin)
            except (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, OSError):
                raw.terminate()
                await pool.release(raw)
            except BaseException:
                raw.terminate()
                await pool.release(raw)
                raise
            else:
                return raw
        raise StoreError

    async def _connect(self, *_: Any, **__: Any) -> Any:
        try:
            return await asyncpg.connect(self._url, timeout=CONNECT_SECONDS, server_settings=self._settings)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, ValueError) as exc:
            raise StoreError("The database server refused the connection: check the URL and the password.") from exc

    async def _opened(self) -> Any:
        """The connections. On first use the tables become those of today; processes that start together go one after
        another."""
        async with self._opening:
            if self._pool is None:
                await self._migrate()
                self._pool = await asyncpg.create_pool(
                    self._url,
                    connect=self._connect,
                    min_size=0,
                    max_size=READERS + 1,
                    max_inactive_connection_lifetime=0,
                    reset=_nothing_to_reset,
                )
        return self._pool

    async def _migrate(self) -> None:
        engine = create_async_engine("postgresql+asyncpg://", async_creator=self._connect, poolclass=NullPool)
        async with engine.begin() as connection:
            await connection.execute(select(func.pg_advisory_xact_lock(MIGRATION_LOCK)))
            await connection.run_sync(migrate)
            self._version = (await connection.execute(text("SHOW server_version"))).scalar_one()


async def _nothing_to_reset(connection: Any) -> None:
    """Our transactions change nothing about a connection: what would undo it is a question to the server for each."""


@contextmanager
def _our_errors() -> Iterator[None]:
    with our_errors():
        try:
            yield
        except (asyncpg.PostgresError, asyncpg.InterfaceError) as exc:
            raise translated(exc) from exc


def _one(driver: Driver) -> None:
    driver.fetch("SELECT 1", ())
