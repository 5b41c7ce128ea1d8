"""Rooms that drive themselves: when they look at what waits, and what does not stop them."""

import asyncio

import pytest

from llm_service.dialogue_manager import DialogueManager
from llm_service.llm_client import LMStudioClient
from llm_service.types import Draft


@pytest.fixture
async def manager(lm):
    async with LMStudioClient(lm.base_url) as client, DialogueManager(client, speed=50) as opened:
        yield opened


def said(text, username="ann", **fields) -> Draft:
    return Draft(username=username, text=text, **fields)


async def next_of(events, kind):
    async with asyncio.timeout(5):
        async for event in events:
            if event.kind == kind:
                return event.value
    raise AssertionError(f"no {kind}")


async def following(manager):
    """The room's events from now on."""
    events = (await manager.events()).follow("none-0")
    await anext(events)
    return events


async def test_lines_that_call_nobody_are_looked_at_together(manager):
    await manager.set_policy({"mode": "auto", "ambient_per_minute": 0})
    await asyncio.sleep(0)
    before = manager.counters.decisions.total()
    for number in range(200):
        await manager.ingest([said(f"line {number}", f"viewer{number}")])
    assert manager.counters.decisions.total() - before < 100


async def test_a_call_is_answered_among_them(manager):
    await manager.set_policy({"mode": "auto", "gap": 0, "ambient_per_minute": 0})
    events = await following(manager)
    await manager.ingest([said(f"line {number}", f"viewer{number}") for number in range(20)])
    await manager.ingest([said("hi Assistant!", message_id="call")])
    assert (await next_of(events, "reply")).answers == ("call",)
    await events.aclose()


async def test_what_was_skipped_is_not_answered_after_all(manager, lm):
    await manager.set_policy({"mode": "auto", "gap": 0, "ambient_per_minute": 0})
    events = await following(manager)
    await manager.ingest([said("Assistant, are you there?")])
    await next_of(events, "reply")
    lm.reply("One. Two. Three. Four. Five. Six. Seven. Eight.", delay=0.1)
    lm.reply("Hello ann!")
    await manager.ingest([said("Assistant, count!", message_id="count")])
    await next_of(events, "delta")
    assert await manager.skip() == 1
    assert (await next_of(events, "decision")).skipped == ("count",)
    await manager.ingest([said("Assistant, hello!", message_id="hello")])
    assert (await next_of(events, "reply")).answers == ("hello",)
    assert manager.counters.dropped["skipped"] == 1
    await events.aclose()


async def test_a_room_that_is_switched_off_and_on_again_goes_on(manager):
    for mode in ("auto", "manual", "auto"):
        await manager.set_policy({"mode": mode, "gap": 0})
    events = await following(manager)
    await manager.ingest([said("Assistant?", message_id="call")])
    assert (await next_of(events, "reply")).answers == ("call",)
    await events.aclose()


async def test_a_room_that_is_switched_off_says_nothing(manager, lm):
    await manager.set_policy({"mode": "auto", "gap": 0})
    await manager.set_policy({"mode": "manual"})
    await manager.ingest([said("Assistant?", message_id="call")])
    await asyncio.sleep(0.1)
    assert not lm.requests
    assert await manager.waiting() == 1


async def test_a_bug_in_one_turn_does_not_silence_the_room(manager, monkeypatch):
    decide, broken = manager.deciding.decide, [True]

    def sometimes(room):
        if broken and room.pending:
            broken.clear()
            raise RuntimeError("a bug")
        return decide(room)

    monkeypatch.setattr(manager.deciding, "decide", sometimes)
    await manager.set_policy({"mode": "auto", "gap": 0})
    events = await following(manager)
    await manager.ingest([said("Assistant?", message_id="call")])
    assert (await next_of(events, "reply")).answers == ("call",)
    assert not broken
    await events.aclose()


async def test_a_reply_on_the_platform_cuts_off_a_reply_that_nobody_called_for(manager, lm):
    await manager.set_policy({"mode": "auto", "gap": 0, "ambient_gap": 0, "ambient_share": 1})
    events = await following(manager)
    await manager.ingest([said("Assistant, hello!", message_id="hello")])
    first = await next_of(events, "reply")
    lm.reply("This. Is. Long. And. Nobody. Asked.", delay=0.2)
    lm.reply("You are welcome.")
    await manager.ingest([said("what a jump", "bob", message_id="jump")])
    await next_of(events, "delta")
    await manager.ingest([said("thanks!", message_id="thanks", reply_to=first.id)])
    assert (await next_of(events, "reply")).answers == ("thanks",)
    await events.aclose()
