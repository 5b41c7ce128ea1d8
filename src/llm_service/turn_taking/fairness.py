"""Who is answered first: the heaviest lines, within two rules that no weight can break.

- Whoever is above their share, and was answered a moment ago, waits while others wait. The share is what those who wait
  had on average in the last minute, and one more. While several wait, a reply answers one line of each.
- Whoever was answered waits while somebody is left out who was waiting at that time already, and still is.

So nobody is served twice while others wait, a flood of lines gains its writer nothing, and in a quiet room the rules
bind nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import inf

from .waiting import Line

_MINUTE = 60.0

Served = Mapping[str, Sequence[float]]
"""When viewers were answered lately, in order."""


def pick(lines: Sequence[Line], served: Served, most: int, now: float, *, gap: float) -> list[Line]:
    """At most ``most`` of the lines, in the order of their weight, overdue ones before all others. A moment is ``gap``
    seconds. Costs as much as ``lines`` times ``most``."""
    greedy = _above_their_share(frozenset[str]().union(*(line.people for line in lines)), served, now, gap)
    modest = [line for line in lines if not line.people <= greedy]
    left = sorted(modest or lines, key=lambda line: (not line.overdue, -line.points, line.since))
    alone = len({line.people for line in left}) == 1
    answered = {viewer: times[-1] for viewer, times in served.items() if times}
    chosen: list[Line] = []
    while len(chosen) < most:
        unserved = sorted((line for line in left if _is_unserved(line, answered)), key=lambda line: line.since)
        line = next((line for line in left if not _must_wait(line, unserved, answered)), None)
        if line is None:
            break
        chosen.append(line)
        answered.update(dict.fromkeys(line.people, now))
        left = [other for other in left if other is not line and (alone or not other.people <= line.people)]
    return chosen


def _above_their_share(viewers: frozenset[str], served: Served, now: float, gap: float) -> frozenset[str]:
    """Those of the waiting viewers who had more replies than the others, the last one less than ``gap`` seconds ago."""
    had = {viewer: sum(at > now - _MINUTE for at in served.get(viewer, ())) for viewer in viewers}
    share = sum(had.values()) / max(1, len(had)) + 1
    return frozenset(viewer for viewer in viewers if had[viewer] > share and served[viewer][-1] > now - gap)


def _last_answered(line: Line, answered: Mapping[str, float]) -> float:
    """When everybody of this line had been answered; never if somebody was not."""
    return min(answered.get(person, -inf) for person in line.people)


def _is_unserved(line: Line, answered: Mapping[str, float]) -> bool:
    """Whether somebody was not answered since this line was written."""
    return any(answered.get(person, -inf) < line.since for person in line.people)


def _must_wait(line: Line, unserved: Iterable[Line], answered: Mapping[str, float]) -> bool:
    """Whether others waited already when everybody of this line had been answered, and still do."""
    last = _last_answered(line, answered)
    for other in unserved:  # in order of age
        if other.since > last:
            return False
        if not other.people <= line.people:
            return True
    return False
