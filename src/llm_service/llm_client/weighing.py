"""How many tokens a request may take of the context that its engine's slots share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from llm_service.tokens import rough_tokens
from llm_service.types import Prompt

Count: TypeAlias = Callable[[], int]
"""Tells how many tokens a prompt has at most, where somebody has counted them."""


def tokens_of(prompt: Prompt, count: Count | None, *, unlimited: int) -> int:
    """The tokens of the prompt and the most that the answer may have, ``unlimited`` where it has no limit."""
    asked = count() if count is not None else rough_tokens(message.content for message in prompt.messages)
    limit = prompt.sampling.max_tokens
    tools = rough_tokens([prompt.tools]) if prompt.tools else 0
    return asked + tools + (limit if limit > 0 else unlimited)
