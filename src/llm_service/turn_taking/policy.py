"""The policy of a room: every knob of turn-taking, with its unit, its default and its bounds.

A policy is a plain value. It is checked when it is made, travels as JSON (`Policy.to_json`, `Policy.from_json`) and
says which ``version`` of the vocabulary it was written in. The meaning of a knob never changes: a new meaning gets a
new name, and a knob that is retired stays readable.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from difflib import get_close_matches
from math import isfinite
from types import MappingProxyType
from typing import Any, Literal

from llm_service.errors import InputError

VERSION = 1
"""Of the vocabulary that this module knows."""

KNOWN_BOTS = (
    "botrixoficial", "fossabot", "kofistreambot", "moobot", "nightbot", "own3d", "pokemoncommunitygame", "sery_bot",
    "soundalerts", "streamelements", "streamlabs", "wizebot",
)  # fmt: skip
"""Accounts that talk by themselves in many channels; two bots that answer each other never stop."""

BADGES = MappingProxyType({"broadcaster": 2.0, "moderator": 1.0, "vip": 1.0, "subscriber": 0.5})
"""What badges weigh unless the policy says otherwise."""

_Check = Callable[[Any], bool]
_MOST_ENTRIES = 1000
_LONGEST_NAME = 100
_LONGEST = 86_400.0
_NAME = {"type": "string", "minLength": 1, "maxLength": _LONGEST_NAME}


def _knob(default: Any, unit: str, meaning: str, check: _Check, wanted: str, **schema: Any) -> Any:
    """A knob; ``schema`` says in JSON Schema's words what ``check`` looks at."""
    told = {"unit": unit, "meaning": meaning, "check": check, "wanted": wanted, "schema": schema}
    return field(default=default, metadata=told)


def _number(default: float, unit: str, meaning: str, low: float = 0.0, high: float = _LONGEST) -> Any:
    def check(value: object) -> bool:
        return isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high

    wanted = f"a number from {low:,g} to {high:,g}"
    return _knob(default, unit, meaning, check, wanted, type="number", minimum=low, maximum=high)


def _weight(default: float, meaning: str) -> Any:
    return _number(default, "points", meaning, -100.0, 100.0)


def _count(default: int, unit: str, meaning: str, low: int = 1, high: int = 100) -> Any:
    def check(value: object) -> bool:
        return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high

    wanted = f"a whole number from {low:,} to {high:,}"
    return _knob(default, unit, meaning, check, wanted, type="integer", minimum=low, maximum=high)


def _switch(default: bool, meaning: str) -> Any:
    return _knob(default, "yes/no", meaning, lambda value: isinstance(value, bool), "true or false", type="boolean")


def _names(default: tuple[str, ...], unit: str, meaning: str) -> Any:
    def check(value: object) -> bool:
        return isinstance(value, tuple) and len(value) <= _MOST_ENTRIES and all(map(_is_name, value))

    wanted = f"a list of at most {_MOST_ENTRIES:,} texts of 1 to {_LONGEST_NAME} characters"
    return _knob(default, unit, meaning, check, wanted, type="array", items=_NAME, maxItems=_MOST_ENTRIES)


def _weights(default: Mapping[str, float], meaning: str) -> Any:
    wanted = f"at most {_MOST_ENTRIES:,} badge names with a number from -100 to 100 each"
    schema = {
        "type": "object",
        "additionalProperties": {"type": "number", "minimum": -100, "maximum": 100},
        "propertyNames": _NAME,
        "maxProperties": _MOST_ENTRIES,
    }
    told = {"unit": "points", "meaning": meaning, "check": _are_weights, "wanted": wanted, "schema": schema}
    return field(default_factory=lambda: default, hash=False, metadata=told)


def _is_name(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _LONGEST_NAME


def _are_weights(value: object) -> bool:
    return (
        isinstance(value, Mapping)
        and len(value) <= _MOST_ENTRIES
        and all(_is_name(badge) and _is_weight(weight) for badge, weight in value.items())
    )


def _is_weight(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and -100 <= value <= 100


def _is_moment(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value) and value >= 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """When the assistant speaks, to whom, and how much. Raises :class:`InputError` for a value that cannot be used."""

    version: int = _count(VERSION, "", "The vocabulary that the policy is written in.", VERSION, VERSION)
    mode: Literal["manual", "auto"] = _knob(
        "manual",
        "",
        "Whether the room waits to be asked for a turn (`manual`) or takes its turns by itself (`auto`).",
        lambda value: value in ("manual", "auto"),
        "'manual' or 'auto'",
        enum=["manual", "auto"],
    )
    paused: bool = _switch(False, "Stay silent until resumed. What waits meanwhile grows old and is dropped.")
    muted_until: float = _knob(
        0.0,
        "Unix time",
        "Stay silent until this moment.",
        _is_moment,
        "a time in seconds since 1970",
        type="number",
        minimum=0,
    )

    gap: float = _number(2.0, "s", "Least time between two replies, unless a call is overdue.")
    mention_bound: float = _number(10.0, "s", "A call that waited this long is overdue: it comes first.")
    mention_limit: float = _number(45.0, "s", "A call older than this is dropped.", 1.0)
    ambient_limit: float = _number(15.0, "s", "A line that calls nobody and is older than this is dropped.", 1.0)
    viewer_gap: float = _number(
        8.0, "s", "Who is above their share of replies, and was answered less than this ago, waits while others wait."
    )
    interrupt: bool = _switch(True, "Whether a call cuts off a running reply that nobody called for.")

    ambient_gap: float = _number(20.0, "s", "Least time between two replies that nobody called for.")
    ambient_share: float = _number(
        0.1, "share", "Most replies that nobody called for, as a share of the messages: 0.1 is one in ten.", 0.0, 1.0
    )
    ambient_per_minute: int = _count(2, "replies", "Most replies that nobody called for in 60 s.", 0, 60)
    ambient_threshold: float = _weight(0.0, "Least points that a line needs to be answered without a call.")

    most_answers: int = _count(8, "lines", "Most lines that one reply answers where viewers called.")
    ambient_answers: int = _count(3, "lines", "Most lines that one reply answers where nobody called.")
    most_per_viewer: int = _count(3, "lines", "Most lines of one viewer that wait; older ones are dropped.")

    most_waiting: int = _count(500, "lines", "Most lines that wait; the oldest are dropped, calls last.", 10, 5000)

    weight_reply: float = _weight(2.0, "For answering one of the assistant's replies.")
    weight_mention: float = _weight(1.0, "For an @mention of the assistant.")
    weight_question: float = _weight(1.0, "For a question.")
    weight_first_time: float = _weight(1.5, "For the first message that somebody writes in the room.")
    weight_crowd: float = _weight(0.5, "For each doubling of the people who say the same.")
    weight_raid: float = _weight(3.0, "For a raid: a crowd of newcomers who say the same.")
    weight_elsewhere: float = _weight(-2.0, "For a line meant for another viewer.")
    badges: Mapping[str, float] = _weights(BADGES, "For each badge that the writer wears.")
    raid_people: int = _count(10, "people", "Newcomers who say the same from which on it is a raid.", 2, 1000)
    raid_gap: float = _number(
        60.0, "s", "Least time between two raids that are greeted at once, whatever the budget for joining in."
    )

    ignored: tuple[str, ...] = _names((), "names or ids", "Viewers who are never answered.")
    known_bots: tuple[str, ...] = _names(KNOWN_BOTS, "names or ids", "Other bots, which are never answered.")
    command_prefixes: tuple[str, ...] = _names(
        ("!",), "texts", "What a command for another bot begins with; such lines are not answered."
    )

    max_chars: int = _count(500, "characters", "Most characters of one message that is sent.", 20, 10_000)
    most_messages: int = _count(1, "messages", "Most messages that a reply is split into.", 1, 10)
    repeat_after: float = _number(30.0, "s", "The same text is not sent again within this time.", 0.0, 600.0)
    send_budget: int = _count(
        20, "messages", "Most messages sent in any 30 s: 20 on Twitch, 100 for moderators.", 1, 1000
    )

    notes: bool = _switch(True, "Whether what viewers say about themselves is noted, and told when they are answered.")

    def __post_init__(self) -> None:
        for knob in fields(self):
            _check(knob, getattr(self, knob.name))
        object.__setattr__(self, "badges", MappingProxyType(dict(self.badges)))

    def to_json(self) -> dict[str, Any]:
        """Every knob with its value, in plain JSON types."""
        return {knob.name: _plain(getattr(self, knob.name)) for knob in fields(self)}

    @classmethod
    def from_json(cls, values: object, base: Policy | None = None) -> Policy:
        """The policy that ``values``, parsed JSON, describe; what they leave out is as in ``base`` or the defaults.

        Raises :class:`InputError` for a knob that does not exist and for a value that cannot be used.
        """
        if not isinstance(values, Mapping):
            raise InputError("A policy is an object of knobs and values.")
        known = {knob.name: knob for knob in fields(cls)}
        for name in values:
            if name not in known:
                raise InputError(_no_such_knob(name, list(known)))
        given = {name: _from_plain(value, known[name]) for name, value in values.items()}
        return cls(**{**(base or cls())._values(), **given})

    def _values(self) -> dict[str, Any]:
        return {knob.name: getattr(self, knob.name) for knob in fields(self)}

    def silent_until(self, now: float) -> float | None:
        """When a mute ends, ``inf`` while paused, None where the assistant may speak."""
        if self.paused:
            return float("inf")
        return self.muted_until if self.muted_until > now else None


@dataclass(frozen=True, slots=True)
class Knob:
    """What there is to know of a knob."""

    name: str
    default: Any
    unit: str
    meaning: str
    wanted: str
    """What values can be used, in words."""
    schema: Mapping[str, Any]
    """The same in the words of JSON Schema."""


def knobs() -> tuple[Knob, ...]:
    """All knobs of a policy, in order: for the documentation, the command line and forms."""
    defaults = Policy().to_json()
    return tuple(
        Knob(knob.name, defaults[knob.name], *(knob.metadata[key] for key in ("unit", "meaning", "wanted", "schema")))
        for knob in fields(Policy)
    )


def _no_such_knob(name: object, known: list[str]) -> str:
    """What to say of a name that is no knob. It is the caller's own word, so it is not repeated."""
    meant = get_close_matches(str(name), known, 1)
    advice = f"did you mean {meant[0]}?" if meant else "GET /policy shows them all."
    return f"A policy has no such knob: {advice}"


def _check(knob: Field[Any], value: object) -> None:
    if not knob.metadata["check"](value):
        raise InputError(f"{knob.name} must be {knob.metadata['wanted']}.")


def _from_plain(value: object, knob: Field[Any]) -> object:
    """A value as parsed JSON has it, as a policy has it. To JSON, 3.0 is a whole number."""
    if isinstance(value, list):
        return tuple(value)
    if knob.metadata["schema"].get("type") == "integer" and isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    return list(value) if isinstance(value, tuple) else value
