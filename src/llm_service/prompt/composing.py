"""The one way from a room to a prompt."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import ceil
from operator import attrgetter
from typing import Literal, Protocol

from llm_service.errors import PromptTooLong
from llm_service.types import Entry, ModelInfo, Persona, Prompt, PromptMessage, Sampling, Summary, Window

from .budget import REPLY_FLOOR, Budget, budget, share_of
from .conversation import Conversation, Lines, Turn, in_order, one_line_each, place, say, turns
from .layout import Frame, frame_of
from .trimming import newest_alone, trim

RETENTION = 0.5
"""Share of the window that stays when it is cut."""

MOST_MESSAGES = 200
"""Most messages and replies in a window, however large the context is: more of them cost time and help no chat."""

LONGEST_STEP = 0.25
"""Most of the window that is kept free for one more turn while the room is idle."""

TEMPLATE = 16
"""Tokens that a chat template puts around a message, at most."""

PERSONA_TOO_LONG = "The persona does not fit the model's loaded context: shorten it, or load a larger context."


class Counter(Protocol):
    """Counts tokens of the model that is loaded."""

    @property
    def counted(self) -> Literal["exact", "estimated"]:
        """How it counts."""

    def estimate(self, messages: Sequence[PromptMessage]) -> float:
        """Tokens of a prompt of these messages, with everything that the chat template adds."""

    def margin(self, messages: Sequence[PromptMessage]) -> int:
        """Tokens to keep free beside the estimate of these messages; 0 for an exact count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """A prompt, and what became of the window."""

    prompt: Prompt
    window: Window
    cut: int
    """Position of the window's first message: to be stored with the room and given back at the next turn."""
    dropped: tuple[Entry, ...] = ()
    """What fell out of the window this time, in order."""
    conversation: Conversation = ()
    """The window as turns: given back at the next turn as what is ``known``, it spares most of the work."""


def compose(
    entries: Iterable[Entry],
    *,
    persona: Persona,
    model: ModelInfo,
    counter: Counter,
    sampling: Sampling | None = None,
    summary: Summary | None = None,
    stable: str = "",
    notes: Sequence[str] = (),
    cut: int = 0,
    known: Conversation = (),
    retention: float = RETENTION,
    most_messages: int = MOST_MESSAGES,
    fold_system: bool = False,
    lines: Lines = one_line_each,
    sharing: int | None = None,
    idle: bool = False,
) -> Composed:
    """Lay a room out as a prompt that fits the context which is loaded now.

    ``entries`` are stored messages and replies in any order; what stands before ``cut`` is ignored, so the window is
    enough. ``known`` is the conversation that the room was composed to last, with the same ``lines``: what it has need
    not be made again, and the result is the same. ``stable`` is constant text below the persona; ``notes`` change every
    turn, the most important one last. ``most_messages`` counts replies too. ``sharing`` is how many requests may run
    side by side where the engine's slots share one context (default: all slots). Summary and notes are left out where
    they would take more than half of what the persona and the newest message leave free.

    With ``idle`` the window is also cut when another turn as long as its longest would not fit. Done while nobody waits
    and followed by the request that ``warming`` makes, it takes the cost of the cut out of the viewers' sight.

    Raises ``PromptTooLong`` if the persona cannot fit, or the newest message with it.
    """
    sampling = sampling or Sampling()
    _, inside = _parted(in_order(entries, known), cut)
    recent = inside[-(most_messages + 1) :]  # one more than fits, so that what is too much is still seen to be
    talk: Conversation = turns(recent, lines, known)
    wanted = frame_of(persona, stable, summary=summary, notes=notes, fold_system=fold_system)
    share = share_of(model, sharing)
    frame, kept, parts = wanted, talk, budget(share, sampling.max_tokens)
    counted = _counted(counter, wanted.around(talk))
    tight = idle or counted.most > parts.prompt or len(recent) > most_messages
    if (tight or not wanted.is_bare) and not _is_roomy(wanted, talk, counter, parts.prompt, lines):
        least = newest_alone(talk, lines)
        parts = _part(wanted.bare(), least, counter, share, sampling.max_tokens)
        frame = _affordable(wanted, least, counter, parts.prompt)
    if tight or frame is not wanted:
        empty = most_tokens(counter, frame.around(()))
        space = _Space(frame=frame, counter=counter, empty=empty, tokens=parts.prompt, entries=most_messages)
        kept = trim(talk, space.fill, full=space.full(talk, idle=idle), retention=retention, lines=lines)
        counted = _counted(counter, frame.around(kept))
    whole = kept is talk and len(recent) == len(inside)
    start = cut if whole or not kept else kept[0].messages[0].position
    if parts.reply != sampling.max_tokens:
        sampling = replace(sampling, max_tokens=parts.reply)
    return Composed(
        prompt=Prompt(messages=counted.messages, sampling=sampling),
        window=_window(counted, kept, parts, counter),
        cut=start,
        dropped=tuple(_parted(inside, start)[0]),
        conversation=kept,
    )


def warming(prompt: Prompt) -> Prompt:
    """The request that makes the engine read a prompt and say next to nothing, so that its KV cache is ready for it."""
    return replace(prompt, sampling=replace(prompt.sampling, max_tokens=1))


def _parted(entries: Sequence[Entry], position: int) -> tuple[Sequence[Entry], Sequence[Entry]]:
    """What stands before a position, and what from there on; ``entries`` are in order."""
    first = bisect_left(entries, 2 * position, key=place)
    return entries[:first], entries[first:]


@dataclass(frozen=True, slots=True)
class _Counted:
    """The messages of a prompt, and what they count."""

    messages: tuple[PromptMessage, ...]
    tokens: int
    margin: int

    @property
    def most(self) -> int:
        """The tokens that they have at most."""
        return self.tokens + self.margin


def _counted(counter: Counter, messages: tuple[PromptMessage, ...]) -> _Counted:
    return _Counted(messages, ceil(counter.estimate(messages)), counter.margin(messages))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Space:
    """The room that turns have in a prompt."""

    frame: Frame
    counter: Counter
    empty: int
    """Tokens of the frame without turns."""
    tokens: int
    """Most tokens of the whole prompt."""
    entries: int
    """Most messages and replies."""

    def fill(self, turns: Sequence[Turn]) -> float:
        """Which share of it these turns fill, by tokens or by number, whichever is more."""
        taken = most_tokens(self.counter, self.frame.around(turns)) - self.empty
        by_tokens = taken / max(self.tokens - self.empty, 1e-9)
        return max(by_tokens, sum([len(turn.entries) for turn in turns]) / max(self.entries, 1))

    def full(self, turns: Sequence[Turn], *, idle: bool) -> float:
        """The share above which the window is cut."""
        if not idle or not turns:
            return 1.0
        return 1 - min(self.fill([max(turns, key=attrgetter("length"))]), LONGEST_STEP)


def most_tokens(counter: Counter, messages: Sequence[PromptMessage]) -> int:
    """The tokens that a prompt of these messages has at most."""
    return ceil(counter.estimate(messages)) + counter.margin(messages)


def _is_roomy(frame: Frame, talk: Sequence[Turn], counter: Counter, tokens: int, lines: Lines) -> bool:
    """Whether the newest message with all that stands around it takes less than half of the room, so that nothing has
    to be spared, as in most turns. Short texts need no estimate, for no token is less than a byte."""
    newest = [say(turn.messages[-1:], lines) for turn in talk[-1:]]
    octets = sum([TEMPLATE + len(text.encode()) for text in (frame.system, frame.opening, *frame.notes, *newest)])
    return 2 * octets <= tokens or 2 * most_tokens(counter, frame.around(newest_alone(talk, lines))) <= tokens


def _part(bare: Frame, least: Sequence[Turn], counter: Counter, share: int, max_tokens: int) -> Budget:
    """Part the context so that the persona and the newest message have room."""
    empty = most_tokens(counter, bare.around(()))
    if empty > share - min(max_tokens, REPLY_FLOOR):
        raise PromptTooLong(PERSONA_TOO_LONG)
    return budget(share, max_tokens, needed=max(empty, most_tokens(counter, bare.around(least))))


def _affordable(wanted: Frame, least: Sequence[Turn], counter: Counter, tokens: int) -> Frame:
    """The frame with the summary and as many of the last notes as half of the free room can take."""

    def size(frame: Frame) -> int:
        return max(most_tokens(counter, frame.around(least)), most_tokens(counter, frame.around(())))

    most = (size(wanted.bare()) + tokens) / 2
    summarised = replace(wanted, notes=())
    frame = summarised if size(summarised) <= most else wanted.bare()
    noted = (replace(frame, notes=wanted.notes[first:]) for first in range(len(wanted.notes)))
    return next((frame for frame in noted if size(frame) <= most), frame)


def _window(whole: _Counted, kept: Sequence[Turn], parts: Budget, counter: Counter) -> Window:
    return Window(
        tokens=whole.tokens,
        budget=parts.prompt - whole.margin,
        context_length=parts.context_length,
        counted=counter.counted,
        margin=whole.margin,
        messages_in=sum([len(turn.messages) for turn in kept]),
        messages_out=max(kept[0].messages[0].position - 1, 0) if kept else 0,
    )
