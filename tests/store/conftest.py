"""Both databases, real ones: every test that asks for ``store`` or ``url`` runs on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from postgres_server import postgres_url, run_sql
from said import NOW

from llm_service.store import Store, open_store


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The URL of a PostgreSQL server."""
    with postgres_url() as url:
        if url is None:
            pytest.skip("no PostgreSQL: neither LLM_SERVICE_TEST_POSTGRES nor a local server nor its programs")
        yield url


@pytest.fixture
def postgres(server: str) -> Iterator[str]:
    """The URL of an empty schema of its own, dropped afterwards."""
    schema = f"store_{uuid4().hex}"
    run_sql(server, f"CREATE SCHEMA {schema}")
    yield f"{server}?search_path={schema}"
    run_sql(server, f"DROP SCHEMA {schema} CASCADE")


@pytest.fixture
def sqlite(tmp_path: Path) -> str:
    """The path of a file that is not there yet, in a directory that is not there either."""
    return str(tmp_path / "data" / "room.db")


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest) -> str:
    """An empty database of each kind."""
    return str(request.getfixturevalue(request.param))


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    """An open store on each kind of database."""
    async with open_store(url, clock=lambda: NOW) as opened:
        yield opened
