"""From a room to the prompt of its next reply: counts with the loaded model's tokens, and learns from every answer."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from llm_service.errors import ContextOverflow
from llm_service.prompt import MOST_MESSAGES, RETENTION, Composed, compose, most_tokens
from llm_service.tokens import TokenEstimator, rough_tokens
from llm_service.turn_taking import crowd_lines
from llm_service.types import ModelInfo, Prompt, Sampling, Usage

from .ports import Backend, Store
from .room import Room
from .telling import Telling, Told

MOST_ESTIMATORS = 20
"""Models whose token costs are kept in memory."""
NEARLY = 0.75
"""Share of the window above which it is nearly full."""
WORTH_COUNTING = range(256, 8_192)
"""Tokens, roughly, of others' prompts that are counted: of shorter ones it matters little, and longer ones take more
than two milliseconds."""
SAVE_EVERY = 20
"""Answers after which what was learned about a model's tokens is stored again."""


@dataclass(frozen=True, slots=True)
class Composing:
    """A prompt on its way to the engine, and the ids of everything that it was made from."""

    composed: Composed
    model: ModelInfo
    ids: frozenset[str]

    @property
    def prompt(self) -> Prompt:
        """What is sent."""
        return self.composed.prompt

    def most_tokens(self) -> int:
        """The tokens that it has at most."""
        window = self.composed.window
        return window.tokens if window.counted == "exact" else window.tokens + window.margin


class Composer:
    """Makes prompts. Holds what was learned about the tokens of each model."""

    def __init__(
        self,
        backend: Backend,
        store: Store,
        *,
        sampling: Sampling,
        window_messages: int = MOST_MESSAGES,
        window_keep: float = RETENTION,
        reasoning_effort: str | None = None,
        telling: Telling,
    ) -> None:
        self._backend = backend
        self._store = store
        self._sampling = sampling
        self._window_messages = window_messages
        self._window_keep = window_keep
        self._reasoning_effort = reasoning_effort
        self.telling = telling
        self._estimators: OrderedDict[str, TokenEstimator] = OrderedDict()
        self._observed = 0

    async def compose(
        self, room: Room, answers: Sequence[str], *, idle: bool = False, within: int | None = None
    ) -> Composing:
        """The prompt for the next reply, within the context that is loaded now; with ``idle``, such that the one after
        it fits too; with ``within``, within so many tokens of context, because the engine refused more.

        Raises :class:`PromptTooLong` where the newest message alone does not fit.
        """
        model = await self._backend.model()
        if within is not None:
            model = replace(model, context_length=within, shared_context=False)
        estimator = await self.estimator(model.id)
        told = Told() if idle else await self.telling.told(room, answers, estimator)
        composed = self._compose(room, model, estimator, told.lines, idle)
        exact = await self._backend.count_tokens(composed.prompt)
        if exact is not None:
            estimator.observe(composed.prompt.messages, exact)
            if exact > composed.window.budget:
                composed = self._compose(room, model, estimator, told.lines, idle)
            composed = replace(composed, window=replace(composed.window, tokens=exact, counted="exact"))
        summed_up = room.summary.covers if room.summary else ()
        return Composing(composed, model, told.ids.union(summed_up, room.present))

    def _compose(
        self, room: Room, model: ModelInfo, estimator: TokenEstimator, told: Sequence[str], idle: bool
    ) -> Composed:
        composed = compose(
            room.entries,
            persona=room.persona,
            model=model,
            counter=estimator,
            sampling=self._sampling,
            summary=room.summary,
            stable=room.known_emotes.line if room.tracking.emotes else "",
            notes=told,
            lines=crowd_lines,
            cut=room.cut if idle else max(room.cut, room.begun),
            known=room.conversation,
            retention=self._window_keep,
            most_messages=self._window_messages,
            sharing=room.sharing(model.slots or 1),
            idle=idle,
        )
        room.conversation = composed.conversation
        if self._reasoning_effort is None:
            return composed
        return replace(composed, prompt=replace(composed.prompt, reasoning_effort=self._reasoning_effort))

    def most_tokens(self, prompt: Prompt, model: str) -> int:
        """The tokens that a prompt has at most which was not composed here, by what was learned about the model; before
        anything was, by the size of the text."""
        rough = rough_tokens(message.content for message in prompt.messages)
        estimator = self._estimators.get(model)
        if estimator is None or rough not in WORTH_COUNTING:
            return rough
        return min(rough, most_tokens(estimator, prompt.messages))

    def nearly_full(self, room: Room, composing: Composing) -> bool:
        """Whether the window will soon have to be cut: worth a closer look while nobody waits."""
        window = composing.composed.window
        tokens = window.tokens + self._sampling.max_tokens
        return tokens > NEARLY * window.budget or len(room.entries) > NEARLY * self._window_messages

    # ── learning ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def estimator(self, model: str) -> TokenEstimator:
        """What is known about a model's tokens: from memory, from the store, or nothing yet."""
        found = self._estimators.get(model)
        if found is None:
            saved = await self._store.recollect(_key(model))
            found = self._estimators[model] = TokenEstimator.from_json(saved) if saved else TokenEstimator()
            if len(self._estimators) > MOST_ESTIMATORS:
                self._estimators.popitem(last=False)
        return found

    def learn(self, composing: Composing, usage: Usage) -> None:
        """Learn from what the engine says that a prompt had: before the room's next prompt, which goes on from it."""
        estimator = self._estimators.get(composing.model.id)
        if usage.prompt_tokens and estimator is not None:
            estimator.observe(composing.prompt.messages, usage.prompt_tokens)

    async def keep(self, composing: Composing, usage: Usage) -> None:
        """Store what was learned about a model, with every so many answers."""
        if not usage.prompt_tokens:
            return
        self._observed += 1
        if self._observed % SAVE_EVERY == 1:
            estimator = await self.estimator(composing.model.id)
            await self._store.remember(_key(composing.model.id), estimator.to_json())

    def learn_overflow(self, composing: Composing, overflow: ContextOverflow) -> int:
        """Learn from a prompt that turned out too long. Returns the context to compose the next one within.

        Where the engine says that it has less context than was believed, that is all there is to learn. Else the
        estimate was wrong, and the next prompt is made half as long.
        """
        believed = composing.composed.window.context_length
        if overflow.context_length is not None and overflow.context_length < believed:
            return overflow.context_length
        self._estimators[composing.model.id].overflowed(composing.prompt.messages, overflow)
        return believed // 2


def _key(model: str) -> str:
    return f"tokens:{model}"
