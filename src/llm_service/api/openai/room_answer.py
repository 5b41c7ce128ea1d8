"""An answer of a room: its conversation is the memory, and a turn of it the answer."""

from __future__ import annotations

from collections.abc import AsyncIterator

from llm_service.errors import InvalidMessage
from llm_service.types import Completion, Delta, Draft, Reply, TurnEvent

from .answer import DONE, ChunkWriter
from .request import ChatCompletionRequest

SPEAKER = "user"
"""Who speaks where the request does not say."""


def draft_of(request: ChatCompletionRequest) -> Draft:
    """The user's newest message as a line of the room; all before it is what the room remembers itself."""
    text = request.last_words()
    if not text:
        raise InvalidMessage("The conversation has no message of a user.")
    return Draft(username=request.caller or SPEAKER, text=text)


def completion_of(reply: Reply) -> Completion:
    """The reply as a completion."""
    return Completion(
        text=reply.text,
        finish_reason=reply.finish_reason,
        usage=reply.usage,
        model=reply.model,
        cached=reply.cached,
    )


async def room_chunks(turn: AsyncIterator[TurnEvent], model: str, *, with_usage: bool) -> AsyncIterator[bytes]:
    """A turn as the chunks of a streamed answer."""
    writer = ChunkWriter(model, with_usage=with_usage)
    yield writer.opening()
    async for happened in turn:
        if isinstance(happened, Delta):
            yield writer.text(happened.text)
        else:
            reply = happened.reply
            yield writer.finish(reply.finish_reason) + (writer.usage(reply.usage) if with_usage else b"") + DONE
