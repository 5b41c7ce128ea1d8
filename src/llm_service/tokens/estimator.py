"""Token counts that learn from every answer."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from math import ceil, fsum, sqrt
from operator import attrgetter, itemgetter, mul
from typing import Literal, TypeVar

import orjson

from llm_service.errors import ContextOverflow
from llm_service.types import PromptMessage

from .features import FEATURES, Counts, features
from .prior import COSTS, KINSHIP, NOISE

Vector = list[float]
T = TypeVar("T")

_CONTENT = attrgetter("content")

TEMPLATE, MESSAGE = FEATURES.index("template"), FEATURES.index("message")

MEANS = tuple([cost.mean for cost in COSTS])
"""What every feature costs by the prior."""

CAUTION = 4.0
"""Standard deviations of the estimate that are always kept free."""

FIRST_CAUTION = 5.0
"""The same before the model has been seen at work for a while."""

ERROR_SPARE = 1.5
"""How much worse than the worst error of late the next one may be."""

OVERFLOW_STEP = 1.1
"""How much longer than estimated, or than the context, a prompt counts that an engine refused without a figure."""

LITTLE = 0.01
"""What could still be learned from a text, as a share of what cannot be known of it, that is not worth the work: where
the weights leave a tenth of the deviation that the text has anyway, they are right."""

REMEMBERED_PROMPTS = 32
REMEMBERED_GUESSES = 64
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
class _Begun:
    """The head of the prompt that another one may go on from: all its messages but the last."""

    key: int = 0
    lines: int = 0
    size: float = 0.0
    """Of its different lines."""


@dataclass(frozen=True, slots=True)
class _Measured:
    """A prompt as the estimator sees it, or the head of one."""

    features: Vector
    sizes: Mapping[int, float]
    """Its lines, by hash, so that no text stays behind here when it is forgotten; those of ``begun`` first."""
    size: float
    different: float
    """Size of its different lines."""
    begun: _Begun = _Begun()
    """How the head of the last prompt of its room began it."""
    head: int = 0
    """Key of its head."""


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
    weights: Vector
    """Those it was thought with."""
    tokens: float
    deviation: float
    answers: int
    """How many had been seen then."""


class _Seen:
    """The latest prompts that an engine counted.

    A prompt that goes on from a seen one shares most with that one: only what is new in it is looked at. Few do not,
    such as those of a window that is cut: they are compared with all.
    """

    def __init__(self) -> None:
        self._prompts: list[tuple[_Measured, int]] = []
        self._by_head: dict[int, int] = {}
        self._next = 0

    def add(self, prompt: _Measured, tokens: int) -> None:
        """Keep a prompt, in the place of the oldest where there are too many."""
        if self._next < len(self._prompts):
            oldest, _ = self._prompts[self._next]
            if self._by_head.get(oldest.head) == self._next:
                del self._by_head[oldest.head]
            self._prompts[self._next] = (prompt, tokens)
        else:
            self._prompts.append((prompt, tokens))
        self._by_head[prompt.head] = self._next
        self._next = (self._next + 1) % REMEMBERED_PROMPTS

    def most_like(self, prompt: _Measured) -> tuple[float, _Measured, int]:
        """How much it shares with the prompt that it shares most with, that one, and what it had."""
        return self._goes_on(prompt) or self._searched(prompt)

    def _goes_on(self, prompt: _Measured) -> tuple[float, _Measured, int] | None:
        """The same with the prompt that has the head which this one began with; None if they are of two rooms that only
        began alike."""
        place = self._by_head.get(prompt.begun.key)
        if place is None:
            return None
        seen, tokens = self._prompts[place]
        rest = islice(prompt.sizes.items(), prompt.begun.lines, None)
        shared = sum([size for line, size in rest if line in seen.sizes])
        return (prompt.begun.size + shared, seen, tokens) if shared else None

    def _searched(self, prompt: _Measured) -> tuple[float, _Measured, int]:
        alike = [(_shared(prompt, seen), seen, tokens) for seen, tokens in self._prompts]
        return max(alike, key=itemgetter(0), default=(0.0, _NOTHING, 0))


def _shared(one: _Measured, other: _Measured) -> float:
    """Size of the lines that both have; the very same for the same lines, in whichever order they stand."""
    few, many = (one.sizes, other.sizes) if len(one.sizes) < len(other.sizes) else (other.sizes, one.sizes)
    return fsum([size for line, size in few.items() if line in many])


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
        self._weights = list(MEANS)
        self._doubt = [
            [a.thrift * b.thrift + (a.own**2 if row == column else 0.0) for column, b in enumerate(COSTS)]
            for row, a in enumerate(COSTS)
        ]
        self._errors = deque([FIRST_CAUTION], maxlen=REMEMBERED_ERRORS)
        self._lines: dict[int, _Line] = {}
        self._seen = _Seen()
        self._answers = 0
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
        return sum([self._weights[index] * number for index, number in self._line(text).counts])

    def observe(self, messages: Sequence[PromptMessage], tokens: int) -> None:
        """Learn that the engine counted so many tokens in a prompt of these messages."""
        guess = self._last_guess(messages)
        self._errors.append(ERROR_SPARE * (tokens - guess.tokens) / guess.deviation)
        if guess.deviation**2 > (1 + LITTLE) * guess.step.noise:
            self._learn(guess.step, tokens - guess.tokens)
        self._seen.add(guess.prompt, tokens)
        self._answers += 1

    def overflowed(self, messages: Sequence[PromptMessage], refusal: ContextOverflow) -> None:
        """Learn from an engine that found these messages too long, whether or not it said how long they are."""
        least = max(self.estimate(messages), refusal.context_length or 0)
        self.observe(messages, refusal.prompt_tokens or ceil(OVERFLOW_STEP * least))

    def to_json(self) -> str:
        """What was learned about the model; nothing about any text."""
        learned = {"features": FEATURES, "weights": self._weights, "doubt": self._doubt, "errors": list(self._errors)}
        return orjson.dumps(learned).decode()

    @classmethod
    def from_json(cls, learned: str) -> TokenEstimator:
        """The estimator that wrote this; a fresh one where another version wrote it, or it is not readable at all."""
        estimator = cls()
        try:
            state = orjson.loads(learned)
        except orjson.JSONDecodeError:
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
        """What is thought of these messages. Who asks for one part asks for the others too, and whoever sends them
        tells what came of it: a few are kept for a while."""
        texts = _texts(messages)
        asked = hash(texts)
        guess = self._guesses.get(asked)
        if guess is None or guess.answers != self._answers:
            prompt = guess.prompt if guess else self._measure(texts)
            guess = self._thought(prompt, self._step(prompt))
            _keep(self._guesses, asked, guess, REMEMBERED_GUESSES)
        return guess

    def _last_guess(self, messages: Sequence[PromptMessage]) -> _Guess:
        """What was thought of these messages before the engine counted them, with what the weights are now. The step
        stays right whatever was seen of other rooms since: it begins at what the engine said."""
        asked = hash(_texts(messages))
        guess = self._guesses.get(asked) or self._guess(messages)
        del self._guesses[asked]
        return guess if guess.weights is self._weights else self._thought(guess.prompt, guess.step)

    def _thought(self, prompt: _Measured, step: _Step) -> _Guess:
        return _Guess(prompt, step, self._weights, self._tokens(step), self._deviation(step), self._answers)

    def _step(self, prompt: _Measured) -> _Step:
        shared, seen, tokens = self._seen.most_like(prompt)
        if not shared:
            return _Step(prompt.features, 0.0, _noise(prompt.size))
        share = shared / seen.size
        change = [new - share * old for new, old in zip(prompt.features, seen.features, strict=True)]
        return _Step(change, share * tokens, _noise(prompt.size - share * shared))

    def _measure(self, texts: tuple[str, ...]) -> _Measured:
        """What a prompt is made of. Most of it was measured with the last prompt of its room, which had an answer and
        a question less: so all but the last message is kept, and the next prompt begins there."""
        key = hash(texts[:-1])
        head = self._heads.get(key)
        if head is None:
            head = self._measured_head(texts[:-1])
            _keep(self._heads, key, head, REMEMBERED_HEADS)
        return self._grown(head, texts[-1:], head.begun, key)

    def _measured_head(self, texts: tuple[str, ...]) -> _Measured:
        earlier = hash(texts[:-2])
        known = self._heads.get(earlier)
        if known is None:
            return self._grown(_NOTHING, texts, _Begun())
        return self._grown(known, texts[-2:], _Begun(earlier, len(known.sizes), known.different))

    def _grown(self, measured: _Measured, texts: Sequence[str], begun: _Begun, head: int = 0) -> _Measured:
        """The same with more messages at its end."""
        counts, sizes, size = list(measured.features), dict(measured.sizes), measured.size
        counts[MESSAGE] += len(texts)
        different = measured.different
        for text in [line for message in texts for line in message.split("\n")]:
            line, key = self._line(text), hash(text)
            for index, number in line.counts:
                counts[index] += number
            size += line.size
            if key not in sizes:
                sizes[key] = line.size
                different += line.size
        return _Measured(counts, sizes, size, different, begun, head)

    def _line(self, text: str) -> _Line:
        found = self._lines.get(hash(text))
        if found is None:
            counts = features(text)
            found = _Line(counts, sum([MEANS[index] * number for index, number in counts]))
            if len(self._lines) >= REMEMBERED_LINES:
                self._lines.clear()
            self._lines[hash(text)] = found
        return found


def _texts(messages: Sequence[PromptMessage]) -> tuple[str, ...]:
    return tuple(map(_CONTENT, messages))


def _keep(memory: dict[int, T], key: int, value: T, most: int) -> None:
    """Remember what was made last, in place of what was made first where it is too much."""
    if len(memory) >= most:
        del memory[next(iter(memory))]
    memory[key] = value


_NOTHING = _Measured([1.0 if index == TEMPLATE else 0.0 for index in range(len(FEATURES))], {}, 0.0, 0.0)
"""A prompt without messages."""


def _noise(size: float) -> float:
    """Variance of what the features leave unexplained in so much text."""
    return 1 + NOISE * size + (KINSHIP * size) ** 2


def _touched(change: Vector) -> list[tuple[int, float]]:
    """The features that change, and by how much: few kinds of text change at a time."""
    return [(index, x) for index, x in enumerate(change) if x]


def _dot(a: Vector, b: Vector) -> float:
    return sum(map(mul, a, b), 0.0)
