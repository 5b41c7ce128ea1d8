"""The order in which older messages matter to a question.

Each line has a score of its own: what its words say (see :mod:`.evidence`), and, where there are embeddings, how much
nearer in meaning it is than the lines around it in the ranking usually are. Cosines of different models mean different
things (unrelated lines are at 0.1 for one and at 0.7 for another), so they count from the median on, as a share of what
is left to 1. Adding scores keeps how far ahead a line is; fusing ranks (RRF) loses it and ranks worse here. Then what
is known about conversations counts:

- An answer rarely repeats the words of its question, so a line has half the score of the line before it added, a
  quarter of the one before that, and a quarter of the line after it.
- Who is named is asked about: that person's lines count double; with *I* and *my*, the asker's own.

On LoCoMo (Maharana et al., ACL 2024) these two are worth several times what stemming is; see ``benchmarks/recall.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import median
from typing import NamedTuple, TypeAlias

from llm_service.memo import Memory
from llm_service.people import person
from llm_service.types import Message, Recalled
from llm_service.words import fold, split

MEANING = 0.5
"""What a line scores that means the same as the question, beside its words."""
MOST_USUAL = 0.95
"""The median counts up to this: beyond, cosines tell nothing apart."""
BEFORE, BEFORE_THAT, AFTER = 0.5, 0.25, 0.25
"""What the score of the lines around counts for a line."""
NAMED = 2.0
"""How much more a line of the person asked about counts."""

_FIRST_PERSON_WORDS = """
    i me my mine im ive ich mir mich mein meine je moi mon ma mes yo mi mis eu meu minha io mio mia я
    мне мой
"""
_FIRST_PERSON = frozenset(_FIRST_PERSON_WORDS.split())


class Header(NamedTuple):
    """What ranking has to know of a message: what its words say is a score by then."""

    id: str
    username: str
    user_id: str | None
    reply_to: str | None
    position: int


Scored: TypeAlias = tuple[Header, float]
Ranking: TypeAlias = Callable[[Sequence[Scored]], Sequence[Scored]]
"""Gives some of the messages in an order, and with scores, of its own."""


def header_of(message: Message) -> Header:
    """The header of a message."""
    return Header(message.id, message.username, message.user_id, message.reply_to, message.position)


def rank(
    question: str,
    hits: Iterable[tuple[Message, float]],
    around: Iterable[Message] = (),
    *,
    asker: str | None = None,
    likeness: Mapping[str, float] | None = None,
    least: float = 0.0,
) -> list[Recalled]:
    """The messages among ``hits``, which carry scores of their words, and ``around``, the lines next to them, in the
    order in which they matter to ``question``: see :func:`order`."""
    found = {message.id: (message, 0.0) for message in around} | {hit[0].id: hit for hit in hits}
    headers = [(header_of(message), score) for message, score in found.values()]
    ordered = order(question, headers, asker=asker, likeness=likeness, least=least)
    return [Recalled(message=found[header.id][0], score=score) for header, score in ordered]


def order(
    question: str,
    found: Sequence[Scored],
    *,
    asker: str | None = None,
    likeness: Mapping[str, float] | None = None,
    least: float = 0.0,
) -> list[Scored]:
    """Messages, each there once and with the score of its words, in the order in which they matter to ``question``.

    Lines are next to each other when their positions are, or when one says that it answers the other. ``asker`` is the
    key of who asks (:func:`llm_service.people.person`), ``likeness`` the cosine of a line's and the question's
    embeddings by id. Lines with a score of 0 or under ``least`` are left out. The newer one of equals comes first.
    """
    own = _own_scores(found, likeness or {})
    asked = _asked_about(question, found, asker)
    at = {header.position: own[header.id] for header, _ in found if header.position}
    ordered = []
    for header, _ in found:
        score = own[header.id] + _from_around(header, own, at)
        if asked and (header.username, header.user_id) in asked:
            score *= NAMED
        if score > 0 and score >= least:
            ordered.append((header, score))
    return sorted(ordered, key=lambda scored: (-scored[1], -scored[0].position, scored[0].id))


def _own_scores(found: Iterable[Scored], likeness: Mapping[str, float]) -> dict[str, float]:
    """What each line says by itself."""
    own = {header.id: score for header, score in found}
    usual = min(max(0.0, median(likeness.values())), MOST_USUAL) if likeness else 0.0
    for line, cosine in likeness.items():
        if line in own:
            own[line] += MEANING * max(0.0, (cosine - usual) / (1 - usual))
    return own


def _from_around(header: Header, own: Mapping[str, float], at: Mapping[int, float]) -> float:
    """What the lines around one lend it, by what they say themselves: by id, and by position."""
    place, answered = header.position, header.reply_to
    before = own[answered] if answered and answered in own else at.get(place - 1, 0.0)
    return BEFORE * before + BEFORE_THAT * at.get(place - 2, 0.0) + AFTER * at.get(place + 1, 0.0)


def _asked_about(question: str, found: Iterable[Scored], asker: str | None) -> set[tuple[str, str | None]]:
    """The people among the writers of lines whom ``question`` is about, by name and id."""
    spoken = f" {fold(' '.join(split(question)))} ".replace("’", "'").replace("'s ", " ")
    people = {(header.username, header.user_id) for header, _ in found}
    asked = {person(*one) for one in people if (name := _SPOKEN[one[0]]) and name in spoken}
    if asker and not _FIRST_PERSON.isdisjoint(spoken.split()):
        asked.add(asker)
    return {one for one in people if person(*one) in asked} if asked else set()


def _spoken_name(username: str) -> str:
    """A name as it stands in a text of folded words, between blanks; empty where there is nothing to speak."""
    name = " ".join(fold(part) for part in split(username))
    return name and f" {name} "


_SPOKEN = Memory(_spoken_name, 1 << 12)
