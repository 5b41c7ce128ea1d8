"""Search finds who said it, rarest words first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from said import message

from llm_service.recall import Header, header_of
from llm_service.store import Store, open_store
from llm_service.store.postings import FIRST, Said
from llm_service.store.recall_index import OPENING, rank


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
    best = await store.search("default", ["cat", "food"], radius=1, around=1)
    assert [m.id for m, _ in best] == ["m4", "m1", "m3", "m5"]
    assert await store.search("default", ["unheard"], radius=3) == []


async def test_what_is_found_can_be_ranked_before_it_is_read(store: Store):
    odd = message("b", "cat", username='"\\\n“é猫', user_id="7", reply_to="a")
    await store.append([message("a", "cat food"), odd, message("c", "dog")])
    seen: list[tuple[Header, float]] = []

    def ranking(found: Sequence[tuple[Header, float]]) -> Sequence[tuple[Header, float]]:
        seen.extend(found)
        return [(found[2][0], 3.0), (found[1][0], 2.0)]

    found = await store.search("default", ["cat", "food"], radius=1, ranking=ranking)
    assert [(one.id, score) for one, score in found] == [("c", 3.0), ("b", 2.0)]
    plain = await store.search("default", ["cat", "food"], radius=1)
    assert seen == [(header_of(one), score) for one, score in plain]
    assert found[0][0] == plain[2][0]
    assert await store.search("default", ["cat"], ranking=lambda _: []) == []


@pytest.mark.parametrize("position", [0, -1, -(2**40)])
async def test_before_the_first_message_there_is_nothing(store: Store, position: int):
    await store.append([message("a", "cat")])
    assert await store.search("default", ["cat"], exclude_after_position=position) == []


async def test_words_are_what_the_service_says_they_are(url: str):
    async with open_store(url, terms=lambda text: [word.rstrip("s") for word in text.split()]) as store:
        await store.append([message("a", "cats")])
        assert [m.id for m, _ in await store.search("default", ["cat"])] == ["a"]


async def test_common_words_tell_among_what_the_rare_ones_brought_in(store: Store):
    rare = {7: "newt", 8: "newt cat dog", 9: "newt cat"}
    await store.append([message(f"m{n}", rare.get(n, "cat dog")) for n in range(1, 3 * OPENING)])
    found = await store.search("default", ["newt", "cat", "dog"], limit=5)
    assert [m.id for m, _ in found] == ["m8", "m9", "m7", f"m{3 * OPENING - 1}", f"m{3 * OPENING - 2}"]


def word(positions: set[int]) -> Said:
    """A word that was said at some places of one block."""
    return Said(places={0: "".join(chr(FIRST + place) for place in positions)}, count=len(positions))


@given(st.lists(st.sets(st.integers(1, 50), max_size=20), max_size=5))
def test_every_position_with_a_term_has_a_score_above_zero(said_at: list[set[int]]):
    found = rank(map(word, said_at), 50, last=50, limit=50)
    assert {position for _, position in found} == set().union(*said_at)
    assert all(score > 0 for score, _ in found)
    assert found == sorted(found, reverse=True)


@given(st.lists(st.sets(st.integers(1, 900), min_size=5, max_size=400), min_size=1, max_size=6), st.integers(1, 20))
def test_no_message_is_scored_by_a_word_that_it_does_not_have(said_at: list[set[int]], limit: int):
    total = 900
    whole = {position: score for score, position in rank(map(word, said_at), total, last=total, limit=10**6)}
    found = rank(map(word, said_at), total, last=total, limit=limit)
    assert len(found) == min(limit, len(set().union(*said_at)))
    assert all(score <= whole[position] + 1e-9 for score, position in found)
    has = Counter(position for positions in said_at for position in positions)
    assert all(has[position] for _, position in found)
