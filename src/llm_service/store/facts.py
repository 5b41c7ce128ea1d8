"""Small things to remember that are nobody's words."""

from __future__ import annotations

from sqlalchemy import select

from .schema import facts
from .transaction import Transaction


def remember(tx: Transaction, key: str, value: str) -> None:
    """Keep a value under a key, over the one that was there."""
    tx.execute(tx.upsert(facts, "key", "value"), {"key": key, "value": value})


def recollect(tx: Transaction, key: str) -> str | None:
    """The value under a key, if there is one."""
    return tx.execute(select(facts.c.value).where(facts.c.key == key)).scalar_one_or_none()
