"""Search finds who said it, rarest words first, and forgets with the rest."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from said import message

from llm_service.store import Store, open_store
from llm_service.store.recall_index import BLOCK, rank


async def test_rare_words_count_for_more(store: Store):
    await store.append([message(f"m{n}", "the cat sat") for n in range(20)])
    await store.append([message("rare", "the axolotl sat"), message("both", "the cat and the AXOLOTL")])
    found = await store.search("default", ["axolotl", "cat"], limit=3)
    assert [m.id for m, _ in found] == ["both", "rare", "m19"]
    assert found[0][1] > found[1][1] > found[2][1] > 0
    assert await store.search("default", ["unheard"]) == []
    assert await store.search("default", []) == []
    assert await store.search("nowhere", ["cat"]) == []


async def test_the_window_can_be_left_out(store: Store):
    await store.append([message(f"m{n}", "cat") for n in range(1, 6)])
    found = await store.search("default", ["cat"], exclude_after_position=3)
    assert [m.id for m, _ in found] == ["m3", "m2", "m1"]


async def test_what_stands_around_comes_after_what_was_found(store: Store):
    said = ["the cat", "a", "b", "cat and cat food", "c", "d"]
    await store.append([message(f"m{n}", text) for n, text in enumerate(said, 1)])
    found = await store.search("default", ["cat", "food"], radius=1, exclude_after_position=4)
    assert [(m.id, score > 0) for m, score in found] == [("m4", True), ("m1", True), ("m2", False), ("m3", False)]
    assert await store.search("default", ["unheard"], radius=3) == []


async def test_words_are_what_the_service_says_they_are(url: str):
    async with open_store(url, terms=lambda text: [word.rstrip("s") for word in text.split()]) as store:
        await store.append([message("a", "cats")])
        assert [m.id for m, _ in await store.search("default", ["cat"])] == ["a"]


async def test_search_reaches_over_blocks_and_forgets_in_all_of_them(store: Store):
    await store.append([message(f"m{n}", f"word{n % 1_000}", username=f"u{n % 2}") for n in range(1, BLOCK * 2)])
    found = await store.search("default", ["word7"], limit=100)
    assert [m.position for m, _ in found] == [n for n in range(BLOCK * 2 - 1, 0, -1) if n % 1_000 == 7]
    await store.forget_user("default", "u1")
    assert await store.search("default", ["word7"]) == []
    assert len(await store.search("default", ["word8"])) == len(found)


@given(st.lists(st.lists(st.integers(1, 50), unique=True, max_size=20), max_size=5), st.integers(0, 60))
def test_every_position_with_a_term_has_a_score_above_zero(said_at: list[list[int]], total: int):
    scores = rank(said_at, total)
    assert set(scores) == {position for positions in said_at for position in positions}
    assert all(score > 0 for score in scores.values())
