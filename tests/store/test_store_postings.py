"""Where words were said: over blocks and stretches, up to a position, and gone with the message."""

from __future__ import annotations

import asyncio
import sqlite3
from dataclasses import replace

import asyncpg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from said import NOW, message
from sqlalchemy import select

from llm_service.store import Store, open_store, postings, schema
from llm_service.store.fingerprints import USUAL
from llm_service.store.postings import BLOCK, GROUP, STRETCH, Said, character_of, codes_of, position_of, tail_of
from llm_service.store.rooms import find
from llm_service.store.statement import Statement
from llm_service.store.transaction import Transaction
from llm_service.types import Message

EDGES = sorted({0, 1, *(edge + side for edge in (STRETCH, BLOCK, 2 * BLOCK, 7 * BLOCK) for side in (-1, 0, 1))} - {0})
"""Positions at the ends of stretches and blocks."""


async def bring(store: Store, said: dict[int, str]) -> None:
    """Messages at places of our choice: only an import can leave some out."""
    lines = [
        {"kind": "message", **{name: getattr(one, name) for name in Message.__slots__ if name != "room"}}
        for one in (replace(message(f"m{position}", text), position=position) for position, text in said.items())
    ]
    await store.import_("default", lines)


async def places(store: Store, word: str, *, last: int | None = None) -> list[int]:
    """Where a word was said."""
    found = await store.search("default", [word], limit=10_000, exclude_after_position=last)
    return sorted(one.position for one, _ in found)


async def rows(url: str) -> list[str]:
    """What the table holds."""
    if "://" in url:
        connection = await asyncpg.connect(url)
        found = [row["places"] for row in await connection.fetch("SELECT places FROM word_places")]
        await connection.close()
        return found
    with sqlite3.connect(url) as file:
        found = [text for (text,) in file.execute("SELECT places FROM word_places")]
    file.close()
    return found


async def rows_while_open(store: Store) -> list[str]:
    """The same, in a transaction of the store."""
    asked = Statement(select(schema.postings.c.places))
    return await store._read(lambda tx: [row.places for row in tx.rows(asked)])


@given(st.integers(0, 10**12))
def test_a_character_is_the_place_in_a_block(position: int):
    assert position_of(position // BLOCK, *codes_of(character_of(position))) == position
    assert character_of(position).encode()  # none is half of a pair
    assert (character_of(position) < character_of(position + 1)) == ((position + 1) % BLOCK > 0)


async def test_a_word_is_found_in_all_blocks_up_to_a_position(store: Store):
    await bring(store, dict.fromkeys(EDGES, "cat sat"))
    assert await places(store, "cat") == EDGES
    for last in EDGES:
        assert await places(store, "cat", last=last) == [position for position in EDGES if position <= last]
    assert await places(store, "cat", last=0) == []


async def test_a_word_that_is_said_all_the_time_is_taken_to_have_been_said_before(store: Store):
    last = 2 * BLOCK + STRETCH - 1
    await bring(store, dict.fromkeys(range(2 * BLOCK, last + 1), "cat"))

    def look(tx: Transaction) -> list[Said]:
        room = find(tx, "default")
        return postings.said(tx, room.id, [USUAL["cat"]], last=last, tail=last + 1, enough=1000)  # type: ignore[union-attr]

    (word,) = await store._read(look)
    assert (word.count, word.since, word.frequency(last)) == (STRETCH, 2 * BLOCK, last + 1)


async def test_a_message_is_forgotten_in_all_its_words_and_no_other(store: Store):
    await bring(store, {position: f"cat word{position}" for position in EDGES})
    for gone in (EDGES[0], EDGES[4], EDGES[-1]):
        await store.forget_message("default", f"m{gone}")
        assert gone not in await places(store, "cat")
        assert await places(store, f"word{gone}") == []
    left = [position for position in EDGES if position not in (EDGES[0], EDGES[4], EDGES[-1])]
    assert await places(store, "cat") == left
    assert [await places(store, f"word{position}") for position in left] == [[position] for position in left]


async def test_nothing_of_a_viewer_is_left_in_the_table(url: str):
    async with open_store(url, clock=lambda: NOW) as store:
        said = [message(f"m{n}", f"cat number{n % 7}", username=f"u{n % 2}") for n in range(1, 2 * STRETCH + 9)]
        await store.append(said)
        await store.forget_user("default", "u1")
        assert await places(store, "cat") == [n for n in range(1, 2 * STRETCH + 9) if n % 2 == 0]
    left = set("".join(await rows(url)))
    assert left == {character_of(n) for n in range(1, tail_of(len(said))) if n % 2 == 0}
    async with open_store(url, clock=lambda: NOW) as store:
        await store.clear("default")
    assert await rows(url) == []


async def test_words_are_forgotten_however_texts_were_cut_when_they_were_said(url: str):
    async with open_store(url, terms=lambda text: [text, *text.split()]) as store:
        await store.append([message(f"m{n}", "one two") for n in range(1, GROUP)])
    async with open_store(url, terms=lambda text: text.split()) as store:
        for n in range(2, GROUP):
            await store.forget_message("default", f"m{n}")
    assert set("".join(await rows(url))) == {character_of(1)}


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.sets(st.sampled_from("abcd"), max_size=4), min_size=1, max_size=40),
    st.sets(st.integers(1, 40)),
    st.integers(0, 41),
)
def test_what_is_found_is_what_was_said_and_is_not_forgotten(said: list[set[str]], gone: set[int], last: int):
    texts = {n * 700: " ".join(sorted(words)) for n, words in enumerate(said, 1)}

    async def tried() -> None:
        async with open_store(":memory:") as store:
            await bring(store, texts)
            for n in gone:
                await store.forget_message("default", f"m{n * 700}")
            for letter in "abcd":
                expected = [
                    n * 700 for n, words in enumerate(said, 1) if letter in words and n not in gone and n <= last
                ]
                assert await places(store, letter, last=last * 700) == expected

    asyncio.run(tried())


@pytest.mark.parametrize("batch", [1, 50])
async def test_words_come_in_one_by_one_as_in_a_batch(store: Store, batch: int):
    said = [message(f"m{n}", f"cat {'even' if n % 2 == 0 else 'odd'} cat") for n in range(1, 101)]
    for start in range(0, 100, batch):
        await store.append(said[start : start + batch])
    assert await places(store, "cat") == list(range(1, 101))
    assert await places(store, "odd") == list(range(1, 101, 2))


async def test_words_come_into_the_table_a_group_at_a_time(url: str):
    async with open_store(url) as store:
        for n in range(1, GROUP - 1):
            await store.append([message(f"m{n}", "cat")])
        await store.forget_message("default", "m3")
        assert await rows_while_open(store) == []
        assert await places(store, "cat") == [n for n in range(1, GROUP - 1) if n != 3]
        await store.append([message(f"m{n}", "cat") for n in range(GROUP - 1, GROUP + 9)])
        (group,) = await rows_while_open(store)
        assert group == "".join(character_of(n) for n in range(1, GROUP) if n != 3)
        assert await places(store, "cat") == [n for n in range(1, GROUP + 9) if n != 3]
        assert await places(store, "cat", last=GROUP + 2) == [n for n in range(1, GROUP + 3) if n != 3]
        assert await places(store, "cat", last=7) == [1, 2, 4, 5, 6, 7]


async def test_what_an_earlier_version_put_in_at_once_is_there_once(url: str, monkeypatch: pytest.MonkeyPatch):
    last = 2 * GROUP + 9
    with monkeypatch.context() as earlier:
        earlier.setattr(postings, "GROUP", 1)
        async with open_store(url) as store:
            for n in range(1, GROUP + 6):
                await store.append([message(f"m{n}", "cat" if n % 3 else "cat dog")])
    async with open_store(url) as store:
        assert await places(store, "cat") == list(range(1, GROUP + 6))
        assert await places(store, "dog", last=GROUP + 4) == list(range(3, GROUP + 5, 3))
        await store.forget_message("default", f"m{GROUP + 1}")
        await store.append([message(f"m{n}", "cat" if n % 3 else "cat dog") for n in range(GROUP + 6, last)])
        assert await places(store, "cat") == [n for n in range(1, last) if n != GROUP + 1]
        assert await places(store, "dog") == [n for n in range(3, last, 3) if n != GROUP + 1]
    there = ["".join(sorted(row)) for row in await rows(url)]
    kept = [n for n in range(1, 2 * GROUP) if n != GROUP + 1]
    expected = [kept, [n for n in kept if n % 3 == 0]]
    assert sorted(there) == sorted("".join(map(character_of, positions)) for positions in expected)
