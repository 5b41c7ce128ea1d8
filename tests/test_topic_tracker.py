import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatter import chat, said
from llm_service.people import person
from llm_service.topic_tracker import TopicShift, TopicTracker

BOSS = (
    "ann: anyone beaten the Glass Queen yet?",
    "bob: the Glass Queen is brutal",
    "cid: my cat sleeps on the keyboard",
    "dee: glass queen second phase is worse",
    "eve: which weapon for the glass queen",
)
PIZZA = (
    "ann: pizza tonight",
    "bob: pineapple pizza forever",
    "cid: no fruit on pizza",
    "dee: pizza with anchovies",
    "eve: Pizza is the answer",
    "fay: cold pizza for breakfast",
)


def tracked(messages, **how):
    tracker = TopicTracker(**how)
    return tracker, [tracker.observe(message) for message in messages]


def labels(tracker, now):
    return [topic.label for topic in tracker.topics(now)]


def test_what_several_people_speak_of_is_a_topic_in_their_words():
    tracker, _ = tracked(chat(*BOSS))
    topic = tracker.topics(1_020.0)[0]
    assert topic.label.lower() == "glass queen"
    assert (topic.people, topic.since, topic.since_id) == (4, 1_000.0, "0")
    assert 0.2 < topic.weight <= 1.0


def test_words_that_always_come_together_are_one_topic():
    tracker, _ = tracked(chat(*BOSS))
    assert len([label for label in labels(tracker, 1_020.0) if "lass" in label or "ueen" in label]) == 1


def test_a_topic_fades_while_nobody_mentions_it():
    tracker, _ = tracked(chat(*BOSS))
    weights = [tracker.topics(now)[0].weight for now in (1_020.0, 1_140.0, 1_500.0, 9_000.0)]
    assert weights == sorted(weights, reverse=True)
    assert weights[-1] < 0.001


def test_the_beginning_of_a_topic_is_told_once():
    _, changes = tracked(chat(*BOSS, *BOSS))
    told = [change for change in changes if change]
    assert [change.kind for change in told] == ["began"]
    assert told[0].since_id == "0"
    assert told[0].message_id == "3"


def test_another_topic_begins_and_the_old_one_can_lead_again():
    _, changes = tracked(chat(*BOSS, *PIZZA, *(line.replace("phase", "half") + " again" for line in BOSS * 2)))
    told = [(change.kind, change.label.lower()) for change in changes if change]
    assert told[0] == ("began", "glass queen")
    assert ("began", "pizza") in told


def test_a_topic_that_comes_back_leads_again():
    old = [said(line.partition(": ")[2], f"p{n}", at=float(n)) for n, line in enumerate(BOSS)]
    new = [said(line.partition(": ")[2], f"p{n}", at=30.0 + n) for n, line in enumerate(PIZZA * 2)]
    back = [
        said(f"glass queen try {word}", f"q{n}", at=60.0 + n)
        for n, word in enumerate(["a1", "b2", "c3", "d4", "e5"] * 2)
    ]
    _, changes = tracked([*old, *new, *back])
    assert [change.kind for change in changes if change][-1] == "shifted"


def test_one_person_alone_in_the_room_can_have_a_topic():
    tracker, _ = tracked([said("what is your favourite racing game?", "ann", at=1.0)])
    assert labels(tracker, 1.0)


def test_one_person_among_others_does_not_make_a_topic():
    lines = [said(f"my kickstarter number {n} is {word}", "spam", at=float(n)) for n, word in enumerate("abcdefgh" * 9)]
    tracker, changes = tracked([*chat(*BOSS, start=0.0), *lines])
    assert not any("kickstarter" in label for label in labels(tracker, 72.0))
    assert not any(change and "kickstarter" in change.label for change in changes)


@pytest.mark.parametrize("people", [1, 300])
def test_a_flood_of_one_text_makes_no_topic_and_hides_none(people):
    flood = [
        said(f"BUY FOLLOWERS at shadyshop {n}!!", f"bot{n % people}", at=1_025.0 + n / 100, id=f"f{n}")
        for n in range(2_000)
    ]
    tracker, changes = tracked([*chat(*BOSS), *flood])
    assert not any(changes[len(BOSS) :])
    assert labels(tracker, 1_045.0)[0].lower() == "glass queen"
    assert not any("shadyshop" in label.lower() for label in labels(tracker, 1_045.0))


def test_agreeing_goes_on_with_the_topic_of_the_line_it_belongs_to():
    tracker = TopicTracker()
    for message in chat(*BOSS):
        tracker.observe(message)
    before = tracker.topics(1_020.0)[0]
    tracker.observe(said("so true", "fay", at=1_020.0), parent="4")
    after = tracker.topics(1_020.0)[0]
    assert after.people == before.people + 1
    assert after.weight > before.weight * 0.9


def test_emotes_are_mood_and_no_topic():
    tracker = TopicTracker()
    for n in range(6):
        tracker.observe(said(f"KEKW KEKW round {n} catJAM", f"p{n}", emotes=["KEKW"], at=float(n)), emotes=["catJAM"])
    tracker.observe(said("KEKW KEKW", "p5", emotes=["KEKW"], at=6.0))
    moods = tracker.mood(6.0)
    assert [(mood.emote, mood.people) for mood in moods] == [("KEKW", 6), ("catJAM", 5)]
    assert moods[0].weight <= 6
    assert tracker.mood(700.0)[0].weight < 0.2
    assert not {"KEKW", "catJAM"} & set(labels(tracker, 6.0))


def test_links_and_mentions_are_no_topics():
    tracker, _ = tracked(chat(*(f"{name}: @glassqueen https://glass.example/{name}" for name in "abcdef")))
    assert labels(tracker, 1_030.0) == []


@pytest.mark.parametrize(
    ("lines", "label"),
    [
        (("a: 日本語のゲーム", "b: 日本語むずかしい", "c: 私も日本語"), "日本語"),
        (("a: где играть в шахматы", "b: шахматы скучны", "c: люблю шахматы"), "шахматы"),
        (("a: wann kommt das Update", "b: Updates sind kaputt", "c: das Update nervt"), "Update"),
    ],
)
def test_topics_are_told_in_any_language(lines, label):
    tracker, _ = tracked(chat(*lines))
    assert labels(tracker, 1_015.0)[0] == label


def test_a_forgotten_message_is_in_no_topic_and_no_mood():
    tracker, _ = tracked([*chat(*BOSS), said("glass queen KEKW", "fay", at=1_025.0, id="x", emotes=["KEKW"])])
    tracker.forget([*map(str, range(5)), "x", "unknown"])
    assert tracker.topics(1_025.0) == ()
    assert tracker.mood(1_025.0) == ()


def test_no_word_of_a_forgotten_message_stays_in_memory():
    tracker, _ = tracked(chat(*BOSS), limit=4)
    assert tracker.topics(1_020.0)
    tracker.observe(said("back to the queen", id="5", at=1_025.0))
    assert b"queen" in pickle.dumps(tracker)
    tracker.forget([str(n) for n in range(6)])
    assert b"queen" not in pickle.dumps(tracker)


def test_a_message_that_comes_again_counts_once():
    tracker, _ = tracked([said("glass queen", id="x", emotes=["LUL"]), said("pizza", id="x")])
    assert labels(tracker, 0.0) == ["pizza"]
    assert tracker.mood(0.0) == ()


@given(
    st.lists(
        st.tuples(st.sampled_from(BOSS + PIZZA), st.sampled_from(["observe", "ask", "again", "forget"])), max_size=40
    )
)
def test_topics_are_the_same_whenever_they_were_asked_for(steps):
    """What a tracker remembers from one question to the next is what it would find out anew."""
    asked, quiet = TopicTracker(limit=12), TopicTracker(limit=12)
    for place, (line, what) in enumerate(steps):
        at = 1_000.0 + 5 * place
        for tracker in (asked, quiet):
            if what == "forget":
                tracker.forget([str(place - 2)])
            else:
                name, _, text = line.partition(": ")
                tracker.observe(said(text, name, at=at, id=str(place - 3 if what == "again" else place)))
        if what == "ask":
            asked.topics(at)
    assert asked.topics(2_000.0) == quiet.topics(2_000.0)


def test_a_forgotten_person_has_said_nothing():
    tracker, _ = tracked([*chat(*PIZZA), said("secretword pizza", "zed", at=1_030.0, user_id="9", emotes=["LUL"])])
    tracker.forget_speaker(person("zed", "9"))
    tracker.forget_speaker(person("ann"))
    assert tracker.topics(1_030.0)[0].people == 5
    assert tracker.topics(1_030.0)[0].since_id == "1"
    assert tracker.mood(1_030.0) == ()


def test_a_month_passes_without_overflow():
    tracker = TopicTracker(half_life=1.0)
    for n in range(60):
        tracker.observe(said("pizza again " + "abcdef"[n % 6], f"p{n % 7}", at=n * 43_200.0))
    assert all(0 <= topic.weight <= 1 for topic in tracker.topics(60 * 43_200.0))


TIMES = st.one_of(st.sampled_from([0.0, 2e-203, 1_000.0, 1.8e9, 1e300]), st.floats(0.0, 1e12))


@given(st.lists(st.tuples(st.sampled_from(BOSS + PIZZA), TIMES), max_size=20))
def test_lines_of_any_time_are_taken_in(lines):
    messages = [said(text, by=text[0], at=at) for text, at in lines]
    tracker, _ = tracked(messages)
    now = max((at for _, at in lines), default=0.0)
    assert all(0.0 <= topic.weight <= 1.0 for topic in tracker.topics(now))


def test_what_is_remembered_is_bounded():
    tracker = TopicTracker(limit=100)
    sizes = []
    for n in range(3_000):
        tracker.observe(said(f"word{n} thing{n * 7 % 500} about", f"p{n}", at=n / 8, emotes=["LUL"]))
        if n in (1_000, 2_999):
            sizes.append({name: len(value) for name, value in vars(tracker).items() if hasattr(value, "__len__")})
    assert sizes[0].keys() == sizes[1].keys()
    assert all(sizes[1][name] <= sizes[0][name] + 20 for name in sizes[0])
    assert tracker.mood(375.0)[0].people == 100


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from(["pizza time", "glass queen", "pizza queen", "LUL", ""])),
        max_size=25,
    )
)
def test_forgetting_everything_leaves_nothing(lines):
    tracker = TopicTracker(limit=10)
    messages = [said(text, name, at=n * 9.0, id=str(n), emotes=["LUL"]) for n, (name, text) in enumerate(lines)]
    for message in messages:
        tracker.observe(message, parent="0")
        assert all(0 <= topic.weight <= 1 for topic in tracker.topics(message.sent_at))
    tracker.forget([message.id for message in messages])
    assert tracker.topics(1_000.0) == ()
    assert tracker.mood(1_000.0) == ()


def opened(*texts, vectors=None):
    shift = TopicShift()
    return [shift.observe(text, vector) for text, vector in zip(texts, vectors or [None] * len(texts), strict=True)]


def test_the_first_line_opens_nothing():
    assert opened("do you play any sports?") == [False]


def test_a_question_by_itself_opens_a_subject():
    assert opened("i bake bread on sundays", "nice. do you own a motorbike?") == [False, True]


@pytest.mark.parametrize(
    "question",
    ["what kind of bread?", "is it hard to learn?", "and you?", "who taught you that?", "would you like a recipe?"],
)
def test_a_question_that_leans_on_the_last_lines_goes_on(question):
    assert opened("i bake bread on sundays", question) == [False, False]


def test_an_answer_goes_on_with_its_question():
    assert opened("do you own a motorbike?", "my brother sold his last spring") == [False, False]


def test_a_statement_that_shares_a_word_goes_on():
    lines = ["my garden is full of roses", "mine has a pond", "roses need much water"]
    assert opened(*lines)[-1] is False


def test_after_taking_leave_comes_another_subject():
    lines = ["the table is booked for seven", "thank you, goodbye!", "where can i find a parking garage nearby"]
    assert opened(*lines) == [False, False, True]


def test_meaning_decides_where_it_is_known():
    near, far = [[1.0, 0.0], [0.9, 0.1]], [[1.0, 0.0], [0.0, 1.0]]
    texts = ("my garden is full of roses", "tulips bloom in april")
    assert opened(*texts, vectors=near) == [False, False]
    assert opened(*texts, vectors=far) == [False, True]


ERRANDS = (
    ("i need a train to norwich on friday .", "where will you be departing from ?", "stansted airport .",
     "the 16:24 leaves stansted .", "what about the price ?", "ten pounds .", "thanks , bye .", "take care ."),
    ("Will it rain in Boston this week?", "No, Boston will be clear.", "thank you", "no problem"),
    ("Find me a pharmacy.", "CVS is 6 miles away.", "what's the address?", "783 Arcadia Place.", "cool, thanks",
     "glad to help"),
    ("i am looking for a hotel that has parking", "the worth house is in the north .", "is there anything else ?",
     "no , that is all . goodbye .", "have a great day !"),
)  # fmt: skip


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (2, 0, 3, 1), (3, 2, 1, 0)])
def test_errands_run_one_after_another_are_told_apart(order):
    lines = [line for place in order for line in ERRANDS[place]]
    firsts = {ERRANDS[place][0] for place in order[1:]}
    assert {line for line, opens in zip(lines, opened(*lines), strict=True) if opens} == firsts


def test_one_person_who_says_the_same_over_and_over_makes_no_topic():
    tracker = TopicTracker()
    for n in range(40):
        tracker.observe(said(f"buy followers at my shop {n}", "spam", at=n / 4))
    assert tracker.topics(10.0) == ()
    tracker.observe(said("my shop has followers and likes", "spam", at=10.0))
    assert tracker.topics(10.0)


def test_calling_somebody_is_no_topic():
    tracker = TopicTracker()
    for n, text in enumerate(("Nova hello", "nova, which boss?", "NOVA boss in the castle", "boss music, Nova!")):
        tracker.observe(said(text, f"v{n}", at=float(n)), names={"Nova", "nova", "NOVA"})
    assert [topic.label for topic in tracker.topics(4.0)] == ["boss"]
