"""The engine's slots, and the queue before them.

An engine has few slots and answers what it has accepted: a request too many makes all of them late. So requests wait
here and nowhere else. The queue is bounded, fair between callers, and honest: what could not be finished before its
deadline is refused when it comes, not when its time is up.

Where slots share one context, a request also waits until what is in flight leaves it room there. While the first in
turn waits for that, free slots stay free: if lighter ones overtook it, its time might never come.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import inf
from types import TracebackType

from llm_service.errors import DeadlineTooShort, LLMServiceError, QueueFull, ShuttingDown

from .pools import NOTHING, Pools, Weight

QUEUE_SIZE = 32
LEARNING_RATE = 0.2
"""Weight of the newest request in the service time that is expected of the next."""


@dataclass(eq=False, slots=True)
class _Waiter:
    caller: str
    deadline: float
    background: bool
    weight: Weight
    granted: asyncio.Future[None]
    since: float


@dataclass(eq=False, slots=True)
class Place:
    """A slot of the engine, held for as long as the ``with`` lasts."""

    _admission: Admission
    caller: str
    background: bool
    weight: Weight
    since: float
    queued: float = 0.0
    """Seconds that it was waited for."""
    useful: bool = False
    """Set when the engine has answered: only then does the time taken say how long an answer takes."""

    def __enter__(self) -> Place:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._admission._leave(self)


class Admission:
    """The engine's slots and the queue before them. Times are the running loop's, in seconds."""

    def __init__(self, slots: int = 4, queue_size: int = QUEUE_SIZE) -> None:
        self._slots = max(1, slots)
        self._queue_size = queue_size
        self._running: dict[str, int] = {}
        self._background = 0
        self._pools = Pools()
        self._held_up = False
        """Whether the first in turn waits for context, though a slot is free."""
        self._queues: dict[str, deque[_Waiter]] = {}
        self._later: deque[_Waiter] = deque()
        self._service_time: float | None = None
        self._closed = False

    # ── What is ──

    @property
    def slots(self) -> int:
        """How many requests the engine answers side by side."""
        return self._slots

    @property
    def in_flight(self) -> int:
        """How many it is answering."""
        return sum(self._running.values())

    @property
    def tokens_in_flight(self) -> int:
        """How many tokens of shared context they may take together."""
        return self._pools.taken

    @property
    def queued(self) -> int:
        """How many wait, background work included."""
        return len(self._later) + sum(map(len, self._queues.values()))

    @property
    def service_time(self) -> float | None:
        """Seconds that a request occupies a slot, as observed; None before the first."""
        return self._service_time

    def wait_time(self, ahead: int | None = None) -> float:
        """Seconds until a slot is free for a request with this many waiting before it (all of them by default)."""
        ahead = self.queued if ahead is None else ahead
        abreast = self.in_flight if self._held_up else self._slots
        excess = self.in_flight + ahead + 1 - abreast
        return max(0, excess) * (self._service_time or 0.0) / abreast

    # ── What happens ──

    def resize(self, slots: int) -> None:
        """The engine has another number of slots now."""
        self._slots = max(1, slots)
        self._dispatch()

    def share(self, pools: Mapping[str, int]) -> None:
        """The slots of these models share so many tokens of context now."""
        self._pools.resize(pools)
        self._dispatch()

    def close(self) -> None:
        """Take nobody in any more, and send home who waits."""
        self._closed = True
        for waiter in list(self._waiting()):
            self._refuse(waiter, ShuttingDown())

    def must_wait(
        self, caller: str = "", *, deadline: float = inf, background: bool = False, weight: Weight = NOTHING
    ) -> bool:
        """Whether ``enter`` would have to wait now. Raises what it would refuse with, and changes nothing.

        Whoever has work to do before it can enter asks here first: under overload, what is refused must cost little.
        """
        if self._closed:
            raise ShuttingDown
        if self._may_run(background, weight) and not self._somebody_waits(background):
            return False
        self._refuse_hopeless(caller, deadline - asyncio.get_running_loop().time(), background)
        self._least_entitled(caller, background)
        return True

    async def enter(
        self, caller: str = "", *, deadline: float = inf, background: bool = False, weight: Weight = NOTHING
    ) -> Place:
        """Wait for a slot, and for room in its context, and take both. Leave the place with ``with``.

        ``deadline`` is a time of the running loop. Raises QueueFull, DeadlineTooShort or ShuttingDown, each with the
        time after which it is worth trying again.
        """
        now = asyncio.get_running_loop().time()
        if not self.must_wait(caller, deadline=deadline, background=background, weight=weight):
            self._take(caller, background, weight)
            return Place(self, caller, background, weight, since=now)
        self._make_room(caller, background)
        waiter = self._enqueue(caller, deadline, background, weight, now)
        self._dispatch()
        try:
            await waiter.granted
        except asyncio.CancelledError:
            self._withdraw(waiter)
            raise
        since = asyncio.get_running_loop().time()
        return Place(self, caller, background, weight, since=since, queued=since - now)

    def _take(self, caller: str, background: bool, weight: Weight) -> None:
        self._running[caller] = self._held_by(caller) + 1
        self._background += background
        self._pools.take(weight)

    def _leave(self, place: Place) -> None:
        if place.useful:
            self._learn(asyncio.get_running_loop().time() - place.since)
        self._give_back(place)

    def _give_back(self, held: Place | _Waiter) -> None:
        left = self._running.pop(held.caller) - 1
        if left:
            self._running[held.caller] = left
        self._background -= held.background
        self._pools.give_back(held.weight)
        self._dispatch()

    def _learn(self, seconds: float) -> None:
        known = self._service_time
        self._service_time = seconds if known is None else known + LEARNING_RATE * (seconds - known)

    # ── Who may run ──

    def _may_run(self, background: bool, weight: Weight) -> bool:
        """Whether a slot is free for it. Background work leaves one slot for replies where there are several."""
        if background and self._slots > 1 and self._background >= self._slots - 1:
            return False
        return self.in_flight < self._slots and self._pools.have_room(weight)

    def _somebody_waits(self, background: bool) -> bool:
        return bool(self._queues) or (background and bool(self._later))

    def _dispatch(self) -> None:
        """Give free slots to those who wait: callers in turn, then background work."""
        self._held_up = False
        while (self._queues or self._later) and self.in_flight < self._slots:
            waiter = self._next_reply() or self._next_background()
            if waiter is None:
                return
            if self._is_late(waiter):
                self._pass(waiter)
                self._answer(waiter, DeadlineTooShort(retry_after=self.wait_time()))
            elif self._pools.have_room(waiter.weight):
                self._pass(waiter)
                self._take(waiter.caller, waiter.background, waiter.weight)
                self._answer(waiter, None)
            else:
                self._held_up = True
                return

    def _is_late(self, waiter: _Waiter) -> bool:
        """Whether it is too late for it, or it has gone already."""
        left = waiter.deadline - waiter.granted.get_loop().time()
        return waiter.granted.done() or left < (self._service_time or 0.0) / 2

    def _next_reply(self) -> _Waiter | None:
        """The first in the queue of the next caller that has not got its share; if all have, of the one with least."""
        if not self._queues:
            return None
        share = self._share()
        caller = next((caller for caller in self._queues if self._held_by(caller) < share), None)
        if caller is None:
            caller = min(self._queues, key=self._held_by)
        return self._queues[caller][0]

    def _held_by(self, caller: str) -> int:
        """How many slots a caller has."""
        return self._running.get(caller, 0)

    def _share(self) -> int:
        """How many slots one caller may have while others wait: half of them, but at least one."""
        return max(1, self._slots // 2)

    def _next_background(self) -> _Waiter | None:
        if self._later and not self._queues and self._may_run(background=True, weight=NOTHING):
            return self._later[0]
        return None

    def _pass(self, waiter: _Waiter) -> None:
        """Its turn has come: it leaves the head of its queue, and its caller goes behind the others."""
        if waiter.background:
            self._later.popleft()
            return
        queue = self._queues.pop(waiter.caller)
        queue.popleft()
        if queue:
            self._queues[waiter.caller] = queue

    # ── Who waits ──

    def _enqueue(self, caller: str, deadline: float, background: bool, weight: Weight, now: float) -> _Waiter:
        granted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiter = _Waiter(caller, deadline, background, weight, granted, now)
        if background:
            self._later.append(waiter)
        else:
            self._queues.setdefault(caller, deque()).append(waiter)
        return waiter

    def _waiting(self) -> Iterator[_Waiter]:
        for queue in self._queues.values():
            yield from queue
        yield from self._later

    def _withdraw(self, waiter: _Waiter) -> None:
        """Its caller has gone: give up its place in the queue, or the slot that it was just given."""
        if waiter.granted.done() and not waiter.granted.cancelled() and waiter.granted.exception() is None:
            self._give_back(waiter)
        else:
            self._forget(waiter)
            self._dispatch()

    def _forget(self, waiter: _Waiter) -> None:
        queue = self._later if waiter.background else self._queues.get(waiter.caller)
        if queue is None or waiter not in queue:
            return
        queue.remove(waiter)
        if not queue and not waiter.background:
            del self._queues[waiter.caller]

    def _refuse(self, waiter: _Waiter, error: LLMServiceError) -> None:
        self._forget(waiter)
        self._answer(waiter, error)

    @staticmethod
    def _answer(waiter: _Waiter, error: LLMServiceError | None) -> None:
        if waiter.granted.done():
            return
        if error is None:
            waiter.granted.set_result(None)
        else:
            waiter.granted.set_exception(error)

    # ── Who is refused ──

    def _refuse_hopeless(self, caller: str, left: float, background: bool) -> None:
        """Raise DeadlineTooShort for what could not be done in time, as long as requests go on taking what they do."""
        wait = self.wait_time(self._ahead(caller, background))
        if wait + (self._service_time or 0.0) > left:
            raise DeadlineTooShort(retry_after=wait)

    def _ahead(self, caller: str, background: bool) -> int:
        """How many are served before a newcomer of this caller: callers take turns."""
        if background:
            return self.queued
        turns = len(self._queues.get(caller, ())) + 1
        if turns == 1:
            return len(self._queues)  # one of each: the usual newcomer, and under overload the refused one
        return sum(min(len(queue), turns) for other, queue in self._queues.items() if other != caller) + turns - 1

    def _make_room(self, caller: str, background: bool) -> None:
        """Send somebody home if the queue is full."""
        loser = self._least_entitled(caller, background)
        if loser is not None:
            self._refuse(loser, QueueFull(retry_after=self.wait_time()))

    def _least_entitled(self, caller: str, background: bool) -> _Waiter | None:
        """Who must go for a newcomer to this queue, None where there is room; raises QueueFull if it is the newcomer.

        Background work goes first, then the newest of the caller with most in the queue.
        """
        if self.queued < self._queue_size:
            return None
        if self._later and not background:
            return self._later[-1]
        longest = max(map(len, self._queues.values()), default=0)
        if background or longest - len(self._queues.get(caller, ())) <= 1:
            raise QueueFull(retry_after=self.wait_time())
        return next(queue[-1] for queue in self._queues.values() if len(queue) == longest)
