"""Problems in OpenAI's shape: ``{"error": {"message", "type", "param", "code"}}``.

Everything below answers with problem details. One layer at the border of ``/v1/`` says the same in the words that
OpenAI's clients know: what a route refuses, what the edge refuses, and what the router does not find.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from llm_service.api import problems
from llm_service.api.edge import MEDIA_TYPE
from llm_service.errors import LLMServiceError

ROOT = "/v1/"
_PROBLEM = (b"content-type", MEDIA_TYPE.encode())

CODES: Mapping[str, str] = {
    "context_overflow": "context_length_exceeded",
    "prompt_too_long": "context_length_exceeded",
    "rate_limited": "rate_limit_exceeded",
    "unauthorized": "invalid_api_key",
    "not_found": "not_found",
}
"""Our codes that OpenAI has another word for."""

STATUS: Mapping[str, int] = {
    "context_overflow": 400,
    "prompt_too_long": 400,
    "upstream_rejected": 400,
    "invalid_request": 400,
    "invalid_message": 400,
    "json_too_deep": 400,
}
"""Our codes that OpenAI gives another status: what the caller asked for is to blame."""

NO_SUCH_PATH = "There is no such path: this service has chat/completions and models."
"""For the programs that ask for embeddings, or for OpenAI's other APIs."""

TYPES: Mapping[int, str] = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
"""OpenAI's kinds of errors by status; other 4xx are ``invalid_request_error``, 5xx ``server_error``."""


def _transient(cls: type[LLMServiceError]) -> frozenset[str]:
    """Codes of the errors of this family that may be gone at the next try."""
    own = frozenset({cls.code}) if cls.transient else frozenset()
    return own.union(*(_transient(child) for child in cls.__subclasses__()))


TRANSIENT = _transient(LLMServiceError) | {"request_timeout", "too_many_connections"}
"""Problems after which a client should try again."""


def error_json(problem: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
    """Problem details as OpenAI's status and error object."""
    code = str(problem.get("code", "internal_error"))
    status = STATUS.get(code, int(problem.get("status", 500)))
    kind = TYPES.get(status, "invalid_request_error" if status < 500 else "server_error")
    field = next((str(one["field"]) for one in problem.get("errors") or ()), None)
    body = {
        "message": _message(problem, field),
        "type": kind,
        "param": field.removeprefix("body.") if field else None,
        "code": CODES.get(code, code),
    }
    return status, {"error": body}


def _message(problem: Mapping[str, Any], field: str | None) -> str:
    if field is None:
        return (
            NO_SUCH_PATH if problem.get("title") == "Not Found." else str(problem.get("title", LLMServiceError.detail))
        )
    rule = problem["errors"][0]
    return f"{field.removeprefix('body.')} is not valid: {rule.get('rule', rule['code'])}"


def error_event(error: LLMServiceError) -> bytes:
    """An error in the middle of a stream, as OpenAI's clients raise it."""
    _, body = error_json(problems.body_of(error, ""))
    return b"data: " + orjson.dumps(body) + b"\n\n"


class OpenAIErrors:
    """An ASGI layer that translates problem details below ``/v1/``, and tells clients whether trying again helps."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and its answer in OpenAI's words where it is a problem."""
        if scope["type"] == "http" and scope["path"].startswith(ROOT):
            send = _Translated(send).send
        await self.app(scope, receive, send)


class _Translated:
    """``send`` of an application whose problems are held back until they are whole, and then said differently."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._start: Message | None = None
        self._body = b""

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_problem(message):
            self._start = message
        elif self._start is None:
            await self._send(message)
        else:
            self._body += message.get("body", b"")
            if not message.get("more_body", False):
                await self._answer(self._start)

    async def _answer(self, start: Message) -> None:
        problem = orjson.loads(self._body)
        status, error = error_json(problem)
        body = orjson.dumps(error)
        headers = MutableHeaders(raw=list(start["headers"]))
        headers["content-type"] = "application/json"
        headers["content-length"] = str(len(body))
        headers["x-should-retry"] = "true" if problem.get("code") in TRANSIENT else "false"
        await self._send({**start, "status": status, "headers": headers.raw})
        await self._send({"type": "http.response.body", "body": body})


def _is_problem(start: Message) -> bool:
    return _PROBLEM in start.get("headers", ())
