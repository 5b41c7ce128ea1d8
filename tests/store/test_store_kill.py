"""The kill test, smaller than ``python benchmarks/kill.py``: the same program, on both databases."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

KILL = Path(__file__).parents[2] / "benchmarks" / "kill.py"


@pytest.mark.parametrize("processes", [1, 2])
def test_kill_nine_loses_nothing_on_postgres(postgres: str, processes: int):
    kill(postgres, kills=8, processes=processes)


def test_kill_nine_loses_nothing_on_sqlite(sqlite: str):
    kill(sqlite, kills=15, processes=1)


def kill(database: str, *, kills: int, processes: int) -> None:
    command = [sys.executable, KILL, "--kills", str(kills), "--database", database, "--processes", str(processes)]
    ran = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": ":".join(path for path in sys.path if path)},
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
