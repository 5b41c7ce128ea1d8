"""The mood of a room: the emotes that its people use."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from llm_service.types import Mood


class Moods:
    """The newest emotes of each person, so that nobody's mood counts twice; of the newest ``limit`` people."""

    def __init__(self, *, half_life: float, limit: int) -> None:
        self._half_life = half_life
        self._limit = limit
        self._used: dict[str, tuple[str, float, tuple[str, ...]]] = {}

    def observe(self, message_id: str, who: str, at: float, emotes: Sequence[str]) -> None:
        """``who`` used ``emotes`` in this message."""
        self._used.pop(who, None)
        self._used[who] = (message_id, at, tuple(emotes))
        if len(self._used) > self._limit:
            del self._used[next(iter(self._used))]

    def forget(self, message_ids: Collection[str]) -> None:
        """Take back the emotes of these messages."""
        gone = [who for who, (message_id, _, _) in self._used.items() if message_id in message_ids]
        for who in gone:
            del self._used[who]

    def forget_speaker(self, who: str) -> None:
        """Take back the emotes of this person."""
        self._used.pop(who, None)

    def at(self, now: float) -> tuple[Mood, ...]:
        """The emotes in use at ``now``, strongest first."""
        weights: dict[str, list[float]] = {}
        for _, at, emotes in self._used.values():
            for emote in emotes:
                weights.setdefault(emote, []).append(0.5 ** (max(0.0, now - at) / self._half_life))
        moods = (Mood(emote=emote, weight=sum(each), people=len(each)) for emote, each in weights.items())
        return tuple(sorted(moods, key=lambda mood: (-mood.weight, mood.emote)))
