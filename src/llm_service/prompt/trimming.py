"""Which turns stay when they do not all fit: a large step now, so that the next turns only append.

With a retention of r, a full window is cut to r of its size and then grows again. The engine reads it anew once a cut,
which is n / (1 - r) tokens a turn for n new ones; a window that slides by one message is read anew every turn.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence

from .conversation import Lines, Turn, say

Fill = Callable[[Sequence[Turn]], float]
"""Which share of the room in the prompt these turns fill; above 1 they do not fit."""


def trim(turns: Sequence[Turn], fill: Fill, *, full: float, retention: float, lines: Lines) -> Sequence[Turn]:
    """All of the turns while they fill at most ``full`` of the room, else the newest ones within ``retention`` of it.

    The cut is between turns. Only where the last turn alone does not fit, its oldest messages go as well; the newest
    message always stays.
    """
    if not turns or fill(turns) <= full:
        return turns
    later = range(1, len(turns))
    start = bisect_left(later, True, key=lambda at: fill(turns[at:]) <= retention) + 1
    kept = turns[min(start, len(turns) - 1) :]
    return kept if fill(kept) <= 1 else (_shorten(kept[-1], fill, retention, lines),)


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
