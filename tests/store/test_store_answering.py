"""A reply and what it answers appear together, once, or not at all."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from said import message, replies, reply

from llm_service.errors import UnknownMessage
from llm_service.store import Store


async def test_a_reply_is_found_by_each_message_it_answers(store: Store):
    await store.append([message("a"), message("b"), message("c")])
    said = await store.commit_reply(reply("r", "a", "b", after=3))
    assert await store.reply_for("default", "a") == await store.reply_for("default", "b") == said
    assert await store.reply_for("default", "c") is None
    assert await store.reply_for("nowhere", "a") is None


async def test_a_reply_is_stored_once(store: Store):
    await store.append([message("a")])
    said = await store.commit_reply(reply("r", "a", after=1))
    assert await store.commit_reply(replace(said, text="changed")) == said
    record = await store.load("default")
    assert record
    assert record.replies == 1


async def test_the_first_reply_counts(store: Store):
    await store.append([message("a")])
    first = await store.commit_reply(reply("r1", "a", after=1))
    await store.commit_reply(reply("r2", "a", after=1))
    assert await store.reply_for("default", "a") == first


async def test_a_reply_to_what_was_forgotten_meanwhile_is_refused(store: Store):
    await store.append([message("a"), message("b")])
    await store.forget_message("default", "a")
    for answered in (("a",), ("a", "b")):
        with pytest.raises(UnknownMessage):
            await store.commit_reply(reply("r", *answered, after=2))
    assert [entry.id for entry in await store.history("default")] == ["b"]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(said=replies)
async def test_what_is_stored_is_what_is_loaded(store: Store, said):
    await store.clear("default")
    await store.append([message("asked")])
    await store.commit_reply(said)
    assert await store.reply_for("default", "asked") == said
