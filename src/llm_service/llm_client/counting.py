"""Exact token counts, where the engine counts."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from llm_service.chat_protocol import Source, messages_of
from llm_service.errors import EngineError
from llm_service.types import Prompt

from .connection import Connection

REMEMBERED = 256
"""Counts that are kept."""
PATIENCE = 1.0
"""Seconds that one question about tokens may take; the prompt is needed now, and estimates are good."""
_COUNTING = frozenset({Source.LLAMA_SERVER, Source.VLLM, Source.KOBOLDCPP})
"""The engines that count."""


class TokenCounter:
    """Counts a prompt as the engine will: with its chat template and its vocabulary."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._known: OrderedDict[tuple[str, Prompt], int] = OrderedDict()

    async def count(self, prompt: Prompt, model: str, source: Source) -> int | None:
        """The tokens of this prompt; None where the engine does not count, or not now."""
        if source not in _COUNTING:
            return None
        key = (model, prompt)
        if key in self._known:
            self._known.move_to_end(key)
            return self._known[key]
        try:
            tokens = await self._ask(prompt, model, source)
        except EngineError:
            return None
        if tokens is not None:
            self._known[key] = tokens
            if len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return tokens

    def forget(self) -> None:
        """Drop every count: its prompt says what was said."""
        self._known.clear()

    async def _ask(self, prompt: Prompt, model: str, source: Source) -> int | None:
        if source is Source.LLAMA_SERVER:
            return await self._llama_server(prompt)
        if source is Source.VLLM:
            body = {"model": model, "messages": messages_of(prompt)}
            return _number(await self._post("tokenize", body), "count")
        if source is Source.KOBOLDCPP:
            body = {"prompt": _in_chatml(prompt)}
            return _number(await self._post("api/extra/tokencount", body), "value")
        return None

    async def _llama_server(self, prompt: Prompt) -> int | None:
        """The template and the tokens in two steps, which every version of llama-server has."""
        rendered = await self._post("apply-template", {"messages": messages_of(prompt)})
        text = rendered.get("prompt") if isinstance(rendered, dict) else None
        if not isinstance(text, str):
            return None
        body = {"content": text, "add_special": True, "parse_special": True}
        counted = await self._post("tokenize", body)
        tokens = counted.get("tokens") if isinstance(counted, dict) else None
        return len(tokens) if isinstance(tokens, list) else None

    async def _post(self, path: str, body: dict[str, Any]) -> Any:
        return await self._connection.post_json(path, body, root=True, within=PATIENCE)


def _in_chatml(prompt: Prompt) -> str:
    """KoboldCpp counts text but does not tell its template: ChatML's frame is longer than most, so the count of it is
    rather too high than too low."""
    turns = [f"<|im_start|>{message.role}\n{message.content}<|im_end|>\n" for message in prompt.messages]
    return "".join([*turns, "<|im_start|>assistant\n"])


def _number(answer: Any, key: str) -> int | None:
    value = answer.get(key) if isinstance(answer, dict) else None
    return value if isinstance(value, int) else None
