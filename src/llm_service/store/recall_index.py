"""The recall index: the messages that share the rarest words with a question.

A search costs the same whatever is stored. It reads a bounded number of postings of each word, the newest ones, and
adds up a bounded number of them: those of the rarest words. The common words only tell which of the messages that the
rare ones brought in are the better ones (the *continue* strategy of Moffat and Zobel, "Self-indexing inverted files",
TOIS 1996).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from itertools import islice
from typing import Final, TypeAlias

from sqlalchemy import bindparam, select

from ..recall.evidence import enough, rarity_of
from ..recall.ranking import Header, Ranking
from ..types import Message
from .fingerprints import USUAL
from .postings import Said, codes_of, position_of, said, tail_of
from .rooms import find
from .rows import HEADERS, MESSAGE, headers_of, message_of
from .schema import messages
from .statement import Row, Statement, among
from .transaction import Transaction

OPENING: Final = 100
"""Postings that bring in candidates, rarest words first, newest messages first: more only where more is asked for. On
LoCoMo three times as many find not one line more; 60 lose some."""

READ: Final = 1000
"""Postings of a word after which a search reads no older block: a word that more messages say tells little."""

FEW: Final = 3
"""To look for one character in a text takes as long as it takes to look so many of its codes up."""

Scores: TypeAlias = dict[int, dict[int, float]]
"""For each block, the scores of its messages by the codes of their characters: see :mod:`.postings`."""

_AT = messages.c.room_id == bindparam("room"), among(messages.c.position, "positions")
_HEADERS: Final = Statement(select(HEADERS.label("headers")).where(*_AT))
_MESSAGES: Final = Statement(select(*MESSAGE).where(*_AT))


def search(
    tx: Transaction,
    room: str,
    terms: Sequence[str],
    *,
    limit: int,
    exclude_after_position: int | None,
    radius: int,
    around: int | None,
    ranking: Ranking | None,
) -> list[tuple[Message, float]]:
    """The messages that share the rarest words with the terms, best first; of equals, the newest. After them, with a
    score of 0, the other messages within ``radius`` of the best ``around`` of them, in order. Or those that ``ranking``
    makes of them: the others are not read."""
    row = find(tx, room)
    if row is None:
        return []
    last = row.last_position if exclude_after_position is None else min(exclude_after_position, row.last_position)
    if last < 1:
        return []
    prints, tail = set(map(USUAL.__getitem__, terms)), tail_of(row.last_position)
    words = said(tx, row.id, prints, last=last, tail=tail, enough=READ)
    scores = {position: score for score, position in rank(words, row.messages, last=last, limit=limit)}
    best = islice(scores, around)
    near = {beside for position in best for beside in range(position - radius, min(position + radius, last) + 1)}
    found = _with_headers(tx, row.id, scores | dict.fromkeys(sorted(near.difference(scores)), 0.0))
    return _with_texts(tx, row, ranking(found) if ranking else found)


def _with_headers(tx: Transaction, room_id: int, scores: dict[int, float]) -> list[tuple[Header, float]]:
    """The headers of the messages at some positions, with their scores; without those that were forgotten."""
    if not scores:
        return []
    headers = headers_of(tx.one(_HEADERS, room=room_id, positions=[*scores]).headers)
    there = {header.position: header for header in headers}
    return [(there[position], score) for position, score in scores.items() if position in there]


def _with_texts(tx: Transaction, room: Row, found: Sequence[tuple[Header, float]]) -> list[tuple[Message, float]]:
    """The messages themselves, with their scores."""
    positions = [header.position for header, _ in found]
    rows = tx.rows(_MESSAGES, room=room.id, positions=positions) if found else []
    there = {row.position: message_of(row, room.name) for row in rows}
    return [(there[header.position], score) for header, score in found]


def rank(words: Iterable[Said], total: int, *, last: int, limit: int) -> list[tuple[float, int]]:
    """The best scores up to the position ``last`` and where they are, best first, newest of equals first.

    A score is what the words of a message say together, see :mod:`llm_service.recall.evidence`. How often a chat line
    repeats a word, and how long it is, says little about what it is about.
    """
    by_rarity = sorted(((word.frequency(last), word) for word in words), key=lambda pair: pair[0])
    much = enough((frequency for frequency, _ in by_rarity), total)
    scores: Scores = defaultdict(dict)
    left = max(OPENING, limit)
    for frequency, word in by_rarity:
        weight = rarity_of(frequency, total) / much
        if word.count <= left:
            _open(scores, word, weight)
        else:
            _add(scores, word, weight)
            if left:
                _bring_in(scores, word, weight, left)
        left = max(0, left - word.count)
    return _best(scores, limit)


def _open(scores: Scores, word: Said, weight: float) -> None:
    """What a word says of all messages that have it."""
    for block, places in word.places.items():
        here = scores[block]
        for code in codes_of(places):
            here[code] = here.get(code, 0.0) + weight


def _add(scores: Scores, word: Said, weight: float) -> None:
    """What a word says of the messages that are candidates already."""
    for block, here in scores.items():
        for code in _shared(here, word.places.get(block, "")):
            here[code] += weight


def _shared(here: dict[int, float], places: str) -> Collection[int]:
    """The candidates that are among the characters: looked for one by one where they are few."""
    if len(here) * FEW > len(places):
        return here.keys() & codes_of(places)
    return [code for code in here if chr(code) in places]


def _bring_in(scores: Scores, word: Said, weight: float, most: int) -> None:
    """The newest messages that have a word become candidates, if they are not yet."""
    for block, places in sorted(word.places.items(), reverse=True):
        if most <= 0:
            break
        for code in sorted(codes_of(places), reverse=True)[:most]:
            scores[block].setdefault(code, weight)
        most -= len(places)


def _best(scores: Scores, most: int) -> list[tuple[float, int]]:
    """The highest scores with their positions, highest first, newest of equals first."""
    highest = sorted([score for here in scores.values() for score in here.values()], reverse=True)[:most]
    least = highest[-1] if highest else 0.0
    found = [
        (score, position_of(block, code))
        for block, here in scores.items()
        for code, score in here.items()
        if score >= least
    ]
    return sorted(found, reverse=True)[:most]
