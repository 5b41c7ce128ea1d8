"""The engine's language: what is sent, and every form in which an answer may come."""

import itertools
import json
from datetime import UTC, datetime

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llm_service import errors
from llm_service.chat_protocol import (
    AnswerDecoder,
    Source,
    failure,
    fold_roles,
    inventory,
    is_blank,
    request_body,
    retry_after,
    same_model,
    without_schema,
)
from llm_service.chat_protocol.sse import EventDecoder
from llm_service.prompt import share_of
from llm_service.types import Chunk, Prompt, PromptMessage, Sampling


def prompt(*turns: tuple[str, str], **fields) -> Prompt:
    return Prompt(messages=tuple(PromptMessage(role=role, content=text) for role, text in turns), **fields)


# ── What is sent ──


def test_every_sampling_value_is_spelled_out():
    body = orjson.loads(request_body(prompt(("user", "Hi"), sampling=Sampling(seed=7, stop=("\n",))), "m"))
    assert body == {
        "model": "m",
        "messages": [{"role": "user", "content": "Hi"}],
        "stream": True,
        "stream_options": {"include_usage": True},
        "temperature": 0.8,
        "top_p": 0.95,
        "top_k": 40,
        "min_p": 0.05,
        "repeat_penalty": 1.1,
        "presence_penalty": 0.0,
        "frequency_penalty": 0.0,
        "max_tokens": 256,
        "seed": 7,
        "stop": ["\n"],
    }


def test_what_means_something_by_being_absent_is_absent():
    body = orjson.loads(request_body(prompt(("user", "Hi")), "m"))
    assert not {"seed", "stop", "response_format", "tools", "tool_choice", "reasoning_effort"} & body.keys()


def test_tools_and_schemas_go_out_as_they_are():
    call = PromptMessage(role="assistant", content="", tool_calls='[{"id":"1"}]')
    result = PromptMessage(role="tool", content="42", tool_call_id="1")
    asked = Prompt(
        messages=(call, result), tools='[{"type":"function"}]', tool_choice="auto", response_format='{"type":"text"}'
    )
    body = orjson.loads(request_body(asked, "m"))
    assert body["tools"] == [{"type": "function"}]
    assert body["tool_choice"] == "auto"
    assert body["response_format"] == {"type": "text"}
    assert body["messages"][0]["tool_calls"] == [{"id": "1"}]
    assert body["messages"][1]["tool_call_id"] == "1"
    assert "response_format" not in orjson.loads(request_body(without_schema(asked), "m"))


def test_a_strict_template_gets_alternating_roles_and_no_system():
    folded = fold_roles(
        prompt(
            ("system", "Be kind."), ("user", "a"), ("user", "b"), ("assistant", "c"), ("system", "Now."), ("user", "d")
        )
    )
    assert [(message.role, message.content) for message in folded.messages] == [
        ("user", "Be kind.\n\nNow.\n\na\n\nb"),
        ("assistant", "c"),
        ("user", "d"),
    ]
    assert fold_roles(folded) == folded


@given(
    st.lists(st.tuples(st.sampled_from(["system", "user", "assistant"]), st.text(min_size=1, max_size=5)), min_size=1)
)
@settings(max_examples=50, deadline=None)
def test_folded_roles_always_alternate_and_lose_no_word(turns):
    folded = fold_roles(prompt(*turns)).messages
    assert [message.role for message in folded] == ["user", "assistant"] * (len(folded) // 2) + ["user"] * (
        len(folded) % 2
    )
    for _, text in turns:
        assert any(text in message.content for message in folded)


# ── Server-sent events ──


def decoded(data: bytes, cuts: list[int] | None = None) -> list[tuple[bytes, bytes]]:
    decoder = EventDecoder()
    edges = [0, *sorted(cuts or []), len(data)]
    events = [event for start, end in itertools.pairwise(edges) for event in decoder.feed(data[start:end])]
    return [*events, *decoder.flush()]


@pytest.mark.parametrize(
    ("data", "events"),
    [
        (b"data: a\n\ndata: b\n\n", [(b"", b"a"), (b"", b"b")]),
        (b"data: a\r\n\r\ndata: b\r\n\r\n", [(b"", b"a"), (b"", b"b")]),
        (b"data: a\r\rdata: b\r\r", [(b"", b"a"), (b"", b"b")]),
        (b"\xef\xbb\xbfdata: a\n\n", [(b"", b"a")]),
        (b": ping\n\ndata:a\n: ping\ndata:  b\n\n", [(b"", b"a\n b")]),
        (b"event: error\nid: 1\nretry: 5\ndata: a\n\n", [(b"error", b"a")]),
        (b"event: lost\n\ndata: a\n\n", [(b"", b"a")]),
        (b"data\ndata\n\n", [(b"", b"\n")]),
        (b"data: a", [(b"", b"a")]),
        (b"nonsense\ndata: \xff\n\n", [(b"", b"\xff")]),
    ],
)
def test_events_are_read_as_the_standard_says_wherever_they_are_cut(data, events):
    assert decoded(data) == events
    for cut in range(len(data) + 1):
        assert decoded(data, [cut]) == events
    assert decoded(data, list(range(len(data)))) == events


@given(st.binary(max_size=200), st.lists(st.integers(0, 200), max_size=10))
@settings(max_examples=200, deadline=None)
def test_any_bytes_cut_anywhere_give_the_same_events(data, cuts):
    data = data.replace(b"\x00", b"\r").replace(b"\x01", b"\n").replace(b"\x02", b"data: ")
    assert decoded(data, [cut for cut in cuts if cut <= len(data)]) == decoded(data)


@pytest.mark.parametrize("data", [b"data: " + b"x" * 5000, b"data: xxxx\n" * 300])
def test_a_line_or_an_event_without_end_is_given_up(data):
    decoder = EventDecoder(line_limit=1000)
    with pytest.raises(errors.EngineTooLarge):
        decoder.feed(data)


# ── Answers ──


def event(delta=None, finish=None, **fields) -> bytes:
    choices = [{"index": 0, "delta": delta if delta is not None else {}, "finish_reason": finish}]
    return b"data: " + orjson.dumps({"model": "m", "choices": choices, **fields}) + b"\n\n"


DONE = b"data: [DONE]\n\n"
STOP = event(finish="stop")


def read(data: bytes, *, step: int | None = None, event_stream: bool = True) -> tuple[str, str, AnswerDecoder]:
    """Text and reasoning of an answer fed in steps."""
    decoder = AnswerDecoder(event_stream=event_stream)
    chunks = read_chunks(decoder, data, step)
    return "".join(c.text for c in chunks), "".join(c.reasoning for c in chunks), decoder


def read_chunks(decoder: AnswerDecoder, data: bytes, step: int | None = None) -> list[Chunk]:
    step = step or max(1, len(data))
    chunks = [chunk for at in range(0, len(data), step) for chunk in decoder.feed(data[at : at + step])]
    chunks += decoder.end()
    if decoder.failure is not None:
        raise decoder.failure
    return chunks


def test_a_stream_as_lm_studio_sends_it():
    data = (
        event({"role": "assistant", "content": "Hel"})
        + event({"role": "assistant", "content": "lö 👋"})
        + STOP
        + event(choices=[], usage={"prompt_tokens": 11, "completion_tokens": 2})
        + DONE
    )
    for step in (None, 1, 7):
        decoder = AnswerDecoder()
        chunks = read_chunks(decoder, data, step)
        assert "".join(chunk.text for chunk in chunks) == "Hello 👋".replace("o", "ö")
        assert [chunk.finish_reason for chunk in chunks if chunk.finish_reason] == ["stop"]
        usage = next(chunk.usage for chunk in chunks if chunk.usage)
        assert (usage.prompt_tokens, usage.completion_tokens, usage.cached_tokens) == (11, 2, None)
        assert decoder.model == "m"
        assert decoder.done


def test_what_arrives_together_is_one_chunk():
    chunks = AnswerDecoder().feed(event({"content": "a"}) * 100)
    assert chunks == [Chunk(text="a" * 100, model="m")]


def plain_event(text: str, created: int, ascii_only: bool, noise: str | None) -> bytes:
    """An event that carries nothing but text, in the spellings of JSON that engines use."""
    more = {} if noise is None else {"obfuscation": noise}
    choices = [{"index": 0, "delta": {"content": text}, "finish_reason": None}]
    document = {"model": "m", "created": created, "choices": choices, **more}
    data = json.dumps(document).encode() if ascii_only else orjson.dumps(document)
    return b"data: %b\n\n" % data


TEXTS = st.text() | st.sampled_from(
    ["m", "content", "index", "0", '"', "\\", '","finish_reason":null', "\x00probe", "👋", ""]
)
PLAIN_EVENTS = st.tuples(TEXTS, st.integers(1, 2), st.booleans(), st.none() | TEXTS)


@given(st.lists(PLAIN_EVENTS | st.just(("Yes", 1, False, None)), max_size=30), st.integers(1, 400))
@settings(max_examples=200, deadline=None)
def test_events_that_look_alike_are_read_as_any_others(events, step):
    data = b"".join(plain_event(*one) for one in events) + STOP + DONE
    said = "".join(text for text, *_ in events)
    assert read(data)[0] == said
    assert read(data, step=step)[0] == said


def test_the_text_is_looked_for_where_it_stands():
    data = event({"content": "m"}) * 3 + event({"content": "m"}, model="another") + STOP
    assert read(data)[0] == "mmmm"


NO_STRINGS = [b'"', b'"}', b'"a"b"', b'"a","b"', b'"a\\"', b'"a\tb"', b'"a\nb"', b'"a\\x"']


@pytest.mark.parametrize("written", NO_STRINGS)
def test_an_event_that_only_looks_like_the_others_is_not_read_as_one(written):
    known = event({"content": "Yes"})
    before, after = known.split(b'"Yes"')
    for step in (None, 1, len(known)):
        decoder = AnswerDecoder()
        with pytest.raises(errors.EngineBadResponse):
            read_chunks(decoder, known * 3 + before + written + after + known + STOP, step)


def test_bytes_that_are_no_text_are_mended_event_by_event():
    known = event({"content": "Yes"})
    data = known * 3 + known.replace(b"Yes", b"\xe2\x82") + known.replace(b"Yes", b"\xac") + known + STOP
    for step in (None, 1, len(known)):
        assert read(data, step=step)[0] == "YesYesYes\ufffd\ufffdYes"


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_reasoning_beside_the_text(field):
    data = event({field: "hm "}) + event({field: "so"}) + event({"content": "Yes"}) + STOP
    assert read(data)[:2] == ("Yes", "hm so")


def test_reasoning_in_the_text_passes_through():
    data = event({"content": "<thi"}) + event({"content": "nk>hm</think>"}) + event({"content": "Yes"}) + STOP + DONE
    assert read(data)[0] == "<think>hm</think>Yes"


@pytest.mark.parametrize(
    "data",
    [
        event({"content": "Yes"}) + STOP,
        event({"content": "Yes"}) + STOP + DONE + DONE + event({"content": "No"}),
        event({"content": "Yes"}) + DONE,
        b"data: " + orjson.dumps({"choices": None}) + b"\n\n" + event({"content": "Yes"}) + STOP,
        event({"content": None}) + event({"content": "Yes"}) + STOP,
        event({"content": "Yes"}) + (event({"content": ""}, "stop")).rstrip(),
        event({"content": [{"type": "text", "text": "Yes"}, {"type": "image"}]}) + STOP,
        event({"content": 42}) + event({"content": "Yes"}) + STOP,
    ],
)
def test_a_whole_answer_in_an_unusual_form(data):
    for step in (None, 1):
        text, _, decoder = read(data, step=step)
        assert text == "Yes"
        assert decoder.finished


def test_a_stream_without_an_end_is_cut():
    with pytest.raises(errors.EngineDisconnected):
        read(event({"content": "Ye"}))
    with pytest.raises(errors.EngineDisconnected):
        read(event({"content": "Ye"}) + b'data: {"choices":[{"ind')


def test_a_reason_that_says_nothing_ends_nothing():
    begun = event({"role": "assistant", "content": ""}, finish="") + event({"content": "Ye"}, finish="")
    with pytest.raises(errors.EngineDisconnected):
        read(begun)
    assert read(begun + event({"tool_calls": []}, finish="") + event({"content": "s"}, finish="") + STOP)[0] == "Yes"


def test_a_stream_in_which_nothing_is_said_has_no_text():
    assert read(b"")[0] == read(DONE)[0] == read(b": ping\n\n")[0] == ""


def test_halves_of_an_emoji_find_each_other():
    first = b'data: {"choices":[{"delta":{"content":"a\\ud83d"}}]}\n\n'
    second = b'data: {"choices":[{"delta":{"content":"\\ude00b"}}]}\n\n'
    assert read(first + second + STOP)[0] == "a😀b"
    assert read(first + STOP)[0] == read(first + STOP + DONE)[0] == "a\ufffd"


def test_bad_bytes_become_replacement_characters():
    assert read(b'data: {"choices":[{"delta":{"content":"a\xffb"}}]}\n\n' + STOP)[0] == "a\ufffdb"


@pytest.mark.parametrize("step", [None, 1])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_one_json_document_in_place_of_a_stream(bom, step):
    message = {"role": "assistant", "content": "Yes", "reasoning_content": "hm"}
    body = {"model": "m", "choices": [{"message": message, "finish_reason": "length"}], "usage": {"prompt_tokens": 3}}
    text, reasoning, decoder = read(bom + orjson.dumps(body), step=step, event_stream=False)
    assert (text, reasoning, decoder.model, decoder.finished) == ("Yes", "hm", "m", True)


def test_the_choice_with_index_0_counts():
    choices = [{"index": 1, "message": {"content": "No"}}, {"index": 0, "message": {"content": "Yes"}}]
    assert read(orjson.dumps({"choices": choices}))[0] == "Yes"


@pytest.mark.parametrize(
    "body",
    [
        b"null",
        b"[]",
        b'"hi"',
        b"{}",
        b"<html></html>",
        b'{"choices": []}',
        b'{"choices": null}',
        b'{"choices": {}}',
        b'{"choices": [{"message": null}]}',
        b'{"choices": [{"mess',
        b"[" * 5000,
    ],
)
def test_a_document_that_is_no_answer(body):
    with pytest.raises(errors.EngineBadResponse):
        read(body, event_stream=False)


def test_an_empty_document_is_no_answer():
    with pytest.raises(errors.EngineBadResponse):
        read(b"", event_stream=False)


def test_a_document_without_end_is_given_up():
    with pytest.raises(errors.EngineTooLarge):
        read_chunks(AnswerDecoder(document_limit=1000), b'{"a": "' + b"x" * 2000)


@pytest.mark.parametrize("step", [None, 1])
def test_what_comes_before_a_failure_is_given(step):
    data = event({"content": "some text"}) + b'data: {"error": "Compute error."}\n\n'
    decoder = AnswerDecoder()
    step = step or len(data)
    chunks = [chunk for at in range(0, len(data), step) for chunk in decoder.feed(data[at : at + step])]
    assert [chunk.text for chunk in chunks] == ["some text"]
    assert isinstance(decoder.failure, errors.EngineFailed)
    assert decoder.done


def test_a_tool_call_in_pieces():
    first = {"tool_calls": [{"index": 0, "id": "1", "function": {"name": "roll"}}]}
    second = {"tool_calls": [{"index": 0, "function": {"arguments": "{}"}}]}
    chunks = read_chunks(AnswerDecoder(), event(first) + event(second) + event(finish="tool_calls"))
    calls = [call for chunk in chunks for call in chunk.tool_calls]
    assert [(call.id, call.name, call.arguments) for call in calls] == [("1", "roll", ""), (None, None, "{}")]
    assert chunks[-1].finish_reason == "tool_calls"


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b'event: error\ndata: {"error":{"message":"Compute error."},"message":"Compute error."}\n\n', "EngineFailed"),
        (b'data: {"error":"Context size has been exceeded"}\n\n', "ContextOverflow"),
        (b"event: error\ndata: the engine is on fire\n\n", "EngineFailed"),
        (b'data: {"error":{"message":"something new"}}\n\n', "EngineFailed"),
        (b"data: this is not JSON\n\n", "EngineBadResponse"),
        (b'{"error":"Unexpected endpoint or method. (POST /chat/completions)"}', "EngineBadResponse"),
        (b'{"error":"something new"}', "EngineBadResponse"),
        (b'{"error":{"message":"The model has crashed without additional information."}}', "EngineFailed"),
    ],
)
def test_errors_that_come_with_status_200(data, error):
    with pytest.raises(errors.EngineError) as caught:
        read(event({"content": "some "}) + data if data.startswith((b"data", b"event")) else data)
    assert type(caught.value).__name__ == error


# ── Errors by their words ──

WORDS = [
    (
        400,
        "No models loaded. Please load a model in the developer page or use the 'lms load' command.",
        "ModelNotLoaded",
    ),
    (404, 'Model "default" not found. Please specify a valid model.', "ModelNotLoaded"),
    (
        400,
        'Invalid model identifier "o4-mini". Please specify a valid downloaded model (e.g., a, b).',
        "ModelNotLoaded",
    ),
    (404, "model 'llama9' not found", "ModelNotLoaded"),
    (400, 'Failed to load model "X". Error: Error loading model.', "ModelLoading"),
    (400, 'Failed to load model "X". Error: Operation canceled.', "ModelLoading"),
    (
        404,
        'Failed to load model "X". Error: Model loading aborted due to insufficient system resources.',
        "ModelNotLoaded",
    ),
    (503, '{"code":503,"message":"Loading model","type":"unavailable_error"}', "ModelLoading"),
    (
        400,
        "Trying to keep the first 15857 tokens when context the overflows. However, the model is loaded with context "
        "length of only 4096 tokens, which is not enough.",
        "ContextOverflow",
    ),
    (
        400,
        "The number of tokens to keep from the initial prompt is greater than the context length (n_keep: 13055>= "
        "n_ctx: 4096). Try to load the model with a larger context length.",
        "ContextOverflow",
    ),
    (400, "Cannot truncate prompt with n_keep (15028) >= n_ctx (7424)", "ContextOverflow"),
    (400, "Context size has been exceeded", "ContextOverflow"),
    (
        400,
        '{"code":400,"message":"request (44593 tokens) exceeds the available context size (4096 tokens), try '
        'increasing it","type":"exceed_context_size_error","n_prompt_tokens":44593,"n_ctx":4096}',
        "ContextOverflow",
    ),
    (
        400,
        "This model's maximum context length is 131072 tokens. However, you requested 156632 tokens (152536 in the "
        "messages, 4096 in the completion). Please reduce the length of the messages or completion.",
        "ContextOverflow",
    ),
    (400, "the input length exceeds the context length", "ContextOverflow"),
    (400, "the prompt is longer than the context length currently available to the model", "ContextOverflow"),
    (400, '{"code":"context_length_exceeded"}', "ContextOverflow"),
    (400, "'response_format.type' must be 'json_schema' or 'text'", "SchemaRejected"),
    (
        500,
        'Engine protocol predict request returned 400: {"error":{"code":400,"message":"Failed to initialize samplers: '
        'failed to parse grammar","type":"invalid_request_error"}}',
        "SchemaRejected",
    ),
    (
        500,
        "Engine protocol applyPromptTemplate request returned 500: Jinja Exception: After the optional system message, "
        "conversation roles must alternate user and assistant roles except for tool calls and results.",
        "TemplateRejected",
    ),
    (400, "Only user, assistant and tool roles are supported, got system", "TemplateRejected"),
    (400, "No user query found in messages.", "TemplateRejected"),
    (
        400,
        'Error rendering prompt with jinja template: "x". This is usually an issue with the model.',
        "TemplateRejected",
    ),
    (401, "An LM Studio API token is required to make requests to this server", "EngineAuth"),
    (400, '{"code":"invalid_api_key"}', "EngineAuth"),
    (200, "Unexpected endpoint or method. (POST /chat/completions)", "EngineBadResponse"),
    (400, "The model has crashed without additional information. (Exit code: null)", "EngineFailed"),
    (400, "Channel Error", "EngineFailed"),
    (500, "Engine protocol predict request failed: fetch failed", "EngineFailed"),
    (200, "Compute error.", "EngineFailed"),
    (400, "Model is unloaded.", "EngineFailed"),
    (400, "Invalid tool_choice type: 'object'. Supported string values: none, auto, required", "EngineRejected"),
    (400, "", "EngineRejected"),
    (401, "", "EngineAuth"),
    (403, "", "EngineAuth"),
    (404, "", "EngineRejected"),
    (413, "", "EngineRejected"),
    (429, "", "EngineOverloaded"),
    (500, "", "EngineFailed"),
    (502, "<html>Bad gateway</html>", "EngineFailed"),
    (503, "", "EngineOverloaded"),
    (504, "", "EngineTimeout"),
    (200, "something new", "EngineBadResponse"),
]


@pytest.mark.parametrize(("status", "words", "name"), WORDS)
def test_engines_words_tell_which_error_it_is(status, words, name):
    error = failure(status, words)
    assert type(error).__name__ == name
    assert not words or words not in str(error)


def test_an_overflow_tells_what_the_engine_said():
    numbers = [
        (error.context_length, error.prompt_tokens)
        for status, words, name in WORDS
        if name == "ContextOverflow" and isinstance(error := failure(status, words), errors.ContextOverflow)
    ]
    assert numbers == [
        (4096, 15857),
        (4096, 13055),
        (7424, 15028),
        (None, None),
        (4096, 44593),
        (131072, 152536),
        (None, None),
        (None, None),
        (None, None),
    ]


@given(st.text(max_size=300), st.integers(200, 599))
@settings(max_examples=100, deadline=None)
def test_any_words_are_some_error(words, status):
    assert isinstance(failure(status, words), errors.EngineError)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("0", 0),
        (" 120 ", 120),
        ("Sun, 22 Nov 2026 12:00:30 GMT", 30),
        ("Sun, 22 Nov 2026 11:00:00 GMT", 0),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("Someday, 99 Nov 9999", None),
    ],
)
def test_retry_after_in_both_forms(header, seconds):
    assert retry_after(header, datetime(2026, 11, 22, 12, 0, tzinfo=UTC)) == seconds


def test_only_what_is_overloaded_says_when_to_come_back():
    assert failure(503, "", wait=3.0).retry_after == 3.0
    assert failure(500, "", wait=3.0).retry_after is None


@pytest.mark.parametrize(
    ("text", "blank"), [("", True), (" \n", True), ("\u200b\u2060 ", True), ("a", False), (".", False)]
)
def test_what_nobody_would_see_is_blank(text, blank):
    assert is_blank(text) is blank


# ── Inventories ──


def test_lm_studio_v1_tells_instances_and_their_context():
    found = inventory.lm_studio_v1(
        {
            "models": [
                {"type": "embedding", "key": "nomic", "loaded_instances": []},
                {"type": "llm", "key": "cold", "format": "gguf", "loaded_instances": [], "max_context_length": 8192},
                {
                    "type": "llm",
                    "key": "warm",
                    "format": "gguf",
                    "size_bytes": 5,
                    "loaded_instances": [
                        {"id": "warm", "config": {"context_length": 4096, "parallel": 2}},
                        {"id": "warm:2", "config": {"context_length": 2048}},
                    ],
                },
                {
                    "type": "llm",
                    "key": "apple",
                    "format": "mlx",
                    "loaded_instances": [{"id": "apple", "config": {"context_length": 4096}}],
                },
            ]
        }
    )
    assert found is not None
    assert [(m.id, m.loaded, m.context_length, m.slots, m.shared_context, m.pool) for m in found.models] == [
        ("warm", True, 4096, 2, True, 4096),
        ("warm:2", True, 2048, 4, True, 2048),
        ("apple", True, 4096, 1, False, None),
        ("cold", False, None, None, False, None),
    ]
    assert found.embeddings == ("nomic",)
    assert found.default() == found.models[0]
    assert found.named("warm:2") == found.models[1]
    assert found.named("stranger") is None


def test_of_several_models_that_are_not_loaded_none_is_the_default():
    entries = [{"type": "llm", "key": key, "loaded_instances": []} for key in ("a", "b")]
    several, one, none = (inventory.lm_studio_v1({"models": entries[:count]}) for count in (2, 1, 0))
    assert several is not None
    assert several.default() is None
    assert one is not None
    assert one.default() is not None
    assert one.default().id == "a"
    assert none is not None
    assert none.default() is None


def test_lm_studio_v0_tells_states():
    found = inventory.lm_studio_v0(
        {
            "data": [
                {"id": "e", "type": "embeddings", "state": "loaded"},
                {"id": "a", "type": "llm", "state": "not-loaded", "max_context_length": 8192},
                {
                    "id": "b",
                    "type": "vlm",
                    "state": "loaded",
                    "loaded_context_length": 4096,
                    "compatibility_type": "mlx",
                },
            ]
        }
    )
    assert found is not None
    assert found.source is Source.LM_STUDIO_V0
    assert [(m.id, m.loaded, m.context_length, m.slots) for m in found.models] == [
        ("b", True, 4096, 1),
        ("a", False, None, None),
    ]


def test_llama_server_tells_the_context_of_a_slot():
    props = {"default_generation_settings": {"n_ctx": 2048}, "total_slots": 3}
    listing = {"data": [{"id": "tiny.gguf", "meta": {"n_ctx_train": 4096, "size": 77}}]}
    found = inventory.llama_server(props, listing)
    assert found is not None
    model = found.models[0]
    assert (model.id, model.context_length, model.max_context_length, model.slots) == ("tiny.gguf", 2048, 4096, 3)
    assert inventory.llama_server(props, {"data": [{"id": "x", "meta": None}]}) is not None


def test_ollama_tells_what_is_running():
    found = inventory.ollama(
        {"version": "0.9"},
        {"models": [{"model": "llama3.2:3b", "context_length": 4096, "size": 9}]},
        {"data": [{"id": "llama3.2:1b"}, {"id": "llama3.2:3b"}]},
    )
    assert found is not None
    assert [(m.id, m.loaded, m.context_length) for m in found.models] == [
        ("llama3.2:3b", True, 4096),
        ("llama3.2:1b", False, None),
    ]


def test_vllm_koboldcpp_and_the_rest():
    served = inventory.vllm({"data": [{"id": "m", "max_model_len": 8192}]})
    assert served is not None
    assert (served.models[0].context_length, served.models[0].pool) == (8192, None)
    assert share_of(served.models[0], sharing=4) == 8192, "a request that finds its pool full waits there"
    kobold = inventory.koboldcpp({"result": "KoboldCpp", "version": "1.99"}, {"value": 6144}, {"data": [{"id": "k"}]})
    assert kobold is not None
    assert (kobold.models[0].id, kobold.models[0].context_length) == ("k", 6144)
    plain = inventory.openai({"data": [{"id": "m"}, {"id": "text-embedding-x"}]})
    assert plain is not None
    assert [m.id for m in plain.models] == ["m"]
    assert plain.embeddings == ("text-embedding-x",)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["data", "models", "id", "key", "loaded_instances", "version"]), inner)
    ),
    max_leaves=10,
)


@given(ANYTHING)
@settings(max_examples=200, deadline=None)
def test_other_json_is_no_inventory_and_no_crash(body):
    for parse in (inventory.lm_studio_v1, inventory.lm_studio_v0, inventory.vllm, inventory.openai):
        parse(body)
    inventory.llama_server(body, body)
    inventory.ollama(body, body, body)
    inventory.koboldcpp(body, body, body)


def test_lm_studios_answer_to_an_unknown_path_is_no_inventory():
    body = {"error": "Unexpected endpoint or method. (GET /props)"}
    assert inventory.lm_studio_v1(body) is None
    assert inventory.lm_studio_v0(body) is None
    assert inventory.llama_server(body, body) is None
    assert inventory.ollama(body, body, body) is None
    assert inventory.vllm(body) is None
    assert inventory.koboldcpp(body, body, body) is None
    assert inventory.openai(body) is None
    assert not inventory.is_lm_studio(body)


@pytest.mark.parametrize(
    ("answered", "asked", "same"),
    [("m", "m", True), ("m:2", "m", True), ("m@q4_k_m", "m", True), ("n", "m", False), ("m:3b", "m:1b", False)],
)
def test_instances_and_variants_are_the_same_model(answered, asked, same):
    assert same_model(answered, asked) is same
