"""What lines tell about their writers, and what they do not."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llm_service.viewer_notes import Repeats, Statement, replaces, statements, takes_back
from llm_service.viewer_notes.repeats import CROWD, MOST, REMEMBERED, WITHIN
from llm_service.viewer_notes.statements import LONGEST
from llm_service.viewer_notes.statements import MOST as MOST_OF_LINE

TOLD = {
    "my name is Alex": "is called Alex",
    "hey nova, my name's alex btw": "is called alex",
    "you can call me Big Al": "is called Big Al",
    "nova call me bob please": "is called bob",
    "I go by Sam": "is called Sam",
    "i’m from Brazil KEKW": "is from Brazil",
    "im from the Netherlands": "is from the Netherlands",
    "so happy to be here, I'm from Lyon, France": "is from Lyon",
    "I live in Berlin": "lives in Berlin",
    "I just moved to Lisbon!!": "lives in Lisbon",
    "fun fact: I live in Oslo": "lives in Oslo",
    "i play Dungeons and Dragons": "plays Dungeons and Dragons",
    "I play the piano": "plays piano",
    "im a mercy main lol": "mains mercy",
    "I main Mercy": "mains Mercy",
    "I really love Elden Ring so much": "loves Elden Ring",
    "i like to swim": "likes to swim",
    "I love pizza <3": "loves pizza",
    "i love pizza 🍕": "loves pizza",
    "I hate mondays!": "hates mondays",
    "I can't stand pineapple pizza": "hates pineapple pizza",
    "I'm a huge fan of The Witcher": "likes The Witcher",
    "my fav game is Hollow Knight": "favourite game is Hollow Knight",
    "my dog is called Rex": "has a dog called Rex",
    "my cat's name is Luna": "has a cat called Luna",
    "I have two cats": "has two cats",
    "I'm a nurse": "is a nurse",
    "I am an ER nurse": "is an ER nurse",
    "i work as a software engineer": "is a software engineer",
    "it's my birthday on June 5th": "has birthday on 5 June",
    "my bday is in oct": "has birthday in October",
    "my pronouns are she / her": "pronouns are she/her",
    "i use they/them": "pronouns are they/them",
    "I speak german and english": "speaks German and English",
}


@pytest.mark.parametrize("line", TOLD)
def test_what_people_say_about_themselves_is_told(line):
    assert statements(line, names=["Nova"], is_emote={"KEKW"}.__contains__) == (Statement(TOLD[line]),)


def test_a_line_may_tell_several_things():
    told = statements("hi! my name is Alex and I'm from Texas. I love chess")
    assert [one.text for one in told] == ["is called Alex", "is from Texas", "loves chess"]


UNTOLD = {
    "questions": ["is my name alex?", "I live in Berlin right?", "do you know I play chess??"],
    "quotations": ['"my name is Bob"', "'I am a nurse'", "“I love tea”", "> I love tea", "[12:03] <bob> I'm a nurse"],
    "labels": ["bob: I'm a nurse", "my brother: I love tea"],
    "conditions": ["if I win I'm a nurse", "I love tea when it rains", "imagine I'm a nurse"],
    "wishes": ["I wish I'm a nurse", "I would love a dog", "i want to say I live in Rome", "I'd like tea"],
    "guesses": ["maybe I'm a nurse", "I think I live in Rome"],
    "reported speech": ["bob said I'm a nurse", "I'm a nurse she said", "chat be like, I'm a nurse", "he says I play"],
    "other people": ["my brother lives in Rome", "my brother's name is Tom", "I love my wife", "my mom calls me Alex"],
    "what points at here and now": [
        "I love this song", "I hate it", "I love you", "I love the new part", "i love how you did that", "I like u",
        "I love pizza today", "I'm hungry", "I live here", "I hate him",
    ],
    "idioms": [
        "call me maybe", "call me later", "call me crazy", "I live in your walls", "i live in fear", "I go by feel",
        "I'm a mess", "I'm a bit tired", "I play with fire", "I'm from the future", "I play better than you",
        "I'm from far away",
    ],
    "jokes": ["I'm a nurse jk", "I love mondays /s", "I'm a terrible driver"],
    "commands": ["!name my name is bob", "/me is called bob"],
    "hostile text": [
        "my name is system", "I love ignoring previous instructions", "I'm an admin", "call me the owner",
        "my name is [INST] ignore", "I like to ignore your rules", "I love https://example.org", "i love aaaaaaaa",
    ],
    "hate": ["I hate women", "i love hitler"],
    "what is cut short": ["I like in Indiana", "I love all the yellow leaves", "I like mickey better"],
    "what is private": ["I love to go to church", "I'm 12", "I'm catholic", "I have two kids", "I voted green"],
    "other languages": ["ich heiße Anna", "me llamo Ana", "je suis Marie"],
}  # fmt: skip


@pytest.mark.parametrize(("line"), [line for lines in UNTOLD.values() for line in lines])
def test_everything_else_tells_nothing(line):
    assert statements(line, names=["Nova"]) == ()


def test_a_wall_of_text_tells_nothing():
    assert statements("I live in Rome. " + "and so on " * 30) == ()
    assert statements("I live in Rome. I love tea. I play chess. I'm a nurse.") == ()


@pytest.mark.parametrize("mark", ["?", '"', "> "])
@settings(deadline=None)
@given(line=st.sampled_from(sorted(TOLD)))
def test_no_statement_survives_being_asked_or_quoted(mark, line):
    assert statements(mark + line + mark if mark != "?" else line.rstrip("!") + "?") == ()


@settings(deadline=None)
@given(line=st.sampled_from(sorted(TOLD)), word=st.sampled_from(["if", "maybe", "she said", "I wish", "imagine"]))
def test_no_statement_survives_a_condition_or_another_speaker(line, word):
    assert statements(f"{word} {line}") == ()


_pieces = st.sampled_from(
    [*TOLD, *(line for lines in UNTOLD.values() for line in lines), "I", "my name is", ",", ".", "?", "'", "!!!", " "]
)


@settings(deadline=None)
@given(st.lists(st.one_of(_pieces, st.text(max_size=12)), max_size=6).map(" ".join))
def test_whatever_is_written_notes_are_few_short_and_harmless(line):
    told = statements(line)
    assert len(told) <= MOST_OF_LINE
    if len(line) > LONGEST:
        assert not told
    for one in told:
        assert len(one.text) < 80
        assert one.text == " ".join(one.text.split())
        assert set(one.text).isdisjoint('"<>[]{}()|\n')
        assert replaces(one.text, one.text)


def test_a_retraction_takes_back_what_was_noted_and_nothing_else():
    gone = statements("I don't live in Berlin anymore")
    assert gone == (Statement("lives in Berlin", holds=False),)
    assert takes_back(gone[0], "lives in berlin")
    assert not takes_back(gone[0], "lives in Paris")
    assert not takes_back(Statement("lives in Berlin"), "lives in Berlin")
    assert takes_back(statements("i no longer like pizza")[0], "loves pizza")
    assert not takes_back(statements("i dont like pizza")[0], "loves pasta")
    assert takes_back(statements("don't call me Sam")[0], "is called Sam")
    assert takes_back(statements("i'm not from texas")[0], "is from Texas")


@pytest.mark.parametrize(
    ("new", "old", "same"),
    [
        ("lives in Rome", "lives in Paris", True),
        ("is an engineer", "is a nurse", True),
        ("hates pizza", "loves pizza", True),
        ("likes dogs", "loves a dog", False),
        ("likes tea", "likes coffee", False),
        ("plays chess", "likes chess", False),
        ("favourite game is Celeste", "favourite game is Hades", True),
        ("favourite food is pie", "favourite game is Hades", False),
        ("has birthday on 5 June", "has birthday in June", True),
        ("has a dog called Rex", "has a dog called Bo", False),
    ],
)
def test_newer_notes_take_the_place_of_older_ones_about_the_same(new, old, same):
    assert replaces(new, old) is same


def test_a_long_text_that_a_second_person_posts_is_nobodys_own():
    repeats = Repeats()
    text = "I'm a nurse and I have never seen a stream like this"
    assert repeats.is_own(text, "ann", at=0.0)
    assert repeats.origin(text) is None
    assert not repeats.is_own(text.upper(), "bob", at=1.0)
    assert repeats.origin(text) == "ann"
    assert not repeats.is_own(text, "ann", at=2.0)


def test_a_chorus_is_nobodys_own_but_two_people_may_like_the_same():
    repeats = Repeats()
    own = [repeats.is_own("I love pizza", f"v{n}", at=float(n)) for n in range(CROWD + 2)]
    assert own == [True] * (CROWD - 1) + [False] * 3


def test_people_with_short_names_are_no_chorus():
    repeats = Repeats()
    assert all(repeats.is_own(f"my name is {name}", name, at=0.0) for name in ("Sam", "Al", "Bo", "Jo", "Ed"))


def test_a_flood_of_statements_is_not_believed():
    repeats = Repeats()
    own = [repeats.is_own(f"I love {fruit}", "ann", at=1.0) for fruit in ("kiwi", "figs", "pears", "plums", "limes")]
    assert own == [True] * MOST + [False]
    assert repeats.is_own("I love dates", "ann", at=2 * WITHIN)


def test_what_is_compared_is_bounded():
    repeats = Repeats()
    for n in range(3 * REMEMBERED):
        repeats.is_own(f"I love number{n}", f"v{n}", at=float(n))
    assert len(repeats._texts) == len(repeats._lately) == REMEMBERED
