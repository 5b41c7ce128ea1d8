"""Token counts that learn from every answer."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
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
REMEMBERED_GUESSES = 16
REMEMBERED_HEADS = 128
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


@dataclass(frozen=True, slots=True)
class _Guess:
    """What is thought of a prompt."""

    prompt: _Measured
    step: _Step
    tokens: float
    deviation: float


class _Seen:
    """The latest prompts that an engine counted, and which of them have a line.

    Every prompt has a place, and every line the set of the places where it stands, as bits of a number: so what a new
    prompt shares with each of them is found in one walk over its lines.
    """

    def __init__(self) -> None:
        self._prompts: list[tuple[_Measured, int]] = []
        self._places: dict[int, int] = {}
        self._next = 0

    def add(self, prompt: _Measured, tokens: int) -> None:
        """Keep a prompt, in the place of the oldest where there are too many."""
        bit = 1 << self._next
        if self._next < len(self._prompts):
            self._drop_lines(self._prompts[self._next][0], bit)
            self._prompts[self._next] = (prompt, tokens)
        else:
            self._prompts.append((prompt, tokens))
        for line in prompt.sizes:
            self._places[line] = self._places.get(line, 0) | bit
        self._next = (self._next + 1) % REMEMBERED_PROMPTS

    def _drop_lines(self, prompt: _Measured, bit: int) -> None:
        for line in prompt.sizes:
            left = self._places[line] & ~bit
            if left:
                self._places[line] = left
            else:
                del self._places[line]

    def most_like(self, prompt: _Measured) -> tuple[float, _Measured | None, int]:
        """How much it shares with the prompt that it shares most with, that one, and what it had."""
        by_places: dict[int, float] = {}
        for line, size in prompt.sizes.items():
            places = self._places.get(line, 0)
            by_places[places] = by_places.get(places, 0.0) + size
        by_places.pop(0, None)
        shared = [0.0] * len(self._prompts)
        for places, size in by_places.items():
            for place in _bits(places):
                shared[place] += size
        if not by_places:
            return 0.0, None, 0
        best = max(range(len(shared)), key=shared.__getitem__)
        return shared[best], *self._prompts[best]


@lru_cache(maxsize=1 << 12)
def _bits(number: int) -> tuple[int, ...]:
    """Places of the ones in it."""
    return tuple(place for place in range(number.bit_length()) if number >> place & 1)


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
        self._seen = _Seen()
        self._guesses: dict[int, _Guess] = {}
        self._heads: dict[int, _Measured] = {}

    def estimate(self, messages: Sequence[PromptMessage]) -> float:
        """Tokens that a prompt of these messages probably has, with all that the chat template adds."""
        return self._guess(messages).tokens

    def margin(self, messages: Sequence[PromptMessage]) -> int:
        """Tokens to keep free beside the estimate: how many more there may plausibly be, by what is known about such
        text and by the errors made of late."""
        return ceil(max((CAUTION, *self._errors)) * self._guess(messages).deviation)

    def line(self, text: str) -> float:
        """Tokens that a prompt probably has more with this line in it."""
        return sum(self._weights[index] * number for index, number in self._line(text).counts)

    def observe(self, messages: Sequence[PromptMessage], tokens: int) -> None:
        """Learn that the engine counted so many tokens in a prompt of these messages."""
        guess = self._guess(messages)
        self._errors.append(ERROR_SPARE * (tokens - guess.tokens) / guess.deviation)
        self._learn(guess.step, tokens - guess.tokens)
        self._seen.add(guess.prompt, tokens)
        self._guesses.clear()

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
        touched = _touched(step.change)
        rows = [(self._doubt[index], x) for index, x in touched]
        return sqrt(max(sum([x * y * row[index] for row, x in rows for index, y in touched]), 0.0) + step.noise)

    def _learn(self, step: _Step, error: float) -> None:
        touched = _touched(step.change)
        pulled = [sum([row[index] * x for index, x in touched]) for row in self._doubt]
        variance = _dot(step.change, pulled) + step.noise
        gain = [pull / variance for pull in pulled]
        self._weights = [max(weight + error * g, 0.0) for weight, g in zip(self._weights, gain, strict=True)]
        self._doubt = [
            [doubt - g * pull for doubt, pull in zip(row, pulled, strict=True)]
            for row, g in zip(self._doubt, gain, strict=True)
        ]

    def _guess(self, messages: Sequence[PromptMessage]) -> _Guess:
        """What is thought of these messages. Who asks for one part asks for the others too: a few are kept for a
        while."""
        asked = hash(tuple([message.content for message in messages]))
        guess = self._guesses.get(asked)
        if guess is None:
            if len(self._guesses) >= REMEMBERED_GUESSES:
                self._guesses.clear()
            prompt = self._measure(messages)
            step = self._step(prompt)
            guess = self._guesses[asked] = _Guess(prompt, step, self._tokens(step), self._deviation(step))
        return guess

    def _step(self, prompt: _Measured) -> _Step:
        shared, seen, tokens = self._seen.most_like(prompt)
        if seen is None or not shared:
            return _Step(prompt.features, 0.0, _noise(prompt.size))
        share = shared / seen.size
        change = [new - share * old for new, old in zip(prompt.features, seen.features, strict=True)]
        return _Step(change, share * tokens, _noise(prompt.size - share * shared))

    def _measure(self, messages: Sequence[PromptMessage]) -> _Measured:
        """What a prompt is made of. Most of it was measured with the last prompt of its room, which had an answer and
        a question less: so all but the last message is kept, and the next prompt begins there."""
        texts = tuple([message.content for message in messages])
        head = texts[:-1]
        measured = self._heads.get(hash(head))
        if measured is None:
            known = self._heads.get(hash(head[:-2]))
            measured = self._grown(known, head[-2:]) if known else self._grown(_NOTHING, head)
            if len(self._heads) >= REMEMBERED_HEADS:
                del self._heads[next(iter(self._heads))]
            self._heads[hash(head)] = measured
        return self._grown(measured, texts[-1:])

    def _grown(self, measured: _Measured, texts: Sequence[str]) -> _Measured:
        """The same with more messages at its end."""
        counts, sizes, size = list(measured.features), dict(measured.sizes), measured.size
        counts[MESSAGE] += len(texts)
        for text in (line for message in texts for line in message.split("\n")):
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


_NOTHING = _Measured([1.0 if index == TEMPLATE else 0.0 for index in range(len(FEATURES))], {}, 0.0)
"""A prompt without messages."""


def _noise(size: float) -> float:
    """Variance of what the features leave unexplained in so much text."""
    return 1 + NOISE * size + (KINSHIP * size) ** 2


def _touched(change: Vector) -> list[tuple[int, float]]:
    """The features that change, and by how much: few kinds of text change at a time."""
    return [(index, x) for index, x in enumerate(change) if x]


def _dot(a: Vector, b: Vector) -> float:
    return sum(map(mul, a, b), 0.0)
