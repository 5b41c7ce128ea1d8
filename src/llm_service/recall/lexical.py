"""An index of words in memory: for a room without a database, for tests and for measuring at scale."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterable

from llm_service.recall.evidence import enough, rarity_of
from llm_service.types import Message
from llm_service.words import terms

K1 = 0.9
B = 0.4
"""BM25's saturation and length penalty for short texts, as in Anserini (Yang, Fang and Lin, SIGIR 2017): a chat line
is short, and a word repeated in it says little."""
OPENING = 2_000
"""Postings that may bring in candidates, rarest words first, newest messages first. The common words that are left
then only add to the best candidates there are (the *continue* strategy of Moffat and Zobel, "Self-indexing inverted
files", TOIS 1996)."""
CANDIDATES = 300
"""… and how many those are."""


class LexicalIndex:
    """The newest ``limit`` messages of one room, found by their words with Okapi BM25 (Robertson et al., TREC-3).

    A search takes a few milliseconds at 100,000 messages. Messages are numbered as they are added; a message's own
    ``position`` is not needed.
    """

    def __init__(self, *, limit: int = 100_000) -> None:
        self._limit = limit
        self._messages: dict[int, Message] = {}
        self._numbers: dict[str, int] = {}
        self._postings: dict[str, array[int]] = {}
        self._repeats: dict[str, dict[int, int]] = {}
        self._lengths: dict[int, int] = {}
        self._words = 0
        self._next = 0

    def __len__(self) -> int:
        return len(self._messages)

    def add(self, message: Message) -> None:
        """Index ``message``; one with a known id takes the old one's place at the end."""
        self.forget((message.id,))
        number = self._next
        self._next += 1
        counted = Counter(terms(message.line))
        for term, times in counted.items():
            self._postings.setdefault(term, array("Q")).append(number)
            if times > 1:
                self._repeats.setdefault(term, {})[number] = times
        self._messages[number] = message
        self._numbers[message.id] = number
        self._lengths[number] = counted.total()
        self._words += counted.total()
        if len(self._messages) > self._limit:
            self.forget((self._messages[next(iter(self._messages))].id,))

    def forget(self, message_ids: Iterable[str]) -> None:
        """Take these messages out, with all their words."""
        for message_id in message_ids:
            number = self._numbers.pop(message_id, None)
            if number is not None:
                self._take_out(number)

    def _take_out(self, number: int) -> None:
        message = self._messages.pop(number)
        self._words -= self._lengths.pop(number)
        for term in set(terms(message.line)):
            postings = self._postings[term]
            postings.pop(bisect_left(postings, number))
            self._repeats.get(term, {}).pop(number, None)
            if not postings:
                del self._postings[term]
                self._repeats.pop(term, None)

    def search(self, query: Collection[str], *, limit: int) -> list[tuple[Message, float]]:
        """The ``limit`` best messages for these terms, best first, newest of equals first; their scores are those of
        BM25 in the unit that :mod:`.evidence` describes."""
        wanted = [(term, postings) for term in set(query) if (postings := self._postings.get(term))]
        wanted.sort(key=lambda item: (len(item[1]), item[0]))
        scores: dict[int, float] = {}
        budget = OPENING
        for term, postings in wanted:
            opened: Collection[int] = postings[max(0, len(postings) - budget) :] if budget > 0 else ()
            if len(opened) < len(postings):
                scores = _best(scores, CANDIDATES)
                opened = {*opened, *(number for number in scores if _holds(postings, number))}
            self._score(term, len(postings), opened, scores)
            budget -= len(postings)
        much = enough((len(self._postings.get(term, ())) for term in set(query)), len(self._messages))
        return [(self._messages[number], score / much) for number, score in _best(scores, limit).items()]

    def _score(self, term: str, frequency: int, opened: Iterable[int], scores: dict[int, float]) -> None:
        total = len(self._messages)
        rarity = rarity_of(frequency, total) * (K1 + 1)
        plain, per_word = K1 * (1 - B), K1 * B * total / max(1, self._words)
        repeats, lengths = self._repeats.get(term, {}), self._lengths
        for number in opened:
            times = repeats.get(number, 1)
            weight = rarity * times / (times + plain + per_word * lengths[number])
            scores[number] = scores.get(number, 0.0) + weight

    def neighbours(self, messages: Iterable[Message], *, before: int = 2, after: int = 1) -> list[Message]:
        """The messages right around these ones, themselves included, in room order."""
        wanted: set[int] = set()
        for message in messages:
            if (number := self._numbers.get(message.id)) is not None:
                wanted.update(range(number - before, number + after + 1))
        return [self._messages[number] for number in sorted(wanted) if number in self._messages]


def _best(scores: dict[int, float], most: int) -> dict[int, float]:
    """The highest ``scores``, highest first, the newest of equals first."""
    ordered = sorted(zip(scores.values(), scores, strict=True), reverse=True)
    return {number: score for score, number in ordered[:most]}


def _holds(postings: array[int], number: int) -> bool:
    place = bisect_left(postings, number)
    return place < len(postings) and postings[place] == number
