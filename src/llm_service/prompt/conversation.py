"""The room as a conversation: messages and replies in order, merged into turns."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, chain, takewhile
from operator import attrgetter, is_

from llm_service.types import Entry, Message, PromptMessage, Reply

Lines = Callable[[Sequence[Message]], Sequence[str]]
"""Renders the messages of one turn as lines. It must give the same lines for the same messages every time."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What viewers wrote between two replies, and what the assistant said to it."""

    messages: tuple[Message, ...]
    said: str
    """The messages as the model reads them, one line each or fewer."""
    replies: tuple[Reply, ...] = ()
    entries: tuple[Entry, ...] = field(init=False, repr=False)
    """What it is made of, in order."""
    answered: str = field(init=False)
    """The replies as the engine wrote them; empty while nobody has answered."""
    spoken: tuple[PromptMessage, ...] = field(init=False)
    """Both as messages of a prompt: made once, however often it is tried what fits."""

    def __post_init__(self) -> None:
        answered = "\n".join([reply.raw for reply in self.replies])
        said = PromptMessage(role="user", content=self.said)
        spoken = (said, PromptMessage(role="assistant", content=answered)) if answered else (said,)
        object.__setattr__(self, "entries", (*self.messages, *self.replies))
        object.__setattr__(self, "answered", answered)
        object.__setattr__(self, "spoken", spoken)

    @property
    def length(self) -> int:
        """How many characters it has."""
        return len(self.said) + len(self.answered)


Conversation = Sequence[Turn]
"""A window as turns, in order."""

_ENTRIES = attrgetter("entries")


def place(entry: Entry) -> int:
    """Where an entry stands: messages by twice their position, a reply right after the newest message that it saw."""
    return 2 * entry.after + 1 if isinstance(entry, Reply) else 2 * entry.position


def in_order(entries: Iterable[Entry], known: Conversation = ()) -> list[Entry]:
    """The entries as they were said; entries in the same place keep the order in which they were given.

    What ``known`` turns are made of is in order already: where the entries begin with it, only the rest is sorted.
    """
    given = list(entries)
    same = _known_at_first(given, known)
    rest = sorted(given[same:], key=place)
    if same and rest and place(rest[0]) < place(given[same - 1]):
        return sorted(given, key=place)
    return given[:same] + rest


def before(entries: Iterable[Entry], reply: Reply) -> list[Entry]:
    """The entries that the prompt of this reply was made from: the newest of them is the message it stands after.

    Composed once more after a restart, that prompt and the reply's ``usage.prompt_tokens`` tell the counter where it
    stood.
    """
    return [entry for entry in in_order(entries) if place(entry) < place(reply)]


def one_line_each(messages: Sequence[Message]) -> Sequence[str]:
    """A line for every message: who, and what."""
    return [f"{message.speaker}: {message.line}" for message in messages]


def say(messages: Sequence[Message], lines: Lines) -> str:
    """The content of a user turn; never empty, whatever ``lines`` leaves out."""
    return "\n".join(lines(messages)) or "\n".join(one_line_each(messages))


def turns(entries: Sequence[Entry], lines: Lines = one_line_each, known: Conversation = ()) -> tuple[Turn, ...]:
    """The entries, which must be in order, as turns that begin with a viewer.

    A reply that no message comes before is left out, and so is one without text: templates want strict alternation and
    no empty content. The ``known`` turns, of an earlier conversation and made with the same ``lines``, are taken as
    they are where these entries begin with the very same, and of the others what was said: a conversation that grew
    costs what is new.
    """
    same, told = _still_so(entries, known)
    others = {turn.messages[0].id: turn for turn in known[len(same) :]}
    return (*same, *_grouped(entries[told:], lines, others))


def _still_so(entries: Sequence[Entry], known: Conversation) -> tuple[Conversation, int]:
    """The turns that the entries begin with and to which no later entry belongs, since a message follows or nothing;
    and of how many entries they are made."""
    ends = [0, *accumulate(map(len, map(_ENTRIES, known)))]
    number = bisect_right(ends, _known_at_first(entries, known)) - 1
    if number and _goes_on(known[number - 1], entries[ends[number] :]):
        number -= 1
    return known[:number], ends[number]


def _known_at_first(entries: Iterable[Entry], known: Conversation) -> int:
    """With how many of those that the known turns are made of the entries begin."""
    return sum(takewhile(bool, map(is_, chain.from_iterable(map(_ENTRIES, known)), entries)))


def _goes_on(turn: Turn, later: Sequence[Entry]) -> bool:
    """Whether a turn was not over when these entries came."""
    return not turn.replies or isinstance(next(iter(later), None), Reply)


def _grouped(entries: Iterable[Entry], lines: Lines, known: Mapping[str, Turn]) -> tuple[Turn, ...]:
    found: list[Turn] = []
    said: list[Message] = []
    answered: list[Reply] = []
    for entry in entries:
        if isinstance(entry, Reply):
            if said and entry.raw.strip():
                answered.append(entry)
            continue
        if answered:
            found.append(_turn(said, answered, lines, known))
            said, answered = [], []
        said.append(entry)
    return (*found, _turn(said, answered, lines, known)) if said else tuple(found)


def _turn(said: Sequence[Message], answered: Sequence[Reply], lines: Lines, known: Mapping[str, Turn]) -> Turn:
    messages = tuple(said)
    begun = known.get(messages[0].id)
    text = begun.said if begun and begun.messages == messages else say(messages, lines)
    return Turn(messages, text, tuple(answered))
