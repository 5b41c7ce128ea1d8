"""The web app: what is opened with it, what stands before it, and how its errors are answered."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute

from llm_service import __version__
from llm_service.errors import LLMServiceError
from llm_service.service import open_service
from llm_service.settings import Settings

from . import problems
from .bodies import Problem
from .edge import ApiKey, Edge, RateLimits, check_bind, parse_keys, read_keys
from .openai import OpenAIErrors
from .request_counts import RequestCounts
from .request_log import RequestLog
from .routes import busiest_first, routes
from .streams import CallerLeft

DESCRIPTION = """The dialogue server for live chat on a local model.

Errors are RFC 9457 problem details with a stable `code` and a `request_id`. Root paths act on the room `default`; each
of them also exists under `/rooms/{room}`."""


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


def create_app(settings: Settings) -> FastAPI:
    """A new app: a function, because tests want several, each with settings of its own.

    Raises :class:`SettingsError` where the settings would open the service to strangers by accident.
    """
    check_bind(settings.host, api_keys(settings), settings.allow_open)
    limits = rate_limits(settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with aclosing(limits), open_service(settings) as service:
            app.state.service, app.state.limits = service, limits
            yield

    app = FastAPI(
        title="LLM Service",
        version=__version__,
        description=DESCRIPTION,
        lifespan=lifespan,
        license_info={"name": "MIT"},
        redirect_slashes=False,
    )
    documented = routes()
    app.router.routes[:0] = busiest_first(documented)
    app.add_middleware(RequestLog)
    app.add_middleware(
        Edge,
        hosts=(settings.host, *settings.allowed_hosts),
        origins=settings.allowed_origins,
        keys=api_keys(settings),
    )
    app.add_middleware(OpenAIErrors)
    app.add_middleware(RequestCounts)
    app.add_exception_handler(LLMServiceError, problems.on_error)
    app.add_exception_handler(RequestValidationError, problems.on_invalid)
    app.add_exception_handler(HTTPException, problems.on_http)
    app.add_exception_handler(CallerLeft, problems.on_leaving)
    app.add_exception_handler(Exception, problems.on_bug)
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
