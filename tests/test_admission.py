"""Who may use the engine, who waits, and who is refused."""

import asyncio
import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llm_service.admission import Admission, Weight
from llm_service.errors import DeadlineTooShort, QueueFull, Refused, ShuttingDown


class Crowd:
    """Tasks that want a slot, hold it until told, and remember the order in which they got it."""

    def __init__(self, admission: Admission) -> None:
        self.admission = admission
        self.served: list[str] = []
        self.running: dict[str, int] = {}
        """Who holds a slot, and what that weighs."""
        self._release: dict[str, asyncio.Event] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}

    async def come(self, *names: str, **options) -> None:
        """They ask for a slot, one after another. The caller is the name up to its number."""
        for name in names:
            self._release[name] = asyncio.Event()
            self.tasks[name] = asyncio.create_task(self._use(name, **options))
            await asyncio.sleep(0)

    async def _use(self, name: str, **options) -> None:
        caller = name.rstrip("0123456789")
        with await self.admission.enter(caller, **options):
            self.served.append(name)
            self.running[name] = options["weight"].tokens if "weight" in options else 0
            try:
                await self._release[name].wait()
            finally:
                del self.running[name]

    async def go(self, *names: str) -> None:
        """They are done."""
        for name in names:
            self._release[name].set()
            await settle()

    async def finish(self) -> None:
        """Everybody is done as soon as they can."""
        for event in self._release.values():
            event.set()
        await asyncio.gather(*self.tasks.values(), return_exceptions=True)

    def refusal(self, name: str) -> BaseException | None:
        task = self.tasks[name]
        return task.exception() if task.done() and not task.cancelled() else None


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def now() -> float:
    return asyncio.get_running_loop().time()


async def learned(admission: Admission, seconds: float) -> None:
    """Teach it how long a request takes."""
    with await admission.enter() as place:
        place.since -= seconds
        place.useful = True


async def test_no_more_than_the_slots_at_once():
    crowd = Crowd(Admission(slots=2))
    await crowd.come("a1", "a2", "a3")
    assert crowd.served == ["a1", "a2"]
    assert (crowd.admission.in_flight, crowd.admission.queued) == (2, 1)
    await crowd.go("a2")
    assert crowd.served == ["a1", "a2", "a3"]
    await crowd.finish()
    assert (crowd.admission.in_flight, crowd.admission.queued) == (0, 0)


async def test_callers_take_turns():
    crowd = Crowd(Admission(slots=1))
    await crowd.come("x1", "a1", "a2", "a3", "b1", "b2", "c1")
    await crowd.finish()
    assert crowd.served == ["x1", "a1", "b1", "c1", "a2", "b2", "a3"]


async def test_nobody_has_more_than_half_of_the_slots_while_others_wait():
    crowd = Crowd(Admission(slots=4))
    await crowd.come("a1", "a2", "a3", "a4", "a5", "a6", "b1", "b2", "b3")
    assert crowd.served == ["a1", "a2", "a3", "a4"]
    await crowd.go("a1", "a2", "a3")
    running = Counter(name[0] for name in crowd.served) - Counter("aaa")
    assert running == {"a": 2, "b": 2}
    await crowd.finish()


async def test_an_idle_slot_is_never_kept_from_who_has_its_share():
    crowd = Crowd(Admission(slots=3))
    await crowd.come("a1", "b1", "c1", "a2", "b2")
    await crowd.go("c1")
    assert crowd.admission.in_flight == 3
    await crowd.finish()


async def test_a_caller_alone_has_all_slots():
    crowd = Crowd(Admission(slots=4))
    await crowd.come("a1", "a2", "a3", "a4")
    assert crowd.admission.in_flight == 4
    await crowd.finish()


async def test_the_queue_is_bounded():
    crowd = Crowd(Admission(slots=1, queue_size=2))
    await crowd.come("a1", "a2", "a3", "a4")
    await settle()
    assert isinstance(crowd.refusal("a4"), QueueFull)
    assert crowd.admission.queued == 2
    await crowd.finish()


async def test_asking_first_changes_nothing():
    crowd = Crowd(Admission(slots=1, queue_size=1))
    assert not crowd.admission.must_wait("a")
    await crowd.come("a1")
    assert crowd.admission.must_wait("a")
    await crowd.come("a2")
    with pytest.raises(QueueFull):
        crowd.admission.must_wait("a")
    with pytest.raises(QueueFull):
        crowd.admission.must_wait("s", background=True)
    crowd.admission.close()
    with pytest.raises(ShuttingDown):
        crowd.admission.must_wait("a")
    await crowd.finish()


async def test_a_flood_makes_room_for_others():
    crowd = Crowd(Admission(slots=1, queue_size=4))
    await crowd.come("a1", "a2", "a3", "a4", "a5", "b1")
    await settle()
    assert isinstance(crowd.refusal("a5"), QueueFull)
    assert crowd.refusal("b1") is None
    await crowd.finish()
    assert crowd.served == ["a1", "a2", "b1", "a3", "a4"]


async def test_background_work_comes_last_and_makes_room_first():
    crowd = Crowd(Admission(slots=1, queue_size=2))
    await crowd.come("a1")
    await crowd.come("s1", background=True)
    await crowd.come("a2", "a3")
    await settle()
    assert isinstance(crowd.refusal("s1"), QueueFull)
    await crowd.come("s2", background=True)
    await settle()
    assert isinstance(crowd.refusal("s2"), QueueFull)
    await crowd.finish()

    crowd = Crowd(Admission(slots=1))
    await crowd.come("a1")
    await crowd.come("s1", "s2", background=True)
    await crowd.come("a2")
    await crowd.finish()
    assert crowd.served == ["a1", "a2", "s1", "s2"]


async def test_background_work_leaves_a_slot_for_replies():
    crowd = Crowd(Admission(slots=2))
    await crowd.come("s1", "s2", background=True)
    assert crowd.served == ["s1"]
    await crowd.come("a1")
    assert crowd.served == ["s1", "a1"]
    await crowd.finish()
    assert crowd.served == ["s1", "a1", "s2"]


async def test_what_cannot_be_done_in_time_is_refused_at_once():
    admission = Admission(slots=1)
    await learned(admission, 10.0)
    assert admission.service_time == pytest.approx(10.0, abs=0.1)
    crowd = Crowd(admission)
    await crowd.come("a1")
    await crowd.come("a2", deadline=now() + 25)
    await crowd.come("b1", deadline=now() + 25)
    await settle()
    assert crowd.refusal("a2") is None
    error = crowd.refusal("b1")
    assert isinstance(error, DeadlineTooShort)
    assert error.retry_after == pytest.approx(20.0, abs=0.5)
    await crowd.finish()


async def test_without_experience_nobody_is_refused_for_time():
    crowd = Crowd(Admission(slots=1))
    await crowd.come("a1", "a2", "a3", deadline=now() + 0.001)
    await settle()
    assert crowd.admission.queued == 2
    await crowd.finish()


async def test_what_waited_too_long_is_not_begun():
    admission = Admission(slots=1)
    crowd = Crowd(admission)
    await crowd.come("a1")
    await crowd.come("a2", deadline=now() + 0.02)
    await asyncio.sleep(0.03)
    await crowd.go("a1")
    assert isinstance(crowd.refusal("a2"), DeadlineTooShort)
    assert admission.in_flight == 0


async def test_experience_follows_the_engine():
    admission = Admission(slots=1)
    for seconds in [10.0] + [2.0] * 20:
        await learned(admission, seconds)
    assert admission.service_time == pytest.approx(2.0, abs=0.2)
    with await admission.enter() as place:
        place.since -= 100
    assert admission.service_time == pytest.approx(2.0, abs=0.2)


async def test_who_leaves_the_queue_is_gone():
    crowd = Crowd(Admission(slots=1))
    await crowd.come("a1", "a2", "b1")
    crowd.tasks["a2"].cancel()
    await settle()
    assert crowd.admission.queued == 1
    await crowd.finish()
    assert crowd.served == ["a1", "b1"]


async def test_who_leaves_at_the_moment_of_its_turn_passes_it_on():
    crowd = Crowd(Admission(slots=1))
    await crowd.come("a1", "a2", "b1")
    crowd._release["a1"].set()
    await asyncio.sleep(0)
    crowd.tasks["a2"].cancel()
    await settle()
    assert crowd.served == ["a1", "b1"]
    await crowd.finish()
    assert crowd.admission.in_flight == 0


async def test_more_slots_let_more_in():
    crowd = Crowd(Admission(slots=1))
    await crowd.come("a1", "a2", "a3")
    crowd.admission.resize(3)
    await settle()
    assert crowd.admission.in_flight == 3
    crowd.admission.resize(0)
    assert crowd.admission.slots == 1
    await crowd.finish()


async def test_closing_sends_home_who_waits():
    crowd = Crowd(Admission(slots=1))
    await crowd.come("a1", "a2")
    await crowd.come("s1", background=True)
    crowd.admission.close()
    await settle()
    assert isinstance(crowd.refusal("a2"), ShuttingDown)
    assert isinstance(crowd.refusal("s1"), ShuttingDown)
    with pytest.raises(ShuttingDown):
        await crowd.admission.enter()
    await crowd.finish()
    assert crowd.admission.in_flight == 0


async def test_a_spammer_costs_the_others_little():
    admission = Admission(slots=2, queue_size=16)
    served, refused = Counter(), Counter()

    async def ask(caller: str) -> None:
        try:
            with await admission.enter(caller, deadline=now() + 1.0):
                await asyncio.sleep(0.001)
                served[caller] += 1
        except Refused:
            refused[caller] += 1

    async def normal(caller: str) -> None:
        for _ in range(10):
            await ask(caller)
            await asyncio.sleep(0.005)

    async def spam() -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(50):
                for _ in range(10):
                    group.create_task(ask("spammer"))
                await asyncio.sleep(0.002)

    await asyncio.gather(spam(), *[normal(f"viewer {number}") for number in range(10)])
    assert sum(refused[f"viewer {number}"] for number in range(10)) == 0
    assert refused["spammer"] > 0
    assert (admission.in_flight, admission.queued) == (0, 0)


# ── A context that slots share ──

MODEL = "m"


def sharing(pool: int, slots: int = 4, **options) -> Admission:
    admission = Admission(slots, **options)
    admission.share({MODEL: pool})
    return admission


def weighing(tokens: int, model: str = MODEL) -> dict[str, Weight]:
    return {"weight": Weight(model, tokens)}


async def test_no_more_at_once_than_the_pool_holds():
    crowd = Crowd(sharing(100))
    await crowd.come("a1", "b1", "c1", **weighing(40))
    assert crowd.served == ["a1", "b1"]
    assert (crowd.admission.tokens_in_flight, crowd.admission.queued) == (80, 1)
    await crowd.go("a1")
    assert crowd.served == ["a1", "b1", "c1"]
    await crowd.finish()
    assert (crowd.admission.tokens_in_flight, crowd.admission.in_flight) == (0, 0)


async def test_who_is_alone_goes_whatever_it_weighs():
    crowd = Crowd(sharing(100))
    await crowd.come("a1", "b1", **weighing(500))
    assert crowd.served == ["a1"]
    await crowd.go("a1")
    assert crowd.served == ["a1", "b1"]
    await crowd.finish()


async def test_light_ones_do_not_overtake_the_heavy_one_whose_turn_it_is():
    crowd = Crowd(sharing(100))
    await crowd.come("a1", "b1", **weighing(30))
    await crowd.come("h1", **weighing(90))
    await crowd.come("c1", "d1", **weighing(10))
    assert crowd.served == ["a1", "b1"]
    await crowd.go("a1")
    assert crowd.served == ["a1", "b1"]
    await crowd.go("b1")
    assert crowd.served == ["a1", "b1", "h1", "c1"]
    await crowd.finish()


async def test_who_has_its_share_of_slots_waits_for_its_heavy_one_while_others_go_on():
    crowd = Crowd(sharing(100))
    await crowd.come("a1", "a2", **weighing(30))
    await crowd.come("a3", **weighing(90))
    await crowd.come("b1", **weighing(10))
    assert crowd.served == ["a1", "a2", "b1"]
    await crowd.go("a1")
    await crowd.come("c1", **weighing(10))
    assert crowd.served == ["a1", "a2", "b1"]
    await crowd.go("a2", "b1")
    assert crowd.served == ["a1", "a2", "b1", "a3", "c1"]
    await crowd.finish()


async def test_who_leaves_while_it_waits_for_context_lets_the_next_one_go():
    crowd = Crowd(sharing(100))
    await crowd.come("a1", **weighing(50))
    await crowd.come("h1", **weighing(90))
    await crowd.come("b1", **weighing(50))
    crowd.tasks["h1"].cancel()
    await settle()
    assert crowd.served == ["a1", "b1"]
    crowd.tasks["a1"].cancel()
    await settle()
    assert crowd.admission.tokens_in_flight == 50
    await crowd.finish()


async def test_every_model_has_a_pool_of_its_own_or_none():
    admission = Admission(4)
    admission.share({MODEL: 100, "other": 200})
    crowd = Crowd(admission)
    await crowd.come("a1", **weighing(90))
    await crowd.come("b1", **weighing(150, "other"))
    await crowd.come("c1", **weighing(1000, "alone"))
    await crowd.come("d1")
    assert crowd.served == ["a1", "b1", "c1", "d1"]
    await crowd.finish()


async def test_a_larger_pool_lets_more_in_and_so_does_none():
    crowd = Crowd(sharing(100))
    await crowd.come("a1", "b1", "c1", "d1", **weighing(60))
    assert crowd.served == ["a1"]
    crowd.admission.share({MODEL: 150})
    await settle()
    assert crowd.served == ["a1", "b1"]
    crowd.admission.share({})
    await settle()
    assert crowd.served == ["a1", "b1", "c1", "d1"]
    await crowd.finish()


async def test_background_work_that_waits_for_context_holds_up_no_reply():
    crowd = Crowd(sharing(100))
    await crowd.come("a1", **weighing(40))
    await crowd.come("s1", background=True, **weighing(90))
    await crowd.come("s2", background=True, **weighing(10))
    await crowd.come("b1", **weighing(40))
    assert crowd.served == ["a1", "b1"]
    await crowd.go("a1", "b1")
    assert crowd.served == ["a1", "b1", "s1", "s2"]
    await crowd.finish()


async def test_how_long_it_takes_is_told_by_what_really_runs_side_by_side():
    admission = sharing(100, slots=4)
    await learned(admission, 10.0)
    crowd = Crowd(admission)
    await crowd.come("a1", "b1", **weighing(90))
    assert admission.wait_time() == pytest.approx(20.0, abs=0.5)
    await crowd.come("c1", deadline=now() + 25, **weighing(90))
    await settle()
    error = crowd.refusal("c1")
    assert isinstance(error, DeadlineTooShort)
    assert error.retry_after == pytest.approx(20.0, abs=0.5)
    await crowd.finish()


WEIGHTS = st.integers(0, 12)


@given(st.lists(WEIGHTS, max_size=25), st.integers(1, 4), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_one_request_each_is_served_in_the_order_of_coming(weights, slots, dice):
    async def story() -> None:
        crowd = Crowd(sharing(10, slots, queue_size=100))
        names = [f"{chr(ord('a') + number)}1" for number in range(len(weights))]
        for name, tokens in zip(names, weights, strict=True):
            await crowd.come(name, **weighing(tokens))
            if crowd.running and dice.random() < 0.5:
                await crowd.go(dice.choice(list(crowd.running)))
        async with asyncio.timeout(5):
            await crowd.finish()
        assert crowd.served == names

    asyncio.run(story())


HEAVY_STEPS = st.lists(
    st.tuples(st.sampled_from("abcS"), st.sampled_from(["come", "come", "leave", "cancel"]), WEIGHTS), max_size=60
)


@given(HEAVY_STEPS, st.integers(1, 4), st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None)
def test_whatever_happens_the_pool_is_never_overfilled_nor_kept_from_who_has_room(steps, slots, dice):
    async def story() -> None:
        pool = 10
        crowd = Crowd(sharing(pool, slots, queue_size=6))
        waiting: dict[str, int] = {}
        for number, (caller, step, tokens) in enumerate(steps):
            name = f"{caller}{number}"
            if step == "come":
                waiting[name] = tokens
                await crowd.come(name, background=caller == "S", **weighing(tokens))
            elif step == "leave" and crowd.running:
                await crowd.go(dice.choice(list(crowd.running)))
            elif step == "cancel" and crowd.tasks:
                crowd.tasks[dice.choice(list(crowd.tasks))].cancel()
            await settle()
            taken = sum(crowd.running.values())
            assert taken == crowd.admission.tokens_in_flight
            assert taken <= pool or sum(map(bool, crowd.running.values())) == 1
            assert len(crowd.running) <= slots
            waiting = {who: weight for who, weight in waiting.items() if not crowd.tasks[who].done()}
            replies = [waiting[who] for who in waiting if who not in crowd.served and who[0] != "S"]
            assert not replies or len(crowd.running) == slots or taken + max(replies) > pool
        async with asyncio.timeout(5):
            await crowd.finish()
        assert (crowd.admission.tokens_in_flight, crowd.admission.in_flight, crowd.admission.queued) == (0, 0, 0)

    asyncio.run(story())


STEPS = st.lists(
    st.tuples(st.sampled_from("abcS"), st.sampled_from(["come", "leave", "cancel", "resize"]), st.integers(1, 5)),
    max_size=60,
)


@given(STEPS, st.integers(1, 4))
@settings(max_examples=60, deadline=None)
def test_whatever_happens_no_slot_is_lost_or_lent_twice(steps, slots):
    async def story() -> None:
        admission = Admission(slots=slots, queue_size=6)
        crowd = Crowd(admission)
        limit = slots
        for number, (caller, step, size) in enumerate(steps):
            if step == "come":
                await crowd.come(f"{caller}{number}", background=caller == "S")
            elif step == "resize":
                limit = max(limit, size)
                admission.resize(size)
            elif crowd.tasks:
                name = random.Random(number).choice(list(crowd.tasks))
                if step == "leave":
                    crowd._release[name].set()
                else:
                    crowd.tasks[name].cancel()
            assert admission.in_flight <= limit
            assert admission.queued <= 6
        await crowd.finish()
        assert (admission.in_flight, admission.queued) == (0, 0)

    asyncio.run(story())
