"""How many tokens the prompt and the reply may have."""

from __future__ import annotations

from dataclasses import dataclass

from llm_service.errors import PromptTooLong
from llm_service.types import ModelInfo

REPLY_FLOOR = 48
"""Fewest tokens that a reply is cut down to before a prompt counts as too long: one short sentence."""

UNKNOWN_CONTEXT = 4096
"""The context to assume where the engine does not tell: what most of them load unless told otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """One request's share of the loaded context, parted: prompt + reply = context_length."""

    context_length: int
    prompt: int
    reply: int


def share_of(model: ModelInfo, sharing: int | None = None) -> int:
    """The tokens of the loaded context that one request may fill.

    Where the engine's slots share one context, ``sharing`` is how many requests may run side by side (default: as many
    as there are slots).
    """
    slots = (sharing or model.slots or 1) if model.shared_context else 1
    return (model.context_length or UNKNOWN_CONTEXT) // max(slots, 1)


def budget(share: int, max_tokens: int, *, needed: int = 0) -> Budget:
    """Part a share of the context so that prompt and reply never exceed it together.

    The reply gets ``max_tokens``, at most half of the share, and less (down to ``REPLY_FLOOR``) where the ``needed``
    tokens of the prompt leave less. Raises ``PromptTooLong`` where even then they have no room.
    """
    wanted = min(max_tokens, share // 2)
    reply = min(wanted, max(share - needed, min(wanted, REPLY_FLOOR)))
    if reply < 1 or needed > share - reply:
        raise PromptTooLong
    return Budget(context_length=share, prompt=share - reply, reply=reply)
