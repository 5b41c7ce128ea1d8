"""Emotes as language: what a room's codes mean, which ones the assistant may use, and how they are spelled.

On Twitch and its like an emote is a word of the text: ``KEKW`` is laughter. Codes of 7TV, BTTV and FFZ arrive as
plain words, so they are found as whole words between spaces, in exact case.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from llm_service.errors import InputError

MOST = 5_000
"""Emotes that a room can have; the largest channels with three providers have about half of that."""
LONGEST_CODE, LONGEST_MEANING = 64, 80
CODE = rf"[^\s\x1c-\x1f\x85\ufeff]{{1,{LONGEST_CODE}}}"
"""A code: one word, whoever's notion of space is asked, Python's or JavaScript's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Emote:
    """One code of a room."""

    code: str
    meaning: str = ""
    """A few words for the model; empty if nobody said."""
    usable: bool = True
    """Whether the assistant may post it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Where a platform says that an emote stands in a text: code points, both ends included, as on Twitch."""

    code: str
    first: int
    last: int


_TWITCH = {
    "laughter": "LUL EleGiggle 4Head",
    "excitement": "PogChamp PogBones Kreygasm TwitchLit",
    "irony": "Kappa KappaPride Keepo KappaClaus KappaWealth KappaRoss MiniK",
    "sadness": "BibleThump PoroSad",
    "despair": "NotLikeThis",
    "disgust": "DansGame WutFace",
    "anger": "SwiftRage BabyRage SMOrc",
    "facepalm": "FailFish",
    "fooled you": "Jebaited",
    "boredom": "ResidentSleeper",
    "approval": "SeemsGood",
    "coolness": "CoolCat DatSheffy TriHard",
    "love": "<3 bleedPurple TwitchUnity VirtualHug LuvHearts",
    "greeting": "HeyGuys VoHiYo KonCha",
    "praying for luck": "BlessRNG",
    "please give": "GivePLZ",
    "taking what was given": "TakeNRG",
    "confusion": "CoolStoryBob ThunBeast",
    "agreement": "VoteYea",
    "disagreement": "VoteNay",
    "celebration": "PartyTime SUBprise FBtouchdown",
    "food": "OpieOP PizzaTime",
    "dancing": "DinoDance PopNemo",
}
"""Twitch's own, which work in every channel."""

_ELSEWHERE = {
    "laughter": "KEKW KEKL KEKWait LULW OMEGALUL ICANT PepeLaugh pepeLaugh xdd LuL",
    "excitement": "Pog POGGERS PogU Poggers Pogey POGCRAZY PagMan PagChomp WAYTOODANK HYPERS HYPERPOGGER",
    "holding one's breath": "PauseChamp PauseMan",
    "hoping against hope": "Prayge COPIUM Copium HOPIUM Hopium Copege",
    "sadness": "Sadge PepeHands peepoSad FeelsBadMan widepeepoSad BigSadge peepoCry Deadge",
    "bittersweet tears": "FeelsStrongMan",
    "happiness": "peepoHappy widepeepoHappy FeelsGoodMan FeelsOkayMan Gladge",
    "cosiness": "peepoComfy Comfi Okayge",
    "tension": "monkaS monkaW monkaX monkaGIGA monkaOMEGA monkaEyes",
    "doubt": "monkaHmm Hmmge Susge HmmThink",
    "blissful ignorance": "Clueless",
    "painful realisation": "Aware Despairge",
    "anger": "Madge RAGEY REEEE ReeeeE",
    "annoyance": "Weirdge WeirdChamp FeelsWeirdMan",
    "disbelief": "HUH BruhChamp Erm Stare",
    "thinking": "Thonk FeelsThinkingMan PepeThink peepoThink",
    "sleepiness": "Bedge Sleepge",
    "foolishness": "Pepega FeelsDankMan FeelsDonkMan",
    "being clever": "5Head BigBrain",
    "pedantry": "Nerdge NERDD",
    "coolness": "EZ GIGACHAD Gigachad BasedGod",
    "applause": "Clap peepoClap PepoClap",
    "agreement": "NODDERS Nodders YEP",
    "disagreement": "NOPERS Nopers",
    "greeting": "peepoHey peepoHello peepoWave",
    "goodbye": "peepoBye peepoLeave",
    "love": "peepoLove FeelsLoveMan catKISS peepoHeart",
    "shyness": "peepoShy FeelsShyMan",
    "delight": "AYAYA PETPET",
    "dancing": "catJAM CatJam pepeJAM PepeJAM ratJAM blobDance SourPls pepeD peepoDJ PartyParrot headBang",
    "wild applause": "HYPERCLAP AYAYAClap EZClap",
    "salute": "o7 Salute",
    "watching the drama": "popCorn peepoPopcorn",
    "look here": "DinkDonk peepoDinkDonk",
    "rushing": "peepoRun PepoRun",
    "riches": "PepeMoney Stonks",
}
"""Known from 7TV, BTTV and FFZ: whether they show depends on what the channel has installed."""

WELL_KNOWN = tuple(
    Emote(code=code, meaning=meaning, usable=usable)
    for table, usable in ((_TWITCH, True), (_ELSEWHERE, False))
    for meaning, codes in table.items()
    for code in codes.split()
)
"""Emotes that are understood in any room, in our own words."""

_WRAPPING = "\"'`*_~()[]{}:;,.!?…"
_STOPS = ".,;!?…"


class EmoteDictionary:
    """The emotes of one room: what it loaded, over those that are well known. Immutable."""

    def __init__(self, emotes: Iterable[Emote] = (), *, well_known: bool = True) -> None:
        self._emotes = {emote.code: emote for emote in (*(WELL_KNOWN if well_known else ()), *emotes)}
        self._spellings = {code.casefold(): code for code in sorted(self._emotes) if _is_distinctive(code)}
        self._spellings |= {
            code.casefold(): code
            for code in sorted(self._emotes)
            if _is_distinctive(code) and self._emotes[code].usable
        }

    @classmethod
    def from_json(cls, document: str | bytes) -> EmoteDictionary:
        """From a file or request: ``{"KEKW": "laughter"}``, ``{"KEKW": {"meaning": …, "usable": …}}`` or a list of
        ``{"code": …, "meaning": …, "usable": …}``. Raises ``InputError``."""
        try:
            return cls.from_data(json.loads(document))
        except ValueError as error:
            raise InputError("The emotes are not JSON.") from error

    @classmethod
    def from_data(cls, data: object) -> EmoteDictionary:
        """From the same, already parsed. Raises ``InputError``."""
        if isinstance(data, Mapping):
            data = [{**_fields(value), "code": code} for code, value in data.items()]
        if not isinstance(data, list) or len(data) > MOST:
            raise InputError(f"Emotes must be an object or a list, with {MOST:,} entries at most.")
        return cls(_emote(entry) for entry in data)

    def __contains__(self, code: object) -> bool:
        return code in self._emotes

    def __iter__(self) -> Iterator[Emote]:
        return iter(self._emotes.values())

    def __len__(self) -> int:
        return len(self._emotes)

    def mentioned(self, text: str, emotes: Collection[str] = ()) -> tuple[str, ...]:
        """The codes in ``text`` in order, each once: this room's, and those in ``emotes``, which the platform gave."""
        tokens = text.split()
        if not emotes and self._emotes.keys().isdisjoint(tokens):
            return ()
        return tuple(dict.fromkeys([token for token in tokens if token in self._emotes or token in emotes]))

    def describe(self, codes: Iterable[str] | None = None) -> str:
        """One line that tells the model what ``codes`` mean (default: all) and which of them it may use.

        The same codes give the same line, in whatever order they come; empty if there is nothing to tell.
        """
        known = sorted({code for code in (self._emotes if codes is None else codes) if code in self._emotes})
        meanings = [f"{code} = {self._emotes[code].meaning}" for code in known if self._emotes[code].meaning]
        usable = [code for code in known if self._emotes[code].usable]
        parts = [f"Emotes in this chat: {', '.join(meanings)}."] if meanings else []
        parts += [f"You may use these, with a space on both sides: {' '.join(usable)}"] if usable else []
        return " ".join(parts)

    def polish(self, reply: str) -> str:
        """``reply`` with usable emotes exactly spelled and set off by spaces, and without the others.

        Text without emotes stays as it is. Polishing twice changes nothing. A reply of nothing but unusable emotes
        becomes empty.
        """
        pieces = re.split(r"(\s+)", reply)
        kept: list[str] = []
        for gap, token in zip(["", *pieces[1::2]], pieces[::2], strict=True):
            codes = self._codes_in(token)
            if codes is None:
                kept += [gap, token]
                continue
            if token not in codes and not self._ends_with_emote(kept):
                _hand_back_stop(kept, token)
            usable = [code for code in codes if self._emotes[code].usable]
            kept += [gap, " ".join(usable)] if usable else []
        return "".join(kept).removeprefix("" if reply[:1].isspace() else " ")

    def _codes_in(self, token: str) -> list[str] | None:
        """The codes that ``token`` is meant to be, glued together or wrapped; None for a word."""
        if token in self._emotes:
            return [token]
        parts = [part for part in re.split(f"[{re.escape(_WRAPPING)}]+", token) if part]
        codes = [code for part in parts for code in self._unglued(part)]
        return codes if parts and all(codes) else None

    def _ends_with_emote(self, pieces: list[str]) -> bool:
        return bool(pieces) and pieces[-1].rpartition(" ")[2] in self._emotes

    def _unglued(self, part: str) -> list[str]:
        """``KEKWKEKW`` is one code twice; ``[""]`` for a part that is no emote."""
        if part in self._emotes:
            return [part]
        folded = part.casefold()
        for times in range(1, 1 + len(folded) // 2):
            length, rest = divmod(len(folded), times)
            if not rest and folded[:length] * times == folded and folded[:length] in self._spellings:
                return [self._spellings[folded[:length]]] * times
        return [self._spellings.get(folded, "")]


def repaired(text: str, spans: Iterable[Span]) -> tuple[Span, ...]:
    """``spans`` as they should have been, without those whose emote is not in ``text``.

    A client that counts UTF-16 units is one too far for each emoji before the emote; whatever the shift, an emote is
    a whole word, so the nearest word that is the code is meant.
    """
    return tuple(span for given in spans if (span := _repaired(text, given)))


def _repaired(text: str, span: Span) -> Span | None:
    if text[span.first : span.last + 1] == span.code:
        return span
    starts = [found.start() for found in re.finditer(rf"(?<!\S){re.escape(span.code)}(?!\S)", text)]
    if not starts:
        return None
    start = min(starts, key=lambda start: abs(start - span.first))
    return Span(code=span.code, first=start, last=start + len(span.code) - 1)


def _is_distinctive(code: str) -> bool:
    """Whether nobody writes ``code`` by accident in another case: two capitals or a digit inside, like ``PogChamp``."""
    return len(code) > 3 and (sum(letter.isupper() for letter in code) > 1 or any(map(str.isupper, code[1:])))


def _hand_back_stop(kept: list[str], token: str) -> None:
    """The full stop glued to an emote belongs to the word before: ``nice KEKW.`` is ``nice. KEKW``."""
    stop = token[len(token.rstrip(_STOPS)) :]
    if stop and token[0] not in _WRAPPING and kept and kept[-1][-1:].isalnum():
        kept[-1] += stop


def _fields(value: object) -> dict[str, Any]:
    return dict(value) if isinstance(value, Mapping) else {"meaning": value}


def _emote(entry: object) -> Emote:
    fields = entry if isinstance(entry, Mapping) else {}
    code, meaning, usable = fields.get("code"), fields.get("meaning"), fields.get("usable", True)
    meaning = "" if meaning is None else meaning
    if not isinstance(code, str) or not re.fullmatch(CODE, code):
        raise InputError(f"An emote's code is one word of at most {LONGEST_CODE} characters.")
    if not isinstance(meaning, str) or len(meaning) > LONGEST_MEANING or not isinstance(usable, bool):
        raise InputError(f"An emote has a meaning of at most {LONGEST_MEANING} characters, and is usable or not.")
    return Emote(code=code, meaning=" ".join(meaning.split()), usable=usable)
