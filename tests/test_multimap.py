from llm_service.multimap import Multimap


def test_things_are_kept_in_the_order_in_which_they_came():
    things: Multimap[str, int] = Multimap()
    for thing in (1, 2, 1):
        things.put("a", thing)
    assert things == {"a": [1, 2, 1]}
    assert (things.newest("a"), things.newest("b")) == (1, None)


def test_of_too_many_the_oldest_go():
    things: Multimap[str, int] = Multimap(2)
    for thing in (1, 2, 3):
        things.put("a", thing)
    assert things == {"a": [2, 3]}


def test_a_key_that_has_nothing_left_is_gone():
    things: Multimap[str, int] = Multimap()
    for thing in (1, 2, 1):
        things.put("a", thing)
    for thing in (1, 3, 2):
        things.take_out("a", thing)
    assert things == {"a": [1]}
    things.take_out("a", 1)
    things.take_out("a", 1)
    assert things == {}
