"""The engine's language, without the engine: prompts become request bytes, answer bytes become chunks. No I/O.

::

    Prompt ── request_body ──▶ bytes          what is posted to /v1/chat/completions
    bytes ─── AnswerDecoder ─▶ Chunk …        server-sent events or one JSON document, cut anywhere
    status, bytes ── failure ▶ EngineError    which of our errors an engine's complaint is
    JSON ──── inventory ─────▶ ModelInfo …    what each kind of server says about its models
"""

from .answer import AnswerDecoder, is_blank
from .failures import complaint, failure, retry_after
from .inventory import Inventory, Source, named, same_model
from .request import LLAMA_CPP, fold_roles, messages_of, request_body, without_schema

__all__ = [
    "LLAMA_CPP",
    "AnswerDecoder",
    "Inventory",
    "Source",
    "complaint",
    "failure",
    "fold_roles",
    "is_blank",
    "messages_of",
    "named",
    "request_body",
    "retry_after",
    "same_model",
    "without_schema",
]
