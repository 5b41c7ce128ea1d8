"""From an error to an HTTP answer: one table, looked up along the class's ancestors.

The library knows no HTTP status; this module knows nothing else. Bodies are RFC 9457 problem details and never repeat
what the caller, a viewer or the engine said.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import orjson
import structlog
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from llm_service import errors

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

_CODES = {400: "invalid_request", 404: "not_found", 405: "method_not_allowed", 413: "too_large", 415: "wrong_type"}


def status_of(error: errors.LLMServiceError) -> int:
    """The HTTP status of an error."""
    return next(STATUS[cls] for cls in type(error).__mro__ if cls in STATUS)


def body_of(error: errors.LLMServiceError, request_id: str) -> dict[str, Any]:
    """The problem details of an error."""
    return problem_json(status_of(error), error.code, str(error), request_id)


def problem_json(status: int, code: str, title: str, request_id: str) -> dict[str, Any]:
    """Problem details as a dictionary."""
    return {"type": "about:blank", "title": title, "status": status, "code": code, "request_id": request_id}


def request_id(request: Request) -> str:
    """The id that this request has in the log."""
    return str(getattr(request.state, "request_id", "-"))


def _answer(body: dict[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    return Response(
        orjson.dumps(body), body["status"], media_type="application/problem+json", headers=dict(headers or {})
    )


async def on_error(request: Request, error: Exception) -> Response:
    """Answer for an error of ours."""
    assert isinstance(error, errors.LLMServiceError)
    body = body_of(error, request_id(request))
    log.info("refused" if body["status"] < 500 else "failed", code=error.code, status=body["status"])
    return _answer(body, retry_headers(error))


def retry_headers(error: errors.LLMServiceError) -> dict[str, str]:
    """``Retry-After`` in whole seconds, for errors where waiting helps."""
    if error.retry_after is None and not (error.transient and status_of(error) in (429, 503)):
        return {}
    seconds = min(MOST_RETRY_AFTER, 1.0 if error.retry_after is None else error.retry_after)
    return {"Retry-After": str(max(1, math.ceil(seconds)))}


async def on_invalid(request: Request, error: Exception) -> Response:
    """Answer for a body or parameter that is not as documented: which field, and which rule, never the value."""
    assert isinstance(error, RequestValidationError)
    problems = error.errors()
    broken = any(problem["type"] == "json_invalid" for problem in problems)
    status = 400 if broken else 422
    title = "The body is not valid JSON." if broken else "The request does not fit the API: see `errors`."
    body = problem_json(status, "invalid_json" if broken else "invalid_request", title, request_id(request))
    body["errors"] = [{"field": _field(problem["loc"]), "code": problem["type"]} for problem in problems[:20]]
    return _answer(body)


def _field(location: tuple[int | str, ...]) -> str:
    """Where in the request the problem lies. Only names that the API documents: a caller's own keys are input."""
    return ".".join(str(part)[:64] for part in location if isinstance(part, int) or part.isidentifier())


async def on_http(request: Request, error: Exception) -> Response:
    """Answer for what the router refuses: unknown paths and methods."""
    assert isinstance(error, HTTPException)
    code = _CODES.get(error.status_code, "http_error")
    title = HTTPStatus(error.status_code).phrase + "."
    return _answer(problem_json(error.status_code, code, title, request_id(request)), error.headers)


async def on_bug(request: Request, error: Exception) -> Response:
    """The last line of defence: a bug is logged with its traceback, and the caller learns nothing but the id."""
    log.error("bug", exc_info=error)
    return _answer(problem_json(500, "internal_error", errors.LLMServiceError.detail, request_id(request)))
