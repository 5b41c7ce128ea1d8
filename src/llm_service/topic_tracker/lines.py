"""A line as the tracker remembers it, and what its words are counted as."""

from __future__ import annotations

import re
from array import array
from collections.abc import Collection, Iterable, Sequence, Set
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from llm_service.memo import Memory
from llm_service.words import read, stem, written
from llm_service.words import term as content

WORDS = 40
"""Most words of a line that are looked at: a wall of text is not more of a topic."""

_NO_WORDS = re.compile(r"https?:\S+|@\S+")
_FILLER_WORDS = """lol lmao rofl haha hahaha hehe xd omg wtf gg ggwp wp ok okay yes yeah yep yup no nope nah pls please
    thx thanks thank ty np sorry hi hello hey hiya bye gn gm wow cool nice good great bad best better sure maybe right
    true man bro dude guys chat stream streamer say says said tell think know want need look see come make made take
    put use used way lot bit kinda sorta actually literally basically totally super pretty much many today now time
    day people guy stuff try love hate feel wait stop danke bitte ja nein merci oui non gracias por favor si sim
    obrigado da net"""
_FILLER = frozenset(stem(word) for word in _FILLER_WORDS.split())
"""Words that people use whatever they talk about."""

Pair = tuple[str, str]
"""Two neighbours, as they are written."""


class Spelling(NamedTuple):
    """How a line writes one word."""

    words: Sequence[str]
    """Each time that it does."""
    pairs: Sequence[Pair]
    """Each of these with a word before or behind it that counts for something."""


@dataclass(slots=True, eq=False)
class Line:
    """A remembered line."""

    id: str
    who: str
    at: float
    said: str
    """What of it can have words."""
    names: Set[str]
    """Words in it that only call somebody."""
    text: int
    terms: tuple[str, ...]
    """Its own words first, then those of the line it answers."""
    own: int
    """How many are its own."""
    gains: array[float]
    novelty: float

    def spelling(self, term: str) -> Spelling | None:
        """How it writes ``term``; None where only the line that it answers has that."""
        if term not in self.terms[: self.own]:
            return None
        words = written(self.said)[:WORDS]
        terms = [None if word in self.names else TERMS[word] for word in words]
        told = [word for word, found in zip(words, terms, strict=True) if found == term]
        neighbours = zip(pairwise(words), pairwise(terms), strict=True)
        return Spelling(told, [pair for pair, found in neighbours if term in found and None not in found])


def spoken(text: str, emotes: Collection[str]) -> str:
    """``text`` without emotes, links and mentions."""
    if emotes:
        text = " ".join([token for token in text.split() if token not in emotes])
    return _NO_WORDS.sub(" ", text) if "@" in text or "http" in text else text


def terms_of(said: str, names: Set[str]) -> dict[str, None]:
    """What the words of a text are counted as, each once. Two texts have it in common that differ only in order, case,
    endings, numbers and emotes."""
    words: Iterable[str] = read(said).written[:WORDS]
    if not names.isdisjoint(words):
        words = [word for word in words if word not in names]
    return dict.fromkeys(filter(None, map(TERMS.__getitem__, words)))


def _term(word: str) -> str | None:
    found = content(word)
    return None if found in _FILLER or (found or "").isdecimal() or word.isdecimal() else found


TERMS = Memory(_term, 1 << 14)
"""What a word is counted as; None for one that tells nothing about a topic."""
