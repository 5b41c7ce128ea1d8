"""The decision itself: whether to reply now, to whom, and why. A pure function; the same input, the same decision.

::

    pending ─▶ waiting ──────▶ verdict ──────▶ fairness ─▶ Decision
               drop the stale,  gap, budgets,   whose turn
               merge repeats,   mute, pause     it is
               weigh

Two kinds of lines wait. A *call* names the assistant, mentions it or replies to it on the platform; it is answered as
soon as the gap allows, together with others that call. Everything else is *ambient*: it is answered only where nobody
calls and the ambient budget has room. A raid is ambient, but does not wait for that budget.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from types import MappingProxyType
from typing import Any

from llm_service.types import Message

from .fairness import pick
from .policy import Policy
from .sending import wait_to_send
from .state import RoomState, Urgency
from .waiting import Dropped, Line, Reason, Room, sift

_MINUTE = 60.0
_LEAST_WAIT = 0.01
"""Seconds; keeps rounding from asking again at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What to do with the messages that wait; each is in one of ``answers``, ``skipped``, ``dropped`` and ``kept``."""

    speak: bool
    why: str
    """In words, without anybody's name or text."""
    urgency: Urgency = "none"
    answers: tuple[str, ...] = ()
    """Ids of what the reply answers."""
    merged: tuple[str, ...] = ()
    """Those of ``answers`` that repeat another of them."""
    viewers: frozenset[str] = frozenset()
    """Who is answered, by `viewer_of`."""
    skipped: tuple[str, ...] = ()
    """Passed over: their writers are answered on another line."""
    dropped: Mapping[Reason, tuple[str, ...]] = field(default_factory=dict, hash=False)
    kept: tuple[str, ...] = ()
    """What goes on waiting."""
    wait: float | None = None
    """Seconds after which to decide again if no message arrives before; None where nothing waits."""

    def to_json(self) -> dict[str, Any]:
        """For a dry run, in plain JSON types: what was dropped and merged as counts."""
        return {
            "speak": self.speak,
            "why": self.why,
            "urgency": self.urgency,
            "answers": list(self.answers),
            "merged": len(self.merged),
            "skipped": list(self.skipped),
            "dropped": {reason: len(ids) for reason, ids in self.dropped.items()},
            "kept": list(self.kept),
            "wait": self.wait,
        }


def decide(
    pending: Sequence[Message], state: RoomState, policy: Policy, now: float, *, bot_names: tuple[str, ...]
) -> Decision:
    """Whether to reply to ``pending``, in order of arrival, at ``now`` (Unix time), and to whom.

    ``bot_names`` are the names by which viewers call the assistant, its account on the platform among them. The caller
    takes out of ``pending`` what was answered, skipped or dropped.
    """
    room = Room(state, policy, now, bot_names)
    lines, dropped = sift(room, pending)
    verdict = _verdict(room, lines)
    chosen = pick(verdict.lines, state.served, verdict.most, now, gap=policy.viewer_gap)
    return _decision(room, lines, chosen, verdict, dropped)


@dataclass(frozen=True, slots=True)
class _Verdict:
    """Which lines may be answered now, how many of them, and in words why these or why none."""

    why: str
    lines: Sequence[Line] = ()
    most: int = 0
    wait: float = inf
    """Seconds until that changes by itself."""


def _verdict(room: Room, lines: Sequence[Line]) -> _Verdict:
    silent = room.policy.silent_until(room.now)
    if silent is not None:
        return _Verdict("paused" if silent == inf else "muted for now", wait=silent - room.now)
    if not lines:
        return _Verdict("nothing waits")
    budget = wait_to_send(room.state.said, room.policy.send_budget, room.now, messages=room.policy.most_messages)
    if budget > 0:
        return _Verdict("the platform's send budget is used up", wait=budget)
    if calls := [line for line in lines if line.called]:
        return _verdict_on_calls(room, calls)
    if raids := [line for line in lines if line.raid and _rest(room.state.raid_at, room.policy.raid_gap, room) == 0]:
        return _verdict_on_raids(room, raids)
    return _verdict_on_ambient(room, lines)


def _verdict_on_calls(room: Room, calls: Sequence[Line]) -> _Verdict:
    overdue = sum(line.overdue for line in calls)
    gap = _gap(room)
    if gap > 0 and not overdue:
        bound = min(line.since for line in calls) + room.policy.mention_bound - room.now
        return _Verdict("somebody called, but the last reply was a moment ago", wait=min(gap, bound))
    why = f"{_some(len(calls), 'call')} waiting" + (f", {overdue} overdue" if overdue else "")
    return _Verdict(why, calls, room.policy.most_answers)


def _verdict_on_raids(room: Room, raids: Sequence[Line]) -> _Verdict:
    if (gap := _gap(room)) > 0:
        return _Verdict("a raid came, but the last reply was a moment ago", wait=gap)
    return _Verdict("a raid came", raids, room.policy.ambient_answers)


def _verdict_on_ambient(room: Room, lines: Sequence[Line]) -> _Verdict:
    wait, why = max(_ambient_waits(room))
    if wait > 0:
        return _Verdict(why, wait=wait)
    heavy = [line for line in lines if line.points >= room.policy.ambient_threshold]
    if not heavy:
        return _Verdict("nobody called, and no line weighs enough")
    return _Verdict("nobody called, and the ambient budget has room", heavy, room.policy.ambient_answers)


def _ambient_waits(room: Room) -> list[tuple[float, str]]:
    """Seconds until each limit on replies that nobody called for allows one, with the limit in words."""
    policy, times = room.policy, room.state.ambient_at
    enough = room.state.heard_since_ambient * policy.ambient_share >= 1 - 1e-9
    last = times[-1] if times else None
    most = policy.ambient_per_minute
    oldest = times[-most] if 0 < most <= len(times) else None
    return [
        (_gap(room), "the last reply was a moment ago"),
        (_rest(last, policy.ambient_gap, room), "nobody called, and the last such reply is too recent"),
        (_rest(oldest, _MINUTE, room) if most else inf, "nobody called, and this minute had its replies"),
        (0.0 if enough else inf, "nobody called, and too little was written since the last such reply"),
    ]


def _gap(room: Room) -> float:
    """Seconds that are left of the gap between two replies."""
    return _rest(room.state.replied_at, room.policy.gap, room)


def _rest(since: float | None, seconds: float, room: Room) -> float:
    """What is left of so many seconds since then."""
    return 0.0 if since is None else max(0.0, since + seconds - room.now)


def _decision(
    room: Room, lines: Sequence[Line], chosen: Sequence[Line], verdict: _Verdict, dropped: Dropped
) -> Decision:
    answered = frozenset[str]().union(*(line.people for line in chosen))
    taken = set(map(id, chosen))
    left = [line for line in lines if id(line) not in taken]
    skipped = [line for line in left if not line.called and line.people <= answered]
    kept = [line for line in left if line.called or not line.people <= answered]
    return Decision(
        speak=bool(chosen),
        why=_in_words(verdict, chosen, answered),
        urgency=_urgency(chosen),
        answers=_ids(chosen),
        merged=tuple(id_ for line in chosen for id_ in line.chorus.ids[1:]),
        viewers=answered,
        skipped=_ids(skipped),
        dropped=MappingProxyType({reason: tuple(ids) for reason, ids in dropped.items()}),
        kept=_ids(kept),
        wait=_wait(room, kept, verdict.wait),
    )


def _urgency(chosen: Sequence[Line]) -> Urgency:
    if not chosen:
        return "none"
    if not chosen[0].called:
        return "raid" if chosen[0].raid else "ambient"
    return "overdue" if any(line.overdue for line in chosen) else "called"


def _in_words(verdict: _Verdict, chosen: Sequence[Line], answered: frozenset[str]) -> str:
    if not chosen:
        return verdict.why
    return f"{verdict.why}: answers {_some(len(chosen), 'line')} of {_some(len(answered), 'viewer')}"


def _wait(room: Room, kept: Sequence[Line], until: float) -> float | None:
    """Until the verdict changes or the next of what is kept grows stale, whichever is first."""
    if not kept:
        return None
    stale = min(line.since + room.limit(line.called) - room.now for line in kept)
    return max(_LEAST_WAIT, min(stale, until))


def _ids(lines: Iterable[Line]) -> tuple[str, ...]:
    return tuple(id_ for line in lines for id_ in line.chorus.ids)


def _some(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
