"""The OpenAI-compatible front: the same engine, cleaned, queued, cached and retried, in the words that other programs
already speak.

==================  =============================================================================================
``request``         what is read of a request: an allow-list, and from it a prompt
``answer``          completions and chunks, as bytes
``engine_answer``   an answer straight from the engine
``room_answer``     an answer of a room, whose conversation is the memory
``cleaning``        the model's thoughts taken out, where a program wants lines and Markdown left in
``errors``          problems in OpenAI's shape
==================  =============================================================================================
"""

from .answer import completion, completion_again, model_json
from .cleaning import Cleaners
from .engine_answer import EngineChunks, chunks_again, whole_answer
from .errors import OpenAIErrors, error_event
from .request import ChatCompletionRequest, prompt_again
from .room_answer import completion_of, draft_of, room_chunks

__all__ = [
    "ChatCompletionRequest",
    "Cleaners",
    "EngineChunks",
    "OpenAIErrors",
    "chunks_again",
    "completion",
    "completion_again",
    "completion_of",
    "draft_of",
    "error_event",
    "model_json",
    "prompt_again",
    "room_chunks",
    "whole_answer",
]
