"""Where a conversation leaves its subject, decided with each line from the lines up to it.

A line goes on with the subject when it answers a question or a request, makes an offer, follows up on what was named
(*what's the address?*), leans on what was said (*it*, *that*, *too*), or shares a word with the lines before it. A line
that does none of this opens another subject: above all a question that stands by itself. Taking leave ends a subject,
and opens none.

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
_CLOSING_WORDS = (
    "no problem|my pleasure|(?:glad|happy) to (?:help|assist|be of)|take care|you got it|any ?time(?=[.! ]*$)"
    "|enjoy your|thank you for using"
)
_LEAVING = re.compile(
    r"\b(?:thanks|thank you|thx|bye|goodbye|good night|you(?:'re| are) welcome|see you|have a \w+ (?:day|night|evening)"
    r"|danke|tschuss|tschau|merci|au revoir|gracias|adios|obrigad[oa]|tchau|grazie|ciao"
    rf"|{_CLOSING_WORDS})\b"
)
_CLOSING = re.compile(
    rf"\b(?:you(?:'re| are) welcome|good ?bye|bye|have an? \w+ (?:day|night|evening)|{_CLOSING_WORDS})\b"
)
"""The second part of taking leave: after it, nothing is left to go on with."""
_OFFERING = re.compile(
    r"\b(?:would you (?:like|prefer) |want me to|shall i|should i|may i|can i help|(?:any|some)thing else"
    r"|mochtest du|soll ich|voulez vous|quieres que|posso aiutar)"
)
"""An offer serves what the other one is after."""
_REQUESTING = re.compile(
    r"^(?:(?:please|hi|hello|hey|yes|no|ok|okay|thanks|great)[ ,!.]+)*"
    r"(?:(?:find|get me|give me|show|set|schedule|remind|book|check|navigate|take me|direct|locate|look up)\b"
    r"|i (?:also )?(?:need|would like)\b|i'd like\b)"
    r"|\bi(?:'m| am) (?:looking for|trying to find)\b"
)
"""What is asked for without a question is answered all the same."""
_NOT_LEANING = re.compile(
    r"\b(?:is|are|was|were|will) there\b|\bthere(?:'s| is| are| was| were)\b"
    r"|\bth(?:is|ese|at) (?:morning|afternoon|evening|night|week|weekend|month|year|spring|summer|fall|autumn|winter)\b"
    r"|\b(?:an?|some|any)(?: \w+){1,3} that\b|\bsome(?:thing|where|one|body) that\b"
    r"|\b(?:will|is|does|did|would) it (?:be |going to |gonna )*"
    r"(?:rain|snow|cloud|sun|wind|warm|hot|cold|fog|storm|dr[yi])\w*"
    r"|\bwhat time is it\b|\bit(?:'s| is| will| is going to)? (?:rain|snow)\w*"
)
"""Words that look back elsewhere, and not here: *is there a bank*, *this week*, *a place that has parking*."""
_FOLLOWING_UP = re.compile(
    r"\b(?:what|how) about\b"
    r"|\bthe (?:address|phone|telephone|number|post ?code|zip|price|cost|fare|fee|reference|id|rating|distance)\b"
)
"""What is said of something that was just named: *what's the address?*"""
_SENTENCE_END = re.compile(r"(?<=[.?!？！。؟])")
_ASKS = re.compile("[?？؟]")


@dataclass(frozen=True, slots=True)
class _Line:
    words: frozenset[str]
    asks: bool
    leaves: bool
    closes: bool
    requests: bool
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
        line = _Line(
            words=frozenset(terms(folded)),
            asks=bool(_ASKS.search(folded)),
            leaves=bool(_LEAVING.search(folded)),
            closes=bool(_CLOSING.search(folded)),
            requests=bool(_REQUESTING.search(folded)),
            vector=vector,
        )
        opens = bool(self._before) and self._opens(line, folded)
        self._before.append(line)
        return opens

    def _opens(self, line: _Line, folded: str) -> bool:
        last = self._before[-1]
        if (line.leaves and not line.asks) or _OFFERING.search(folded):
            return False
        if last.closes or (last.leaves and not line.words & self._words_before(STATEMENT_REACH)):
            return True
        if last.asks or last.requests:
            return False
        far = _far(line, last)
        if line.asks:
            return self._asks_anew(folded, far=bool(far))
        return far is not False and self._stands_alone(line.words, folded, STATEMENT_REACH)

    def _asks_anew(self, folded: str, *, far: bool) -> bool:
        """Judged by the question alone: *nice, me too. do you have pets?* is about pets."""
        question = " ".join(part for part in _SENTENCE_END.split(folded) if _ASKS.search(part))
        if _FOLLOWING_UP.search(question):
            return False
        words = frozenset(terms(question))
        return far or (bool(words) and self._stands_alone(words, question, QUESTION_REACH))

    def _stands_alone(self, words: frozenset[str], folded: str, reach: int) -> bool:
        return not words & self._words_before(reach) and _LEANING.isdisjoint(split(_NOT_LEANING.sub(" ", folded)))

    def _words_before(self, reach: int) -> frozenset[str]:
        return frozenset().union(*(line.words for line in islice(reversed(self._before), reach)))


def _far(line: _Line, last: _Line) -> bool | None:
    """Whether the two differ in meaning; None where that cannot be told."""
    if line.vector is None or last.vector is None:
        return None
    lengths = math.hypot(*line.vector) * math.hypot(*last.vector)
    return sum(a * b for a, b in zip(line.vector, last.vector, strict=True)) < FAR * lengths
