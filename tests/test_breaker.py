"""The circuit breaker, with a clock of our own."""

import pytest

from llm_service.breaker import Breaker
from llm_service.errors import EngineResting


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def breaker(clock):
    return Breaker(clock=clock, jitter=lambda: 0.5)


def fail(breaker: Breaker, times: int = 1) -> None:
    for _ in range(times):
        breaker.enter()
        breaker.failed()


def test_five_failures_in_a_row_open_it(breaker):
    fail(breaker, 4)
    assert breaker.state == "closed"
    fail(breaker)
    assert breaker.state == "open"
    with pytest.raises(EngineResting) as caught:
        breaker.enter()
    assert caught.value.retry_after == 2.0


def test_a_success_between_begins_the_count_anew(breaker):
    fail(breaker, 4)
    breaker.enter()
    breaker.succeeded()
    fail(breaker, 4)
    assert breaker.state == "closed"


def test_after_the_pause_one_call_probes_and_the_rest_wait(breaker, clock):
    fail(breaker, 5)
    clock.now += 2.0
    assert breaker.state == "half-open"
    breaker.enter()
    for _ in range(3):
        with pytest.raises(EngineResting):
            breaker.enter()
    breaker.succeeded()
    assert breaker.state == "closed"
    breaker.enter()


def test_a_failed_probe_makes_the_pause_longer_up_to_a_limit(breaker, clock):
    fail(breaker, 5)
    pauses = []
    for _ in range(6):
        start = clock.now
        while breaker.state == "open":
            clock.now += 0.5
        pauses.append(clock.now - start)
        fail(breaker)
    assert pauses == [2.0, 4.0, 8.0, 16.0, 30.0, 30.0]


def test_a_probe_that_was_cancelled_lets_another_try(breaker, clock):
    fail(breaker, 5)
    clock.now += 2.0
    breaker.enter()
    breaker.abandoned()
    breaker.enter()


def test_an_engine_seen_alive_may_be_probed_at_once(breaker, clock):
    fail(breaker, 5)
    breaker.knock()
    assert breaker.state == "half-open"
    breaker.enter()
    breaker.succeeded()
    assert breaker.state == "closed"
    breaker.knock()
    assert breaker.state == "closed"


def test_calls_that_were_under_way_when_it_opened_change_nothing(breaker, clock):
    for _ in range(8):
        breaker.enter()
    for _ in range(8):
        breaker.failed()
    assert breaker.state == "open"
    clock.now += 2.0
    assert breaker.state == "half-open"


@pytest.mark.parametrize(("jitter", "pause"), [(0.0, 1.5), (1.0, 2.5)])
def test_pauses_are_spread(clock, jitter, pause):
    breaker = Breaker(clock=clock, jitter=lambda: jitter)
    fail(breaker, 5)
    clock.now += pause - 0.01
    assert breaker.state == "open"
    clock.now += 0.01
    assert breaker.state == "half-open"
