"""schemathesis against a running service: makes requests of the OpenAPI document, and judges the answers by it."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Fuzzed:
    """What came of it."""

    clean: bool
    cases: int
    report: str


async def fuzz(url: str, *arguments: str, cases_each: int, seed: int, directory: Path) -> Fuzzed:
    """Send the service at ``url`` about so many cases for each of its operations, and check everything about them."""
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("schemathesis")),
        f"--config-file={ROOT / 'schemathesis.toml'}",
        "run",
        f"{url}/openapi.json",
        "--checks=all",
        f"--max-examples={cases_each}",
        f"--seed={seed}",
        "--generation-database=none",
        "--no-color",
        *arguments,
        cwd=directory,
        env=os.environ | {"PYTHONWARNINGS": "ignore"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    report = output.decode()
    found = re.search(r"([\d,]+) generated", report)
    return Fuzzed(process.returncode == 0, int(found[1].replace(",", "")) if found else 0, report)
