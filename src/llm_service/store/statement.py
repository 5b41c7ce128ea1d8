"""Statements: written with SQLAlchemy, once for all databases; rendered once for each, and run on its driver.

Between a statement and its rows SQLAlchemy does a hundred times the work of SQLite. So it writes the SQL here, knows
the tables and brings them up to date; what is written runs past it.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

import orjson
from sqlalchemy import ARRAY, BigInteger, ClauseElement, ColumnElement, Dialect, Insert, Table, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

Row: TypeAlias = Any
"""A named tuple of what a statement gives."""


@dataclass(frozen=True, slots=True, eq=False)
class Statement:
    """Something to ask a database for, or to have it do. Its parameters are named; a list goes in as one of them."""

    written: ClauseElement

    def rendered(self, dialect: Dialect) -> Rendered:
        """The SQL of one kind of database."""
        return _rendered(self, dialect)


@dataclass(frozen=True, slots=True)
class Rendered:
    """SQL as a driver takes it."""

    sql: str
    names: tuple[str, ...]
    """The parameters, in the order of their places."""
    constants: Mapping[str, Any]
    """Those of them that are always the same."""
    row: Callable[[Iterable[Any]], Row]
    """Gives the values of a row their names."""

    def places(self, values: Mapping[str, Any]) -> list[Any]:
        """The values in the order of their places."""
        if self.constants:
            values = {**self.constants, **values}
        return [values[name] for name in self.names]


@lru_cache(maxsize=1024)
def _rendered(statement: Statement, dialect: Dialect) -> Rendered:
    compiled = statement.written.compile(dialect=dialect)
    assert isinstance(compiled, SQLCompiler)
    fields = getattr(statement.written, "exported_columns", {})
    row = namedtuple("row", fields.keys())  # type: ignore[misc]  # its fields are the statement's
    constants = {name: value for name, value in compiled.params.items() if value is not None}
    return Rendered(compiled.string, tuple(compiled.positiontup or ()), constants, row._make)


def insert_into(table: Table) -> Insert:
    """An INSERT of whole rows, values in the order of the table's columns; a ``seq`` is the database's to give."""
    columns = [column.name for column in table.columns if column.name != "seq"]
    return table.insert().values({name: bindparam(name) for name in columns})


# ── What the databases say in words of their own ─────────────────────────────────────────────────────────────────


class _Among(ColumnElement[bool]):
    inherit_cache = True

    def __init__(self, column: ColumnElement[Any], numbers: ColumnElement[Any]) -> None:
        self.column = column
        self.numbers = numbers


def among(column: ColumnElement[Any], parameter: str) -> ColumnElement[bool]:
    """Whether a column is one of the numbers in the list that goes in under this name, however many there are."""
    return _Among(column, bindparam(parameter, type_=ARRAY(BigInteger)))


@compiles(_Among, "sqlite")
def _among_in_sqlite(element: _Among, compiler: SQLCompiler, **kw: Any) -> str:
    numbers = compiler.process(element.numbers, **kw)
    return f"{compiler.process(element.column, **kw)} IN (SELECT value FROM json_each({numbers}))"  # noqa: S608


@compiles(_Among, "postgresql")
def _among_in_postgresql(element: _Among, compiler: SQLCompiler, **kw: Any) -> str:
    return f"{compiler.process(element.column, **kw)} = ANY ({compiler.process(element.numbers, **kw)})"


class _Gathered(ColumnElement[Any]):
    inherit_cache = True

    def __init__(self, column: ColumnElement[Any]) -> None:
        self.column = column


def gathered(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """A column of numbers as one value, to be read with :func:`numbers`: handing out a row costs more than finding
    it."""
    return _Gathered(column)


@compiles(_Gathered, "sqlite")
def _gathered_in_sqlite(element: _Gathered, compiler: SQLCompiler, **kw: Any) -> str:
    return f"json_group_array({compiler.process(element.column, **kw)})"


@compiles(_Gathered, "postgresql")
def _gathered_in_postgresql(element: _Gathered, compiler: SQLCompiler, **kw: Any) -> str:
    return f"array_agg({compiler.process(element.column, **kw)})"


def numbers(value: str | Sequence[int] | None) -> Sequence[int]:
    """What :func:`gathered` gave."""
    return orjson.loads(value) if isinstance(value, str) else value or ()
