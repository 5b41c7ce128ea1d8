"""Refusals: RFC 9457 problem details that say what is wrong and never repeat what was sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import orjson
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from llm_service.api.edge.asgi import state_of

MEDIA_TYPE = "application/problem+json"


def problem_body(
    status: int,
    code: str,
    title: str,
    request_id: str,
    *,
    errors: Iterable[Mapping[str, str]] = (),
    progress: float | None = None,
) -> dict[str, Any]:
    """Problem details as they are sent. ``errors`` names fields and what is wrong with each: ``{"field", "code"}``;
    ``progress`` is the share, 0 to 1, of what the caller is to wait for."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "code": code,
        "request_id": request_id,
    }
    if errors := list(errors):
        body["errors"] = errors
    if progress is not None:
        body["progress"] = progress
    return body


def problem(
    status: int,
    code: str,
    title: str,
    request_id: str,
    *,
    headers: Mapping[str, str] | None = None,
    errors: Iterable[Mapping[str, str]] = (),
    progress: float | None = None,
) -> Response:
    """A refusal as an ASGI application: ``await problem(…)(scope, receive, send)``.

    ``title`` is a sentence of ours; nothing of the request may go into it.
    """
    body = problem_body(status, code, title, request_id, errors=errors, progress=progress)
    return Response(orjson.dumps(body), status, headers=headers, media_type=MEDIA_TYPE)


class Refusal(Exception):
    """Raised inside a layer of the edge to answer with a problem."""

    def __init__(self, status: int, code: str, title: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(title)
        self.status = status
        self.code = code
        self.title = title
        self.headers = headers

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it, with the id of the request."""
        request_id = state_of(scope).get("request_id", "-")
        refusal = problem(self.status, self.code, self.title, request_id, headers=self.headers)
        await refusal(scope, receive, send)
