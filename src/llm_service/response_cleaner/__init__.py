"""Raw text of a model to clean text for viewers: whole, or piece by piece as it is generated.

::

    raw ─▶ Sieve: thoughts, special tokens, tool calls ─▶ Chat: one plain line ─▶ messages
           └──────────── stage="reasoning" ──────────┘
           └────────────────────────── stage="chat" ─────────────────────────┘

The format is found by itself. Text that was published is never taken back or changed, and every way of cutting the
raw text into pieces gives the same result: ``clean`` is the stream, fed once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Literal

from llm_service.response_cleaner import messages
from llm_service.response_cleaner.chat import Chat, Room
from llm_service.response_cleaner.sieve import Sieve
from llm_service.response_cleaner.speakers import Speakers
from llm_service.types import Cleaned, FinishReason

__all__ = ["CleaningStream", "ResponseCleaner", "Stage"]

Stage = Literal["reasoning", "chat"]


class ResponseCleaner:
    """Cleans the answers of one turn.

    ``stage="reasoning"`` takes out monologue, special tokens and tool markup, and leaves line breaks and Markdown;
    ``stage="chat"`` makes one plain line of it. ``prompt_opens_reasoning`` says whether the prompt ended inside a
    thought: True and False let a stream start at once; None (unknown) holds an answer back until a marker, or the end
    of the text, shows that it is one. ``bot_name`` and ``usernames`` are the names of the room, ``emotes`` its emotes,
    whose spelling and spaces matter; ``max_chars`` is the longest message in characters.
    """

    __slots__ = ("_emotes", "_hint", "_max_chars", "_room")

    def __init__(
        self,
        *,
        stage: Stage = "chat",
        bot_name: str | None = None,
        usernames: Iterable[str] = (),
        max_chars: int | None = None,
        prompt_opens_reasoning: bool | None = None,
        emotes: Iterable[str] = (),
    ) -> None:
        self._max_chars = max_chars
        self._hint = prompt_opens_reasoning
        self._emotes = tuple(emotes)
        self._room: Room | None = None
        if stage == "chat":
            self._room = Room(Speakers(bot_name, tuple(usernames)), frozenset(self._emotes), prompt_opens_reasoning)

    def clean(self, text: str, *, finish_reason: FinishReason = "stop") -> Cleaned:
        """Clean a whole answer. Never raises, whatever the text is; an empty ``text`` means nothing is left to show."""
        stream = self.stream()
        stream.feed(text)
        stream.finish(finish_reason)
        return stream.result

    def stream(self) -> CleaningStream:
        """Clean an answer while it arrives."""
        sieve = Sieve(prompt_opens_reasoning=self._hint)
        chat = Chat(self._room, sieve.removed) if self._room is not None else None
        return CleaningStream(sieve, chat, self._max_chars, self._emotes)


class CleaningStream:
    """One answer on its way: ``feed`` each piece, then ``finish``; the strings returned, joined, are the clean text."""

    __slots__ = ("_chat", "_emotes", "_max_chars", "_over", "_sieve", "_visible")

    def __init__(self, sieve: Sieve, chat: Chat | None, max_chars: int | None, emotes: tuple[str, ...]) -> None:
        self._sieve = sieve
        self._chat = chat
        self._max_chars = max_chars
        self._emotes = emotes
        self._visible: list[str] = []
        self._over = False

    def feed(self, piece: str) -> str:
        """Take a raw piece; returns the text that became visible, which may be empty."""
        text = self._sieve.feed(piece)
        if text and self._chat is not None:
            text = self._chat.feed(text)
        if text:
            self._visible.append(text)
        return text

    def finish(self, finish_reason: FinishReason = "stop") -> str:
        """The answer is over; returns what was still held back. Afterwards ``result`` is there."""
        text = self._sieve.finish(finish_reason)
        if self._chat is not None:
            text = self._chat.feed(text) + self._chat.finish(finish_reason)
        self._visible.append(text)
        self._over = True
        return text

    @property
    def reasoning(self) -> str:
        """What was hidden so far."""
        if self._chat is None:
            return self._sieve.reasoning
        return "\n".join(filter(None, (self._sieve.reasoning, *self._chat.thoughts)))

    @property
    def removed(self) -> Mapping[str, int]:
        """How many things were taken out so far, by family: ``{"think": 1, "special": 2}``."""
        return MappingProxyType(+self._sieve.removed)

    @property
    def result(self) -> Cleaned:
        """The whole, once ``finish`` was called; RuntimeError before that."""
        if not self._over:
            raise RuntimeError("finish() comes first")
        whole = "".join(self._visible)
        split = messages.split(whole, self._max_chars, self._emotes)
        return Cleaned(text=whole, reasoning=self.reasoning, messages=split)
