"""The order in which older messages matter to a question.

Each line has a score of its own: its words (BM25), and its meaning where there are embeddings, 0.7 and 0.3 of the
best line's. Adding scores keeps how far ahead a line is; fusing ranks (RRF) loses it and ranks worse here. Then what
is known about conversations counts:

- An answer rarely repeats the words of its question, so a line has half the score of the line before it added, a
  quarter of the one before that, and a quarter of the line after it.
- Who is named is asked about: that person's lines count double; with *I* and *my*, the asker's own.

On LoCoMo (Maharana et al., ACL 2024) these two are worth several times what stemming is; see ``benchmarks/recall.py``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from llm_service.memo import remembered
from llm_service.people import person
from llm_service.types import Message, Recalled
from llm_service.words import fold, split

WORDS_SHARE = 0.7
"""Of a line's score, the part of its words where its meaning is known too."""
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
) -> list[Recalled]:
    """The messages among ``hits`` and ``around`` in the order in which they matter to ``question``.

    ``hits`` carry BM25 scores, higher is better; ``around`` are the lines next to them. Lines are next to each other
    when their positions are, or when one says that it answers the other. ``asker`` is the key of who asks
    (:func:`llm_service.people.person`), ``likeness`` the cosine of a line's and the question's embeddings by id.
    The newer one of equals comes first.
    """
    lines = {message.id: message for message in (*(hit for hit, _ in hits), *around)}
    own = _own_scores(hits, likeness or {}, lines)
    asked = _asked_about(question, lines.values(), asker)
    by_position = {message.position: message.id for message in lines.values() if message.position}
    ranked = []
    for message in lines.values():
        score = own[message.id] + _from_around(message, own, by_position)
        score *= NAMED if asked and person(message.username, message.user_id) in asked else 1.0
        if score > 0:
            ranked.append(Recalled(message=message, score=score))
    return sorted(ranked, key=lambda recalled: (-recalled.score, -recalled.message.position, recalled.message.id))


def _own_scores(
    hits: Sequence[tuple[Message, float]], likeness: Mapping[str, float], lines: Mapping[str, Message]
) -> dict[str, float]:
    """0 to 1 for each line."""
    best = max((score for _, score in hits), default=0.0) or 1.0
    words = {message.id: score / best for message, score in hits}
    if not likeness:
        return {line: words.get(line, 0.0) for line in lines}
    nearest = max(likeness.values()) or 1.0
    return {
        line: WORDS_SHARE * words.get(line, 0.0) + (1 - WORDS_SHARE) * max(0.0, likeness.get(line, 0.0)) / nearest
        for line in lines
    }


def _from_around(message: Message, own: Mapping[str, float], by_position: Mapping[int, str]) -> float:
    place = message.position
    answered = message.reply_to or ""
    before = answered if answered in own else by_position.get(place - 1, "")
    return (
        BEFORE * own.get(before, 0.0)
        + BEFORE_THAT * own.get(by_position.get(place - 2, ""), 0.0)
        + AFTER * own.get(by_position.get(place + 1, ""), 0.0)
    )


def _asked_about(question: str, lines: Iterable[Message], asker: str | None) -> set[str]:
    """Keys of the people whom ``question`` is about."""
    words = [fold(word).replace("’", "'").removesuffix("'s") for word in split(question)]
    spoken = f" {' '.join(words)} "
    people = {(message.username, message.user_id) for message in lines}
    asked = {person(*one) for one in people if (name := _spoken_name(one[0])) and f" {name} " in spoken}
    if asker and not _FIRST_PERSON.isdisjoint(words):
        asked.add(asker)
    return asked


@remembered(1 << 12)
def _spoken_name(username: str) -> str:
    return " ".join(fold(part) for part in split(username))
