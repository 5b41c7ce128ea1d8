"""What a platform lets an account send: so many messages in half a minute, and not the same one twice.

Twitch mutes an account for half an hour that sends more than 20 messages in 30 s (100 where it moderates), and refuses
a message that is identical to one sent within 30 s. Its buckets are refilled on a schedule that nobody sees, so the
only safe count is a sliding one (https://dev.twitch.tv/docs/chat/#rate-limits).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

WINDOW = 30.0
"""Seconds over which a send budget is counted."""


@dataclass(frozen=True, slots=True)
class Said:
    """A message that was sent: when, and a `mark` by which the same text is known again."""

    at: float
    mark: int

    @classmethod
    def now(cls, text: str, at: float) -> Said:
        """``text``, sent at ``at``."""
        return cls(at, mark(text))


def mark(text: str) -> int:
    """One value for every spelling of a text that a platform takes for the same: without case and extra blanks. It does
    not tell the text, and means nothing in another process."""
    return hash(" ".join(text.casefold().split()))


def wait_to_send(said: Sequence[Said], budget: int, now: float, *, messages: int = 1) -> float:
    """Seconds until ``messages`` more may be sent, 0 if at once; ``said`` is in order of time.

    More messages than the whole budget count as the budget: they may go when it is untouched.
    """
    sent = [message.at for message in said if message.at > now - WINDOW]
    excess = len(sent) + min(messages, budget) - budget
    return max(0.0, sent[excess - 1] + WINDOW - now) if excess > 0 else 0.0


def is_repeat(text: str, said: Iterable[Said], now: float, *, within: float = WINDOW) -> bool:
    """Whether the same text was sent within the last ``within`` seconds."""
    wanted = mark(text)
    return any(message.mark == wanted and message.at > now - within for message in said)
