"""Who is answered first: the heaviest lines, within one rule that no weight can break.

Whoever has been answered waits while somebody is left out who was waiting at that time already, and still is. So nobody
is served twice while others wait, a flood of lines gains its writer nothing, and in a quiet room the rule binds nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import inf

from .waiting import Line


def pick(lines: Sequence[Line], served: Mapping[str, float], most: int, now: float) -> list[Line]:
    """At most ``most`` of the lines, in the order of their weight, overdue ones before all others; ``served`` says when
    viewers were last answered. Costs as much as ``lines`` times ``most``."""
    answered = dict(served)
    left = sorted(lines, key=lambda line: (not line.overdue, -line.points, line.since))
    chosen: list[Line] = []
    while len(chosen) < most:
        unserved = sorted((line for line in left if _is_unserved(line, answered)), key=lambda line: line.since)
        line = next((line for line in left if not _must_wait(line, unserved, answered)), None)
        if line is None:
            break
        chosen.append(line)
        left.remove(line)
        answered.update(dict.fromkeys(line.people, now))
    return chosen


def _is_unserved(line: Line, answered: Mapping[str, float]) -> bool:
    """Whether somebody was not answered since this line was written."""
    return any(answered.get(person, -inf) < line.since for person in line.people)


def _must_wait(line: Line, unserved: Iterable[Line], answered: Mapping[str, float]) -> bool:
    """Whether others waited already when everybody of this line had been answered, and still do."""
    last = min(answered.get(person, -inf) for person in line.people)
    for other in unserved:  # in order of age
        if other.since > last:
            return False
        if not other.people <= line.people:
            return True
    return False
