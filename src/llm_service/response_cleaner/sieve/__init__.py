"""The reasoning stage: separates what viewers may see from what the model said to itself.

A state machine over the raw text. Each state is a function that looks at the text from a place on and says how far it
got; where the end of what has come could still change the meaning, it waits. So every way of cutting the text into
pieces gives the same result, and each character is looked at a bounded number of times.

::

    answer ⇄ fence                  code, in which markers are text
       ⇅
    thought, tool, header           what is not for viewers, and the words that say so
       ⇅
    elsewhere, over                 somebody else's words
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable

from llm_service.response_cleaner.sieve.answer import in_answer
from llm_service.response_cleaner.sieve.code import in_fence
from llm_service.response_cleaner.sieve.header import in_header
from llm_service.response_cleaner.sieve.reading import Reading, State
from llm_service.response_cleaner.sieve.thought import in_thought
from llm_service.response_cleaner.sieve.tool_call import in_tool
from llm_service.response_cleaner.sieve.turns import elsewhere, over

__all__ = ["Sieve"]

_STATES: dict[State, Callable[[Reading, str, int, bool], int]] = {
    "answer": in_answer,
    "fence": in_fence,
    "thought": in_thought,
    "tool": in_tool,
    "header": in_header,
    "elsewhere": elsewhere,
    "over": over,
}
_SURROGATES = re.compile("[\ud800-\udfff]")
_MOST = 4096
"""Characters that are taken at once: what a state copies of the rest of the text then stays small."""
_LONG = 128
_GROWTH = 1.25
"""A rest that is longer than ``_LONG`` is looked at again when it has grown by so much: then all looks together cost no
more than its length."""


class Sieve:
    """Raw text in, visible text out; thoughts kept aside."""

    __slots__ = ("_buffer", "_patience", "_reading")

    def __init__(self, *, prompt_opens_reasoning: bool | None = None) -> None:
        self._reading = Reading(prompt_opens_reasoning)
        self._buffer = ""
        self._patience = 0
        if prompt_opens_reasoning:
            self._reading.doubt_from("prompt", "")
            self._reading.think("prompt")

    @property
    def reasoning(self) -> str:
        """What was hidden so far; blocks on lines of their own."""
        return "\n".join(filter(None, ("".join(block).strip() for block in self._reading.blocks)))

    @property
    def removed(self) -> Counter[str]:
        """How many things were taken out so far, by family."""
        return self._reading.removed

    def feed(self, piece: str) -> str:
        """Take the next piece of raw text; returns what became certain to be visible."""
        if not piece.isascii():
            piece = _SURROGATES.sub("", piece)
        if len(piece) <= _MOST:
            self._take(piece)
        else:
            self._read(piece)
        return self._reading.visible.take()

    def _read(self, text: str) -> None:
        for at in range(0, len(text), _MOST):
            self._take(text[at : at + _MOST])

    def _take(self, piece: str) -> None:
        doubt = self._reading.doubt
        if doubt is not None:
            doubt.raw.append(piece)
        self._buffer += piece
        if len(self._buffer) >= self._patience:
            self._run(self._buffer, final=False)

    def finish(self, finish_reason: str = "stop") -> str:
        """The text is over; returns what was still held back."""
        reading = self._reading
        reading.cut = finish_reason == "length"
        self._run(self._buffer, final=True)
        while reading.doubt is not None and reading.doubt.holds(finish_reason):
            self._buffer = ""
            self._read(reading.give_up(reading.doubt))
            self._run(self._buffer, final=True)
        reading.settle()
        reading.decide()
        return reading.visible.take()

    def _run(self, text: str, *, final: bool) -> None:
        reading, at = self._reading, 0
        reading.waits = False
        while at < len(text) and not reading.waits:
            at = _STATES[reading.state](reading, text, at, final)
        if at:
            reading.tail = reading.before(text, at)
            self._buffer = text[at:]
        rest = len(text) - at
        self._patience = int(rest * _GROWTH) if rest > _LONG else 0
