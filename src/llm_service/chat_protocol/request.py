"""A prompt as the JSON that an OpenAI-compatible engine reads, and the two ways to make a refused one acceptable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import orjson

from llm_service.types import Prompt, PromptMessage

LLAMA_CPP = {"n_cache_reuse": 256}
"""What only llama-server understands: chunks of so many tokens are taken from the KV cache although something before
them was cut (llama.cpp PR 17858). LM Studio is not known to pass it on, so it is not sent there."""


def request_body(prompt: Prompt, model: str, extra: Mapping[str, Any] = MappingProxyType({})) -> bytes:
    """The body of ``POST /v1/chat/completions``: always a stream, with every sampling value spelled out.

    An engine fills in what is missing from settings that we cannot see, so nothing is left to it. The same prompt
    always gives the same bytes: an engine's KV cache can only reuse what does not change.
    """
    sampling = prompt.sampling
    body: dict[str, Any] = {
        "model": model,
        "messages": messages_of(prompt),
        "stream": True,
        "stream_options": {"include_usage": True},
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "top_k": sampling.top_k,
        "min_p": sampling.min_p,
        "repeat_penalty": sampling.repeat_penalty,
        "presence_penalty": sampling.presence_penalty,
        "frequency_penalty": sampling.frequency_penalty,
        "max_tokens": sampling.max_tokens,
    }
    body.update(_optional(prompt))
    body.update(extra)
    return orjson.dumps(body)


def messages_of(prompt: Prompt) -> list[dict[str, Any]]:
    """The conversation as engines read it, for their other endpoints too. Who speaks stands in the text: LM Studio
    accepts a ``name`` and does not use it."""
    return [_message(message) for message in prompt.messages]


def _optional(prompt: Prompt) -> dict[str, Any]:
    """The fields that mean something by being absent."""
    choice = prompt.tool_choice
    fields = {
        "seed": prompt.sampling.seed,
        "stop": list(prompt.sampling.stop) or None,
        "response_format": _raw(prompt.response_format),
        "tools": _raw(prompt.tools),
        "tool_choice": _raw(choice) if choice and choice.startswith("{") else choice,
        "reasoning_effort": prompt.reasoning_effort,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _message(message: PromptMessage) -> dict[str, Any]:
    wire: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.tool_calls is not None:
        wire["tool_calls"] = _raw(message.tool_calls)
    if message.tool_call_id is not None:
        wire["tool_call_id"] = message.tool_call_id
    return wire


def _raw(json: str | None) -> orjson.Fragment | None:
    """Canonical JSON goes out byte for byte."""
    return None if json is None else orjson.Fragment(json)


def fold_roles(prompt: Prompt) -> Prompt:
    """The same conversation for a strict chat template: no system role, user first, roles alternating.

    Templates of the Gemma and Mistral families raise on a system message or on two turns of one role in a row. What
    the system messages say opens the first user turn instead. Tool turns are left as they are.
    """
    system = "\n\n".join(message.content for message in prompt.messages if message.role == "system")
    turns = [message for message in prompt.messages if message.role != "system"]
    if system:
        turns.insert(0, PromptMessage(role="user", content=system))
    elif turns and turns[0].role == "assistant":
        turns.insert(0, PromptMessage(role="user", content="…"))
    merged: list[PromptMessage] = []
    for turn in turns:
        if merged and _mergeable(merged[-1], turn):
            merged[-1] = replace(turn, content=f"{merged[-1].content}\n\n{turn.content}")
        else:
            merged.append(turn)
    return replace(prompt, messages=tuple(merged))


def _mergeable(earlier: PromptMessage, later: PromptMessage) -> bool:
    plain = earlier.tool_calls is None and later.tool_calls is None
    return plain and earlier.role == later.role and earlier.role in {"user", "assistant"}


def without_schema(prompt: Prompt) -> Prompt:
    """The same prompt without its JSON schema, for an engine that cannot make a grammar of it."""
    return replace(prompt, response_format=None)
