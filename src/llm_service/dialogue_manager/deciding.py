"""Deciding: which messages wait for a turn, whether to speak to them, and what is let go of.

What is decided is up to :mod:`llm_service.turn_taking`; here it is carried out in a room.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from itertools import chain
from typing import Protocol

from llm_service.turn_taking import Decision, addressed, decide, urgent_over
from llm_service.types import Message

from .counters import DialogueCounters
from .room import Room


class Heard(Protocol):
    """Who may take a turn of a room when something new waits there."""

    def __call__(self, room: Room, *, called: bool) -> None:
        """Something does, and perhaps calls the assistant."""


class Deciding:
    """The messages that wait in rooms."""

    def __init__(self, counters: DialogueCounters, clock: Callable[[], float], heard: Heard) -> None:
        self._counters = counters
        self._clock = clock
        self._heard = heard

    def let_wait(self, room: Room, messages: Sequence[Message]) -> None:
        """Let messages wait for a turn, and tell those who may want to act on them now."""
        if not messages:
            return
        for message in messages:
            room.wait_for_turn(message)
        called = _calls(room, messages)
        self._heard(room, called=bool(called))
        for message in called:
            _interrupt(room, message)
        if len(room.pending) > 2 * room.policy.most_waiting:
            self._relieve(room)

    def put_back(self, room: Room, message_ids: Collection[str]) -> None:
        """Let what is still there of these messages wait again: their reply came to nothing."""
        for entry in room.entries:
            if isinstance(entry, Message) and entry.id in message_ids:
                room.wait_for_turn(entry)
        self._heard(room, called=True)

    def decide(self, room: Room) -> Decision:
        """Whether to speak now, and to whom."""
        pending = list(room.pending.values())
        return decide(pending, room.ledger.state(pending), room.policy, self._clock(), bot_names=room.bot_names)

    def settle(self, room: Room, decision: Decision) -> None:
        """Let go of what the decision drops and passes over, and tell it to those who follow."""
        self._counters.decided(decision)
        for message_id in chain(decision.skipped, *decision.dropped.values()):
            room.pending.pop(message_id, None)
        if decision.speak or decision.skipped or decision.dropped:
            room.events.publish("decision", decision)

    def skip(self, room: Room) -> int:
        """Drop the turns that run, and let go of what they had chosen to answer; returns how many there were."""
        running = list(room.turns)
        for turn in running:
            turn.drop("The reply was skipped.")
            if turn.decision is not None:
                self.settle(room, Decision(speak=False, why="the reply was skipped", skipped=turn.decision.answers))
        return len(running)

    def _relieve(self, room: Room) -> None:
        """Let go of half of what waits, as nobody may ever ask for a turn: the oldest first, calls last."""
        waiting = list(room.pending.values())
        calls = {message.id for message in _calls(room, waiting)}
        waiting.sort(key=lambda message: message.id in calls)
        over = [message.id for message in waiting[: -room.policy.most_waiting]]
        self.settle(room, Decision(speak=False, why="too many wait", dropped={"overflow": tuple(over)}))


def _calls(room: Room, messages: Sequence[Message]) -> list[Message]:
    """Those that call the assistant."""
    names, replies = room.bot_names, room.ledger.replies
    return [message for message in messages if addressed(message, names, replies) is not None]


def _interrupt(room: Room, message: Message) -> None:
    """Cut off a reply that nobody called for, where this message is worth it."""
    for turn in room.turns:
        if turn.decision is None:
            continue
        why = urgent_over(turn.decision, message, room.policy, bot_names=room.bot_names, replies=room.ledger.replies)
        if why is not None:
            turn.drop(f"The reply was cut off: {why}.")
