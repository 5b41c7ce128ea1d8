"""The API as a bot sees it: the whole app on a socket, before a scripted LM Studio."""

import asyncio
import json

import pytest
from starlette.requests import Request
from structlog.testing import capture_logs

from llm_service.api.edge import LEAVING, Leaving
from llm_service.api.streams import CallerLeft, unless_gone
from llm_service.logs import configure
from llm_service.settings import Settings
from running_service import running_service


async def until(true):
    """Wait until something is so."""
    async with asyncio.timeout(5):
        while not true():
            await asyncio.sleep(0.005)


async def test_a_message_gets_a_reply(bot, lm):
    lm.reply("Hello user, welcome in!")
    status, body = await bot.chat("Hello!")
    assert status == 200
    assert body["response"] == "Hello user, welcome in!"
    assert (body["room"], body["model"], body["cached"], body["finish_reason"]) == (
        "default",
        "scripted-model",
        False,
        "stop",
    )
    assert body["usage"]["prompt_tokens"] > 0
    assert body["usage"]["cached_tokens"] is None
    assert body["timing"]["total_ms"] >= body["timing"]["first_token_ms"] > 0
    assert body["message_id"] != body["reply_id"]


async def test_the_engine_sees_one_system_message_and_speakers(bot, lm):
    await bot.chat("Hello!", "alice")
    await bot.chat("And me?", "bob", emotes=["Kappa"])
    roles = [message["role"] for message in lm.requests[-1]["messages"]]
    assert roles == ["system", "user", "assistant", "user"]
    assert lm.requests[-1]["messages"][1]["content"] == "alice: Hello!"
    assert lm.requests[-1]["messages"][3]["content"] == "bob: And me? Kappa"


async def test_the_same_bytes_say_to_each_path_what_they_say_there(bot):
    said = {"username": "a", "message": "hi", "message_id": "m-1"}
    paths = ("/chat", "/messages", "/rooms/other/chat", "/v1/chat/completions", "/chat")
    answers = [await bot.post(path, said) for path in paths]
    assert [status for status, _ in answers] == [200, 202, 200, 400, 200]
    assert [answers[at][1]["room"] for at in (0, 2, 4)] == ["default", "other", "default"]


ROOM_RULE = "String should match pattern '^[A-Za-z0-9_.~-]{1,64}$'."


async def test_all_that_is_wrong_with_a_request_is_told_at_once(bot):
    status, body = await bot.post("/rooms/b!d/chat", {"username": 5})
    assert (status, body["errors"]) == (
        422,
        [
            {"field": "path.room", "code": "string_pattern_mismatch", "rule": ROOM_RULE},
            {"field": "body.username", "code": "string_type", "rule": "Input should be a valid string."},
            {"field": "body.message", "code": "missing", "rule": "Field required."},
        ],
    )
    assert (await bot.post("/chat"))[1]["errors"] == [{"field": "body", "code": "missing", "rule": "Field required."}]


async def test_a_stream_is_the_same_turn(bot, lm):
    lm.reply("One two three")
    events = await bot.events("/chat/stream", {"username": "a", "message": "count", "emotes": []})
    assert [name for name, _ in events[:-1]] == ["delta"] * (len(events) - 1)
    assert "".join(data["text"] for _, data in events[:-1]) == "One two three"
    name, done = events[-1]
    assert (name, done["response"]) == ("done", "One two three")


async def test_a_stream_that_breaks_ends_with_one_error(bot, lm):
    lm.fail_in_stream("Compute error.", after=3)
    events = await bot.events("/chat/stream", {"username": "a", "message": "hi", "emotes": []})
    names = [name for name, _ in events]
    assert names.count("error") == 1
    assert names[-1] == "error"
    assert events[-1][1]["code"] == "upstream_error"
    _, context = await bot.get("/context")
    assert [message["role"] for message in context["messages"]] == ["user"]


async def test_a_load_under_way_is_told_with_its_progress(bot, lm):
    lm.models[0].instances, lm.load_time = [], 0.3
    lm.fail(400, {"error": "No models loaded."})
    for code in ("model_not_loaded", "model_loading"):
        status, refusal = await bot.chat()
        assert (status, refusal["code"]) == (503, code)
    assert "progress" not in refusal
    assert (await bot.get("/health"))[1]["engine"]["loading"]
    while bot.service.engines.state().loading:
        await asyncio.sleep(0.01)
    lm.models[0].instances, lm.load_time = [], 1.0
    lm.fail(400, {"error": "No models loaded."})
    await bot.chat()
    status, refusal = await bot.chat()
    assert (status, refusal["code"]) == (503, "model_loading")
    while not bot.service.engines.state().progress:
        await asyncio.sleep(0.01)
    status, refusal = await bot.chat()
    assert 0 < refusal["progress"] <= 0.99
    assert 0 < (await bot.get("/health"))[1]["engine"]["progress"] <= 0.99


async def test_a_failure_before_the_first_word_is_an_http_error_on_both(bot, lm):
    for path in ("/chat", "/chat/stream"):
        lm.fail(401, {"error": {"message": "no", "type": "invalid_request", "code": "invalid_api_key"}})
        status, problem = await bot.chat(path=path)
        assert (status, problem["code"]) == (502, "upstream_auth")
        assert set(problem) == {"type", "title", "status", "code", "request_id"}


async def test_context_shows_the_conversation_and_delete_clears_it(bot, lm):
    lm.reply("Celeste, every time.")
    await bot.chat("What's your favorite game?", "user123", emotes=["PogChamp"], user_id="u1")
    status, context = await bot.get("/context")
    assert status == 200
    question, answer = context["messages"]
    assert (question["role"], question["username"], question["message"]) == (
        "user",
        "user123",
        "What's your favorite game?",
    )
    assert (question["emotes"], question["user_id"]) == (["PogChamp"], "u1")
    assert (answer["role"], answer["message"], answer["answers"]) == (
        "assistant",
        "Celeste, every time.",
        [question["id"]],
    )
    assert context["mood"] == [{"emote": "PogChamp", "weight": 1.0, "people": 1}]
    assert context["metadata"]["messages"] == 1
    assert context["window"]["context_length"] == 4096
    assert context["window"]["tokens"] <= context["window"]["budget"]

    status, gone = await bot.delete("/context")
    assert (status, gone) == (200, {"room": "default", "messages": 1, "replies": 1})
    _, context = await bot.get("/context")
    assert context["messages"] == []
    await bot.chat("Anything?", "later")
    assert "Celeste" not in str(lm.requests[-1])


async def test_rooms_do_not_know_each_other(bot, lm):
    await bot.chat("secret plan", path="/rooms/blue/chat")
    await bot.chat("hello", path="/rooms/red/chat")
    assert "secret plan" not in str(lm.requests[-1])
    _, blue = await bot.get("/rooms/blue/context")
    _, root = await bot.get("/context")
    assert (blue["room"], len(blue["messages"]), len(root["messages"])) == ("blue", 2, 0)


async def test_the_root_is_the_room_default(bot):
    await bot.chat("hello")
    assert (await bot.get("/context"))[1]["messages"] == (await bot.get("/rooms/default/context"))[1]["messages"]


async def test_a_long_reply_comes_in_messages_that_the_platform_takes(bot, lm):
    await bot.call("PUT", "/policy", json={"max_chars": 30, "most_messages": 2})
    lm.reply("One two three four five. Six seven eight nine. Ten eleven twelve.")
    _, body = await bot.chat(message_id="long")
    assert body["messages"] == ["One two three four five.", "Six seven eight nine."]
    assert (await bot.chat(message_id="long"))[1]["messages"] == body["messages"]


async def test_a_repeated_message_needs_no_engine(bot, lm):
    _, first = await bot.chat("hi", message_id="m-1")
    await lm.stop()
    assert (await bot.chat("hi", message_id="m-1")) == (200, first)


async def test_a_repeated_message_is_shown_as_the_policy_is_now(bot, lm):
    lm.reply("A long reply. It has two sentences.")
    _, first = await bot.chat("hi", message_id="m-1")
    await bot.call("PUT", "/policy", json={"max_chars": 20})
    _, again = await bot.chat("hi", message_id="m-1")
    assert (first["messages"], again["messages"]) == (["A long reply. It has two sentences."], ["A long reply."])


@pytest.mark.parametrize("forget", ["/messages/m-1", "/users/user", "/context"])
async def test_a_forgotten_message_is_new_when_it_comes_again(bot, lm, forget):
    _, first = await bot.chat("hi", message_id="m-1")
    await bot.delete(forget)
    _, again = await bot.chat("hi", message_id="m-1")
    assert again["reply_id"] != first["reply_id"]
    assert len(lm.requests) == 2


async def test_a_repeated_message_id_generates_nothing(bot, lm):
    _, first = await bot.chat("hi", message_id="m-1")
    _, again = await bot.chat("hi", message_id="m-1")
    assert again["reply_id"] == first["reply_id"]
    assert len(lm.requests) == 1
    _, events = 200, await bot.events("/chat/stream", {"username": "user", "message": "hi", "message_id": "m-1"})
    assert events[-1][1]["reply_id"] == first["reply_id"]


async def test_the_turns_of_a_room_run_one_after_another(bot, lm):
    lm.default = lambda body: "re: " + body["messages"][-1]["content"]
    lm.think_time = 0.02
    answers = await asyncio.gather(*(bot.chat(f"question {n}", f"viewer{n}") for n in range(12)))
    for n, (status, body) in enumerate(answers):
        assert status == 200
        assert body["response"].endswith(f"question {n}")
    assert lm.most_running == 1
    _, context = await bot.get("/context")
    roles = [message["role"] for message in context["messages"]]
    assert roles == ["user", "assistant"] * 12
    for question, answer in zip(context["messages"][::2], context["messages"][1::2], strict=True):
        assert answer["answers"] == [question["id"]]


async def test_different_rooms_run_side_by_side(bot, lm):
    lm.think_time = 0.1
    await asyncio.gather(*(bot.chat(f"hi {n}", path=f"/rooms/r{n}/chat") for n in range(4)))
    assert lm.most_running > 1


@pytest.mark.parametrize("path", ["/chat", "/chat/stream"])
@pytest.mark.parametrize("after", [None, 1])
async def test_when_the_caller_leaves_the_engine_stops(bot, lm, path, after):
    lm.hang(after=after)
    with pytest.raises(asyncio.TimeoutError):
        async with asyncio.timeout(0.3):
            await bot.events(path, {"username": "a", "message": "hi", "emotes": []})
    async with asyncio.timeout(1):
        while not lm.disconnects:
            await asyncio.sleep(0.005)
    status, _ = await bot.chat("and now?")
    assert status == 200
    _, context = await bot.get("/context")
    assert [message["role"] for message in context["messages"]] == ["user", "user", "assistant"]


async def test_a_caller_who_leaves_is_no_bug(bot, lm):
    lm.hang()
    with capture_logs() as lines:
        asking = asyncio.create_task(bot.chat())
        await until(lambda: lm.running)
        asking.cancel()
        await until(lambda: bot.service.telemetry.requests.counts)
    assert bot.service.telemetry.requests.counts == {("/chat", 499): 1}
    assert not lines, "it was logged as a bug"


async def test_a_caller_who_leaves_before_the_request_is_whole_is_no_bug_either(bot):
    _, writer = await asyncio.open_connection("127.0.0.1", int(bot.url.rpartition(":")[2]))
    head = "POST /chat HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"
    writer.write(head.encode())
    await writer.drain()
    writer.close()
    await until(lambda: bot.service.telemetry.requests.counts)
    assert bot.service.telemetry.requests.counts == {("-", 499): 1}


async def test_every_request_is_recorded_as_its_caller_saw_it(settings, capsys):
    configure("info", "json")
    async with running_service(settings) as bot:
        answers = [
            await bot.post("/rooms/secret/chat", {"username": 5}),
            await bot.post("/v1/chat/completions", {"messages": []}),
            await bot.delete("/messages/none"),
            await bot.get("/nowhere"),
            await bot.call("POST", "/chat", data="{"),
        ]
        counts = bot.service.telemetry.requests.counts
    found = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    lines = [(line["method"], line["route"], line["status"]) for line in found if line["event"] == "request"]
    assert lines == [
        ("POST", "/rooms/{room}/chat", 422),
        ("POST", "/v1/chat/completions", 400),
        ("DELETE", "/messages/{message_id}", 404),
        ("GET", "-", 404),
        ("POST", "-", 415),
    ]
    assert [status for *_, status in lines] == [status for status, _ in answers]
    assert counts == {(route, status): 1 for _, route, status in lines}
    ids = [line["request_id"] for line in found if line["event"] == "request"]
    assert [answers[at][1]["request_id"] for at in (0, 2, 3, 4)] == [ids[at] for at in (0, 2, 3, 4)]


@pytest.mark.parametrize("path", ["/chat", "/rooms/other/chat/stream", "/v1/chat/completions", "/persona"])
async def test_a_bug_is_told_to_nobody_but_the_log(bot, monkeypatch, path):
    def bug(*_, **__):
        raise RuntimeError("What viewers wrote.")

    bodies = {"/v1/chat/completions": {"messages": [{"role": "user", "content": "hi"}]}, "/persona": None}
    monkeypatch.setattr(bot.service, "reply", bug)
    monkeypatch.setattr(bot.service, "chat", bug)
    monkeypatch.setattr(bot.service, "remembered", bug)
    monkeypatch.setattr(bot.service.dialogues, "context", bug)
    body = bodies.get(path, {"username": "a", "message": "hi"})
    with capture_logs() as lines:
        async with bot.http.request("POST" if body else "GET", bot.url + path, json=body) as answer:
            told = await answer.json(content_type=None)
    assert answer.status == 500
    assert told.get("error", told)["code"] == "internal_error"
    assert "viewers" not in str(told)
    [line] = [line for line in lines if line["event"] == "bug"]
    assert isinstance(line["exc_info"], RuntimeError)
    assert answer.headers["x-request-id"] == told.get("request_id", answer.headers["x-request-id"])


async def test_a_caller_who_leaves_is_noticed_behind_any_server():
    async def receive():
        return {"type": "http.disconnect"}

    with pytest.raises(CallerLeft):
        await unless_gone(Request({"type": "http"}, receive), asyncio.sleep(5))


async def test_a_caller_who_has_left_is_not_worked_for():
    leaving = Leaving(lambda: None)
    leaving.happen()
    with pytest.raises(CallerLeft):
        await unless_gone(Request({"type": "http", LEAVING: leaving}), asyncio.sleep(5))


async def test_a_restart_changes_nothing(settings, lm):
    async with running_service(settings) as bot:
        for n in range(3):
            await bot.chat(f"line {n}", "alice")
        _, before = await bot.get("/context")
    async with running_service(settings) as bot:
        _, after = await bot.get("/context")
    for context in (before, after):
        context["topics"] = [{**topic, "weight": 0} for topic in context["topics"]]  # weights fade as time passes
    assert after == before


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"username": "a"}, 422),
        ({"username": "a", "message": 1}, 422),
        ({"username": "", "message": "x"}, 422),
        ({"username": "a", "message": "   "}, 422),
        ({"username": "a", "message": "x", "emotes": "Kappa"}, 422),
        ({"username": "a", "message": "x" * 2001}, 422),
        ({"username": "a", "message": "\u200b"}, 422),
    ],
)
async def test_bad_input_is_refused_without_an_echo(bot, lm, body, status):
    answer, problem = await bot.post("/chat", body)
    assert answer == status
    assert problem["code"] in {"invalid_request", "invalid_message"}
    assert "xxx" not in str(problem)
    assert not lm.requests


async def test_unknown_paths_and_methods_are_problems_too(bot):
    for method, path, expected in (("GET", "/nowhere", 404), ("GET", "/chat", 405), ("PUT", "/context", 405)):
        status, problem = await bot.call(method, path)
        assert (status, problem["status"]) == (expected, expected)


async def test_health_tells_the_engine(bot, lm):
    await bot.chat()
    status, body = await bot.get("/health")
    assert (status, body["status"], body["engine"]["model"]) == (200, "ok", "scripted-model")
    assert body["hint"] is None, "nothing is to be done"
    assert (body["engine"]["slots"], body["engine"]["pool"], body["engine"]["tokens_in_flight"]) == (4, 4096, 0)
    assert (await bot.get("/health/live")) == (200, {"status": "alive"})


async def test_without_an_engine_the_service_starts_and_says_what_to_do(tmp_path):
    nothing = Settings(base_url="http://127.0.0.1:9/v1", builtin=False, data_dir=tmp_path, rate_limit=None)
    async with running_service(nothing) as bot:
        async with asyncio.timeout(5):
            while (await bot.get("/health"))[1]["code"] != "no_engine":
                await asyncio.sleep(0.02)
        status, body = await bot.get("/health")
        assert (status, body["status"]) == (503, "unavailable")
        answer, problem = await bot.chat()
        assert (answer, problem["code"]) == (503, "no_engine")
        assert problem["title"] == body["hint"]
        assert "--model" in body["hint"]


async def test_openapi_names_every_status(bot):
    _, document = await bot.get("/openapi.json")
    chat = document["paths"]["/chat"]["post"]["responses"]
    assert {"200", "409", "413", "415", "422", "429", "502", "503", "504"} <= set(chat)
    assert "/rooms/{room}/chat" in document["paths"]
    assert "HTTPValidationError" not in document["components"]["schemas"]


async def test_a_broken_rule_is_told_in_words(bot):
    _, problem = await bot.post("/chat", {"username": "a" * 51, "message": 3})
    assert problem["errors"] == [
        {"field": "body.username", "code": "string_too_long", "rule": "String should have at most 50 characters."},
        {"field": "body.message", "code": "string_type", "rule": "Input should be a valid string."},
    ]


async def test_extra_fields_are_refused_and_not_repeated(bot, lm):
    for extra in ({"role": "system"}, {"zqzq": 1}, {"__proto__": {"admin": True}}):
        status, problem = await bot.post("/chat", {"username": "a", "message": "hi", "emotes": []} | extra)
        assert status == 422
        assert problem["errors"][0]["code"] == "extra_forbidden"
        assert "zqzq" not in str(problem)
    assert not lm.requests


async def test_a_message_may_be_emotes_only(bot, lm):
    status, _ = await bot.post("/chat", {"username": "anna", "message": "", "emotes": ["PogChamp"]})
    assert status == 200
    assert lm.requests[-1]["messages"][-1]["content"] == "anna: PogChamp"
    status, problem = await bot.post("/chat", {"username": "anna", "message": "", "emotes": [" "]})
    assert (status, problem["code"]) == (422, "invalid_message")


async def test_a_viewer_who_asks_too_often_is_told_when_to_come_back(settings, lm):
    limited = settings.model_copy(update={"rate_limit": "2/10 seconds"})
    async with running_service(limited) as bot:
        spellings = ("Spammer", "sPAM\u200bmer", "spаmmer")
        statuses = [(await bot.chat(f"hi {n}", name))[0] for n, name in enumerate(spellings)]
        assert statuses == [200, 200, 429]
        async with bot.http.post(
            bot.url + "/chat/stream", json={"username": "spammer", "message": "and on"}
        ) as refused:
            assert (refused.status, refused.content_type) == (429, "application/problem+json")
            assert 1 <= int(refused.headers["Retry-After"]) <= 10
            assert (await refused.json())["code"] == "rate_limited"
        assert (await bot.chat("hello there", "somebody else"))[0] == 200
        assert (await bot.chat("hello you", "spammer", user_id="42"))[0] == 200
    assert len(lm.requests) == 4


async def test_a_flood_by_many_viewers_is_one_flood(settings, lm):
    async with running_service(settings.model_copy(update={"rate_limit": "5/10 seconds"})) as bot:
        statuses = [(await bot.chat("RAID! " * (n % 3 + 1), f"raider{n}"))[0] for n in range(14)]
    assert (statuses.count(200), statuses.count(429)) == (10, 4)


async def test_keys_and_everybody_have_limits_of_their_own(settings, lm):
    keys = {"api_keys": ("one:chat:0123456789abcdef", "two:chat:fedcba9876543210")}
    limits = {"rate_limit_key": "2/minute", "rate_limit_total": "3/minute"}
    async with running_service(settings.model_copy(update=keys | limits)) as bot:

        async def status(secret, n):
            return (
                await bot.post(
                    "/chat",
                    {"username": f"v{n}", "message": f"line {n}"},
                    headers={"Authorization": f"Bearer {secret}"},
                )
            )[0]

        statuses = [await status("0123456789abcdef", n) for n in range(3)]
        statuses += [await status("fedcba9876543210", n) for n in range(3, 5)]
    assert statuses == [200, 200, 429, 200, 429]


async def test_only_a_trusted_proxy_tells_addresses(settings, lm):
    limits = {"rate_limit": "2/minute"}
    for trusted, expected in (((), [200, 200, 200]), (("127.0.0.1",), [200, 200, 429])):
        async with running_service(settings.model_copy(update=limits | {"trusted_proxies": trusted})) as bot:
            sent = {"X-Forwarded-For": "203.0.113.7"}
            names = ("ann", "bob", "cleo")
            found = [
                (await bot.post("/chat", {"username": name, "message": f"I am {name}"}, headers=sent))[0]
                for name in names
            ]
            assert found == expected
