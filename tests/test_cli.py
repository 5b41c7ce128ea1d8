"""The command line, as a person types it."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import aiohttp
import click
import pytest
from click.testing import CliRunner

from llm_service.cli import main
from llm_service.cli.doctor import judge
from llm_service.settings import Settings
from llm_service.types import EngineKind, ModelInfo
from scripted_lm_studio import ScriptedLMStudio, ScriptedModel


def run(*arguments, **environment):
    return CliRunner().invoke(main, arguments, env={"LLM_SERVICE_CONFIG": "", **environment}, catch_exceptions=False)


async def command(*arguments, tmp_path, typed: str = ""):
    """Run the real command in a process of its own; returns exit code and output."""
    environment = {**os.environ, "XDG_DATA_HOME": str(tmp_path), "PYTHONPATH": "src"}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "llm_service",
        *arguments,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=environment,
        cwd=Path(__file__).parent.parent,
    )
    output, _ = await process.communicate(typed.encode())
    return process.returncode, output.decode()


def test_help_names_every_command_and_every_command_has_help():
    text = run("--help").output
    names = main.list_commands(click.Context(main))
    assert {"serve", "chat", "ask", "doctor", "config", "export", "import", "replay", "pause", "models"} < set(names)
    for name in names:
        assert re.search(rf"^  {name}\b", text, re.MULTILINE), name
        assert run(name, "--help").output.startswith(f"Usage: main {name} ")


def test_a_command_that_does_not_exist_is_said_so():
    assert "No such command 'nonsense'" in run("nonsense").output


@pytest.mark.parametrize(
    ("module", "unused"),
    [
        ("llm_service.cli", {"aiohttp", "fastapi", "pydantic", "uvicorn", "sqlalchemy"}),
        ("llm_service.cli.control", {"fastapi", "uvicorn", "sqlalchemy", "llm_service.service"}),
        ("llm_service.cli.serve", {"prometheus_client", "redis", "limits", "alembic", "asyncpg", "xllamacpp"}),
        ("llm_service.cli.models", {"fastapi", "uvicorn", "sqlalchemy", "llm_service.service"}),
    ],
)
def test_a_command_imports_what_it_uses(module, unused):
    code = f"import sys, {module}; print(*sys.modules)"
    imported = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    assert not unused & set(imported)


def test_config_says_where_each_value_came_from():
    shown = json.loads(run("config", "--json", "--port", "9", LLM_SERVICE_DEADLINE="7").output)
    assert shown["port"] == {"value": "9", "source": "flag"}
    assert shown["deadline"] == {"value": "7.0", "source": "environment"}
    assert shown["host"] == {"value": "127.0.0.1", "source": "default"}
    assert set(shown) == set(Settings.model_fields)


def test_config_hides_secrets():
    assert "sk-lm" not in run("config", "--json", LLM_SERVICE_API_KEY="sk-lm-abc").output
    assert "hunter2hunter2hunter2" not in run("config", "--api-keys", "me:admin:hunter2hunter2hunter2").output


def test_a_wrong_setting_is_one_clear_sentence():
    result = run("serve", "--port", "eighty")
    assert result.exit_code == 1
    assert "Setting 'port' (flag)" in result.output
    assert "Traceback" not in result.output


def test_another_address_without_keys_is_refused():
    result = run("serve", "--host", "0.0.0.0")
    assert result.exit_code == 1
    assert "key" in result.output


async def test_ask_prints_the_answer_and_stores_nothing(tmp_path):
    async with ScriptedLMStudio() as lm:
        lm.reply("Forty-two.")
        code, output = await command(
            "ask", "What is the answer?", "--engine", "lmstudio", "--base-url", lm.base_url, tmp_path=tmp_path
        )
    assert (code, output) == (0, "Forty-two.\n")
    assert not list(tmp_path.rglob("*.db"))


async def test_chat_goes_on_where_it_was(tmp_path):
    async with ScriptedLMStudio() as lm:
        options = ("--engine", "lmstudio", "--base-url", lm.base_url, "--username", "ann")
        code, output = await command("chat", *options, tmp_path=tmp_path, typed="hello\n/quit\n")
        assert code == 0
        assert "Hello there, nice to see you!" in output
        await command("chat", *options, tmp_path=tmp_path, typed="again\n")
        assert [message["content"] for message in lm.requests[-1]["messages"][1:]] == [
            "ann: hello",
            "Hello there, nice to see you!",
            "ann: again",
        ]


async def test_doctor_says_what_it_found(tmp_path):
    async with ScriptedLMStudio() as lm:
        code, output = await command("doctor", "--engine", "lmstudio", "--base-url", lm.base_url, tmp_path=tmp_path)
    assert code == 0
    assert "is LM Studio" in output
    assert "4096" in output
    assert "scripted-model" in output


async def test_doctor_fails_where_nothing_answers(tmp_path):
    code, output = await command("doctor", "--base-url", "http://127.0.0.1:9/v1", "--no-builtin", tmp_path=tmp_path)
    assert code == 1
    assert "lms server start" in output


@pytest.mark.parametrize(
    ("models", "words"),
    [
        ([], "load one"),
        ([ModelInfo(id="a", engine=EngineKind.LM_STUDIO, loaded=False)], "No model is loaded"),
        ([ModelInfo(id="a", engine=EngineKind.LM_STUDIO, loaded=True, context_length=4096)], "4096 tokens"),
        ([ModelInfo(id=name, engine=EngineKind.LM_STUDIO, loaded=True) for name in "ab"], "choose one"),
    ],
)
def test_doctor_judges(models, words):
    assert any(words in finding.text for finding in judge(Settings(), models))


def test_doctor_misses_the_model_that_was_asked_for():
    models = [ModelInfo(id="a", engine=EngineKind.OLLAMA, loaded=True)]
    assert any("'b' is not among" in finding.text for finding in judge(Settings(model="b"), models))


async def start(*arguments, tmp_path):
    """``llm-service serve`` as a process, once it answers; returns it and its URL."""
    environment = {**os.environ, "XDG_DATA_HOME": str(tmp_path), "PYTHONPATH": "src"}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "llm_service", "serve", "--port", "0", "--log-format", "text", *arguments,
        stderr=subprocess.PIPE, env=environment, cwd=Path(__file__).parent.parent,
    )  # fmt: skip
    assert process.stderr is not None
    async with asyncio.timeout(30):
        while line := (await process.stderr.readline()).decode():
            if found := re.search(r"http://127\.0\.0\.1:\d+", line):
                return process, found[0]
    raise AssertionError("it did not start")


async def test_the_first_signal_lets_running_turns_finish(tmp_path):
    async with ScriptedLMStudio(models=[ScriptedModel(instances=["m"])]) as lm, aiohttp.ClientSession() as http:
        options = ("--engine", "lmstudio", "--base-url", lm.base_url)
        process, url = await start(*options, tmp_path=tmp_path)
        lm.reply("One. Two. Three.", delay=0.3)
        body = {"username": "a", "message": "hi", "emotes": []}
        running = asyncio.ensure_future(http.post(f"{url}/chat", json=body))
        await asyncio.sleep(0.4)
        process.send_signal(signal.SIGTERM)
        await asyncio.sleep(0.1)
        async with http.get(f"{url}/health") as health:
            assert (health.status, (await health.json())["code"]) == (503, "shutting_down")
        async with http.post(f"{url}/chat", json=body) as refused:
            assert (refused.status, (await refused.json())["code"]) == (503, "shutting_down")
            assert refused.headers["Retry-After"]
        assert (await (await running).json())["response"] == "One. Two. Three."
        assert await process.wait() == 0


async def test_the_second_signal_ends_at_once(tmp_path):
    async with ScriptedLMStudio() as lm, aiohttp.ClientSession() as http:
        process, url = await start("--engine", "lmstudio", "--base-url", lm.base_url, tmp_path=tmp_path)
        lm.hang()
        body = {"username": "a", "message": "hi", "emotes": []}
        running = asyncio.ensure_future(http.post(f"{url}/chat", json=body))
        await asyncio.sleep(0.4)
        process.send_signal(signal.SIGTERM)
        await asyncio.sleep(0.2)
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(5):
            assert await process.wait() == 0
        await asyncio.gather(running, return_exceptions=True)


async def test_a_room_moves_house(tmp_path):
    async with ScriptedLMStudio() as lm:
        options = ("--engine", "lmstudio", "--base-url", lm.base_url)
        await command("chat", *options, "--username", "ann", tmp_path=tmp_path, typed="hello\n/quit\n")
    file = tmp_path / "room.jsonl"
    code, output = await command("export", str(file), tmp_path=tmp_path)
    assert code == 0, output
    assert "hello" in file.read_text()
    code, output = await command("import", str(file), "--room", "new", tmp_path=tmp_path / "elsewhere")
    assert (code, "1 message" in output) == (0, True), output
