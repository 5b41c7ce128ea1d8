"""A real PostgreSQL for the tests: the one that runs, or else one started from the installed programs."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg

URL = os.environ.get("LLM_SERVICE_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/test")


def run_sql(url: str, *statements: str) -> None:
    """Run some SQL on a connection of its own."""

    async def run() -> None:
        connection = await asyncpg.connect(url, timeout=5)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    asyncio.run(run())


def answers(url: str) -> bool:
    """Whether a server is there."""
    try:
        run_sql(url, "SELECT 1")
    except (OSError, asyncpg.PostgresError):
        return False
    return True


@contextmanager
def postgres_url() -> Iterator[str | None]:
    """The URL of a server that is there while this is open; None where there is neither a server nor its programs."""
    if answers(URL):
        yield URL
        return
    programs = _programs()
    if programs is None:
        yield None
        return
    with _own_server(programs) as url:
        yield url


def _programs() -> Path | None:
    beside = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    found = shutil.which("initdb") or (beside and str(beside[-1]))
    return Path(found).resolve().parent if found else None


@contextmanager
def _own_server(programs: Path) -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="llm-service-postgres-") as folder:
        user = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}
        if user:
            shutil.chown(folder, **user)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        data = str(Path(folder, "data"))
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder}"
        _run(user, programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8")
        _run(user, programs / "pg_ctl", "-D", data, "-o", options, "-l", f"{folder}/log", "-w", "start")
        try:
            yield f"postgresql://postgres@127.0.0.1:{port}/postgres"
        finally:
            _run(user, programs / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")


def _run(user: dict[str, str], *command: str | Path) -> None:
    only_user = {"user": user["user"]} if user else {}
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd="/", **only_user)
