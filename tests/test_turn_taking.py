"""Turn-taking: single decisions, the laws that hold for all of them, and whole rooms with numbers."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache
from math import inf
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import made_rooms
from llm_service.errors import InputError
from llm_service.turn_taking import (
    Decision,
    Ledger,
    Policy,
    RoomState,
    Said,
    addressed,
    after_forgetting,
    compress,
    crowd_lines,
    decide,
    is_repeat,
    knobs,
    urgent_over,
    viewer_of,
    wait_to_send,
)
from llm_service.turn_taking import state as state_module
from llm_service.turn_taking.scorecard import (
    Answered,
    Dropped,
    Event,
    Forgotten,
    Heard,
    RefusedRequest,
    Scorecard,
    Skipped,
    rows,
    score,
)
from llm_service.types import Message

NAMES = ("Nova",)
LIVELY = Policy(ambient_share=1.0, ambient_gap=0.0, ambient_per_minute=60, gap=0.0)
"""A policy under which nothing but the lines themselves keeps the assistant silent."""


def message(id_: str = "1", text: str = "hello", username: str = "alice", at: float = 0.0, **more) -> Message:
    return Message(id=id_, username=username, text=text, speaker=username, line=text, sent_at=at, **more)


def taking_turns(
    *pending: Message, state: RoomState | None = None, policy: Policy = LIVELY, now: float = 1.0
) -> Decision:
    return decide(pending, state or RoomState(heard_since_ambient=len(pending)), policy, now, bot_names=NAMES)


def gone(decision: Decision) -> dict[str, tuple[str, ...]]:
    return dict(decision.dropped)


# ── Whom a line is meant for ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "call"),
    [
        ("Nova", "name"),
        ("hey nova!", "name"),
        ("NOVA, what now?", "name"),
        ("(nova)", "name"),
        ("what does Nova's cat eat", "name"),
        ("@nova hi", "mention"),
        ("hi,@Nova", "mention"),
        ("你好nova你好", "name"),
        ("innovation", None),
        ("novas", None),
        ("nova2", None),
        ("nova_fan", None),
        ("nova-like", None),
        ("see nova.example", None),
        ("https://example.org/nova", None),
        ("mail bob@nova", None),
        ("@novaking hi", None),
        ("hello all", None),
    ],
)
def test_a_call_is_a_name_and_not_a_part_of_a_word(text, call):
    assert addressed(message(text=text), NAMES) == call


@given(
    name=st.from_regex(r"[A-Za-z][A-Za-z0-9]{0,5}( [a-z]{1,3})?", fullmatch=True),
    text=st.text("ab IıſK@.,!?", max_size=9),
)
def test_a_name_is_found_in_any_case_whatever_stands_around_it(name, text):
    for spelled in (name, name.upper(), name.lower(), name.swapcase()):
        assert addressed(message(text=f"{text} {spelled} {text}"), ("Nova", name)) is not None


def test_a_letter_that_is_another_in_another_case_is_no_obstacle():
    assert addressed(message(text="hi sam"), ("ſam",)) == "name"
    assert addressed(message(text="hi ſam"), ("Sam",)) == "name"


def test_names_may_have_several_words_signs_and_scripts():
    assert addressed(message(text="hi  super nova."), ("Super Nova",)) == "name"
    assert addressed(message(text="hi c++!"), ("C++",)) == "name"
    assert addressed(message(text="小助手你好"), ("小助手",)) == "name"
    assert addressed(message(text="hello"), ()) is None
    assert addressed(message(text="hello"), ("", " ")) is None


def test_a_platform_reply_to_one_of_ours_is_a_call():
    assert addressed(message(reply_to="r1"), NAMES, ("r1",)) == "reply"
    assert addressed(message(reply_to="m1"), NAMES, ("r1",)) is None


# ── Crowd compression ────────────────────────────────────────────────────────────────────────────────────────────


def crowd(*lines: tuple[str, str]) -> list[Message]:
    return [message(str(n), text, name) for n, (name, text) in enumerate(lines)]


def test_a_chorus_is_one_line_with_a_count_and_a_few_names():
    kekw = [("alice", "KEKW"), ("bob", "kekw"), *((f"fan{n}", "KEKWWW KEKW!") for n in range(35))]
    assert crowd_lines(crowd(*kekw)) == ("[×37] alice, bob and 35 others: KEKW",)
    assert crowd_lines(crowd(("alice", "gg"), ("bob", "gg"), ("alice", "GG!"))) == ("[×3] alice and bob: gg",)
    assert crowd_lines(crowd(("a", "gg"), ("b", "gg"), ("c", "gg"))) == ("[×3] a, b and 1 other: gg",)
    assert crowd_lines(crowd(*[("alice", "anyone?")] * 5)) == ("[×5] alice: anyone?",)


def test_lines_that_nobody_repeats_stay_as_they_are_and_in_order():
    lines = crowd(("alice", "gg"), ("bob", "which keyboard?"), ("carol", "gg"), ("dave", "10"), ("erin", "100"))
    assert crowd_lines(lines) == ("[×2] alice and carol: gg", "bob: which keyboard?", "dave: 10", "erin: 100")


def test_copypasta_is_the_same_even_where_it_mutates():
    pasta = "imagine being so good at this game that chat writes a whole poem about you every single day"
    lines = crowd(("a", pasta), ("b", pasta + " KEKW"), ("c", pasta.replace("poem", "song")), ("d", "a poem"))
    assert [chorus.ids for chorus in compress(lines)] == [("0", "1", "2"), ("3",)]


def test_long_lines_on_the_same_subject_are_not_the_same():
    lines = crowd(
        ("a", "do you think that the new patch makes the first boss too easy now"),
        ("b", "do you think that my cat would like a keyboard of her own for christmas"),
    )
    assert len(compress(lines)) == 2


def test_nobody_can_forge_a_chorus():
    lines = crowd(("alice, bob and 35 others", "I am a crowd"), ("eve", "[×99] all: hi"))
    assert all(not line.startswith("[") for line in crowd_lines(lines))
    forged = crowd(("mod, streamer", "free skins"), ("eve", "free skins"), ("two words", "free skins"))
    assert crowd_lines(forged) == ("[×3] eve and 2 others: free skins",)
    assert crowd_lines(crowd(("two words", "hi"), ("a, b", "hi"))) == ("[×2] 2 viewers: hi",)


def test_lines_without_letters_are_compared_as_they_are():
    assert crowd_lines(crowd(("a", "!!!"), ("b", "???"), ("c", "!!!"))) == ("[×2] a and c: !!!", "b: ???")


@given(st.lists(st.tuples(st.sampled_from("abc"), st.text(alphabet="KEW !?a", min_size=1, max_size=30)), max_size=30))
def test_compression_loses_no_message(lines):
    messages = crowd(*lines)
    choruses = compress(messages)
    assert sorted(id_ for chorus in choruses for id_ in chorus.ids) == sorted(m.id for m in messages)
    assert all("\n" not in chorus.line for chorus in choruses)
    assert compress(messages) == choruses


# ── Single decisions ─────────────────────────────────────────────────────────────────────────────────────────────


def test_a_call_is_answered_at_once():
    decision = taking_turns(message(text="Nova?"), policy=Policy())
    assert (decision.speak, decision.answers, decision.urgency) == (True, ("1",), "called")
    assert decision.why == "1 call waiting: answers 1 line of 1 viewer"
    assert decision.viewers == {"alice"}
    assert decision.wait is None


def test_nothing_waits():
    assert taking_turns() == Decision(speak=False, why="nothing waits", dropped={})


def test_calls_that_wait_together_get_one_reply():
    pending = [message(str(n), f"nova {n} please", f"viewer{n}") for n in range(10)]
    decision = taking_turns(*pending)
    assert len(decision.answers) == 8
    assert set(decision.answers) | set(decision.kept) == {str(n) for n in range(10)}


def test_calls_come_before_the_rest_which_goes_on_waiting():
    decision = taking_turns(message("1", "a question?", "bob"), message("2", "hi nova"))
    assert (decision.answers, decision.kept) == (("2",), ("1",))


def test_another_line_of_somebody_who_is_answered_is_skipped():
    decision = taking_turns(message("1", "so"), message("2", "hi nova"))
    assert (decision.answers, decision.skipped, decision.kept) == (("2",), ("1",), ())


def test_the_gap_is_kept_unless_a_call_is_overdue():
    state = RoomState(replied_at=9.0)
    early = taking_turns(message(text="nova?", at=8.0), state=state, policy=Policy(), now=10.0)
    assert (early.speak, early.kept, early.wait) == (False, ("1",), pytest.approx(1.0))
    assert "moment ago" in early.why
    overdue = taking_turns(message(text="nova?", at=0.0), state=state, policy=Policy(), now=10.0)
    assert (overdue.speak, overdue.urgency) == (True, "overdue")
    assert "1 overdue" in overdue.why
    long_gap = Policy(gap=60.0)
    assert taking_turns(message(text="nova?", at=8.0), state=state, policy=long_gap, now=10.0).wait == pytest.approx(8)


@pytest.mark.parametrize(
    ("state", "policy", "why", "wait"),
    [
        (RoomState(heard_since_ambient=9), Policy(), "too little was written", 14.0),
        (RoomState(heard_since_ambient=99, ambient_at=(-10.0,)), Policy(), "too recent", 9.0),
        (
            RoomState(heard_since_ambient=99, ambient_at=(-54.0, -30.0)),
            Policy(ambient_gap=5),
            "this minute had its replies",
            5.0,
        ),
        (RoomState(heard_since_ambient=99), Policy(ambient_per_minute=0), "this minute", 14.0),
        (RoomState(heard_since_ambient=99), Policy(ambient_share=0.0), "too little was written", 14.0),
        (RoomState(heard_since_ambient=99), Policy(ambient_threshold=5), "no line weighs enough", 14.0),
        (RoomState(heard_since_ambient=99, replied_at=0.0), Policy(), "moment ago", 1.0),
    ],
)
def test_where_nobody_calls_there_is_a_budget(state, policy, why, wait):
    decision = taking_turns(message(text="so"), state=state, policy=policy)
    assert (decision.speak, decision.kept) == (False, ("1",))
    assert why in decision.why
    assert decision.wait == pytest.approx(wait)


def test_within_its_budget_the_assistant_joins_in():
    decision = taking_turns(message(text="so"), state=RoomState(heard_since_ambient=10), policy=Policy())
    assert (decision.speak, decision.urgency) == (True, "ambient")


def test_weights_say_which_line_is_worth_an_answer():
    newcomers = frozenset({"first"})
    lines = [
        message("plain", "so", "a"),
        message("question", "why?", "b"),
        message("badge", "well", "c", badges=("vip", "unknown")),
        message("first", "hmm", "d"),
        message("elsewhere", "@bob why?", "e"),
        message("link", "https://x.example/?q=1 look", "f"),
    ]
    policy = replace(LIVELY, ambient_answers=1)
    state = RoomState(heard_since_ambient=9, newcomers=newcomers)
    order = []
    while lines:
        decision = taking_turns(*lines, state=state, policy=policy)
        if not decision.speak:
            break
        order.append(decision.answers[0])
        lines = [line for line in lines if line.id not in decision.answers]
    assert order == ["first", "question", "badge", "plain", "link"]
    assert [line.id for line in lines] == ["elsewhere"]
    heavy = replace(policy, badges={"vip": 9.0})
    assert taking_turns(message("1", "why?"), message("2", "so", "b", badges=("vip",)), policy=heavy).answers == ("2",)


def test_a_raid_outweighs_everything():
    raiders = [message(f"r{n}", "hello from the north", f"raider{n}") for n in range(12)]
    state = RoomState(heard_since_ambient=99, newcomers=frozenset(m.id for m in raiders))
    policy = replace(LIVELY, ambient_answers=1)
    vip = message("vip", "why?", "bob", badges=("broadcaster",))
    decision = taking_turns(vip, *raiders, state=state, policy=policy)
    assert len(decision.answers) == 12
    assert len(decision.merged) == 11
    assert decision.urgency == "raid"
    assert decision.why == "a raid came: answers 1 line of 12 viewers"
    busy = replace(state, heard_since_ambient=0, ambient_at=(0.5,))
    assert taking_turns(*raiders, state=busy, policy=Policy()).speak
    early = taking_turns(*raiders, state=replace(busy, replied_at=0.5), policy=Policy())
    assert (early.speak, early.wait) == (False, 1.5)
    assert "a raid came, but" in early.why
    assert not taking_turns(*raiders, state=replace(busy, raid_at=-50.0), policy=Policy()).speak


def test_what_does_not_wait_is_dropped_with_its_reason():
    said = (Said.now("Hello there friend", 0.5),)
    decision = taking_turns(
        message("old", "so", "a", at=-15.0),
        message("old call", "nova", "b", at=-45.0),
        message("young call", "nova, still there?", "c", at=-43.0),
        message("echo", "hi", "NOVA"),
        message("echo by text", "hello  THERE friend", "other_account"),
        message("ignored", "nova", "Troll"),
        message("ignored by id", "nova", "x", user_id="42"),
        message("bot", "nova", "Nightbot"),
        message("command", "!song", "d"),
        state=RoomState(said=said),
        policy=replace(LIVELY, ignored=("troll", "42")),
    )
    assert gone(decision) == {
        "stale": ("old", "old call"),
        "echo": ("echo", "echo by text"),
        "ignored": ("ignored", "ignored by id"),
        "bot": ("bot",),
        "command": ("command",),
    }
    assert decision.answers == ("young call",)


def test_one_viewer_has_only_so_many_lines_waiting_and_calls_stay():
    lines = [message("call", "nova, why?", at=-3)] + [message(str(n), f"line {n}", at=n / 10) for n in range(9)]
    decision = taking_turns(*lines, policy=replace(LIVELY, paused=True))
    assert decision.kept == ("call", "7", "8")
    assert set(gone(decision)["flood"]) == {str(n) for n in range(7)}


def test_a_room_has_only_so_many_lines_waiting():
    lines = [message(f"c{n}", f"nova {n} !", f"caller{n}") for n in range(5)]
    lines += [message(f"a{n}", f"line {n}", f"talker{n}") for n in range(10)]
    decision = taking_turns(*lines, policy=replace(LIVELY, paused=True, most_waiting=10))
    assert decision.kept == ("c0", "c1", "c2", "c3", "c4", "a5", "a6", "a7", "a8", "a9")
    assert len(gone(decision)["overflow"]) == 5


def test_pause_and_mute_keep_it_silent():
    call = message(text="nova?")
    paused = taking_turns(call, policy=Policy(paused=True))
    assert (paused.speak, paused.why, paused.kept, paused.wait) == (False, "paused", ("1",), 44.0)
    muted = taking_turns(call, policy=Policy(muted_until=5.0))
    assert (muted.speak, muted.why, muted.wait) == (False, "muted for now", 4.0)
    assert taking_turns(call, policy=Policy(muted_until=1.0)).speak


def test_the_send_budget_binds_even_what_is_overdue():
    said = tuple(Said.now(str(n), float(n)) for n in range(20))
    decision = taking_turns(message(text="nova?", at=10.0), state=RoomState(said=said), now=25.0)
    assert (decision.speak, decision.wait) == (False, 5.0)
    assert "send budget" in decision.why


def test_a_decision_can_be_shown():
    decision = taking_turns(message("1", "gg nova"), message("2", "GG nova!", "bob"), message("3", "x", at=-99))
    assert json.loads(json.dumps(decision.to_json())) == {
        "speak": True,
        "why": "1 call waiting: answers 1 line of 2 viewers",
        "urgency": "called",
        "answers": ["1", "2"],
        "merged": 1,
        "skipped": [],
        "dropped": {"stale": 1},
        "kept": [],
        "wait": None,
    }


# ── Fairness ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_who_was_answered_waits_for_those_who_waited_then():
    policy = replace(LIVELY, most_answers=1)
    heavy = message("heavy", "@nova why?", "vip", at=5.0, badges=("broadcaster",))
    patient = message("patient", "nova", "quiet", at=1.0)
    fresh = RoomState(served={"vip": (3.0,)})
    assert taking_turns(heavy, patient, state=fresh, policy=policy, now=6.0).answers == ("patient",)
    late = message("patient", "nova", "quiet", at=4.0)
    assert taking_turns(heavy, late, state=fresh, policy=policy, now=6.0).answers == ("heavy",)


def test_a_second_line_of_one_viewer_waits_for_the_first_of_others():
    lines = [message(f"a{n}", f"@nova why {n}?", "alice", at=n / 10, badges=("vip",)) for n in range(3)]
    lines += [message(f"b{n}", f"nova {n} !", f"viewer{n}", at=0.9) for n in range(3)]
    decision = taking_turns(*lines, policy=replace(LIVELY, most_answers=4))
    assert Counter(id_[0] for id_ in decision.answers) == {"a": 1, "b": 3}
    roomy = taking_turns(*lines)
    assert Counter(id_[0] for id_ in roomy.answers) == {"a": 1, "b": 3}
    assert len(roomy.kept) == 2
    alone = taking_turns(*lines[:3])
    assert len(alone.answers) == 3


def test_who_is_above_their_share_and_was_just_answered_waits_while_others_wait():
    again, other = message("again", "@nova why?", at=59.0), message("other", "nova", "bob", at=59.5)
    state = RoomState(served={"alice": (10.0, 30.0, 40.0, 55.0), "bob": (40.0,)})
    both = taking_turns(again, other, state=state, now=60.0)
    assert (both.answers, both.kept) == (("other",), ("again",))
    assert taking_turns(again, state=state, now=60.0).answers == ("again",)
    assert len(taking_turns(again, other, state=state, now=63.0).answers) == 2
    regular = replace(state, served={"alice": (30.0, 55.0), "bob": (40.0,)})
    assert len(taking_turns(again, other, state=regular, now=60.0).answers) == 2


people = st.sampled_from([f"v{n}" for n in range(6)])
texts = st.sampled_from(["nova?", "@nova hi", "so", "why?", "gg", "GG!", "!song", "@bob hi", "nova 1", "nova 2", "hm"])
badge_sets = st.sampled_from([(), ("vip",), ("moderator", "subscriber")])


@st.composite
def pendings(draw) -> list[Message]:
    lines = draw(st.lists(st.tuples(people, texts, st.floats(-60, 0), badge_sets), max_size=25))
    lines.sort(key=lambda line: line[2])
    return [message(str(n), text, name, at, badges=badges) for n, (name, text, at, badges) in enumerate(lines)]


states = st.builds(
    RoomState,
    replied_at=st.none() | st.floats(-30, 0),
    ambient_at=st.lists(st.floats(-90, 0), max_size=4).map(lambda times: tuple(sorted(times))),
    heard_since_ambient=st.integers(0, 30),
    served=st.dictionaries(people, st.lists(st.floats(-60, 0), min_size=1).map(lambda times: tuple(sorted(times)))),
    newcomers=st.frozensets(st.integers(0, 24).map(str)),
)
policies = st.builds(
    Policy,
    gap=st.sampled_from([0.0, 2.0]),
    ambient_gap=st.sampled_from([0.0, 20.0]),
    ambient_share=st.sampled_from([0.0, 0.1, 1.0]),
    ambient_threshold=st.just(-100.0),
    most_answers=st.integers(1, 4),
    ambient_answers=st.integers(1, 3),
    most_per_viewer=st.integers(1, 3),
    most_waiting=st.just(10),
    paused=st.booleans(),
)


@given(pendings(), states, policies)
def test_every_message_has_exactly_one_fate(pending, state, policy):
    decision = decide(pending, state, policy, 0.0, bot_names=NAMES)
    dropped = [id_ for ids in decision.dropped.values() for id_ in ids]
    fates = [*decision.answers, *decision.skipped, *dropped, *decision.kept]
    assert sorted(fates) == sorted(m.id for m in pending)
    assert decision.speak == bool(decision.answers)
    assert set(decision.merged) < set(decision.answers) or not decision.merged
    assert (decision.wait is None) == (not decision.kept)
    assert decision.wait is None or 0 < decision.wait < inf
    assert decision == decide(pending, state, policy, 0.0, bot_names=NAMES)


@given(pendings(), states, policies)
def test_nobody_is_served_twice_while_others_wait(pending, state, policy):
    decision = decide(pending, state, policy, 0.0, bot_names=NAMES)
    written = {m.id: m for m in pending}
    calling = decision.urgency in ("called", "overdue")
    last = {viewer: times[-1] for viewer, times in state.served.items()}
    left_out = [
        line
        for line in map(written.__getitem__, decision.kept)
        if (addressed(line, NAMES) is not None) == calling
        and viewer_of(line) not in decision.viewers
        and last.get(viewer_of(line), -inf) < line.sent_at
    ]
    for chorus in compress([written[id_] for id_ in decision.answers]):
        answered = min(last.get(person, -inf) for person in chorus.people)
        assert not [line for line in left_out if line.sent_at <= answered]


@given(pendings(), states, policies, st.floats(0, 100, allow_nan=False))
def test_silence_ends_when_it_says(pending, state, policy, later):
    """Deciding again before the wait is over, with nothing new, changes nothing but what became overdue."""
    decision = decide(pending, state, policy, 0.0, bot_names=NAMES)
    if decision.speak or decision.wait is None or later >= decision.wait:
        return
    left = [m for m in pending if m.id in decision.kept]
    again = decide(left, state, policy, later, bot_names=NAMES)
    assert not again.speak
    assert again.kept == decision.kept


# ── A reply under way ────────────────────────────────────────────────────────────────────────────────────────────


def test_a_call_cuts_off_only_a_reply_that_nobody_called_for():
    ambient = Decision(speak=True, why="", urgency="ambient", answers=("1",))
    called = replace(ambient, urgency="called")
    call, talk, bot = message(text="nova!"), message(text="so"), message(text="nova!", username="nightbot")
    assert "somebody called" in (urgent_over(ambient, call, Policy(), bot_names=NAMES) or "")
    assert urgent_over(ambient, replace(talk, reply_to="r"), Policy(), bot_names=NAMES, replies=("r",))
    for running, new, policy in (
        (called, call, Policy()),
        (ambient, talk, Policy()),
        (ambient, bot, Policy()),
        (ambient, call, Policy(interrupt=False)),
    ):
        assert urgent_over(running, new, policy, bot_names=NAMES) is None


def test_forgetting_stops_a_reply_to_nothing():
    running = Decision(speak=True, why="", urgency="called", answers=("1", "2"))
    assert after_forgetting(running, {"3"}) == "go on"
    assert after_forgetting(running, {"1"}) == "redo"
    assert after_forgetting(running, {"1", "2", "3"}) == "stop"


# ── What the platform lets through ───────────────────────────────────────────────────────────────────────────────


def test_the_send_budget_slides():
    said = [Said.now("x", float(n)) for n in range(20)]
    assert wait_to_send(said, 20, 19.0) == 11.0
    assert wait_to_send(said, 20, 19.0, messages=3) == 13.0
    assert wait_to_send(said, 20, 30.0) == 0.0
    assert wait_to_send(said, 100, 19.0) == 0.0
    assert wait_to_send([], 2, 0.0, messages=5) == 0.0
    assert wait_to_send(said, 2, 19.0, messages=5) == 30.0


@given(st.lists(st.floats(0, 5), max_size=60), st.integers(1, 5))
def test_who_waits_as_told_never_exceeds_the_budget(pauses, budget):
    said: list[Said] = []
    now = 0.0
    for pause in pauses:
        now += pause
        now += wait_to_send(said, budget, now)
        said.append(Said.now("x", now))
        assert len([message for message in said if message.at > now - 30.0 + 1e-6]) <= budget


def test_the_same_text_is_not_sent_twice_in_half_a_minute():
    said = [Said.now("Hello, chat!", 0.0)]
    assert is_repeat("hello,  CHAT!", said, 29.9)
    assert not is_repeat("hello, chat!", said, 30.0)
    assert not is_repeat("hello", said, 1.0)
    assert is_repeat("hello, chat!", said, 59.0, within=60.0)


# ── Policy ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_policy_survives_json():
    policy = Policy(mode="auto", gap=5, ignored=("troll",), badges={"vip": 3.0})
    text = json.dumps(policy.to_json())
    assert Policy.from_json(json.loads(text)) == policy
    assert hash(Policy.from_json(json.loads(text))) == hash(policy)


def test_what_is_not_given_stays_as_it_was():
    base = Policy(gap=5.0, paused=True)
    assert Policy.from_json({"paused": False}, base) == Policy(gap=5.0)
    assert Policy.from_json({}) == Policy()


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ([], "an object"),
        ({"gpa": 1}, "no such knob"),
        ({"gap": -1}, "gap must be a number from 0 to 86,400"),
        ({"gap": "2"}, "gap must be"),
        ({"gap": True}, "gap must be"),
        ({"gap": float("nan")}, "gap must be"),
        ({"ambient_share": 1.1}, "from 0 to 1"),
        ({"most_answers": 1.5}, "whole number"),
        ({"paused": 1}, "true or false"),
        ({"mode": "loud"}, "'manual' or 'auto'"),
        ({"ignored": "bob"}, "a list"),
        ({"ignored": ["x" * 101]}, "a list"),
        ({"badges": {"vip": "much"}}, "badge names"),
        ({"badges": ["vip"]}, "badge names"),
        ({"muted_until": float("inf")}, "seconds since 1970"),
        ({"version": 2}, "version must be"),
    ],
)
def test_a_policy_is_checked_strictly(values, sentence):
    with pytest.raises(InputError, match=sentence):
        Policy.from_json(values)


def test_a_policy_is_checked_in_python_too():
    with pytest.raises(InputError, match="max_chars"):
        Policy(max_chars=0)


PAGE = (Path(__file__).parent.parent / "docs" / "turn-taking.md").read_text(encoding="utf-8")


def test_the_page_for_streamers_lists_every_knob_as_it_is():
    for knob in knobs():
        default = json.dumps(knob.default) if not isinstance(knob.default, list | dict) else "see below"
        assert f"| `{knob.name}` | {default} | {knob.unit} | {knob.meaning} |" in PAGE
    assert ", ".join(Policy().known_bots) in PAGE


def test_the_policies_on_the_page_can_be_used():
    examples = re.findall(r"```json\n(\{.*?\})\n```", PAGE, re.DOTALL)
    policies = [json.loads(example) for example in examples if "why" not in example]
    assert len(policies) >= 3
    assert all(Policy.from_json(policy) for policy in policies)


def test_every_knob_is_described():
    described = knobs()
    assert {knob.name for knob in described} == set(Policy().to_json())
    assert all(knob.meaning.endswith(".") and knob.wanted for knob in described)


def test_the_schema_of_a_knob_says_what_the_policy_takes():
    for knob in knobs():
        assert Policy.from_json({knob.name: knob.default})
        bounds = [knob.schema[bound] for bound in ("minimum", "maximum") if bound in knob.schema]
        assert bounds or knob.schema.get("type") in {"boolean", "array", "object"} or "enum" in knob.schema
        for bound, beyond in zip(bounds, (-1, 1), strict=False):
            assert Policy.from_json({knob.name: bound})
            with pytest.raises(InputError, match=f"^{knob.name} must be "):
                Policy.from_json({knob.name: bound + beyond})


def test_to_json_three_and_three_point_nought_are_the_same():
    assert Policy.from_json(json.loads('{"most_answers": 3.0}')).most_answers == 3


@pytest.mark.parametrize(("name", "advice"), [("gpa", "did you mean gap?"), ("colour", "GET /policy shows them all.")])
def test_a_name_that_is_no_knob_is_refused_with_advice(name, advice):
    with pytest.raises(InputError) as refused:
        Policy.from_json({name: 1})
    assert str(refused.value) == f"A policy has no such knob: {advice}"


# ── The ledger ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_ledger_tells_what_the_room_did():
    ledger = Ledger()
    first, second, other = message("1"), message("2", at=1.0), message("3", username="bob")
    for line in (first, second, other):
        ledger.heard(line)
    assert ledger.state([first, second, other]).newcomers == {"1", "3"}
    ledger.replied("r1", ["alice"], urgency="ambient", at=5.0)
    ledger.heard(message("4"))
    ledger.replied("r2", ["bob"], urgency="called", at=6.0)
    ledger.sent("hello", at=6.0)
    assert ledger.state([second]) == RoomState(
        replied_at=6.0,
        ambient_at=(5.0,),
        heard_since_ambient=1,
        served={"alice": (5.0,)},
        replies=("r1", "r2"),
        said=(Said.now("hello", 6.0),),
    )
    ledger.forget("alice")
    assert ledger.state([second]).served == {}


def test_the_ledger_is_bounded(monkeypatch):
    monkeypatch.setattr(state_module, "MOST_VIEWERS", 100)
    ledger = Ledger()
    for n in range(1000):
        ledger.heard(message(str(n), username=f"viewer{n}"))
        ledger.replied(f"r{n}", [f"viewer{n}"], urgency="raid", at=float(n))
    last = ledger.state([message("x", username=f"viewer{n}") for n in range(1000)])
    assert len(last.served) == 100
    assert len(last.ambient_at) == 60
    assert len(last.replies) == 100


def test_a_user_id_is_who_somebody_is():
    assert viewer_of(message(username="Alice")) == viewer_of(message(username="alice"))
    assert viewer_of(message(username="old", user_id="7")) == viewer_of(message(username="new", user_id="7"))
    assert viewer_of(message(username="#7")) != viewer_of(message(user_id="7"))


# ── Whole rooms ──────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class Played:
    """What came of a room."""

    events: list[Event] = field(default_factory=list)
    most_waiting: int = 0
    turns: list[tuple[Decision, list[Message]]] = field(default_factory=list)

    @property
    def card(self) -> Scorecard:
        return score(self.events)


@dataclass
class Stage:
    """A room on a made clock, with an engine that takes its time for each reply and does one at a time."""

    policy: Policy
    seconds_a_reply: float
    played: Played = field(default_factory=Played)
    ledger: Ledger = field(default_factory=Ledger)
    pending: dict[str, Message] = field(default_factory=dict)
    running: tuple[float, Decision, list[Message]] | None = None
    look: float = inf

    def play(self, room: list[made_rooms.Record]) -> Played:
        for record in room:
            while (moment := self._next()) <= record["sent_at"]:
                self._pass(moment)
            self._happen(record)
        while (moment := self._next()) < inf:
            self._pass(moment)
        return self.played

    def _next(self) -> float:
        return self.running[0] if self.running else self.look

    def _pass(self, now: float) -> None:
        if self.running:
            _, decision, _ = self.running
            self.running = None
            number = len(self.played.turns)
            self.ledger.replied(f"r{number}", decision.viewers, urgency=decision.urgency, at=now)
            self.ledger.sent(f"reply {number}", at=now)
            self.played.events.append(
                Answered(at=now, answers=decision.answers, merged=decision.merged, text=f"reply {number}")
            )
        self._decide(now)

    def _happen(self, record: made_rooms.Record) -> None:
        now = record["sent_at"]
        if "forget" in record:
            self._forget(record["forget"])
        else:
            self._hear(message(record["message_id"], record["message"], record["username"], now))
        if not self.running:
            self._decide(now)

    def _hear(self, line: Message) -> None:
        call = addressed(line, NAMES) is not None
        self.played.events.append(Heard(message_id=line.id, viewer=viewer_of(line), at=line.sent_at, called=call))
        self.ledger.heard(line)
        self.pending[line.id] = line
        if self.running and urgent_over(self.running[1], line, self.policy, bot_names=NAMES):
            self._cut_off()
        self.played.most_waiting = max(self.played.most_waiting, len(self.pending))

    def _forget(self, id_: str) -> None:
        self.played.events.append(Forgotten(message_id=id_))
        self.pending.pop(id_, None)
        if self.running and after_forgetting(self.running[1], {id_}) != "go on":
            self._cut_off(without=id_)

    def _cut_off(self, without: str = "") -> None:
        assert self.running
        back = {line.id: line for line in self.running[2] if line.id != without}
        self.pending = back | self.pending
        self.running = None

    def _decide(self, now: float) -> None:
        pending = list(self.pending.values())
        decision = decide(pending, self.ledger.state(pending), self.policy, now, bot_names=NAMES)
        self.pending = {id_: self.pending[id_] for id_ in decision.kept}
        self.played.events += [Dropped(message_ids=ids, reason=reason) for reason, ids in decision.dropped.items()]
        self.played.events.append(Skipped(message_ids=decision.skipped))
        self.look = inf if decision.wait is None else now + decision.wait
        if decision.speak:
            lines = [line for line in pending if line.id in decision.answers]
            self.played.turns.append((decision, pending))
            self.running = (now + self.seconds_a_reply, decision, lines)


SECONDS_A_REPLY = 2.0


def play(
    room: list[made_rooms.Record], policy: Policy | None = None, seconds_a_reply: float = SECONDS_A_REPLY
) -> Played:
    return Stage(policy or Policy(mode="auto"), seconds_a_reply).play(room)


@pytest.fixture(scope="module")
def rooms() -> Callable[[str], Played]:
    """What comes of each made room under the default policy."""
    return cache(lambda name: play(made_rooms.ROOMS[name]()))


@pytest.mark.parametrize("name", made_rooms.ROOMS)
def test_every_message_of_a_room_is_accounted_for(name, rooms):
    card = rooms(name).card
    assert card.unaccounted == 0
    assert (
        card.messages
        == card.answered
        + card.skipped
        + card.dropped.get("stale", 0)
        + card.dropped.get("flood", 0)
        + card.dropped.get("overflow", 0)
        + card.forgotten
    )


def in_time(played: Played, bound: float, but: str = "") -> float:
    """Share of the calls, deleted ones and those of ``but`` aside, that are answered within so many seconds and a
    reply's time."""
    deleted = {event.message_id for event in played.events if isinstance(event, Forgotten)}
    answered = {id_: event.at for event in played.events if isinstance(event, Answered) for id_ in event.answers}
    calls = [
        event
        for event in played.events
        if isinstance(event, Heard) and event.called and event.message_id not in deleted and event.viewer != but
    ]
    assert calls
    return sum(answered.get(event.message_id, inf) - event.at <= bound + SECONDS_A_REPLY for event in calls) / len(
        calls
    )


@pytest.mark.parametrize("name", ["calm", "busy", "burst", "raid", "moderated"])
def test_who_calls_is_answered_within_the_bound(name, rooms):
    assert in_time(rooms(name), Policy().mention_bound) >= 0.99


def test_what_waits_does_not_grow_with_the_room():
    short, long = (play(made_rooms.busy(seconds=seconds)).most_waiting for seconds in (30, 90))
    assert long <= 1.2 * short


def test_a_flooder_keeps_nobody_from_being_answered(rooms):
    played = rooms("flooded")
    assert in_time(played, Policy().mention_bound, but="flooder") >= 0.99
    assert played.card.dropped["flood"] > 0.5 * played.card.messages
    served = served_in(played)
    assert served["flooder"] <= 1.5 * max(served[f"talker{n}"] for n in range(10))


def served_in(played: Played) -> Counter[str]:
    """How many replies answer each viewer."""
    return Counter(viewer for decision, _ in played.turns for viewer in decision.viewers)


def test_where_not_all_can_be_answered_a_flooder_gets_what_the_others_get():
    played = play(made_rooms.flooded(), Policy(mode="auto", most_answers=2))
    served = served_in(played)
    talkers = [served[f"talker{n}"] for n in range(10)]
    assert min(talkers) >= 4
    assert served["flooder"] <= max(talkers)


def test_five_hundred_equal_lines_are_one_line(rooms):
    played = rooms("chorus")
    assert played.card.replies <= 2
    assert played.card.merged > 0
    lines = max((crowd_lines(pending) for _, pending in played.turns), key=len)
    assert len(lines) == 1


def test_a_raid_is_greeted_once(rooms):
    played = rooms("raid")
    greeted = [decision for decision, _ in played.turns if any("raider" in viewer for viewer in decision.viewers)]
    assert 1 <= len(greeted) <= 3
    assert max(len(decision.viewers) for decision in greeted) >= 10
    assert [decision.urgency for decision in greeted].count("raid") == 1


def test_the_send_budget_holds_in_every_room():
    for policy in (Policy(mode="auto", gap=0.0, send_budget=5), Policy(mode="auto", gap=0.0)):
        times = [e.at for e in play(made_rooms.busy(5.0, 90, calls=0.3), policy, 0.2).events if isinstance(e, Answered)]
        for n, at in enumerate(times):
            assert sum(at - 30.0 + 1e-6 < earlier <= at for earlier in times[: n + 1]) <= policy.send_budget


def test_a_deleted_message_is_never_answered():
    played = play(made_rooms.moderated(), seconds_a_reply=3.0)
    gone_at: set[str] = set()
    for event in played.events:
        if isinstance(event, Forgotten):
            gone_at.add(event.message_id)
        if isinstance(event, Answered):
            assert not gone_at & set(event.answers)
    assert gone_at


def test_rooms_are_written_as_lines(tmp_path):
    path = made_rooms.write(made_rooms.moderated(), tmp_path / "chat.jsonl")
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert lines == made_rooms.moderated()
    assert {"username", "message", "emotes", "message_id", "sent_at"} in [set(line) for line in lines]
    assert {"forget", "sent_at"} in [set(line) for line in lines]


# ── Scorecard ────────────────────────────────────────────────────────────────────────────────────────────────────

RECORD: list[Event] = [
    Heard(message_id="1", viewer="a", at=0.0, called=True),
    Heard(message_id="2", viewer="b", at=1.0),
    Heard(message_id="3", viewer="b", at=2.0),
    Answered(at=4.0, answers=("1", "2", "unknown"), merged=("2",), text="Hi!"),
    Heard(message_id="4", viewer="c", at=5.0, called=True),
    Heard(message_id="5", viewer="d", at=5.0),
    Heard(message_id="6", viewer="d", at=5.0),
    Dropped(message_ids=("4",), reason="stale"),
    Skipped(message_ids=("3",)),
    Forgotten(message_id="5"),
    Answered(at=9.0, answers=("1", "4"), text="hi!"),
    RefusedRequest(code="queue_full"),
]


def test_a_scorecard_counts_what_happened():
    card = score(RECORD)
    assert (card.messages, card.viewers, card.replies) == (6, 4, 2)
    assert (card.answered, card.merged, card.skipped, card.forgotten, card.unaccounted) == (2, 1, 1, 1, 1)
    assert card.dropped == {"stale": 1}
    assert card.answered_share == pytest.approx(1 / 3)
    assert (card.calls, card.calls_answered_share) == (2, 0.5)
    assert (card.waiting.p50, card.waiting.max) == (3.0, 4.0)
    assert (card.staleness.p50, card.staleness.max) == (3.0, 4.0)
    assert card.fairness == pytest.approx(16 / (4 * 6))
    assert card.largest_share == 1.0
    assert card.repeats == 1
    assert card.refusals == {"queue_full": 1}
    assert json.loads(json.dumps(card.to_dict()))["waiting"] == {"p50": 3.0, "p95": 4.0, "max": 4.0}


def test_an_empty_record_has_a_scorecard():
    assert score([]) == Scorecard()


def test_scorecards_stand_side_by_side():
    table = rows({"now": score(RECORD), "new": score([])})
    assert table[0] == ("", "now", "new")
    assert ("messages answered", "33.3%", "0.0%") in table
    assert ("dropped: stale", "1", "0") in table
    assert ("refused: queue_full", "1", "0") in table
    assert all(len(row) == 3 for row in table)


@given(st.lists(st.floats(0, 1000), min_size=1, max_size=50))
def test_a_spread_is_made_of_its_values(waits):
    events: list[Event] = []
    for n, wait in enumerate(waits):
        events += [Heard(message_id=str(n), viewer=str(n), at=0.0), Answered(at=wait, answers=(str(n),))]
    spread = score(events).waiting
    assert spread.p50 <= spread.p95 <= spread.max == max(waits)
    assert {spread.p50, spread.p95} <= set(waits)
