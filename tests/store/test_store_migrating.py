"""A database is brought to the tables of today when it is opened."""

from __future__ import annotations

import asyncio
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import asyncpg
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from said import message
from sqlalchemy import create_engine

from llm_service import store as package
from llm_service.store import open_store
from llm_service.store.fingerprints import fingerprint
from llm_service.store.migrating import migrate, revision, upgrade
from llm_service.store.schema import REVISION, REVISION_TABLE, metadata

OURS = {"version_table": REVISION_TABLE}


def made_by(make) -> dict[str, str]:
    """What an empty database has in it then, as SQLite would make it again."""
    with create_engine("sqlite://").connect() as connection:
        make(connection)
        assert compare_metadata(MigrationContext.configure(connection, opts=OURS), metadata) == []
        assert revision(connection) == REVISION
        migrate(connection)
        found = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master")
        return {name: re.sub(r"\s+", " ", sql or "") for name, sql in found}


def test_the_migrations_lead_to_the_tables_of_the_schema():
    assert made_by(upgrade) == made_by(migrate)


def test_the_newest_migration_is_the_one_that_the_schema_names():
    config = Config()
    config.set_main_option("script_location", str(Path(package.__file__).parent / "migrations"))
    assert ScriptDirectory.from_config(config).get_current_head() == REVISION


async def change(url: str, *statements: str) -> None:
    """Run some SQL past the store."""
    script = ";".join(statements)
    if "://" in url:
        connection = await asyncpg.connect(url)
        await connection.execute(script)
        await connection.close()
        return
    with sqlite3.connect(url) as file:
        file.executescript(script)
    file.close()


# ── Older databases ──

FIRST_VERSION = (
    "DELETE FROM llm_service_revision",
    "INSERT INTO llm_service_revision VALUES ('1')",
    "DROP TABLE word_places",
    "CREATE TABLE postings (room_id BIGINT NOT NULL, block BIGINT NOT NULL, term_print BIGINT NOT NULL,"
    " position BIGINT NOT NULL, PRIMARY KEY (room_id, block, term_print, position))",
)


async def test_the_words_of_a_database_of_the_first_version_are_found_and_forgotten(url: str):
    said = [message(f"m{n}", f"cat number{n % 5}", username=f"u{n % 2}") for n in range(1, 5_001)]
    async with open_store(url) as store:
        await store.append(said)
        await store.append([message("elsewhere", "cat", room="other")])
        packed = await store.search("default", ["cat", "number3"], limit=300)
    texts = [(1, n, one.text) for n, one in enumerate(said, 1)] + [(2, 1, "cat")]
    values = (f"({room}, {n // 4096}, {fingerprint(word)}, {n})" for room, n, text in texts for word in text.split())
    await change(url, *FIRST_VERSION, f"INSERT INTO postings VALUES {', '.join(values)}")
    async with open_store(url) as store:
        assert store.health().ok
        assert await store.search("default", ["cat", "number3"], limit=300) == packed
        assert [m.id for m, _ in await store.search("other", ["cat"])] == ["elsewhere"]
        await store.forget_user("default", "u1")
        assert all(int(m.id[1:]) % 2 == 0 for m, _ in await store.search("default", ["number3"], limit=10_000))
        stored = await store.append([message("new", "cat")])
        assert (await store.search("default", ["cat"], limit=1))[0][0] == stored[0].message


def test_the_newest_migration_can_be_taken_back():
    with create_engine("sqlite://").connect() as connection:
        upgrade(connection)
        connection.exec_driver_sql(f"INSERT INTO word_places VALUES (1, 1, 7, 16, '{chr(0x4000)}{chr(0x4001)}')")
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(Path(package.__file__).parent / "migrations"))
        command.downgrade(config, "1")
        assert list(connection.exec_driver_sql("SELECT * FROM postings")) == [(1, 4, 7, 16_384), (1, 4, 7, 16_385)]


# ── Newer ones ──


async def test_a_database_of_a_newer_version_is_left_alone(url: str):
    async with open_store(url) as store:
        await store.append([message("a")])
    await change(url, "UPDATE llm_service_revision SET version_num = 'from-the-future'")
    async with open_store(url) as store:
        health = store.health()
        assert (health.ok, health.code) == (False, "storage_unavailable")
        assert "newer version" in str(health.detail)


async def test_starters_at_the_same_time_do_not_meet(postgres: str):
    async def start(n: int) -> None:
        async with open_store(postgres) as store:
            await store.append([message(f"m{n}")])

    await asyncio.gather(*(start(n) for n in range(5)))
    async with open_store(postgres) as store:
        assert sorted(entry.position for entry in await store.history("default")) == [1, 2, 3, 4, 5]


async def test_alembic_is_not_imported_where_there_is_nothing_to_migrate(sqlite: str):
    code = (
        "import asyncio, sys; from llm_service.store import open_store\n"
        "async def main():\n"
        "    async with open_store(sys.argv[1]) as store: assert store.health().ok\n"
        "asyncio.run(main()); assert not {'alembic', 'asyncpg'} & set(sys.modules)"
    )
    environment = {"PYTHONPATH": ":".join(path for path in sys.path if path)}
    for _ in ("an empty database", "one with all tables"):
        subprocess.run([sys.executable, "-c", code, sqlite], check=True, env=environment)
