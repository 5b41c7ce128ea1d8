"""A SQLite file in trouble: damaged, locked, full, taken away, or not ours at all."""

from __future__ import annotations

import asyncio
import random
import shutil
import sqlite3
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from said import message, reply

from llm_service.errors import SettingsError, StoreCorrupt, StoreError
from llm_service.store import open_store
from llm_service.store.database import Driver
from llm_service.store.sqlite import SqliteDatabase, has_wal_reset_bug


@pytest.mark.parametrize(
    ("version", "affected"),
    [
        ((3, 6, 23), False),
        ((3, 7, 0), True),
        ((3, 40, 1), True),
        ((3, 44, 5), True),
        ((3, 44, 6), False),
        ((3, 45, 0), True),
        ((3, 50, 6), True),
        ((3, 50, 7), False),
        ((3, 51, 2), True),
        ((3, 51, 3), False),
        ((3, 53, 4), False),
    ],
)
def test_the_versions_that_have_the_wal_reset_bug(version: tuple[int, ...], affected: bool):
    assert has_wal_reset_bug(version) is affected


async def test_health_says_how_it_commits(sqlite: str):
    async with open_store(sqlite) as store:
        health = store.health()
    assert (health.kind, health.journal_mode, health.ok, health.code) == ("sqlite", "wal", True, None)
    assert health.library_version == sqlite3.sqlite_version


@pytest.mark.parametrize(("synchronous", "level"), [("full", 2), ("normal", 1)])
async def test_a_commit_waits_for_the_disk(sqlite: str, synchronous, level: int):
    database = SqliteDatabase(sqlite, synchronous=synchronous)
    try:
        for pragma, value in {"synchronous": level, "secure_delete": 1, "locking_mode": "exclusive"}.items():
            found = await database.run(lambda driver, name=pragma: driver.pragma(name), write=False)
            assert found == value
    finally:
        await database.close()


@pytest.mark.parametrize("form", ["{}", "sqlite:///{}", "sqlite+aiosqlite:///{}"])
async def test_a_file_can_be_named_as_a_path_or_a_url(sqlite: str, form: str):
    async with open_store(form.format(sqlite)) as store:
        await store.append([message("a")])
    assert Path(sqlite).stat().st_mode & 0o777 == 0o600
    assert [file.name for file in Path(sqlite).parent.iterdir()] == ["room.db"]


async def test_a_database_in_memory_is_gone_when_it_is_closed():
    for _ in range(2):
        async with open_store(":memory:") as store:
            assert await store.rooms() == []
            await store.append([message("a")])
            assert store.health().journal_mode == "memory"


async def test_another_kind_of_database_is_refused():
    with pytest.raises(SettingsError):
        async with open_store("mysql://localhost/chat"):
            pass


# ── Damage ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def chat(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The bytes of a database with some conversation in it."""
    path = tmp_path_factory.mktemp("chat") / "room.db"

    async def talk() -> None:
        async with open_store(path) as store:
            await store.append([message(f"m{n}", f"line {n} " + "x" * 40) for n in range(300)])
            for n in range(0, 300, 5):
                await store.commit_reply(reply(f"r{n}", f"m{n}", after=n + 1))

    asyncio.run(talk())
    return path.read_bytes()


def flipped(octets: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(octets))
    return octets[:at] + bytes([octets[at] ^ (1 << rng.randrange(8))]) + octets[at + 1 :]


def scribbled(octets: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(octets) - 600)
    return octets[:at] + rng.randbytes(600) + octets[at + 600 :]


def truncated(octets: bytes, rng: random.Random) -> bytes:
    return octets[: rng.randrange(1, len(octets))]


@pytest.mark.parametrize("damage", [flipped, scribbled, truncated])
async def test_a_damaged_file_never_stops_the_service_and_is_never_lost(tmp_path: Path, chat: bytes, damage):
    rng = random.Random(4)
    for n in range(15):
        path = tmp_path / str(n) / "room.db"
        path.parent.mkdir()
        damaged = damage(chat, rng)
        path.write_bytes(damaged)
        async with open_store(path) as store:
            health = store.health()
        if health.set_aside:
            assert Path(health.set_aside).read_bytes() == damaged
        await read_and_write(path)
        await read_and_write(path)


async def read_and_write(path: Path) -> None:
    """Only our errors come out, and afterwards it works; but a file that may be another program's is left alone."""
    async with open_store(path) as store:
        for _ in range(2):
            with suppress(StoreError):
                await store.load("default")
                await store.history("default", limit=1_000)
                await store.append([message("new")])
                await store.clear("default")
        health = store.health()
        if health.ok:
            await store.append([message("newer")])
            assert "newer" in {entry.id for entry in await store.history("default")}
        else:
            assert health.code == "storage_unavailable"


async def test_a_file_that_is_no_database_is_set_aside_as_it_was(sqlite: str):
    path = Path(sqlite)
    path.parent.mkdir()
    for n in (1, 2):
        path.unlink(missing_ok=True)
        path.write_bytes(b"not a database" * 1_000)
        async with open_store(path) as store:
            await store.append([message("a")])
            health = store.health()
        assert health.ok
        assert (health.code, health.set_aside) == ("storage_corrupt", f"{path}.damaged-{n}")
        assert Path(f"{path}.damaged-{n}").read_bytes() == b"not a database" * 1_000
    async with open_store(path) as store:
        assert store.health().set_aside == f"{path}.damaged-2"
        assert [entry.id for entry in await store.history("default")] == ["a"]


async def test_damage_that_shows_up_at_work_is_told_once_and_survived(sqlite: str):
    async with open_store(sqlite) as store:
        await store.append([message(f"m{n}", "x" * 1_000) for n in range(3_000)])
    with Path(sqlite).open("r+b") as file:
        file.seek(4096 * 100)
        file.write(random.Random(1).randbytes(4096 * 200))
    async with open_store(sqlite) as store:
        outcomes: list[object] = []
        for _ in range(2):
            try:
                outcomes.append(await store.history("default", limit=5_000))
            except StoreCorrupt as exc:
                outcomes.append(exc)
        await store.append([message("new")])
        assert outcomes[-1] == [] or outcomes == [[], []]
        assert store.health().set_aside


async def test_a_database_of_another_program_is_left_alone(sqlite: str):
    path = Path(sqlite)
    path.parent.mkdir()
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE theirs (x)")
    other.close()
    before = path.read_bytes()
    async with open_store(path) as store:
        health = store.health()
        assert (health.ok, health.code) == (False, "storage_unavailable")
        with pytest.raises(StoreError, match="another program"):
            await store.append([message("a")])
    assert path.read_bytes() == before


# ── Locked, full, read-only, taken away ──────────────────────────────────────────────────────────────────────────


async def test_one_file_has_one_owner(sqlite: str):
    async with open_store(sqlite) as first:
        await first.append([message("a")])
        async with open_store(sqlite) as second:
            assert not second.health().ok
            with pytest.raises(StoreError, match="Another process"):
                await second.append([message("b")])
            await first.append([message("c")])
    async with open_store(sqlite) as third:
        assert [entry.id for entry in await third.history("default")] == ["a", "c"]


async def test_it_works_as_soon_as_the_lock_is_gone(sqlite: str):
    async with open_store(sqlite) as second:
        async with open_store(sqlite):
            pass
        with sqlite3.connect(sqlite) as other:
            await second.append([message("a")])
        other.close()
        assert second.health().ok


async def test_a_full_disk_is_told_until_there_is_space(sqlite: str):
    def fill(driver: Driver) -> None:
        driver.fetch("PRAGMA max_page_count = 60", ())
        driver.fetch("INSERT INTO facts VALUES ('large', ?)", ["x" * 400_000])

    database = SqliteDatabase(sqlite)
    try:
        with pytest.raises(StoreError, match="disk is full") as caught:
            await database.run(fill, write=True)
        health = database.health()
        assert (health.ok, health.code, health.detail) == (False, "storage_unavailable", str(caught.value))
        await database.probe()
        assert database.health().ok
    finally:
        await database.close()


HITS_THE_LIMIT = """
import asyncio, resource, signal, sys
from llm_service.errors import StoreError
from llm_service.store import open_store
from said import message

async def main():
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    async with open_store(sys.argv[1]) as store:
        resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, resource.RLIM_INFINITY))
        for n in range(2_000):
            try:
                await store.append([message(f"m{n}", "x" * 500)])
            except StoreError:
                break
            print(f"m{n}", flush=True)
        assert not store.health().ok
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        await store.append([message("after")])
        assert store.health().ok

asyncio.run(main())
"""


async def test_a_file_that_may_not_grow_loses_nothing_and_recovers(sqlite: str):
    """The operating system refuses the write, as a full disk does."""
    ran = subprocess.run(
        [sys.executable, "-c", HITS_THE_LIMIT, sqlite], capture_output=True, text=True, check=False, env=environment()
    )
    assert ran.returncode == 0, ran.stderr
    acknowledged = ran.stdout.split()
    assert acknowledged
    async with open_store(sqlite) as store:
        assert [e.id for e in await store.history("default", limit=5_000)] == [*acknowledged, "after"]


def environment() -> dict[str, str]:
    """The search path of the tests, for a child of theirs."""
    return {"PYTHONPATH": ":".join(path for path in sys.path if path)}


async def test_a_path_that_cannot_be_opened_is_told_and_tried_again(sqlite: str):
    path = Path(sqlite)
    path.mkdir(parents=True)
    async with open_store(path) as store:
        assert store.health().code == "storage_unavailable"
        with pytest.raises(StoreError):
            await store.load("default")
        path.rmdir()
        await store.append([message("a")])
        assert store.health().ok


async def test_nothing_is_written_to_a_file_that_was_taken_away(sqlite: str):
    async with open_store(sqlite) as store:
        await store.append([message("a")])
        shutil.rmtree(Path(sqlite).parent)
        await store.append([message("b")])
    async with open_store(sqlite) as store:
        assert [entry.id for entry in await store.history("default")] == ["b"]


async def test_the_write_ahead_log_is_empty_after_forgetting(sqlite: str):
    async with open_store(sqlite) as store:
        await store.append([message("a")])
        assert Path(sqlite + "-wal").stat().st_size > 0
        await store.forget_message("default", "a")
        assert Path(sqlite + "-wal").stat().st_size == 0
