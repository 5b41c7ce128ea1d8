"""Logs: one line an event, and nothing in it that could forge another."""

import json
import subprocess
import sys

import pytest
import structlog

from llm_service.logs import configure


@pytest.fixture(autouse=True)
def _fresh():
    yield
    structlog.reset_defaults()


def test_json_lines_carry_fields_and_the_request_id(capsys):
    configure("info", "json")
    with structlog.contextvars.bound_contextvars(request_id="r1"):
        structlog.get_logger("x").info("turn", room="default", tokens=3)
    line = json.loads(capsys.readouterr().err)
    assert (line["event"], line["room"], line["tokens"], line["request_id"]) == ("turn", "default", 3, "r1")


@pytest.mark.parametrize("form", ["json", "text"])
def test_control_characters_cannot_forge_a_line(capsys, form):
    configure("info", form)
    structlog.get_logger("x").info("turn", name="eve\n2026 [info] root logged in\x1b[2J\u2028\u202e")
    written = capsys.readouterr().err
    assert written.count("\n") == 1
    assert not {"\x1b[2J", "\u2028", "\u202e"} & set(written)
    assert "\x1b[2J" not in written


def test_what_is_below_the_level_is_not_written(capsys):
    configure("warning", "text")
    structlog.get_logger("x").info("quiet")
    assert capsys.readouterr().err == ""


def test_a_library_is_silent_on_standard_output():
    program = "from llm_service import errors\nimport structlog\nstructlog.get_logger('llm_service').info('hello')\n"
    ran = subprocess.run(
        [sys.executable, "-c", program], env={"PYTHONPATH": "src"}, capture_output=True, text=True, check=True
    )
    assert (ran.stdout, ran.stderr) == ("", "")
