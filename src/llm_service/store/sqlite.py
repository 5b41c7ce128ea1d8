"""SQLite: one file, one thread, one connection that owns it.

All work runs on one thread, a whole transaction at a time: one hand-over between threads a transaction (an asyncio
driver needs one a statement), and a transaction that has begun is finished whatever becomes of its caller. SQLAlchemy
migrates the file when it is opened; after that, statements go straight to the driver.

The connection locks the file for itself. SQLite 3.7.0 to 3.51.2 can lose a committed transaction in WAL mode when two
connections write and checkpoint at the same moment (https://sqlite.org/wal.html#the_wal_reset_bug); where there can be
no second connection, it cannot happen. It also keeps two services from sharing one file: that is what PostgreSQL is
for.
"""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

from sqlalchemy import Dialect, create_engine
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.pool import StaticPool

from ..errors import StoreCorrupt, StoreError
from .damage import newest_set_aside, set_aside
from .database import Contended, Driver, our_errors
from .migrating import migrate
from .records import StoreHealth
from .thread import Thread

T = TypeVar("T")
log = logging.getLogger(__name__)

Synchronous = Literal["full", "normal"]

MEMORY: Final = ":memory:"
"""The path of a database that is gone when it is closed."""

APPLICATION_ID: Final = 0x4C4C4D53
""""LLMS": the mark in the header by which we know our own files."""

BUSY_SECONDS: Final = 1.0
"""How long to wait for another process to let go of the file."""

CHECKED_BYTES: Final = 64 * 2**20
"""Files up to this size are checked from end to end when they are opened, in about half a second; larger ones as they
are read."""


def has_wal_reset_bug(version: tuple[int, ...]) -> bool:
    """Whether this SQLite may lose a commit when two connections use one WAL (fixed in 3.51.3, 3.50.7 and 3.44.6)."""
    fixed = version >= (3, 51, 3) or (3, 50, 7) <= version < (3, 51) or (3, 44, 6) <= version < (3, 45)
    return version >= (3, 7, 0) and not fixed


_REMARK: Final = (
    "This SQLite has the WAL-reset bug, which cannot happen here: one connection owns the file."
    if has_wal_reset_bug(sqlite3.sqlite_version_info)
    else None
)


_DIALECT: Final = SQLiteDialect_pysqlite()

_UNREADABLE: Final = "Could not decode to UTF-8"
"""How the library says that a text was damaged where SQLite cannot see it."""


def _as_far_as_it_goes(octets: bytes) -> str:
    """A damaged text. To call this for each text that is not would be half of what it takes to read one."""
    return octets.decode(errors="replace")


class SqliteDriver:
    """The connection as :class:`.database.Driver`."""

    dialect: Dialect = _DIALECT

    def __init__(self, raw: sqlite3.Connection) -> None:
        self.raw = raw

    def fetch(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run a statement; all rows that it gives."""
        try:
            return self.raw.execute(sql, values).fetchall()
        except sqlite3.OperationalError as exc:
            if not str(exc).startswith(_UNREADABLE):
                raise
            self.raw.text_factory = _as_far_as_it_goes
            return self.raw.execute(sql, values).fetchall()

    def run_each(self, sql: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """Run a statement for each row of parameters."""
        self.raw.executemany(sql, rows)

    def pragma(self, setting: str) -> object:
        """Set something, or ask for it."""
        return next((value for (value, *_) in self.fetch(f"PRAGMA {setting}")), None)


class SqliteDatabase:
    """A database file of our own, or one in memory."""

    def __init__(self, path: str, *, synchronous: Synchronous = "full") -> None:
        self._path = None if path == MEMORY else Path(path).expanduser().absolute()
        self._synchronous = synchronous
        self._thread = Thread("llm-service-store")
        self._connection: SqliteDriver | None = None
        self._inode: int | None = None
        self._journal_mode = ""
        self._failure: StoreError | None = None
        self._aside = newest_set_aside(self._path) if self._path else None

    # ── What the loop sees ───────────────────────────────────────────────────────────────────────────────────────

    async def run(self, work: Callable[[Driver], T], *, write: bool) -> T:
        """See :class:`.database.Database`."""
        return await self._thread.run(self._run, work, write)

    async def purge(self) -> None:
        """Move all that the write-ahead log holds into the file and cut the log to nothing."""
        await self._thread.run(self._watched, self._purge)

    async def probe(self) -> None:
        """Connect if that has not been done; where the last thing failed, try to write something."""
        if self._failure is not None or self._connection is None:
            with suppress(StoreError):
                await self.run(_touch, write=True)

    def health(self) -> StoreHealth:
        """See :class:`.database.Database`."""
        survived = StoreCorrupt("The database file was damaged; it was set aside and a new one was started.")
        standing = self._failure or (survived if self._aside else None)
        return StoreHealth(
            kind="sqlite",
            ok=self._failure is None,
            library_version=sqlite3.sqlite_version,
            journal_mode=self._journal_mode,
            code=standing.code if standing else None,
            detail=str(standing) if standing else _REMARK,
            set_aside=str(self._aside) if self._aside else None,
        )

    async def close(self) -> None:
        """Let go of the file. Closing empties the write-ahead log into it."""
        await self._thread.run(self._close)
        self._thread.close()

    # ── What the thread does ─────────────────────────────────────────────────────────────────────────────────────

    def _run(self, work: Callable[[Driver], T], write: bool) -> T:
        result: T = self._watched(self._transact if write else self._read, work)
        if write:
            self._failure = None
        return result

    def _watched(self, step: Callable[..., T], *args: object) -> T:
        """Do it, and draw the consequences where it fails."""
        try:
            return step(*args)
        except Exception:  # whatever it is, it goes on; to be inside of the judgement costs more than a short read
            with self._judged():
                raise

    @contextmanager
    def _judged(self) -> Iterator[None]:
        """Draw the consequences of what is raised here."""
        try:
            with our_errors():
                yield
        except Contended:
            raise
        except StoreCorrupt as exc:
            self._failure = exc
            self._replace()
            self._failure = None
            raise
        except StoreError as exc:
            self._failure = exc
            self._disconnect()
            raise

    def _read(self, work: Callable[[Driver], T]) -> T:
        """Without a transaction it sees one moment, too: nobody else could write between its statements."""
        return work(self._connected())

    def _transact(self, work: Callable[[Driver], T]) -> T:
        connection = self._to_write()
        try:
            connection.raw.execute("BEGIN IMMEDIATE")
            result = work(connection)
            connection.raw.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                connection.raw.rollback()
            raise
        return result

    def _purge(self) -> None:
        self._to_write().pragma("wal_checkpoint(TRUNCATE)")

    def _to_write(self) -> SqliteDriver:
        if self._connection is not None and self._moved():
            log.error("the database file was taken away while it was in use")
            self._disconnect()
        return self._connected()

    def _connected(self) -> SqliteDriver:
        if self._connection is None:
            self._connection = self._open()
        return self._connection

    def _moved(self) -> bool:
        """Whether the path no longer leads to the file that is open: what is written to that one would be lost."""
        if self._path is None:
            return False
        try:
            return os.stat(self._path).st_ino != self._inode  # noqa: PTH116  (a third of the time)
        except FileNotFoundError:
            return True

    def _open(self) -> SqliteDriver:
        try:
            return self._open_once()
        except StoreCorrupt:
            self._replace()
            return self._open_once()

    def _open_once(self) -> SqliteDriver:
        with our_errors():
            if self._path:
                _make_private(self._path)
                self._inode = self._path.stat().st_ino
            connection = SqliteDriver(self._connect())
            try:
                self._prepare(connection)
            except BaseException:
                _close(connection)
                raise
            return connection

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(
            str(self._path or MEMORY), timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )

    def _prepare(self, connection: SqliteDriver) -> None:
        connection.pragma("locking_mode = EXCLUSIVE")
        _check_owner(connection)
        self._journal_mode = str(connection.pragma("journal_mode = WAL"))
        for setting in self._settings():
            connection.pragma(setting)
        _check_pages(connection)
        _migrate(connection.raw)
        connection.pragma("wal_checkpoint(TRUNCATE)")

    def _settings(self) -> tuple[str, ...]:
        full = self._synchronous == "full"
        return (
            f"synchronous = {self._synchronous.upper()}",
            f"fullfsync = {int(full)}",  # on macOS, a plain fsync stops at the disk's own cache
            f"checkpoint_fullfsync = {int(full)}",
            "secure_delete = ON",
            "temp_store = MEMORY",  # what is being sorted is not left in a temporary file
            "cache_size = -8192",
        )

    def _replace(self) -> None:
        """Put the damaged file aside; the next use starts a new one."""
        self._disconnect()
        if self._path:
            with our_errors():
                self._aside = set_aside(self._path)
            log.error("the database file is damaged; it is kept as %s", self._aside.name)

    def _disconnect(self) -> None:
        """Let go of the connection after a failure; but a database in memory lives only in its connection."""
        if self._path is not None:
            self._close()

    def _close(self) -> None:
        if self._connection is not None:
            _close(self._connection)
            self._connection = None


def _close(connection: SqliteDriver) -> None:
    with suppress(sqlite3.Error):
        connection.raw.close()


def _migrate(raw: sqlite3.Connection) -> None:
    """Bring the tables to those of today, with SQLAlchemy on our connection."""
    with create_engine("sqlite://", creator=lambda: raw, poolclass=StaticPool).begin() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        migrate(connection)
        connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")


def _make_private(path: Path) -> None:
    """Make the file, if need be, so that only its owner can read what people said."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


def _check_owner(connection: SqliteDriver) -> None:
    if connection.pragma("application_id") == APPLICATION_ID:
        return
    if connection.fetch("SELECT 1 FROM sqlite_schema"):
        raise StoreError("The database file belongs to another program; it was left alone.")


def _check_pages(connection: SqliteDriver) -> None:
    size = int(str(connection.pragma("page_count"))) * int(str(connection.pragma("page_size")))
    if size <= CHECKED_BYTES and connection.pragma("quick_check(1)") != "ok":
        raise StoreCorrupt


def _touch(driver: Driver) -> None:
    """Write something that is on disk afterwards, whatever it was before."""
    driver.fetch("INSERT INTO facts VALUES ('probe', '0') ON CONFLICT (key) DO UPDATE SET value = 1 - value", ())
