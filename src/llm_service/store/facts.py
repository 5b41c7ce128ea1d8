"""Small things to remember that are nobody's words."""

from __future__ import annotations

from sqlalchemy import select

from .schema import facts
from .transaction import Transaction


def remember(tx: Transaction, key: str, value: str) -> None:
    """Keep a value under a key, over the one that was there."""
    statement = tx.insert(facts).values(key=key, value=value)
    tx.execute(statement.on_conflict_do_update(index_elements=["key"], set_={"value": value}))


def recollect(tx: Transaction, key: str) -> str | None:
    """The value under a key, if there is one."""
    return tx.execute(select(facts.c.value).where(facts.c.key == key)).scalar_one_or_none()
