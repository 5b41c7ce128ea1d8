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

from collections.abc import Iterable, Mapping, Sequence
from statistics import median

from llm_service.memo import remembered
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


def rank(
    question: str,
    hits: Sequence[tuple[Message, float]],
    around: Sequence[Message] = (),
    *,
    asker: str | None = None,
    likeness: Mapping[str, float] | None = None,
    least: float = 0.0,
) -> list[Recalled]:
    """The messages among ``hits`` and ``around`` in the order in which they matter to ``question``.

    ``hits`` carry scores of their words; ``around`` are the lines next to them. Lines are next to each other
    when their positions are, or when one says that it answers the other. ``asker`` is the key of who asks
    (:func:`llm_service.people.person`), ``likeness`` the cosine of a line's and the question's embeddings by id.
    Lines with a score of 0 or under ``least`` are left out. The newer one of equals comes first.
    """
    lines = {message.id: message for message in (*(hit for hit, _ in hits), *around)}
    own = _own_scores(hits, likeness or {}, lines)
    asked = _asked_about(question, lines.values(), asker)
    at = {message.position: own[key] for key, message in lines.items() if message.position}
    ranked = []
    for key, message in lines.items():
        score = own[key] + _from_around(message, own, at)
        if asked and (message.username, message.user_id) in asked:
            score *= NAMED
        if score > 0 and score >= least:
            ranked.append(Recalled(message=message, score=score))
    return sorted(ranked, key=lambda recalled: (-recalled.score, -recalled.message.position, recalled.message.id))


def _own_scores(
    hits: Sequence[tuple[Message, float]], likeness: Mapping[str, float], lines: Mapping[str, Message]
) -> dict[str, float]:
    """What each line says by itself."""
    own = dict.fromkeys(lines, 0.0) | {message.id: score for message, score in hits}
    usual = min(max(0.0, median(likeness.values())), MOST_USUAL) if likeness else 0.0
    for line, cosine in likeness.items():
        if line in own:
            own[line] += MEANING * max(0.0, (cosine - usual) / (1 - usual))
    return own


def _from_around(message: Message, own: Mapping[str, float], at: Mapping[int, float]) -> float:
    """What the lines around one lend it, by what they say themselves: by id, and by position."""
    place, answered = message.position, message.reply_to
    before = own[answered] if answered and answered in own else at.get(place - 1, 0.0)
    return BEFORE * before + BEFORE_THAT * at.get(place - 2, 0.0) + AFTER * at.get(place + 1, 0.0)


def _asked_about(question: str, lines: Iterable[Message], asker: str | None) -> set[tuple[str, str | None]]:
    """The people among the writers of ``lines`` whom ``question`` is about, by name and id."""
    spoken = f" {fold(' '.join(split(question)))} ".replace("’", "'").replace("'s ", " ")
    people = {(message.username, message.user_id) for message in lines}
    asked = {person(*one) for one in people if (name := _spoken_name(one[0])) and f" {name} " in spoken}
    if asker and not _FIRST_PERSON.isdisjoint(spoken.split()):
        asked.add(asker)
    return {one for one in people if person(*one) in asked} if asked else set()


@remembered(1 << 12)
def _spoken_name(username: str) -> str:
    return " ".join(fold(part) for part in split(username))
