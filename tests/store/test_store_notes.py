"""Notes about viewers, and small facts about nobody."""

from __future__ import annotations

from said import message

from llm_service.store import Note, Store


async def test_notes_are_given_oldest_first(store: Store):
    await store.append([message("a"), message("b")])
    (first,) = await store.save_note("default", "name:ann", "likes tea", ["a"])
    _, second = await store.save_note("default", "name:ann", "and cake", ["a", "b"])
    await store.save_note("default", "name:bob", "likes neither", ["b"])
    assert first == Note(speaker="name:ann", text="likes tea", from_ids=("a",), created_at=5_000.0)
    assert await store.notes("default", "name:ann") == [first, second]
    assert await store.notes("nowhere", "name:ann") == []


async def test_a_fact_is_kept_until_it_changes(store: Store):
    assert await store.recollect("tokens") is None
    await store.remember("tokens", "3.7")
    await store.remember("tokens", "3.8")
    assert await store.recollect("tokens") == "3.8"
