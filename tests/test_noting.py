"""Notes about viewers, from the line to the prompt, as a bot and a moderator see them."""

import asyncio

import pytest

from llm_service.dialogue_manager.telling import TOKENS
from llm_service.settings import Settings
from llm_service.store.notes import MOST_OF_VIEWER
from running_service import running_service


@pytest.fixture
def settings(lm, tmp_path):
    return Settings(
        engine="lmstudio", base_url=lm.base_url, data_dir=tmp_path, rate_limit=None, deadline=5, window_messages=4
    )


def line(message, username="ann", **fields):
    return {"username": username, "message": message, **fields}


async def notes_about(bot, username="ann", **query):
    _, record = await bot.get(f"/users/{username}", params=query)
    return [note["text"] for note in record["notes"]]


async def talk_past(bot, username="mo"):
    """So much that what was said before is out of the window."""
    for n in range(6):
        assert (await bot.chat(f"level {n} was hard", username))[0] == 200


def last_lines(lm):
    return lm.requests[-1]["messages"][-1]["content"].splitlines()


async def test_what_a_viewer_says_of_themselves_is_shown_with_its_source(bot):
    await bot.post("/messages", [line("hi, I live in Berlin btw", message_id="m1"), line("I main Mercy", "bob")])
    _, record = await bot.get("/users/ann")
    (note,) = record["notes"]
    assert (note["text"], note["from_ids"]) == ("lives in Berlin", ["m1"])
    assert note["created_at"] > 0
    assert await notes_about(bot, "bob") == ["mains Mercy"]
    assert await notes_about(bot, "nobody") == []


async def test_newer_notes_replace_older_ones_and_may_be_taken_back(bot):
    for text in ("I live in Berlin", "I love pizza", "I just moved to Rome", "I love figs"):
        await bot.post("/messages", line(text))
    assert await notes_about(bot) == ["loves pizza", "lives in Rome", "loves figs"]
    await bot.post("/messages", [line("I don't like pizza anymore"), line("I don't live in Berlin")])
    assert await notes_about(bot) == ["lives in Rome", "loves figs"]


async def test_a_viewer_has_a_bounded_number_of_notes(bot):
    for n in range(MOST_OF_VIEWER + 5):
        await bot.post("/messages", line(f"I play game{n}", sent_at=1_700_000_000 + 100 * n))
    assert await notes_about(bot) == [f"plays game{n}" for n in range(5, MOST_OF_VIEWER + 5)]


async def test_a_note_goes_with_its_message_and_with_its_viewer(bot):
    await bot.post("/messages", [line("I live in Berlin", message_id="m1"), line("I love figs", message_id="m2")])
    await bot.delete("/messages/m1")
    assert await notes_about(bot) == ["loves figs"]
    await bot.delete("/users/ann")
    assert await notes_about(bot) == []


async def test_the_answered_viewers_notes_end_the_prompt_and_nobody_elses(bot, lm):
    await bot.post("/messages", [line("call me Annie"), line("I love figs"), line("I live in Rome", "bob")])
    await talk_past(bot)
    assert "About" not in str(lm.requests[-1])
    await bot.chat("what should I cook?", "ann")
    assert last_lines(lm)[-1] == "(About ann: loves figs; is called Annie)"
    assert "Rome" not in str(lm.requests[-1])
    await bot.chat("and where am I?", "bob")
    assert last_lines(lm)[-1] == "(About bob: lives in Rome)"


async def test_what_the_window_shows_is_not_told_again(bot, lm):
    await bot.chat("I love figs", "ann")
    await bot.chat("what should I cook?", "ann")
    assert "About" not in str(lm.requests[-1])


async def test_a_forgotten_note_is_told_no_more(bot, lm):
    await bot.post("/messages", line("I love figs", message_id="m1"))
    await talk_past(bot)
    await bot.chat("hello", "ann")
    assert last_lines(lm)[-1] == "(About ann: loves figs)"
    await bot.delete("/messages/m1")
    await bot.chat("hello again", "ann")
    assert "figs" not in str(lm.requests[-1])


@pytest.mark.parametrize("source", ["notes", "recall"])
async def test_a_reply_made_from_what_is_forgotten_meanwhile_is_not_said(bot, lm, source):
    text, word = ("I love figs", "figs") if source == "notes" else ("the zeppelin boss needs fire arrows", "arrows")
    await bot.post("/messages", line(text, message_id="m1"))
    await talk_past(bot)
    lm.reply("Well met! I know. You like that very much. I do too.", delay=0.1)
    asking = asyncio.create_task(bot.chat("how was that with the zeppelin boss?", "ann"))
    while word not in str(lm.requests[-1]):
        await asyncio.sleep(0.01)
    await bot.delete("/messages/m1")
    status, _ = await asking
    assert status == 409 or word not in str(lm.requests[-1])
    _, context = await bot.get("/context")
    assert "Well met" not in str(context)


async def test_off_by_the_rooms_policy(bot, lm):
    await bot.post("/messages", line("I love figs"))
    await bot.call("PUT", "/policy", json={"notes": False})
    await bot.post("/messages", line("I live in Rome"))
    assert await notes_about(bot) == ["loves figs"]
    await talk_past(bot)
    await bot.chat("hello", "ann")
    assert "About" not in str(lm.requests[-1])
    await bot.post("/rooms/other/messages", line("I live in Rome"))
    assert len((await bot.get("/rooms/other/users/ann"))[1]["notes"]) == 1


async def test_off_by_a_setting(settings):
    async with running_service(settings.model_copy(update={"notes": False})) as bot:
        await bot.post("/messages", line("I love figs"))
        assert await notes_about(bot) == []


async def test_an_id_and_a_name_are_never_taken_for_each_other(bot, lm):
    await bot.post("/messages", [line("I love figs", "ann", user_id="77"), line("I love kiwis", "77")])
    assert await notes_about(bot, "77") == ["loves kiwis"]
    assert await notes_about(bot, "ann", user_id="77") == ["loves figs"]
    await talk_past(bot)
    await bot.chat("hello", "77")
    assert last_lines(lm)[-1] == "(About 77: loves kiwis)"


async def test_a_viewer_keeps_their_notes_under_a_new_name(bot, lm):
    await bot.post("/messages", line("I love figs", "ann", user_id="7"))
    await talk_past(bot)
    await bot.post("/messages", line("I live in Rome", "ann", user_id="8"))
    await talk_past(bot)
    await bot.chat("hello", "anna", user_id="7")
    assert last_lines(lm)[-1] == "(About anna: loves figs)"


async def test_bots_the_ignored_and_commands_are_not_noted(bot):
    await bot.call("PUT", "/policy", json={"ignored": ["troll"], "command_prefixes": ["?"]})
    await bot.post(
        "/messages", [line("I love figs", "nightbot"), line("I love figs", "Troll"), line("? I love figs", "ann")]
    )
    assert [await notes_about(bot, name) for name in ("nightbot", "troll", "ann")] == [[], [], []]


async def test_nobody_is_given_the_name_of_another_viewer_or_of_the_assistant(bot):
    await bot.post("/messages", line("hello", "bob"))
    claims = ("my name is Bob", "call me Assistant", "my name is System", "I hate bob")
    for n, text in enumerate(claims):
        await bot.post("/messages", line(text, f"v{n}"))
    assert [await notes_about(bot, f"v{n}") for n in range(len(claims))] == [[], [], [], []]


async def test_copypasta_is_nobodys_note(bot):
    text = "I live in Belgium and my life has never been the same since"
    await bot.post("/messages", [line(text, f"v{n}") for n in range(5)])
    assert [await notes_about(bot, f"v{n}") for n in range(5)] == [[], [], [], [], []]


async def test_a_message_that_is_sent_again_is_noted_once(bot):
    for text in ("I live in Rome", "I love figs"):
        await bot.post("/messages", line(text, message_id="same"))
    assert await notes_about(bot) == ["lives in Rome"]


async def test_notes_outlive_a_restart(settings, lm):
    async with running_service(settings) as bot:
        await bot.post("/messages", line("I love figs"))
    async with running_service(settings) as bot:
        await talk_past(bot)
        await bot.chat("hello", "ann")
        assert last_lines(lm)[-1] == "(About ann: loves figs)"


async def test_all_that_is_told_stays_within_one_budget(bot, lm):
    wordy = (
        "the zeppelin boss of the northern harbour needs fire arrows and a great deal of patience, said the old guide"
    )
    await bot.post("/messages", [line(f"{wordy} {n}", f"guide{n}") for n in range(6)])
    for n in range(MOST_OF_VIEWER):
        await bot.post("/messages", line(f"I love the{n} Zeppelin Boss Harbour", sent_at=1_700_000_000 + 100 * n))
    await talk_past(bot)
    await bot.chat("how was that with the zeppelin boss of the harbour?", "ann")
    told = [text for text in last_lines(lm) if text.startswith("(")]
    assert any("About ann" in text for text in told)
    assert any("Earlier" in text for text in told)
    estimator = await bot.service.dialogues.composer.estimator("scripted-model")
    assert sum(estimator.line(text) for text in told) <= 1.1 * TOKENS  # it has learned from the answer since
