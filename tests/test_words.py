import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_service.words import WORD, fold, is_stop, split, stem


def test_a_text_is_split_into_its_words_as_written():
    assert split("Don't panic, it's 3 o’clock... in Łódź!") == ["Don't", "panic", "it's", "3", "o’clock", "in", "Łódź"]


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("日本語", ["日本", "本語"]),
        ("猫", ["猫"]),
        ("PS5で遊ぶ", ["PS5", "で遊", "遊ぶ"]),
        ("我爱 chat", ["我爱", "chat"]),
        ("안녕하세요 여러분", ["안녕하세요", "여러분"]),
    ],
)
def test_scripts_without_spaces_are_cut_into_pairs(text, pieces):
    assert split(text) == pieces


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Running", "runs"),
        ("CAFÉ", "cafe"),
        ("games", "GAME"),
        ("собаки", "Собака"),
        ("ＷＩＤＥ", "wide"),
        ("it's", "its"),
        ("STRASSE", "Straße"),
    ],
)
def test_two_spellings_of_a_word_have_one_stem(one, other):
    assert stem(one) == stem(other)


def test_a_mark_that_makes_another_letter_is_kept():
    assert fold("Й") != fold("И")


@pytest.mark.parametrize("word", ["the", "Don't", "und", "für", "c'est", "что", "está", "x"])
def test_function_words_say_nothing(word):
    assert is_stop(word)


@pytest.mark.parametrize("word", ["boss", "die", "war", "car", "猫", "5090"])
def test_words_that_carry_meaning_in_some_language_say_something(word):
    assert not is_stop(word)


@given(st.text())
def test_any_text_can_be_split_and_every_piece_stems(text):
    for word in split(text):
        assert word in text
        assert stem(word)


@given(st.text(st.characters(max_codepoint=127)))
def test_the_words_of_an_ascii_text_are_those_that_the_pattern_finds(text):
    assert split(text) == WORD.findall(text)
