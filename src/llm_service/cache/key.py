"""What makes two prompts the same: everything."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from hashlib import sha256
from operator import attrgetter

import orjson

from llm_service.types import Prompt, PromptMessage

SCHEMA_VERSION = 1
"""Raised when the meaning of a stored answer changes: old entries are then never found."""

# Every field there is, in tuples: a prompt has many messages, and these are encoded four times as fast as dataclasses.
_MESSAGE = attrgetter(*(field.name for field in fields(PromptMessage)))
_REST = attrgetter(*(field.name for field in fields(Prompt) if field.name != "messages"))


@dataclass(frozen=True, slots=True)
class CacheKey:
    """Which answer it is: compared whole, so that no collision can serve one room's answer to another."""

    material: bytes
    """Everything that makes a difference."""
    model: str = field(compare=False)
    """Who would answer. Empty while nobody knows: such an answer is shared with who asks meanwhile, and not stored."""

    @property
    def digest(self) -> str:
        """A short name for it, where names cost. Who stores under it keeps the material beside the answer."""
        return sha256(self.material).hexdigest()


def cache_key(prompt: Prompt, model: str) -> CacheKey:
    """The key of an answer of ``model`` to ``prompt``: JSON of every part, in which no two prompts are the same."""
    material = orjson.dumps((SCHEMA_VERSION, model, list(map(_MESSAGE, prompt.messages)), _REST(prompt)))
    return CacheKey(material, model)
