"""What makes two prompts the same: everything."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b

from llm_service.types import Prompt, PromptMessage

SCHEMA_VERSION = 1
"""Raised when the meaning of a stored answer changes: old entries are then never found."""


@dataclass(frozen=True, slots=True)
class CacheKey:
    """Where an answer is stored, and the proof that it is the right one."""

    digest: str
    material: bytes
    """All that the digest was made of. It is stored beside the answer and compared on reading, so that neither a
    collision nor a connection that mixes up its replies can serve one room's answer to another."""


def cache_key(prompt: Prompt, model: str) -> CacheKey:
    """The key of an answer of ``model`` to ``prompt``.

    Every part is written with its length before it, so no two prompts can run together into the same bytes.
    """
    parts = [str(SCHEMA_VERSION), model, *_parameters(prompt)]
    for message in prompt.messages:
        parts += _message(message)
    material = "".join([f"{len(part)}:{part}" for part in parts]).encode("utf-8", "surrogatepass")
    return CacheKey(blake2b(material, digest_size=20).hexdigest(), material)


def _parameters(prompt: Prompt) -> list[str]:
    sampling = prompt.sampling
    numbers = (
        sampling.temperature,
        sampling.top_p,
        sampling.top_k,
        sampling.min_p,
        sampling.repeat_penalty,
        sampling.presence_penalty,
        sampling.frequency_penalty,
        sampling.max_tokens,
        sampling.seed,
    )
    asked = (prompt.model, prompt.response_format, prompt.tools, prompt.tool_choice, prompt.reasoning_effort)
    return [repr(numbers), repr(sampling.stop), *map(_present, asked), str(len(prompt.messages))]


def _message(message: PromptMessage) -> list[str]:
    plain = [message.role, message.content]
    if message.tool_calls is None and message.tool_call_id is None:
        return [*plain, ""]
    return [*plain, "tools", _present(message.tool_calls), _present(message.tool_call_id)]


def _present(value: str | None) -> str:
    """Text that tells "nothing" from "empty"."""
    return "-" if value is None else "+" + value
