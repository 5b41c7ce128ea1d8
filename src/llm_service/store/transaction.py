"""A transaction as the operations see it: a connection, and the few things that a database cannot know."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from itertools import islice
from typing import Any, Final, TypeVar

from sqlalchemy import ColumnElement, Connection, CursorResult, Executable, Row, Select, Table, delete

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

    def insert(self, table: Table) -> Any:
        """The dialect's own INSERT, which knows ON CONFLICT. Only the dialect in use is ever imported."""
        return import_module(f"sqlalchemy.dialects.{self.connection.dialect.name}").insert(table)


def parts(values: Iterable[T]) -> Iterator[list[T]]:
    """The values, in lists that fit an ``IN (…)``."""
    rest = iter(values)
    while part := list(islice(rest, IN_LIST)):
        yield part
