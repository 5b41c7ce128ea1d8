"""The thread that a database file is worked on."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest

from llm_service.store.thread import Thread


@pytest.fixture
def thread() -> Iterator[Thread]:
    made = Thread("tested")
    yield made
    made.close()


async def test_work_is_done_in_order_on_one_thread_that_is_not_the_loops(thread: Thread):
    done: list[int] = []

    def work(n: int) -> tuple[int, str]:
        done.append(n)
        return n, threading.current_thread().name

    results = await asyncio.gather(*(thread.run(lambda n=n: work(n)) for n in range(50)))
    assert results == [(n, "tested") for n in range(50)]
    assert done == list(range(50))


async def test_what_work_raises_is_raised_where_it_is_waited_for(thread: Thread):
    with pytest.raises(ZeroDivisionError):
        await thread.run(lambda: 1 // 0)
    assert await thread.run(lambda: 1) == 1


async def test_work_that_has_begun_is_finished_and_work_that_has_not_is_left(thread: Thread):
    begun, go, done = threading.Event(), threading.Event(), []

    def first() -> None:
        begun.set()
        go.wait(5)
        done.append("first")

    running = asyncio.create_task(thread.run(first))
    waiting = asyncio.create_task(thread.run(lambda: done.append("second")))
    await asyncio.to_thread(begun.wait, 5)
    running.cancel()
    waiting.cancel()
    await asyncio.gather(running, waiting, return_exceptions=True)
    go.set()
    await thread.run(lambda: done.append("third"))
    assert done == ["first", "third"]


async def test_close_lets_what_was_handed_in_be_done(thread: Thread):
    work = asyncio.create_task(thread.run(lambda: "done"))
    await asyncio.sleep(0)
    thread.close()
    assert await work == "done"
