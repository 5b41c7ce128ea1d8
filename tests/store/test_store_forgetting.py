"""What is forgotten is gone, with everything made from it, from every answer and from every byte on the disk."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable
from pathlib import Path
from uuid import UUID

import pytest
from said import NOW, message, reply

from llm_service.errors import UnknownMessage
from llm_service.store import Forgotten, Store, UserRecord, open_store
from llm_service.types import Summary, Topic


async def test_a_message_goes_with_all_that_was_made_from_it(store: Store):
    await store.append([message("a", "zebra"), message("b", "tiger"), message("c", "zebra too")])
    await store.commit_reply(reply("r1", "a", "b", after=2))
    await store.commit_reply(reply("r2", "c", after=3))
    await store.save_note("default", "name:ann", "keeps a zebra", ["a"])
    await store.save_note("default", "name:ann", "and it answered", ["r1"])
    await store.save_note("default", "name:ann", "keeps a tiger", ["b"])
    await store.save_room("default", summary=Summary(text="a zebra", covers=("a", "b")))
    forgotten = await store.forget_message("default", "a")
    assert forgotten == Forgotten(
        rooms=("default",), message_ids=("a",), reply_ids=("r1",), summaries_dropped=True, speakers=("name:ann",)
    )
    record = await store.load("default")
    assert record
    assert [entry.id for entry in record.entries] == ["b", "c", "r2"]
    assert (record.messages, record.replies, record.summary) == (2, 1, None)
    assert [note.text for note in await store.notes("default", "name:ann")] == ["keeps a tiger"]
    assert [m.id for m, _ in await store.search("default", ["zebra"])] == ["c"]
    assert await store.reply_for("default", "b") is None


async def test_a_reply_can_be_forgotten_alone(store: Store):
    await store.append([message("a")])
    await store.commit_reply(reply("r", "a", after=1))
    await store.save_room("default", summary=Summary(text="s", covers=("r",)))
    forgotten = await store.forget_message("default", "r")
    assert (forgotten.message_ids, forgotten.reply_ids, forgotten.summaries_dropped) == ((), ("r",), True)
    assert await store.reply_for("default", "a") is None
    assert [entry.id for entry in await store.history("default")] == ["a"]


async def test_a_summary_of_other_things_stays(store: Store):
    await store.append([message("a"), message("b")])
    await store.save_room("default", summary=Summary(text="s", covers=("b",)))
    assert not (await store.forget_message("default", "a")).summaries_dropped
    assert (await store.load("default")).summary  # type: ignore[union-attr]


async def test_what_is_not_there_is_forgotten_already(store: Store):
    assert (await store.forget_message("nowhere", "a")).nothing
    await store.append([message("a")])
    assert (await store.forget_message("default", "b")).nothing
    assert (await store.forget_user("default", "nobody")).nothing
    assert (await store.clear("nowhere")).nothing
    assert (await store.expire(0)).nothing
    assert await store.rooms() == ["default"]


async def test_a_viewer_goes_by_name_however_it_is_written(store: Store):
    await store.append([message("a", username="Straße"), message("b", username="STRASSE"), message("c")])
    await store.save_note("default", "name:strasse", "no source", [])
    assert (await store.forget_user("default", "strasse")).message_ids == ("a", "b")
    assert await store.notes("default", "name:strasse") == []
    assert [entry.id for entry in await store.history("default")] == ["c"]


async def test_a_viewer_goes_by_id_whatever_the_name(store: Store):
    await store.append(
        [
            message("a", user_id="7"),
            message("b", username="Annie", user_id="7"),
            message("c", user_id="8"),
            message("d"),
        ]
    )
    forgotten = await store.forget_user("default", "Ann", "7")
    assert forgotten.message_ids == ("a", "b", "d")
    assert forgotten.speakers == ("id:7", "name:ann")
    assert [entry.id for entry in await store.history("default")] == ["c"]


async def test_a_viewer_goes_from_every_room(store: Store):
    await store.append([message("a", room="x"), message("b", room="y"), message("c", room="y", username="Bob")])
    forgotten = await store.forget_user(None, "ann")
    assert (forgotten.rooms, forgotten.message_ids) == (("x", "y"), ("a", "b"))


async def test_what_is_kept_about_a_viewer_is_what_forgetting_removes(store: Store):
    await store.append([message("a", sent_at=10.0), message("b", username="ANN", sent_at=20.0, user_id="7")])
    await store.append([message("c", username="Bob")])
    await store.commit_reply(reply("r", "a", "c", after=3))
    await store.save_note("default", "id:7", "likes tea", ["b"])
    record = await store.user("default", "ann")
    assert [m.id for m in record.messages] == ["a", "b"]
    assert [r.id for r in record.replies] == ["r"]
    assert [n.text for n in record.notes] == ["likes tea"]
    assert (record.usernames, record.user_ids) == (("Ann", "ANN"), ("7",))
    assert (record.first_seen, record.last_seen) == (10.0, 20.0)
    forgotten = await store.forget_user("default", "ann")
    assert (forgotten.message_ids, forgotten.reply_ids) == (("a", "b"), ("r",))
    empty = await store.user("default", "ann")
    assert empty == UserRecord(username="ann")
    assert (await store.user("nowhere", "ann")).first_seen is None


async def test_clearing_leaves_the_persona_and_never_gives_a_place_twice(store: Store):
    await store.append([message("a"), message("b")])
    await store.commit_reply(reply("r", "a", after=2))
    await store.save_room("default", policy="{}", cut=2, summary=Summary(text="s", covers=()))
    await store.save_note("default", "name:ann", "from nowhere", [])
    forgotten = await store.clear("default")
    assert (forgotten.message_ids, forgotten.reply_ids, forgotten.summaries_dropped) == (("a", "b"), ("r",), True)
    record = await store.load("default")
    assert record
    assert (record.policy, record.cut, record.messages, record.replies, record.entries) == ("{}", 0, 0, 0, ())
    assert await store.notes("default", "name:ann") == []
    assert (await store.append([message("a")]))[0].message.position == 3


async def test_retention_goes_by_age(store: Store):
    await store.append([message("old", sent_at=10.0), message("new", sent_at=20.0), message("ahead", sent_at=NOW * 9)])
    await store.commit_reply(reply("r", "new", after=2, created_at=5.0))
    assert (await store.expire(15.0)).message_ids == ("old",)
    assert [entry.id for entry in await store.history("default")] == ["new", "ahead"]
    assert (await store.expire(NOW + 1)).message_ids == ("new", "ahead")  # one's clock may lie; ours does not


async def test_topics_that_began_with_it_go_from_later_replies(store: Store):
    def topic(label: str, since_id: str) -> Topic:
        return Topic(label=label, weight=0.5, since=1.0, since_id=since_id, people=1)

    await store.append([message("a"), message("b")])
    about = (topic("zebras", "a"), topic("tigers", "b"))
    await store.commit_reply(reply("r", "b", after=2, topics=about))
    await store.forget_message("default", "a")
    answered = await store.reply_for("default", "b")
    assert answered
    assert answered.topics == about[1:]


async def test_a_summary_of_something_forgotten_meanwhile_is_not_kept(store: Store):
    await store.append([message("a"), message("b")])
    await store.forget_message("default", "a")
    await store.save_room("default", cut=2, summary=Summary(text="s", covers=("a", "b")))
    record = await store.load("default")
    assert record
    assert (record.cut, record.summary) == (2, None)


async def test_a_note_of_something_forgotten_is_refused(store: Store):
    await store.append([message("a")])
    await store.forget_message("default", "a")
    with pytest.raises(UnknownMessage):
        await store.save_note("default", "name:ann", "too late", ["a"])


# ── On the disk ──────────────────────────────────────────────────────────────────────────────────────────────────


UNIQUE = rb"q[0-9a-f]{32}"


def unique(seed: random.Random) -> str:
    """A text that occurs nowhere else, and has nothing that an encoding would change."""
    return "Q" + UUID(int=seed.getrandbits(128)).hex


def left_on_disk(folder: Path, texts: Iterable[str]) -> set[str]:
    """Which of the unique texts are still in some file, in UTF-8 or UTF-16, however they are capitalised."""
    everything = b"\n".join(file.read_bytes() for file in folder.rglob("*") if file.is_file()).lower()
    found = {
        mark.decode() for form in (everything, everything.replace(b"\0", b"")) for mark in re.findall(UNIQUE, form)
    }
    return {text for text in texts if text.lower() in found}


@pytest.mark.parametrize("seed", range(3))
async def test_what_is_forgotten_is_in_no_file(sqlite: str, seed: int):
    """Rooms take turns, texts are short and long, and some of everything is forgotten in every way there is."""
    choose = random.Random(seed)
    folder = Path(sqlite).parent
    alive: dict[tuple[str, str], set[str]] = {}
    gone: set[str] = set()
    async with open_store(sqlite) as store:
        for step in range(150):
            batch = []
            for n in range(choose.randint(1, 12)):
                room, marks = choose.choice(["a", "b", "c"]), [unique(choose) for _ in range(4)]
                text = f"{marks[1]} " + "filler " * choose.choice([0, 3, 30, 900])
                person = {"username": marks[2], "user_id": marks[3]}
                said = message(f"{step}.{n}{marks[0]}", text, room=room, sent_at=float(step), **person)
                batch.append(said)
                alive[room, said.id] = set(marks)
            stored = await store.append(batch)
            said = stored[0].message
            mark = unique(choose)
            answer = reply(mark, said.id, room=said.room, after=said.position, text=f"you said {said.text}")
            await store.commit_reply(answer)
            await store.save_note(said.room, "k", f"said {said.text} {unique(choose)}", [said.id])
            await store.save_room(said.room, summary=Summary(text=f"sum {said.text}", covers=(said.id,)))
            alive[said.room, said.id].add(mark)
            forgotten = await forget_something(store, choose, alive, step)
            for room in forgotten.rooms:
                for message_id in forgotten.message_ids:
                    gone |= alive.pop((room, message_id), set())
            if step % 10 == 0:
                assert left_on_disk(folder, gone) == set()
        assert left_on_disk(folder, gone) == set()
        still = set().union(*alive.values())
        assert left_on_disk(folder, still) == still
    assert len(gone) > 1_000
    assert left_on_disk(folder, gone) == set()


async def forget_something(
    store: Store, choose: random.Random, alive: dict[tuple[str, str], set[str]], step: int
) -> Forgotten:
    room, message_id = choose.choice(list(alive))
    match choose.randint(0, 9):
        case 0:
            return await store.expire(float(step - 20))
        case 1:
            return await store.forget_user(None, next(e.username for e in (await store.history(room, limit=3))[:1]))
        case 2 if step % 7 == 0:
            return await store.clear(room)
        case _:
            return await store.forget_message(room, message_id)


async def test_a_topic_called_by_a_forgotten_word_goes_whoever_began_it(store: Store):
    await store.append([message("a", "the ring"), message("b", "the elden ring"), message("c", "tea")])
    topics = tuple(
        Topic(label=label, weight=0.5, since=1.0, since_id=since, people=2)
        for label, since in (("elden ring", "a"), ("tea", "c"))
    )
    await store.commit_reply(reply("r", "c", after=3, topics=topics))
    await store.forget_message("default", "b")
    (entry,) = [entry for entry in await store.history("default") if entry.id == "r"]
    assert [topic.label for topic in entry.topics] == ["tea"]  # type: ignore[union-attr]
