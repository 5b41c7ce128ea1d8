"""Bringing back the few older messages that matter to the newest ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import structlog

from llm_service.errors import LLMServiceError
from llm_service.people import person
from llm_service.recall import Embedder, Meaning, choose, rank, terms
from llm_service.types import Message, Recalled

from .counters import DialogueCounters
from .ports import Store
from .room import Room

log = structlog.get_logger("llm_service.dialogue")

CANDIDATES, CANDIDATES_BY_WORDS = 40, 16
"""Messages that the store is asked for; fewer where only their words will be compared, which the store has done: on
LoCoMo's questions as many of the lines looked for are among the first four of 16 as of 40 (63.9 % and 64.3 %)."""
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

        A failure costs the memory, not the reply.
        """
        first = next((entry.position for entry in room.entries if isinstance(entry, Message)), 0)
        wanted = terms(" ".join(message.line for message in asked))
        if first <= 1 or not wanted or not self._enabled:
            return ()
        try:
            with self._counters.turn_work["recall"].timed():
                ranked = await self._ranked(room, asked, wanted, first)
        except LLMServiceError as exc:
            log.info("nothing recalled", room=room.name, code=exc.code)
            return ()
        never = {entry.id for entry in room.entries} | room.forgotten  # forgotten while the store was asked
        return choose(ranked, budget_tokens=budget_tokens, count=count, window_ids=never, most=MOST)

    async def _ranked(self, room: Room, asked: Sequence[Message], wanted: Sequence[str], first: int) -> list[Recalled]:
        limit = CANDIDATES if self._meaning else CANDIDATES_BY_WORDS
        found = await self._store.search(room.name, wanted, limit=limit, exclude_after_position=first - 1, radius=1)
        hits = [(message, score) for message, score in found if score]
        if not hits:
            return []
        question, newest = "\n".join(message.line for message in asked), asked[-1]
        likeness = await self._likeness(question, [message for message, _ in hits])
        asker = person(newest.username, newest.user_id)
        return rank(question, hits, [message for message, _ in found], asker=asker, likeness=likeness)

    async def _likeness(self, question: str, messages: Sequence[Message]) -> dict[str, float] | None:
        return await self._meaning.likeness(question, messages) if self._meaning else None

    def forget(self, message_ids: Sequence[str]) -> None:
        """Drop what was computed from these messages."""
        if self._meaning:
            self._meaning.forget(message_ids)
