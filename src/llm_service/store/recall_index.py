"""The recall index: which message says which word.

A table of postings of our own instead of a full-text extension, for three reasons. It is the same on SQLite and
PostgreSQL. It forgets: SQLite's FTS5 keeps the words of deleted rows in its segments until they happen to be merged
(its own secure delete came with 3.42). And its cost is flat: postings are kept in blocks of consecutive messages, so
that new ones always land in the few pages of the newest block, however many there are; a search looks a word up once
in each block.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import Row, bindparam, delete, select

from ..types import Message
from .fingerprints import fingerprint
from .rooms import find
from .rows import message_of
from .schema import messages, postings
from .transaction import Transaction, parts

BLOCK: Final = 4096
"""Messages in a block: at ten words each its postings fill about 1 MB, which stays in the page cache, and a room of a
million messages has 245 blocks to look a word up in."""

NEWEST: Final = 2000
"""Most postings of one word that a search reads, newest first: a word that more messages say tells little."""

_SAYING: Final = (
    select(postings.c.position)
    .where(
        postings.c.room_id == bindparam("room"),
        postings.c.block.in_(bindparam("blocks", expanding=True)),
        postings.c.term_print == bindparam("print"),
        postings.c.position <= bindparam("last"),
    )
    .order_by(postings.c.block.desc(), postings.c.position.desc())
    .limit(bindparam("most"))
)
# Built once: building a statement costs more than running it.


def index_messages(tx: Transaction, room_id: int, new: Iterable[Message]) -> None:
    """Index the words of messages that were just stored."""
    rows = [
        (room_id, message.position // BLOCK, print_, message.position)
        for message in new
        for print_ in {fingerprint(term) for term in tx.terms(message.text)}
    ]
    if rows:
        tx.insert_tuples(postings, rows)


def drop_postings(tx: Transaction, room_id: int, positions: Iterable[int]) -> None:
    """Forget all words of some messages, whichever they were: the way texts are cut into words may have changed."""
    by_block: dict[int, list[int]] = defaultdict(list)
    for position in positions:
        by_block[position // BLOCK].append(position)
    for block, inside in by_block.items():
        here = (postings.c.room_id == room_id, postings.c.block == block)
        for part in parts(inside):
            tx.execute(delete(postings).where(*here, postings.c.position.in_(part)))


def search(
    tx: Transaction, room: str, terms: Sequence[str], limit: int, exclude_after_position: int | None
) -> list[tuple[Message, float]]:
    """The messages that share the rarest words with the terms, best first; of equals, the newest."""
    row = find(tx, room)
    if row is None:
        return []
    last = row.last_position if exclude_after_position is None else min(exclude_after_position, row.last_position)
    prints = {fingerprint(term) for term in terms}
    scores = rank([_positions(tx, row.id, print_, last) for print_ in prints], row.messages)
    best = sorted(scores, key=lambda position: (-scores[position], -position))[:limit]
    found = tx.rows_in(select(messages).where(messages.c.room_id == row.id), messages.c.position, best)
    by_position = {said.position: message_of(said, room) for said in found}
    return [(by_position[p], scores[p]) for p in best if p in by_position]


def rank(said_at: Iterable[Sequence[int]], total: int) -> dict[int, float]:
    """A score for each position: the sum of the inverse document frequencies of the terms that it has.

    The frequency part of BM25 (Robertson & Zaragoza 2009, eq. 3.3, in the form that stays positive); how often a chat
    line repeats a word, and how long it is, says little about what it is about.
    """
    scores: defaultdict[int, float] = defaultdict(float)
    for positions in said_at:
        frequency = _frequency(positions)
        weight = math.log1p((max(total, frequency) - frequency + 0.5) / (frequency + 0.5))
        for position in positions:
            scores[position] += weight
    return scores


def _frequency(positions: Sequence[int]) -> float:
    """How many messages say a word. Of a very common one only the newest are known: then their density goes for all."""
    if len(positions) < NEWEST:
        return len(positions)
    return len(positions) * positions[0] / (positions[0] - positions[-1] + 1)


def _positions(tx: Transaction, room_id: int, print_: int, last: int) -> list[int]:
    found: list[Row[Any]] = []
    for part in parts(range(last // BLOCK, -1, -1)):
        asked = {"room": room_id, "blocks": part, "print": print_, "last": last, "most": NEWEST - len(found)}
        found += tx.execute(_SAYING, asked).all()
    return [row.position for row in found]
