"""A room comes back as it was, page by page or at once."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from said import message, reply

from llm_service.store import Store, open_store
from llm_service.types import Message, Persona, Summary


async def test_an_unknown_room_is_nothing(store: Store):
    assert await store.load("nowhere") is None
    assert await store.history("nowhere") == []
    assert await store.rooms() == []


async def test_a_reply_stands_right_after_the_newest_message_of_its_prompt(store: Store):
    await store.append([message("a"), message("b"), message("c")])
    await store.commit_reply(reply("r1", "a", after=2))
    await store.commit_reply(reply("r2", "b", after=2))
    assert [entry.id for entry in await store.history("default")] == ["a", "b", "r1", "r2", "c"]


async def test_a_room_begins_at_its_cut(store: Store):
    await store.append([message(f"m{n}") for n in range(1, 6)])
    await store.commit_reply(reply("before", "m1", after=2))
    await store.commit_reply(reply("inside", "m3", after=3))
    await store.save_room("default", cut=3)
    record = await store.load("default")
    assert record
    assert [entry.id for entry in record.entries] == ["m3", "inside", "m4", "m5"]
    assert (record.messages, record.replies, record.cut) == (5, 2, 3)
    newest = await store.load("default", limit=2)
    assert newest
    assert [entry.id for entry in newest.entries] == ["m4", "m5"]


async def test_only_what_is_given_is_saved(store: Store):
    await store.append([message(each, room="den") for each in "abc"])
    persona, summary = (
        Persona(text="Be kind.", name="Robo", accounts=("robo",)),
        Summary(text="They met.", covers=("a", "b")),
    )
    await store.save_room("den", persona=persona, policy='{"pause": true}', cut=7, summary=summary)
    await store.save_room("den", cut=9)
    record = await store.load("den")
    assert record
    assert (record.persona, record.policy, record.cut, record.summary) == (persona, '{"pause": true}', 9, summary)
    await store.save_room("den", summary=Summary(text="They met again.", covers=("a", "b", "c")))
    await store.save_room("den", persona=Persona())
    record = await store.load("den")
    assert record
    assert record.summary == Summary(text="They met again.", covers=("a", "b", "c"))
    await store.save_room("den", summary=None)
    assert (await store.load("den")).summary is None  # type: ignore[union-attr]


async def test_a_restart_changes_nothing(url: str):
    async with open_store(url, clock=lambda: 1.0) as store:
        await store.append([message("a", emotes=("Kappa",)), message("b", user_id="7")])
        await store.commit_reply(reply("r", "a", after=2))
        await store.save_room("default", persona=Persona(), cut=1, summary=Summary(text="s", covers=("a", "r")))
        await store.save_note("default", "id:7", "likes tea", ["b"])
        await store.remember("tokens", "3.7")
        before = await store.load("default"), await store.notes("default", "id:7")
    async with open_store(url, clock=lambda: 2.0) as store:
        assert (await store.load("default"), await store.notes("default", "id:7")) == before
        assert await store.recollect("tokens") == "3.7"
        assert await store.recollect("nothing") is None
        assert (await store.append([message("c")]))[0].message.position == 3


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, 3), max_size=12), st.integers(1, 5))
async def test_pages_make_up_the_whole_conversation(store: Store, replies_after: list[int], limit: int):
    await store.clear("default")
    stored = await store.append([message(f"m{n}") for n in range(len(replies_after))])
    for (n, count), s in zip(enumerate(replies_after), stored, strict=True):
        for each in range(count):
            await store.commit_reply(reply(f"r{n}.{each}", f"m{n}", after=s.message.position))
    whole = await store.history("default", limit=100)
    pages, before = [], None
    while page := await store.history("default", before=before, limit=limit):
        assert sum(isinstance(entry, Message) for entry in page) <= limit
        pages[:0] = page
        before = page[0].position  # type: ignore[union-attr]
    assert pages == whole
    assert len(whole) == len(replies_after) + sum(replies_after)
