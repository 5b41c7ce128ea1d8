"""The model's thoughts taken out of an answer, for programs that want everything else as it was written.

Whether a model's chat template begins inside a thought is learned from its answers, as in rooms: until it is known,
a streamed answer is held back until a marker or its end shows what it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from llm_service.errors import EmptyReply
from llm_service.memo import remembered
from llm_service.response_cleaner import CleaningStream, ResponseCleaner
from llm_service.types import Completion, FinishReason

from .answer import MOST_AGAIN

MOST_MODELS = 100


class Cleaning:
    """One answer on its way: ``feed`` and ``finish`` give what may be seen.

    What a grammar made JSON of is passed on as it is, once it has begun: a thought cannot stand in it, but a string
    that looks like one can.
    """

    __slots__ = ("_as_json", "_began", "_raw", "_stream", "_taken", "_visible")

    def __init__(self, stream: CleaningStream, *, as_json: bool) -> None:
        self._stream = stream
        self._as_json = as_json
        self._began = False
        self._raw: list[str] = []
        self._taken = 0
        self._visible = False

    @property
    def visible(self) -> bool:
        """Whether anything was shown."""
        return self._visible

    @property
    def removed(self) -> Mapping[str, int]:
        """How many things were taken out, by family."""
        return MappingProxyType({}) if self._began else self._stream.removed

    def feed(self, piece: str) -> str:
        """Take a raw piece; returns the text that became visible."""
        if self._as_json and not self._began:
            self._began = not self._raw and piece.lstrip()[:1] in {"{", "["}
        if self._began:
            self._visible = True
            return piece
        self._raw.append(piece)
        text = self._stream.feed(piece)
        self._visible = self._visible or bool(text)
        return text

    def finish(self, reason: FinishReason) -> str:
        """The answer is over; returns what was still held back."""
        if self._began:
            return ""
        text = self._stream.finish(reason)
        self._visible = self._visible or bool(text)
        return text

    def whole(self, answer: Completion) -> Completion:
        """A whole answer, as it may be seen. Raises EmptyReply where nothing is left of it."""
        text = self.feed(answer.text) + self.finish(answer.finish_reason)
        if not text and not answer.tool_calls:
            raise EmptyReply
        hidden = self.hidden()
        if text == answer.text and not hidden:
            return answer
        return replace(answer, text=text, reasoning=answer.reasoning + hidden)

    def hidden(self) -> str:
        """What was taken out since this was last asked: the model's thoughts."""
        if self._began:
            return ""
        reasoning = self._stream.reasoning
        fresh, self._taken = reasoning[self._taken :], len(reasoning)
        return fresh

    @property
    def opened_by_prompt(self) -> bool | None:
        """Whether the answer began inside a thought that only its end showed; None where this answer cannot tell."""
        if self._began:
            return None
        if not self._stream.reasoning:
            return False
        opened_itself = ResponseCleaner(stage="reasoning", prompt_opens_reasoning=False).clean("".join(self._raw))
        return not opened_itself.reasoning


class Cleaners:
    """Makes the cleaning of each answer, with what is known about its model."""

    def __init__(self) -> None:
        self._opens: dict[str, bool] = {}

    def cleaning(self, model: str, *, as_json: bool = False, thoughts_apart: bool = False) -> Cleaning:
        """For one answer of ``model``; ``thoughts_apart`` says that the engine gave its thoughts in a field of their
        own, so that none can be open in the text."""
        return _cleaning(False if thoughts_apart else self._opens.get(model), as_json=as_json)

    def again(self, answer: Completion, *, as_json: bool) -> Completion:
        """A whole answer that was given before. Raises EmptyReply where nothing is left of it."""
        return _cleaned(answer, False if answer.reasoning else self._opens.get(answer.model), as_json)

    def learn(self, model: str, cleaning: Cleaning) -> None:
        """Remember what an answer that is over told about its model."""
        opened = cleaning.opened_by_prompt
        if opened is not None and (model in self._opens or len(self._opens) < MOST_MODELS):
            self._opens[model] = opened


def _cleaning(opens: bool | None, *, as_json: bool) -> Cleaning:
    return Cleaning(ResponseCleaner(stage="reasoning", prompt_opens_reasoning=opens).stream(), as_json=as_json)


@remembered(MOST_AGAIN)
def _cleaned(answer: Completion, opens: bool | None, as_json: bool) -> Completion:
    return _cleaning(opens, as_json=as_json).whole(answer)
