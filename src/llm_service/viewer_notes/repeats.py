"""Statements that nobody means: copypasta, and floods of statements."""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass, field

from llm_service.words import fold, split

REMEMBERED = 500
"""Lines with statements that are compared with the next ones."""
LONG = 8
"""Words from which on a text that a second person posts is copypasta."""
CROWD = 3
"""People from whom on a short text is a chorus."""
MOST = 4
"""Lines with statements of one viewer …"""
WITHIN = 60.0
"""… that are believed in so many seconds."""


@dataclass(slots=True)
class _Posted:
    people: set[str] = field(default_factory=set)
    first: str = ""


class Repeats:
    """What a room's viewers said about themselves lately. It holds hashes and keys, no words."""

    def __init__(self) -> None:
        self._texts: OrderedDict[int, _Posted] = OrderedDict()
        self._lately: OrderedDict[str, deque[float]] = OrderedDict()

    def is_own(self, line: str, who: str, *, at: float) -> bool:
        """Whether ``line``, with a statement in it, can be ``who``'s own and no more of it than one would say."""
        posted = self._posted(line)
        posted.people.add(who)
        posted.first = posted.first or who
        alone = len(posted.people) < (2 if _is_long(line) else CROWD)
        return alone and self._is_calm(who, at)

    def origin(self, line: str) -> str | None:
        """Who brought a long text that others have posted since: it is not their statement either."""
        posted = self._texts.get(_key(line))
        return posted.first if posted and len(posted.people) > 1 and _is_long(line) else None

    def _posted(self, line: str) -> _Posted:
        posted = self._texts.setdefault(_key(line), _Posted())
        self._texts.move_to_end(_key(line))
        if len(self._texts) > REMEMBERED:
            self._texts.popitem(last=False)
        return posted

    def _is_calm(self, who: str, at: float) -> bool:
        times = self._lately.setdefault(who, deque(maxlen=MOST))
        self._lately.move_to_end(who)
        if len(self._lately) > REMEMBERED:
            self._lately.popitem(last=False)
        calm = len(times) < MOST or at - times[0] >= WITHIN
        times.append(at)
        return calm


def _key(line: str) -> int:
    return hash(frozenset(split(fold(line))))


def _is_long(line: str) -> bool:
    return line.count(" ") + 1 >= LONG
