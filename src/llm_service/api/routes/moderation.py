"""What moderators and streamers do: forget, look up, and say how the assistant behaves."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response

from llm_service.api.behaviour_bodies import (
    EmotesBody,
    EmotesChange,
    PersonaBody,
    PolicyBody,
    PolicyChanges,
    persona_json,
)
from llm_service.api.bodies import Id
from llm_service.api.room_bodies import ForgottenBody, UserBody, forgotten_json, user_json

from .dependencies import READ, RoomDep, ServiceDep, json_response, problem_responses

MISSING = READ | problem_responses(404)
Username = Annotated[str, Path(min_length=1, max_length=50, description="The viewer's name, in any capitalisation.")]
UserId = Annotated[Id | None, Query(description="The platform's id: forgets or shows the viewer under every name.")]


def add_moderation(router: APIRouter) -> None:
    """``/messages/{id}`` and ``/users/{username}``."""

    @router.delete("/messages/{message_id}", response_model=ForgottenBody, responses=MISSING, summary="Forget a line")
    async def forget_message(message_id: Annotated[Id, Path()], room: RoomDep, found: ServiceDep) -> Response:
        """Forget one message or reply everywhere: window, queue, running reply, summaries, index, caches, disk."""
        return json_response(forgotten_json(room, await found.dialogues.forget_message(message_id, room=room)))

    @router.delete("/users/{username}", response_model=ForgottenBody, responses=MISSING, summary="Forget a viewer")
    async def forget_user(username: Username, room: RoomDep, found: ServiceDep, user_id: UserId = None) -> Response:
        """Forget everything that a viewer said, and everything that was made from it."""
        gone = await found.dialogues.forget_user(username, user_id=user_id, room=room)
        return json_response(forgotten_json(room, gone))

    @router.get("/users/{username}", response_model=UserBody, responses=READ, summary="All that is known of a viewer")
    async def user(username: Username, room: RoomDep, found: ServiceDep, user_id: UserId = None) -> Response:
        """Messages, notes, replies: what forgetting the viewer would remove."""
        return json_response(user_json(room, await found.dialogues.user(username, user_id=user_id, room=room)))


def add_behaviour(router: APIRouter) -> None:
    """``/persona``, ``/emotes`` and ``/policy``."""

    @router.get("/persona", response_model=PersonaBody, responses=READ, summary="Who the assistant is here")
    async def persona(room: RoomDep, found: ServiceDep) -> Response:
        """The system prompt of the room, and what viewers call the assistant."""
        return json_response(persona_json((await found.dialogues.context(room=room)).persona))

    @router.put("/persona", response_model=PersonaBody, responses=READ, summary="Change who the assistant is here")
    async def set_persona(body: PersonaBody, room: RoomDep, found: ServiceDep) -> Response:
        """Replaces it; takes effect with the next turn."""
        await found.dialogues.set_persona(body.persona(), room=room)
        return json_response(persona_json(body.persona()))

    @router.get("/emotes", response_model=EmotesBody, responses=READ, summary="The emotes that the room has loaded")
    async def emotes(room: RoomDep, found: ServiceDep) -> Response:
        """Code → `{"meaning", "usable"}`."""
        return json_response((await found.dialogues.room(room)).known_emotes.to_json())

    @router.put("/emotes", response_model=EmotesBody, responses=READ, summary="Load the room's emotes")
    async def set_emotes(body: EmotesChange, room: RoomDep, found: ServiceDep) -> Response:
        """Replaces them. A code's value is its meaning, or `{"meaning": "laughter", "usable": false}`.

        The model is told what they mean, and replies use only the usable ones, exactly spelled.
        """
        return json_response((await found.dialogues.set_emotes(body.root, room=room)).to_json())

    @router.get("/policy", response_model=PolicyBody, responses=READ, summary="When the assistant speaks, and to whom")
    async def policy(room: RoomDep, found: ServiceDep) -> Response:
        """Every knob with its value."""
        return json_response(dict((await found.dialogues.context(room=room)).policy))

    @router.put("/policy", response_model=PolicyBody, responses=READ, summary="Change when the assistant speaks")
    async def set_policy(body: PolicyChanges, room: RoomDep, found: ServiceDep) -> Response:
        """Changes the knobs that are named and leaves the others; takes effect at once, whatever waits.

        `{"paused": true}` is silence until `{"paused": false}`; `{"mode": "auto"}` lets the room take turns by itself.
        """
        return json_response((await found.dialogues.set_policy(body.root, room=room)).to_json())
