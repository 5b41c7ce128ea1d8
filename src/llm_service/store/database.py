"""What a database must be able to do, and how its failures become ours."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

import orjson
from sqlalchemy import Dialect
from sqlalchemy.exc import DBAPIError

from ..errors import InvalidMessage, LLMServiceError, StoreCorrupt, StoreError
from .records import StoreHealth

T = TypeVar("T")


class Contended(StoreError):
    """The transaction met another process at work on the same rows; trying again succeeds."""


class Driver(Protocol):
    """A connection within a transaction, as the library gives it that talks to the database."""

    @property
    def dialect(self) -> Dialect:
        """Which SQL it takes."""

    def fetch(self, sql: str, values: Sequence[Any]) -> Iterable[Iterable[Any]]:
        """Run a statement; all rows that it gives."""

    def run_each(self, sql: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """Run a statement for each row of parameters."""


class Database(Protocol):
    """One database: transactions run on it, and it knows how it is.

    It connects on first use, migrates then, and connects anew after a failure; so a service starts while its database
    is down, says so, and works as soon as it is back.
    """

    async def run(self, work: Callable[[Driver], T], *, write: bool) -> T:
        """Run a plain function in one transaction, committed and on disk when this returns.

        Cancelling the caller never tears a transaction, and never leaves a connection in an unknown state.

        Raises:
            StoreError: The database cannot be used; nothing of the transaction is stored.
            StoreCorrupt: Its file is damaged.
            Contended: Another process was faster.
        """

    async def purge(self) -> None:
        """After something was forgotten: clear what the journal still remembers of it."""

    async def probe(self) -> None:
        """See whether the database works, if that is in doubt; never raises."""

    def health(self) -> StoreHealth:
        """How it is, from memory: never waits."""

    async def close(self) -> None:
        """Let go of it."""


_SQLITE_CORRUPT = {"SQLITE_CORRUPT", "SQLITE_NOTADB"}
_SQLITE_DETAIL = {
    "SQLITE_FULL": "The disk is full: nothing can be stored until there is space.",
    "SQLITE_READONLY": "The database file, or its directory, is read-only.",
    "SQLITE_BUSY": "Another process has the database open: stop it, or use its API.",
    "SQLITE_LOCKED": "Another process has the database open: stop it, or use its API.",
    "SQLITE_CANTOPEN": "The database file cannot be opened: check the data directory and its permissions.",
    "SQLITE_IOERR": "The disk failed to read or write the database file.",
}
_CONTENDED = {"23505", "40001", "40P01", "55P03"}
"""PostgreSQL's unique violation, serialization failure, deadlock, and lock not available (Appendix A of its manual)."""
_DATA = "22"
"""Its class of errors in what was to be stored, such as a NUL in a text."""
_UNSTORABLE = "The text holds characters that cannot be stored."


@contextmanager
def our_errors() -> Iterator[None]:
    """Whatever the libraries below raise becomes one of ours, the cause chained; bugs pass through."""
    try:
        yield
    except LLMServiceError:
        raise
    except (UnicodeEncodeError, orjson.JSONEncodeError) as exc:
        raise InvalidMessage(_UNSTORABLE) from exc
    except DBAPIError as exc:
        raise translated(exc.orig) from exc
    except sqlite3.Error as exc:
        raise translated(exc) from exc
    except OSError as exc:
        raise StoreError from exc


def translated(cause: Any) -> LLMServiceError:
    """What a driver's exception is to us."""
    state = getattr(cause, "sqlstate", None) or ""
    if state in _CONTENDED or isinstance(cause, sqlite3.IntegrityError):
        return Contended()
    if state.startswith(_DATA) or isinstance(cause, ValueError):  # asyncpg encodes values before it sends
        return InvalidMessage(_UNSTORABLE)
    name = "_".join(getattr(cause, "sqlite_errorname", "").split("_")[:2])
    if name in _SQLITE_CORRUPT:
        return StoreCorrupt()
    return StoreError(_SQLITE_DETAIL.get(name))
