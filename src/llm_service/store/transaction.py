"""A transaction as the operations see it: statements that run, and the few things that a database cannot know."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Table, bindparam, null, update

from .database import Driver
from .schema import READABLE
from .statement import Row, Statement, rendered

Terms = Callable[[str], Sequence[str]]
"""From a text to the stems of its words."""

_BLANK: Final = {
    table: Statement(
        update(table)
        .where(table.c.seq == bindparam("doomed"))
        .values({column.name: null() for column in table.columns if not column.primary_key})
    )
    for table in READABLE
}


@dataclass(slots=True, kw_only=True)
class Transaction:
    """What an operation works with. It commits or disappears as a whole; operations never see which."""

    driver: Driver
    terms: Terms
    now: float
    erased: bool = False
    """Set by an operation that forgot something: the writer then also clears what the journal remembers."""

    def rows(self, statement: Statement, **values: Any) -> list[Row]:
        """Run a statement with these parameters; all rows that it gives."""
        known = rendered(statement, self.driver.dialect)
        return [*map(known.row, self.driver.fetch(known.sql, known.places(values)))]

    def row(self, statement: Statement, **values: Any) -> Row | None:
        """The first of its rows, if there is one."""
        found = self.rows(statement, **values)
        return found[0] if found else None

    def one(self, statement: Statement, **values: Any) -> Row:
        """The row of a statement that always gives one."""
        (row,) = self.rows(statement, **values)
        return row

    def run(self, statement: Statement, **values: Any) -> None:
        """Run a statement that gives nothing."""
        known = rendered(statement, self.driver.dialect)
        self.driver.fetch(known.sql, known.places(values))

    def run_each(self, statement: Statement, rows: Sequence[tuple[Any, ...]]) -> None:
        """Run a statement that gives nothing once for each row of parameters, which stand in the order of their
        places."""
        if rows:
            self.driver.run_each(rendered(statement, self.driver.dialect).sql, rows)

    def blank(self, table: Table, seqs: Iterable[int]) -> None:
        """Make these rows nothing but their keys, in place: see :mod:`.schema` for why they are not deleted."""
        self.run_each(_BLANK[table], [(seq,) for seq in seqs])
