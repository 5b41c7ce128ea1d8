"""The OpenAI-compatible front: chat completions by the engine that answers, or by a room, and the list of models."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, replace
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Header, Request
from fastapi.responses import Response

from llm_service.api.openai import (
    ChatCompletionRequest,
    Cleaners,
    EngineChunks,
    chunks_again,
    completion,
    completion_again,
    completion_of,
    draft_of,
    error_event,
    model_json,
    prompt_again,
    room_chunks,
    whole_answer,
)
from llm_service.api.streams import EVENTS, UNBUFFERED, EventStream, unless_gone
from llm_service.cache import CacheKey
from llm_service.chat_protocol import named
from llm_service.errors import EmptyReply, LLMServiceError, UnknownMessage
from llm_service.llm_client import EngineStream
from llm_service.service import Service
from llm_service.types import Completion, Draft, ModelInfo, Prompt, Sampling

from .body_route import body_route
from .dependencies import JSON_TYPE, ROOM_PATTERN, TURN, CallDep, ServiceDep, json_response, problem_responses

log = structlog.get_logger("llm_service.api")

MOST_TOKENS = 4_096
"""Tokens of an answer where the request names no limit; never more than half of the loaded context."""

RoomHeader = Annotated[
    str | None, Header(alias="X-Room", pattern=ROOM_PATTERN, description="The room whose conversation is the memory.")
]
CacheHeader = Annotated[str, Header(alias="Cache-Control", description="`no-cache`: the engine is asked in any case.")]

_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {"description": "A completion, or its chunks.", "content": {"application/json": {}, "text/event-stream": {}}}
}
_ERROR = {
    "type": "object",
    "properties": {
        "error": {
            "type": "object",
            "properties": {
                "message": {"type": "string"},
                "type": {"type": "string"},
                "param": {"type": ["string", "null"]},
                "code": {"type": "string"},
            },
            "required": ["message", "type", "param", "code"],
        }
    },
    "required": ["error"],
}
ERRORS: dict[int | str, dict[str, Any]] = {
    status: documented | {"content": {"application/json": {"schema": _ERROR}}}
    for status, documented in (TURN | problem_responses(404)).items()
}
"""Documentation of errors as OpenAI says them."""


def openai_routes() -> APIRouter:
    """``/v1/chat/completions`` and ``/v1/models``."""
    router = APIRouter(prefix="/v1", tags=["OpenAI-compatible"])
    cleaners = Cleaners()

    @body_route(router, "/chat/completions", responses=_ANSWER | ERRORS, summary="Complete a conversation")
    async def chat_completions(
        *, body: ChatCompletionRequest, call: CallDep, room: RoomHeader = None, caching: CacheHeader = ""
    ) -> Response:
        """As OpenAI does it. With `X-Room`, the user's last message becomes a turn of that room."""
        found, limited, request = call.service, call.limited, call.request
        if room is not None:
            draft = draft_of(body)
            await limited.message(draft)
            return await _by_room(body, draft, room, found, request)
        await limited.request()
        prompt = await _prompt(body, found)
        use_cache = "no-cache" not in caching.lower()
        known = await found.remembered(prompt) if use_cache else None
        if isinstance(known, Completion):
            with suppress(EmptyReply):
                return _again(known, body, cleaners)
            known, use_cache = None, False
        asked = _Asked(body, prompt, _caller(body, request), use_cache=use_cache, missed=known)
        return await _by_engine(asked, cleaners, found, request)

    @router.get("/models", responses=ERRORS, summary="The models that can answer")
    async def models(found: ServiceDep) -> Response:
        """What the engine has, the loaded ones first."""
        listed = await found.engines.client.models()
        return json_response({"object": "list", "data": [model_json(model) for model in listed]})

    @router.get("/models/{model:path}", responses=ERRORS, summary="One of the models")
    async def model(model: str, found: ServiceDep) -> Response:
        """The model of that name."""
        one = named(await found.engines.client.models(), model)
        if one is None:
            raise UnknownMessage("The engine has no such model.")
        return json_response(model_json(one))

    return router


# ── by the engine ──


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request to the engine."""

    body: ChatCompletionRequest
    prompt: Prompt
    caller: str
    use_cache: bool
    missed: CacheKey | None = None
    """Under which the cache has no answer, where it was asked."""


def _again(known: Completion, body: ChatCompletionRequest, cleaners: Cleaners) -> Response:
    """The answer that was given before, with no stream and nothing to wait for. Raises EmptyReply."""
    answer = cleaners.again(known, as_json=body.wants_json)
    if body.stream:
        chunks = chunks_again(answer, with_usage=body.include_usage)
        return Response(chunks, media_type=EVENTS, headers=UNBUFFERED)
    return Response(completion_again(answer), media_type=JSON_TYPE, headers={"x-cache": "hit"})


async def _by_engine(asked: _Asked, cleaners: Cleaners, found: Service, request: Request) -> Response:
    body, stack = asked.body, AsyncExitStack()
    if not body.stream:
        return _completion(await unless_gone(request, _whole(asked, cleaners, found)))
    tries = _Tries(asked, found, stack)
    stream = await unless_gone(request, tries.first())
    chunks = EngineChunks(stream, cleaners, tries.another, as_json=body.wants_json, with_usage=body.include_usage)
    return EventStream(_to_the_end(chunks, stack))


async def _whole(asked: _Asked, cleaners: Cleaners, found: Service) -> Completion:
    """A whole answer. One of which nothing is left is asked for once more, past the cache."""
    prompt, caller, as_json = asked.prompt, asked.caller, asked.body.wants_json
    with suppress(EmptyReply):
        answer = await found.complete(prompt, caller=caller, use_cache=asked.use_cache, missed=asked.missed)
        return whole_answer(answer, cleaners, as_json=as_json)
    answer = await found.complete(prompt, caller=caller, use_cache=False)
    return whole_answer(answer, cleaners, as_json=as_json)


class _Tries:
    """The same for an answer that is streamed."""

    def __init__(self, asked: _Asked, found: Service, stack: AsyncExitStack) -> None:
        self._asked = asked
        self._found = found
        self._stack = stack
        self._left = 1

    async def first(self) -> EngineStream:
        """The answer, once its first chunk is there."""
        try:
            return await self._ask(use_cache=self._asked.use_cache)
        except EmptyReply:
            return await self.another()

    async def another(self) -> EngineStream:
        """The second try; EmptyReply where there was one."""
        if not self._left:
            raise EmptyReply
        self._left -= 1
        await self._stack.aclose()
        return await self._ask(use_cache=False)

    async def _ask(self, *, use_cache: bool) -> EngineStream:
        asked = self._asked
        missed = asked.missed if use_cache else None
        answer = self._found.answer(asked.prompt, caller=asked.caller, use_cache=use_cache, missed=missed)
        return await self._stack.enter_async_context(answer)


async def _prompt(body: ChatCompletionRequest, found: Service) -> Prompt:
    """What is sent. A name that the engine does not know means the model that answers, as in LM Studio."""
    asked = named(await found.engines.client.models(), body.model) if body.model else None
    defaults = found.sampling if body.tokens else _with_room(found.sampling, asked or _answering(found))
    return prompt_again(body, defaults, asked.id if asked else None)


def _answering(found: Service) -> ModelInfo | None:
    state = found.engines.state()
    return state.model if state else None


def _with_room(defaults: Sampling, model: ModelInfo | None) -> Sampling:
    context = model.context_length if model else None
    return replace(defaults, max_tokens=min(MOST_TOKENS, context // 2) if context else MOST_TOKENS)


def _caller(body: ChatCompletionRequest, request: Request) -> str:
    """Whose request it is: the user it names, else the API key that it came with."""
    return body.caller or str(request.scope["state"].get("key", ""))


# ── by a room ──


async def _by_room(body: ChatCompletionRequest, draft: Draft, room: str, found: Service, request: Request) -> Response:
    stack, model = AsyncExitStack(), (await found.engines.model()).id
    turn = await unless_gone(request, stack.enter_async_context(found.chat(draft, room)))
    if body.stream:
        return EventStream(_to_the_end(room_chunks(aiter(turn), model, with_usage=body.include_usage), stack))
    async with stack:
        return _completion(completion_of(await unless_gone(request, turn.reply())))


# ── both ──


def _completion(answer: Completion) -> Response:
    cache = "hit" if answer.cached else "miss"
    return Response(completion(answer), media_type=JSON_TYPE, headers={"x-cache": cache})


async def _to_the_end(chunks: AsyncIterable[bytes], stack: AsyncExitStack) -> AsyncGenerator[bytes, None]:
    """The chunks of a stream; what goes wrong among them is its last event."""
    async with stack:
        try:
            async for chunk in chunks:
                yield chunk
        except LLMServiceError as exc:
            log.info("failed", code=exc.code)
            yield error_event(exc)
