"""Completions and their chunks, as other programs expect them.

A chunk is bytes between bytes: what is the same in all chunks of an answer is written once, when the answer begins.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from typing import Any

import orjson

from llm_service.memo import remembered
from llm_service.types import Completion, FinishReason, ModelInfo, ToolCallDelta, Usage

DONE = b"data: [DONE]\n\n"
"""The end of every stream that went well."""

MOST_AGAIN = 64
"""Answers out of the cache of which it is remembered how they are told."""

_STARTED = int(time.time())
"""When models are said to have been created: engines do not tell."""


def _opened(kind: str, model: str) -> bytes:
    """The beginning of an object that is new each time, up to where its next field goes."""
    identity = {"id": f"chatcmpl-{secrets.token_hex(16)}", "object": kind, "created": int(time.time()), "model": model}
    return orjson.dumps(identity)[:-1] + b","


class ChunkWriter:
    """Writes the chunks of one answer of ``model``, each as a server-sent event."""

    __slots__ = ("_after", "_before", "_before_text", "_head", "_with_usage")

    def __init__(self, model: str, *, with_usage: bool) -> None:
        self._with_usage = with_usage
        self._head = b"data: " + _opened("chat.completion.chunk", model)
        self._before = self._head + b'"choices":[{"index":0,"delta":'
        self._before_text = self._before + b'{"content":'
        self._after = b',"logprobs":null,"finish_reason":null}]' + self._end()

    def _end(self) -> bytes:
        return b',"usage":null}\n\n' if self._with_usage else b"}\n\n"

    def opening(self) -> bytes:
        """Who speaks."""
        return self._delta({"role": "assistant", "content": ""})

    def text(self, text: str) -> bytes:
        """A piece of the answer."""
        return self._before_text + orjson.dumps(text) + b"}" + self._after

    def reasoning(self, text: str) -> bytes:
        """A piece of what the model thought, in the field that DeepSeek and LM Studio made common."""
        return self._delta({"reasoning_content": text})

    def tool_calls(self, calls: Sequence[ToolCallDelta]) -> bytes:
        """Pieces of tool calls."""
        return self._delta({"tool_calls": [_call_piece(call) for call in calls]})

    def finish(self, reason: FinishReason) -> bytes:
        """Why the answer ends."""
        reason_json = orjson.dumps(reason)
        return self._before + b'{},"logprobs":null,"finish_reason":' + reason_json + b"}]" + self._end()

    def usage(self, usage: Usage) -> bytes:
        """What the answer cost: a chunk without choices, after all others."""
        return self._head + b'"choices":[],"usage":' + orjson.dumps(usage_json(usage)) + b"}\n\n"

    def _delta(self, delta: dict[str, Any]) -> bytes:
        return self._before + orjson.dumps(delta) + self._after


def completion(answer: Completion) -> bytes:
    """A whole answer."""
    return _opened("chat.completion", answer.model) + _answered(answer)


def completion_again(answer: Completion) -> bytes:
    """A whole answer that was given before: what it says is written once, however often it is asked for."""
    return _opened("chat.completion", answer.model) + _answered_again(answer)


def _answered(answer: Completion) -> bytes:
    """All fields that are the same each time, and the end of the object."""
    message: dict[str, Any] = {"role": "assistant", "content": answer.text, "refusal": None}
    if answer.reasoning:
        message["reasoning_content"] = answer.reasoning
    if answer.tool_calls:
        message["content"] = answer.text or None
        message["tool_calls"] = [_call(call) for call in answer.tool_calls]
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish_of(answer)}
    fields = {"system_fingerprint": None, "choices": [choice], "usage": usage_json(answer.usage)}
    return orjson.dumps(fields)[1:]


_answered_again = remembered(MOST_AGAIN)(_answered)


def finish_of(answer: Completion) -> FinishReason:
    """Why an answer ended: some engines say ``stop`` where they mean that a tool is called."""
    return "tool_calls" if answer.tool_calls and answer.finish_reason == "stop" else answer.finish_reason


def usage_json(usage: Usage) -> dict[str, Any]:
    """Tokens, as OpenAI counts them."""
    body: dict[str, Any] = {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
    }
    if usage.cached_tokens is not None:
        body["prompt_tokens_details"] = {"cached_tokens": usage.cached_tokens}
    return body


def model_json(model: ModelInfo) -> dict[str, Any]:
    """A model of the list, with what LM Studio's own list tells of it."""
    return {
        "id": model.id,
        "object": "model",
        "created": _STARTED,
        "owned_by": model.engine.value,
        "loaded": model.loaded,
        "context_length": model.context_length,
        "max_context_length": model.max_context_length,
    }


def _call(call: ToolCallDelta) -> dict[str, Any]:
    function = {"name": call.name or "", "arguments": call.arguments}
    return {"id": call.id or f"call_{call.index}", "type": "function", "function": function}


def _call_piece(call: ToolCallDelta) -> dict[str, Any]:
    function: dict[str, Any] = {"arguments": call.arguments}
    if call.name is None:
        return {"index": call.index, "function": function}
    function["name"] = call.name
    return {"index": call.index, "id": call.id or f"call_{call.index}", "type": "function", "function": function}
