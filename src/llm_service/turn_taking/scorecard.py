"""How well a room was served, from the record of what happened in it: the figures that a streamer cares about."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from types import MappingProxyType
from typing import Any

from .sending import WINDOW, mark

# ── The record ───────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A viewer wrote something; ``called`` if it called the assistant."""

    message_id: str
    viewer: str
    at: float
    called: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A reply was given at ``at`` to the messages ``answers``, of which ``merged`` repeat another of them."""

    at: float
    answers: tuple[str, ...]
    merged: tuple[str, ...] = ()
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """Messages were passed over, since their writers were answered on another line."""

    message_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """Messages were given up for a reason."""

    message_ids: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """A moderator deleted a message."""

    message_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedRequest:
    """The service refused a request, or a turn failed, with this code."""

    code: str


Event = Heard | Answered | Skipped | Dropped | Forgotten | RefusedRequest
"""What the record of a room is made of; times are seconds on one clock, whichever."""


# ── The figures ──────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How values are spread, by nearest rank; all 0 where there are none."""

    p50: float = 0.0
    p95: float = 0.0
    max: float = 0.0

    @classmethod
    def of(cls, values: Iterable[float]) -> Spread:
        """The spread of ``values``."""
        ranked = sorted(values)
        return cls(p50=_rank(ranked, 0.5), p95=_rank(ranked, 0.95), max=_rank(ranked, 1.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Scorecard:
    """What a room got. Shares are 0 to 1, times in seconds."""

    messages: int = 0
    viewers: int = 0
    replies: int = 0
    answered: int = 0
    """Messages that were answered, merged ones among them."""
    merged: int = 0
    skipped: int = 0
    dropped: Mapping[str, int] = field(default_factory=dict)
    """Messages by the reason for which they were given up."""
    forgotten: int = 0
    unaccounted: int = 0
    """Messages of which nothing is recorded: still waiting at the end of the record, or lost."""
    answered_share: float = 0.0
    calls: int = 0
    """Messages that called the assistant."""
    calls_answered_share: float = 1.0
    """Of the calls; 1 where nobody called."""
    waiting: Spread = field(default_factory=Spread)
    """From a message to the reply that answers it."""
    calls_waiting: Spread = field(default_factory=Spread)
    staleness: Spread = field(default_factory=Spread)
    """Age of the newest message that a reply answers: how far the reply is behind the room."""
    fairness: float = 1.0
    """Jain's index over the viewers of the number of replies that answer them: 1 if all got the same, 1/n if one of n
    got everything (Jain, Chiu, Hawe: A quantitative measure of fairness, 1984)."""
    largest_share: float = 0.0
    """Share of the replies that answer the viewer who is answered most."""
    repeats: int = 0
    """Replies that say what another said in the 30 s before."""
    refusals: Mapping[str, int] = field(default_factory=dict)
    """Requests that were refused, by code."""

    def to_dict(self) -> dict[str, Any]:
        """In plain JSON types."""
        plain = {"dropped": dict(self.dropped), "refusals": dict(self.refusals)}
        spreads = {name: asdict(getattr(self, name)) for name in ("waiting", "calls_waiting", "staleness")}
        return {name: getattr(self, name) for name in self.__slots__} | plain | spreads


def score(events: Iterable[Event]) -> Scorecard:
    """The figures of a record, whose events are in order of time. A message counts once, for what befell it first, and
    not at all for events of messages that nobody wrote."""
    record = _Record()
    for event in events:
        record.add(event)
    return record.scorecard()


class _Record:
    """A record, sorted by what is asked of it."""

    def __init__(self) -> None:
        self.heard: dict[str, Heard] = {}
        self.fate: dict[str, str] = {}
        self.waits: dict[str, float] = {}
        self.replies: list[Answered] = []
        self.merged: set[str] = set()
        self.refusals: Counter[str] = Counter()

    def add(self, event: Event) -> None:
        match event:
            case Heard():
                self.heard.setdefault(event.message_id, event)
            case Answered():
                self._answer(event)
            case Skipped():
                self._settle(event.message_ids, "skipped")
            case Dropped():
                self._settle(event.message_ids, f"dropped {event.reason}")
            case Forgotten():
                self._settle((event.message_id,), "forgotten")
            case RefusedRequest():
                self.refusals[event.code] += 1

    def _answer(self, reply: Answered) -> None:
        self.replies.append(reply)
        self.merged.update(reply.merged)
        for message_id in self._settle(reply.answers, "answered"):
            self.waits[message_id] = reply.at - self.heard[message_id].at

    def _settle(self, message_ids: Sequence[str], fate: str) -> list[str]:
        settled = [id_ for id_ in message_ids if id_ in self.heard and id_ not in self.fate]
        self.fate.update(dict.fromkeys(settled, fate))
        return settled

    def scorecard(self) -> Scorecard:
        fates = Counter(self.fate.values())
        calls = [message_id for message_id, message in self.heard.items() if message.called]
        answered_calls = [self.waits[message_id] for message_id in calls if message_id in self.waits]
        served = self._served()
        return Scorecard(
            messages=len(self.heard),
            viewers=len(served),
            replies=len(self.replies),
            answered=fates["answered"],
            merged=sum(self.fate.get(message_id) == "answered" for message_id in self.merged),
            skipped=fates["skipped"],
            dropped=MappingProxyType(
                {fate.removeprefix("dropped "): n for fate, n in fates.items() if fate.startswith("dropped ")}
            ),
            forgotten=fates["forgotten"],
            unaccounted=len(self.heard) - fates.total(),
            answered_share=_share(fates["answered"], len(self.heard), 0.0),
            calls=len(calls),
            calls_answered_share=_share(len(answered_calls), len(calls), 1.0),
            waiting=Spread.of(self.waits.values()),
            calls_waiting=Spread.of(answered_calls),
            staleness=Spread.of(self._staleness()),
            fairness=_jain(list(served.values())),
            largest_share=_share(max(served.values(), default=0), len(self.replies), 0.0),
            repeats=self._repeats(),
            refusals=MappingProxyType(dict(self.refusals)),
        )

    def _served(self) -> dict[str, int]:
        """How many replies answer each viewer."""
        served = dict.fromkeys((message.viewer for message in self.heard.values()), 0)
        for reply in self.replies:
            for viewer in {self.heard[id_].viewer for id_ in reply.answers if id_ in self.heard}:
                served[viewer] += 1
        return served

    def _staleness(self) -> Iterable[float]:
        for reply in self.replies:
            times = [self.heard[id_].at for id_ in reply.answers if id_ in self.heard]
            if times:
                yield reply.at - max(times)

    def _repeats(self) -> int:
        times: dict[int, list[float]] = defaultdict(list)
        for reply in self.replies:
            if reply.text:
                times[mark(reply.text)].append(reply.at)
        return sum(later - earlier < WINDOW for at in times.values() for earlier, later in pairwise(at))


# ── Side by side ─────────────────────────────────────────────────────────────────────────────────────────────────


def rows(cards: Mapping[str, Scorecard]) -> list[tuple[str, ...]]:
    """A table of scorecards, each under its name: a row of headings, then one a figure, as text."""
    table = [("", *cards)]
    table += [(label, *(_figure(card, name) for card in cards.values())) for name, label in _LABELS.items()]
    for field_name, label in (("dropped", "dropped"), ("refusals", "refused")):
        reasons = sorted({reason for card in cards.values() for reason in getattr(card, field_name)})
        table += [
            (f"{label}: {reason}", *(str(getattr(card, field_name).get(reason, 0)) for card in cards.values()))
            for reason in reasons
        ]
    return table


_LABELS = {
    "messages": "messages",
    "viewers": "viewers",
    "replies": "replies",
    "answered_share": "messages answered",
    "merged": "… of them merged with others",
    "calls": "calls",
    "calls_answered_share": "calls answered",
    "waiting": "waiting, s (p50 / p95 / max)",
    "calls_waiting": "calls waiting, s (p50 / p95 / max)",
    "staleness": "replies behind the room, s (p50 / p95 / max)",
    "fairness": "fairness between viewers (Jain)",
    "largest_share": "replies to the most answered viewer",
    "repeats": "repeated replies",
    "skipped": "skipped",
    "forgotten": "forgotten",
    "unaccounted": "unaccounted for",
}


def _figure(card: Scorecard, name: str) -> str:
    value = getattr(card, name)
    if isinstance(value, Spread):
        return f"{value.p50:.1f} / {value.p95:.1f} / {value.max:.1f}"
    if name.endswith("_share"):
        return f"{value:.1%}"
    return f"{value:.2f}" if isinstance(value, float) else str(value)


def _rank(ranked: Sequence[float], share: float) -> float:
    return ranked[max(0, -int(-share * len(ranked) // 1) - 1)] if ranked else 0.0


def _share(part: int, whole: int, otherwise: float) -> float:
    return part / whole if whole else otherwise


def _jain(counts: Sequence[int]) -> float:
    squares = sum(count * count for count in counts)
    return sum(counts) ** 2 / (len(counts) * squares) if squares else 1.0
