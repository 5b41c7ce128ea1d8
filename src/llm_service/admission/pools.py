"""The context that an engine's slots share, and how much of it the requests in flight may take.

LM Studio and llama-server with a unified KV cache serve all slots of a model from one pool of tokens. Where requests
fill it together, all of them fail, also those that would have fitted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf


@dataclass(frozen=True, slots=True)
class Weight:
    """The tokens that a request may take of its model's context: those of its prompt, and the most it may write."""

    model: str = ""
    tokens: int = 0


NOTHING = Weight()
"""What a request weighs that shares its context with nobody."""


class Pools:
    """The shared context of every model that has one. A model that has none has room for everybody."""

    def __init__(self) -> None:
        self._sizes: Mapping[str, int] = {}
        self._taken: dict[str, int] = {}

    @property
    def taken(self) -> int:
        """Tokens that the requests in flight may take together."""
        return sum(self._taken.values())

    def resize(self, sizes: Mapping[str, int]) -> None:
        """These are the pools now, in tokens, by their models."""
        self._sizes = sizes

    def have_room(self, weight: Weight) -> bool:
        """Whether so much fits beside what is in flight. Who is alone has room, or would wait for ever."""
        taken = self._taken.get(weight.model, 0)
        return not taken or taken + weight.tokens <= self._sizes.get(weight.model, inf)

    def take(self, weight: Weight) -> None:
        """A request of this weight begins."""
        self._taken[weight.model] = self._taken.get(weight.model, 0) + weight.tokens

    def give_back(self, weight: Weight) -> None:
        """It is over."""
        left = self._taken.pop(weight.model, 0) - weight.tokens
        if left:
            self._taken[weight.model] = left
