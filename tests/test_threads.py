from hypothesis import given
from hypothesis import strategies as st

from chatter import chat, said
from llm_service.threads import FRESH, STALE, ThreadTracker
from llm_service.types import Reply


def belonging(*lines, **how):
    """For each line the place of the one it belongs to."""
    tracker = ThreadTracker()
    return [None if (id := tracker.observe(message)) is None else int(id) for message in chat(*lines, **how)]


def test_what_the_platform_says_counts_first():
    tracker = ThreadTracker()
    tracker.observe(said("any tips for the swamp?", "ann", id="1"))
    tracker.observe(said("nice hat", "bob", id="2"))
    assert tracker.observe(said("ann: bring torches", "cid", reply_to="2")) == "2"


def test_a_reply_to_a_line_that_is_not_known_is_judged_by_its_words():
    tracker = ThreadTracker()
    tracker.observe(said("any tips for the swamp?", "ann", id="1"))
    assert tracker.observe(said("ann: bring torches", "cid", reply_to="gone")) == "1"


def test_a_named_persons_last_line_is_answered():
    assert belonging("ann: hi all", "ann: any tips for the swamp?", "bob: nice hat", "cid: ann: bring torches")[-1] == 1


def test_of_their_newest_lines_the_one_that_shares_rare_words_is_answered():
    others = [f"viewer{n}: something about thing{n}" for n in range(30)]
    lines = [*others, "ann: how do I cross the poison swamp?", "ann: brb", "bob: @ann the poison swamp needs boots"]
    assert belonging(*lines)[-1] == 30


def test_what_they_said_to_somebody_else_is_not_answered():
    assert belonging("bob: moin", "ann: where is the lever?", "ann: bob: moin", "cid: ann: behind the door")[-1] == 1


def test_more_of_mine_to_somebody_silent_goes_on_with_mine():
    assert belonging("ann: help?", "bob: ann: sure", "bob: ann: what with?")[-1] == 1


def test_what_was_said_to_me_is_answered_without_naming():
    assert belonging("ann: which key?", "bob: ann: the red one", "cid: lol", "ann: found it, cheers")[-1] == 1


def test_my_conversation_goes_on_without_names():
    lines = ["ann: which key?", "bob: ann: the red one?", "cid: pizza time", "ann: where is that", "bob: in the cellar"]
    assert belonging(*lines)[-1] == 3


def test_a_line_that_nothing_speaks_for_stands_alone():
    assert belonging("ann: which key?", "bob: pizza time") == [None, None]


def test_my_own_line_goes_on_until_it_is_stale():
    assert belonging("ann: the music here", "ann: is so good", every=STALE) == [None, 0]
    assert belonging("ann: the music here", "ann: is so good", every=STALE + 1) == [None, None]


def test_an_answer_comes_within_some_minutes():
    late = [said("which key?", "ann", id="1"), said("ann: red", "bob", id="2"), said("hm", "ann", at=FRESH + 1)]
    tracker = ThreadTracker()
    assert [tracker.observe(message) for message in late] == [None, "1", "1"]


def test_a_question_of_its_own_starts_afresh():
    lines = ["ann: the music here is so good", "ann: does anybody know when the next patch lands?"]
    assert belonging(*lines, every=200)[-1] is None
    assert belonging(*lines, every=20)[-1] == 0


def test_the_assistant_takes_part():
    tracker = ThreadTracker(assistant="Nova")
    tracker.observe(said("nova: what is a good first boss?", "ann", id="1"))
    reply = Reply(id="r1", text="The knight by the bridge.", raw="", answers=("1",), created_at=2.0)
    assert tracker.observe(reply) == "1"
    assert tracker.observe(said("nova, and then?", "ann", at=4.0, id="2")) == "r1"
    assert tracker.observe(said("ty", "ann", at=5.0, id="3")) == "2"
    assert tracker.thread_of("1") == ("1", "r1", "2", "3")


def test_a_conversation_is_its_lines_in_order():
    tracker = ThreadTracker()
    for message in chat("ann: which key?", "bob: pizza time", "cid: ann: the red one", "ann: ah thanks"):
        tracker.observe(message)
    assert tracker.thread_of("3") == ("0", "2", "3")
    assert tracker.thread_of("1") == ("1",)
    assert tracker.thread_of("nobody") == ()
    assert [tracker.before(line) for line in ("3", "2", "0", "1", "nobody")] == ["2", "0", None, None, None]


def test_nothing_belongs_to_a_forgotten_line():
    tracker = ThreadTracker()
    for message in chat("ann: which key?", "bob: ann: the red one", "bob: ann: or the blue"):
        tracker.observe(message)
    tracker.forget(("1", "2", "unknown"))
    assert tracker.thread_of("0") == ("0",)
    assert tracker.observe(said("found it", "ann", at=1_020.0)) == "0"
    assert tracker.observe(said("bob: cheers", "cid", at=1_020.0)) is None


def test_a_repeated_id_takes_the_old_lines_place():
    tracker = ThreadTracker()
    tracker.observe(said("which key?", "ann", id="1"))
    assert tracker.observe(said("which key?", "ann", id="1")) is None
    assert tracker.thread_of("1") == ("1",)


def test_what_is_remembered_is_bounded():
    tracker = ThreadTracker(limit=50)
    for n in range(500):
        tracker.observe(said(f"line {n} about thing{n}", f"viewer{n % 70}", at=float(n), id=str(n)))
    assert tracker.thread_of("449") == ()
    assert tracker.thread_of("450") != ()
    assert sum(len(table) for table in vars(tracker).values() if isinstance(table, dict)) < 500


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["ann", "bob", "Cid 7"]),
            st.sampled_from(
                ["hi", "ann: yes", "@bob why?", "cid and ann fight", "", "what is this thing called again?"]
            ),
            st.floats(0, 900),
        ),
        max_size=30,
    ),
    st.sets(st.integers(0, 29)),
)
def test_a_line_belongs_to_one_that_is_remembered_and_forgetting_all_leaves_nothing(lines, forgotten):
    tracker = ThreadTracker(limit=20)
    seen = set()
    for n, (name, text, at) in enumerate(lines):
        earlier = tracker.observe(said(text, name, at=at, id=str(n)))
        assert earlier is None or earlier in seen
        assert str(n) in tracker.thread_of(str(n))
        seen.add(str(n))
        if n in forgotten:
            tracker.forget((str(n - 1),))
            seen.discard(str(n - 1))
    tracker.forget(seen)
    assert tracker.observe(said("ann: hello", "bob", at=900.0)) is None
