"""Small things to remember that are nobody's words."""

from __future__ import annotations

from typing import Final

from sqlalchemy import bindparam, select, text

from .schema import facts
from .statement import Statement
from .transaction import Transaction

_REMEMBER: Final = Statement(
    text("INSERT INTO facts (key, value) VALUES (:key, :value) ON CONFLICT (key) DO UPDATE SET value = excluded.value")
)
_RECOLLECT: Final = Statement(select(facts.c.value).where(facts.c.key == bindparam("key")))


def remember(tx: Transaction, key: str, value: str) -> None:
    """Keep a value under a key, over the one that was there."""
    tx.run(_REMEMBER, key=key, value=value)


def recollect(tx: Transaction, key: str) -> str | None:
    """The value under a key, if there is one."""
    row = tx.row(_RECOLLECT, key=key)
    return None if row is None else row.value
