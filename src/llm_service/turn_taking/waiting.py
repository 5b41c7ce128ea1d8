"""The lines that wait in a room: what is worth keeping of the pending messages, merged and weighed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log2
from types import MappingProxyType
from typing import Literal

from llm_service.types import Message

from .addressing import Addressed, addressed, is_for_somebody_else, is_question
from .crowd import Chorus, compress
from .policy import Policy
from .sending import WINDOW, mark
from .state import RoomState
from .viewers import listed, names_of

Reason = Literal["stale", "echo", "bot", "ignored", "command", "flood", "overflow", "repeat"]
"""Why a message does not wait any more: too old; the assistant's own words; another bot's; of a viewer whom the policy
ignores; a command for another bot; more lines than one viewer may have waiting; more than may wait in all; or its reply
would have repeated what was just said."""

Dropped = dict[Reason, list[str]]
"""Ids of what was dropped, by reason."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line that waits: one message, or several that say the same."""

    chorus: Chorus
    people: frozenset[str]
    called: bool
    """Whether somebody in it calls the assistant."""
    since: float
    """When its first message was sent."""
    points: float
    overdue: bool
    """Whether it calls and has waited for longer than the policy's bound."""
    raid: bool
    """Whether so many newcomers say it that it is a raid."""


@dataclass(frozen=True, slots=True)
class Room:
    """What a decision is about, besides the messages."""

    state: RoomState
    policy: Policy
    now: float
    names: tuple[str, ...]

    def limit(self, called: bool) -> float:
        """Seconds after which a message is stale."""
        return self.policy.mention_limit if called else self.policy.ambient_limit


def sift(room: Room, pending: Sequence[Message]) -> tuple[list[Line], Dropped]:
    """The lines that wait, and the messages that do not."""
    dropped: Dropped = defaultdict(list)
    calls: dict[str, Addressed] = {}
    waiting = []
    unwanted = _Unwanted.of(room)
    for message in pending:
        call = addressed(message, room.names, room.state.replies)
        reason = unwanted.reason(message) or _out_of_place(room, message, called=call is not None)
        if reason is not None:
            dropped[reason].append(message.id)
            continue
        waiting.append(message)
        if call is not None:
            calls[message.id] = call
    lines = [_line(room, chorus, calls) for chorus in compress(waiting)]
    return _within_bounds(lines, room.policy, dropped), dropped


@dataclass(frozen=True, slots=True)
class _Unwanted:
    """Whose lines are not answered, and which lines are the assistant's own."""

    writers: Mapping[str, Reason]
    said: frozenset[int]

    @classmethod
    def of(cls, room: Room) -> _Unwanted:
        policy, start = room.policy, room.now - WINDOW
        writers: dict[str, Reason] = dict.fromkeys(listed(policy.known_bots), "bot")
        writers.update(dict.fromkeys(listed(policy.ignored), "ignored"))
        writers.update(dict.fromkeys(listed(room.names), "echo"))
        return cls(writers, frozenset(message.mark for message in room.state.said if message.at > start))

    def reason(self, message: Message) -> Reason | None:
        for name in names_of(message):
            if name in self.writers:
                return self.writers[name]
        return "echo" if self.said and mark(message.text) in self.said else None


def _out_of_place(room: Room, message: Message, *, called: bool) -> Reason | None:
    if room.now - message.sent_at >= room.limit(called):
        return "stale"
    if not called and message.text.startswith(room.policy.command_prefixes):
        return "command"
    return None


def _line(room: Room, chorus: Chorus, calls: Mapping[str, Addressed]) -> Line:
    messages, people = chorus.messages, chorus.people
    called = any(message.id in calls for message in messages)
    since = messages[0].sent_at if len(messages) == 1 else min(message.sent_at for message in messages)
    raid = len(people) > 1 and _is_raid(room, messages)
    return Line(
        chorus=chorus,
        people=people,
        called=called,
        since=since,
        points=_points(room, messages, calls) + _crowd_points(room.policy, len(people), raid=raid),
        overdue=called and room.now - since >= room.policy.mention_bound,
        raid=raid,
    )


def _is_raid(room: Room, messages: Sequence[Message]) -> bool:
    return sum(message.id in room.state.newcomers for message in messages) >= room.policy.raid_people


def _points(room: Room, messages: Sequence[Message], calls: Mapping[str, Addressed]) -> float:
    return max([_personal_points(room, message, calls.get(message.id)) for message in messages])


def _crowd_points(policy: Policy, people: int, *, raid: bool) -> float:
    return policy.weight_crowd * log2(people) + policy.weight_raid * raid


def _personal_points(room: Room, message: Message, call: Addressed | None) -> float:
    policy = room.policy
    points = sum([policy.badges.get(badge, 0.0) for badge in message.badges]) if message.badges else 0.0
    points += policy.weight_question * is_question(message)
    points += policy.weight_first_time * (message.id in room.state.newcomers)
    if call is None:
        return points + policy.weight_elsewhere * is_for_somebody_else(message)
    return points + _CALLS[call] * (policy.weight_reply if call == "reply" else policy.weight_mention)


_CALLS: Mapping[Addressed, float] = MappingProxyType({"reply": 1.0, "mention": 1.0, "name": 0.0})
"""How much of its weight a call has: a name may merely be talked about."""


def _within_bounds(lines: Sequence[Line], policy: Policy, dropped: Dropped) -> list[Line]:
    """The lines without those that exceed what may wait, of one viewer and in all: calls stay before others, new before
    old."""
    taken: dict[frozenset[str], int] = defaultdict(int)
    kept: set[int] = set()
    for place in sorted(range(len(lines)), key=lambda place: (lines[place].called, place), reverse=True):
        people = lines[place].people
        taken[people] += 1
        if len(people) == 1 and taken[people] > policy.most_per_viewer:
            dropped["flood"].extend(lines[place].chorus.ids)
        elif len(kept) >= policy.most_waiting:
            dropped["overflow"].extend(lines[place].chorus.ids)
        else:
            kept.add(place)
    return [lines[place] for place in sorted(kept)]
