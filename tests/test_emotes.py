import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_service.emotes import WELL_KNOWN, Emote, EmoteDictionary, Span, repaired
from llm_service.errors import InputError

ROOM = EmoteDictionary(
    [
        Emote(code="KEKW", meaning="laughter"),
        Emote(code="catNod", meaning="yes"),
        Emote(code=":3", meaning="smugness"),
        Emote(code="Clap", meaning="applause"),
        Emote(code="subOnly", meaning="a secret", usable=False),
    ]
)


def test_the_well_known_ones_have_a_meaning_each_and_no_code_twice():
    codes = [emote.code for emote in WELL_KNOWN]
    assert len(codes) == len(set(codes)) > 140
    assert all(emote.meaning for emote in WELL_KNOWN)


@pytest.mark.parametrize(
    "document",
    [
        '{"KEKW": "laughter", "no": {"meaning": "refusal", "usable": false}}',
        '[{"code": "KEKW", "meaning": "laughter"}, {"code": "no", "meaning": "refusal", "usable": false}]',
    ],
)
def test_it_is_loaded_from_json(document):
    loaded = {emote.code: emote for emote in EmoteDictionary.from_json(document)}
    assert loaded["KEKW"] == Emote(code="KEKW", meaning="laughter")
    assert loaded["no"] == Emote(code="no", meaning="refusal", usable=False)


def test_a_code_is_the_key_whatever_else_is_told_of_it():
    loaded = EmoteDictionary.from_data({"mine": {"code": "other", "id": 3, "meaning": None}})
    assert Emote(code="mine") in set(loaded)
    assert "other" not in loaded


def test_what_a_room_says_of_a_code_counts():
    assert {e.code: e for e in EmoteDictionary([Emote(code="Kappa", meaning="pottery")])}["Kappa"].meaning == "pottery"
    assert len(EmoteDictionary([Emote(code="x")], well_known=False)) == 1


@pytest.mark.parametrize(
    "data",
    [
        None,
        3,
        ["KEKW"],
        [{"meaning": "x"}],
        {"two words": "x"},
        {"": "x"},
        {"x" * 65: "x"},
        {"x": "y" * 81},
        {"x": 3},
        {"x": {"usable": "yes"}},
        {"x": {"meaning": {}}},
        {"x": False},
        [{"code": str(n)} for n in range(5_001)],
    ],
)
def test_what_are_no_emotes_is_refused(data):
    with pytest.raises(InputError):
        EmoteDictionary.from_json(json.dumps(data))


def test_what_is_no_json_is_refused_without_an_echo():
    with pytest.raises(InputError) as refused:
        EmoteDictionary.from_json(b"\xff{KEKW")
    assert "KEKW" not in str(refused.value)


def test_a_meaning_is_one_line():
    assert {e.code: e for e in EmoteDictionary.from_data({"x": "one\n two\t"})}["x"].meaning == "one two"


def test_emotes_are_mentioned_as_whole_words_in_exact_case():
    text = "KEKW that was kekw KEKWs Kappa KEKW mine"
    assert ROOM.mentioned(text, ["mine"]) == ("KEKW", "Kappa", "mine")


def test_the_model_is_told_the_same_line_for_the_same_codes():
    line = ROOM.describe(["KEKW", "subOnly", "catNod", "unknown"])
    assert line == ROOM.describe(["catNod", "KEKW", "KEKW", "subOnly"])
    assert "KEKW = laughter" in line
    assert "subOnly = a secret" in line
    assert line.endswith("KEKW catNod")
    assert ROOM.describe(["unknown"]) == ""
    assert "Kappa" in ROOM.describe()


@pytest.mark.parametrize(
    ("reply", "polished"),
    [
        ("good one kekw", "good one KEKW"),
        ("good one KEKW!", "good one! KEKW"),
        ("good one!! KEKW!", "good one!! KEKW"),
        ("KEKWKEKW nice", "KEKW KEKW nice"),
        ("nice (KEKW) :catnod: *KEKW*", "nice KEKW catNod KEKW"),
        ("KEKW,catNod", "KEKW catNod"),
        ("only for subs subOnly sorry", "only for subs sorry"),
        ("subOnly hello", "hello"),
        ("hello subOnly", "hello"),
        ("subOnly", ""),
        ("so smug :3 yes", "so smug :3 yes"),
        ("slow clap for you", "slow clap for you"),
        ("a Clap for you", "a Clap for you"),
        ("no KEKWs here", "no KEKWs here"),
        ("two  spaces\nand a line", "two  spaces\nand a line"),
        ("", ""),
    ],
)
def test_a_reply_uses_only_usable_emotes_spelled_and_spaced(reply, polished):
    assert ROOM.polish(reply) == polished


_pieces = st.sampled_from(
    [
        "KEKW",
        "kekw",
        "catNod",
        "subOnly",
        "SUBONLY",
        ":3",
        "word",
        "!",
        ".",
        ",",
        " ",
        "  ",
        "\n",
        "(",
        ")",
        "Clap",
        "'",
    ]
)


@given(st.lists(_pieces, max_size=12).map("".join))
def test_polishing_twice_changes_nothing(reply):
    once = ROOM.polish(reply)
    assert ROOM.polish(once) == once
    assert "subOnly" not in once.split()


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_text_without_emotes_stays(text):
    words = EmoteDictionary([Emote(code="KEKW")], well_known=False)
    if "kekw" not in text.casefold():
        assert words.polish(text) == text


@pytest.mark.parametrize(
    ("text", "first", "right"),
    [
        ("KEKW hi", 0, 0),
        ("😀 KEKW hi", 3, 2),
        ("😀😀 KEKW KEKW", 9, 8),
        ("hi KEKW", 0, 3),
    ],
)
def test_shifted_ranges_are_repaired(text, first, right):
    assert repaired(text, [Span(code="KEKW", first=first, last=first + 3)]) == (
        Span(code="KEKW", first=right, last=right + 3),
    )


def test_a_range_of_an_emote_that_is_not_there_is_dropped():
    assert repaired("KEKWs hi", [Span(code="KEKW", first=5, last=8)]) == ()
