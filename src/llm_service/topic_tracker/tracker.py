"""What a room talks about now: the words that several people use in lines of their own, newest counting most.

A line's weight halves every ``half_life`` seconds and is shared by its words. The second time that a person says a
word, or that a text is posted, it counts a quarter, the third time a ninth: however often, a spammer or a copypasta
is worth less than two lines (the sum of 1/n² is 1.64), and it takes three to begin a topic. Weights only ever grow
relative to a fixed moment, so that nothing has to be decayed line by line (forward decay: Cormode, Shkapenyuk,
Srivastava and Xu, ICDE 2009). What a line added is taken back exactly when it is forgotten or falls out.
"""

from __future__ import annotations

import math
import re
from array import array
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache
from heapq import nlargest
from itertools import islice, pairwise
from operator import itemgetter
from typing import Literal

from llm_service.memo import Memory
from llm_service.people import person
from llm_service.topic_tracker.mood import Moods
from llm_service.types import Message, Mood, Topic
from llm_service.words import UNSPACED, read, stem
from llm_service.words import term as content

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
SAMPLE = 64
"""Newest lines that a topic's label is taken from."""
TOPICS = 8
"""Most topics named at a time."""
WORDS = 40
"""Most words of a line that are looked at: a wall of text is not more of a topic."""
STALE = 0.05
"""Novelty under which a line is not remembered at all, so that a flood of one text does not push out the rest."""
REBASE = 64.0
"""Half-lives after which the fixed moment moves on, long before a float overflows."""

_NO_WORDS = re.compile(r"https?:\S+|@\S+")
_FILLER_WORDS = """lol lmao rofl haha hahaha hehe xd omg wtf gg ggwp wp ok okay yes yeah yep yup no nope nah pls please
    thx thanks thank ty np sorry hi hello hey hiya bye gn gm wow cool nice good great bad best better sure maybe right
    true man bro dude guys chat stream streamer say says said tell think know want need look see come make made take
    put use used way lot bit kinda sorta actually literally basically totally super pretty much many today now time
    day people guy stuff try love hate feel wait stop danke bitte ja nein merci oui non gracias por favor si sim
    obrigado da net"""
_FILLER = frozenset(stem(word) for word in _FILLER_WORDS.split())
"""Words that people use whatever they talk about."""


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


_Spelled = tuple[tuple[str, ...], tuple[str | None, ...]]


@dataclass(slots=True, eq=False)
class _Line:
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

    @property
    def spelled(self) -> _Spelled:
        """Its words as written, and what each is counted as, with ``None`` for what does not count."""
        words = read(self.said).written[:WORDS]
        terms = map(_TERMS.__getitem__, words)
        if self.names.isdisjoint(words):
            return words, tuple(terms)
        return words, tuple([None if word in self.names else term for word, term in zip(words, terms, strict=True)])


@dataclass(slots=True)
class _Term:
    score: float = 0.0
    lines: int = 0
    """How many have it. Which these are is looked for when it is asked: to keep that would take twice the memory."""
    label: str = ""
    """How they write it; empty if that is not known of these lines."""


class TopicTracker:
    """The topics and the mood of one room, over its newest ``limit`` lines. It has no clock: times come with lines."""

    def __init__(self, *, half_life: float = 120.0, limit: int = 1_000) -> None:
        self._half_life = half_life
        self._limit = limit
        self._lines: dict[str, _Line] = {}
        self._terms: dict[str, _Term] = {}
        self._by: dict[str, list[_Line]] = {}
        self._texts: dict[int, int] = {}
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
        for message_id in message_ids:
            if line := self._lines.get(message_id):
                self._drop(line)
        self._moods.forget(message_ids)

    def forget_speaker(self, key: str) -> None:
        """Take back all that a person said; ``key`` as :func:`llm_service.people.person` makes it."""
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
                label=group.label,
                weight=min(1.0, self._terms[group.term].score * fading / attention),
                since=group.lines[0].at,
                since_id=group.lines[0].id,
                people=group.people,
            )
            for group in islice(self._groups(), TOPICS)
        )

    def mood(self, now: float) -> tuple[Mood, ...]:
        """The emotes in use at ``now``, strongest first."""
        return self._moods.at(now)

    # ── Counting ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _read(
        self, message: Message, who: str, parent: str | None, emotes: Collection[str], names: Set[str]
    ) -> _Line | None:
        """What there is to remember of a message; None where its text comes again and again."""
        said = _spoken(message.line, emotes)
        counted = _counted(said, names)
        own, text = len(counted), hash(frozenset(counted))
        times = self._texts.get(text, 0)
        if 1 / (1 + times) ** 2 < STALE:
            return None
        if above := self._lines.get(parent) if parent else None:
            counted |= dict.fromkeys(above.terms[: above.own])
        again = self._said_before(who, counted)
        gains = _gains(times, own, len(counted))
        if again:
            gains = array(
                "d", [gain / (1 + again.get(term, 0)) ** 2 for gain, term in zip(gains, counted, strict=True)]
            )
        return _Line(
            message.id, who, message.sent_at, said, names, text, tuple(counted), own, gains, 1 / (1 + times) ** 2
        )

    def _said_before(self, who: str, terms: Mapping[str, None]) -> Mapping[str, int]:
        """In how many of the person's newest lines each of ``terms`` is, where it is in any."""
        found: dict[str, int] = {}
        for line in self._by.get(who, ()):
            for term in filter(terms.__contains__, line.terms):
                found[term] = found.get(term, 0) + 1
        return found

    def _keep(self, line: _Line, weight: float) -> None:
        """Count a line. Those of its words that hardly anybody spoke of any more end as topics before that."""
        least = ENDS * weight
        for term, gain in zip(line.terms, line.gains, strict=True):
            counted = self._terms.get(term)
            if counted is None:
                counted = self._terms[term] = _Term()
            elif counted.score < least and term in self._topics:
                del self._topics[term]
            counted.score += gain * weight
            counted.lines += 1
            counted.label = ""
        self._attention += line.novelty * weight
        self._texts[line.text] = self._texts.get(line.text, 0) + 1
        recent = self._by.get(line.who)
        if recent is None:
            recent = self._by[line.who] = []
        recent.append(line)
        if len(recent) > RECENT:
            del recent[0]
        self._lines[line.id] = line

    def _drop(self, line: _Line) -> None:
        del self._lines[line.id]
        weight = self._weight(line.at)
        for term, gain in zip(line.terms, line.gains, strict=True):
            counted = self._terms[term]
            counted.score -= gain * weight
            counted.lines -= 1
            counted.label = ""
            if not counted.lines:
                del self._terms[term]
                self._topics.pop(term, None)
                self._leader = "" if term == self._leader else self._leader
        self._attention -= line.novelty * weight
        times = self._texts[line.text] = self._texts[line.text] - 1
        if not times:
            del self._texts[line.text]
        recent = self._by.get(line.who)
        if recent and line in recent:
            recent.remove(line)
        if not recent:
            self._by.pop(line.who, None)

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

    def _change(self, line: _Line, weight: float) -> TopicChange | None:
        term, score = self._strongest(line.terms)
        if not score or score < BEGINS * weight:
            return None
        known = term in self._topics
        if known and (term == self._leader or score <= TAKES_OVER * self._score(self._leader)):
            return None
        lines = self._lines_with({term})[term]
        if not known and not self._is_shared(lines):
            return None
        self._end(weight)
        risen = [term for term in line.terms if self._score(term) >= BEGINS * weight]
        return self._turn_to(term, risen, lines, line)

    def _turn_to(self, term: str, risen: Iterable[str], lines: Sequence[_Line], line: _Line) -> TopicChange | None:
        known = term in self._topics
        companion = not known and self._is_companion(lines)
        self._topics.update(dict.fromkeys(risen))
        if companion:
            return None
        if self._leader not in self._topics or self._score(term) > TAKES_OVER * self._score(self._leader):
            self._leader = term
        return TopicChange(
            kind="shifted" if known else "began",
            label=self._label(term, lines),
            since=lines[0].at,
            since_id=lines[0].id,
            message_id=line.id,
        )

    def _is_companion(self, lines: Sequence[_Line]) -> bool:
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

    def _is_shared(self, lines: Sequence[_Line]) -> bool:
        """Several people said it in several ways; where only one person writes, that person is the room, and must say
        more than one thing over and over."""
        first = lines[0]
        said_anew = any(line.text != first.text for line in lines)
        if len(self._by) > 1:
            return said_anew and any(line.who != first.who for line in lines)
        return said_anew or len(lines) == 1

    def _groups(self) -> Iterator[_Group]:
        """The strongest words, each with the words that come with it: one group is one topic."""
        taken: list[set[_Line]] = []
        strongest = self._strongest_terms(4 * TOPICS)
        found = self._lines_with(set(strongest))
        for term in strongest:
            lines = found[term]
            if not self._is_shared(lines):
                continue
            said = set(lines)
            if any(2 * len(said & other) > len(said) for other in taken):
                continue
            taken.append(said)
            yield _Group(term, self._label(term, lines), lines, len({line.who for line in lines}))

    def _strongest_terms(self, most: int) -> list[str]:
        """So many words, the strongest first. A pair for each of some thousand words would keep the garbage collector
        busy, so the weakest one that counts is found first, among plain numbers."""
        least = min(nlargest(most, [counted.score for counted in self._terms.values()]), default=0.0)
        pairs = sorted([(counted.score, term) for term, counted in self._terms.items() if counted.score >= least])
        return [term for _, term in pairs[: -most - 1 : -1]]

    def _lines_with(self, terms: set[str]) -> dict[str, list[_Line]]:
        """The lines that have each of these words, in order."""
        found: dict[str, list[_Line]] = {term: [] for term in terms}
        for line in self._lines.values():
            for term in terms.intersection(line.terms):
                found[term].append(line)
        return found

    def _label(self, term: str, lines: Sequence[_Line]) -> str:
        counted = self._terms[term]
        counted.label = counted.label or _label(term, lines)
        return counted.label


@dataclass(frozen=True, slots=True)
class _Group:
    term: str
    label: str
    lines: list[_Line]
    people: int


@lru_cache(maxsize=1 << 10)
def _gains(times: int, own: int, terms: int) -> array[float]:
    """What the words of a line count that nobody repeats, ``own`` of them its own, in a text that was posted so often
    before. Lines share these."""
    novelty = 1 / (1 + times) ** 2
    return array("d", [novelty] * own + [novelty * ECHO] * (terms - own))


def _term(word: str) -> str | None:
    found = content(word)
    return None if found in _FILLER or (found or "").isdecimal() or word.isdecimal() else found


_TERMS = Memory(_term, 1 << 14)
"""What a word is counted as; None for one that tells nothing about a topic."""


def _spoken(text: str, emotes: Collection[str]) -> str:
    """``text`` without emotes, links and mentions."""
    if emotes:
        text = " ".join([token for token in text.split() if token not in emotes])
    return _NO_WORDS.sub(" ", text) if "@" in text or "http" in text else text


def _counted(said: str, names: Set[str]) -> dict[str, None]:
    """What the words of a text are counted as, each once. Two texts have it in common that differ only in order, case,
    endings, numbers and emotes."""
    words: Iterable[str] = read(said).written[:WORDS]
    if not names.isdisjoint(words):
        words = [word for word in words if word not in names]
    return dict.fromkeys(filter(None, map(_TERMS.__getitem__, words)))


def _label(term: str, lines: Sequence[_Line]) -> str:
    """``term`` as it is mostly written, with the word beside it that mostly comes with it."""
    spoken = [spelled for line in lines[-SAMPLE:] if term in (spelled := line.spelled)[1]]
    phrases = Counter(phrase for spelled in spoken for phrase in _phrases_with(term, spelled))
    stems = {phrase: (stem(phrase[0]), stem(phrase[1])) for phrase in phrases}
    alike: dict[tuple[str, str], int] = {}
    for phrase, times in phrases.items():
        alike[stems[phrase]] = alike.get(stems[phrase], 0) + times
    common, times = max(alike.items(), key=itemgetter(1), default=(None, 0))
    if 2 * times > len(spoken):
        usual = max([phrase for phrase in phrases if stems[phrase] == common], key=phrases.__getitem__)
        return _joined(usual)
    told = Counter(word for words, terms in spoken for word, found in zip(words, terms, strict=True) if found == term)
    return told.most_common(1)[0][0] if told else term


def _phrases_with(term: str, spelled: _Spelled) -> Iterator[tuple[str, str]]:
    words, terms = spelled
    for place, (left, right) in enumerate(pairwise(terms)):
        if left and right and term in (left, right):
            yield words[place], words[place + 1]


def _joined(words: Sequence[str]) -> str:
    """Words with spaces; pairs cut from an unspaced script are put together again."""
    label = words[0]
    for left, right in pairwise(words):
        label += right[1:] if UNSPACED.match(right) and left[-1] == right[0] else " " + right
    return label
