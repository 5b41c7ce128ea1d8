"""What becomes of a reply that is being generated when the room moves on."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from llm_service.types import Message

from .addressing import addressed
from .decision import Decision
from .policy import Policy
from .viewers import listed, names_of

Fate = Literal["go on", "redo", "stop"]
"""Of a running reply: unharmed; some of what it answers is gone, so it is made anew; all of it is."""


def urgent_over(
    running: Decision, message: Message, policy: Policy, *, bot_names: tuple[str, ...], replies: Collection[str] = ()
) -> str | None:
    """Why a new message is worth cutting off the running reply, in words; None where it is not.

    A call cuts off a reply that nobody called for, if the policy says ``interrupt``; never one that answers a call.
    ``replies`` are the ids of the latest replies, as in the room's state.
    """
    if running.urgency not in ("ambient", "raid") or not policy.interrupt:
        return None
    if not listed(policy.ignored + policy.known_bots + bot_names).isdisjoint(names_of(message)):
        return None
    if addressed(message, bot_names, replies) is None:
        return None
    return "somebody called while a reply was under way that nobody had called for"


def after_forgetting(running: Decision, forgotten: Collection[str]) -> Fate:
    """What to do with the running reply now that the messages with these ids are gone."""
    left = [id_ for id_ in running.answers if id_ not in forgotten]
    if len(left) == len(running.answers):
        return "go on"
    return "redo" if left else "stop"
