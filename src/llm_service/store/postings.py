"""Where each word of a room was said: the table behind the recall index.

A table of our own instead of a full-text extension, for three reasons. It is the same on SQLite and PostgreSQL. It
forgets: SQLite's FTS5 keeps the words of deleted rows in its segments until they happen to be merged (its own secure
delete came with 3.42). And its cost is flat, whatever is stored:

- It is kept in blocks of consecutive messages, so that new words always land in the few pages of the newest block; who
  looks a word up does so once in each.
- Within a block it is packed: a row holds all messages of a stretch that say a word, one character for each. So both
  databases add a message to a row, and give many rows as one text, without reading what is in them.
- Messages are put in a group at a time. As a rule each word is on a page of its own, and to write a page costs the same
  for one message as for all of a group. Until then a question reads their texts, if it goes as far as the newest
  messages at all: a room asks for what stands before its window.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from sys import byteorder
from typing import Final

from sqlalchemy import BigInteger, bindparam, delete, select, text, update

from ..types import Message
from .fingerprints import USUAL
from .rows import unpack
from .schema import messages, postings
from .statement import Statement, among, each, joined, listed, packed
from .transaction import Transaction

BLOCK: Final = 16_384
"""Messages in a block: at ten words each its postings fill about 2 MB, which stays in the page cache, and a room of a
million messages has 62 blocks to look a word up in."""

STRETCH: Final = 1024
"""Messages in a stretch: a word of every thirtieth message then has 100 bytes in a row, which is rewritten when it is
said again."""

GROUP: Final = 32
"""Messages that are put in together. More of them would make an append no cheaper, and leave more texts to be read."""

FIRST: Final = 0x4000
"""The character for the first message of a block; those of the others follow it. None of them is half a surrogate
pair, and all take three bytes."""

_CODES: Final = "utf-16-le" if byteorder == "little" else "utf-16-be"

GROWTH: Final = 3
"""The newest block is read first, then so many times more blocks with each further look."""

_BLOCKS, _PRINTS = each("blocks"), each("prints")
_SAID: Final = Statement(
    select(
        listed(
            _BLOCKS.c.value,
            _PRINTS.c.value,
            select(joined(postings.c.places, by=postings.c.stretch))
            .where(
                postings.c.room_id == bindparam("room"),
                postings.c.block == _BLOCKS.c.value,
                postings.c.term_print == _PRINTS.c.value,
                postings.c.stretch <= bindparam("until", type_=BigInteger),
            )
            .scalar_subquery(),
        ).label("words")
    )
)
"""Of each block and word: the database counts on nothing then, and goes straight to where each of them is."""
_ADD: Final = Statement(
    text(
        "INSERT INTO word_places (room_id, block, term_print, stretch, places)"
        " VALUES (:room_id, :block, :term_print, :stretch, :places)"
        " ON CONFLICT (room_id, block, term_print, stretch)"
        " DO UPDATE SET places = rtrim(word_places.places, excluded.places) || excluded.places"
    )
)
"""What is there already, as versions that put each message in at once have left it, is not there twice then."""
_TEXTS: Final = Statement(
    select(packed(messages.c.position, messages.c.text).label("texts")).where(
        messages.c.room_id == bindparam("room"),
        messages.c.position >= bindparam("start"),
        messages.c.position < bindparam("end"),
    )
)
_STRETCHES: Final = (
    postings.c.room_id == bindparam("room"),
    postings.c.block == bindparam("block"),
    among(postings.c.stretch, "stretches"),
)
_ROW: Final = (
    postings.c.room_id == bindparam("room"),
    postings.c.block == bindparam("block"),
    postings.c.term_print == bindparam("print"),
    postings.c.stretch == bindparam("within"),
)
_TOUCHED: Final = Statement(select(postings.c.term_print, postings.c.stretch, postings.c.places).where(*_STRETCHES))
_DROP_WHOLE: Final = Statement(delete(postings).where(*_STRETCHES))
_KEEP: Final = Statement(update(postings).where(*_ROW).values(places=bindparam("left")))
_DROP: Final = Statement(delete(postings).where(*_ROW))


# ── Writing ──────────────────────────────────────────────────────────────────────────────────────────────────────


def tail_of(last: int) -> int:
    """Where the messages begin that are not in the table yet, in a room whose newest is at the position ``last``."""
    return (last + 1) // GROUP * GROUP


def index_messages(tx: Transaction, room_id: int, new: Sequence[Message], *, after: int) -> None:
    """Index the words of the groups that are full now: ``new`` was just stored after the position ``after``."""
    start, end = tail_of(after), tail_of(new[-1].position)
    if start < end:
        waiting = _texts(tx, room_id, start, new[0].position)
        _put_in(tx, room_id, [*waiting, *((one.position, one.text) for one in new if one.position < end)])


def _texts(tx: Transaction, room_id: int, start: int, end: int) -> list[tuple[int, str]]:
    """Positions and texts of the messages between two positions, in order."""
    return sorted(unpack(tx.one(_TEXTS, room=room_id, start=start, end=end).texts)) if start < end else []


def _prints(tx: Transaction, text: str) -> set[int]:
    """The words of a text."""
    return set(map(USUAL.__getitem__, tx.terms(text)))


def _put_in(tx: Transaction, room_id: int, texts: Iterable[tuple[int, str]]) -> None:
    stretches: defaultdict[int, dict[int, str]] = defaultdict(dict)
    for position, text_ in texts:
        said, character = stretches[position // STRETCH], character_of(position)
        for print_ in _prints(tx, text_):
            said[print_] = said.get(print_, "") + character
    tx.run_each(
        _ADD,
        [
            (room_id, stretch * STRETCH // BLOCK, print_, stretch, places)
            for stretch, said in stretches.items()
            for print_, places in sorted(said.items())
        ],
    )


def drop_postings(tx: Transaction, room_id: int, positions: Iterable[int]) -> None:
    """Forget all words of some messages, whichever they were: the way texts are cut into words may have changed."""
    doomed: defaultdict[int, defaultdict[int, set[int]]] = defaultdict(lambda: defaultdict(set))
    for position in positions:
        doomed[position // BLOCK][position // STRETCH].add(ord(character_of(position)))
    for block, by_stretch in doomed.items():
        whole = [stretch for stretch, places in by_stretch.items() if len(places) == STRETCH]
        tx.run(_DROP_WHOLE, room=room_id, block=block, stretches=whole)
        rest = {stretch: places for stretch, places in by_stretch.items() if len(places) < STRETCH}
        _take_out(tx, room_id, block, rest)


def _take_out(tx: Transaction, room_id: int, block: int, doomed: dict[int, set[int]]) -> None:
    """Take characters out of the rows of some stretches."""
    gone = {stretch: dict.fromkeys(places) for stretch, places in doomed.items()}
    for row in tx.rows(_TOUCHED, room=room_id, block=block, stretches=list(doomed)):
        left = row.places.translate(gone[row.stretch])
        key = {"room": room_id, "block": block, "print": row.term_print, "within": row.stretch}
        if not left:
            tx.run(_DROP, **key)
        elif left != row.places:
            tx.run(_KEEP, **key, left=left)


# ── Reading ──────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class Said:
    """Where a word was said, as far as that was read."""

    places: dict[int, str] = field(default_factory=dict)
    """The characters of each block that has the word, in any order."""
    count: int = 0
    """How many they are."""
    since: int = 0
    """Position from which on all of them are known."""

    def add(self, block: int, places: str) -> None:
        """Here, too."""
        self.places[block] = self.places.get(block, "") + places
        self.count += len(places)

    def frequency(self, last: int) -> float:
        """How many messages up to the position ``last`` say it, if it was said before as it is since."""
        return self.count * (last + 1) / (last + 1 - self.since)


def said(tx: Transaction, room_id: int, prints: Collection[int], *, last: int, tail: int, enough: int) -> list[Said]:
    """Where each word was said, from the position ``last`` backwards until that is ``enough`` often. From ``tail`` on,
    messages are not in the table."""
    found = {print_: Said() for print_ in prints}
    for position, text_ in _texts(tx, room_id, tail, last + 1):
        for print_ in found.keys() & _prints(tx, text_):
            found[print_].add(position // BLOCK, character_of(position))
    newest = min(last, tail - 1)
    for blocks in _looks(newest // BLOCK):
        rare = [print_ for print_, word in found.items() if word.count < enough]
        for print_ in rare:
            found[print_].since = blocks[-1] * BLOCK
        for block, print_, places in _look(tx, room_id, blocks, rare, newest) if rare else ():
            found[print_].add(block, places)
    return list(found.values())


def _look(
    tx: Transaction, room_id: int, blocks: Sequence[int], prints: Sequence[int], newest: int
) -> Iterator[tuple[int, int, str]]:
    """What the table has of some words in some blocks up to a position: block, word, and where in it."""
    looked = tx.one(_SAID, room=room_id, blocks=blocks, prints=prints, until=newest // STRETCH)
    values = iter(looked.words.split(" "))
    for block, print_, places in zip(map(int, values), map(int, values), values, strict=True):
        here = places if block < newest // BLOCK else _up_to(newest, places)
        if here:
            yield block, print_, here


def _looks(newest: int) -> Iterator[list[int]]:
    """The blocks that are read together, newest first and more and more at a time."""
    many = 1
    while newest >= 0:
        yield list(range(newest, max(newest - many, -1), -1))
        newest -= many
        many *= GROWTH


def _up_to(last: int, places: str) -> str:
    """Those of a block's characters that stand for positions up to ``last``: they rise, as messages came."""
    return places[: bisect_right(places, character_of(last))]


def character_of(position: int) -> str:
    """The character that stands for a position in its block; those of later positions are greater."""
    return chr(FIRST + position % BLOCK)


def codes_of(places: str) -> array[int]:
    """The codes of characters. Taken out of a text one by one, each character would be a text of its own, which costs
    twice as much to make and to look up."""
    return array("H", places.encode(_CODES))


def position_of(block: int, code: int) -> int:
    """The position that a character with this code stands for."""
    return block * BLOCK + code - FIRST
