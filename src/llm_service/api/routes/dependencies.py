"""What every route shares: the open service, the room that the path names, and the problems it may answer with.

Dependencies are coroutines, even those that wait for nothing: FastAPI sends others through a pool of threads.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import orjson
from fastapi import Depends, Path, Request
from fastapi.responses import Response

from llm_service.api.edge import RateLimits, forwarded_client
from llm_service.hygiene import skeleton
from llm_service.people import person
from llm_service.service import Service
from llm_service.types import DEFAULT_ROOM, Draft

JSON_TYPE = "application/json"
ROOM_PATTERN = r"^[A-Za-z0-9_.~-]{1,64}$"


async def service(request: Request) -> Service:
    """The parts, as the lifespan opened them."""
    found: Service = request.app.state.service
    return found


async def current_room(request: Request) -> str:
    """The room that the path names, or the default one."""
    return str(request.path_params.get("room", DEFAULT_ROOM))


async def named_room(room: Annotated[str, Path(pattern=ROOM_PATTERN, description="Name of the room.")]) -> None:
    """Declares the path parameter of ``/rooms/{room}``; :func:`current_room` reads it."""


class Limited:
    """Counts what a caller asks for. Its methods raise :class:`RateLimited` where it is one too many."""

    __slots__ = ("_limits", "_request", "_service")

    def __init__(self, request: Request, found: Service) -> None:
        self._limits: RateLimits = request.app.state.limits
        self._service = found
        self._request = request

    async def message(self, draft: Draft) -> None:
        """Count a viewer's message that asks for a reply."""
        if self._limits.off:
            return
        await self._limits.hit(
            viewer=person(skeleton(draft.username), draft.user_id),
            text=draft.text or " ".join(draft.emotes),
            key=self._key,
            address=forwarded_client(self._request.scope, self._service.settings.trusted_proxies),
        )

    async def request(self) -> None:
        """Count a request that no viewer asks anything with."""
        if not self._limits.off:
            await self._limits.hit(key=self._key)

    @property
    def _key(self) -> str | None:
        key: str | None = self._request.scope["state"].get("key")
        return key


ServiceDep = Annotated[Service, Depends(service)]


async def limited(request: Request, found: ServiceDep) -> Limited:
    """The limits as they concern this request."""
    return Limited(request, found)


LimitedDep = Annotated[Limited, Depends(limited)]


@dataclass(frozen=True, slots=True)
class Call:
    """What a call for a reply needs. One dependency instead of four: the busiest routes feel each of them."""

    request: Request
    service: Service
    room: str
    limited: Limited


def call_of(request: Request) -> Call:
    """The parts, the room and the limits of this request."""
    found: Service = request.app.state.service
    return Call(request, found, request.path_params.get("room", DEFAULT_ROOM), Limited(request, found))


async def _call(request: Request) -> Call:
    return call_of(request)


CallDep = Annotated[Call, Depends(_call)]


async def _count(limited: LimitedDep) -> None:
    await limited.request()


COUNTED = Depends(_count)
"""For routes that no single viewer calls: the request counts for its key and for everybody."""

RoomDep = Annotated[str, Depends(current_room)]


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Documentation of the problems that a route can answer with."""
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": _DESCRIPTIONS[status], "content": content} for status in statuses}


STREAMED: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Server-sent events; a turn ends with exactly one `done` or `error`.",
        "content": {
            "text/event-stream": {
                "schema": {
                    "type": "object",
                    "description": "One event; `data` is JSON.",
                    "properties": {"event": {"type": "string"}, "data": {"type": "string"}, "id": {"type": "string"}},
                    "required": ["event", "data"],
                }
            }
        },
    }
}
"""Documentation of a turn as server-sent events."""

_DESCRIPTIONS = {
    400: "The body is not valid JSON, or the request is malformed.",
    401: "An API key is needed.",
    403: "The key or the origin is not allowed to do this.",
    404: "There is no such message or viewer.",
    408: "The body came too slowly.",
    409: "What the reply was made from was forgotten meanwhile.",
    413: "The body is too large.",
    415: "Only application/json is understood.",
    421: "This host name is not served.",
    422: "The body does not fit the API.",
    429: "Too many messages; `Retry-After` says when to come back.",
    500: "A bug; the log has the request id.",
    502: "The engine's answer could not be used.",
    503: "The engine or the database is not available; `Retry-After` says when to come back.",
    504: "The engine did not answer in time.",
}
READ = problem_responses(400, 401, 403, 408, 413, 415, 421, 422, 503)
TURN = problem_responses(400, 401, 403, 408, 409, 413, 415, 421, 422, 429, 500, 502, 503, 504)


def json_response(body: Any, status: int = 200) -> Response:
    """A JSON answer, serialised once."""
    return Response(orjson.dumps(body), status, media_type=JSON_TYPE)
