"""One attempt at an answer: the engine's chunks, cleaned as they come, and what is known when they end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping

from llm_service.errors import EmptyReply
from llm_service.response_cleaner import CleaningStream, ResponseCleaner
from llm_service.types import FinishReason, Usage

from .ports import Stream


class Speech:
    """Clean text of one engine stream. After iteration the other fields say what the reply is made of."""

    def __init__(self, stream: Stream, cleaning: CleaningStream, polish: Callable[[str], str] = str) -> None:
        self._stream = stream
        self._cleaning = cleaning
        self._polish = polish
        self._raw: list[str] = []
        self._shown: list[str] = []
        self.finish_reason: FinishReason = "stop"
        self.usage = Usage()
        self.model = ""

    async def pieces(self, check: Callable[[], None]) -> AsyncIterator[str]:
        """Yield visible text, piece by piece. ``check`` is called with every chunk, be it a hidden thought, and before
        anything is shown; it may raise. Raises :class:`EmptyReply` where nothing was visible."""
        async for chunk in self._stream:
            check()
            self.usage = chunk.usage or self.usage
            self.model = chunk.model or self.model
            self.finish_reason = chunk.finish_reason or self.finish_reason
            if chunk.text:
                self._raw.append(chunk.text)
                if text := self._show(self._cleaning.feed(chunk.text)):
                    yield text
        check()
        if text := self._show(self._cleaning.finish(self.finish_reason)):
            yield text
        if not self._shown:
            raise EmptyReply

    def _show(self, text: str) -> str:
        """The text with its emotes in order: it comes in whole sentences, so none is cut in two."""
        shown = self._polish(text) if text else ""
        if not self._shown:
            shown = shown.lstrip()
        if shown:
            self._shown.append(shown)
        return shown

    @property
    def cached(self) -> bool:
        """Whether the answer came from the cache."""
        return self._stream.cached

    @property
    def queued_ms(self) -> float:
        """How long it waited for a slot of the engine."""
        return self._stream.queued_ms

    @property
    def text(self) -> str:
        """The whole visible text."""
        return "".join(self._shown)

    @property
    def removed(self) -> Mapping[str, int]:
        """How many things were cleaned out, by family."""
        return self._cleaning.removed

    @property
    def opened_by_prompt(self) -> bool:
        """Whether the answer began inside a thought that only its end showed: the model's chat template opens it."""
        if not self._cleaning.reasoning:
            return False
        opened_itself = ResponseCleaner(stage="reasoning", prompt_opens_reasoning=False).clean("".join(self._raw))
        return not opened_itself.reasoning

    @property
    def raw(self) -> str:
        """The answer as the engine wrote it, less its reasoning: what later prompts repeat, so that the engine's KV
        cache still fits. Where more than reasoning was removed, the visible text: what was cut off (another turn, a
        forged speaker) must not come back."""
        written = "".join(self._raw).strip()
        if not self._cleaning.removed:
            return written
        spoken = ResponseCleaner(stage="reasoning").clean(written, finish_reason=self.finish_reason).text
        return spoken if "\n" not in spoken else self.text
