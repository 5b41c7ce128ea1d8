"""The recall index: which message says which word.

A table of postings of our own instead of a full-text extension, for three reasons. It is the same on SQLite and
PostgreSQL. It forgets: SQLite's FTS5 keeps the words of deleted rows in its segments until they happen to be merged
(its own secure delete came with 3.42). And its cost is flat: postings are kept in blocks of consecutive messages, so
that new ones always land in the few pages of the newest block, however many there are; a search looks a word up once
in each block.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from heapq import nlargest
from typing import Final

from sqlalchemy import bindparam, delete, select

from ..recall.evidence import enough, rarity_of
from ..types import Message
from .fingerprints import USUAL, fingerprint
from .rooms import find
from .rows import message_of
from .schema import messages, postings
from .statement import Statement, among, gathered, insert_into, numbers
from .transaction import Transaction

BLOCK: Final = 4096
"""Messages in a block: at ten words each its postings fill about 1 MB, which stays in the page cache, and a room of a
million messages has 245 blocks to look a word up in."""

NEWEST: Final = 1000
"""Most postings of one word that a search reads, newest first: a word that more messages say tells little."""

_saying = (
    select(postings.c.position)
    .where(
        postings.c.room_id == bindparam("room"),
        among(postings.c.block, "blocks"),
        postings.c.term_print == bindparam("print"),
        postings.c.position <= bindparam("last"),
    )
    .order_by(postings.c.block.desc(), postings.c.position.desc())
    .limit(bindparam("most"))
    .subquery()
)
_SAYING: Final = Statement(select(gathered(_saying.c.position).label("positions")).select_from(_saying))
_INSERT: Final = Statement(insert_into(postings))
_DROP: Final = Statement(
    delete(postings).where(
        postings.c.room_id == bindparam("room"),
        postings.c.block == bindparam("block"),
        among(postings.c.position, "positions"),
    )
)
_AT: Final = Statement(
    select(messages).where(messages.c.room_id == bindparam("room"), among(messages.c.position, "positions"))
)


def index_messages(tx: Transaction, room_id: int, new: Iterable[Message]) -> None:
    """Index the words of messages that were just stored."""
    rows = [
        (room_id, message.position // BLOCK, print_, message.position)
        for message in new
        for print_ in set(map(USUAL.__getitem__, tx.terms(message.text)))
    ]
    tx.run_each(_INSERT, rows)


def drop_postings(tx: Transaction, room_id: int, positions: Iterable[int]) -> None:
    """Forget all words of some messages, whichever they were: the way texts are cut into words may have changed."""
    by_block: dict[int, list[int]] = defaultdict(list)
    for position in positions:
        by_block[position // BLOCK].append(position)
    for block, inside in by_block.items():
        tx.run(_DROP, room=room_id, block=block, positions=inside)


def search(
    tx: Transaction, room: str, terms: Sequence[str], *, limit: int, exclude_after_position: int | None, radius: int
) -> list[tuple[Message, float]]:
    """The messages that share the rarest words with the terms, best first; of equals, the newest. After them, with a
    score of 0, the other messages within ``radius`` of them, in order."""
    row = find(tx, room)
    if row is None:
        return []
    last = row.last_position if exclude_after_position is None else min(exclude_after_position, row.last_position)
    prints = {fingerprint(term) for term in terms}
    scores = rank([_positions(tx, row.id, print_, last) for print_ in prints], row.messages)
    best = [position for _, position in nlargest(limit, zip(scores.values(), scores, strict=True))]
    near = {beside for position in best for beside in range(position - radius, min(position + radius, last) + 1)}
    found = tx.rows(_AT, room=row.id, positions=sorted(near)) if near else []
    there = {said.position: message_of(said, room) for said in found}
    hits = [(there[position], scores[position]) for position in best if position in there]
    return hits + [(there[position], 0.0) for position in sorted(near.difference(best)) if position in there]


def rank(said_at: Iterable[Sequence[int]], total: int) -> dict[int, float]:
    """A score for each position: what the terms that it has say together, see :mod:`llm_service.recall.evidence`.

    How often a chat line repeats a word, and how long it is, says little about what it is about.
    """
    terms = [(positions, _frequency(positions)) for positions in said_at]
    much = enough((frequency for _, frequency in terms), total)
    scores: defaultdict[int, float] = defaultdict(float)
    for positions, frequency in terms:
        weight = rarity_of(frequency, total) / much
        for position in positions:
            scores[position] += weight
    return scores


def _frequency(positions: Sequence[int]) -> float:
    """How many messages say a word. Of a very common one only the newest are known: then their density goes for all."""
    if len(positions) < NEWEST:
        return len(positions)
    return len(positions) * positions[0] / (positions[0] - positions[-1] + 1)


def _positions(tx: Transaction, room_id: int, print_: int, last: int) -> Sequence[int]:
    """Where a word was said, newest first."""
    blocks = list(range(last // BLOCK + 1))
    return numbers(tx.one(_SAYING, room=room_id, blocks=blocks, print=print_, last=last, most=NEWEST).positions)
