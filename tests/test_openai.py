"""The OpenAI-compatible front, used as other programs use it: by OpenAI's own client, over real sockets."""

import asyncio
import json

import openai
import pytest
from openai import AsyncOpenAI

from llm_service.settings import Settings
from running_service import running_service
from scripted_lm_studio import ScriptedLMStudio, ScriptedModel, Stage

HELLO = [{"role": "user", "content": "Hello!"}]
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Tells the weather.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
MODEL = "scripted-model"
PATIENCE = 60
"""Seconds, also for connecting: the client's own five pass on a machine that is busy with something else."""


@pytest.fixture
async def lm():
    models = [ScriptedModel(key=MODEL, instances=[MODEL]), ScriptedModel(key="publisher/other")]
    async with ScriptedLMStudio(models=models) as studio:
        yield studio


@pytest.fixture
async def client(bot):
    async with AsyncOpenAI(base_url=f"{bot.url}/v1", api_key="none", max_retries=0, timeout=PATIENCE) as client:
        yield client


async def ask(client, messages=HELLO, **options):
    return await client.chat.completions.create(model=options.pop("model", MODEL), messages=messages, **options)


async def streamed(client, messages=HELLO, **options):
    return [chunk async for chunk in await ask(client, messages, stream=True, **options)]


def said(chunks):
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


# ── Answers ──


async def test_a_completion(client, lm):
    lm.reply("Hi **you**!\n\n- a\n- b")
    answer = await ask(client)
    assert answer.object == "chat.completion"
    assert answer.id.startswith("chatcmpl-")
    assert answer.model == MODEL
    [choice] = answer.choices
    assert (choice.message.role, choice.message.content) == ("assistant", "Hi **you**!\n\n- a\n- b")
    assert (choice.finish_reason, choice.index) == ("stop", 0)
    assert answer.usage.prompt_tokens > 0
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


async def test_a_stream_says_the_same_in_pieces(client, lm):
    lm.reply("One two three")
    assert said(await streamed(client)) == "One two three"  # the first answer of a model shows whether it thinks
    lm.reply("One two three four", delay=0.01)
    chunks = await streamed(client, [{"role": "user", "content": "again"}])
    assert said(chunks) == "One two three four"
    assert len([chunk for chunk in chunks if chunk.choices[0].delta.content]) > 1
    assert len({chunk.id for chunk in chunks}) == 1
    assert {chunk.object for chunk in chunks} == {"chat.completion.chunk"}
    assert chunks[0].choices[0].delta.role == "assistant"
    assert [chunk.choices[0].finish_reason for chunk in chunks] == [None] * (len(chunks) - 1) + ["stop"]
    assert all(chunk.usage is None for chunk in chunks)


async def test_the_usage_chunk_comes_last_and_only_when_asked_for(client, lm):
    lm.reply("One two three")
    *chunks, last = await streamed(client, stream_options={"include_usage": True})
    assert last.choices == []
    assert last.usage.completion_tokens == 3
    assert all(chunk.usage is None for chunk in chunks)


async def test_what_the_caller_wants_is_sent_and_nothing_else(client, lm):
    await ask(
        client,
        [{"role": "developer", "content": "Be brief."}, *HELLO],
        temperature=0.3,
        top_p=0.5,
        seed=7,
        stop=["END", "\n"],
        max_completion_tokens=50,
        presence_penalty=0.1,
        frequency_penalty=0.2,
        n=1,
        user="ann",
        store=True,
        metadata={"a": "b"},
        service_tier="auto",
        extra_body={"top_k": 3, "min_p": 0.1, "secret_knob": 1, "context_length": 99},
    )
    sent = lm.requests[-1]
    assert sent["messages"] == [{"role": "system", "content": "Be brief."}, *HELLO]
    wanted = {"temperature": 0.3, "top_p": 0.5, "seed": 7, "stop": ["END", "\n"], "max_tokens": 50, "top_k": 3}
    assert {name: sent[name] for name in wanted} == wanted
    assert (sent["min_p"], sent["presence_penalty"], sent["frequency_penalty"]) == (0.1, 0.1, 0.2)
    assert not {"secret_knob", "context_length", "user", "store", "metadata", "service_tier", "n"} & set(sent)


async def test_without_a_limit_an_answer_may_fill_half_the_context(client, lm):
    await ask(client)
    assert lm.requests[-1]["max_tokens"] == 2048


async def test_parts_of_text_become_text(client, lm):
    parts = [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}]
    await ask(client, [{"role": "user", "content": parts}])
    assert lm.requests[-1]["messages"] == [{"role": "user", "content": "one\ntwo"}]


async def test_thoughts_go_where_thoughts_belong(client, lm):
    lm.reply("<think>They greet.</think>Hello!")
    [choice] = (await ask(client)).choices
    assert choice.message.content == "Hello!"
    assert choice.message.reasoning_content == "They greet."
    lm.reply("Hello again!", reasoning="They greet twice.")
    [choice] = (await ask(client, [{"role": "user", "content": "2"}])).choices
    assert (choice.message.content, choice.message.reasoning_content) == ("Hello again!", "They greet twice.")


@pytest.mark.parametrize(
    "scripted",
    [
        {"text": "<think>They greet.</think>Hello!"},
        {"text": "They greet.</think>Hello!"},
        {"text": "Hello!", "reasoning": "They greet."},
    ],
)
async def test_thoughts_are_streamed_apart(client, lm, scripted):
    lm.reply(**scripted)
    chunks = await streamed(client)
    assert said(chunks) == "Hello!"
    thoughts = [getattr(chunk.choices[0].delta, "reasoning_content", None) or "" for chunk in chunks]
    assert "".join(thoughts) == "They greet."


@pytest.mark.parametrize("stream", [False, True])
async def test_an_answer_of_nothing_but_thought_is_asked_for_once_more(client, lm, stream):
    lm.reply("<think>They greet.</think>")
    lm.reply("Hello!")
    if stream:
        assert said(await streamed(client)) == "Hello!"
    else:
        assert (await ask(client)).choices[0].message.content == "Hello!"
    assert len(lm.requests) == 2


@pytest.mark.parametrize("stream", [False, True])
async def test_a_thought_is_never_given_for_an_answer(client, lm, stream):
    for _ in range(3):
        lm.reply("<think>They greet.</think>")
    with pytest.raises(openai.APIError) as caught:
        await streamed(client) if stream else await ask(client)
    assert caught.value.code == "upstream_empty_reply"
    assert "They greet" not in str(caught.value)
    assert len(lm.requests) == 2


# ── Tools and forms ──


def tool_scene(pieces):
    async def scene(stage: Stage):
        await stage.open()
        first = {"index": 0, "id": "call-1", "type": "function", "function": {"name": "get_weather", "arguments": ""}}
        await stage.delta({"role": "assistant", "tool_calls": [first]})
        for piece in pieces:
            await stage.delta({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]})
        await stage.delta({}, "tool_calls")
        await stage.usage(5)
        return await stage.close()

    return scene


async def test_tools_are_passed_through_and_back(client, lm):
    lm.enqueue(tool_scene(['{"ci', 'ty": "Paris"}']))
    [choice] = (await ask(client, tools=[WEATHER], tool_choice="auto")).choices
    assert choice.finish_reason == "tool_calls"
    assert choice.message.content is None
    [call] = choice.message.tool_calls
    assert (call.id, call.type, call.function.name) == ("call-1", "function", "get_weather")
    assert json.loads(call.function.arguments) == {"city": "Paris"}
    assert lm.requests[-1]["tools"] == [WEATHER]
    assert lm.requests[-1]["tool_choice"] == "auto"

    lm.reply("Rain.")
    result = {"role": "tool", "tool_call_id": "call-1", "content": "rain"}
    await ask(client, [*HELLO, choice.message, result], tools=[WEATHER])
    _, asked, told = lm.requests[-1]["messages"]
    assert asked["tool_calls"] == [call.model_dump()]
    assert told == result


async def test_tool_calls_are_streamed(client, lm):
    lm.enqueue(tool_scene(['{"ci', 'ty": "Paris"}']))
    chunks = await streamed(client, tools=[WEATHER])
    pieces = [call for chunk in chunks for call in chunk.choices[0].delta.tool_calls or ()]
    assert (pieces[0].id, pieces[0].function.name, pieces[0].type) == ("call-1", "get_weather", "function")
    assert json.loads("".join(piece.function.arguments for piece in pieces)) == {"city": "Paris"}
    assert chunks[-1].choices[0].finish_reason == "tool_calls"


async def test_a_tool_chosen_by_name_is_the_only_one_on_offer(client, lm):
    other = {"type": "function", "function": {"name": "other"}}
    choice = {"type": "function", "function": {"name": "get_weather"}}
    await ask(client, tools=[other, WEATHER], tool_choice=choice)
    assert (lm.requests[-1]["tools"], lm.requests[-1]["tool_choice"]) == ([WEATHER], "required")


async def test_json_stays_json(client, lm):
    schema = {"name": "answer", "strict": True, "schema": {"type": "object", "properties": {"b": {}, "a": {}}}}
    text = '{"b": "<think>no thought</think>", "a": 1}'
    for stream in (False, True):
        lm.reply(text)
        form = {"type": "json_schema", "json_schema": {**schema, "name": f"answer{stream}"}}
        if stream:
            assert said(await streamed(client, response_format=form)) == text
        else:
            assert (await ask(client, response_format=form)).choices[0].message.content == text
        assert lm.requests[-1]["response_format"] == form
    assert list(lm.requests[-1]["response_format"]["json_schema"]["schema"]["properties"]) == ["b", "a"]


async def test_any_json_object_is_asked_for_as_a_schema(client, lm):
    lm.reply("{}")
    await ask(client, response_format={"type": "json_object"})
    sent = lm.requests[-1]["response_format"]
    assert (sent["type"], sent["json_schema"]["schema"]) == ("json_schema", {"type": "object"})
    await ask(client, response_format={"type": "text"})
    assert "response_format" not in lm.requests[-1]


# ── Cache, single flight, models ──


async def test_the_same_question_is_asked_once(client, lm):
    lm.think_time = 0.05
    answers = await asyncio.gather(*(ask(client) for _ in range(20)))
    assert len({answer.choices[0].message.content for answer in answers}) == 1
    assert len(lm.requests) == 1
    assert said(await streamed(client)) == answers[0].choices[0].message.content
    assert len(lm.requests) == 1
    raw = await client.chat.completions.with_raw_response.create(model=MODEL, messages=HELLO)
    assert raw.headers["x-cache"] == "hit"
    await ask(client, extra_headers={"Cache-Control": "no-cache"})
    assert len(lm.requests) == 2


def told(chunks):
    """What the chunks of a stream say together: text, thoughts, the arguments of calls, why it ended, what it cost."""
    deltas = [chunk.choices[0].delta for chunk in chunks if chunk.choices]
    thoughts = "".join(getattr(delta, "reasoning_content", None) or "" for delta in deltas)
    calls = "".join(call.function.arguments or "" for delta in deltas for call in delta.tool_calls or ())
    ends = [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices]
    return said(chunks), thoughts, calls, ends[-1], chunks[-1].usage


@pytest.mark.parametrize("thought", ["", "They greet."])
async def test_what_is_remembered_is_said_as_it_was_the_first_time(client, lm, thought):
    lm.reply("Hi **you**!", reasoning=thought)
    first = await ask(client)
    again = await ask(client)
    new = {"id", "created"}
    assert again.model_dump(exclude=new) == first.model_dump(exclude=new)
    assert again.id != first.id
    chunks = await streamed(client, stream_options={"include_usage": True})
    assert told(chunks) == ("Hi **you**!", thought, "", "stop", first.usage)
    assert chunks[0].choices[0].delta.role == "assistant"
    assert len({chunk.id for chunk in chunks}) == 1
    assert len(lm.requests) == 1


async def test_a_call_that_is_remembered_is_made_again(client, lm):
    lm.enqueue(tool_scene(['{"city":', '"Oslo"}']))
    first = told(await streamed(client, tools=[WEATHER]))
    again = told(await streamed(client, tools=[WEATHER]))
    assert again == first
    assert again[2:4] == ('{"city":"Oslo"}', "tool_calls")
    assert len(lm.requests) == 1


async def test_what_is_forgotten_is_not_remembered(bot, client, lm):
    await ask(client)
    await ask(client)
    await bot.delete("/users/somebody")
    await ask(client)
    assert len(lm.requests) == 2


async def test_the_same_wrong_request_is_wrong_each_time(bot):
    wrong = {"messages": HELLO, "temperature": "hot"}
    answers = [await bot.post("/v1/chat/completions", wrong) for _ in range(3)]
    assert [(status, body["error"]["param"]) for status, body in answers] == [(400, "temperature")] * 3


async def test_models(client):
    listed = (await client.models.list()).data
    assert [model.id for model in listed] == [MODEL, "publisher/other"]
    assert {model.object for model in listed} == {"model"}
    assert (await client.models.retrieve("publisher/other")).owned_by == "lmstudio"
    with pytest.raises(openai.NotFoundError):
        await client.models.retrieve("nothing")


async def test_a_name_that_the_engine_does_not_know_means_the_default(client, lm):
    answer = await ask(client, model="gpt-4o-mini")
    assert answer.model == MODEL
    assert lm.requests[-1]["model"] == MODEL


# ── Errors ──


@pytest.mark.parametrize(
    ("options", "param"),
    [
        ({"n": 2}, "n"),
        ({"n": True}, "n"),
        ({"logprobs": True}, "logprobs"),
        ({"logit_bias": {"1": 5}}, "logit_bias"),
        ({"temperature": 3}, "temperature"),
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "king", "content": "x"}]}, "messages.0.role"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "messages.0.content"),
        ({"extra_body": {"functions": [{"name": "f"}]}}, "functions"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_tokens": 1.5}, "max_tokens"),
        ({"seed": True}, "seed"),
        ({"temperature": "1"}, "temperature"),
        ({"tools": [WEATHER], "tool_choice": {"type": "function", "function": {"name": "other"}}}, "tool_choice"),
        ({"tool_choice": "required"}, "tool_choice"),
        ({"response_format": {"type": "json_schema"}}, "response_format.json_schema"),
    ],
)
async def test_what_cannot_be_done_is_refused_by_name(client, lm, options, param):
    with pytest.raises(openai.BadRequestError) as caught:
        await ask(client, **{"messages": HELLO, **options})
    error = caught.value
    assert (error.type, error.param, error.code) == ("invalid_request_error", param, "invalid_request")
    assert f"{param} is not valid: " in error.message
    assert error.message.count(" ") > 4, "in words"
    assert not lm.requests


async def test_a_whole_number_may_be_written_with_a_point(client, lm):
    await ask(client, max_tokens=64.0, seed=7.0)
    assert (lm.requests[-1]["max_tokens"], lm.requests[-1]["seed"]) == (64, 7)


async def test_what_must_be_called_is_not_asked_for_where_nothing_must(client, lm):
    await ask(client, tool_choice="auto")
    assert not {"tools", "tool_choice"} & lm.requests[-1].keys()


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("status", "body", "kind", "code"),
    [
        (401, {"error": {"message": "no", "code": "invalid_api_key"}}, openai.InternalServerError, "upstream_auth"),
        (400, {"error": "weird"}, openai.BadRequestError, "upstream_rejected"),
        (
            400,
            {"error": "Trying to keep the first 4102 tokens when context the overflows. However, the model is loaded"},
            openai.BadRequestError,
            "context_length_exceeded",
        ),
    ],
)
async def test_failures_before_the_first_word_are_errors_in_openais_shape(client, lm, stream, status, body, kind, code):
    for _ in range(3):
        lm.fail(status, body)
    with pytest.raises(kind) as caught:
        await ask(client, stream=stream)
    assert caught.value.code == code
    assert caught.value.response.headers["x-should-retry"] == "false"
    assert "weird" not in str(caught.value)


async def test_a_stream_that_breaks_raises_in_the_middle(client, lm):
    lm.reply("Hi")
    await ask(client)
    lm.fail_in_stream("Compute error.", after=3)
    with pytest.raises(openai.APIError) as caught:
        await streamed(client, [{"role": "user", "content": "more"}])
    assert caught.value.code == "upstream_error"
    assert "Compute" not in str(caught.value)


async def test_what_the_edge_refuses_is_said_in_openais_words(tmp_path, lm):
    keys = ("bot:chat:0123456789abcdef",)
    guarded = Settings(engine="lmstudio", base_url=lm.base_url, data_dir=tmp_path, api_keys=keys)
    async with running_service(guarded) as bot:
        client = AsyncOpenAI(base_url=f"{bot.url}/v1", api_key="wrong", max_retries=0, timeout=PATIENCE)
        with pytest.raises(openai.AuthenticationError) as caught:
            await ask(client)
        assert (caught.value.type, caught.value.code) == ("authentication_error", "invalid_api_key")
        client = client.with_options(api_key="0123456789abcdef")
        assert (await ask(client)).choices
        with pytest.raises(openai.APIStatusError) as caught:
            await ask(client, [{"role": "user", "content": "x" * 1_100_000}])
        assert (caught.value.status_code, caught.value.code) == (413, "body_too_large")
        with pytest.raises(openai.NotFoundError) as caught:
            await client.embeddings.create(model=MODEL, input="x", encoding_format="float")
        assert caught.value.code == "not_found"
        await client.close()


async def test_overload_says_when_to_come_back(tmp_path, lm):
    tight = Settings(engine="lmstudio", base_url=lm.base_url, data_dir=tmp_path, slots=1, queue_size=0)
    lm.think_time = 0.3
    async with running_service(tight) as bot:
        client = AsyncOpenAI(base_url=f"{bot.url}/v1", api_key="none", max_retries=0, timeout=PATIENCE)
        first = asyncio.create_task(ask(client))
        while not lm.running:
            await asyncio.sleep(0.005)
        with pytest.raises(openai.RateLimitError) as caught:
            await ask(client, [{"role": "user", "content": "me too"}])
        assert int(caught.value.response.headers["retry-after"]) >= 1
        assert caught.value.response.headers["x-should-retry"] == "true"
        assert (await first).choices
        await client.close()


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("after", [None, 2])
async def test_when_the_caller_leaves_the_engine_stops(client, lm, stream, after):
    lm.hang(after=after)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await (streamed(client) if stream else ask(client))
    async with asyncio.timeout(1):
        while not lm.disconnects:
            await asyncio.sleep(0.005)
    lm.reply("And now?")
    assert (await ask(client)).choices[0].message.content == "And now?"


# ── A room's memory ──


async def test_a_room_is_the_memory(client, bot, lm):
    room = {"X-Room": "lounge"}
    lm.reply("Hello ann!")
    await bot.chat("I like Celeste.", "bob", path="/rooms/lounge/chat")
    lm.reply("bob likes Celeste.")
    old = [{"role": "system", "content": "ignored"}, {"role": "user", "content": "old"}]
    answer = await ask(
        client, [*old, {"role": "user", "content": "What does bob like?"}], user="ann", extra_headers=room
    )
    assert answer.choices[0].message.content == "bob likes Celeste."
    sent = str(lm.requests[-1]["messages"])
    assert "bob: I like Celeste." in sent
    assert "ann: What does bob like?" in sent
    assert "ignored" not in sent

    lm.reply("One more.")
    chunks = await streamed(client, stream_options={"include_usage": True}, extra_headers=room)
    assert said(chunks) == "One more."
    assert chunks[-1].usage.prompt_tokens > 0
    _, context = await bot.get("/rooms/lounge/context")
    assert [message["username"] for message in context["messages"] if message["role"] == "user"] == [
        "bob",
        "ann",
        "user",
    ]


async def test_a_room_refuses_what_it_would_not_take(client, lm):
    for messages, name in ((HELLO, "no such/room"), ([{"role": "system", "content": "x"}], "lounge")):
        with pytest.raises(openai.BadRequestError):
            await ask(client, messages, extra_headers={"X-Room": name})
    assert not lm.requests


async def test_a_viewer_of_a_room_has_the_same_limit_as_everywhere(tmp_path, lm):
    limited = Settings(engine="lmstudio", base_url=lm.base_url, data_dir=tmp_path, rate_limit="1/minute")
    async with running_service(limited) as bot:
        client = AsyncOpenAI(base_url=f"{bot.url}/v1", api_key="none", max_retries=0, timeout=PATIENCE)
        assert (await bot.chat("Hello there!", "ann"))[0] == 200
        with pytest.raises(openai.RateLimitError) as caught:
            await ask(client, user="ann", extra_headers={"X-Room": "lounge"})
        assert caught.value.code == "rate_limit_exceeded"
        assert (await ask(client, user="ann")).choices
        await client.close()


# ── A real engine ──


@pytest.fixture
async def on_llama(tiny_model, tmp_path):
    """OpenAI's client before the service, and the service before the embedded engine."""
    embedded = Settings(
        engine="embedded", model=str(tiny_model), data_dir=tmp_path, context_length=512, rate_limit=None, threads=1
    )
    async with running_service(embedded) as bot:
        await bot.service.engines.ready()
        async with AsyncOpenAI(base_url=f"{bot.url}/v1", api_key="none", max_retries=0, timeout=PATIENCE) as client:
            yield client, bot


async def written(client, **options):
    """What the engine writes, asked anew."""
    answer = await ask(client, extra_headers={"Cache-Control": "no-cache"}, **{"max_tokens": 30, **options})
    return answer.choices[0]


async def test_a_seed_makes_a_real_engine_repeat_itself(on_llama):
    client, _ = on_llama
    texts = [(await written(client, temperature=1.5, seed=seed)).message.content for seed in (1, 1, 2)]
    assert texts[0] == texts[1] != texts[2]


async def test_a_real_engine_stops_where_it_is_told(on_llama):
    client, _ = on_llama
    whole = (await written(client, seed=1)).message.content
    cut = await written(client, seed=1, stop=[whole[5:7]])
    assert cut.finish_reason == "stop"
    assert cut.message.content == whole[: whole.index(whole[5:7])].rstrip()


@pytest.mark.parametrize("stream", [False, True])
async def test_a_real_engine_keeps_to_a_schema(on_llama, stream):
    client, _ = on_llama
    wanted = {"type": "object", "properties": {"mood": {"enum": ["good", "bad"]}}, "required": ["mood"]}
    form = {
        "type": "json_schema",
        "json_schema": {"name": "answer", "schema": wanted | {"additionalProperties": False}},
    }
    if stream:
        text = said(await streamed(client, response_format=form, max_tokens=60))
    else:
        text = (await written(client, response_format=form, max_tokens=60)).message.content
    assert json.loads(text)["mood"] in {"good", "bad"}


async def test_a_real_engine_takes_tools_and_their_results(on_llama):
    client, _ = on_llama
    call = {"id": "c1", "type": "function", "function": {"name": "get_weather", "arguments": '{"city": "Paris"}'}}
    said_and_done = [
        *HELLO,
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "rain"},
    ]
    answer = await written(client, messages=said_and_done, tools=[WEATHER], max_tokens=8)
    assert answer.message.content or answer.message.tool_calls


async def test_a_room_on_a_real_engine(on_llama):
    client, bot = on_llama
    for stream in (False, True):
        answer = await ask(client, user="ann", stream=stream, extra_headers={"X-Room": "lounge"})
        text = said([chunk async for chunk in answer]) if stream else answer.choices[0].message.content
        assert text.strip()
    _, context = await bot.get("/rooms/lounge/context")
    assert (context["metadata"]["messages"], context["metadata"]["replies"]) == (2, 2)


async def test_on_a_real_engine(on_llama):
    client, bot = on_llama
    [model] = (await client.models.list()).data
    answer = await ask(client, model=model.id, max_tokens=12, temperature=0.8, seed=1)
    assert answer.choices[0].message.content
    assert answer.usage.prompt_tokens_details.cached_tokens >= 0
    chunks = await streamed(client, model=model.id, max_tokens=12, seed=2, stream_options={"include_usage": True})
    assert said(chunks)
    assert 0 < chunks[-1].usage.completion_tokens <= 12
    with pytest.raises(openai.BadRequestError) as caught:
        await ask(client, [{"role": "user", "content": "long words " * 400}], model=model.id)
    assert caught.value.code == "context_length_exceeded"
    stream = await ask(client, model=model.id, max_tokens=200, seed=3, stream=True)
    async for _ in stream:
        break
    await stream.close()
    async with asyncio.timeout(2):
        while bot.service.engines.state().in_flight:
            await asyncio.sleep(0.01)
