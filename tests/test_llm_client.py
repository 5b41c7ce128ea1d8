"""The client against a scripted LM Studio, over real sockets."""

import asyncio
import contextlib
import socket
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from llm_service import engine, errors
from llm_service.engine import EmbeddedEngine
from llm_service.llm_client import LMStudioClient
from llm_service.llm_client.retry import RetryBudget, retry_delay
from llm_service.types import Completion, EngineKind, Prompt, PromptMessage, Sampling
from scripted_lm_studio import ScriptedLMStudio, ScriptedModel


@pytest.fixture
async def client(lm):
    async with LMStudioClient(lm.base_url, deadline=5.0) as client:
        yield client


def ask(text: str = "Hi", **fields) -> Prompt:
    return Prompt(messages=(PromptMessage(role="user", content=text),), **fields)


async def eventually(condition, seconds: float = 2.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.005)


# ── The plain case ──


async def test_a_question_is_answered(lm, client):
    lm.reply("Hello, viewer")
    assert await client.get_response("Hi", system_prompt="Be kind.") == "Hello, viewer"
    body = lm.requests[0]
    assert body["messages"] == [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hi"}]
    assert body["model"] == "scripted-model"
    assert body["stream"] is True
    assert body["temperature"] == 0.8


async def test_it_opens_on_first_use_and_closes(lm):
    client = LMStudioClient(lm.base_url)
    assert await client.get_response("Hi") == lm.default
    await client.close()
    with pytest.raises(errors.ShuttingDown):
        await client.get_response("Hi")


async def test_chunks_come_one_by_one(lm, client):
    lm.reply(pieces=["Hel", "lo"], delay=0.02)
    async with client.stream(ask()) as stream:
        chunks = [chunk async for chunk in stream]
    assert [chunk.text for chunk in chunks if chunk.text] == ["Hel", "lo"]
    assert chunks[0].model == stream.model == "scripted-model"
    assert [chunk.finish_reason for chunk in chunks if chunk.finish_reason] == ["stop"]
    assert (stream.cached, stream.attempts) == (False, 1)
    assert stream.first_token_ms > 0
    assert stream.queued_ms >= 0


async def test_a_whole_answer_is_the_stream_drained(lm, client):
    lm.reply("Well then", reasoning="let me see", finish="length")
    answer = await client.complete(ask())
    assert (answer.text, answer.reasoning, answer.finish_reason) == ("Well then", "let me see", "length")
    assert answer.usage.completion_tokens == 2
    assert answer.model == "scripted-model"


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
async def test_reasoning_is_not_shown(lm, client, field):
    lm.reply("Yes", reasoning="hm", reasoning_field=field)
    assert await client.get_response("Hi") == "Yes"


@pytest.mark.parametrize("pieces", [["<thi", "nk>hm</th", "ink>Yes"], ["hm", "</think>", "Yes"]])
async def test_reasoning_within_the_text_is_not_shown(lm, client, pieces):
    lm.reply(pieces=pieces)
    assert await client.get_response("Hi") == "Yes"


async def test_it_can_be_left_in(lm):
    async with LMStudioClient(lm.base_url, clean=False) as client:
        lm.reply("<think>hm</think>Yes")
        assert await client.get_response("Hi") == "<think>hm</think>Yes"


@pytest.mark.parametrize("options", [{"done": False}, {"usage": False}, {"done": False, "usage": False}])
async def test_ends_of_every_kind(lm, client, options):
    lm.reply("Well then", **options)
    assert (await client.complete(ask())).text == "Well then"


async def test_an_engine_that_does_not_stream(lm, client):
    async def scene(stage):
        return stage.json(stage.completion({"content": "In one piece"}))

    lm.enqueue(scene)
    assert await client.get_response("Hi") == "In one piece"


# ── Empty answers ──


async def test_an_empty_answer_is_asked_for_once_more(lm, client):
    lm.empty_stream()
    lm.reply("There")
    assert await client.get_response("Hi") == "There"
    assert len(lm.requests) == 2


async def test_twice_empty_is_an_error(lm, client):
    lm.reply("")
    lm.reply("<think>never ends")
    with pytest.raises(errors.EmptyReply):
        await client.get_response("Hi")
    assert await client.get_response("Hi") == lm.default


async def test_an_answer_of_nothing_but_thought_is_empty(lm, client):
    lm.reply("", reasoning="on and on", finish="length")
    with pytest.raises(errors.EmptyReply):
        await client.complete(ask())


# ── The cache ──


async def test_the_same_prompt_is_answered_from_memory(lm, client):
    lm.reply("First")
    first = await client.complete(ask())
    async with client.stream(ask()) as stream:
        chunks = [chunk async for chunk in stream]
    assert [chunk.text for chunk in chunks] == [first.text] == ["First"]
    assert stream.cached
    assert stream.attempts == 0
    assert len(lm.requests) == 1
    assert client.state().counters.cache_hits == 1


@pytest.mark.parametrize(
    "other",
    [
        ask("Ho"),
        ask(sampling=Sampling(temperature=0.1)),
        ask(sampling=Sampling(stop=("a",))),
        ask(model="scripted-model"),
        ask(response_format='{"type":"text"}'),
    ],
)
async def test_another_prompt_is_another_question(lm, client, other):
    await client.complete(ask())
    await client.complete(other)
    assert len(lm.requests) == 2


async def test_without_the_cache_every_question_is_asked(lm):
    async with LMStudioClient(lm.base_url, cache_ttl=0) as client:
        await asyncio.gather(*[client.complete(ask()) for _ in range(3)])
    assert len(lm.requests) == 3


async def test_one_request_may_pass_the_cache_by(lm, client):
    await client.complete(ask())
    await client.complete(ask(), use_cache=False)
    assert len(lm.requests) == 2


async def test_what_shows_nothing_is_not_given_again(lm, client):
    lm.reply("<think>hm</think>")
    assert (await client.complete(ask())).text == "<think>hm</think>"
    for _ in range(2):
        assert (await client.complete(ask())).text == lm.default
    assert len(lm.requests) == 2
    counters = client.state().counters
    assert (counters.cache_misses, counters.cache_hits) == (2, 1)


async def test_a_filtered_answer_is_not_given_again(lm, client):
    lm.reply("Well", finish="content_filter")
    for text in ("Well", lm.default):
        assert (await client.complete(ask())).text == text


async def test_what_is_not_remembered_is_looked_for_once(lm, client):
    missed = await client.remembered(ask())
    async with client.stream(ask(), missed=missed) as stream:
        answer = await stream.drain()
    assert await client.remembered(ask()) == answer
    counters = client.state().counters
    assert (counters.requests, counters.cache_misses, counters.cache_hits) == (2, 1, 1)


async def test_time_runs_out_for_what_is_remembered(lm):
    now = 0.0
    async with LMStudioClient(lm.base_url, cache_ttl=60, clock=lambda: now) as client:
        await client.complete(ask())
        now = 59.0
        await client.complete(ask())
        assert len(lm.requests) == 1
        now = 61.0
        await client.complete(ask())
        assert len(lm.requests) == 2


async def test_forgetting_reaches_answers_on_their_way(lm, client):
    await client.complete(ask("done"))
    lm.hang(after=1, seconds=0.05)
    lm.reply("slow", delay=0.05)
    with contextlib.suppress(errors.EngineError):
        await client.complete(ask("other"))
    running = asyncio.create_task(client.complete(ask("running")))
    await eventually(lambda: lm.running == 1)
    await client.forget()
    await running
    asked = len(lm.requests)
    await client.complete(ask("done"))
    await client.complete(ask("running"))
    assert len(lm.requests) == asked + 2


async def test_errors_and_halves_are_not_remembered(lm, client):
    lm.fail(400, {"error": "no"})
    lm.fail_in_stream("Compute error.", after=2)
    for _ in range(2):
        with pytest.raises(errors.EngineError):
            await client.complete(ask())
    assert (await client.complete(ask())).text == lm.default


# ── Single flight ──


async def test_a_thousand_times_the_same_question_is_one_question(lm, client):
    lm.reply("Once", delay=0.05)
    answers = await asyncio.gather(*[client.get_response("Hi") for _ in range(1000)])
    assert set(answers) == {"Once"}
    assert len(lm.requests) == 1
    assert client.state().counters.joins == 999


async def test_the_same_question_is_one_question_before_the_model_is_known(lm, client, monkeypatch):
    monkeypatch.setattr("llm_service.llm_client.client.PATIENCE", 0.0)
    lm.telling.clear()
    lm.reply("Once", delay=0.05)
    answers = await asyncio.gather(*[client.get_response("Hi") for _ in range(20)])
    assert set(answers) == {"Once"}
    assert len(lm.requests) == 1
    lm.telling.set()
    assert await client.get_response("Hi") == lm.default, "stored for nobody knows which model"


async def test_who_asked_first_may_leave(lm, client):
    lm.reply(pieces=["a", "b", "c"], delay=0.05)
    leader = asyncio.create_task(client.complete(ask()))
    await eventually(lambda: lm.running == 1)
    followers = [asyncio.create_task(client.complete(ask())) for _ in range(5)]
    await asyncio.sleep(0.02)
    leader.cancel()
    answers = await asyncio.gather(*followers)
    assert {answer.text for answer in answers} == {"abc"}
    assert len(lm.requests) == 1
    assert lm.disconnects == []


async def test_an_error_reaches_everybody_once(lm, client):
    async def scene(stage):
        await asyncio.sleep(0.05)
        return stage.json({"error": "Context size has been exceeded"}, 400)

    lm.enqueue(scene)
    results = await asyncio.gather(*[client.complete(ask()) for _ in range(20)], return_exceptions=True)
    assert {type(result) for result in results} == {errors.ContextOverflow}
    assert len(lm.requests) == 1
    assert (await client.complete(ask())).text == lm.default


async def test_followers_read_from_the_beginning(lm, client):
    lm.reply(pieces=list("abcdef"), delay=0.02)
    async with client.stream(ask()) as first:
        async for chunk in first:
            if chunk.text == "c":
                break
        follower = await client.complete(ask())
    assert follower.text == "abcdef"


# ── Leaving ──


@pytest.mark.parametrize("after", [None, 2])
async def test_who_leaves_stops_the_engine(lm, client, after):
    lm.hang(after=after)
    task = asyncio.create_task(client.complete(ask()))
    await eventually(lambda: lm.running == 1)
    await asyncio.sleep(0.02)
    task.cancel()
    left = asyncio.get_running_loop().time()
    await eventually(lambda: lm.disconnects)
    assert asyncio.get_running_loop().time() - left < 1.0
    assert client.state().in_flight == 0
    assert (await client.complete(ask())).text == lm.default


async def test_breaking_out_of_a_stream_hangs_up(lm, client):
    lm.hang(after=2)
    async with client.stream(ask()) as stream:
        async for _ in stream:
            break
    await eventually(lambda: lm.disconnects)


async def test_closing_ends_what_runs(lm):
    client = LMStudioClient(lm.base_url)
    lm.hang(after=1)
    task = asyncio.create_task(client.complete(ask()))
    await eventually(lambda: lm.running == 1)
    await client.close()
    with pytest.raises(errors.ShuttingDown):
        await task
    await eventually(lambda: lm.disconnects)


async def test_closing_with_grace_lets_it_finish(lm):
    client = LMStudioClient(lm.base_url)
    lm.reply("At last", delay=0.05)
    task = asyncio.create_task(client.complete(ask()))
    await eventually(lambda: lm.running == 1)
    await client.close(grace=5.0)
    assert (await task).text == "At last"


# ── Limits ──


async def test_the_deadline_covers_everything(lm, client):
    lm.hang()
    with pytest.raises(errors.EngineTimeout):
        await client.complete(ask(), deadline=0.1)
    await eventually(lambda: lm.disconnects)


async def test_silence_between_chunks_is_noticed(lm):
    async with LMStudioClient(lm.base_url, gap_timeout=0.1) as client:
        lm.hang(after=2)
        with pytest.raises(errors.EngineTimeout):
            await client.complete(ask())


async def test_silence_before_the_first_chunk_is_noticed(lm):
    async with LMStudioClient(lm.base_url, first_token_timeout=0.1) as client:
        lm.hang()
        with pytest.raises(errors.EngineTimeout):
            await client.complete(ask())


@pytest.fixture
def full_port():
    """The port of somebody who listens but takes no more connections: who connects is not even refused."""
    with contextlib.ExitStack() as stack:
        listening = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(3):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listening.getsockname())
        yield listening.getsockname()[1]


@pytest.mark.parametrize("first_token_timeout", [None, 5.0])
async def test_an_engine_that_takes_no_connection_is_away(full_port, first_token_timeout):
    options = {"attempts": 1, "connect_timeout": 0.1, "first_token_timeout": first_token_timeout}
    async with LMStudioClient(f"http://127.0.0.1:{full_port}/v1", **options) as client:
        with pytest.raises(errors.EngineUnavailable):
            await client.complete(ask())


async def test_an_endless_reply_is_cut_and_the_engine_stopped(lm):
    async def scene(stage):
        while True:
            await stage.delta({"content": "blah " * 20})

    async with LMStudioClient(lm.base_url, reply_limit=1000) as client:
        lm.enqueue(scene)
        answer = await client.complete(ask(sampling=Sampling(max_tokens=10)))
        assert len(answer.text) == 1000
        assert answer.finish_reason == "length"
        await eventually(lambda: lm.disconnects)
        assert (await client.complete(ask())).text == lm.default


async def test_a_follower_with_more_time_gets_its_answer(lm, client):
    lm.reply("Slowly", delay=0.2)
    hurried = asyncio.create_task(client.complete(ask(), deadline=0.1))
    await eventually(lambda: lm.running == 1)
    patient = asyncio.create_task(client.complete(ask()))
    with pytest.raises(errors.EngineTimeout):
        await hurried
    assert (await patient).text == "Slowly"


# ── Retries ──


@given(st.integers(1, 10), st.floats(0, 1), st.floats(0, 100))
def test_delays_are_spread_below_a_bound_that_doubles(attempt, dice, left):
    delay = retry_delay(errors.EngineUnavailable(), attempt, left=left, attempts=100, jitter=lambda: dice)
    if attempt > 2:
        assert delay is None
    elif delay is not None:
        assert 0 <= delay <= min(2.0, 0.1 * 2 ** (attempt - 1))
        assert delay < left


@pytest.mark.parametrize(
    "error",
    [
        errors.EngineTimeout(),
        errors.EngineBadResponse(),
        errors.EngineTooLarge(),
        errors.EngineRejected(),
        errors.ContextOverflow(),
        errors.EngineAuth(),
        errors.ModelNotLoaded(),
        errors.ModelLoading(),
        errors.EmptyReply(),
        errors.QueueFull(),
    ],
)
def test_what_would_fail_again_is_not_tried_again(error):
    assert retry_delay(error, 1, left=100.0) is None


def test_the_engine_says_how_long_to_wait():
    busy = errors.EngineOverloaded(retry_after=5.0)
    assert retry_delay(busy, 1, left=10.0) == 5.0
    assert retry_delay(busy, 1, left=4.0) is None
    assert retry_delay(busy, 1, left=10.0, attempts=1) is None


def test_retries_are_a_fifth_of_the_requests():
    now = 0.0
    budget = RetryBudget(clock=lambda: now)
    assert [budget.allow() for _ in range(4)] == [True, True, True, False]
    for _ in range(50):
        budget.request()
    assert [budget.allow() for _ in range(8)] == [True] * 7 + [False]
    now = 11.0
    assert [budget.allow() for _ in range(4)] == [True, True, True, False]


# ── Admission, seen from here ──


async def test_no_more_at_once_than_the_engine_has_slots(lm, client):
    lm.models[0].parallel = 2
    lm.think_time = 0.01
    await asyncio.gather(*[client.complete(ask(str(number))) for number in range(20)])
    assert lm.most_running == 2
    assert client.state().slots == 2


async def test_a_setting_overrides_the_engines_slots(lm):
    lm.think_time = 0.01
    async with LMStudioClient(lm.base_url, slots=1) as client:
        await asyncio.gather(*[client.complete(ask(str(number))) for number in range(5)])
    assert lm.most_running == 1


def long(text: str, **options) -> Prompt:
    """A prompt of about a hundred tokens, with an answer of up to four hundred."""
    return ask(f"{text} " + "word " * 100, sampling=Sampling(max_tokens=400), **options)


async def test_no_more_at_once_than_the_context_holds_that_the_slots_share(lm, client):
    lm.models[0].context_length = 2000
    lm.think_time = 0.02
    answers = await asyncio.gather(*[client.complete(long(str(number))) for number in range(8)])
    assert len(answers) == 8
    assert lm.most_tokens <= 2000
    assert lm.most_running == 2
    short = Sampling(max_tokens=100)
    await asyncio.gather(*[client.complete(ask(str(number), sampling=short)) for number in range(8)])
    assert lm.most_running == 4


async def test_what_was_counted_weighs_what_it_was_counted(lm, client):
    lm.models[0].context_length = 2000
    lm.think_time = 0.02
    asked = [client.complete(long(str(number)), count=lambda: 105) for number in range(8)]
    await asyncio.gather(*asked)
    assert lm.most_running == 3
    assert 1000 < lm.most_tokens <= 2000


async def test_a_request_that_is_too_long_for_the_context_goes_alone(lm, client):
    lm.models[0].context_length = 500
    lm.think_time = 0.02
    await asyncio.gather(*[client.complete(long(str(number))) for number in range(3)])
    assert lm.most_running == 1


async def test_who_leaves_frees_its_context_at_once(lm, client):
    lm.models[0].context_length = 1000
    lm.hang()
    leaving = asyncio.create_task(client.complete(long("a")))
    await eventually(lambda: lm.running == 1)
    state = client.state()
    assert (state.pool, state.slots, state.in_flight) == (1000, 4, 1)
    assert 500 < state.tokens_in_flight <= 1000
    next_one = asyncio.create_task(client.complete(long("b")))
    await eventually(lambda: client.state().queued == 1)
    left = asyncio.get_running_loop().time()
    leaving.cancel()
    await next_one
    assert asyncio.get_running_loop().time() - left < 0.1
    assert client.state().tokens_in_flight == 0


async def test_who_shares_an_answer_weighs_nothing(lm, client):
    lm.models[0].context_length = 1000
    lm.think_time = 0.05
    sharing = [asyncio.create_task(client.complete(long("the same"))) for _ in range(5)]
    await eventually(lambda: lm.running == 1)
    assert client.state().queued == 0
    assert client.state().tokens_in_flight <= 1000
    await asyncio.gather(*sharing)
    assert len(lm.requests) == 1


async def test_models_of_one_engine_do_not_share_their_context(lm):
    lm.models = [
        ScriptedModel(instances=["scripted-model"], context_length=1000),
        ScriptedModel(key="other", instances=["other"], context_length=1000),
    ]
    lm.think_time = 0.05
    async with LMStudioClient(lm.base_url) as client:
        asked = [client.complete(long("a", model=name)) for name in ("scripted-model", "other", "other")]
        await asyncio.gather(*asked)
    assert lm.most_running == 2


async def test_an_unknown_name_means_the_context_of_the_model_that_is_there(lm):
    lm.models[0].context_length = 1000
    lm.think_time = 0.02
    async with LMStudioClient(lm.base_url, model="stranger") as client:
        await asyncio.gather(*[client.complete(long(str(number))) for number in range(3)])
    assert lm.most_running == 1


@pytest.mark.parametrize("change", [{"format": "mlx", "parallel": 3}, {"context_length": 0, "parallel": 3}])
async def test_where_no_context_is_shared_or_known_requests_are_counted(lm, client, change):
    for name, value in change.items():
        setattr(lm.models[0], name, value)
    lm.think_time = 0.02
    await asyncio.gather(*[client.complete(long("word " * 500 + str(number))) for number in range(6)])
    assert lm.most_running == 3
    assert client.state().pool is None


async def test_too_many_are_refused_at_once(lm):
    async with LMStudioClient(lm.base_url, slots=1, queue_size=2) as client:
        lm.hang(seconds=0.2)
        asked = [client.complete(ask(str(number))) for number in range(5)]
        results = await asyncio.gather(*asked, return_exceptions=True)
    assert sum(isinstance(result, errors.QueueFull) for result in results) == 2
    assert client.state().counters.refusals == 2


async def test_who_would_be_refused_can_know_before(lm):
    async with LMStudioClient(lm.base_url, slots=1, queue_size=0) as client:
        client.check()
        lm.hang(seconds=0.2)
        running = asyncio.create_task(client.complete(ask()))
        await eventually(lambda: lm.running == 1)
        with pytest.raises(errors.QueueFull):
            client.check()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        client.check()
        lm.models[0].instances = []
        await client.unload("scripted-model")
        with pytest.raises(errors.ModelLoading):
            client.check()


async def test_waiting_in_vain_is_not_the_engines_fault(lm):
    async with LMStudioClient(lm.base_url, slots=1) as client:
        lm.hang()
        running = asyncio.create_task(client.complete(ask("a"), deadline=3.0))
        await eventually(lambda: lm.running == 1)
        with pytest.raises(errors.DeadlineTooShort):
            await client.complete(ask("b"), deadline=0.05)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        assert client.state().queued == 0


# ── Errors ──

REFUSALS = [
    (404, {"error": {"message": "No models loaded.", "code": "model_not_found"}}, errors.ModelNotLoaded, 1),
    (400, {"error": 'Invalid model identifier "x".'}, errors.ModelNotLoaded, 1),
    (400, {"error": 'Failed to load model "x". Error: Operation canceled.'}, errors.ModelLoading, 1),
    (400, {"error": "context the overflows"}, errors.ContextOverflow, 1),
    (401, {"error": {"code": "invalid_api_key"}}, errors.EngineAuth, 1),
    (400, {"error": "Invalid tool_choice type"}, errors.EngineRejected, 1),
    (200, {"error": "Unexpected endpoint or method. (POST /v1/v1)"}, errors.EngineBadResponse, 1),
    (400, {"error": "The model has crashed without additional information."}, errors.EngineFailed, 2),
    (500, {}, errors.EngineFailed, 2),
    (503, {}, errors.EngineOverloaded, 3),
]


@pytest.mark.parametrize(("status", "body", "error", "asked"), REFUSALS)
async def test_a_refusal_is_named_and_repeated_only_where_it_helps(lm, client, status, body, error, asked):
    for _ in range(5):
        lm.fail(status, body)
    with pytest.raises(errors.EngineError) as caught:
        await client.complete(ask())
    assert type(caught.value) is error
    assert len(lm.requests) == asked


async def test_a_stream_that_fails_is_not_repeated_once_something_was_said(lm, client):
    lm.fail_in_stream("Compute error.", after=2)
    async with client.stream(ask()) as stream:
        with pytest.raises(errors.EngineFailed):
            [chunk async for chunk in stream]
    assert len(lm.requests) == 1


async def test_a_stream_that_fails_at_once_is_repeated(lm, client):
    lm.fail_in_stream("Compute error.")
    assert (await client.complete(ask())).text == lm.default
    assert len(lm.requests) == 2


async def test_a_connection_that_breaks_before_the_answer_is_repeated(lm, client):
    lm.hang_up()
    assert (await client.complete(ask())).text == lm.default


async def test_a_connection_that_breaks_in_the_answer_is_an_error(lm, client):
    lm.hang_up(after=2)
    with pytest.raises(errors.EngineDisconnected):
        await client.complete(ask())


async def test_roles_are_folded_for_a_strict_template_and_it_is_remembered(lm, client):
    refusal = {"error": "Jinja Exception: conversation roles must alternate user and assistant roles"}
    prompt = replace(ask(), messages=(PromptMessage(role="system", content="Be kind."), *ask().messages))
    lm.fail(500, refusal)
    assert (await client.complete(prompt)).text == lm.default
    assert lm.requests[1]["messages"] == [{"role": "user", "content": "Be kind.\n\nHi"}]
    await client.complete(prompt, use_cache=False)
    assert lm.requests[2]["messages"] == lm.requests[1]["messages"]


async def test_a_template_that_will_not_have_it_is_an_error(lm, client):
    for _ in range(3):
        lm.fail(400, {"error": "No user query found in messages."})
    with pytest.raises(errors.TemplateRejected):
        await client.complete(Prompt(messages=(PromptMessage(role="system", content="x"), *ask().messages)))
    assert len(lm.requests) == 2


async def test_a_schema_that_is_no_grammar_is_left_out(lm, client):
    lm.fail(500, {"error": "Engine protocol predict request returned 400: failed to parse grammar"})
    answer = await client.complete(ask(response_format='{"type":"json_schema"}'))
    assert answer.text == lm.default
    assert "response_format" not in lm.requests[1]


async def test_retry_after_is_kept_to_where_the_deadline_allows(lm, client):
    lm.fail(503, {}, headers={"Retry-After": "0"})
    assert (await client.complete(ask())).text == lm.default
    lm.fail(429, {}, headers={"Retry-After": "3600"})
    with pytest.raises(errors.EngineOverloaded) as caught:
        await client.complete(ask("other"))
    assert caught.value.retry_after == 60.0
    assert len(lm.requests) == 3


async def test_an_engine_that_is_not_there(lm):
    port = lm.port
    await lm.stop()
    async with LMStudioClient(f"http://127.0.0.1:{port}/v1") as client:
        with pytest.raises(errors.EngineUnavailable):
            await client.get_response("Hi")
        state = client.state()
        assert (state.reachable, state.problem) == (False, "upstream_unavailable")
        await lm.start()
        assert await client.get_response("Hi") == lm.default


async def test_the_breaker_opens_and_closes_again(lm):
    now = 0.0
    port = lm.port
    await lm.stop()
    async with LMStudioClient(f"http://127.0.0.1:{port}/v1", attempts=1, clock=lambda: now) as client:
        for _ in range(5):
            with pytest.raises(errors.EngineUnavailable):
                await client.complete(ask())
        with pytest.raises(errors.EngineResting) as caught:
            await client.complete(ask())
        assert caught.value.retry_after is not None
        assert client.state().breaker == "open"
        await lm.start()
        now = 10.0
        assert (await client.complete(ask())).text == lm.default
        assert client.state().breaker == "closed"


@pytest.mark.parametrize("base_url", ["localhost:1234", "ftp://localhost", "http://", "http://[x"])
def test_a_base_url_that_is_none(base_url):
    with pytest.raises(errors.SettingsError):
        LMStudioClient(base_url)


async def test_a_base_url_without_its_path_is_completed(lm):
    async with LMStudioClient(lm.url + "/") as client:
        assert await client.get_response("Hi") == lm.default


async def test_our_key_is_sent(lm):
    lm.api_key = "sk-test"
    async with LMStudioClient(lm.base_url, api_key="sk-test") as client:
        assert await client.get_response("Hi") == lm.default
    async with LMStudioClient(lm.base_url, api_key="sk-wrong") as client:
        with pytest.raises(errors.EngineAuth):
            await client.get_response("Hi")
        with pytest.raises(errors.EngineAuth):
            await client.model()


# ── Which model ──


async def test_the_loaded_model_answers(lm, client):
    lm.models = [
        ScriptedModel(key="embedder", type="embedding", instances=["embedder"]),
        ScriptedModel(key="cold"),
        ScriptedModel(key="warm", instances=["warm", "warm:2"], context_length=8192),
    ]
    model = await client.model()
    assert (model.id, model.engine, model.context_length, model.slots) == ("warm", EngineKind.LM_STUDIO, 8192, 4)
    await client.get_response("Hi")
    assert lm.requests[0]["model"] == "warm"
    assert [found.id for found in await client.models()] == ["warm", "warm:2", "cold"]


@pytest.mark.parametrize(("api", "context"), [("v1", 4096), ("v0", 4096), ("plain", None)])
async def test_every_age_of_lm_studio_tells_its_model(api, context):
    async with ScriptedLMStudio(api=api) as lm, LMStudioClient(lm.base_url) as client:
        model = await client.model()
        assert (model.id, model.context_length) == ("scripted-model", context)
        assert await client.get_response("Hi") == lm.default


async def test_nothing_to_load_is_no_model(lm):
    lm.models = [ScriptedModel(key="a"), ScriptedModel(key="b")]
    async with LMStudioClient(lm.base_url) as client:
        with pytest.raises(errors.ModelNotLoaded):
            await client.get_response("Hi")
        with pytest.raises(errors.ModelNotLoaded):
            await client.model()
        assert client.state().problem == "model_not_loaded"
    assert lm.requests == []


async def test_another_model_than_asked_may_answer(lm):
    async with LMStudioClient(lm.base_url, model="unheard-of") as client:
        assert (await client.complete(ask())).model == "scripted-model"


# ── Loading ──


async def test_a_model_that_is_not_loaded_is_loaded_once_in_the_background(lm):
    lm.models = [ScriptedModel()]
    lm.load_time = 0.2
    async with LMStudioClient(lm.base_url, deadline=0.05) as client:
        results = await asyncio.gather(*[client.complete(ask(str(n))) for n in range(5)], return_exceptions=True)
        assert {type(result) for result in results} == {errors.ModelLoading}
        assert client.state().loading
        await eventually(lambda: not client.state().loading)
        assert await client.get_response("Hi") == lm.default
    assert lm.calls.count(("POST", "/api/v1/models/load")) == 1


@pytest.mark.parametrize("api", ["v0"])
async def test_without_a_load_api_a_request_without_deadline_loads(api):
    async with ScriptedLMStudio(api=api, models=[ScriptedModel()]) as lm:

        async def load(stage):
            await asyncio.sleep(0.1)
            lm.models[0].instances = ["scripted-model"]
            return stage.json(stage.completion({"content": "Hi"}))

        lm.enqueue(load)
        async with LMStudioClient(lm.base_url, deadline=0.05) as client:
            with pytest.raises(errors.ModelLoading):
                await client.complete(ask())
            await eventually(lambda: not client.state().loading)
            assert (await client.complete(ask())).text == lm.default
        assert lm.disconnects == []


async def test_a_load_that_fails_is_told_and_not_repeated_at_once(lm):
    lm.models = [ScriptedModel()]
    lm.load_failure = {"type": "model_load_failed", "message": "insufficient system resources"}
    async with LMStudioClient(lm.base_url) as client:
        with pytest.raises(errors.ModelLoading):
            await client.complete(ask())
        await eventually(lambda: not client.state().loading)
        with pytest.raises(errors.ModelNotLoaded):
            await client.complete(ask())
    assert lm.calls.count(("POST", "/api/v1/models/load")) == 1


async def test_the_second_load_of_a_model_tells_how_far_it_is():
    now = [0.0]
    async with (
        ScriptedLMStudio(models=[ScriptedModel()]) as lm,
        LMStudioClient(lm.base_url, clock=lambda: now[0]) as client,
    ):
        lm.load_time = 0.1
        with pytest.raises(errors.ModelLoading) as first:
            await client.complete(ask())
        assert first.value.progress is None
        now[0] = 20.0
        await eventually(lambda: not client.state().loading)
        lm.models[0].instances, now[0] = [], 100.0
        lm.fail(400, {"error": "No models loaded."})
        for refusal in (errors.ModelNotLoaded, errors.ModelLoading):
            with pytest.raises(refusal):
                await client.complete(ask())
        now[0] = 105.0
        assert client.state().progress == 0.25
        now[0] = 500.0
        assert client.state().progress == 0.99


async def test_a_model_unloaded_under_us_is_loaded_again(lm, client):
    await client.get_response("Hi")
    lm.models[0].instances = []
    lm.fail(400, {"error": "No models loaded."})
    with pytest.raises(errors.ModelNotLoaded):
        await client.get_response("Ho")
    with pytest.raises(errors.ModelLoading):
        await client.get_response("Ho")
    await eventually(lambda: not client.state().loading)
    assert await client.get_response("Ho") == lm.default


async def test_models_can_be_loaded_unloaded_and_pulled(lm, client):
    lm.models = [ScriptedModel(instances=["scripted-model"]), ScriptedModel(key="other")]
    await client.load("other", context_length=2048)
    assert lm.models[1].instances == ["other"]
    assert (await client.models())[1].context_length == 2048
    await client.unload("other")
    assert lm.models[1].instances == []
    progress = [step async for step in client.pull("other")]
    assert [step.status for step in progress] == ["downloading", "completed"]
    assert progress[-1].done_bytes == progress[-1].total_bytes == 1000


async def test_an_engine_that_cannot_load_says_so():
    async with ScriptedLMStudio(api="plain") as lm, LMStudioClient(lm.base_url) as client:
        for attempt in (client.load("x"), client.unload("x")):
            with pytest.raises(errors.EngineRejected):
                await attempt


async def test_texts_become_vectors(lm, client):
    lm.models.append(ScriptedModel(key="embedder", type="embedding", instances=["embedder"]))
    assert await client.embed(["a", "bcd"]) == [[1.0, 1.0], [3.0, 1.0]]
    lm.models.pop()
    async with LMStudioClient(lm.base_url) as other:
        with pytest.raises(errors.ModelNotLoaded):
            await other.embed(["a"])


async def test_a_refusal_with_status_200_is_one(lm, client):
    async def refuse(request):
        return web.json_response({"error": {"message": "Model is unloaded."}})

    lm._embed = refuse
    with pytest.raises(errors.EngineFailed):
        await client.embed(["a"], model="embedder")


@pytest.mark.parametrize("answer", [{}, {"data": [{"index": 0}]}, {"data": [{"index": 0, "embedding": ["x"]}]}, []])
async def test_vectors_that_are_none(lm, client, answer):
    async def embed(request):
        return web.json_response(answer)

    lm._embed = embed
    with pytest.raises(errors.EngineBadResponse):
        await client.embed(["a"], model="embedder")


async def test_a_prefix_is_warmed_behind_all_replies(lm, client):
    await client.warm(ask("persona"))
    assert lm.requests[0]["max_tokens"] == 1


# ── Following the engine ──


async def test_an_engine_that_was_still_loading_is_recognised_afterwards():
    routes = {("GET", "/v1/models"): {"data": [{"id": "tiny", "meta": None}]}}
    async with serving(routes) as base_url, LMStudioClient(base_url) as client:
        assert (await client.model()).engine is EngineKind.OPENAI
        routes.update(LLAMA)
        routes["POST", "/v1/chat/completions"] = lambda _: web.json_response(
            {"error": {"message": "Loading model"}}, status=503
        )
        with pytest.raises(errors.ModelLoading):
            await client.complete(ask())
        assert (await client.model()).engine is EngineKind.LLAMA_SERVER


# ── Other engines ──


@contextlib.asynccontextmanager
async def serving(routes):
    """A server with these JSON answers."""

    async def answer(request):
        found = routes.get((request.method, request.path))
        if found is None:
            return web.json_response({"detail": "Not Found"}, status=404)
        answer = found(await request.json()) if callable(found) else found
        return answer if isinstance(answer, web.Response) else web.json_response(answer)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    finally:
        await runner.cleanup()


LLAMA = {
    ("GET", "/props"): {"default_generation_settings": {"n_ctx": 2048}, "total_slots": 2},
    ("GET", "/v1/models"): {"data": [{"id": "tiny", "meta": None}]},
    ("POST", "/apply-template"): lambda body: {"prompt": "".join(m["content"] for m in body["messages"])},
    ("POST", "/tokenize"): lambda body: {"tokens": list(range(len(body["content"])))},
}
OLLAMA = {
    ("GET", "/api/version"): {"version": "0.9"},
    ("GET", "/api/ps"): {"models": [{"model": "tiny", "context_length": 4096}]},
    ("GET", "/v1/models"): {"data": [{"id": "tiny"}]},
}
VLLM = {
    ("GET", "/v1/models"): {"data": [{"id": "tiny", "max_model_len": 8192}]},
    ("POST", "/tokenize"): lambda body: {"count": len(body["messages"]), "max_model_len": 8192, "tokens": []},
}
KOBOLD = {
    ("GET", "/v1/models"): {"data": [{"id": "tiny", "owned_by": "koboldcpp"}]},
    ("GET", "/api/extra/version"): {"result": "KoboldCpp", "version": "1.99"},
    ("GET", "/api/extra/true_max_context_length"): {"value": 6144},
    ("POST", "/api/extra/tokencount"): lambda body: {"value": len(body["prompt"].split()), "ids": []},
}


@pytest.mark.parametrize(
    ("routes", "engine", "context", "slots", "tokens"),
    [
        (LLAMA, EngineKind.LLAMA_SERVER, 2048, 2, 2),
        (OLLAMA, EngineKind.OLLAMA, 4096, 1, None),
        (VLLM, EngineKind.VLLM, 8192, None, 1),
        (KOBOLD, EngineKind.KOBOLDCPP, 6144, 1, 3),
        ({("GET", "/v1/models"): {"data": [{"id": "tiny"}]}}, EngineKind.OPENAI, None, None, None),
    ],
)
async def test_other_engines_tell_their_model_and_count(routes, engine, context, slots, tokens):
    async with serving(routes) as base_url, LMStudioClient(base_url) as client:
        model = await client.model()
        assert (model.id, model.engine, model.context_length, model.slots) == ("tiny", engine, context, slots)
        assert await client.count_tokens(ask()) == tokens
        assert await client.count_tokens(ask()) == tokens


async def test_something_else_is_no_engine():
    async with serving({}) as base_url, LMStudioClient(base_url) as client:
        with pytest.raises(errors.EngineBadResponse):
            await client.model()


# ── A real llama.cpp ──


@pytest.fixture
async def llama_url(tiny_model):
    async with EmbeddedEngine(tiny_model, context_length=512, slots=2, threads=1) as engine:
        yield engine.base_url


async def test_llama_server_answers_and_tells_what_it_is(llama_url):
    async with LMStudioClient(llama_url) as client:
        model = await client.model()
        assert (model.engine, model.context_length, model.slots) == (EngineKind.LLAMA_SERVER, 512, 2)
        answer = await client.complete(ask(sampling=Sampling(max_tokens=8, temperature=0.0)))
        assert answer.text
        assert 0 < answer.usage.completion_tokens <= 8
        assert answer.usage.cached_tokens is not None


async def test_llama_server_counts_exactly(llama_url):
    async with LMStudioClient(llama_url) as client:
        for text in ("Hi", "Grüße 👋 " * 10, "<|im_end|>"):
            prompt = ask(text, sampling=Sampling(max_tokens=4, temperature=0.0))
            counted = await client.count_tokens(prompt)
            assert counted == (await client.complete(prompt)).usage.prompt_tokens


async def test_llama_server_is_told_to_stop(llama_url):
    async with LMStudioClient(llama_url) as client:
        endless = Sampling(max_tokens=400, temperature=0.0)
        for number in range(4):
            async with client.stream(ask(f"endless {number}", sampling=endless)) as stream:
                async for _ in stream:
                    break
        answer = await client.complete(ask("after", sampling=Sampling(max_tokens=1, temperature=0.0)), deadline=10.0)
        assert answer.finish_reason == "length"
        assert client.state().in_flight == 0


async def together(client: LMStudioClient, name: str) -> list[object]:
    """What becomes of two requests, each of which fills more than half of 512 tokens."""
    asked = []
    for number in range(2):
        prompt = ask(f"{name} {number} " + "word " * 60, sampling=Sampling(max_tokens=64))
        tokens = await client.count_tokens(prompt)
        assert tokens is not None
        assert 256 < tokens < 448
        asked.append(client.complete(prompt, count=lambda tokens=tokens: tokens))
    return await asyncio.gather(*asked, return_exceptions=True)


async def test_slots_of_the_embedded_engine_have_a_context_each(llama_url):
    async with LMStudioClient(llama_url) as client:
        for number in range(4):
            assert all(isinstance(answer, Completion) for answer in await together(client, f"round {number}"))
        assert client.state().pool is None


async def test_the_shared_context_of_a_llama_server_is_overfilled_once(tiny_model, monkeypatch):
    monkeypatch.setattr(engine, "_WORKER", Path(__file__).with_name("unified_llama.py"))
    async with (
        EmbeddedEngine(tiny_model, context_length=256, slots=2, threads=1) as llama,
        LMStudioClient(llama.base_url) as client,
    ):
        assert (await client.model()).context_length == 512
        rounds = 0
        async with asyncio.timeout(10):
            while all(isinstance(answer, Completion) for answer in await together(client, f"round {rounds}")):
                rounds += 1
        assert (await client.model()).pool == 512
        for number in range(4):
            assert all(isinstance(answer, Completion) for answer in await together(client, f"later {number}"))


async def test_llama_server_says_when_the_prompt_is_too_long(llama_url):
    async with LMStudioClient(llama_url) as client:
        with pytest.raises(errors.ContextOverflow) as caught:
            await client.complete(ask("word " * 2000))
        assert caught.value.context_length == 512
        assert (caught.value.prompt_tokens or 0) > 512


async def test_llama_server_keeps_to_a_schema(llama_url):
    schema = '{"type":"json_schema","json_schema":{"name":"x","schema":{"enum":["red","blue"]}}}'
    async with LMStudioClient(llama_url) as client:
        answer = await client.complete(ask(response_format=schema))
        assert answer.text in {'"red"', '"blue"'}
