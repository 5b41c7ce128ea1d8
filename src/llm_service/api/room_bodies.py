"""Bodies about a room as a whole: what was taken in, decided, forgotten, what is known of a viewer, what happened."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from llm_service.dialogue_manager import RoomEvent
from llm_service.errors import LLMServiceError
from llm_service.topic_tracker import TopicChange
from llm_service.turn_taking import Decision
from llm_service.types import Delta, Forgotten, Ingested, Message, Reply, UserRecord

from .bodies import ChatReply, ContextMessage, entry_json, reply_json


class IngestedBody(BaseModel):
    """What became of one line."""

    id: str
    status: str = Field(description="`accepted`, `known` or `invalid`.")
    code: str | None = Field(None, description="Why it is invalid.")


class DecisionBody(BaseModel):
    """Whether to speak, to whom, and why."""

    speak: bool
    why: str = Field(description="In words, without anybody's name or text.")
    urgency: str
    answers: list[str] = Field(description="Ids of the messages that the reply answers.")
    merged: int = Field(description="How many of them repeat another.")
    skipped: list[str] = Field(description="Ids that were passed over: their writers are answered on another line.")
    dropped: dict[str, int] = Field(description="How many were dropped, by reason.")
    kept: list[str] = Field(description="Ids that go on waiting.")
    wait: float | None = Field(description="Seconds after which to decide again if nothing arrives before.")


class TurnBody(BaseModel):
    """A turn: what was decided, and the reply if there is one."""

    decision: DecisionBody
    reply: ChatReply | None


class SkippedBody(BaseModel):
    """How many replies were cut off."""

    room: str
    skipped: int


class ForgottenBody(BaseModel):
    """What is gone."""

    room: str
    messages: int
    replies: int
    summary_dropped: bool


class NoteBody(BaseModel):
    """Something remembered about a viewer."""

    text: str
    from_ids: list[str]
    created_at: float


class UserBody(BaseModel):
    """Everything that is kept about a viewer of a room."""

    room: str
    username: str
    usernames: list[str]
    user_ids: list[str]
    messages: list[ContextMessage]
    replies: list[ContextMessage]
    notes: list[NoteBody]
    first_seen: float | None
    last_seen: float | None


def ingested_json(one: Ingested) -> dict[str, Any]:
    """What became of one line, as JSON."""
    status = "invalid" if one.message is None else "known" if one.known else "accepted"
    code = one.problem.code if isinstance(one.problem, LLMServiceError) else None
    return {"id": one.id, "status": status, "code": code}


def turn_json(decision: Decision | None, reply: Reply | None) -> dict[str, Any]:
    """A turn as JSON."""
    return {
        "decision": decision.to_json() if decision else None,
        "reply": reply_json(reply) if reply else None,
    }


def forgotten_json(room: str, gone: Forgotten) -> dict[str, Any]:
    """What is gone, as JSON."""
    return {
        "room": room,
        "messages": len(gone.message_ids),
        "replies": len(gone.reply_ids),
        "summary_dropped": gone.summaries_dropped,
    }


def user_json(room: str, record: UserRecord) -> dict[str, Any]:
    """What is kept about a viewer, as JSON."""
    return {
        "room": room,
        "username": record.username,
        "usernames": list(record.usernames),
        "user_ids": list(record.user_ids),
        "messages": [entry_json(message) for message in record.messages],
        "replies": [entry_json(reply) for reply in record.replies],
        "notes": [
            {"text": note.text, "from_ids": list(note.from_ids), "created_at": note.created_at} for note in record.notes
        ],
        "first_seen": record.first_seen,
        "last_seen": record.last_seen,
    }


def event_json(event: RoomEvent) -> dict[str, Any]:
    """The data of an event, as JSON; every kind also says when."""
    match event.value:
        case Message() as message:
            data = entry_json(message)
        case Reply() as reply:
            data = reply_json(reply) | {"answers": list(reply.answers)}
        case Delta(text=text):
            data = {"text": text}
        case Decision() as decision:
            data = decision.to_json()
        case TopicChange() as change:
            data = {"kind": change.kind, "label": change.label, "since": change.since, "since_id": change.since_id}
        case Forgotten() as gone:
            data = {"message_ids": list(gone.message_ids), "reply_ids": list(gone.reply_ids)}
        case other:
            data = dict(other or {})
    return data | {"at": event.at}
