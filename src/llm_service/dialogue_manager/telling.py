"""What a prompt says at its end, new every turn: what the lines that are answered follow on, what is remembered of
their writers, what was said long ago, and whom to answer.

All of it together stays within one budget of tokens, the nearest to the answer first. Which messages it was made from
goes along: a reply must not outlive one of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import ceil

from llm_service.prompt import notes
from llm_service.tokens import TokenEstimator
from llm_service.types import Entry, Message, Note, Reply

from .noting import Noting
from .recalling import Recalling
from .room import Room

TOKENS = 160
"""Most tokens of a prompt that all of it takes, whom to answer aside."""
MOST_NAMED = 5
"""Most viewers whom a hint tells to answer by name."""
NEAR = 6
"""Entries at the end of the window that a model finds by itself."""

RECALLED = "(Earlier, 59 minutes ago, )"
"""What stands around a recalled line, as to its tokens."""


@dataclass(frozen=True, slots=True)
class Told:
    """Lines for the end of a prompt, and the ids of the messages and replies that they were made from."""

    lines: tuple[str, ...] = ()
    ids: frozenset[str] = frozenset()


class _Budget:
    """Tokens that are left."""

    def __init__(self, estimator: TokenEstimator) -> None:
        self.left = TOKENS
        self._estimator = estimator

    def cost(self, line: str, around: float = 0.0) -> int:
        """Tokens of a line, and of what stands ``around`` it. These are counted apart and added up: what somebody said
        was counted when it was new."""
        return ceil(self._estimator.line(line) + around)

    @cached_property
    def around_recalled(self) -> float:
        """Tokens of what stands around a recalled line."""
        return self._estimator.line(RECALLED) - self._estimator.line("")

    def take(self, line: str) -> bool:
        """Spend the tokens of a line, if they are left."""
        cost = self.cost(line)
        if cost > self.left:
            return False
        self.left -= cost
        return True


class Telling:
    """Gathers what a turn should be told."""

    def __init__(self, recalling: Recalling, noting: Noting, *, clock: Callable[[], float]) -> None:
        self.recalling = recalling
        self.noting = noting
        self._clock = clock

    async def told(self, room: Room, answers: Sequence[str], estimator: TokenEstimator) -> Told:
        """What to tell the turn that answers these messages."""
        asked = room.messages_of(frozenset(answers))
        if not asked:
            return Told()
        budget = _Budget(estimator)
        followed = [one for one in _followed(room, asked) if budget.take(f"(This follows on {_line(one)})")]
        about = list(_within(await self.noting.about(room, asked), budget))
        recalled = await self.recalling.recall(
            room, asked, budget_tokens=budget.left, count=lambda one: budget.cost(_line(one), budget.around_recalled)
        )
        lines = notes(
            recalled=recalled,
            about=[(message.speaker, [note.text for note in known]) for message, known in about],
            follows=[(_speaker(one), _text(one)) for one in followed],
            hints=_whom(room, asked),
            now=self._clock(),
        )
        sources = (source for _, known in about for note in known for source in note.from_ids)
        recalled_ids = (one.message.id for one in recalled)
        return Told(lines, frozenset([*recalled_ids, *sources]))


def _followed(room: Room, asked: Sequence[Message]) -> list[Entry]:
    """The lines that ``asked`` follow on, in their order, where others have come between since."""
    before = {room.threads.before(message.id) for message in asked} - {message.id for message in asked}
    far = room.present.intersection(before).difference([entry.id for entry in room.entries[-NEAR:]])
    return room.entries_of(far)


def _within(found: Sequence[tuple[Message, list[Note]]], budget: _Budget) -> Iterator[tuple[Message, list[Note]]]:
    """As many notes of each viewer as half of the budget takes."""
    share = budget.left // 2
    for message, known in found:
        share -= budget.cost(f"(About {message.speaker}:)")
        fitting = []
        for note in known:
            cost = budget.cost(f" {note.text};")
            if cost <= share:
                share -= cost
                fitting.append(note)
        if fitting:
            budget.take(f"(About {message.speaker}: {'; '.join(note.text for note in fitting)})")
            yield message, fitting


def _whom(room: Room, asked: Sequence[Message]) -> list[str]:
    """Whom to answer, where that is not plain."""
    newest = next(entry for entry in reversed(room.entries) if isinstance(entry, Message))
    speakers = list(dict.fromkeys(message.speaker for message in asked))
    return [] if speakers == [newest.speaker] else [f"Reply to {', '.join(speakers[-MOST_NAMED:])}"]


def _speaker(entry: Entry) -> str:
    return "you" if isinstance(entry, Reply) else entry.speaker


def _text(entry: Entry) -> str:
    return " ".join(entry.text.split()) if isinstance(entry, Reply) else entry.line


def _line(entry: Entry) -> str:
    return f"{_speaker(entry)}: {_text(entry)}"
