"""Which lines have a word, and how they write it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import TypeVar

from llm_service.words import UNSPACED

from .lines import TERMS, Line, Pair, Spelling

SAMPLE = 64
"""Newest lines that a word's label is taken from."""
MOST_WORDS = 64
"""Words of which more are looked for only when the others are let go."""
MOST_UNREAD = 250
"""New lines after which it is let go of what nobody asks about."""

T = TypeVar("T")


class Mentions:
    """The lines that have one word, in order."""

    def __init__(self, term: str) -> None:
        self.lines: list[Line] = []
        self._term = term
        self._label = ""
        """Empty if it is not known of these lines."""
        self._spellings: dict[Line, Spelling | None] = {}
        """In the lines that the label was last taken from."""

    @property
    def label(self) -> str:
        """The word as it is mostly written, with the word beside it that mostly comes with it."""
        self._label = self._label or self._told()
        return self._label

    def add(self, line: Line) -> None:
        """A line has the word that is newer than all of them."""
        self.lines.append(line)
        self._label = ""

    def shed(self, left: Mapping[str, Line]) -> None:
        """Let go of the oldest lines that are not among those ``left``."""
        while self.lines and left.get(self.lines[0].id) is not self.lines[0]:
            self._spellings.pop(self.lines.pop(0), None)
            self._label = ""

    def _told(self) -> str:
        known, term = self._spellings, self._term
        self._spellings = {line: known.get(line) or line.spelling(term) for line in self.lines[-SAMPLE:]}
        spoken = list(filter(None, self._spellings.values()))
        pairs = [pair for spelling in spoken for pair in spelling.pairs]
        for common, times in Counter(map(_terms_of, pairs)).most_common(1):
            if 2 * times > len(spoken):
                return _joined(_usual(pair for pair in pairs if _terms_of(pair) == common))
        return _usual(word for spelling in spoken for word in spelling.words) if spoken else term


class Concordance:
    """The mentions of the few words that are asked about: to keep those of every word would take twice the memory.

    ``lines`` are all that there are, by their ids, oldest first. It is told of new ones, finds by itself that the
    oldest are gone, and must be cleared when others are.
    """

    def __init__(self, lines: Mapping[str, Line]) -> None:
        self._lines = lines
        self._mentions: dict[str, Mentions] = {}
        self._unread: list[Line] = []
        """Lines that came since something was asked."""

    def add(self, line: Line) -> None:
        """There is a new line."""
        if self._mentions:
            self._unread.append(line)
            if len(self._unread) > MOST_UNREAD:
                self.clear()

    def clear(self) -> None:
        """Let go of everything."""
        self._mentions, self._unread = {}, []

    def of(self, term: str, others: Iterable[str] = ()) -> Mentions:
        """The mentions of a word. If they must be looked for, so are those of the ``others``, which are likely to be
        asked about next."""
        self._catch_up()
        if term not in self._mentions:
            self._find({term, *others})
        return self._mentions[term]

    def _catch_up(self) -> None:
        if not self._unread:
            return
        for line in self._unread:
            for term in self._mentions.keys() & line.terms:
                self._mentions[term].add(line)
        for mentions in self._mentions.values():
            mentions.shed(self._lines)
        self._unread = []

    def _find(self, terms: set[str]) -> None:
        """Look for the lines that have these words, in one walk over all."""
        if len(self._mentions) > MOST_WORDS:
            self._mentions = {term: self._mentions[term] for term in self._mentions.keys() & terms}
        unknown = {term: Mentions(term) for term in terms.difference(self._mentions)}
        for line in self._lines.values():
            for term in unknown.keys() & line.terms:
                unknown[term].add(line)
        self._mentions |= unknown


def _terms_of(pair: Pair) -> tuple[str | None, str | None]:
    return TERMS[pair[0]], TERMS[pair[1]]


def _usual(spellings: Iterable[T]) -> T:
    """The one that comes most often; of several the first."""
    return Counter(spellings).most_common(1)[0][0]


def _joined(words: Sequence[str]) -> str:
    """Words with spaces; pairs cut from an unspaced script are put together again."""
    label = words[0]
    for left, right in pairwise(words):
        label += right[1:] if UNSPACED.match(right) and left[-1] == right[0] else " " + right
    return label
