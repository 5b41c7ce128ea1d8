"""Which of our errors an engine's complaint is.

Statuses say little: LM Studio answers most failures of its engine with 400, some with 200, and wraps the words of the
llama.cpp underneath in words of its own. So the text decides first, the status only where the text is unknown. The
texts are those that LM Studio 0.3 to 0.4, llama.cpp, Ollama, vLLM and KoboldCpp are known to send.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import orjson

from llm_service.errors import (
    ContextOverflow,
    EngineAuth,
    EngineBadResponse,
    EngineError,
    EngineFailed,
    EngineOverloaded,
    EngineRejected,
    EngineTimeout,
    ModelLoading,
    ModelNotLoaded,
    SchemaRejected,
    TemplateRejected,
)

LONGEST_WAIT = 60.0
"""Seconds: the most that a Retry-After is believed."""


def _any(*texts: str) -> re.Pattern[str]:
    return re.compile("|".join(texts), re.IGNORECASE)


_OVERFLOW = _any(
    r"context the overflows",
    r"greater than the context length",
    r"n_keep\b.{0,200}?>=\s*n_ctx",
    r"exceeds? the available context size",
    r"exceed_context_size_error",
    r"context size has been exceeded",
    r"maximum context length is \d+ tokens",
    r"reduce the length of the (?:messages|input)",
    r"input length exceeds the context length",
    r"longer than the context length",
    r"context[_ ]length[_ ]exceeded",
)
_CONTEXT = _any(
    r'"?n_ctx"?\s*[:=]?\s*\(?(\d+)',
    r"context length of only (\d+)",
    r"available context size \((\d+)",
    r"maximum context length is (\d+)",
)
_PROMPT = _any(
    r'"?n_prompt_tokens"?\s*[:=]\s*(\d+)',
    r"request \((\d+) tokens\)",
    r"request has (\d+) input tokens",
    r"\((\d+) in the messages",
    r"keep the first (\d+) tokens",
    r"n_keep[:\s]*\(?(\d+)",
)


def _overflow(text: str) -> EngineError:
    context, prompt = _number(_CONTEXT, text), _number(_PROMPT, text)
    return ContextOverflow(context_length=context, prompt_tokens=prompt)


def _number(pattern: re.Pattern[str], text: str) -> int | None:
    match = pattern.search(text)
    digits = next(filter(None, match.groups()), None) if match else None
    return int(digits) if digits and len(digits) <= 12 else None


_BY_TEXT: tuple[tuple[re.Pattern[str], Callable[[str], EngineError]], ...] = (
    (_OVERFLOW, _overflow),
    (_any(r"invalid_api_key", r"API token is required"), lambda _: EngineAuth()),
    (_any(r"unexpected endpoint or method"), lambda _: EngineBadResponse()),
    (
        _any(r"jinja", r"roles must alternate", r"got system", r"no user query found", r"prompt template"),
        lambda _: TemplateRejected(),
    ),
    (
        _any(r"failed to parse grammar", r"failed to initialize samplers", r"response_format\.type"),
        lambda _: SchemaRejected(),
    ),
    (_any(r"insufficient system resources"), lambda _: ModelNotLoaded()),
    (_any(r"failed to load model", r"operation cancell?ed", r"loading model"), lambda _: ModelLoading()),
    (
        _any(
            r"no models? (?:is )?loaded",
            r"model_not_found",
            r"invalid model identifier",
            r"model ['\"].{0,200}?['\"] (?:not found|does not exist)",
        ),
        lambda _: ModelNotLoaded(),
    ),
    (
        _any(r"has crashed", r"channel error", r"engine protocol", r"compute error", r"model is unloaded"),
        lambda _: EngineFailed(),
    ),
)
"""First match wins. Llama.cpp's own words come wrapped in "Engine protocol …", so the general crash stands last."""

_BY_STATUS: dict[int, type[EngineError]] = {
    401: EngineAuth,
    403: EngineAuth,
    408: EngineTimeout,
    504: EngineTimeout,
    429: EngineOverloaded,
    503: EngineOverloaded,
}


def failure(status: int, text: str, *, wait: float | None = None) -> EngineError:
    """The error for an HTTP status and the text of the body, whatever shape the body has.

    ``wait`` is what the engine's Retry-After said, in seconds. Unknown words under status 200 are an answer that
    cannot be understood.
    """
    for pattern, make in _BY_TEXT:
        if pattern.search(text):
            return make(text)
    error = _BY_STATUS.get(status, _family(status))()
    if wait is not None and isinstance(error, EngineOverloaded):
        error.retry_after = min(wait, LONGEST_WAIT)
    return error


def _family(status: int) -> type[EngineError]:
    if status >= 500:
        return EngineFailed
    return EngineRejected if status >= 400 else EngineBadResponse


def complaint(document: object) -> str | None:
    """The words of an error body: a top-level ``error`` that is text or an object; None where there is none.

    The whole object is kept, since the code beside the message often says more than the message.
    """
    if not isinstance(document, dict):
        return None
    if document.get("object") == "error":
        return str(document.get("message"))
    error = document.get("error")
    if error is None or error is False:
        return None
    return error if isinstance(error, str) else orjson.dumps(error).decode()


def retry_after(header: str | None, now: datetime | None = None) -> float | None:
    """Seconds to wait, from a Retry-After header in either of its forms (RFC 9110, 10.2.3); None for junk."""
    if header is None:
        return None
    header = header.strip()
    if header.isascii() and header.isdigit():
        return float(header[:9])
    try:
        date = parsedate_to_datetime(header)
    except ValueError:
        return None
    if date.tzinfo is None:
        date = date.replace(tzinfo=UTC)
    return max(0.0, (date - (now or datetime.now(UTC))).total_seconds())
