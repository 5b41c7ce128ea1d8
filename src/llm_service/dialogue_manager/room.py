"""A room in memory: the window of one shared conversation, in order, and what is known about it.

Nothing here waits or decides when to speak; it is the state that a turn reads and changes between two awaits.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from math import inf
from typing import TYPE_CHECKING, Any

from llm_service.admission import Admission
from llm_service.measures import Distribution, Timed
from llm_service.prompt import Conversation
from llm_service.threads import ThreadTracker
from llm_service.topic_tracker import TopicChange, TopicTracker
from llm_service.turn_taking import Ledger, Policy, Urgency, viewer_of
from llm_service.types import Entry, Message, Note, Persona, Reply, Summary, Topic, Window
from llm_service.viewer_notes import Repeats
from llm_service.words import split

from .counters import message_work
from .events import EventLog
from .room_emotes import RoomEmotes

if TYPE_CHECKING:
    from .turn import Turn

MOST_ENTRIES = 2_000
"""Entries of a room in memory: more than any window holds. Where lines come in and nobody answers, twice as many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracking:
    """What is worked out of every message."""

    topics: bool = True
    threads: bool = True
    emotes: bool = True


@dataclass(slots=True, eq=False)
class Room:
    """One shared conversation. ``entries`` holds the window: all from the cut on, in conversation order."""

    name: str
    persona: Persona
    policy: Policy
    gate: Admission
    """Turns of the room pass it: one voice by default, fair between viewers."""
    topics: TopicTracker
    threads: ThreadTracker
    events: EventLog
    known_emotes: RoomEmotes
    tracking: Tracking = field(default_factory=Tracking)
    work: Mapping[str, Distribution] = field(default_factory=message_work)
    """Where it is counted how long that takes."""
    active_rooms: Callable[[], int] = lambda: 1
    """How many rooms have had turns lately."""
    entries: list[Entry] = field(default_factory=list)
    present: set[str] = field(default_factory=set)
    """Their ids: whether a message is known is asked for every one that comes in."""
    speakers: dict[str, None] = field(default_factory=dict)
    """The names in them as the model reads them, in order: every reply is compared with these."""
    emotes: dict[str, None] = field(default_factory=dict)
    """The emotes that viewers used in them, in order."""
    conversation: Conversation = ()
    """The turns of its last prompt, which the next one begins with; dropped when something must be forgotten."""
    cut: int = 0
    begun: int = 0
    """Where the prompt of its last reply began: after the cut while that reply is on its way to the disk. The next
    prompt begins there too: cut anew, it would be another one to the engine."""
    summary: Summary | None = None
    window: Window = field(default_factory=Window)
    messages: int = 0
    """Messages that the room has, in the window and before it."""
    replies: int = 0
    noted: OrderedDict[str, tuple[Note, ...]] = field(default_factory=OrderedDict)
    """What the store remembers of viewers who wrote lately, by :func:`llm_service.people.person`."""
    repeats: Repeats = field(default_factory=Repeats)
    """What viewers said about themselves lately."""
    unsaved: dict[str, Message] = field(default_factory=dict)
    """Messages that are not in the store yet; the next turn saves them."""
    ledger: Ledger = field(default_factory=Ledger)
    """What the next decision whether to speak needs to know."""
    turns: set[Turn] = field(default_factory=set)
    """The turns that run now."""
    committing: int = 0
    """Replies on their way to the disk."""
    pending: dict[str, Message] = field(default_factory=dict)
    """Messages that wait for a turn, oldest first."""
    forgotten: set[str] = field(default_factory=set)
    """Ids that were forgotten while turns were running; emptied when none runs."""
    last_position: int = 0
    stale: bool = False
    """Another process wrote to the room: it is read again before the next turn."""
    model: str = ""
    """The model that answered last."""
    created_at: float = 0.0

    last_turn: float = 0.0
    """When its last turn began, on the running loop's clock."""
    told_topics: tuple[float, tuple[Topic, ...]] = (-inf, ())
    """What the last replies were told that the room talks about, and when that was found out."""

    def sharing(self, slots: int) -> int:
        """How many requests may run side by side in the engine's context where its slots share one: those that rooms
        with recent turns can make, at most all slots. A single room thus has the whole of it."""
        return min(slots, max(1, self.active_rooms()) * self.gate.slots)

    @property
    def lines(self) -> int:
        """How many lines it keeps in memory, in the window and to tell by what newer ones belong to."""
        return max(len(self.entries), len(self.threads))

    @property
    def bot_names(self) -> tuple[str, ...]:
        """What the assistant is called here, and its accounts on the platform."""
        return (self.persona.name, *self.persona.accounts)

    @property
    def busy(self) -> bool:
        """Whether it cannot be let go now: a turn runs, or something is not stored yet."""
        waits = self.turns or self.committing or self.unsaved or self.gate.queued
        return bool(waits or self.events.followed or self.policy.mode == "auto")

    def expects_a_turn(self) -> bool:
        """Whether something waits that is not stale yet, whatever it is."""
        newest = next(reversed(self.pending.values()), None)
        return newest is not None and newest.sent_at + self.policy.mention_limit > self.events.now()

    def hold(self, entries: Iterable[Entry]) -> None:
        """Let these be the window's entries."""
        held = list(entries)
        self.entries, self.present, self.speakers, self.emotes = [], set(), {}, {}
        self._add(held)

    def _add(self, entries: Sequence[Entry]) -> None:
        self.entries += entries
        self.present.update([entry.id for entry in entries])
        for entry in entries:
            if isinstance(entry, Message):
                self.speakers[entry.speaker] = None
                for emote in entry.emotes:
                    self.emotes[emote] = None

    def join(self, messages: Iterable[Message]) -> list[Message]:
        """Put messages at the end of the conversation, whatever places they were expected to have; these are
        provisional until the store confirms them."""
        joined = [self._placed(message) for message in messages]
        self._add(joined)
        if len(self.entries) > 2 * MOST_ENTRIES:
            self.hold(self.entries[-MOST_ENTRIES:])
        self.messages += len(joined)
        self.observe(joined)
        return joined

    def _placed(self, message: Message) -> Message:
        place = self.last_position = self.last_position + 1
        return message if message.position == place else replace(message, position=place)

    def rejoin_unsaved(self) -> None:
        """Put what is not in the store yet behind what was read from there."""
        for joined in self.join(self.unsaved.values()):
            self.unsaved[joined.id] = joined
            if joined.id in self.pending:
                self.pending[joined.id] = joined

    def observe(self, messages: Sequence[Message]) -> None:
        """Let the trackers see messages, each tracker all of them: what they cost is measured together."""
        if not messages:
            return
        for message in messages:
            self.ledger.heard(message)
        emotes: list[tuple[str, ...]] = [()] * len(messages)
        parents: list[str | None] = [None] * len(messages)
        if self.tracking.emotes:
            with self._measured("emotes", messages):
                mentioned = self.known_emotes.dictionary.mentioned
                emotes = [mentioned(message.line, message.emotes) for message in messages]
        if self.tracking.threads:
            with self._measured("threads", messages):
                parents = [self.threads.observe(message) for message in messages]
        if self.tracking.topics:
            with self._measured("topics", messages):
                changes = self._turns_of(messages, parents, emotes)
            self.events.publish_each("topic", changes)

    def _turns_of(
        self, messages: Sequence[Message], parents: Sequence[str | None], emotes: Sequence[tuple[str, ...]]
    ) -> list[TopicChange]:
        """What the messages make the room turn to."""
        names = _spellings(self.bot_names)
        observe = self.topics.observe
        seen = zip(messages, parents, emotes, strict=True)
        changes = [observe(message, parent=parent, emotes=used, names=names) for message, parent, used in seen]
        return [change for change in changes if change is not None]

    def _measured(self, part: str, messages: Sequence[Message]) -> Timed:
        """Counts how long a part of the work took for each of the messages."""
        return self.work[part].timed(len(messages))

    def polish(self, text: str) -> str:
        """A piece of a reply with only usable emotes, exactly spelled."""
        return self.known_emotes.polish(text) if self.tracking.emotes else text

    def observe_reply(self, reply: Reply, urgency: Urgency = "called") -> None:
        """Let the trackers see a reply."""
        if self.tracking.threads:
            self.threads.observe(reply)
        asked = map(viewer_of, self.messages_of(reply.answers))
        self.ledger.replied(reply.id, asked, urgency=urgency, at=reply.created_at)

    def topics_lately(self, now: float) -> tuple[Topic, ...]:
        """What the room talks about, found out anew once a second: in a lively room that takes milliseconds."""
        if not self.told_topics[0] <= now < self.told_topics[0] + 1:
            self.told_topics = (now, self.topics.topics(now))
        return self.told_topics[1]

    def wait_for_turn(self, message: Message) -> None:
        """Let a message wait until a turn chooses it, or lets go of it."""
        self.pending[message.id] = message

    def leave(self, message_id: str) -> None:
        """Take back a message that could not be stored."""
        if message_id in self.present:
            before = len(self.entries)
            self.hold(entry for entry in self.entries if entry.id != message_id)
            self.conversation = ()
            self.messages -= before - len(self.entries)
        self.topics.forget([message_id])
        self.threads.forget([message_id])

    def answer(self, reply: Reply, urgency: Urgency = "called") -> None:
        """Put a reply right after the newest message that its prompt held."""
        place = len(self.entries)
        while place and _stands_after(self.entries[place - 1], reply):
            place -= 1
        self.entries.insert(place, reply)
        self.present.add(reply.id)
        self.replies += 1
        self.observe_reply(reply, urgency)
        for message_id in reply.answers:
            self.pending.pop(message_id, None)

    def confirm(self, messages: Iterable[Message], reply: Reply | None = None) -> None:
        """Take over the places that the store gave; a surprise means that another process writes here too.

        What was just stored stands near the end, so it is looked for from there.
        """
        told: Iterable[Entry] = messages if reply is None else (*messages, reply)
        stored = {entry.id: entry for entry in told if entry.id in self.present}
        index = len(self.entries)
        while stored and index:
            index -= 1
            expected = self.entries[index]
            known = stored.pop(expected.id, expected)
            if known is not expected:
                self.stale = self.stale or _place(known) != _place(expected)
                self.entries[index] = known
                self.last_position = max(self.last_position, _place(known))

    def has(self, message_id: str) -> bool:
        """Whether a message or reply of this id is in the window."""
        return message_id in self.present

    def reply_to(self, message_id: str) -> Reply | None:
        """The reply in the window that answers this message."""
        for entry in reversed(self.entries):
            if isinstance(entry, Reply) and message_id in entry.answers:
                return entry
        return None

    def forget(self, message_ids: Collection[str], reply_ids: Collection[str], *, summary: bool) -> None:
        """Remove what was forgotten from everything that is in memory."""
        gone = {*message_ids, *reply_ids}
        self.hold(_untold(entry) for entry in self.entries if entry.id not in gone)
        self.conversation = ()
        self.messages -= len(message_ids)
        self.replies -= len(reply_ids)
        for message_id in message_ids:
            self.pending.pop(message_id, None)
            self.unsaved.pop(message_id, None)
        if summary:
            self.summary = None
        if self.turns:
            self.forgotten |= gone
        self.events.forget(lambda event: getattr(event.value, "id", None) in gone or event.kind == "topic")
        self.events.amend(_untold)
        self.topics.forget(message_ids)
        self.told_topics = (-inf, ())
        self.noted = OrderedDict()
        self.repeats = Repeats()
        self.threads.forget([*message_ids, *reply_ids])
        for turn in self.turns:
            turn.look()

    def clear(self) -> None:
        """Remove everything that was said."""
        self.forget(
            [entry.id for entry in self.entries if isinstance(entry, Message)],
            [entry.id for entry in self.entries if isinstance(entry, Reply)],
            summary=True,
        )
        self.pending.clear()
        self.unsaved.clear()
        self.messages = self.replies = self.cut = self.begun = 0
        self.window = Window()

    def place_of(self, message_ids: Collection[str]) -> int:
        """Position of the newest of these messages; of the newest message at all where none is in the window."""
        return max((message.position for message in self.messages_of(message_ids)), default=self.last_position)

    def messages_of(self, ids: Collection[str]) -> list[Message]:
        """Those of these messages that are in the window, oldest first."""
        return [entry for entry in self.entries_of(ids) if isinstance(entry, Message)]

    def entries_of(self, ids: Collection[str]) -> list[Entry]:
        """Those of these messages and replies that are in the window, oldest first. A turn asks for what stands near
        its end."""
        found: list[Entry] = []
        for entry in reversed(self.entries):
            if len(found) == len(ids):
                break
            if entry.id in ids:
                found.append(entry)
        return found[::-1]

    def drop_before(self, cut: int) -> Sequence[Entry]:
        """Move the window's start; returns what fell out."""
        out = [entry for entry in self.entries if _place(entry) < cut]
        self.hold(self.entries[len(out) :])
        self.cut = cut
        return out


def _place(entry: Entry) -> int:
    return entry.position if isinstance(entry, Message) else entry.after


def _stands_after(entry: Entry, reply: Reply) -> bool:
    return isinstance(entry, Message) and entry.position > reply.after


def _untold(value: Any) -> Any:
    """A reply without what the room talked about then: the labels are words of messages, perhaps of forgotten ones."""
    return replace(value, topics=()) if isinstance(value, Reply) and value.topics else value


@lru_cache(maxsize=256)
def _spellings(names: tuple[str, ...]) -> frozenset[str]:
    """The words of the assistant's names as viewers may write them: who calls it does not talk about it."""
    words = [word for name in names for word in split(name)]
    return frozenset(spelled for word in words for spelled in (word, word.lower(), word.upper(), word.capitalize()))
