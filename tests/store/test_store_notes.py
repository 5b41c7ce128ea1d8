"""Notes about viewers, and small facts about nobody."""

from __future__ import annotations

import pytest
from said import message

from llm_service.store import Note, Store, notes


async def test_notes_are_given_oldest_first(store: Store):
    await store.append([message("a"), message("b")])
    (first,) = await store.save_note("default", "name:ann", "likes tea", ["a"])
    _, second = await store.save_note("default", "name:ann", "and cake", ["a", "b"])
    await store.save_note("default", "name:bob", "likes neither", ["b"])
    assert first == Note(speaker="name:ann", text="likes tea", from_ids=("a",), created_at=5_000.0)
    assert await store.notes("default", "name:ann") == [first, second]
    assert await store.notes("nowhere", "name:ann") == []


async def test_a_note_takes_the_place_of_what_is_outdated(store: Store):
    await store.append([message("a"), message("b")])
    await store.save_note("default", "name:ann", "lives in Rome", ["a"])
    await store.save_note("default", "name:ann", "likes tea", ["a"])
    await store.save_note("default", "name:bob", "lives in Rome", ["a"])
    left = await store.save_note("default", "name:ann", "lives in Oslo", ["b"], outdated="lives in Rome".__eq__)
    assert [note.text for note in left] == ["likes tea", "lives in Oslo"]
    assert await store.notes("default", "name:ann") == list(left)
    assert [note.text for note in await store.notes("default", "name:bob")] == ["lives in Rome"]
    assert [note.text for note in await store.drop_notes("default", "name:ann", "likes tea".__eq__)] == [
        "lives in Oslo"
    ]
    assert len(await store.notes("default", "name:ann")) == 1


async def test_a_viewer_and_a_room_have_so_many_notes_and_no_more(store: Store, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(notes, "MOST_OF_VIEWER", 3)
    monkeypatch.setattr(notes, "MOST_OF_ROOM", 5)
    await store.append([message("a")])
    for n in range(5):
        await store.save_note("default", "name:ann", f"likes {n}", ["a"])
    assert [note.text for note in await store.notes("default", "name:ann")] == ["likes 2", "likes 3", "likes 4"]
    for n in range(4):
        await store.save_note("default", f"name:v{n}", "likes tea", ["a"])
    assert [note.text for note in await store.notes("default", "name:ann")] == ["likes 4"]


async def test_a_fact_is_kept_until_it_changes(store: Store):
    assert await store.recollect("tokens") is None
    await store.remember("tokens", "3.7")
    await store.remember("tokens", "3.8")
    assert await store.recollect("tokens") == "3.8"
