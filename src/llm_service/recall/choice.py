"""Which of the recalled messages go into the prompt."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from llm_service.people import person
from llm_service.types import Message, Recalled

LEAST = 0.6
"""Score below which a message is not worth a place. Chosen on two conversations of LoCoMo: questions about one of them
brought back three lines of the other without it, and one with it, at the price of half a point of recall@4."""


def choose(
    recalled: Iterable[Recalled],
    *,
    budget_tokens: int,
    count: Callable[[Message], int],
    window_ids: Collection[str] = (),
    most: int = 8,
    least: float = LEAST,
) -> tuple[Recalled, ...]:
    """The best of ``recalled`` that fit ``budget_tokens`` together, at most ``most`` and none with a score under
    ``least``, in the order they were said.

    ``recalled`` comes best first; ``count`` says how many tokens a message takes as the prompt will show it. What is
    in the window is never repeated, nor what the same person said in the same words; a message that does not fit
    makes room for the next one that does. Each is a whole message with its own speaker: nothing is cut or merged, so
    nobody's words become another's.
    """
    chosen: list[Recalled] = []
    said: set[tuple[str, str]] = set()
    left = budget_tokens
    for one in recalled:
        message = one.message
        words = (person(message.username, message.user_id), message.line.casefold())
        if len(chosen) == most or left <= 0 or one.score < least:
            break
        if message.id in window_ids or words in said or (cost := count(message)) > left:
            continue
        left -= cost
        said.add(words)
        chosen.append(one)
    return tuple(sorted(chosen, key=lambda one: (one.message.position, one.message.sent_at, one.message.id)))
