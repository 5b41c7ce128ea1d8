"""Where a conversation leaves its subject, decided with each line from the lines up to it.

A line goes on with the subject when it answers a question, makes an offer, leans on what was said (*it*, *that*,
*too*), or shares a word with the lines before it. A line that does none of this opens another subject: above all a
question that stands by itself. Taking leave ends a subject, and opens none.

These are the classical signs of cohesion (Halliday and Hasan, "Cohesion in English", 1976) and of adjacency pairs
(Schegloff and Sacks, "Opening up closings", 1973); word overlap alone is TextTiling (Hearst 1997).
``benchmarks/topics.py`` scores them on TIAGE and DialSeg711.
"""

from __future__ import annotations

import math
import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from llm_service.words import fold, split, terms

QUESTION_REACH = 2
"""Lines before a question that it may take a word from: it asks about something just said."""
STATEMENT_REACH = 6
"""Lines before a statement that it may take a word from: it may come back to something."""
FAR = 0.25
"""Cosine below which two sentence embeddings have nothing to do with each other: for the MiniLM and E5 kind of model
about the level of two sentences drawn at random from a conversation."""

_LEANING_WORDS = """
    it its that this these those they them their he him his she her there then too also same either one
    ones es das dies diese dieser sie ihn ihm dort auch dann ca cela celui celle ils elles lui leur
    aussi eso esto ellos ellas tambien isso isto eles elas tambem quello questo loro anche
"""
_LEANING = frozenset(_LEANING_WORDS.split())
_LEAVING = re.compile(
    r"\b(?:thanks|thank you|thx|bye|goodbye|good night|you(?:'re| are) welcome|see you|have a \w+ (?:day|night|evening)"
    r"|danke|tschuss|tschau|merci|au revoir|gracias|adios|obrigad[oa]|tchau|grazie|ciao)\b"
)
_OFFERING = re.compile(
    r"\b(?:would you (?:like|prefer) |want me to|shall i|should i|may i|can i help|(?:any|some)thing else"
    r"|mochtest du|soll ich|voulez vous|quieres que|posso aiutar)"
)
"""An offer serves what the other one is after."""
_SENTENCE_END = re.compile(r"(?<=[.?!？！。؟])")
_ASKS = re.compile("[?？؟]")


@dataclass(frozen=True, slots=True)
class _Line:
    words: frozenset[str]
    asks: bool
    leaves: bool
    vector: Sequence[float] | None


class TopicShift:
    """Follows one conversation. ``observe`` each line; it costs some microseconds and remembers six lines."""

    def __init__(self) -> None:
        self._before: deque[_Line] = deque(maxlen=STATEMENT_REACH)

    def observe(self, text: str, vector: Sequence[float] | None = None) -> bool:
        """Whether ``text`` opens another subject than the lines before it; the first line does not.

        ``vector`` is the embedding of ``text``, if there is one: lines that say the same in other words then count
        as alike, and lines far apart in meaning as different although they share a word.
        """
        folded = fold(text)
        line = _Line(frozenset(terms(folded)), bool(_ASKS.search(folded)), bool(_LEAVING.search(folded)), vector)
        opens = bool(self._before) and self._opens(line, folded)
        self._before.append(line)
        return opens

    def _opens(self, line: _Line, folded: str) -> bool:
        last = self._before[-1]
        if line.leaves and not line.asks:
            return False
        if last.leaves and not line.words & self._words_before(STATEMENT_REACH):
            return True
        if last.asks:
            return False
        far = _far(line, last)
        if line.asks:
            return bool(far) or self._asks_anew(folded)
        return far is not False and self._stands_alone(line.words, folded, STATEMENT_REACH)

    def _asks_anew(self, folded: str) -> bool:
        """Judged by the question alone: *nice, me too. do you have pets?* is about pets."""
        question = " ".join(part for part in _SENTENCE_END.split(folded) if _ASKS.search(part))
        words = frozenset(terms(question))
        offers = _OFFERING.search(question)
        return bool(words) and not offers and self._stands_alone(words, question, QUESTION_REACH)

    def _stands_alone(self, words: frozenset[str], folded: str, reach: int) -> bool:
        return not words & self._words_before(reach) and _LEANING.isdisjoint(split(folded))

    def _words_before(self, reach: int) -> frozenset[str]:
        return frozenset().union(*(line.words for line in islice(reversed(self._before), reach)))


def _far(line: _Line, last: _Line) -> bool | None:
    """Whether the two differ in meaning; None where that cannot be told."""
    if line.vector is None or last.vector is None:
        return None
    lengths = math.hypot(*line.vector) * math.hypot(*last.vector)
    return sum(a * b for a, b in zip(line.vector, last.vector, strict=True)) < FAR * lengths
