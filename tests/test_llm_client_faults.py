"""The client against an engine that does wrong, over real sockets: every fault, blocking and streamed."""

import asyncio
import contextlib

import pytest

from faulty_engine import DONE, EITHER, FAULTS, HEALTHY, HELLO, OK, STOP, TEXT, THERE, WHOLE, Call, Fault, FaultyEngine
from llm_service import errors
from llm_service.errors import LLMServiceError
from llm_service.llm_client import LMStudioClient
from llm_service.types import Completion, Prompt, PromptMessage


def ask(text: str = "Hi") -> Prompt:
    return Prompt(messages=(PromptMessage(role="user", content=text),))


async def blocking(client: LMStudioClient, prompt: Prompt, **options) -> Completion:
    return await client.complete(prompt, **options)


async def streamed(client: LMStudioClient, prompt: Prompt, **options) -> Completion:
    async with client.stream(prompt, **options) as stream:
        chunks = [chunk async for chunk in stream]
    ends = [chunk.finish_reason for chunk in chunks if chunk.finish_reason]
    assert len(ends) <= 1
    return Completion(text="".join(chunk.text for chunk in chunks), finish_reason=ends[0] if ends else "stop")


async def eventually(condition, seconds: float = 3.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.005)


def test_the_list_is_complete():
    numbers = {*range(1, 48), *range(50, 105), *range(110, 139)}
    assert set(FAULTS) == {f"F{number:02}" for number in numbers}
    assert len(FAULTS) == 131


@contextlib.asynccontextmanager
async def engine_with(fault: Fault, name: str):
    """The engine, and the base URL where it is, or would be."""
    async with FaultyEngine(fault) as engine:
        if name != "F01":
            yield engine, engine.base_url
            return
        async with FaultyEngine() as gone:
            nowhere = gone.base_url
        yield engine, nowhere


@pytest.mark.parametrize("way", [blocking, streamed])
@pytest.mark.parametrize("name", FAULTS)
async def test_a_fault_is_met_as_promised(name, way):
    fault = FAULTS[name]
    async with engine_with(fault, name) as (engine, base_url), LMStudioClient(base_url) as client:
        if fault.second:
            engine.fault = None
            await client.complete(ask("before"))
            engine.fault = fault
        before = len(engine.bodies)
        outcome = await meet(client, way, fault)
        assert len(engine.bodies) - before <= fault.attempts
        check(outcome, fault)
        if name != "F01":
            await check_recovery(engine, client, outcome)
    await eventually(lambda: engine.open == 0)


async def meet(client, way, fault: Fault, prompt: Prompt | None = None) -> Completion | LLMServiceError:
    started = asyncio.get_running_loop().time()
    try:
        return await way(client, prompt or ask(), deadline=fault.deadline)
    except LLMServiceError as error:
        assert asyncio.get_running_loop().time() - started < fault.deadline + 1.0
        return error


def check(outcome: Completion | LLMServiceError, fault: Fault) -> None:
    if isinstance(outcome, LLMServiceError):
        assert fault.expect == EITHER or outcome.code in {fault.expect, *fault.also}, outcome
        assert isinstance(outcome, errors.EngineError)
        assert str(outcome) in {type(outcome).detail, errors.EngineError.detail}
        return
    assert fault.expect in {OK, EITHER}
    assert fault.text is None or outcome.text == fault.text
    assert outcome.finish_reason == fault.finish
    assert len(outcome.text) <= 16 * 1024


async def check_recovery(engine, client, outcome) -> None:
    """The next question is answered, and nothing half was remembered for the same one."""
    engine.fault = None
    asked = len(engine.bodies)
    assert (await client.complete(ask("after"))).text == TEXT
    assert len(engine.bodies) == asked + 1
    again = await client.complete(ask())
    if isinstance(outcome, LLMServiceError):
        assert again.text == TEXT
        assert len(engine.bodies) == asked + 2
    assert "/canary" not in engine.paths
    assert not any(b"cookie" in head.lower() for head in engine.heads)
    state = client.state()
    assert (state.in_flight, state.queued, state.breaker) == (0, 0, "closed")


async def test_nothing_but_an_endless_thought_is_an_empty_reply():
    async with FaultyEngine(FAULTS["F80"]) as engine, LMStudioClient(engine.base_url) as client:
        with pytest.raises(errors.EmptyReply):
            await client.get_response("Hi")
        assert len(engine.bodies) == 2
        engine.fault = None
        assert await client.get_response("Hi") == TEXT


# ── Cut at every byte ──

STREAM = b"".join(HEALTHY)


def cutting(data: bytes, at: int, kind: str, *, clean: bool) -> Fault:
    """Say ``data`` up to here and hang up: as if that were all, or under a framing that tells that it was not."""

    async def play(call: Call) -> None:
        framing = [] if clean else [f"Content-Length: {len(data) + 1000}"]
        await call.head("200 OK", f"Content-Type: {kind}", *framing)
        await call.send(data[:at])
        call.close()

    return Fault("cut", play, EITHER)


async def check_cuts(way, data: bytes, kind: str, *, clean: bool, whole_from: int, also=()) -> None:
    """Cut an answer at every byte: it is whole or an error, and the same question asked again is answered in full."""
    async with FaultyEngine() as engine, LMStudioClient(engine.base_url, attempts=1) as client:
        for at in range(len(data) + 1):
            engine.fault = cutting(data, at, kind, clean=clean)
            outcome = await meet(client, way, engine.fault, ask(str(at)))
            if at >= whole_from:
                assert isinstance(outcome, Completion)
                assert outcome.text == TEXT
            else:
                assert isinstance(outcome, (errors.EngineDisconnected, *also))
            engine.fault = None
            assert (await client.complete(ask(str(at)))).text == TEXT
    await eventually(lambda: engine.open == 0)


@pytest.mark.parametrize("way", [blocking, streamed])
@pytest.mark.parametrize("clean", [True, False])
async def test_a_stream_cut_anywhere_has_one_well_formed_end(way, clean):
    finished = len(HELLO + THERE + (STOP.rstrip() if clean else STOP))
    await check_cuts(way, STREAM, "text/event-stream", clean=clean, whole_from=finished, also=(errors.EmptyReply,))


@pytest.mark.parametrize("way", [blocking, streamed])
async def test_a_document_cut_anywhere_is_an_error(way):
    await check_cuts(way, WHOLE, "application/json", clean=False, whole_from=len(WHOLE) + 1)


# ── Storms ──


async def test_a_storm_of_cancellations_leaves_nothing_behind():
    async def echo(call: Call) -> None:
        text = engine.bodies[call.number - 1].split(b'"content":"')[1].split(b'"')[0]
        await asyncio.sleep(0.001)
        await call.events(b'data: {"choices":[{"delta":{"content":"' + text + b'"}}]}\n\n', STOP, DONE)

    async def one(client: LMStudioClient, number: int) -> None:
        text = f"question {number % 500}"
        try:
            async with asyncio.timeout((number % 7) * 0.002):
                assert (await client.complete(ask(text))).text == text
        except (TimeoutError, errors.Refused):
            return

    async with FaultyEngine(Fault("echo", echo, OK)) as engine:
        async with LMStudioClient(engine.base_url, slots=8, queue_size=64, cache_ttl=0) as client:
            for batch in range(50):
                await asyncio.gather(*[one(client, batch * 200 + number) for number in range(200)])
            await eventually(lambda: client.state().in_flight == 0)
            assert client.state().queued == 0
            assert (await client.complete(ask("the end"))).text == "the end"
        await eventually(lambda: engine.open == 0)
    assert len(asyncio.all_tasks()) == 1


async def test_retries_keep_to_their_budget():
    async with (
        FaultyEngine(FAULTS["F28"]) as engine,
        LMStudioClient(engine.base_url, slots=16, queue_size=1000) as client,
    ):
        asked = [client.complete(ask(str(number))) for number in range(500)]
        results = await asyncio.gather(*asked, return_exceptions=True)
    assert {type(result) for result in results} == {errors.EngineFailed}
    assert len(engine.bodies) <= 1.2 * 500 + 3
