"""Which turns stay when they do not all fit: a large step now, so that the next turns only append.

With a retention of r, a full window is cut to r of its size and then grows again. The engine reads it anew once a cut,
which is n / (1 - r) tokens a turn for n new ones; a window that slides by one message is read anew every turn.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate

from .conversation import Lines, Turn, say

Fill = Callable[[Sequence[Turn]], float]
"""Which share of the room in the prompt these turns fill; above 1 they do not fit."""


def trim(turns: Sequence[Turn], fill: Fill, *, full: float, retention: float, lines: Lines) -> Sequence[Turn]:
    """All of the turns while they fill at most ``full`` of the room, else the newest ones within ``retention`` of it.

    The cut is between turns. Only where the last turn alone does not fit, its oldest messages go as well; the newest
    message always stays.
    """
    if not turns or (filled := fill(turns)) <= full:
        return turns
    start = _first(lambda at: fill(turns[at:]) <= retention, len(turns), near=_by_length(turns, retention / filled))
    kept = turns[min(start, len(turns) - 1) :]
    return kept if fill(kept) <= 1 else (_shorten(kept[-1], fill, retention, lines),)


def _by_length(turns: Sequence[Turn], share: float) -> int:
    """Where the newest turns begin that have this share of the text: next to where those begin that have it of the
    tokens, most often."""
    lengths = list(accumulate([turn.length for turn in reversed(turns)]))
    return len(turns) - bisect_right(lengths, share * lengths[-1])


def _first(holds: Callable[[int], bool], end: int, *, near: int) -> int:
    """The first number from 1 on for which it ``holds``, as it does for all after it; ``end`` if there is none. To ask
    is dear, so the numbers around ``near`` come first."""
    low, high = 1, end
    for number in (near, near - 1, near + 1):
        if low <= number < high:
            low, high = (low, number) if holds(number) else (number + 1, high)
    return bisect_left(range(end), True, low, high, key=holds)


def newest_alone(turns: Sequence[Turn], lines: Lines) -> tuple[Turn, ...]:
    """The newest message, unanswered: the least that a prompt must hold; nothing if there are no turns."""
    return tuple(_without(turn, len(turn.messages) - 1, lines) for turn in turns[-1:])


def _shorten(turn: Turn, fill: Fill, retention: float, lines: Lines) -> Turn:
    fewer = range(1, len(turn.messages))
    drop = bisect_left(fewer, True, key=lambda oldest: fill([_without(turn, oldest, lines)]) <= retention) + 1
    return _without(turn, min(drop, len(turn.messages) - 1), lines)


def _without(turn: Turn, oldest: int, lines: Lines) -> Turn:
    messages = turn.messages[oldest:]
    return Turn(messages, say(messages, lines))
