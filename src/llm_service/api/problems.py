"""From an error to an HTTP answer: one table, looked up along the class's ancestors.

The library knows no HTTP status; this module knows nothing else. Bodies are RFC 9457 problem details and never repeat
what the caller, a viewer or the engine said.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Iterable, Mapping
from http import HTTPStatus
from itertools import chain
from typing import Any

import structlog
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match

from llm_service import errors

from .edge import problem, problem_body
from .streams import CallerLeft

log = structlog.get_logger("llm_service.api")

STATUS: Mapping[type[errors.LLMServiceError], int] = {
    errors.LLMServiceError: 500,
    errors.EngineError: 502,
    errors.EngineUnavailable: 503,
    errors.EngineTimeout: 504,
    errors.EngineOverloaded: 503,
    errors.ModelNotLoaded: 503,
    errors.NoEngine: 503,
    errors.Refused: 503,
    errors.RateLimited: 429,
    errors.QueueFull: 429,
    errors.TurnDropped: 409,
    errors.InputError: 422,
    errors.UnknownMessage: 404,
    errors.StoreError: 503,
    errors.SettingsError: 500,
}
"""Each class of error, or its nearest ancestor here, and its status."""

MOST_RETRY_AFTER = 60.0
"""Seconds; whatever an engine asks for, callers are told to come back within a minute."""

CALLER_LEFT = 499
"""Status of a request whose caller hung up before its answer; nginx's word, there is no standard one."""

MOST_FIELDS = 20
"""Fields that one problem names."""

TOLD = frozenset((
    "missing", "extra_forbidden", "literal_error", "enum", "bool_type", "bool_parsing", "int_type", "int_parsing",
    "int_from_float", "float_type", "float_parsing", "finite_number", "greater_than", "greater_than_equal", "less_than",
    "less_than_equal", "string_type", "string_too_short", "string_too_long", "string_pattern_mismatch", "list_type",
    "dict_type", "model_type", "model_attributes_type", "too_short", "too_long", "unsupported_content",
    "unsupported_value", "not_offered",
))  # fmt: skip
"""Rules whose sentence is made of the API's own bounds and words. What others say may repeat what was sent."""

_CODES = {400: "invalid_request", 404: "not_found", 405: "method_not_allowed", 413: "too_large", 415: "wrong_type"}


def status_of(error: errors.LLMServiceError) -> int:
    """The HTTP status of an error."""
    return next(STATUS[cls] for cls in type(error).__mro__ if cls in STATUS)


def body_of(error: errors.LLMServiceError, request_id: str) -> dict[str, Any]:
    """The problem details of an error."""
    return problem_body(status_of(error), error.code, str(error), request_id, progress=_progress(error))


def _progress(error: errors.LLMServiceError) -> float | None:
    return error.progress if isinstance(error, errors.ModelLoading) else None


def request_id(request: Request) -> str:
    """The id that this request has in the log."""
    return str(getattr(request.state, "request_id", "-"))


async def on_error(request: Request, error: Exception) -> Response:
    """Answer for an error of ours."""
    assert isinstance(error, errors.LLMServiceError)
    status = status_of(error)
    log.info("refused" if status < 500 else "failed", code=error.code, status=status)
    headers = retry_headers(error)
    return problem(status, error.code, str(error), request_id(request), headers=headers, progress=_progress(error))


def retry_headers(error: errors.LLMServiceError) -> dict[str, str]:
    """``Retry-After`` in whole seconds, for errors where waiting helps."""
    if error.retry_after is None and not (error.transient and status_of(error) in (429, 503)):
        return {}
    seconds = min(MOST_RETRY_AFTER, 1.0 if error.retry_after is None else error.retry_after)
    return {"Retry-After": str(max(1, math.ceil(seconds)))}


async def on_invalid(request: Request, error: Exception) -> Response:
    """Answer for a body or parameter that is not as documented: which field, and which rule, never the value."""
    assert isinstance(error, RequestValidationError)
    found = error.errors()
    if any(one["type"] == "json_invalid" for one in found):
        return problem(400, "invalid_json", "The body is not valid JSON.", request_id(request))
    title = "The request does not fit the API: see `errors`."
    ours = documented_names(request.app.openapi())
    fields = [_broken_rule(one, ours) for one in found[:MOST_FIELDS]]
    return problem(422, "invalid_request", title, request_id(request), errors=fields)


def _broken_rule(found: Mapping[str, Any], ours: frozenset[str]) -> dict[str, str]:
    """Where, which rule, and in words what it asks for."""
    told = {"rule": f"{found['msg'].rstrip('.')}."} if found["type"] in TOLD else {}
    return {"field": _field(found["loc"], ours), "code": found["type"], **told}


def documented_names(document: Mapping[str, Any]) -> frozenset[str]:
    """Every name of a field or parameter in an OpenAPI document."""
    schemas = document["components"]["schemas"].values()
    operations = (operation for path in document["paths"].values() for operation in path.values())
    parameters = (parameter["name"] for operation in operations for parameter in operation.get("parameters", ()))
    return frozenset(
        chain(("body", "path", "query"), parameters, *(schema.get("properties", ()) for schema in schemas))
    )


def _field(location: Iterable[int | str], ours: frozenset[str]) -> str:
    """Where in the request the problem lies. Names that the caller made up are input, so they are left out."""
    return ".".join(str(part) for part in location if isinstance(part, int) or part in ours)


async def on_http(request: Request, error: Exception) -> Response:
    """Answer for what the router refuses: unknown paths and methods."""
    assert isinstance(error, HTTPException)
    code = _CODES.get(error.status_code, "http_error")
    title = HTTPStatus(error.status_code).phrase + "."
    headers = {"Allow": _allowed(request)} if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED else error.headers
    return problem(error.status_code, code, title, request_id(request), headers=headers)


def _allowed(request: Request) -> str:
    """All methods of this path: several routes may share it, and the router knows only of the first."""
    routes = iter_route_contexts(request.app.routes)
    found = [route.methods or () for route in routes if route.matches(request.scope)[0] is not Match.NONE]
    return ", ".join(sorted({*chain(*found)}))


async def on_leaving(_request: Request, _error: Exception) -> Response:
    """Nobody reads this: its status is for the log and the metrics."""
    return Response(status_code=CALLER_LEFT)


async def on_bug(request: Request, error: Exception) -> Response:
    """The last line of defence: a bug is logged with its traceback, and the caller learns nothing but the id."""
    log.error("bug", exc_info=error)
    return problem(500, "internal_error", errors.LLMServiceError.detail, request_id(request))


HANDLERS: Mapping[type[Exception], Callable[[Request, Exception], Awaitable[Response]]] = {
    errors.LLMServiceError: on_error,
    RequestValidationError: on_invalid,
    HTTPException: on_http,
    CallerLeft: on_leaving,
    Exception: on_bug,
}
"""What answers for each class of error, or for its nearest ancestor here."""


async def answer(request: Request, error: Exception) -> Response:
    """The answer for whatever went wrong."""
    handler = next(HANDLERS[cls] for cls in type(error).__mro__ if cls in HANDLERS)
    return await handler(request, error)
