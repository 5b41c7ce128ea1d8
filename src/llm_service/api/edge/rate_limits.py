"""How often somebody may ask: a viewer, all who say the same, an API key, and everybody together.

Moving windows: a hit counts until it is as old as the window is long, and a refused hit does not count. Viewers are
told apart by the platform's id or the skeleton of their name, so that ``Spammer`` and ``sPAMmer`` share one window. A
flood of the same text, by however many accounts, is one thing and has one window: texts are the same when their words
are, whatever their case, digits, punctuation and repetitions.

Windows are kept in Redis where there is one (moving window of the ``limits`` library), so that several processes share
them, else in memory. While Redis is away, each process counts for itself.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Protocol

import structlog

from llm_service.errors import RateLimited, SettingsError
from llm_service.hygiene import skeleton

VIEWER = "5/10 seconds"
FLOOD = "10/10 seconds"
OFF = "off"

MAX_WINDOWS = 100_000
"""Windows kept in memory; beyond, the one longest unused is forgotten."""

_SPEC = re.compile(
    r"\s*(\d{1,9})\s*(?:/|per)\s*(\d{1,6})?\s*(s|sec|seconds?|m|min|minutes?|h|hours?)\s*", re.IGNORECASE
)
_UNIT_SECONDS = {"s": 1, "m": 60, "h": 3600}
_NOT_LETTERS = re.compile(r"[\W\d_]+")
_REPEATED = re.compile(r"(.)\1+", re.DOTALL)

log = structlog.get_logger("llm_service.api")


@dataclass(frozen=True, slots=True)
class Limit:
    """At most ``amount`` hits in any ``seconds``."""

    amount: int
    seconds: int


def parse_limit(spec: str | None) -> Limit | None:
    """A limit such as ``5/10 seconds``, ``5/10s``, ``600/minute`` or ``100 per hour``; None for None and ``off``.

    Raises:
        SettingsError: it is nothing of the kind.
    """
    if spec is None or spec.strip().lower() == OFF:
        return None
    parts = _SPEC.fullmatch(spec)
    if parts is None or int(parts[1]) == 0 or parts[2] == "0":
        raise SettingsError("A rate limit is given as amount/time, such as 5/10 seconds or 600/minute, or as off.")
    return Limit(int(parts[1]), int(parts[2] or 1) * _UNIT_SECONDS[parts[3][0].lower()])


def fingerprint(text: str) -> str:
    """One value for all texts that a flood repeats with small changes; digits and signs count only by themselves."""
    plain = skeleton(text)
    words = dict.fromkeys(_NOT_LETTERS.split(plain))
    letters = _once(_REPEATED.sub(r"\1", "".join(words)))
    return hashlib.blake2b((letters or plain).encode(), digest_size=16).hexdigest()


def _once(text: str) -> str:
    """What ``text`` repeats: ``raid`` for ``raidraidraid``."""
    return text[: (text + text).find(text, 1)]


class RateLimits:
    """Counts hits and refuses those beyond the limits. Each limit is a specification (`parse_limit`) or None.

    ``viewer`` None turns ``flood`` off as well: both are about viewers. ``clock`` gives seconds and never goes back.

    Raises:
        SettingsError: a specification or ``redis_url`` cannot be understood.
    """

    def __init__(
        self,
        *,
        viewer: str | None = VIEWER,
        flood: str | None = FLOOD,
        key: str | None = None,
        total: str | None = None,
        redis_url: str | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._viewer = parse_limit(viewer)
        self._flood = parse_limit(flood) if self._viewer else None
        self._key = parse_limit(key)
        self._total = parse_limit(total)
        self.off = not (self._viewer or self._key or self._total)
        """Whether nothing is limited, so that nothing need be found out about a message."""
        self._memory = MemoryWindows(clock)
        self._redis = _shared_windows(redis_url, self._memory, clock) if redis_url else None

    async def hit(
        self, *, viewer: str | None = None, text: str = "", key: str | None = None, address: str | None = None
    ) -> None:
        """Count one message, or refuse it.

        Args:
            viewer: the platform's id of the viewer, else the name.
            text: what was said, as displayed; empty where saying the same is no offence.
            key: name of the API key that was used.
            address: of the viewer's own device, where a trusted proxy tells it; never the caller's.

        Raises:
            RateLimited: it is one too many; ``retry_after`` says for how many seconds.
        """
        await self._take(self._viewer, "viewer", viewer and skeleton(viewer))
        await self._take(self._viewer, "address", address)
        await self._take(self._flood, "flood", text and fingerprint(text))
        await self._take(self._key, "key", key)
        await self._take(self._total, "total", "all")

    async def aclose(self) -> None:
        """Close the connections to Redis."""
        if self._redis is not None:
            await self._redis.aclose()

    async def _take(self, limit: Limit | None, kind: str, name: str | None) -> None:
        if limit is None or not name:
            return
        wait = await self._redis.take(limit, kind, name) if self._redis else self._memory.take(limit, kind, name)
        if wait > 0:
            raise RateLimited(retry_after=wait)


class Windows(Protocol):
    """Windows that several processes share."""

    async def take(self, limit: Limit, kind: str, name: str) -> float:
        """Count a hit and return 0, or return the seconds until one is possible again."""
        ...

    async def aclose(self) -> None:
        """Close the connections."""
        ...


def _shared_windows(url: str, memory: MemoryWindows, clock: Callable[[], float]) -> Windows:
    """Imported by who asks for it: the libraries behind it cost a fifth of a second at start."""
    windows: Windows = import_module(".redis_windows", __package__).RedisWindows(url, memory, clock)
    return windows


class MemoryWindows:
    """Windows of this process: bounded in number, and forgotten when they are over."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._hits: OrderedDict[tuple[Limit, str, str], deque[float]] = OrderedDict()

    def take(self, limit: Limit, kind: str, name: str) -> float:
        """Count a hit and return 0, or return the seconds until one is possible again."""
        now = self._clock()
        window = (limit, kind, name)
        hits = self._hits.setdefault(window, deque(maxlen=limit.amount))
        self._hits.move_to_end(window)
        self._forget(now)
        if len(hits) == limit.amount and (wait := hits[0] + limit.seconds - now) > 0:
            return wait
        hits.append(now)
        return 0.0

    def _forget(self, now: float) -> None:
        """Drop what is over or too much, from the longest unused on; the window just used is the last."""
        while len(self._hits) > 1:
            window, hits = next(iter(self._hits.items()))
            if hits[-1] + window[0].seconds > now and len(self._hits) <= MAX_WINDOWS:
                return
            del self._hits[window]
