"""Rooms at chat speed, as a bot and a moderator see them: the whole app on a socket, before a scripted LM Studio."""

import asyncio
import json
import socket
import time

import pytest

from llm_service.api import streams
from llm_service.dialogue_manager.events import BACKLOG
from llm_service.settings import Settings
from running_service import parse_events, running_service
from scripted_lm_studio import ScriptedLMStudio, ScriptedModel


def line(message, username="alice", **fields):
    return {"username": username, "message": message, **fields}


async def events_until(bot, kind, *, headers=None, meanwhile=None, path="/events"):
    """The events of a room until one of this kind; ``meanwhile`` runs once the stream is open."""
    async with bot.http.get(bot.url + path, headers=headers) as answer:
        assert answer.status == 200
        working = asyncio.ensure_future(meanwhile()) if meanwhile else None
        text = ""
        async with asyncio.timeout(5):
            async for chunk in answer.content.iter_any():
                text += chunk.decode()
                if f"event: {kind}\n" in text and text.endswith("\n\n"):
                    break
        if working:
            await working
        return parse_events(text), text


async def test_lines_are_taken_in_without_a_reply(bot, lm):
    status, results = await bot.post(
        "/messages", [line("hi", message_id="m1"), line("hey", "bob"), line("hi", message_id="m1")]
    )
    assert status == 202
    assert [one["status"] for one in results] == ["accepted", "accepted", "known"]
    assert (await bot.post("/messages", line("hi", message_id="m1")))[1][0]["status"] == "known"
    assert not lm.requests
    _, context = await bot.get("/context")
    assert [message["message"] for message in context["messages"]] == ["hi", "hey"]


async def test_one_bad_line_does_not_keep_the_others_out(bot):
    status, results = await bot.post("/messages", [line("\u200b", message_id="bad"), line("fine")])
    assert status == 202
    assert [(one["status"], one["code"]) for one in results] == [("invalid", "invalid_message"), ("accepted", None)]
    status, problem = await bot.post("/messages", [line("\u200b")])
    assert (status, problem["code"]) == (422, "invalid_message")


@pytest.mark.parametrize("body", [[], [line("x")] * 501, {"username": "a"}, [line(1)]])
async def test_bad_batches_are_refused(bot, body):
    status, problem = await bot.post("/messages", body)
    assert status == 422, problem


async def test_a_turn_answers_who_called_and_says_why(bot, lm):
    await bot.post("/messages", [line("nice run"), line("Assistant, what game is this?", "bob", message_id="q")])
    lm.reply("It is Celeste, bob.")
    status, body = await bot.post("/turn")
    assert status == 200
    assert body["decision"]["speak"]
    assert body["decision"]["answers"] == ["q"]
    assert "call" in body["decision"]["why"]
    assert body["reply"]["response"] == "It is Celeste, bob."
    status, body = await bot.post("/turn")
    assert (status, body["reply"], body["decision"]["speak"]) == (200, None, False)


async def test_a_dry_run_changes_nothing(bot, lm):
    await bot.post("/messages", line("@Assistant hello?"))
    _, first = await bot.post("/turn?dry_run=true")
    _, second = await bot.post("/turn?dry_run=true")
    assert first["decision"]["speak"]
    assert first["decision"]["answers"] == second["decision"]["answers"]
    assert not lm.requests


async def test_a_turn_streams_its_decision_first(bot, lm):
    await bot.post("/messages", line("Assistant, hello!"))
    lm.reply("Hello alice. Good to see you.")
    events = await bot.events("/turn/stream", None)
    assert events[0][0] == "decision"
    assert events[-1][0] == "done"
    assert events[-1][1]["response"] == "Hello alice. Good to see you."
    silent = await bot.events("/turn/stream", None)
    assert [name for name, _ in silent] == ["decision", "done"]


async def test_autopilot_speaks_by_itself_and_publishes(bot, lm):
    lm.reply("Hello alice!")
    status, policy = await bot.call("PUT", "/policy", json={"mode": "auto", "gap": 0})
    assert (status, policy["mode"]) == (200, "auto")
    events, _ = await events_until(
        bot, "reply", meanwhile=lambda: bot.post("/messages", line("hi Assistant!", message_id="m"))
    )
    kinds = [kind for kind, _ in events]
    assert kinds.index("message") < kinds.index("decision") < kinds.index("delta") < kinds.index("reply")
    assert events[-1][1]["answers"] == ["m"]


async def test_autopilot_survives_a_failing_engine_and_a_restart(settings, lm):
    async with running_service(settings) as bot:
        await bot.call("PUT", "/policy", json={"mode": "auto", "gap": 0})
        lm.fail(401, {"error": {"message": "no", "code": "invalid_api_key"}})
        await bot.post("/messages", line("Assistant?"))
        await asyncio.sleep(0.2)
    async with running_service(settings) as bot:
        assert (await bot.get("/policy"))[1]["mode"] == "auto"
        await events_until(bot, "reply", meanwhile=lambda: bot.post("/messages", line("Assistant, again!")))


async def test_coming_back_catches_up(bot):
    await bot.post("/messages", [line("one"), line("two")])
    _, text = await events_until(bot, "message", headers={"Last-Event-ID": "x-0"})
    first = next(part for part in text.split("\n") if part.startswith("id: ") and not part.endswith("-0"))[4:]
    events, _ = await events_until(bot, "message", headers={"Last-Event-ID": first})
    assert events[0][1]["message"] == "two"


async def test_pause_mute_and_skip_bypass_every_queue(bot, lm):
    await bot.chat("hi", path="/rooms/other/chat")
    await bot.post("/messages", line("Assistant?"))
    await bot.call("PUT", "/policy", json={"paused": True})
    _, body = await bot.post("/turn")
    assert body["decision"]["why"] == "paused"
    await bot.call("PUT", "/policy", json={"paused": False, "gap": 0})
    lm.reply("One. Two. Three. Four. Five. Six. Seven. Eight.", delay=0.1)
    running = asyncio.ensure_future(bot.post("/turn"))
    await asyncio.sleep(0.45)
    assert (await bot.post("/turn/skip"))[1]["skipped"] == 1
    status, problem = await running
    assert (status, problem["code"]) == (409, "turn_dropped")
    assert len((await bot.get("/context"))[1]["messages"]) == 1
    events, _ = await events_until(bot, "dropped", headers={"Last-Event-ID": "x-0"})
    assert events[-1][1]["code"] == "turn_dropped"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"gap": 1, "gpa": 1}, "A policy has no such knob: did you mean gap?"),
        ({"gap": -1}, "gap must be a number from 0 to 86,400."),
        ({"mode": "sometimes"}, "mode must be 'manual' or 'auto'."),
        ({"send_budget": "many"}, "send_budget must be a whole number from 1 to 1,000."),
        ({"gap": None}, "gap must be a number from 0 to 86,400."),
    ],
)
async def test_a_wrong_policy_is_refused_in_words_and_changes_nothing(bot, changes, why):
    before = await bot.get("/policy")
    status, problem = await bot.call("PUT", "/policy", json=changes)
    assert (status, problem["code"], problem["title"]) == (422, "invalid_request", why)
    assert await bot.get("/policy") == before


async def test_the_document_tells_every_knob_with_its_unit_default_and_bounds(bot):
    _, policy = await bot.get("/policy")
    _, document = await bot.get("/openapi.json")
    schemas = document["components"]["schemas"]
    changes = schemas["PolicyChanges"]
    assert set(changes["properties"]) == set(schemas["PolicyBody"]["required"]) == set(policy)
    assert changes["additionalProperties"] is False
    assert changes["properties"]["gap"] == {
        "type": "number",
        "minimum": 0,
        "maximum": 86400,
        "description": "Least time between two replies, unless a call is overdue. (s; default 2.0)",
    }
    assert (await bot.call("PUT", "/policy", json=policy)) == (200, policy)


async def test_the_persona_is_the_system_prompt_and_survives(settings, lm):
    persona = {"text": "You are Captain Blue.", "name": "Blue"}
    async with running_service(settings) as bot:
        status, body = await bot.call("PUT", "/persona", json=persona)
        assert (status, body["text"], body["name"]) == (200, "You are Captain Blue.", "Blue")
        await bot.chat("hi")
        assert lm.requests[-1]["messages"][0] == {"role": "system", "content": "You are Captain Blue."}
    async with running_service(settings) as bot:
        assert (await bot.get("/persona"))[1]["name"] == "Blue"
        assert (await bot.get("/rooms/other/persona"))[1]["name"] == "Assistant"


async def test_a_forgotten_message_is_gone_from_everywhere(bot, lm, tmp_path):
    secret = "xylophonic-canary"
    await bot.chat(f"my secret is {secret}", message_id="m1")
    await bot.post("/messages", line(f"Assistant, {secret}?", message_id="m2"))
    for message_id in ("m1", "m2"):
        status, gone = await bot.delete(f"/messages/{message_id}")
        assert (status, gone["messages"]) == (200, 1)
    assert (await bot.delete("/messages/m1"))[0] == 404
    for path in ("/context", "/topics", "/users/user", "/turn?dry_run=true"):
        answer = await bot.post(path) if "turn" in path else await bot.get(path)
        assert secret not in json.dumps(answer[1]), path
    await bot.chat("hello again")
    assert secret not in str(lm.requests[-1])
    _, text = await events_until(bot, "reply", headers={"Last-Event-ID": "x-0"})
    assert secret not in text
    assert not any(secret.encode() in file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())


async def test_a_forgotten_viewer_is_gone_and_others_stay(bot, lm):
    await bot.chat("I am Eve", "Eve", user_id="u1")
    await bot.chat("I am Ann", "Ann")
    _, record = await bot.get("/users/eve")
    assert [message["message"] for message in record["messages"]] == ["I am Eve"]
    assert len(record["replies"]) == 1
    status, gone = await bot.delete("/users/EVE")
    assert (status, gone["messages"], gone["replies"]) == (200, 1, 1)
    _, context = await bot.get("/context")
    assert [message["username"] for message in context["messages"]] == ["Ann", "Assistant"]


async def test_a_message_deleted_while_it_is_answered_is_not_answered(bot, lm):
    await bot.post("/messages", line("Assistant, hello!", message_id="m"))
    lm.reply("One. Two. Three. Four. Five. Six.", delay=0.1)
    running = asyncio.ensure_future(bot.post("/turn"))
    await asyncio.sleep(0.25)
    await bot.delete("/messages/m")
    status, problem = await running
    assert (status, problem["code"]) == (409, "turn_dropped")
    assert (await bot.get("/context"))[1]["messages"] == []


async def test_topics_follow_the_room(bot):
    said = ("that speedrun was so close", "what a speedrun!", "is this speedrun a record?", "speedrun of the year imo")
    await bot.post("/messages", [line(text, f"viewer{n}") for n, text in enumerate(said)])
    _, topics = await bot.get("/topics")
    assert any("speedrun" in topic["label"] for topic in topics)
    assert (await bot.get("/context"))[1]["topics"]


async def test_retention_forgets_by_age(lm, tmp_path):
    kept = Settings(engine="lmstudio", base_url=lm.base_url, data_dir=tmp_path, rate_limit=None)
    async with running_service(kept) as bot:
        await bot.post("/messages", [line("old", sent_at=1_000_000.0), line("new")])
    async with running_service(kept.model_copy(update={"retention": 24.0})) as bot:
        async with asyncio.timeout(5):
            while len((await bot.get("/context"))[1]["messages"]) > 1:
                await asyncio.sleep(0.02)
        assert (await bot.get("/context"))[1]["messages"][0]["message"] == "new"


async def test_engine_news_are_events(bot, lm):
    await bot.get("/context")

    async def leave():
        await lm.stop()
        with pytest.raises(AssertionError):
            assert (await bot.chat())[0] == 200

    events, _ = await events_until(bot, "engine", meanwhile=leave)
    assert events[-1][1]["status"] == "unavailable"


async def test_emotes_are_explained_once_and_spelled_exactly(bot, lm):
    loaded = {"blueHype": "excitement", "blueSad": {"meaning": "sadness", "usable": False}}
    status, shown = await bot.call("PUT", "/emotes", json=loaded)
    assert (status, shown["blueSad"]) == (200, {"meaning": "sadness", "usable": False})
    lm.reply("What a run! bluehype!! blueSad")
    _, body = await bot.chat("again")
    assert body["response"] == "What a run! blueHype"
    system = lm.requests[-1]["messages"][0]["content"]
    assert "blueHype = excitement" in system
    assert (await bot.get("/emotes"))[1] == shown


async def test_old_lines_come_back_when_they_matter(bot, lm):
    await bot.chat("my cat is called Tom and he hates the vacuum cleaner", "bob")
    for n in range(110):
        await bot.post("/messages", [line(f"small talk about weather {n} {k}", f"v{k}") for k in range(4)])
    await bot.chat("nice weather", "zoe")
    await bot.chat("bob, what is the name of your cat?", "ann")
    newest = lm.requests[-1]["messages"][-1]["content"]
    assert "bob: my cat is called Tom" in newest
    assert "(Earlier" in newest


async def test_a_viewer_is_found_by_the_name_that_the_platform_gives(bot):
    name = "bob<|im_end|>"
    await bot.chat("I am here", name)
    path = "/users/bob%3C%7Cim_end%7C%3E"
    assert len((await bot.get(path))[1]["messages"]) == 1
    assert (await bot.delete(path))[1]["messages"] == 1


async def test_a_viewer_banned_while_being_answered_is_not_answered_and_others_are(bot, lm):
    await bot.call("PUT", "/policy", json={"gap": 0})
    await bot.chat("hello")  # the first answer of a model is held back until its end
    await bot.post("/messages", [line("Assistant, hi!", "Eve"), line("Assistant, hello!", "Ann", message_id="ann")])
    lm.reply("One. Two. Three. Four. Five. Six.", delay=0.1)
    running = asyncio.ensure_future(bot.post("/turn"))
    await asyncio.sleep(0.25)
    assert (await bot.delete("/users/Eve"))[0] == 200
    assert (await running)[1]["code"] == "turn_dropped"
    lm.reply("Hello Ann!")
    _, body = await bot.post("/turn")
    assert body["decision"]["answers"] == ["ann"]
    assert "Eve" not in str(lm.requests[-1])


async def test_lines_are_taken_in_while_the_engine_is_away(bot, lm):
    await lm.stop()
    status, results = await bot.post("/messages", line("Assistant, are you there?", message_id="m"))
    assert (status, results[0]["status"]) == (202, "accepted")
    assert (await bot.post("/turn?dry_run=true"))[1]["decision"]["answers"] == ["m"]


async def test_the_own_echo_bots_and_ignored_viewers_are_never_answered(bot, lm):
    await bot.call("PUT", "/policy", json={"mode": "auto", "gap": 0, "ignored": ["troll"], "ambient_per_minute": 0})
    lm.reply("Hello ann, Assistant speaking!")
    events, _ = await events_until(bot, "reply", meanwhile=lambda: bot.post("/messages", line("Assistant?", "ann")))
    said = events[-1][1]["response"]
    unwanted = [
        line(said, "mybot"),
        line("Assistant!", "Assistant"),
        line("Assistant!", "Nightbot"),
        line("@Assistant", "Troll"),
    ]
    await bot.post("/messages", unwanted)
    lm.reply("Hello bob!")
    events, _ = await events_until(bot, "reply", meanwhile=lambda: bot.post("/messages", line("Assistant!", "bob")))
    assert events[-1][1]["response"] == "Hello bob!"
    assert len(lm.requests) == 2


async def test_a_muted_room_is_silent_and_then_speaks_again(bot, lm):
    await bot.call("PUT", "/policy", json={"mode": "auto", "gap": 0, "muted_until": time.time() + 3600})
    await bot.post("/messages", line("Assistant?", message_id="m"))
    await asyncio.sleep(0.1)
    assert not lm.requests
    assert (await bot.post("/turn?dry_run=true"))[1]["decision"]["why"] == "muted for now"

    async def unmute():
        await bot.call("PUT", "/policy", json={"muted_until": 0})

    events, _ = await events_until(bot, "reply", meanwhile=unmute)
    assert events[-1][1]["answers"] == ["m"]


async def test_rooms_together_never_ask_for_more_than_the_engine_has(settings, tmp_path):
    async with ScriptedLMStudio(models=[ScriptedModel(instances=["two-slots"], parallel=2)]) as lm:
        lm.think_time = 0.05
        here = settings.model_copy(update={"base_url": lm.base_url, "data_dir": tmp_path / "two"})
        async with running_service(here) as bot:
            rooms = [f"room{number}" for number in range(6)]
            for room in rooms:
                await bot.call("PUT", f"/rooms/{room}/policy", json={"mode": "auto", "gap": 0})
            await asyncio.gather(*(bot.post(f"/rooms/{room}/messages", line(f"Assistant, {room}?")) for room in rooms))
            async with asyncio.timeout(10):
                while len(lm.requests) < 6 or lm.running:
                    await asyncio.sleep(0.02)
        assert lm.most_running == 2


async def test_rooms_and_programs_together_never_fill_more_context_than_the_slots_share(settings, tmp_path):
    async with ScriptedLMStudio(models=[ScriptedModel(instances=["shared"], context_length=1024)]) as lm:
        here = settings.model_copy(update={"base_url": lm.base_url, "data_dir": tmp_path / "shared"})
        async with running_service(here) as bot:
            for number in range(6):  # until the window is full, and the tokens of this model are known
                await bot.post("/messages", [line(f"{number} {'word ' * 30}") for _ in range(8)])
                await bot.chat(f"And now, {number}?")
            lm.think_time = 0.1
            whole = asyncio.create_task(bot.chat("Is it full?"))
            await until(lambda: lm.running)
            assert lm.tokens > 512
            program = {"messages": [{"role": "user", "content": "Hi"}], "max_tokens": 500}
            others = [bot.chat("Hi", path=f"/rooms/other{number}/chat") for number in range(2)]
            answers = await asyncio.gather(*others, bot.post("/v1/chat/completions", program), whole)
        assert [status for status, _ in answers] == [200] * 4
        assert lm.most_running > 1
        assert lm.most_tokens <= 1024


async def until(condition):
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.005)


async def test_silence_is_broken_by_heartbeats(bot, monkeypatch):
    monkeypatch.setattr(streams, "HEARTBEAT", 0.05)
    async with bot.http.get(bot.url + "/events") as answer, asyncio.timeout(5):
        assert await answer.content.readline() == b": still here\n"


async def test_who_does_not_read_is_not_served_late(bot):
    """What waits for a reader that fell behind is let go of at once; what the sockets hold is all that still comes."""
    log = await bot.service.dialogues.events()
    with socket.socket() as reader:
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        reader.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(reader, ("127.0.0.1", int(bot.url.rpartition(":")[2])))
        await loop.sock_sendall(reader, b"GET /events HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n")
        while not log.followed:
            await asyncio.sleep(0.01)
        sent = 0
        while log.followed:
            await bot.post("/messages", [line("x" * 1_900) for _ in range(100)])
            sent += 100
        text = b""
        async with asyncio.timeout(10):
            while not text.endswith(b"0\r\n\r\n"):
                text += await loop.sock_recv(reader, 1 << 20)
        assert text.count(b"event: message") <= sent - BACKLOG
