"""The numbered list of what happens in a room."""

import asyncio

import pytest

from llm_service.dialogue_manager.events import BACKLOG, REMEMBERED, RUN, EventLog, TooSlow


def log() -> EventLog:
    return EventLog(clock=lambda: 5.0)


async def take(events, count):
    found = []
    async for event in events:
        found.append(event)
        if len(found) == count:
            break
    await events.aclose()
    return found


async def test_a_follower_gets_what_happens_from_now_on():
    events = log()
    events.publish("message", {"id": "old"})
    following = events.follow()
    waiting = asyncio.ensure_future(anext(following))
    await asyncio.sleep(0)
    events.publish("message", {"id": "new"})
    assert (await waiting).value == {"id": "new"}
    await following.aclose()
    assert not events.followed


async def test_what_happens_together_is_numbered_in_order():
    events = log()
    following = events.follow()
    waiting = asyncio.ensure_future(anext(following))
    await asyncio.sleep(0)
    events.publish_each("message", ["one", "two"])
    events.publish("message", "three")
    found = [await waiting, await anext(following), await anext(following)]
    assert [(event.number, event.value) for event in found] == [(1, "one"), (2, "two"), (3, "three")]
    await following.aclose()


async def test_coming_back_catches_up():
    events = log()
    for number in range(5):
        events.publish("message", {"n": number})
    seen = (await take(events.follow("nobody-1"), 6))[1:]
    assert [event.value["n"] for event in seen] == [0, 1, 2, 3, 4]
    later = await take(events.follow(seen[2].id), 2)
    assert [event.value["n"] for event in later] == [3, 4]


@pytest.mark.parametrize("last", ["", "x", "run-1", "-", "RUN-x", "RUN-²"])
async def test_what_cannot_be_caught_up_with_is_called_a_gap(last):
    last = last.replace("RUN", RUN)
    events = log()
    events.publish("message", {})
    first = (await take(events.follow(last), 2))[0]
    assert first.kind == "gap"


async def test_what_is_too_old_leaves_a_gap():
    events = log()
    events.publish("message", {"n": 0})
    last = events._events[0].id
    for number in range(REMEMBERED + 1):
        events.publish("message", {"n": number + 1})
    found = await take(events.follow(last), 2)
    assert [found[0].kind, found[1].value["n"]] == ["gap", 2]


async def test_a_slow_follower_is_dropped():
    events = log()
    events.publish("message", {"n": -1})
    following = events.follow(f"{RUN}-0")
    assert (await anext(following)).value["n"] == -1
    for number in range(BACKLOG + 10):
        events.publish("message", {"n": number})
    with pytest.raises(TooSlow):
        async for _ in following:
            pass
    assert not events.followed


async def test_what_is_forgotten_cannot_be_caught_up_with():
    events = log()
    events.publish("message", {"id": "a"})
    events.publish("message", {"id": "b"})
    events.forget(lambda event: (event.value or {}).get("id") == "a")
    found = await take(events.follow("x-1"), 2)
    assert [(event.value or {}).get("id") for event in found] == [None, "b"]
