"""A transaction as the operations see it: a connection, and the few things that a database cannot know."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import import_module
from itertools import islice
from typing import Any, Final, TypeVar

from sqlalchemy import (
    ColumnElement,
    Connection,
    CursorResult,
    Dialect,
    Executable,
    Row,
    Select,
    Table,
    bindparam,
    delete,
    update,
)

T = TypeVar("T")
Terms = Callable[[str], Sequence[str]]
"""From a text to the stems of its words."""

IN_LIST: Final = 500
"""How many values go into one ``IN (…)``: below every database's limit, and few enough to be planned fast."""


@dataclass(slots=True, kw_only=True)
class Transaction:
    """What an operation works with. It commits or disappears as a whole; operations never see which."""

    connection: Connection
    terms: Terms
    now: float
    erased: bool = False
    """Set by an operation that forgot something: the writer then also clears what the journal remembers."""

    def execute(self, statement: Executable, values: Any = None) -> CursorResult[Any]:
        """Run one statement, or one for each of several rows of values."""
        return self.connection.execute(statement, values)

    def rows(self, statement: Select[Any]) -> Sequence[Row[Any]]:
        """All rows that a query gives."""
        return self.connection.execute(statement).all()

    def rows_in(self, statement: Select[Any], column: ColumnElement[Any], values: Iterable[Any]) -> list[Row[Any]]:
        """All rows whose column is one of the values, however many there are."""
        return [row for part in parts(values) for row in self.rows(statement.where(column.in_(part)))]

    def delete_in(
        self, table: Table, column: ColumnElement[Any], values: Iterable[Any], *conditions: ColumnElement[bool]
    ) -> None:
        """Delete the rows whose column is one of the values and that meet the conditions."""
        for part in parts(values):
            self.execute(delete(table).where(*conditions, column.in_(part)))

    def blank(self, table: Table, seqs: Iterable[int]) -> None:
        """Make these rows nothing but their keys, in place: see :mod:`.schema` for why they are not deleted."""
        nothing = {column.name: None for column in table.columns if not column.primary_key}
        rows = [{"doomed": seq} for seq in seqs]
        if rows:
            self.execute(update(table).where(table.c.seq == bindparam("doomed")).values(nothing), rows)

    def upsert(self, table: Table, key: str, changed: str, *returning: ColumnElement[Any]) -> Any:
        """An INSERT that changes one column of the row with this key where there is one, and locks it either way."""
        return _upsert(self.connection.dialect.name, table, key, changed, returning)

    def insert_tuples(self, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
        """Insert many small rows of plain numbers and texts, in the order of the columns, past SQLAlchemy's
        dictionaries."""
        self.connection.exec_driver_sql(_insert_sql(self.connection.dialect, table), list(rows))


def parts(values: Iterable[T]) -> Iterator[list[T]]:
    """The values, in lists that fit an ``IN (…)``."""
    rest = iter(values)
    while part := list(islice(rest, IN_LIST)):
        yield part


@cache
def _upsert(dialect: str, table: Table, key: str, changed: str, returning: tuple[ColumnElement[Any], ...]) -> Any:
    """Built once; and only the dialect in use is ever imported."""
    statement = import_module(f"sqlalchemy.dialects.{dialect}").insert(table)
    changing = statement.on_conflict_do_update(index_elements=[key], set_={changed: statement.excluded[changed]})
    return changing.returning(*returning) if returning else changing


@lru_cache(maxsize=8)
def _insert_sql(dialect: Dialect, table: Table) -> str:
    return str(table.insert().compile(dialect=dialect))
