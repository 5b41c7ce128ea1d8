"""How near lines are to a question in meaning, from sentence embeddings."""

from __future__ import annotations

import math
from array import array
from collections import OrderedDict
from collections.abc import Collection, Sequence
from operator import mul
from typing import Protocol

from llm_service.errors import EngineBadResponse
from llm_service.types import Message


class Embedder(Protocol):
    """Turns texts into vectors of one length: the engine's ``/v1/embeddings``, or a small local model."""

    async def embed(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """One vector for each text, in order. Raises ``EngineError`` where the engine gives none."""
        ...


class Meaning:
    """Compares lines with a question; remembers the vectors of the ``limit`` messages used last (1.5 kB each for 384
    dimensions), so that a message is embedded once."""

    def __init__(self, embedder: Embedder, *, limit: int = 10_000) -> None:
        self._embedder = embedder
        self._limit = limit
        self._vectors: OrderedDict[str, array[float]] = OrderedDict()
        self._gone: list[set[str]] = []

    async def likeness(self, question: str, messages: Sequence[Message]) -> dict[str, float]:
        """Cosine, -1 to 1, of each message and ``question``, by id; without those forgotten meanwhile.

        One call of the embedder.
        """
        gone: set[str] = set()
        self._gone.append(gone)
        try:
            asked, vectors = await self._embedded(question, messages)
        finally:
            self._gone.remove(gone)
        kept = {key: vector for key, vector in vectors.items() if key not in gone}
        self._remember(kept)
        return {key: sum(map(mul, asked, vector)) for key, vector in kept.items()}

    def forget(self, message_ids: Collection[str]) -> None:
        """Drop what was computed from these messages, and what is being computed now."""
        for gone in self._gone:
            gone.update(message_ids)
        for message_id in message_ids:
            self._vectors.pop(message_id, None)

    async def _embedded(
        self, question: str, messages: Sequence[Message]
    ) -> tuple[array[float], dict[str, array[float]]]:
        known = {message.id: self._vectors[message.id] for message in messages if message.id in self._vectors}
        new = [message for message in messages if message.id not in known]
        texts = [question, *(f"{message.speaker}: {message.line}" for message in new)]
        asked, *vectors = [_unit(vector) for vector in await self._embedder.embed(texts)] or [array("f")]
        known |= {message.id: vector for message, vector in zip(new, vectors, strict=False)}
        if len(vectors) != len(new) or not asked or any(len(vector) != len(asked) for vector in known.values()):
            raise EngineBadResponse("The engine's embeddings do not fit the texts they were asked for.")
        return asked, known

    def _remember(self, vectors: dict[str, array[float]]) -> None:
        for message_id, vector in vectors.items():
            self._vectors[message_id] = vector
            self._vectors.move_to_end(message_id)
        while len(self._vectors) > self._limit:
            self._vectors.popitem(last=False)


def _unit(vector: Sequence[float]) -> array[float]:
    length = math.hypot(*vector) or 1.0
    return array("f", (value / length for value in vector))
