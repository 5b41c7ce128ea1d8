"""Messages get their place, once, and come back as they were."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from said import message, messages
from sqlalchemy import Engine, event

from llm_service.errors import InvalidMessage, StoreError
from llm_service.store import Store, open_store


@contextmanager
def commits() -> Iterator[list[object]]:
    """Counts the transactions that are committed."""
    seen: list[object] = []

    def count(connection: object) -> None:
        seen.append(connection)

    event.listen(Engine, "commit", count)
    try:
        yield seen
    finally:
        event.remove(Engine, "commit", count)


async def test_places_rise_from_one_in_each_room(store: Store):
    stored = await store.append([message("a"), message("b", room="other"), message("c")])
    assert [(s.message.id, s.message.position, s.known) for s in stored] == [
        ("a", 1, False),
        ("b", 1, False),
        ("c", 2, False),
    ]
    assert (await store.append([message("d")]))[0].message.position == 3
    assert await store.rooms() == ["default", "other"]


async def test_an_id_that_is_there_is_not_stored_again(store: Store):
    [first] = await store.append([message("a", "as it was")])
    again = await store.append([message("b"), message("a", "changed"), message("b", "twice in one list")])
    assert [s.known for s in again] == [False, True, True]
    assert again[1].message == first.message
    assert again[2].message == again[0].message
    assert (await store.append([message("a", room="other")]))[0].known is False


async def test_callers_at_the_same_time_share_a_transaction(store: Store):
    with commits() as seen:
        stored = await asyncio.gather(*(store.append([message(f"m{n}")]) for n in range(100)))
    assert [s.message.position for [s] in stored] == list(range(1, 101))
    assert len(seen) <= 3


async def test_one_bad_message_does_not_spoil_its_neighbours(store: Store):
    bad = message("bad", "half a \ud83d pair")
    outcomes = await asyncio.gather(
        store.append([message("a")]), store.append([bad]), store.append([message("b")]), return_exceptions=True
    )
    assert isinstance(outcomes[1], InvalidMessage)
    assert [entry.id for entry in await store.history("default")] == ["a", "b"]


async def test_a_long_list_goes_in_at_once(store: Store):
    stored = await store.append([message(f"m{n}") for n in range(2_500)])
    assert [s.message.position for s in stored] == list(range(1, 2_501))
    assert all(s.known for s in await store.append([message(f"m{n}") for n in range(2_500)]))
    record = await store.load("default")
    assert record
    assert record.messages == 2_500


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(said=messages)
async def test_what_is_stored_is_what_is_loaded(store: Store, said):
    await store.clear("default")
    [stored] = await store.append([said])
    assert stored.message == replace(said, position=stored.message.position)
    assert await store.history("default") == [stored.message]


async def test_cancelled_callers_leave_whole_messages_and_a_working_store(store: Store):
    tasks = [asyncio.create_task(store.append([message(f"a{n}"), message(f"b{n}")])) for n in range(200)]
    for n, task in enumerate(tasks):
        if n % 3 == 0:
            await asyncio.sleep(0)
        if n % 2:
            task.cancel()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    ids = {entry.id for entry in await store.history("default", limit=1_000)}
    for n, outcome in enumerate(outcomes):
        both = {f"a{n}", f"b{n}"}
        assert both <= ids or (isinstance(outcome, asyncio.CancelledError) and not both & ids)
    assert store.health().ok


async def test_a_closed_store_says_so(url: str):
    async with open_store(url) as store:
        await store.append([message("a")])
    with pytest.raises(StoreError):
        await store.append([message("b")])
