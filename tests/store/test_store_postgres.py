"""PostgreSQL in trouble, and shared by several stores."""

from __future__ import annotations

import asyncio
import socket

import pytest
from proxy import proxy_to
from said import message, reply

from llm_service.errors import InvalidMessage, StoreError
from llm_service.store import open_store
from llm_service.types import Message, Reply


async def test_health_says_which_server(postgres: str):
    async with open_store(postgres) as store:
        health = store.health()
    assert (health.kind, health.ok, health.code, health.journal_mode) == ("postgresql", True, None, "server")
    assert int(health.library_version.split(".")[0]) >= 12


async def test_normal_durability_is_the_servers_asynchronous_commit(postgres: str):
    async with open_store(postgres, synchronous="normal") as store:
        await store.append([message("a")])
    async with open_store(postgres) as store:
        assert [entry.id for entry in await store.history("default")] == ["a"]


async def test_what_the_server_cannot_hold_is_refused(postgres: str):
    async with open_store(postgres) as store:
        with pytest.raises(InvalidMessage):
            await store.append([message("a", "a NUL \0 in it")])
        assert store.health().ok


async def test_a_password_that_is_wrong_is_told(postgres: str):
    async with open_store(postgres.replace("postgres@", "nobody_of_this_name:wrong@")) as store:
        health = store.health()
    assert (health.ok, health.code) == (False, "storage_unavailable")
    assert "nobody" not in str(health.detail)


async def test_a_server_that_is_down_at_the_start_is_used_when_it_is_up(postgres: str):
    async with proxy_to(postgres) as proxy:
        await proxy.down()
        async with open_store(proxy.url) as store:
            assert store.health().code == "storage_unavailable"
            with pytest.raises(StoreError):
                await store.append([message("a")])
            with pytest.raises(StoreError):
                await store.load("default")
            await proxy.up()
            await store.append([message("b")])
            assert store.health().ok
            assert [entry.id for entry in await store.history("default")] == ["b"]


async def test_a_server_that_goes_away_loses_nothing_acknowledged(postgres: str):
    acknowledged: set[str] = set()
    async with proxy_to(postgres) as proxy, open_store(proxy.url) as store:

        async def talk(name: str) -> None:
            for n in range(60):
                try:
                    await store.append([message(f"{name}.{n}")])
                except StoreError:
                    await asyncio.sleep(0.02)
                else:
                    acknowledged.add(f"{name}.{n}")

        async def break_it() -> None:
            for _ in range(3):
                await asyncio.sleep(0.15)
                proxy.cut()
                await asyncio.sleep(0.1)
                await proxy.down()
                await asyncio.sleep(0.1)
                await proxy.up()

        await asyncio.gather(break_it(), *(talk(f"v{n}") for n in range(4)))
        await store.append([message("last")])
        stored = {entry.id for entry in await store.history("default", limit=1_000)}
        assert acknowledged | {"last"} <= stored
        assert store.health().ok


async def test_a_storm_of_cancellations_never_mixes_up_answers(postgres: str):
    """What a cancelled reader left unread on its connection must not be the next one's answer."""
    async with proxy_to(postgres) as proxy, open_store(proxy.url) as store:
        for n in range(8):
            await store.append([message(f"{n}.{each}", room=f"room{n}") for each in range(3)])
        proxy.delay = 0.002

        async def read(n: int) -> None:
            record = await store.load(f"room{n % 8}")
            assert record
            assert [entry.id for entry in record.entries] == [f"{n % 8}.{each}" for each in range(3)]

        for _ in range(10):
            readers = [asyncio.create_task(read(n)) for n in range(30)]
            for n, reader in enumerate(readers):
                await asyncio.sleep(0.001)
                if n % 2:
                    reader.cancel()
            outcomes = await asyncio.gather(*readers, return_exceptions=True)
            assert all(outcome is None or isinstance(outcome, asyncio.CancelledError) for outcome in outcomes)
        proxy.delay = 0.0
        await asyncio.gather(*(read(n) for n in range(30)))


async def test_two_stores_on_one_database_keep_order_and_pairs(postgres: str):
    async with open_store(postgres) as one, open_store(postgres) as two:

        async def ask(store, name: str) -> None:
            for n in range(20):
                room = f"room{n % 3}"
                [asked] = await store.append([message(f"{name}.{n}", room=room)])
                answer = reply(f"re:{name}.{n}", f"{name}.{n}", room=room, after=asked.message.position)
                await store.commit_reply(answer)

        await asyncio.gather(*(ask(store, f"{n}{v}") for v in "abc" for n, store in enumerate((one, two))))
        for n in range(3):
            entries = await one.history(f"room{n}", limit=1_000)
            assert entries == await two.history(f"room{n}", limit=1_000)
            asked = [entry for entry in entries if isinstance(entry, Message)]
            assert [m.position for m in asked] == list(range(1, len(asked) + 1))
            for first, then in zip(entries[::2], entries[1::2], strict=True):
                assert isinstance(then, Reply)
                assert then.answers == (first.id,)


async def test_one_id_sent_to_two_stores_at_once_is_stored_once(postgres: str):
    async with open_store(postgres) as one, open_store(postgres) as two:
        for n in range(20):
            [first], [second] = await asyncio.gather(one.append([message(f"m{n}")]), two.append([message(f"m{n}")]))
            assert first.message == second.message
            assert {first.known, second.known} == {True, False}


async def test_lists_that_share_ids_sent_to_two_stores_at_once_are_stored_once(postgres: str):
    async with open_store(postgres) as one, open_store(postgres) as two:
        for n in range(20):
            shared = [message(f"{n}.{each}") for each in range(3)]
            told = await asyncio.gather(
                one.append([message(f"one{n}"), *shared]),
                *(two.append([each]) for each in shared),
                two.append([*reversed(shared), message(f"two{n}")]),
            )
            fresh = [stored.message.id for part in told for stored in part if not stored.known]
            assert sorted(fresh) == sorted([f"one{n}", f"two{n}", *(each.id for each in shared)])
        stored = await one.history("default", limit=1_000)
        assert [entry.position for entry in stored if isinstance(entry, Message)] == list(range(1, 101))


async def test_one_reply_committed_in_two_stores_at_once_is_stored_once(postgres: str):
    async with open_store(postgres) as one, open_store(postgres) as two:
        for n in range(20):
            await one.append([message(f"m{n}")])
            said = [reply(f"r{n}", f"m{n}", after=n + 1, text=text) for text in ("this", "that")]
            first, second = await asyncio.gather(one.commit_reply(said[0]), two.commit_reply(said[1]))
            assert first == second
            assert first in said
        record = await one.load("default")
        assert record
        assert record.replies == 20


async def test_a_reply_never_outlives_its_question(postgres: str):
    """Whoever comes second waits for the room, and then sees what the first one did."""
    async with open_store(postgres) as one, open_store(postgres) as two:
        for n in range(40):
            await one.append([message(f"m{n}")])
            pair = (two.forget_message("default", f"m{n}"), one.commit_reply(reply(f"r{n}", f"m{n}", after=n + 1)))
            await asyncio.gather(*(pair if n % 2 else reversed(pair)), return_exceptions=True)
        assert await one.history("default") == []


async def test_a_port_where_nobody_answers_does_not_hang_forever(postgres: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("llm_service.store.postgres.CONNECT_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        async with open_store(f"postgresql://postgres@127.0.0.1:{port}/test") as store:
            assert not store.health().ok
