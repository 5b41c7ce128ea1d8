"""Talking: one message in, one reply out, blocking or streamed; and the conversation that comes of it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack

import structlog
from fastapi import APIRouter
from fastapi.responses import Response

from llm_service.api import problems
from llm_service.api.bodies import ChatMessage, ChatReply, ClearedBody, ContextBody, context_json, reply_json
from llm_service.api.streams import EventStream, event, unless_gone
from llm_service.errors import LLMServiceError
from llm_service.types import Delta, TurnEvent

from .body_route import body_route
from .dependencies import READ, STREAMED, TURN, CallDep, RoomDep, ServiceDep, json_response

log = structlog.get_logger("llm_service.api")


async def turn_events(
    turn: AsyncIterator[TurnEvent], stack: AsyncExitStack, request_id: str
) -> AsyncGenerator[bytes, None]:
    """A turn as server-sent events: ``delta`` …, then exactly one ``done`` or ``error``."""
    async with stack:
        try:
            async for happened in turn:
                if isinstance(happened, Delta):
                    yield event("delta", {"text": happened.text})
                else:
                    yield event("done", reply_json(happened.reply))
        except LLMServiceError as exc:
            log.info("failed", code=exc.code)
            yield event("error", problems.body_of(exc, request_id))


def add_conversation(router: APIRouter) -> None:
    """``/chat``, ``/chat/stream`` and ``/context``."""

    @body_route(router, "/chat", response_model=ChatReply, responses=TURN, summary="Say something, get a reply")
    async def chat(body: ChatMessage, call: CallDep) -> Response:
        """One message in, one clean reply out."""
        draft = body.draft()
        await call.limited.message(draft)
        reply = await unless_gone(call.request, call.service.reply(draft, call.room))
        return json_response(reply_json(reply))

    @body_route(
        router,
        "/chat/stream",
        summary="Say something, get the reply as it is written",
        responses=STREAMED | TURN,
        response_class=EventStream,
    )
    async def chat_stream(body: ChatMessage, call: CallDep) -> EventStream:
        """The same turn as server-sent events."""
        draft = body.draft()
        await call.limited.message(draft)
        stack = AsyncExitStack()
        entering = stack.enter_async_context(call.service.chat(draft, call.room))
        turn = await unless_gone(call.request, entering)
        return EventStream(turn_events(aiter(turn), stack, problems.request_id(call.request)))

    @router.get("/context", response_model=ContextBody, responses=READ, summary="The conversation")
    async def context(room: RoomDep, found: ServiceDep) -> Response:
        """The conversation as the model sees it, with topics, metadata and the window."""
        return json_response(context_json(await found.dialogues.context(room=room)))

    @router.delete("/context", response_model=ClearedBody, responses=READ, summary="Clear the conversation")
    async def clear(room: RoomDep, found: ServiceDep) -> Response:
        """Forget everything that was said in the room."""
        forgotten = await found.dialogues.clear(room=room)
        return json_response(
            {"room": room, "messages": len(forgotten.message_ids), "replies": len(forgotten.reply_ids)}
        )
