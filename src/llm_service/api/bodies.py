"""What callers send and get, as JSON: the bodies of the API, strict on the way in, honest on the way out."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from llm_service.types import Context, Draft, Message, Reply, Topic

from .behaviour_bodies import PolicyBody

NAME_LENGTH = 50
"""Most characters of a username."""
MESSAGE_LENGTH = 2_000
"""Most characters of a message; Twitch lets viewers send 500, Discord 2,000."""
EMOTES = 100
EMOTE_LENGTH = 100
BATCH = 500
"""Most messages that one request may ingest."""

Name = Annotated[str, Field(min_length=1, max_length=NAME_LENGTH)]
Id = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[\x21-\x7e]+$")]
Emote = Annotated[str, Field(min_length=1, max_length=EMOTE_LENGTH)]


class ChatMessage(BaseModel):
    """One line of chat, as the platform gave it."""

    model_config = ConfigDict(strict=True, extra="forbid")

    username: Name = Field(description="Who wrote it, as displayed.", examples=["user123"])
    message: str = Field(
        max_length=MESSAGE_LENGTH,
        description="What was written; may be empty where there are emotes.",
        examples=["What's your favorite game?"],
    )
    emotes: list[Emote] = Field(
        default_factory=list, max_length=EMOTES, description="Names of the emotes in it.", examples=[["PogChamp"]]
    )
    message_id: Id | None = Field(
        None, description="The platform's id. Sending it again returns the same reply and generates nothing."
    )
    user_id: Id | None = Field(None, description="The platform's stable id of the viewer: names change, this does not.")
    reply_to: Id | None = Field(None, description="Id of the message that this one replies to.")
    badges: list[Emote] = Field(default_factory=list, max_length=20, description="Badges such as moderator or vip.")
    sent_at: float | None = Field(
        None, ge=0, le=1e11, allow_inf_nan=False, description="When it was written, in seconds since the Unix epoch."
    )

    def draft(self) -> Draft:
        """The same as the dialogue manager takes it."""
        return Draft(
            username=self.username,
            text=self.message,
            emotes=tuple(self.emotes),
            message_id=self.message_id,
            user_id=self.user_id,
            reply_to=self.reply_to,
            badges=tuple(self.badges),
            sent_at=self.sent_at,
        )


class TopicBody(BaseModel):
    """Something that the room talks about now."""

    label: str
    weight: float = Field(description="Share of the room's attention, 0 to 1.")
    since: float
    since_id: str
    people: int


class UsageBody(BaseModel):
    """What the reply cost, in tokens."""

    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int | None = Field(description="Prompt tokens that the engine took from its cache; null: unknown.")


class TimingBody(BaseModel):
    """How long it took, in milliseconds."""

    queued_ms: float
    first_token_ms: float
    total_ms: float


class ChatReply(BaseModel):
    """The assistant's answer."""

    response: str = Field(description="One line of plain text.")
    messages: list[str] = Field(description="The same as messages that the platform takes, ready to be posted.")
    reply_id: str
    message_id: str
    room: str
    model: str
    cached: bool
    finish_reason: str
    topics: list[TopicBody]
    usage: UsageBody
    timing: TimingBody


class ContextMessage(BaseModel):
    """One line of the conversation: a viewer's, or the assistant's."""

    id: str
    role: str = Field(description="`user` for a viewer, `assistant` for a reply.")
    username: str
    message: str
    sent_at: float
    emotes: list[str] = Field(default_factory=list)
    user_id: str | None = None
    badges: list[str] = Field(default_factory=list)
    reply_to: str | None = None
    answers: list[str] = Field(default_factory=list, description="Ids of the messages that a reply answers.")


class WindowBody(BaseModel):
    """The part of the room that went into the last prompt, counted in the model's tokens."""

    tokens: int
    budget: int
    context_length: int
    counted: str = Field(description="`exact` where the engine counts, else `estimated`.")
    margin: int
    messages_in: int
    messages_out: int


class MoodBody(BaseModel):
    """An emote of the room's mood."""

    emote: str
    weight: float = Field(description="People who use it, each halving every two minutes.")
    people: int


class ContextBody(BaseModel):
    """The conversation as the model sees it."""

    room: str
    persona: str
    bot_name: str
    messages: list[ContextMessage]
    summary: str | None
    topics: list[TopicBody]
    mood: list[MoodBody] = Field(description="The emotes that most of the room uses now, each person's newest.")
    metadata: dict[str, Any]
    window: WindowBody
    policy: PolicyBody


class ClearedBody(BaseModel):
    """What was forgotten."""

    room: str
    messages: int
    replies: int


class Health(BaseModel):
    """Whether the service can answer, and in which state its parts are."""

    status: str = Field(description="`ok`, `degraded` (works, but look) or `unavailable`.")
    code: str | None = Field(None, description="What is wrong, as a problem's code.")
    hint: str | None = Field(None, description="What to do about it.")
    engine: dict[str, Any] = Field(default_factory=dict)
    store: dict[str, Any] = Field(default_factory=dict)
    version: str = ""


class Problem(BaseModel):
    """What went wrong (RFC 9457). Nothing of the request is repeated here."""

    type: str = "about:blank"
    title: str
    status: int
    code: str
    request_id: str
    errors: list[dict[str, str]] | None = None
    progress: float | None = None
    """Share of the model that is loaded, 0 to 1, with the code ``model_loading``, where it is known."""


def topic_json(topic: Topic) -> dict[str, Any]:
    """A topic as JSON."""
    return {
        "label": topic.label,
        "weight": round(topic.weight, 3),
        "since": topic.since,
        "since_id": topic.since_id,
        "people": topic.people,
    }


def reply_json(reply: Reply) -> dict[str, Any]:
    """A reply as JSON: the body of ``/chat``'s answer and of a ``done`` event."""
    usage, timing = reply.usage, reply.timing
    return {
        "response": reply.text,
        "messages": list(reply.messages) or [reply.text],
        "reply_id": reply.id,
        "message_id": reply.answers[-1] if reply.answers else "",
        "room": reply.room,
        "model": reply.model,
        "cached": reply.cached,
        "finish_reason": reply.finish_reason,
        "topics": [topic_json(topic) for topic in reply.topics],
        "usage": {
            "prompt_tokens": usage.prompt_tokens,
            "completion_tokens": usage.completion_tokens,
            "cached_tokens": usage.cached_tokens,
        },
        "timing": {
            "queued_ms": round(timing.queued_ms, 2),
            "first_token_ms": round(timing.first_token_ms, 2),
            "total_ms": round(timing.total_ms, 2),
        },
    }


def entry_json(entry: Message | Reply, bot_name: str = "") -> dict[str, Any]:
    """One line of a conversation as JSON."""
    if isinstance(entry, Reply):
        return {
            "id": entry.id,
            "role": "assistant",
            "username": bot_name,
            "message": entry.text,
            "sent_at": entry.created_at,
            "answers": list(entry.answers),
        }
    return {
        "id": entry.id,
        "role": "user",
        "username": entry.username,
        "message": entry.text,
        "sent_at": entry.sent_at,
        "emotes": list(entry.emotes),
        "user_id": entry.user_id,
        "badges": list(entry.badges),
        "reply_to": entry.reply_to,
    }


def context_json(context: Context) -> dict[str, Any]:
    """A conversation as JSON."""
    window = context.window
    return {
        "room": context.room,
        "persona": context.persona.text,
        "bot_name": context.persona.name,
        "messages": [entry_json(entry, context.persona.name) for entry in context.entries],
        "summary": context.summary.text if context.summary else None,
        "topics": [topic_json(topic) for topic in context.topics],
        "mood": [{"emote": one.emote, "weight": round(one.weight, 2), "people": one.people} for one in context.mood],
        "metadata": {
            "messages": context.messages,
            "replies": context.replies,
            "participants": len({entry.username for entry in context.entries if isinstance(entry, Message)}),
            "created_at": context.created_at,
            "model": context.model,
        },
        "window": {
            "tokens": window.tokens,
            "budget": window.budget,
            "context_length": window.context_length,
            "counted": window.counted,
            "margin": window.margin,
            "messages_in": window.messages_in,
            "messages_out": window.messages_out,
        },
        "policy": dict(context.policy),
    }
