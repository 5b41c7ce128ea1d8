"""One thread that does what it is handed, in order, for callers that wait on an event loop.

An executor does the same with a future of its own beside the loop's, a lock for each, and a count of idle threads:
half of what a small transaction costs the loop.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")


class Thread:
    """Starts with its first work, ends with :meth:`close`."""

    def __init__(self, name: str) -> None:
        self._work: SimpleQueue[tuple[Callable[..., Any], tuple[Any, ...], asyncio.Future[Any]] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    async def run(self, work: Callable[..., T], *args: object) -> T:
        """What ``work(*args)`` returns or raises. Work that has begun is finished, whatever becomes of its caller."""
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._work.put((work, args, done))
        if not self._thread.ident:
            self._thread.start()
        return await done

    def close(self) -> None:
        """Do what is still to be done, and end."""
        self._work.put(None)

    def _run(self) -> None:
        while (handed := self._work.get()) is not None:
            work, args, done = handed
            if done.cancelled():
                continue
            try:
                result, problem = work(*args), None
            except BaseException as exc:  # noqa: BLE001  (whatever it is, its caller is to see it)
                result, problem = None, exc
            with suppress(RuntimeError):  # the loop is closed: nobody waits
                done.get_loop().call_soon_threadsafe(_settle, done, result, problem)
            del handed, work, args, done, result, problem  # nothing of it is kept while there is nothing to do


def _settle(done: asyncio.Future[Any], result: Any, problem: BaseException | None) -> None:
    if done.done():
        return
    if problem is None:
        done.set_result(result)
    else:
        done.set_exception(problem)
