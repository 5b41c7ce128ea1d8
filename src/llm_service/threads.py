"""Which earlier message a message belongs to, in a room where many conversations run through one another.

Decided line by line, from what is known when the line arrives and without a model: the platform's own reply, the
person a line names, what was said to its speaker, the conversation the speaker is in, the speaker's own last line;
else the line stands alone. A line that nobody is named in is never glued to the line above it: on IRC that merges
everything (Kummerfeld et al., "A Large-Scale Corpus for Conversation Disentanglement", ACL 2019, row *Previous*).
``benchmarks/threads.py`` scores this on their data.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from llm_service.multimap import Multimap
from llm_service.people import Names, person
from llm_service.types import Message, Reply
from llm_service.words import read

STALE = 600.0
"""Seconds after which a speaker's own last line is over: the next one starts afresh."""
FRESH = 300.0
"""Seconds within which a line answers what was said to its speaker or in the speaker's conversation."""
PAUSE = 120.0
"""Seconds of silence after which a question in other words is a new question, not more of the last line."""
RECENT = 8
"""Lines of a person or a conversation that are looked at."""
QUESTION_WORDS = 6
"""Words that a question needs to stand alone."""

TO_ME, SAME_CONVERSATION, OWN = 3.0, 2.0, 1.0
"""What speaks for a line: it was said to me; it was said in my conversation; I said it myself."""

_ASSISTANT = "the assistant"
_ASKS = re.compile(
    r"^(?:(?:hi|hello|hey|ok|okay|so|and|but|well|um+|guys|all|folks|please|also|anyway)\W+)*"
    r"(?:anyone|anybody|do|does|is|are|can|could|how|what|where|why|which|who|when|has|have|will|would|should|i need"
    r"|i want|i have|i got|just|my|wie|was|wo|warum|wer|kann|hat|comment|quoi|pourquoi|qui|como|que|donde|quien|come"
    r"|cosa|dove|chi|как|что|где|кто|почему)\b",
    re.IGNORECASE,
)


@dataclass(slots=True, eq=False)
class _Line:
    """A remembered line. There are thousands, so it holds nothing that is large when it is nearly empty."""

    id: str
    number: int
    who: str
    name: str
    to: str | None
    at: float
    text: str
    words: tuple[str, ...]
    thread: list[str] = field(init=False)
    """Ids of the lines of its conversation, of which it is one, oldest first: given when it is known which line it
    belongs to. Ids, since lines that hold each other would outlive a room that is let go."""


class ThreadTracker:
    """The conversations of one room, over its newest ``limit`` lines.

    ``assistant`` is the name that viewers call the assistant by: its replies take part like anybody's lines.
    """

    def __init__(self, *, assistant: str = "Assistant", limit: int = 2_000) -> None:
        self._limit = limit
        self._lines: dict[str, _Line] = {}
        self._by: Multimap[str, _Line] = Multimap(RECENT)
        self._to: Multimap[str, _Line] = Multimap(RECENT)
        self._frequency: dict[str, int] = {}
        self._names = Names()
        self._names.add(assistant, _ASSISTANT)
        self._number = 0

    def __len__(self) -> int:
        return len(self._lines)

    def observe(self, entry: Message | Reply) -> str | None:
        """Take the next line in; returns the id of the earlier one that it belongs to, None if it stands alone."""
        if entry.id in self._lines:
            self._drop(self._lines[entry.id])
        line = self._read(entry)
        earlier = self._declared(entry) or (None if isinstance(entry, Reply) else self._inferred(line))
        self._keep(line, earlier)
        return earlier.id if earlier else None

    def thread_of(self, message_id: str) -> tuple[str, ...]:
        """Ids of the conversation that this line is in, oldest first; empty for a line that is not remembered."""
        line = self._lines.get(message_id)
        return tuple(line.thread) if line else ()

    def before(self, message_id: str) -> str | None:
        """Id of the line before this one in its conversation, None where there is none; fast for a new line."""
        line = self._lines.get(message_id)
        older = reversed(line.thread) if line else iter(())
        next((other for other in older if other == message_id), None)
        return next(older, None)

    def forget(self, ids: Collection[str]) -> None:
        """Drop these lines: nothing will belong to them any more."""
        for message_id in ids:
            if line := self._lines.get(message_id):
                self._drop(line)

    def _read(self, entry: Message | Reply) -> _Line:
        self._number += 1
        if isinstance(entry, Reply):
            who, name, text, at, to = _ASSISTANT, "", entry.text, entry.created_at, None
        else:
            who, name, text, at = person(entry.username, entry.user_id), entry.username, entry.text, entry.sent_at
            named = self._names.addressed(text)
            to = None if named == who else named
        words = tuple(dict.fromkeys(read(text).terms))
        return _Line(entry.id, self._number, who, name, to, at, text, words)

    def _declared(self, entry: Message | Reply) -> _Line | None:
        """The line that ``entry`` says it answers."""
        if isinstance(entry, Reply):
            return next((line for key in reversed(entry.answers) if (line := self._lines.get(key))), None)
        return self._lines.get(entry.reply_to) if entry.reply_to else None

    def _inferred(self, line: _Line) -> _Line | None:
        theirs = self._by.get(line.to) if line.to else None
        return self._to_named(line, theirs) if theirs else self._unaddressed(line)

    def _to_named(self, line: _Line, theirs: Sequence[_Line]) -> _Line:
        """The line of the named person that ``line`` answers, or my own to them if they were silent since.

        Of their newest lines the last counts most, then the one said to me and the one that shares words; one that
        they said to somebody else only if there is no other.
        """
        last, own = theirs[-1], self._own(line)
        if own and own.to == line.to and own.number > last.number:
            return own
        newest = [other for other in theirs if last.at - other.at <= FRESH]
        open_to_me = [other for other in newest if other.to in (None, line.who)] or newest
        said = frozenset(line.words)
        return _best(
            (self._likeness(said, other) + (other.to == line.who) - rank, other)
            for rank, other in enumerate(reversed(open_to_me))
        )

    def _unaddressed(self, line: _Line) -> _Line | None:
        own = self._own(line)
        since = own.number if own else 0
        to_me = _fresh(line, self._to.get(line.who), since)
        beside_me = _fresh(line, [self._lines[key] for key in own.thread[-RECENT:]], since) if own else ()
        open_to_me = [other for other in beside_me if other.who != line.who and (not other.to or other.to == line.who)]
        if to_me or open_to_me:
            said = frozenset(line.words)
            personal = [(TO_ME - rank + self._likeness(said, other), other) for rank, other in enumerate(to_me)]
            return _best(personal + [(SAME_CONVERSATION + self._likeness(said, other), other) for other in open_to_me])
        return None if own and _asks_anew(line, own) else own

    def _own(self, line: _Line) -> _Line | None:
        own = self._by.newest(line.who)
        return own if own and line.at - own.at <= STALE else None

    def _likeness(self, said: frozenset[str], other: _Line) -> float:
        """How much a line of these words and another one say the same: rare shared words count, long lines share some
        by chance."""
        shared = said.intersection(other.words)
        if not shared:
            return 0.0
        lines, frequency = len(self._lines), self._frequency
        rarity = sum([math.log(lines / (frequency[word] + 1) + 1) for word in shared])
        return rarity / (1 + math.log1p(len(said) + len(other.words) - len(shared)))

    def _keep(self, line: _Line, earlier: _Line | None) -> None:
        line.thread = earlier.thread if earlier else []
        line.thread.append(line.id)
        self._lines[line.id] = line
        self._by.put(line.who, line)
        if line.to:
            self._to.put(line.to, line)
        frequency = self._frequency
        for word in line.words:
            frequency[word] = frequency.get(word, 0) + 1
        if line.name:
            self._names.add(line.name, line.who)
        if len(self._lines) > self._limit:
            self._drop(next(iter(self._lines.values())))

    def _drop(self, line: _Line) -> None:
        del self._lines[line.id]
        line.thread.remove(line.id)
        self._by.take_out(line.who, line)
        if line.to:
            self._to.take_out(line.to, line)
        frequency = self._frequency
        for word in line.words:
            left = frequency[word] = frequency[word] - 1
            if not left:
                del frequency[word]
        if line.name:
            self._names.remove(line.name, line.who)


def _fresh(line: _Line, lines: Sequence[_Line] | None, since: int) -> list[_Line]:
    """The newest of ``lines`` that came after number ``since`` and not long before ``line``, newest first."""
    if not lines or lines[-1].number <= since:
        return []
    oldest = line.at - FRESH
    return [other for other in lines[: -RECENT - 1 : -1] if other.number > since and other.at >= oldest]


def _asks_anew(line: _Line, own: _Line) -> bool:
    """Whether ``line`` opens a matter of its own rather than going on with my last line."""
    if line.at - own.at < PAUSE or line.text.count(" ") + 1 < QUESTION_WORDS:
        return False
    if not set(line.words).isdisjoint(own.words):
        return False
    return "?" in line.text or _ASKS.match(line.text) is not None


def _best(candidates: Iterable[tuple[float, _Line]]) -> _Line:
    return max(candidates, key=lambda candidate: (candidate[0], candidate[1].number))[1]
