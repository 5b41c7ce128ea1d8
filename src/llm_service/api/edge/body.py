"""The body of a request: bounded in size and time, of the one type that is understood, and strict JSON.

It is read whole before the application sees any of it, decoded once, and handed on as it came and as what it says. A
short one that came before is not decoded again: some come again and again, and reading them is most of the work.
Python's own decoder does it because it can be told what to refuse; what an application decodes again is then known to
be harmless: UTF-8, no NaN or Infinity (I-JSON, RFC 7493), no name twice in an object, no number beyond 64 bits, no
nesting that could exhaust a stack.
"""

from __future__ import annotations

import asyncio
import codecs
import json
import math
import re
from itertools import accumulate
from typing import Any, NoReturn

import orjson
from starlette.types import Message, Receive, Scope

from llm_service.api.edge.asgi import BODY, WHOLE, Body, header
from llm_service.api.edge.limits import EdgeLimits
from llm_service.api.edge.problem import Refusal
from llm_service.memo import remembered

MOST_AGAIN = 64
"""Bodies that are remembered, each by its path: another route reads something else of it."""
LONGEST_AGAIN = 4 * 1024
"""Bytes of a body that is worth remembering."""

_TOO_SLOW = 408
_CLOSE = {"Connection": "close"}
_JSON_TYPE = re.compile(rb"application/json\s*(?:;\s*charset\s*=\s*\"?utf-?8\"?\s*)?", re.IGNORECASE)
_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)
_STEP = {"[": 1, "{": 1, "]": -1, "}": -1}


class StrictBodies:
    """Refuses a body that is too large (413), too slow (408), of another type (415) or not strict JSON (400, 422)."""

    def __init__(self, limits: EdgeLimits) -> None:
        self.limits = limits
        self.decoder = _strict_decoder(limits.integer_digits)

    async def admit(self, scope: Scope, receive: Receive) -> Receive | None:
        """``receive`` for the application, whose body is fit to be decoded by anybody: ``scope[BODY]`` is what it says.
        None where the caller left before it was complete. Raises :class:`Refusal`."""
        if not _has_body(scope):
            return receive
        body = await self._whole(scope, receive)
        if body is None:
            return None
        if body:
            body = body.removeprefix(codecs.BOM_UTF8)
            scope[BODY] = (_again if len(body) <= LONGEST_AGAIN else StrictBodies.decoded)(self, scope["path"], body)
        return _replayed(body, receive)

    async def _whole(self, scope: Scope, receive: Receive) -> bytes | None:
        incoming = _Incoming(receive)
        try:
            _check_type(scope)
            return await self._read(scope, incoming)
        except Refusal as refusal:
            if refusal.status != _TOO_SLOW and header(scope, b"expect") is None:
                await incoming.drain(self.limits.drain_seconds, most=4 * self.limits.list_body)
            raise

    async def _read(self, scope: Scope, incoming: _Incoming) -> bytes | None:
        limit = self.limits.body_limit(scope["path"])
        if int(header(scope, b"content-length") or 0) > limit:
            raise _too_large()
        if WHOLE in scope:
            return await incoming.read(limit)
        try:
            async with asyncio.timeout(self.limits.body_seconds):
                return await incoming.read(limit)
        except TimeoutError as exc:
            raise Refusal(_TOO_SLOW, "request_timeout", "The body came too slowly.", _CLOSE) from exc

    def decoded(self, _path: str, body: bytes) -> Body:
        """What a body says. Raises :class:`Refusal` where it is not strict JSON."""
        try:
            text = body.decode("utf-8")
            if _depth_exceeds(text, self.limits.depth):
                raise Refusal(422, "json_too_deep", "The body's lists and objects are nested too deeply.")
            return Body(self.decoder.decode(text))
        except ValueError as exc:
            raise Refusal(400, "invalid_json", "The body is not strict JSON in UTF-8.") from exc


_again = remembered(MOST_AGAIN)(StrictBodies.decoded)


class _Incoming:
    """A body on its way in."""

    def __init__(self, receive: Receive) -> None:
        self.receive = receive
        self.complete = False
        """Whether nothing more of it will come."""
        self.broken = False
        """Whether the caller left before it was complete."""

    async def piece(self) -> bytes:
        message = await self.receive()
        self.broken = message["type"] != "http.request"
        self.complete = self.broken or not message.get("more_body", False)
        return bytes(message.get("body", b""))

    async def read(self, limit: int) -> bytes | None:
        """All of it; None where it broke off."""
        parts: list[bytes] = []
        size = 0
        while not self.complete:
            parts.append(await self.piece())
            size += len(parts[-1])
            if size > limit:
                raise _too_large()
        return None if self.broken else b"".join(parts)

    async def drain(self, seconds: float, *, most: int) -> None:
        """Read on for a moment and drop it: a refusal sent while its reader still writes is lost to a reset."""
        try:
            async with asyncio.timeout(seconds):
                while not self.complete and most > 0:
                    most -= len(await self.piece())
        except TimeoutError:
            return


def _has_body(scope: Scope) -> bool:
    """Whether there is a body that a handler could read."""
    if scope["method"] in {"GET", "HEAD", "DELETE", "OPTIONS", "TRACE"}:
        return False
    length = header(scope, b"content-length")
    return length != b"0" if length is not None else header(scope, b"transfer-encoding") is not None


def _check_type(scope: Scope) -> None:
    coding = header(scope, b"content-encoding")
    if coding is not None and coding.strip().lower() != b"identity":
        raise Refusal(415, "unsupported_encoding", "Bodies are taken as they are, without content coding.")
    kind = header(scope, b"content-type") or b""
    if kind != b"application/json" and not _JSON_TYPE.fullmatch(kind.strip()):
        raise Refusal(415, "unsupported_type", "Bodies are application/json in UTF-8.")


def _too_large() -> Refusal:
    return Refusal(413, "body_too_large", "The body is too large.", _CLOSE)


def _replayed(body: bytes, receive: Receive) -> Receive:
    """``receive`` of an application: the whole body first, then whatever happens to the connection."""
    first: Message | None = {"type": "http.request", "body": body, "more_body": False}

    async def receive_body() -> Message:
        nonlocal first
        if first is None:
            return await receive()
        message, first = first, None
        return message

    return receive_body


def _depth_exceeds(text: str, limit: int) -> bool:
    """Whether lists and objects are nested deeper than ``limit``; most bodies have fewer brackets than that."""
    if text.count("[") + text.count("{") <= limit:
        return False
    steps = (_STEP.get(found, 0) for found in _STRING_OR_BRACKET.findall(text))
    return max(accumulate(steps), default=0) > limit


def _strict_decoder(integer_digits: int) -> json.JSONDecoder:
    """A decoder that refuses, with ValueError, everything on which two decoders could disagree."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(found := dict(pairs)) != len(pairs):
            raise ValueError
        return found

    def integer(digits: str) -> int:
        if len(digits.lstrip("-")) > integer_digits:
            raise ValueError
        return int(digits)

    def finite(digits: str) -> float:
        if math.isinf(value := float(digits)):
            raise ValueError
        return value

    def refuse(_: str) -> NoReturn:
        raise ValueError

    return _WholeCharacters(object_pairs_hook=once, parse_int=integer, parse_float=finite, parse_constant=refuse)


class _WholeCharacters(json.JSONDecoder):
    """Refuses half a character (I-JSON, RFC 7493): an escaped surrogate without its other half, which no text in UTF-8
    can carry on."""

    def decode(self, s: str) -> Any:  # type: ignore[override]
        found = super().decode(s)
        if "\\ud" in s or "\\uD" in s:
            try:
                orjson.dumps(found)
            except TypeError as exc:
                raise Refusal(422, "invalid_request", "The body has half a character: a surrogate alone.") from exc
        return found
