"""Who handed in a job is told what became of it, whatever happens to the writer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from llm_service.errors import InvalidMessage, StoreError
from llm_service.store.database import Driver
from llm_service.store.writer import Writer


class Stuck:
    """A database that refuses a group, and then answers nobody any more."""

    def __init__(self) -> None:
        self.asked = 0
        self.stuck = asyncio.Event()

    async def run(self, work: Callable[[Driver], Any], *, write: bool) -> Any:
        """Refuse, or wait for ever."""
        self.asked += 1
        if self.asked == 1:
            raise InvalidMessage
        self.stuck.set()
        await asyncio.Event().wait()

    async def probe(self) -> None:
        """Nothing to see."""


async def test_who_waits_for_a_writer_that_is_cancelled_is_told() -> None:
    database = Stuck()
    writer = Writer(database, lambda driver: driver)  # type: ignore[arg-type, return-value]
    jobs = [asyncio.create_task(writer.submit(print)) for _ in range(3)]
    await asyncio.sleep(0)
    writing = asyncio.create_task(writer.run())
    await database.stuck.wait()
    late = asyncio.create_task(writer.submit(print))
    await asyncio.sleep(0)
    writing.cancel()
    async with asyncio.timeout(5):
        told = await asyncio.gather(*jobs, late, return_exceptions=True)
    assert [type(one) for one in told] == [StoreError] * 4
    with pytest.raises(StoreError):
        await writer.submit(print)
