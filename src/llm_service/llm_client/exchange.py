"""One attempt: the prompt goes out, the answer comes in, within limits of time and of size."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from llm_service.chat_protocol import AnswerDecoder, is_blank
from llm_service.errors import EmptyReply, EngineDisconnected, EngineTimeout
from llm_service.types import Chunk, Prompt

from .connection import Answer, Connection
from .flight import Flight

TAIL_LIMIT = 1.0
"""Seconds that are waited for the usage and the end of an answer that is complete but for them."""
REASONING_LIMIT = 256 * 1024
"""Characters of thinking after which nothing good will come."""


REPLY_LIMIT = 16 * 1024
"""Characters of visible text that are always taken."""
LONGEST_TOKEN = 16
"""Characters of text that a token may stand for: what exceeds ``max_tokens`` of them was not asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one attempt may take. Seconds and characters."""

    first_token: float | None = None
    """To the first chunk; None leaves it to the deadline."""
    gap: float = 10.0
    """Between two chunks."""
    text: int = REPLY_LIMIT
    """Visible text: what is longer is cut, marked as cut, and the engine is stopped."""

    def room(self, max_tokens: int) -> int:
        """Characters that are taken of an answer that was asked for with ``max_tokens``."""
        return max(self.text, LONGEST_TOKEN * max_tokens)


class Exchange:
    """Reads one answer into a flight."""

    def __init__(self, connection: Connection, flight: Flight, limits: Limits, prompt: Prompt) -> None:
        self._connection = connection
        self._flight = flight
        self._limits = limits
        self._tools = prompt.tools is not None
        self._decoder = AnswerDecoder()
        self._held: list[Chunk] = []
        self._room = limits.room(prompt.sampling.max_tokens)
        self._thinking_room = REASONING_LIMIT
        self.visible = False
        """Whether something came that a viewer may see."""
        self.cut = False
        """Whether the answer was longer than we take."""

    async def run(self, body: bytes, *, fresh: bool = False) -> None:
        """Send ``body`` and pass on what comes. Raises what went wrong, EmptyReply if nothing visible came."""
        try:
            async with self._connection.post(
                "chat/completions", body, fresh=fresh, within=self._limits.first_token
            ) as answer:
                await self._read(answer)
        except (EngineTimeout, EngineDisconnected):
            if not self._decoder.finished:
                raise
        if not self.visible:
            raise EmptyReply

    async def _read(self, answer: Answer) -> None:
        decoder = self._decoder
        decoder.event_stream = answer.event_stream
        loop = asyncio.get_running_loop()
        while not decoder.done:
            data = await answer.read()
            chunks = decoder.feed(data) if data else decoder.end()
            if chunks:
                now = loop.time()
                answer.due = now + (TAIL_LIMIT if decoder.finished else self._limits.gap)
                self._pass_on(chunks, now)
                if self.cut:
                    return
        if decoder.failure is not None:
            raise decoder.failure
        await answer.settle()

    def _pass_on(self, chunks: list[Chunk], now: float) -> None:
        """Give the flight what may be seen; keep back what is blank until something follows it."""
        chunks = [piece for chunk in chunks if (piece := self._within_room(chunk)) is not None]
        if not self.visible:
            self.visible = any(map(self._is_visible, chunks))
            chunks = self._held = self._held + chunks
            if not self.visible and (self._decoder.finished or not any(chunk.reasoning for chunk in chunks)):
                return
            self._held = []
        if self._flight.first_chunk is None:
            self._flight.model = self._decoder.model
        self._flight.push(chunks, now)

    def _is_visible(self, chunk: Chunk) -> bool:
        return not is_blank(chunk.text) or (self._tools and bool(chunk.tool_calls))

    def _within_room(self, chunk: Chunk) -> Chunk | None:
        """The chunk, as far as there is room for it; where the room ends, an end of our own; then nothing."""
        if self.cut:
            return None
        room, self._room = self._room, self._room - len(chunk.text)
        self._thinking_room -= len(chunk.reasoning)
        if self._room >= 0 and self._thinking_room >= 0:
            return chunk
        self.cut = True
        return replace(chunk, text=chunk.text[:room], reasoning="", finish_reason="length")
