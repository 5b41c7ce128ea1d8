"""Rooms at chat speed: lines come in without waiting, the room takes turns, and all that happens can be followed."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import Response
from pydantic import Field

from llm_service.api import problems
from llm_service.api.bodies import BATCH, ChatMessage, TopicBody, topic_json
from llm_service.api.room_bodies import (
    IngestedBody,
    SkippedBody,
    TurnBody,
    event_json,
    ingested_json,
    turn_json,
)
from llm_service.api.streams import EventStream, event, unless_gone
from llm_service.dialogue_manager import EventLog, TooSlow, Turn
from llm_service.errors import InvalidMessage
from llm_service.service import Service

from .body_route import body_route
from .conversation import turn_events
from .dependencies import COUNTED, READ, STREAMED, TURN, CallDep, RoomDep, ServiceDep, json_response, problem_responses

Batch = Annotated[list[ChatMessage], Field(min_length=1, max_length=BATCH)]
TAKEN = READ | problem_responses(429)


async def _take_turn(room: str, found: Service) -> dict[str, Any]:
    async with found.turn(room) as turn:
        return turn_json(turn.decision, None if turn.silent else await turn.reply())


async def _dry_run(room: str, found: Service) -> dict[str, Any]:
    return turn_json(await found.dialogues.dry_run(room=room), None)


async def _decided(turn: Turn, stack: AsyncExitStack, request_id: str) -> AsyncGenerator[bytes, None]:
    """A turn as server-sent events: ``decision``, then the reply's as in ``/chat/stream``; ``done`` if it is silent."""
    assert turn.decision is not None
    yield event("decision", turn.decision.to_json())
    if turn.silent:
        await stack.aclose()
        yield event("done", None)
        return
    async with aclosing(turn_events(aiter(turn), stack, request_id)) as events:
        async for piece in events:
            yield piece


async def _followed(log: EventLog, last_id: str | None) -> AsyncGenerator[bytes, None]:
    async with aclosing(log.follow(last_id)) as events:
        try:
            async for one in events:
                yield event(one.kind, event_json(one), event_id=one.id)
        except TooSlow:
            return  # the connection ends; who comes back with Last-Event-ID catches up or is told of the gap


def add_turns(router: APIRouter) -> None:
    """``/messages``, ``/turn``, ``/turn/stream`` and ``/turn/skip``."""

    @body_route(
        router,
        "/messages",
        status_code=202,
        response_model=list[IngestedBody],
        responses=TAKEN,
        summary="Take lines in",
    )
    async def ingest(body: ChatMessage | Batch, call: CallDep) -> Response:
        """One line, or up to 500, without a reply. Never waits for the model; what is acknowledged is on disk.

        Each line has its own result: `accepted`, `known` (an id that is there already) or `invalid` with a `code`.
        """
        await call.limited.request()
        lines = body if isinstance(body, list) else [body]
        results = await call.service.ingest([line.draft() for line in lines], call.room)
        if all(one.message is None for one in results):
            raise InvalidMessage
        return json_response([ingested_json(one) for one in results], 202)

    @router.post(
        "/turn",
        response_model=TurnBody,
        responses=TURN,
        summary="Answer what waits, or stay silent",
        dependencies=[COUNTED],
    )
    async def turn(
        room: RoomDep, found: ServiceDep, request: Request, dry_run: Annotated[bool, Query()] = False
    ) -> Response:
        """Decides by the room's policy whether to speak and to whom, and says why. `dry_run` only decides."""
        work = _dry_run(room, found) if dry_run else _take_turn(room, found)
        return json_response(await unless_gone(request, work))

    @router.post(
        "/turn/stream",
        responses=STREAMED | TURN,
        response_class=EventStream,
        summary="Answer what waits, as the reply is written",
        dependencies=[COUNTED],
    )
    async def turn_stream(room: RoomDep, found: ServiceDep, request: Request) -> EventStream:
        """The same as server-sent events, with the `decision` first."""
        stack = AsyncExitStack()
        taken = await unless_gone(request, stack.enter_async_context(found.turn(room)))
        return EventStream(_decided(taken, stack, problems.request_id(request)))

    @router.post("/turn/skip", response_model=SkippedBody, responses=READ, summary="Cut off the running reply")
    async def skip(room: RoomDep, found: ServiceDep) -> Response:
        """Whoever waits for it gets the problem `turn_dropped`. Waits for nothing."""
        return json_response({"room": room, "skipped": await found.dialogues.skip(room=room)})


def add_watching(router: APIRouter) -> None:
    """``/topics`` and ``/events``."""

    @router.get("/topics", response_model=list[TopicBody], responses=READ, summary="What the room talks about now")
    async def topics(room: RoomDep, found: ServiceDep) -> Response:
        """Strongest first, in the viewers' own words."""
        context = await found.dialogues.context(room=room)
        return json_response([topic_json(topic) for topic in context.topics])

    @router.get(
        "/events",
        responses=STREAMED | READ,
        response_class=EventStream,
        summary="Follow everything that happens in the room",
    )
    async def events(
        room: RoomDep,
        found: ServiceDep,
        last_event_id: Annotated[str | None, Header(max_length=64)] = None,
    ) -> EventStream:
        """`message`, `delta`, `reply`, `decision`, `topic`, `forgotten` and `engine` events, from now on.

        With `Last-Event-ID` those that were missed come first, or a `gap` where they are not remembered any more. Who
        reads too slowly is disconnected.
        """
        return EventStream(_followed(await found.dialogues.events(room=room), last_event_id))
