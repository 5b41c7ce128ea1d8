"""What a room knows of its emotes: their meanings for the model, their spelling for the reply."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from llm_service.emotes import Emote, EmoteDictionary
from llm_service.hygiene import clean_characters, defuse, one_line

MOST_TOLD = 80
"""Codes that the model is told of: each costs about five tokens of every prompt."""


@dataclass(frozen=True, slots=True)
class RoomEmotes:
    """The emotes of one room. ``line`` is the constant part of its prompts that tells them."""

    dictionary: EmoteDictionary
    line: str
    loaded: tuple[Emote, ...] = ()
    """What was loaded for the room; empty where nobody did."""

    @classmethod
    def well_known(cls) -> Self:
        """For a room that has loaded none: the well-known codes are understood as mood, and the model, which has read
        them often enough, is told nothing."""
        return cls(EmoteDictionary(), "")

    @classmethod
    def of(cls, data: object) -> Self:
        """For a room that loaded these: see :meth:`EmoteDictionary.from_data`. Raises :class:`InputError`."""
        dictionary = EmoteDictionary.from_data(data)
        codes = _codes(data)
        harmless = (_harmless(emote) for emote in dictionary if emote.code in codes)
        loaded = tuple(emote for emote in harmless if emote.code)
        return cls(EmoteDictionary(loaded), EmoteDictionary(loaded, well_known=False).describe(_told(loaded)), loaded)

    def polish(self, text: str) -> str:
        """A piece of a reply with only usable emotes, exactly spelled. Nothing is known of a room that loaded none."""
        return self.dictionary.polish(text) if self.loaded else text

    def to_json(self) -> dict[str, Any]:
        """What was loaded."""
        return {emote.code: {"meaning": emote.meaning, "usable": emote.usable} for emote in self.loaded}


def _codes(data: object) -> set[str]:
    entries = data.keys() if isinstance(data, Mapping) else [entry["code"] for entry in data]  # type: ignore[attr-defined]
    return set(entries)


def _told(loaded: tuple[Emote, ...]) -> list[str]:
    """The codes with a meaning first: the others say nothing but their names."""
    return [emote.code for emote in sorted(loaded, key=lambda emote: not emote.meaning)][:MOST_TOLD]


def _harmless(emote: Emote) -> Emote:
    meaning = defuse(one_line(clean_characters(emote.meaning)))
    return Emote(code=defuse(one_line(clean_characters(emote.code))), meaning=meaning, usable=emote.usable)
