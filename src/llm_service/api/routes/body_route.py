"""The busiest routes: documented by FastAPI like all others, and called without its detours.

For each request FastAPI decodes the body, walks the tree of a handler's dependencies and keeps stacks for what they
might have opened; that costs as much as a whole answer which is there already. Here the edge has decoded the body, and
a handler gets no more than what it says, the :class:`Call` and the headers that it names.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import Field, TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from llm_service.api.edge import BODY, Body, header

from .dependencies import ROOM_PATTERN, call_of

_MISSING = object()


class BodyRoute(APIRoute):
    """A route whose handler is ``async def handler(*, body, call, …headers) -> Response``, and has a body."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **documented: Any) -> None:
        super().__init__(path, endpoint, **documented)
        self.respond = respond = self.get_route_handler()

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            response = await respond(Request(scope, receive, send))
            await response(scope, receive, send)

        self.app = app

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """What answers a request. Raises :class:`RequestValidationError` as FastAPI's own does."""
        handler, field, of_room = self.dependant.call, self.body_field, "room" in self.param_convertors
        assert handler is not None
        assert field is not None
        body = _Body(("body",), field.field_info.annotation)
        room = _Part(("path", "room"), Annotated[str, Field(pattern=ROOM_PATTERN)])
        headers = [
            (one.name, one.alias.lower().encode(), _Part(("header", one.alias), _annotated(one), one.get_default()))
            for one in self.dependant.header_params
        ]

        async def handle(request: Request) -> Response:
            scope = request.scope
            errors: list[Any] = []
            if of_room:
                room.read(request.path_params["room"], errors)
            given = {name: part.read(_text(header(scope, key)), errors) for name, key, part in headers}
            given["body"] = body.read(scope.get(BODY, _MISSING), errors)
            if errors:
                raise RequestValidationError(errors)
            return await handler(**given, call=call_of(request))  # type: ignore[no-any-return]

        return handle


Handler = TypeVar("Handler", bound=Callable[..., Coroutine[Any, Any, Response]])


def body_route(router: APIRouter, path: str, **documented: Any) -> Callable[[Handler], Handler]:
    """``router.post(path, …)`` with a :class:`BodyRoute`."""

    def add(handler: Handler) -> Handler:
        router.add_api_route(path, handler, methods=["POST"], route_class_override=BodyRoute, **documented)
        return handler

    return add


class _Part:
    """A part of a request: where it is, of which type, and what stands for it where it is missing."""

    def __init__(self, where: tuple[str, ...], kind: Any, default: Any = _MISSING) -> None:
        self._where = where
        self._validate = TypeAdapter(kind).validator.validate_python
        self._default = default

    def read(self, value: Any, errors: list[Any]) -> Any:
        """The value as its type has it; what is wrong with it is added to ``errors``."""
        if value is _MISSING:
            if self._default is _MISSING:
                errors.append({"type": "missing", "loc": self._where, "msg": "Field required"})
            return self._default
        return self._read(value, errors)

    def _read(self, value: Any, errors: list[Any]) -> Any:
        try:
            return self._checked(value)
        except ValidationError as exc:
            found = exc.errors(include_url=False, include_context=False, include_input=False)
            errors += [{**one, "loc": (*self._where, *one["loc"])} for one in found]

    def _checked(self, value: Any) -> Any:
        return self._validate(value, from_attributes=True)  # as FastAPI does: it shows in the codes of errors


class _Body(_Part):
    """The body of a request. One that comes again was read already."""

    def _checked(self, value: Body) -> Any:
        if value.read is None:
            value.read = super()._checked(value.said)
        return value.read


def _annotated(field: Any) -> Any:
    info = field.field_info
    return Annotated[info.annotation, *info.metadata] if info.metadata else info.annotation


def _text(value: bytes | None) -> Any:
    return _MISSING if value is None else value.decode("latin-1")
