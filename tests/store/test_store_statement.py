"""Statements mean the same on both databases, with lists as long as they come."""

from __future__ import annotations

from said import message

from llm_service.store import Store
from llm_service.store.ingest import find_messages
from llm_service.store.rooms import find
from llm_service.store.transaction import Transaction


async def test_a_list_goes_in_as_one_parameter_however_long_it_is(store: Store):
    ids = [f"m{n}" for n in range(2_000)]
    await store.append([message(each) for each in ids])

    def look(tx: Transaction, wanted: list[str]) -> list[str]:
        room = find(tx, "default")
        return sorted(found.id for found in find_messages(tx, room.id, "default", wanted))  # type: ignore[union-attr]

    assert await store._read(look, [*ids, *(f"other{n}" for n in range(60_000))]) == sorted(ids)
    assert await store._read(look, ["m7", "m7", "other"]) == ["m7"]
    assert await store._read(look, []) == []


async def test_positions_of_a_common_word_come_in_one_piece(store: Store):
    await store.append([message(f"m{n}", "cat") for n in range(3_000)])
    found = await store.search("default", ["cat"], limit=5)
    assert [said.position for said, _ in found] == [3_000, 2_999, 2_998, 2_997, 2_996]
