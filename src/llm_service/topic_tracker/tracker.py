"""What a room talks about now: the words that several people use in lines of their own, newest counting most.

A line's weight halves every ``half_life`` seconds and is shared by its words. The second time that a person says a
word, or that a text is posted, it counts a quarter, the third time a ninth: however often, a spammer or a copypasta
is worth less than two lines (the sum of 1/n² is 1.64), and it takes three to begin a topic. Weights only ever grow
relative to a fixed moment, so that nothing has to be decayed line by line (forward decay: Cormode, Shkapenyuk,
Srivastava and Xu, ICDE 2009). What a line added is taken back exactly when it is forgotten or falls out.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache
from heapq import nlargest
from itertools import islice
from typing import Literal

from llm_service.multimap import Multimap
from llm_service.people import person
from llm_service.types import Message, Mood, Topic

from .concordance import Concordance, Mentions
from .lines import Line, spoken, terms_of
from .mood import Moods

BEGINS = 2.5
"""Fresh lines' worth of attention from which a word is a topic of its own: three people within a while."""
ENDS = 1.0
"""… and below which it no longer is one."""
TAKES_OVER = 1.25
"""How many times the attention of the leading topic another one needs to replace it."""
RECENT = 8
"""Lines of a person in which a word they repeat is looked for."""
ECHO = 0.5
"""What a line counts for the words of the line it answers: *so true* goes on with a topic without naming it."""
TOPICS = 8
"""Most topics named at a time."""
CANDIDATES = 4 * TOPICS
"""Most words that are looked at for that, the strongest first."""
STALE = 0.05
"""Novelty under which a line is not remembered at all, so that a flood of one text does not push out the rest."""
REBASE = 64.0
"""Half-lives after which the fixed moment moves on, long before a float overflows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicChange:
    """The room turned to something."""

    kind: Literal["began", "shifted"]
    """``began``: it became a topic; ``shifted``: a topic became the main one after another had been."""
    label: str
    """In the viewers' own words."""
    since: float
    since_id: str
    """Id of the message it began with."""
    message_id: str
    """Id of the message that made it so."""


@dataclass(slots=True)
class _Term:
    score: float = 0.0
    lines: int = 0
    """How many have it."""


class TopicTracker:
    """The topics and the mood of one room, over its newest ``limit`` lines. It has no clock: times come with lines."""

    def __init__(self, *, half_life: float = 120.0, limit: int = 1_000) -> None:
        self._half_life = half_life
        self._limit = limit
        self._lines: dict[str, Line] = {}
        self._terms: dict[str, _Term] = {}
        self._by: Multimap[str, Line] = Multimap(RECENT)
        self._texts: dict[int, int] = {}
        self._concordance = Concordance(self._lines)
        self._attention = 0.0
        self._base = 0.0
        self._moods = Moods(half_life=half_life, limit=limit)
        self._topics: dict[str, None] = {}
        self._leader = ""

    # ── What comes in and goes out ───────────────────────────────────────────────────────────────────────────────

    def observe(
        self,
        message: Message,
        *,
        parent: str | None = None,
        emotes: Collection[str] = (),
        names: Set[str] = frozenset(),
    ) -> TopicChange | None:
        """Take ``message`` in; returns what it made the room turn to, if it did.

        ``parent`` is the id of the message that it belongs to; ``emotes`` are the codes of the room's emotes in it,
        which count as mood and not as words; ``names`` are words that only call somebody.
        """
        if message.id in self._lines:
            self.forget((message.id,))
        who = person(message.username, message.user_id)
        used = {*message.emotes, *emotes} if message.emotes or emotes else ()
        if used:
            self._moods.observe(message.id, who, message.sent_at, sorted(used))
        line = self._read(message, who, parent, used, names)
        if line is None:
            return None
        self._rebase(line.at)
        weight = self._weight(line.at)
        self._keep(line, weight)
        if len(self._lines) > self._limit:
            self._drop(next(iter(self._lines.values())))
        return self._change(line, weight)

    def forget(self, message_ids: Collection[str]) -> None:
        """Take back all that these messages said."""
        self._concordance.clear()
        for message_id in message_ids:
            if line := self._lines.get(message_id):
                self._drop(line)
        self._moods.forget(message_ids)

    def forget_speaker(self, key: str) -> None:
        """Take back all that a person said; ``key`` as :func:`llm_service.people.person` makes it."""
        self._concordance.clear()
        for line in [line for line in self._lines.values() if line.who == key]:
            self._drop(line)
        self._moods.forget_speaker(key)

    # ── What it knows ────────────────────────────────────────────────────────────────────────────────────────────

    def topics(self, now: float) -> tuple[Topic, ...]:
        """What the room talks about at ``now``, strongest first.

        A weight is a share of the attention that the room pays at ``now``; one line's worth of silence counts too, so
        that all weights go to zero when nobody writes.
        """
        if not self._lines:
            return ()
        fading = self._fading(now)
        attention = self._attention * fading + 1.0
        return tuple(
            Topic(
                label=mentions.label,
                weight=min(1.0, self._terms[term].score * fading / attention),
                since=mentions.lines[0].at,
                since_id=mentions.lines[0].id,
                people=len({line.who for line in mentions.lines}),
            )
            for term, mentions in islice(self._groups(), TOPICS)
        )

    def mood(self, now: float) -> tuple[Mood, ...]:
        """The emotes in use at ``now``, strongest first."""
        return self._moods.at(now)

    # ── Counting ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _read(
        self, message: Message, who: str, parent: str | None, emotes: Collection[str], names: Set[str]
    ) -> Line | None:
        """What there is to remember of a message; None where its text comes again and again."""
        said = spoken(message.line, emotes)
        terms = terms_of(said, names)
        own, text = len(terms), hash(frozenset(terms))
        times = self._texts.get(text, 0)
        novelty = 1 / (1 + times) ** 2
        if novelty < STALE:
            return None
        if above := self._lines.get(parent) if parent else None:
            terms |= dict.fromkeys(above.terms[: above.own])
        again = self._said_before(who, terms)
        gains = _gains(times, own, len(terms))
        if again:
            gains = array("d", [gain / (1 + again.get(term, 0)) ** 2 for gain, term in zip(gains, terms, strict=True)])
        return Line(message.id, who, message.sent_at, said, names, text, tuple(terms), own, gains, novelty)

    def _said_before(self, who: str, terms: Mapping[str, None]) -> Mapping[str, int]:
        """In how many of the person's newest lines each of ``terms`` is, where it is in any."""
        found: dict[str, int] = {}
        for line in self._by.get(who, ()):
            for term in line.terms:
                if term in terms:
                    found[term] = found.get(term, 0) + 1
        return found

    def _keep(self, line: Line, weight: float) -> None:
        """Count a line. Those of its words that hardly anybody spoke of any more end as topics before that."""
        least, counts = ENDS * weight, self._terms
        for term, gain in zip(line.terms, line.gains, strict=True):
            counted = counts.get(term)
            if counted is None:
                counted = counts[term] = _Term()
            elif counted.score < least and term in self._topics:
                del self._topics[term]
            counted.score += gain * weight
            counted.lines += 1
        self._attention += line.novelty * weight
        self._texts[line.text] = self._texts.get(line.text, 0) + 1
        self._by.put(line.who, line)
        self._lines[line.id] = line
        self._concordance.add(line)

    def _drop(self, line: Line) -> None:
        del self._lines[line.id]
        weight, counts = self._weight(line.at), self._terms
        for term, gain in zip(line.terms, line.gains, strict=True):
            counted = counts[term]
            counted.score -= gain * weight
            counted.lines -= 1
            if not counted.lines:
                self._drop_term(term)
        self._attention -= line.novelty * weight
        times = self._texts[line.text] = self._texts[line.text] - 1
        if not times:
            del self._texts[line.text]
        self._by.take_out(line.who, line)

    def _drop_term(self, term: str) -> None:
        del self._terms[term]
        self._topics.pop(term, None)
        self._leader = "" if term == self._leader else self._leader

    def _weight(self, at: float) -> float:
        return math.exp2((at - self._base) / self._half_life)

    def _fading(self, now: float) -> float:
        newest = max(now, next(reversed(self._lines.values())).at)
        return math.exp2((self._base - newest) / self._half_life)

    def _rebase(self, at: float) -> None:
        """Move the fixed moment to ``at`` if it is far behind, and count anew; this also sheds what rounding left."""
        if self._lines and at - self._base < REBASE * self._half_life:
            return
        self._base = at
        self._attention = 0.0
        for counted in self._terms.values():
            counted.score = 0.0
        for line in self._lines.values():
            weight = self._weight(line.at)
            self._attention += line.novelty * weight
            for term, gain in zip(line.terms, line.gains, strict=True):
                self._terms[term].score += gain * weight

    # ── Telling topics ───────────────────────────────────────────────────────────────────────────────────────────

    def _end(self, now: float) -> None:
        """What hardly anybody speaks of any more is no topic."""
        least = ENDS * now
        for term in [term for term in self._topics if self._terms[term].score < least]:
            del self._topics[term]

    def _change(self, line: Line, weight: float) -> TopicChange | None:
        term, score = self._strongest(line.terms)
        if not score or score < BEGINS * weight:
            return None
        known = term in self._topics
        if known and (term == self._leader or score <= TAKES_OVER * self._score(self._leader)):
            return None
        mentions = self._concordance.of(term)
        if not known and not self._is_shared(mentions.lines):
            return None
        self._end(weight)
        risen = [term for term in line.terms if self._score(term) >= BEGINS * weight]
        return self._turn_to(term, risen, mentions, line)

    def _turn_to(self, term: str, risen: Iterable[str], mentions: Mentions, line: Line) -> TopicChange | None:
        known = term in self._topics
        companion = not known and self._is_companion(mentions.lines)
        self._topics.update(dict.fromkeys(risen))
        if companion:
            return None
        if self._leader not in self._topics or self._score(term) > TAKES_OVER * self._score(self._leader):
            self._leader = term
        return TopicChange(
            kind="shifted" if known else "began",
            label=mentions.label,
            since=mentions.lines[0].at,
            since_id=mentions.lines[0].id,
            message_id=line.id,
        )

    def _is_companion(self, lines: Sequence[Line]) -> bool:
        """Whether a word with these lines mostly comes with one that is a topic already: *ring* after *elden*."""
        return 2 * sum(not self._topics.keys().isdisjoint(line.terms) for line in lines) > len(lines)

    def _strongest(self, terms: Iterable[str]) -> tuple[str, float]:
        strongest, most = "", 0.0
        for term in terms:
            if (score := self._terms[term].score) > most:
                strongest, most = term, score
        return strongest, most

    def _score(self, term: str) -> float:
        counted = self._terms.get(term)
        return counted.score if counted else 0.0

    def _is_shared(self, lines: Sequence[Line]) -> bool:
        """Several people said it in several ways; where only one person writes, that person is the room, and must say
        more than one thing over and over."""
        first = lines[0]
        said_anew = any(line.text != first.text for line in lines)
        if len(self._by) > 1:
            return said_anew and any(line.who != first.who for line in lines)
        return said_anew or len(lines) == 1

    def _groups(self) -> Iterator[tuple[str, Mentions]]:
        """The strongest words, each with the words that come with it: one group is one topic."""
        taken: list[set[Line]] = []
        strongest = self._strongest_terms(CANDIDATES)
        for term in strongest:
            mentions = self._concordance.of(term, strongest)
            if not self._is_shared(mentions.lines):
                continue
            said = set(mentions.lines)
            if any(2 * len(said & other) > len(said) for other in taken):
                continue
            taken.append(said)
            yield term, mentions

    def _strongest_terms(self, most: int) -> list[str]:
        """So many words, the strongest first. A pair for each of some thousand words would keep the garbage collector
        busy, so the weakest one that counts is found first, among plain numbers."""
        least = min(nlargest(most, [counted.score for counted in self._terms.values()]), default=0.0)
        pairs = sorted([(counted.score, term) for term, counted in self._terms.items() if counted.score >= least])
        return [term for _, term in pairs[: -most - 1 : -1]]


@lru_cache(maxsize=1 << 10)
def _gains(times: int, own: int, terms: int) -> array[float]:
    """What the words of a line count that nobody repeats, ``own`` of them its own, in a text that was posted so often
    before. Lines share these."""
    novelty = 1 / (1 + times) ** 2
    return array("d", [novelty] * own + [novelty * ECHO] * (terms - own))
