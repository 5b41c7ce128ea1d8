"""Statements: written with SQLAlchemy, once for all databases; rendered once for each, and run on its driver.

Between a statement and its rows SQLAlchemy does a hundred times the work of SQLite. So it writes the SQL here, knows
the tables and brings them up to date; what is written runs past it.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

import orjson
from sqlalchemy import (
    ARRAY,
    BigInteger,
    ClauseElement,
    ColumnElement,
    Dialect,
    Insert,
    Table,
    TableValuedAlias,
    bindparam,
    column,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

Row: TypeAlias = Any
"""A named tuple of what a statement gives."""


@dataclass(frozen=True, slots=True, eq=False)
class Statement:
    """Something to ask a database for, or to have it do. Its parameters are named; a list goes in as one of them."""

    written: ClauseElement


@dataclass(frozen=True, slots=True)
class Rendered:
    """SQL as a driver takes it."""

    sql: str
    names: tuple[str, ...]
    """The parameters, in the order of their places."""
    constants: Mapping[str, Any]
    """Those of them that are always the same."""
    lists: tuple[int, ...]
    """The places of those that go in as JSON: SQLite knows no lists."""
    row: Callable[[Iterable[Any]], Row]
    """Gives the values of a row their names."""

    def places(self, values: Mapping[str, Any]) -> list[Any]:
        """The values in the order of their places."""
        if self.constants:
            values = {**self.constants, **values}
        placed = [*map(values.__getitem__, self.names)]
        for place in self.lists:
            placed[place] = orjson.dumps(placed[place]).decode()
        return placed


@lru_cache(maxsize=1024)
def rendered(statement: Statement, dialect: Dialect) -> Rendered:
    """The SQL of one kind of database."""
    compiled = statement.written.compile(dialect=dialect)
    assert isinstance(compiled, SQLCompiler)
    fields = getattr(statement.written, "exported_columns", {})
    row = namedtuple("row", fields.keys())  # type: ignore[misc]  # its fields are the statement's
    constants = {name: value for name, value in compiled.params.items() if value is not None}
    names = tuple(compiled.positiontup or ())
    lists = (place for place, name in enumerate(names) if isinstance(compiled.binds[name].type, ARRAY))
    return Rendered(compiled.string, names, constants, tuple(lists) if dialect.name == "sqlite" else (), row._make)


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


class _Each(FunctionElement[int]):
    inherit_cache = True


def each(parameter: str) -> TableValuedAlias:
    """A table of the numbers in the list that goes in under this name, in a column ``value``."""
    numbers = bindparam(parameter, type_=ARRAY(BigInteger))
    return _Each(numbers).table_valued(column("value", BigInteger), name=parameter)


@compiles(_Each, "sqlite")
def _each_in_sqlite(element: _Each, compiler: SQLCompiler, **kw: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **kw)})"


@compiles(_Each, "postgresql")
def _each_in_postgresql(element: _Each, compiler: SQLCompiler, **kw: Any) -> str:
    return f"(SELECT unnest({compiler.process(element.clauses, **kw)}) AS value)"


class _Joined(FunctionElement[str]):
    inherit_cache = True


def joined(text: ColumnElement[str], *, by: ColumnElement[Any]) -> ColumnElement[str]:
    """The texts of all rows one behind the other, as one value, in the order of the column that is next in the key that
    they are found by."""
    return _Joined(text, by)


@compiles(_Joined, "sqlite")
def _joined_in_sqlite(element: _Joined, compiler: SQLCompiler, **kw: Any) -> str:
    text, _ = element.clauses  # it goes along the key; to be told the order would make it sort (and takes SQLite 3.44)
    return f"group_concat({compiler.process(text, **kw)}, '')"


@compiles(_Joined, "postgresql")
def _joined_in_postgresql(element: _Joined, compiler: SQLCompiler, **kw: Any) -> str:
    text, by = (compiler.process(column, **kw) for column in element.clauses)
    return f"string_agg({text}, '' ORDER BY {by})"


class _Listed(FunctionElement[str]):
    inherit_cache = True


def listed(*columns: ColumnElement[Any]) -> ColumnElement[str]:
    """The values of all rows as one text: handing out a row costs more than finding it. They are parted by blanks, and
    hold none; NULL is an empty text."""
    return _Listed(*columns)


@compiles(_Listed, "sqlite")
def _listed_in_sqlite(element: _Listed, compiler: SQLCompiler, **kw: Any) -> str:
    values = (f"coalesce({compiler.process(column, **kw)}, '')" for column in element.clauses)
    return "group_concat(" + " || ' ' || ".join(values) + ", ' ')"


@compiles(_Listed, "postgresql")
def _listed_in_postgresql(element: _Listed, compiler: SQLCompiler, **kw: Any) -> str:
    form = " ".join("%s" for _ in element.clauses)
    return f"string_agg(format('{form}', {compiler.process(element.clauses, **kw)}), ' ')"


class _Packed(FunctionElement[str]):
    inherit_cache = True


def packed(*columns: ColumnElement[Any]) -> ColumnElement[str]:
    """All rows as one value, a JSON list of lists: for texts and whole numbers (of others SQLite writes 15 digits)."""
    return _Packed(*columns)


@compiles(_Packed, "sqlite")
def _packed_in_sqlite(element: _Packed, compiler: SQLCompiler, **kw: Any) -> str:
    return f"json_group_array(json_array({compiler.process(element.clauses, **kw)}))"


@compiles(_Packed, "postgresql")
def _packed_in_postgresql(element: _Packed, compiler: SQLCompiler, **kw: Any) -> str:
    return f"coalesce(json_agg(json_build_array({compiler.process(element.clauses, **kw)})), '[]')"
