"""The web app: what is opened with it, what stands before it, and how its errors are answered."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, MutableMapping, Sequence
from contextlib import aclosing, asynccontextmanager
from functools import partial
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from llm_service import __version__
from llm_service.service import open_service
from llm_service.settings import Settings

from . import problems
from .bodies import Problem
from .edge import ApiKey, Edge, RateLimits, check_bind, parse_keys, read_keys
from .openai import OpenAIErrors
from .request_records import RequestRecords
from .routes import Busiest, routes

DESCRIPTION = """The dialogue server for live chat on a local model.

Errors are RFC 9457 problem details with a stable `code` and a `request_id`. Root paths act on the room `default`; each
of them also exists under `/rooms/{room}`."""


def _names_somebody(scope: MutableMapping[str, Any]) -> bool:
    """Whether a request's address tells whom it is about: then FastAPI must make no span of it, which would hold all of
    that. (Nor any logs, which hold what was sent.)"""
    return "/users/" in scope["path"]


def api_keys(settings: Settings) -> tuple[ApiKey, ...]:
    """The callers' keys, from the settings and from the file they name. Raises :class:`SettingsError`."""
    from_file = read_keys(settings.api_keys_file) if settings.api_keys_file else ()
    return (*parse_keys(settings.api_keys), *from_file)


def rate_limits(settings: Settings) -> RateLimits:
    """How often somebody may ask, as the settings say. Raises :class:`SettingsError`."""
    return RateLimits(
        viewer=settings.rate_limit,
        key=settings.rate_limit_key,
        total=settings.rate_limit_total,
        redis_url=settings.redis_url,
    )


class _App(FastAPI):
    """FastAPI behind our own layers: its own stand inside of them, and the busiest routes before those."""

    def __init__(self, edge: Callable[[ASGIApp], ASGIApp], **described: Any) -> None:
        super().__init__(**described)
        self._edge = edge

    def build_middleware_stack(self) -> ASGIApp:
        """The layers, from the outermost on. Called by Starlette, once."""
        return RequestRecords(OpenAIErrors(self._edge(Busiest(super().build_middleware_stack(), self.routes))))


def create_app(settings: Settings) -> FastAPI:
    """A new app: a function, because tests want several, each with settings of its own.

    Raises :class:`SettingsError` where the settings would open the service to strangers by accident.
    """
    keys, limits = api_keys(settings), rate_limits(settings)
    check_bind(settings.host, keys, settings.allow_open)
    hosts = (settings.host, *settings.allowed_hosts)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with aclosing(limits), open_service(settings) as service:
            app.state.service, app.state.limits = service, limits
            yield

    app = _App(
        partial(Edge, hosts=hosts, origins=settings.allowed_origins, keys=keys),
        title="LLM Service",
        version=__version__,
        description=DESCRIPTION,
        lifespan=lifespan,
        license_info={"name": "MIT"},
        redirect_slashes=False,
        telemetry={"logs": False, "exclude": _names_somebody},
    )
    documented = routes()
    app.router.routes[:0] = documented
    for error, answer in problems.HANDLERS.items():
        app.add_exception_handler(error, answer)
    _document(app, documented)
    return app


def _document(app: FastAPI, documented: Sequence[BaseRoute]) -> None:
    """Let the OpenAPI document know the one shape of our errors, and no other."""

    def openapi() -> dict[str, Any]:
        if not app.openapi_schema:
            schema = get_openapi(
                title=app.title,
                version=app.version,
                description=app.description,
                routes=documented,
                license_info=app.license_info,
            )
            models = schema["components"]["schemas"]
            models["Problem"] = Problem.model_json_schema()
            for unused in ("HTTPValidationError", "ValidationError"):
                models.pop(unused, None)
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]
