"""Bringing back the few older messages that matter to the newest ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import structlog

from llm_service.errors import LLMServiceError
from llm_service.people import person
from llm_service.recall import LEAST, Embedder, Meaning, choose, order, rank, terms
from llm_service.types import Message, Recalled

from .counters import DialogueCounters
from .ports import Store
from .room import Room

log = structlog.get_logger("llm_service.dialogue")

CANDIDATES, CANDIDATES_BY_WORDS = 40, 16
"""Messages that the store is asked for; fewer where only their words will be compared, which the store has done: on
LoCoMo's questions as many of the lines looked for are among the first four of 16 as of 40 (63.9 % and 64.3 %)."""
COMPARED = 32
"""Of these and the lines around them, the best by words are compared in meaning."""
AROUND_BY_WORDS = 8
"""How many of the best of these bring the lines beside them along, where only words will be compared: on LoCoMo's
questions as many of the lines looked for are among the first five as where all 16 do."""
MOST_ASKED = 3
"""Lines that are answered, newest last, for which something is looked for."""
MOST = 4
"""Most lines that are recalled."""


class Recalling:
    """Looks for what was said before the window. With an embedder, by meaning as well as by words."""

    def __init__(
        self, store: Store, counters: DialogueCounters, embedder: Embedder | None = None, *, enabled: bool = True
    ) -> None:
        self._store = store
        self._counters = counters
        self._enabled = enabled
        self._meaning = Meaning(embedder) if embedder else None

    async def recall(
        self, room: Room, asked: Sequence[Message], *, budget_tokens: int, count: Callable[[Message], int]
    ) -> tuple[Recalled, ...]:
        """What older lines matter to ``asked``, in the order they were said; none where everything is in the window.

        Each of the newest lines is a question of its own. A failure costs the memory, not the reply.
        """
        first = next((entry.position for entry in room.entries if isinstance(entry, Message)), 0)
        if first <= 1 or not self._enabled:
            return ()
        try:
            with self._counters.turn_work["recall"].timed():
                ranked = [
                    one
                    for line in asked[-MOST_ASKED:]
                    for one in await ranked_lines(
                        self._store, room.name, line, before=first, meaning=self._meaning, least=LEAST
                    )
                ]
        except LLMServiceError as exc:
            log.info("nothing recalled", room=room.name, code=exc.code)
            return ()
        never = room.present | room.forgotten  # forgotten while the store was asked
        ranked.sort(key=lambda one: -one.score)
        return choose(ranked, budget_tokens=budget_tokens, count=count, window_ids=never, most=MOST)

    def forget(self, message_ids: Sequence[str]) -> None:
        """Drop what was computed from these messages."""
        if self._meaning:
            self._meaning.forget(message_ids)


async def ranked_lines(
    store: Store, room: str, asked: Message, *, before: int, meaning: Meaning | None = None, least: float = 0.0
) -> list[Recalled]:
    """The lines that stand before a position of the room in the order in which they matter to ``asked``, without those
    that matter less than ``least``."""
    wanted = terms(asked.line)
    if not wanted:
        return []
    limit, best = (CANDIDATES, None) if meaning else (CANDIDATES_BY_WORDS, AROUND_BY_WORDS)
    searching = partial(
        store.search, room, wanted, limit=limit, exclude_after_position=before - 1, radius=1, around=best
    )
    asker = person(asked.username, asked.user_id)
    if meaning is None:
        found = await searching(ranking=partial(order, asked.line, asker=asker, least=least))
        return [Recalled(message=message, score=score) for message, score in found]
    found = await searching()
    by_words = rank(asked.line, found, asker=asker)
    if not by_words:
        return []
    likeness = await meaning.likeness(asked.line, [one.message for one in by_words[:COMPARED]])
    return rank(asked.line, found, asker=asker, likeness=likeness, least=least)
