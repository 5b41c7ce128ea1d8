"""Token counts that learn from every answer."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, sqrt
from operator import mul
from typing import Literal

from llm_service.errors import ContextOverflow
from llm_service.types import PromptMessage

from .features import FEATURES, Counts, features
from .prior import COSTS, KINSHIP, NOISE

Vector = list[float]

TEMPLATE, MESSAGE = FEATURES.index("template"), FEATURES.index("message")

CAUTION = 4.0
"""Standard deviations of the estimate that are always kept free."""

FIRST_CAUTION = 5.0
"""The same before the model has been seen at work for a while."""

ERROR_SPARE = 1.5
"""How much worse than the worst error of late the next one may be."""

OVERFLOW_STEP = 1.1
"""How much longer than estimated, or than the context, a prompt counts that an engine refused without a figure."""

REMEMBERED_PROMPTS = 32
REMEMBERED_LINES = 8192
REMEMBERED_ERRORS = 64
"""Bounds of what an estimator keeps in memory."""


@dataclass(frozen=True, slots=True)
class _Line:
    counts: Counts
    size: float
    """Tokens by the prior: what it weighs when prompts are compared."""


@dataclass(frozen=True, slots=True)
class _Measured:
    """A prompt as the estimator sees it."""

    features: Vector
    sizes: Mapping[int, float]
    """Its lines, by hash, so that no text stays behind here when it is forgotten."""
    size: float


@dataclass(frozen=True, slots=True)
class _Step:
    """From what the engine has told to a prompt: tokens = base + weights · change, give or take the noise."""

    change: Vector
    base: float
    noise: float
    """Variance of what the features do not explain."""


class TokenEstimator:
    """Estimates the tokens of prompts for one model, and corrects itself by what the engine reports.

    A linear model of ``FEATURES`` with non-negative weights, learned by recursive least squares from the ``prior``.
    What it leaves unexplained comes back in the next prompt of the room, which shares most lines with the last: so the
    error made on the seen prompt that shares the most is carried over, in proportion to what is shared (a Gaussian
    process whose noise belongs to the lines). A turn that only appends is off by no more than its new lines are.

    An estimate costs O(lines), memory is bounded, and no text is kept.
    """

    counted: Literal["estimated"] = "estimated"

    def __init__(self) -> None:
        self._weights = [cost.mean for cost in COSTS]
        self._doubt = [
            [a.thrift * b.thrift + (a.own**2 if row == column else 0.0) for column, b in enumerate(COSTS)]
            for row, a in enumerate(COSTS)
        ]
        self._errors = deque([FIRST_CAUTION], maxlen=REMEMBERED_ERRORS)
        self._lines: dict[int, _Line] = {}
        self._seen: deque[tuple[_Measured, int]] = deque(maxlen=REMEMBERED_PROMPTS)

    def estimate(self, messages: Sequence[PromptMessage]) -> float:
        """Tokens that a prompt of these messages probably has, with all that the chat template adds."""
        return self._tokens(self._step(self._measure(messages)))

    def margin(self, messages: Sequence[PromptMessage]) -> int:
        """Tokens to keep free beside the estimate: how many more there may plausibly be, by what is known about such
        text and by the errors made of late."""
        return ceil(max((CAUTION, *self._errors)) * self._deviation(self._step(self._measure(messages))))

    def observe(self, messages: Sequence[PromptMessage], tokens: int) -> None:
        """Learn that the engine counted so many tokens in a prompt of these messages."""
        prompt = self._measure(messages)
        step = self._step(prompt)
        self._errors.append(ERROR_SPARE * (tokens - self._tokens(step)) / self._deviation(step))
        self._learn(step, tokens)
        self._seen.append((prompt, tokens))

    def overflowed(self, messages: Sequence[PromptMessage], refusal: ContextOverflow) -> None:
        """Learn from an engine that found these messages too long, whether or not it said how long they are."""
        least = max(self.estimate(messages), refusal.context_length or 0)
        self.observe(messages, refusal.prompt_tokens or ceil(OVERFLOW_STEP * least))

    def to_json(self) -> str:
        """What was learned about the model; nothing about any text."""
        learned = {"features": FEATURES, "weights": self._weights, "doubt": self._doubt, "errors": list(self._errors)}
        return json.dumps(learned)

    @classmethod
    def from_json(cls, learned: str) -> TokenEstimator:
        """The estimator that wrote this; a fresh one where another version wrote it, or it is not readable at all."""
        estimator = cls()
        try:
            state = json.loads(learned)
        except ValueError:
            return estimator
        if state["features"] == list(FEATURES):
            estimator._weights = state["weights"]
            estimator._doubt = state["doubt"]
            estimator._errors = deque(state["errors"], maxlen=REMEMBERED_ERRORS)
        return estimator

    def _tokens(self, step: _Step) -> float:
        return step.base + _dot(self._weights, step.change)

    def _deviation(self, step: _Step) -> float:
        variance = sum(x * _dot(row, step.change) for x, row in zip(step.change, self._doubt, strict=True) if x)
        return sqrt(max(variance, 0.0) + step.noise)

    def _learn(self, step: _Step, tokens: int) -> None:
        pulled = [_dot(row, step.change) for row in self._doubt]
        error = tokens - self._tokens(step)
        scale = 1 / (_dot(step.change, pulled) + step.noise)
        self._weights = [max(w + scale * error * p, 0.0) for w, p in zip(self._weights, pulled, strict=True)]
        self._doubt = [
            [d - scale * p * q for d, q in zip(row, pulled, strict=True)]
            for row, p in zip(self._doubt, pulled, strict=True)
        ]

    def _step(self, prompt: _Measured) -> _Step:
        shared, seen, tokens = max(
            ((_shared(prompt, seen), seen, tokens) for seen, tokens in self._seen),
            key=lambda found: found[0],
            default=(0.0, None, 0),
        )
        if seen is None or not shared:
            return _Step(prompt.features, 0.0, _noise(prompt.size))
        share = shared / seen.size
        change = [new - share * old for new, old in zip(prompt.features, seen.features, strict=True)]
        return _Step(change, share * tokens, _noise(prompt.size - share * shared))

    def _measure(self, messages: Sequence[PromptMessage]) -> _Measured:
        counts = [0.0] * len(FEATURES)
        counts[TEMPLATE] = 1
        counts[MESSAGE] = len(messages)
        sizes = {}
        size = 0.0
        for text in (line for message in messages for line in message.content.split("\n")):
            line = self._line(text)
            for index, number in line.counts:
                counts[index] += number
            sizes[hash(text)] = line.size
            size += line.size
        return _Measured(counts, sizes, size)

    def _line(self, text: str) -> _Line:
        found = self._lines.get(hash(text))
        if found is None:
            counts = features(text)
            found = _Line(counts, sum(COSTS[index].mean * number for index, number in counts))
            if len(self._lines) >= REMEMBERED_LINES:
                self._lines.clear()
            self._lines[hash(text)] = found
        return found


def _shared(a: _Measured, b: _Measured) -> float:
    return sum(map(a.sizes.__getitem__, a.sizes.keys() & b.sizes.keys()))


def _noise(size: float) -> float:
    """Variance of what the features leave unexplained in so much text."""
    return 1 + NOISE * size + (KINSHIP * size) ** 2


def _dot(a: Vector, b: Vector) -> float:
    return sum(map(mul, a, b), 0.0)
