from llm_service.measures import Distribution


def test_what_was_measured_together_counts_as_often_as_it_was_done():
    spread = Distribution((1.0, 2.0))
    spread.observe(1.5)
    spread.observe(0.5, 3)
    assert spread.cumulative() == [3, 4, 4]
    assert spread.total == 3.0


def test_each_of_what_is_timed_together_takes_its_share():
    spread = Distribution((1e9,))
    with spread.timed(4):
        pass
    assert spread.cumulative() == [4, 4]
    assert 0 < spread.total < 1e9
