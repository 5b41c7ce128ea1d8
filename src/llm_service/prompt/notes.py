"""What changes from turn to turn, as lines for the end of the prompt."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from llm_service.types import Recalled, Topic

UNITS = (("day", 86400), ("hour", 3600), ("minute", 60))


def notes(
    *,
    recalled: Sequence[Recalled] = (),
    about: Sequence[tuple[str, Sequence[str]]] = (),
    topics: Sequence[Topic] = (),
    follows: Sequence[tuple[str, str]] = (),
    hints: Iterable[str] = (),
    now: float,
) -> tuple[str, ...]:
    """What to note in a prompt, the most important last, nearest to the answer: topics, recalled lines (best first as
    given, best last as written), what is known ``about`` speakers (newest first as given), the lines of the window that
    the newest one ``follows``, each with its speaker, and hints.

    Ages are counted from ``now``. Where not all of the notes fit a prompt, the first ones are left out.
    """
    lines = [f"Topics now: {', '.join(topic.label for topic in topics)}"] if topics else []
    lines += [_recall(memory, now) for memory in reversed(recalled)]
    lines += [f"About {speaker}: {'; '.join(facts)}" for speaker, facts in reversed(about)]
    lines += [f"This follows on {speaker}: {line}" for speaker, line in follows]
    return (*lines, *hints)


def as_note(text: str) -> str:
    """One line that begins with a parenthesis, which tells it from every viewer's line; empty if the text is."""
    line = " ".join(text.split())
    return line if line.startswith("(") or not line else f"({line})"


def _recall(memory: Recalled, now: float) -> str:
    message = memory.message
    return f"Earlier, {_age(now - message.sent_at)}, {message.speaker}: {message.line}"


def _age(seconds: float) -> str:
    for unit, length in UNITS:
        count = int(seconds // length)
        if count >= 1:
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "just now"
