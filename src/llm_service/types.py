"""The words of the service: plain frozen values, the language in which its parts talk to each other.

Nothing here acts, opens anything or imports anything of ours. Times are seconds since the Unix epoch unless a name
ends in ``_ms``; tokens are tokens of the model that is loaded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import Any, Final, Literal

DEFAULT_ROOM = "default"
"""The room that the root paths of the API and the library act on."""

Role = Literal["system", "user", "assistant", "tool"]
FinishReason = Literal["stop", "length", "tool_calls", "content_filter"]


# ── What people say ──────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """One line as a caller hands it over: nothing about it is trusted yet."""

    username: str
    text: str
    emotes: tuple[str, ...] = ()
    message_id: str | None = None
    user_id: str | None = None
    reply_to: str | None = None
    badges: tuple[str, ...] = ()
    sent_at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One line that somebody wrote, after hygiene: as displayed, and beside it as the model reads it."""

    id: str
    """Unique in its room: the platform's id where the caller gave one, else ours."""
    room: str = DEFAULT_ROOM
    username: str
    """The name as displayed."""
    text: str
    """The text as displayed."""
    speaker: str
    """The name as the model reads it: one line, no marker, never mistaken for a role."""
    line: str
    """The text as the model reads it: one line, no control token of any model family."""
    user_id: str | None = None
    """The platform's stable id of the person, where it has one: names change, this does not."""
    emotes: tuple[str, ...] = ()
    badges: tuple[str, ...] = ()
    reply_to: str | None = None
    """Id of the message or reply that this one answers, as the platform said."""
    sent_at: float
    position: int = 0
    """Place in the room, rising from 1; 0 until it is stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingested:
    """What became of a draft that was handed over without asking for a reply."""

    id: str
    message: Message | None = None
    """None where it was not valid."""
    known: bool = False
    """Whether a message of that id was in the room already."""
    problem: Exception | None = None
    """Why it was not valid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What an answer cost, in tokens, as the engine reported it."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int | None = None
    """Prompt tokens that the engine took from its KV cache; None where it does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How long the parts of a turn took, in milliseconds, from its start."""

    queued_ms: float = 0.0
    first_token_ms: float = 0.0
    total_ms: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """Something that the room talks about now."""

    label: str
    """In the viewers' own words."""
    weight: float
    """Share of the room's attention, 0 to 1, decaying while nobody mentions it."""
    since: float
    since_id: str
    """Id of the message it began with."""
    people: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Mood:
    """An emote, and how much of the room uses it."""

    emote: str
    weight: float
    """People who used it in their newest line with emotes, each halving every half-life since then."""
    people: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the assistant said, and which messages it answers."""

    id: str
    room: str = DEFAULT_ROOM
    text: str
    """As viewers see it: cleaned, one line."""
    raw: str
    """The answer as the engine wrote it, without reasoning: what goes into later prompts, so that the engine's KV
    cache still fits."""
    answers: tuple[str, ...]
    """Ids of the messages that it answers."""
    messages: tuple[str, ...] = ()
    """The text as messages that the platform takes; not kept, for it depends on the room's policy."""
    after: int = 0
    """Position of the newest message in its prompt: where the reply stands in the conversation."""
    model: str = ""
    finish_reason: FinishReason = "stop"
    usage: Usage = field(default_factory=Usage)
    timing: Timing = field(default_factory=Timing)
    topics: tuple[Topic, ...] = ()
    cached: bool = False
    created_at: float = 0.0


Entry = Message | Reply
"""What a conversation is made of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What was said before the window's first message, in a few sentences, with its provenance."""

    text: str
    covers: tuple[str, ...]
    """Ids of the messages and replies that it was made from: forgetting one of them drops the summary."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recalled:
    """An older message brought back because it matters to the newest ones."""

    message: Message
    score: float


# ── What is sent to the engine ───────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """How the engine chooses words. Every field is sent: an engine's own defaults change behind our back
    (LM Studio takes them from a model's settings in its app)."""

    temperature: float = 0.8
    top_p: float = 0.95
    top_k: int = 40
    min_p: float = 0.05
    repeat_penalty: float = 1.1
    presence_penalty: float = 0.0
    frequency_penalty: float = 0.0
    max_tokens: int = 256
    seed: int | None = None
    stop: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptMessage:
    """One message of a prompt, in the roles that chat templates know."""

    role: Role
    content: str
    tool_calls: str | None = None
    """Canonical JSON of the calls an assistant message made; only the OpenAI-compatible front uses it."""
    tool_call_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """Exactly what is sent to the engine: immutable and hashable, so it is the cache key."""

    messages: tuple[PromptMessage, ...]
    sampling: Sampling = field(default_factory=Sampling)
    model: str | None = None
    """The model asked for; None means whichever the client serves."""
    response_format: str | None = None
    """Canonical JSON of a JSON-schema request."""
    tools: str | None = None
    """Canonical JSON of the tools offered."""
    tool_choice: str | None = None
    reasoning_effort: str | None = None


# ── What comes back ──────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCallDelta:
    """A piece of a tool call, as streamed."""

    index: int
    id: str | None = None
    name: str | None = None
    arguments: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """One raw piece from the engine. Any field may be empty; the last one carries the finish reason."""

    text: str = ""
    reasoning: str = ""
    tool_calls: tuple[ToolCallDelta, ...] = ()
    finish_reason: FinishReason | None = None
    usage: Usage | None = None
    model: str | None = None
    """Which model says that it answers, as far as it has said so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """A whole answer of the engine: its chunks, drained."""

    text: str
    reasoning: str = ""
    tool_calls: tuple[ToolCallDelta, ...] = ()
    finish_reason: FinishReason = "stop"
    usage: Usage = field(default_factory=Usage)
    model: str = ""
    cached: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleaned:
    """A model's answer, made fit for viewers."""

    text: str
    """What a viewer sees."""
    reasoning: str = ""
    """What was hidden."""
    messages: tuple[str, ...] = ()
    """The text split for the platform."""


# ── What a caller of a turn sees ─────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """A clean piece of the reply; never taken back."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed:
    """The turn is over and its reply is stored."""

    reply: Reply


TurnEvent = Delta | Completed


# ── What the engine is ───────────────────────────────────────────────────────────────────────────────────────────


class EngineKind(StrEnum):
    """Which server answers: they differ in how they tell their model, its context and its token counts."""

    LM_STUDIO = "lmstudio"
    LLAMA_SERVER = "llama-server"
    OLLAMA = "ollama"
    VLLM = "vllm"
    KOBOLDCPP = "koboldcpp"
    OPENAI = "openai"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelInfo:
    """A model as the engine describes it."""

    id: str
    engine: EngineKind
    loaded: bool | None = None
    """None where the engine does not say."""
    context_length: int | None = None
    """Tokens of the context that is loaded now, for one request; not what the model could do."""
    max_context_length: int | None = None
    slots: int | None = None
    """How many requests it answers side by side."""
    shared_context: bool = False
    """Whether the slots share one pool of context, and requests fail that fill it together (a unified KV cache)."""
    size_bytes: int | None = None
    builtin: bool = False
    """Whether this is the small model that ships with the package."""

    @property
    def pool(self) -> int | None:
        """Tokens of the context that the slots share; None where they share none, or it is not loaded."""
        return self.context_length if self.shared_context else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The part of the room that went into a prompt, counted."""

    tokens: int = 0
    budget: int = 0
    """Most tokens that the prompt may have: the loaded context less the reply and the margin."""
    context_length: int = 0
    counted: Literal["exact", "estimated"] = "estimated"
    margin: int = 0
    """Tokens kept free because the count is an estimate."""
    messages_in: int = 0
    messages_out: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Persona:
    """Who the assistant is in a room."""

    text: str = (
        "You are a friendly co-host in a live chat. Several viewers talk to you at once; each line starts with the "
        "viewer's name. Answer the newest lines in one or two short sentences of plain text, and call viewers by "
        "their names."
    )
    name: str = "Assistant"
    """What viewers call it."""
    accounts: tuple[str, ...] = ()
    """Its account names on the platform, by which viewers mention it too."""
    summaries: bool = True
    """Whether what falls out of the window is summarised."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """A room as it is now: the conversation that the model sees, and what is known about it."""

    room: str
    persona: Persona
    entries: tuple[Entry, ...]
    """The window, in conversation order."""
    summary: Summary | None
    topics: tuple[Topic, ...]
    mood: tuple[Mood, ...]
    """The room's emotes, the most used first."""
    window: Window
    policy: Mapping[str, Any]
    """The effective turn-taking policy."""
    messages: int
    """Messages in the room, those before the window included."""
    replies: int
    model: str
    created_at: float


# ── What is kept ──


class Unset(Enum):
    """The type of :data:`UNSET`, so that "leave it alone" and "there is none" are different things."""

    UNSET = "unset"


UNSET: Final = Unset.UNSET
"""Leave this alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A message that is on disk."""

    message: Message
    """With its position."""
    known: bool
    """Whether a message with this id was in the room already: then that one is given, and nothing was written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomRecord:
    """All that a room needs to go on where it was."""

    room: str
    persona: Persona | None
    policy: str | None
    """JSON, as it was saved."""
    cut: int
    """Position of the window's first message; 0 where nothing was trimmed yet."""
    summary: Summary | None
    entries: tuple[Entry, ...]
    """From the cut on, in the order of the conversation."""
    messages: int
    """How many messages are stored."""
    replies: int
    """How many replies are stored."""
    created_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Something remembered about a viewer, with its provenance."""

    speaker: str
    """Key of the viewer, as :func:`llm_service.people.person` makes it."""
    text: str
    """With the viewer as its subject: ``lives in Berlin``."""
    from_ids: tuple[str, ...]
    """Ids of the messages it was made from: forgetting one of them drops the note."""
    created_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class UserRecord:
    """Everything that is kept about one viewer of a room."""

    username: str
    usernames: tuple[str, ...] = ()
    """The names as displayed, as they were written."""
    user_ids: tuple[str, ...] = ()
    messages: tuple[Message, ...] = ()
    notes: tuple[Note, ...] = ()
    replies: tuple[Reply, ...] = ()
    """What the assistant answered to them."""
    first_seen: float | None = None
    last_seen: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """What is gone, so that memory, window and caches can follow the database."""

    rooms: tuple[str, ...] = ()
    message_ids: tuple[str, ...] = ()
    reply_ids: tuple[str, ...] = ()
    summaries_dropped: bool = False
    speakers: tuple[str, ...] = ()
    """Keys of the viewers whose messages these were, as :func:`llm_service.people.person` makes them."""

    @property
    def nothing(self) -> bool:
        """Whether nothing matched."""
        return not self.rooms

    def __add__(self, other: Forgotten) -> Forgotten:
        return Forgotten(
            rooms=_union(self.rooms, other.rooms),
            message_ids=self.message_ids + other.message_ids,
            reply_ids=self.reply_ids + other.reply_ids,
            summaries_dropped=self.summaries_dropped or other.summaries_dropped,
            speakers=_union(self.speakers, other.speakers),
        )


def _union(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(first + second))
