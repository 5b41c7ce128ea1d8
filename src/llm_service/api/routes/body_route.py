"""The busiest routes: documented by FastAPI like all others, and called without its detours.

For each request FastAPI decodes the body, walks the tree of a handler's dependencies and keeps stacks for what they
might have opened; that costs as much as a whole answer which is there already. Here the edge has decoded the body, and
a handler gets no more than what it says, the :class:`Call` and the headers that it names.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import partial
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

    def __init__(
        self, path: str, endpoint: Callable[..., Any], *, again: Callable[[Body], Any] | None = None, **documented: Any
    ) -> None:
        self._again = again
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
        body = _Body(field.field_info.annotation, self._again)
        room = _Part(("path", "room"), Annotated[str, Field(pattern=ROOM_PATTERN)])
        headers = [
            (one.name, one.alias.lower().encode(), _Part(("header", one.alias), _annotated(one), one.get_default()))
            for one in self.dependant.header_params
        ]

        async def handle(request: Request) -> Response:
            scope, errors = request.scope, list[Any]()
            if of_room:
                room.read(request.path_params["room"], errors)
            given = {name: part.read(_text(header(scope, key)), errors) for name, key, part in headers}
            given["body"] = body.read(scope.get(BODY, _MISSING), errors)
            if errors:
                raise RequestValidationError(errors)
            return await handler(**given, call=call_of(request))  # type: ignore[no-any-return]

        return handle


Handler = TypeVar("Handler", bound=Callable[..., Coroutine[Any, Any, Response]])


def body_route(
    router: APIRouter, path: str, *, again: Callable[[Body], Any] | None = None, **documented: Any
) -> Callable[[Handler], Handler]:
    """``router.post(path, …)`` with a :class:`BodyRoute`. ``again`` reads a body that may come again, and remembers it
    if it is not too long for that; it raises ValidationError where it is not as documented."""
    route: Any = partial(BodyRoute, again=again)

    def add(handler: Handler) -> Handler:
        router.add_api_route(path, handler, methods=["POST"], route_class_override=route, **documented)
        return handler

    return add


class _Part:
    """A part of a request: where it is, of which type, and what stands for it where it is missing."""

    def __init__(self, where: tuple[str, ...], kind: Any, default: Any = _MISSING) -> None:
        self._where = where
        self._validate = TypeAdapter(kind).validate_python
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
    """The body of a request."""

    def __init__(self, kind: Any, again: Callable[[Body], Any] | None) -> None:
        super().__init__(("body",), kind)
        self._again = again

    def _checked(self, value: Body) -> Any:
        return super()._checked(value.said) if self._again is None else self._again(value)


def _annotated(field: Any) -> Any:
    info = field.field_info
    return Annotated[info.annotation, *info.metadata] if info.metadata else info.annotation


def _text(value: bytes | None) -> Any:
    return _MISSING if value is None else value.decode("latin-1")
