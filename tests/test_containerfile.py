"""The image, as far as it can be looked at without building it: what it copies, pins, starts and asks of itself."""

import asyncio
import json
import os
import re
import sys
import tomllib
from pathlib import Path

import pytest

from llm_service.settings import Settings
from running_service import running_service

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def instructions(name):
    """The arguments of the instructions of this name, in order; continued lines are one."""
    text = (ROOT / "Containerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    return [line.partition(" ")[2].strip() for line in text.splitlines() if line.startswith(f"{name} ")]


def environment():
    return dict(pair.split("=", 1) for pair in instructions("ENV")[-1].split())


def test_what_is_copied_is_there_and_is_all_that_the_package_needs():
    copied = [one.split()[:-1] for one in instructions("COPY") if not one.startswith("--from")]
    names = {name for names in copied for name in names}
    assert all((ROOT / name).exists() for name in names)
    assert {"requirements.txt", "pyproject.toml", "src", PROJECT["readme"], *PROJECT["license-files"]} <= names


def test_both_stages_are_of_one_python_that_the_project_runs_on():
    images = {one.split()[0] for one in instructions("FROM")}
    [version] = [re.search(r"python:(\d+)\.(\d+)", image) for image in images]
    least = re.fullmatch(r">=(\d+)\.(\d+)", PROJECT["requires-python"])
    assert tuple(map(int, version.groups())) >= tuple(map(int, least.groups()))


def test_every_dependency_is_pinned_with_its_hash():
    assert any("--require-hashes -r /build/requirements.txt" in one for one in instructions("RUN"))
    assert any("--no-deps /build" in one for one in instructions("RUN"))
    entries = re.split(r"\n(?=\S)", (ROOT / "requirements.txt").read_text(encoding="utf-8").strip())
    pinned = {re.match(r"([\w.-]+)==\S+", entry)[1].lower() for entry in entries if not entry.startswith("#")}
    assert all("--hash=sha256:" in entry for entry in entries if not entry.startswith("#"))
    wanted = {re.match(r"[\w.-]+", one)[0].lower() for one in PROJECT["dependencies"]}
    assert wanted <= pinned


def test_it_runs_as_nobody_in_particular_and_keeps_its_data_in_the_volume():
    [user], [volume] = instructions("USER"), instructions("VOLUME")
    assert user != "root"
    assert any(f"useradd --system --home-dir {volume} {user}" in one for one in instructions("RUN"))
    assert environment()["LLM_SERVICE_DATA_DIR"] == volume
    for name in environment():
        assert name == "PATH" or name.removeprefix("LLM_SERVICE_").lower() in Settings.model_fields


def test_it_starts_the_command_of_the_package():
    [program], [command] = (json.loads(instructions(name)[0]) for name in ("ENTRYPOINT", "CMD"))
    assert program in PROJECT["scripts"]
    assert command == "serve"
    assert environment()["LLM_SERVICE_PORT"] == instructions("EXPOSE")[0]


async def healthy(port):
    """The exit code of the health check, in an environment like the image's, where ``python`` is the service's own."""
    program, *arguments = json.loads(instructions("HEALTHCHECK")[0].partition("CMD ")[2])
    assert program == "python"
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *arguments,
        env={**os.environ, "LLM_SERVICE_PORT": str(port)},
        stderr=asyncio.subprocess.DEVNULL,
    )
    return await process.wait()


@pytest.mark.parametrize("alive", [True, False])
async def test_the_health_check_tells_whether_it_is_alive(alive, tmp_path, unused_tcp_port):
    nothing = Settings(base_url="http://127.0.0.1:9/v1", builtin=False, data_dir=tmp_path)
    async with running_service(nothing) as bot:
        port = int(bot.url.rpartition(":")[2]) if alive else unused_tcp_port
        assert await healthy(port) == (0 if alive else 1)
