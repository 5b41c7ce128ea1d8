"""A room moves as JSON Lines and arrives as it was."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from typing import Any

import pytest
from said import message, reply

from llm_service.errors import InputError
from llm_service.store import Imported, Store
from llm_service.store.transfer import PAGE
from llm_service.types import Persona, Summary, Topic


async def fill(store: Store, room: str, count: int) -> None:
    await store.append([message(f"m{n}", f"line {n}", room=room, emotes=("Kappa",)) for n in range(count)])
    topic = Topic(label="lines", weight=0.25, since=1.5, since_id="m0", people=2)
    said = (reply(f"r{n}", f"m{n}", room=room, after=n + 1, topics=(topic,)) for n in range(0, count, 3))
    await asyncio.gather(*map(store.commit_reply, said))
    await store.forget_message(room, "m4")
    await store.save_note(room, "name:ann", "counts", ["m1"])
    summary = Summary(text="They count.", covers=("m0", "m1"))
    await store.save_room(room, persona=Persona(name="Robo", accounts=("robo",)), policy="{}", cut=3, summary=summary)


async def lines_of(store: Store, room: str) -> list[dict[str, Any]]:
    """Through text, as a file would hold them."""
    return [json.loads(json.dumps(line)) async for line in store.export(room)]


def places(lines: Iterable[dict[str, Any]]) -> list[str]:
    return [line["id"] for line in lines if "id" in line]


@pytest.mark.parametrize("count", [0, 7, PAGE, PAGE + 1, 2 * PAGE + 5])
async def test_a_round_trip_is_exact(store: Store, count: int):
    await fill(store, "here", count) if count else await store.save_room("here", cut=1)
    lines = await lines_of(store, "here")
    imported = await store.import_("there", lines)
    assert await lines_of(store, "there") == [lines[0] | {"room": "there"}, *lines[1:]]
    assert imported.messages == sum(line["kind"] == "message" for line in lines)
    here, there = await store.load("here"), await store.load("there")
    assert here
    assert there
    assert (here.messages, here.replies) == (there.messages, there.replies)
    assert [m.id for m, _ in await store.search("there", ["line"], limit=3)] == [
        m.id for m, _ in await store.search("here", ["line"], limit=3)
    ]


async def test_an_unknown_room_is_no_rows(store: Store):
    assert await lines_of(store, "nowhere") == []


async def test_into_a_room_that_lives_it_comes_after_and_changes_nothing(store: Store):
    await fill(store, "here", 10)
    await store.append([message("own", room="there"), message("mine", room="there")])
    await store.save_room("there", policy="own")
    lines = await lines_of(store, "here")
    await store.import_("there", lines)
    assert places(await lines_of(store, "there")) == ["own", "mine", *places(lines)]
    record = await store.load("there")
    assert record
    assert (record.policy, record.persona, record.cut) == ("own", None, 0)
    assert (await store.append([message("next", room="there")]))[0].message.position == 13


async def test_an_import_that_broke_off_is_completed_by_doing_it_again(store: Store):
    await fill(store, "here", 50)
    lines = await lines_of(store, "here")
    await store.import_("there", lines[:30])
    await store.import_("there", lines)
    assert await lines_of(store, "there") == [lines[0] | {"room": "there"}, *lines[1:]]
    assert await store.import_("there", lines) == Imported()


async def test_what_no_export_wrote_is_refused(store: Store):
    good = json.loads(json.dumps({"kind": "room", "created_at": 1.0, "persona": None, "policy": None, "cut": 0}))
    for bad in ({"kind": "poem"}, {}, good, {"kind": "message", "id": "a"}, {"kind": "note", "from_ids": 3}):
        with pytest.raises(InputError):
            await store.import_("there", [bad])
    assert await store.rooms() == []
