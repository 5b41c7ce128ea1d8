"""Structured logging: one line an event, readable in a terminal, JSON elsewhere.

Lines carry ids, lengths and codes. What viewers or the model wrote is logged nowhere above DEBUG, and control
characters are escaped wherever they come from.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, Literal

import orjson
import structlog

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def configure(level: str = "info", form: Literal["auto", "text", "json"] = "auto") -> None:
    """Send our events, and those of the libraries we use, to standard error in one form."""
    as_json = form == "json" or (form == "auto" and not sys.stderr.isatty())
    least = logging.getLevelName(level.upper())
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _escape,
    ]
    render = _as_json if as_json else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    structlog.configure(
        processors=[*shared, render],
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(least),
    )
    _configure_libraries(least, shared, render)


def leave_to_the_program() -> None:
    """Hand our events to the standard library's logging, where a program has not said what becomes of them: a library
    is silent below a warning, and never writes to standard output."""
    if not structlog.is_configured():
        structlog.configure(
            processors=[
                structlog.stdlib.filter_by_level,
                structlog.contextvars.merge_contextvars,
                structlog.stdlib.render_to_log_kwargs,
            ],
            logger_factory=structlog.stdlib.LoggerFactory(),
            wrapper_class=structlog.stdlib.BoundLogger,
        )


def _configure_libraries(
    least: int, shared: list[structlog.typing.Processor], render: structlog.typing.Processor
) -> None:
    """The standard library's logging, which the libraries use, in the same form as ours."""
    handler = logging.StreamHandler()
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processor=render, foreign_pre_chain=shared))
    logging.basicConfig(level=least, handlers=[handler], force=True)
    for chatty in ("aiosqlite", "alembic", "asyncio", "limits", "sqlalchemy.engine"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, least))


def _as_json(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> str:
    return orjson.dumps(event, default=str).decode()


def _escape(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Make control characters visible: a viewer's name must not be able to forge a line or colour a terminal."""
    for key, value in event.items():
        if isinstance(value, str) and not value.isprintable() and key != "exception":
            event[key] = _UNPRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", value)
    return event
