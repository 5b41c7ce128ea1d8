import pytest

from llm_service.people import Names, person


@pytest.fixture
def names():
    present = Names()
    for name in ("Ann", "bob2", "_Steve99", "Chat", "Mary Jane", "Zoë"):
        present.add(name, person(name))
    return present


def test_the_platforms_id_is_the_key_where_there_is_one():
    assert person("Ann", "77") == person("renamed", "77")
    assert person("Ann") == person("ANN")
    assert person("Ann", "x") != person("x")


@pytest.mark.parametrize(
    ("text", "who"),
    [
        ("@ann hi", "Ann"),
        ("ANN: hi", "Ann"),
        ("ann, what do you think", "Ann"),
        ("I agree with Ann there", "Ann"),
        ("nobody here, bob2?", "bob2"),
        ("steve: wififofum", "_Steve99"),
        ("@chat hello", "Chat"),
        ("mary how are you", "Mary Jane"),
        ("@zoe hey", "Zoë"),
    ],
)
def test_a_line_names_whom_it_addresses(names, text, who):
    assert names.addressed(text) == person(who)


@pytest.mark.parametrize("text", ["hello chat", "annoying", "steve was here", "", ":", "@", "what a banner"])
def test_what_is_no_name_addresses_nobody(names, text):
    assert names.addressed(text) is None


def test_the_newest_of_two_people_with_one_name_is_meant(names):
    names.add("ann", "id:2")
    assert names.addressed("ann: hi") == "id:2"
    names.remove("ann", "id:2")
    assert names.addressed("ann: hi") == person("Ann")


def test_who_left_is_not_addressed(names):
    names.remove("Ann", person("Ann"))
    names.remove("Ann", person("Ann"))
    assert names.addressed("ann: hi") is None
