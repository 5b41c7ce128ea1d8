"""Token counts that learn."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_service.engine import EmbeddedEngine
from llm_service.errors import ContextOverflow
from llm_service.tokens import FEATURES, TokenEstimator, features, rough_tokens
from llm_service.types import PromptMessage

Tokenizer = Callable[[str], int]

SCRIPTS = {
    "english": "the game was so good today that nobody wanted to leave PogChamp KEKW speedrun",
    "russian": "привет всем сегодня играем очень хорошо спасибо потому что скорость",
    "chinese": "大家好 今天我们玩游戏 非常厉害 谢谢主播 为什么现在",
    "arabic": "مرحبا بكم اليوم نلعب شكرا جدا السرعة مذهلة",
    "emoji": "😂😂😂 🔥🎉 ❤️ 👍🏽 👨‍👩‍👧 https://example.com/watch?v=a1B2c3D4 12:34 100%",
}


PERSONA = PromptMessage(role="system", content="You are a friendly co-host in a live chat.")


def characters(text: str) -> int:
    """About a token for three characters of a word, one for other things: the thrift of large vocabularies."""
    return sum(1 + (len(word) - 1) // 6 for word in re.findall(r"\w+|[^\w\s]", text))


def bytewise(text: str) -> int:
    """A token a byte: what the smallest vocabularies come down to."""
    return len(text.encode())


def talk(seed: int, turns: int = 10) -> list[PromptMessage]:
    rng = random.Random(seed)
    words = " ".join(SCRIPTS.values()).split()
    messages = [PromptMessage(role="system", content="You are a friendly co-host in a live chat.")]
    for turn in range(turns):
        line = " ".join(rng.choices(words, k=rng.randint(1, 12)))
        messages.append(PromptMessage(role="user" if turn % 2 == 0 else "assistant", content=f"ann{turn}: {line}"))
    return messages


def count(tokenizer: Tokenizer, messages: list[PromptMessage]) -> int:
    return 11 + sum(5 + tokenizer(message.content) for message in messages)


def named(line: str) -> dict[str, int]:
    return {FEATURES[index]: number for index, number in features(line)}


def test_a_line_is_taken_apart():
    assert named("ann: PogChamp wooooow 42!!") == {
        "line": 1,
        "word": 3,
        "long": 7,
        "capital": 2,
        "hump": 1,
        "digit": 2,
        "number": 1,
        "mark": 3,
        "marks": 2,
        "space": 3,
        "repeat": 2,
    }


@pytest.mark.parametrize(
    ("text", "script", "characters"),
    [
        ("größe", "latin", 2),
        ("đội", "latin", 2),
        ("γεια", "greek", 4),
        ("привет", "cyrillic", 6),
        ("שלום", "hebrew", 4),
        ("مرحبا", "arabic", 5),
        ("नमस्ते", "devanagari", 6),
        ("நன்றி", "brahmic", 5),
        ("สวัสดี", "thai", 6),
        ("안녕", "hangul", 2),
        ("ありがとう", "kana", 5),
        ("大家好", "han", 3),
        ("ქართული", "other", 7),
        ("😂🔥", "emoji", 2),
        ("👍🏽", "joint", 1),
        ("！", "punctuation", 1),
        ("ПРИВЕТ", "shout", 6),
    ],
)
def test_scripts_are_told_apart(text, script, characters):
    assert named(text)[script] == characters


@given(st.text())
def test_any_text_can_be_counted(text):
    assert all(number > 0 for _, number in features(text))
    messages = [PromptMessage(role="user", content=text)]
    estimator = TokenEstimator()
    assert estimator.estimate(messages) > 0
    assert estimator.margin(messages) > 0


@pytest.mark.parametrize("tokenizer", [characters, bytewise])
def test_five_answers_are_enough(tokenizer):
    estimator = TokenEstimator()
    errors = []
    for turns in range(1, 41):
        messages = talk(1, turns)
        tokens = count(tokenizer, messages)
        errors.append(abs(estimator.estimate(messages) / tokens - 1))
        estimator.observe(messages, tokens)
    assert sum(errors[5:]) / len(errors[5:]) < 0.03


async def test_five_answers_of_a_real_engine_are_enough(tiny_model):
    estimator, errors = TokenEstimator(), []
    async with EmbeddedEngine(tiny_model, threads=1) as engine, aiohttp.ClientSession() as http:
        for turns in range(1, 24, 2):
            messages = talk(3, turns)
            tokens = await prompt_tokens(http, engine, messages)
            errors.append(abs(estimator.estimate(messages) / tokens - 1))
            assert len(errors) < 5 or tokens <= estimator.estimate(messages) + estimator.margin(messages)
            estimator.observe(messages, tokens)
    assert sum(errors[5:]) / len(errors[5:]) < 0.03


async def prompt_tokens(http: aiohttp.ClientSession, engine: EmbeddedEngine, messages: list[PromptMessage]) -> int:
    body = {"messages": [{"role": m.role, "content": m.content} for m in messages], "max_tokens": 1}
    async with http.post(f"{engine.base_url}/chat/completions", json=body) as answer:
        return (await answer.json())["usage"]["prompt_tokens"]


def test_the_same_prompt_again_is_known():
    estimator = TokenEstimator()
    estimator.observe(talk(1), 1234)
    assert estimator.estimate(talk(1)) == pytest.approx(1234, rel=1e-6)


def test_what_is_told_twice_is_learned_once():
    estimator = TokenEstimator()
    estimator.observe(talk(1), 1234)
    once = json.loads(estimator.to_json())["weights"]
    estimator.observe(talk(1), 1234)
    assert json.loads(estimator.to_json())["weights"] == pytest.approx(once)


def test_each_of_many_rooms_goes_on_from_its_own_last_prompt():
    """All of them begin with the same persona, every two with the same line; and each has a tokenizer of its own, so
    that what the estimator learns from one is wrong for all others."""
    rooms = [[PERSONA, talk(seed // 2)[1], *talk(seed, turns=20)[2:]] for seed in range(20)]
    estimator, errors = TokenEstimator(), []
    for turns in range(2, 20, 2):
        for number, room in enumerate(rooms):
            prompt = room[: turns + 1]
            tokens = round((0.3 + 0.02 * number) * sum(len(message.content) for message in prompt))
            errors.append(abs(estimator.estimate(prompt) / tokens - 1))
            estimator.observe(prompt, tokens)
    assert max(errors[60:]) < 0.2


@given(st.lists(st.integers(0, 3), max_size=30))
def test_a_prompt_counts_the_same_however_it_came_about(order):
    """What was measured of one room's prompts is used again, and never for another room's."""
    rooms = [talk(seed, turns=40) for seed in range(4)]
    lengths, busy = [1] * 4, TokenEstimator()
    for room in order:
        lengths[room] += 2
        prompt = rooms[room][: lengths[room] + 1]
        assert busy.estimate(prompt) == pytest.approx(TokenEstimator().estimate(prompt))


def test_a_line_counts_what_a_prompt_grows_by():
    estimator, prompt = TokenEstimator(), talk(1)
    longer = [*prompt[:-1], PromptMessage(role="user", content=f"{prompt[-1].content}\nbob: Hello there, Kappa 123!")]
    grown = estimator.estimate(longer) - estimator.estimate(prompt)
    assert estimator.line("bob: Hello there, Kappa 123!") == pytest.approx(grown)


def test_the_margin_shrinks_with_learning_and_grows_with_errors():
    estimator = TokenEstimator()
    fresh = estimator.margin(talk(100))
    for seed in range(20):
        estimator.observe(talk(seed), count(bytewise, talk(seed)))
    learned = estimator.margin(talk(100))
    assert learned < fresh
    estimator.observe(talk(21), 2 * count(bytewise, talk(21)))
    assert estimator.margin(talk(100)) > learned


def test_a_refusal_teaches():
    estimator = TokenEstimator()
    estimator.overflowed(talk(1), ContextOverflow(prompt_tokens=5000, context_length=4096))
    assert estimator.estimate(talk(1)) == pytest.approx(5000)
    estimator.overflowed(talk(2), ContextOverflow(context_length=9000))
    assert estimator.estimate(talk(2)) > 9000
    before = estimator.estimate(talk(3))
    estimator.overflowed(talk(3), ContextOverflow())
    assert estimator.estimate(talk(3)) > before


LINES = (
    "ann: which boss gives you the most trouble on this route?",
    "bob: lol idk KEKW same here bro 😂",
    "eva: welcher Gegner macht dir auf dieser Strecke die größten Schwierigkeiten?",
    "яна: какой босс самый трудный на этом пути?",
    "νίκη: ποιο αφεντικό σε δυσκολεύει περισσότερο;",
    "민지: 이 길에서 어떤 보스가 제일 어려워요?",
    "雪: このルートで一番難しいボスはどれですか",
)


@pytest.mark.parametrize("line", LINES)
def test_a_rough_count_is_rather_too_high_than_too_low(line):
    text = "\n".join([line] * 40)
    estimate = TokenEstimator().estimate([PromptMessage(role="user", content=text)])
    assert estimate <= rough_tokens([text]) < 3 * estimate


def test_what_was_learned_outlives_the_process():
    estimator = TokenEstimator()
    for seed in range(8):
        estimator.observe(talk(seed), count(bytewise, talk(seed)))
    again = TokenEstimator.from_json(estimator.to_json())
    assert again.to_json() == estimator.to_json()
    tokens = count(bytewise, talk(99))
    assert abs(again.estimate(talk(99)) / tokens - 1) < abs(TokenEstimator().estimate(talk(99)) / tokens - 1)


def test_what_another_version_learned_is_not_used():
    state = {**json.loads(TokenEstimator().to_json()), "features": ["words"], "weights": [9.0]}
    assert TokenEstimator.from_json(json.dumps(state)).to_json() == TokenEstimator().to_json()
    assert TokenEstimator.from_json("{half").to_json() == TokenEstimator().to_json()


def test_nothing_of_a_text_is_kept():
    estimator = TokenEstimator()
    estimator.observe([PromptMessage(role="user", content="ann: xyzzy")], 9)
    assert "xyzzy" not in estimator.to_json()
    assert "xyzzy" not in repr(vars(estimator))
