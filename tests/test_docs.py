"""The pages say what is so: they name everything there is, and every command and example in them runs."""

import ast
import asyncio
import importlib
import importlib.util
import inspect
import json
import os
import pkgutil
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

import llm_service
from forked_command import forked_command
from llm_service.api import create_app, problems
from llm_service.api.routes import dependencies
from llm_service.cli import main as command_line
from llm_service.dialogue_manager.events import Kind
from llm_service.errors import LLMServiceError
from llm_service.settings import Settings
from llm_service.turn_taking.policy import knobs
from service_in_thread import service_in_thread

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = {path.name: path.read_text(encoding="utf-8") for path in sorted([ROOT / "README.md", *DOCS.glob("*.md")])}
EXAMPLES = {path.read_text(encoding="utf-8") for path in (ROOT / "examples").glob("*.py")}
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.DOTALL | re.MULTILINE)

OUTSIDE = {
    "lms": "LM Studio's own program",
    "make": "sets an environment up, which takes minutes",
    "git": "fetches from elsewhere",
    "podman": "fetches a base image",
    "systemctl": "changes the machine",
    "loginctl": "changes the machine",
    "pg_dump": "needs the reader's PostgreSQL",
}
"""Commands that the tests do not run, and why. Everything around them runs."""

ELSEWHERE = re.compile(r"postgresql://\S+|redis://\S+|localhost:8080|--model \S+\.gguf")
"""What a reader has and the tests have not: commands that name it are taken as read."""


def blocks(page, *languages):
    """The code on a page in one of these languages, in order."""
    return [code for language, code in BLOCK.findall(PAGES[page]) if language in languages]


def shell(page):
    """What is to be typed into a terminal: ``sh`` as it stands, of ``console`` the lines behind a ``$``."""
    for language, code in BLOCK.findall(PAGES[page]):
        if language == "sh":
            yield code
        elif language == "console":
            yield "\n".join(line[2:] for line in code.splitlines() if line.startswith("$ "))


def pages_with(*languages):
    return [page for page in PAGES if blocks(page, *languages)]


def rows(page):
    """The rows of all tables on a page, as lists of cells."""
    lines = [line for line in PAGES[page].splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


# ── nothing is missing ───────────────────────────────────────────────────────────────────────────────────────────────


def reference():
    spec = importlib.util.spec_from_file_location("reference", DOCS / "reference.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_made_parts_are_up_to_date():
    made = reference().made
    behind = [page for page, text in PAGES.items() if made(text) != text]
    assert not behind, f"run: python docs/reference.py ({behind})"


def test_every_made_part_stands_on_a_page():
    parts = {name for text in PAGES.values() for name in re.findall(r"<!-- made: (\S+) -->", text)}
    assert parts == set(reference().PARTS)


def test_every_endpoint_is_on_the_page_about_the_api():
    for path, methods in create_app(Settings()).openapi()["paths"].items():
        if not path.startswith("/rooms/"):
            for method in methods:
                assert f"### `{method.upper()} {path}`" in PAGES["api.md"]


def test_every_setting_has_a_row():
    assert [row[0] for row in rows("settings.md")] == [f"`{name}`" for name in Settings.model_fields]


def test_every_knob_has_a_row():
    assert {f"`{knob.name}`" for knob in knobs()} <= {row[0] for row in rows("turn-taking.md")}


def test_every_command_has_a_heading_and_an_example():
    run = "\n".join(command for page in PAGES for code in shell(page) for command in commands(code))
    for name, _ in reference().leaves(command_line):
        assert f"\n## {name}\n" in PAGES["cli.md"]
        assert f"llm-service {name}" in run, name


def test_every_event_has_a_row():
    assert {f"`{kind}`" for kind in (*get_args(Kind), "done", "error")} == {row[0] for row in rows("events.md")}


def family(cls):
    return [cls, *(one for child in cls.__subclasses__() for one in family(child))]


def codes_of_classes():
    """Code and status of every error of ours that can become an answer."""
    for found in pkgutil.walk_packages(llm_service.__path__, "llm_service."):
        if not re.search(r"__main__|\.migrations\.|\.cli", found.name):
            importlib.import_module(found.name)
    of_the_service = [cls for cls in family(LLMServiceError) if not cls.__module__.startswith("llm_service.cli")]
    return {(cls.code, problems.status_of(cls())) for cls in of_the_service}


def codes_of_the_edge():
    """Code and status of everything that the API refuses by itself, read from its source."""
    for path in Path(inspect.getfile(dependencies)).parents[1].rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and len(call.args) >= 3 and isinstance(call.args[1], ast.Constant):
                name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
                if name in {"Refusal", "problem", "_refuse", "refuse"}:
                    for status in statuses(call.args[0]):
                        yield call.args[1].value, status


def statuses(node):
    """The numbers that an expression can be: ``400``, ``400 if preflight else 403``, a constant of the module."""
    numbers = [one.value for one in ast.walk(node) if isinstance(one, ast.Constant) and isinstance(one.value, int)]
    return numbers or [408]


def test_every_error_code_has_a_row_with_its_statuses():
    known = codes_of_classes() | set(codes_of_the_edge()) | {(code, status) for status, code in problems._CODES.items()}
    table = {row[0].strip("`"): set(map(int, re.findall(r"\d{3}", row[1]))) for row in rows("errors.md")}
    wanted = {}
    for code, status in known:
        wanted.setdefault(code, set()).add(status)
    assert table == wanted | {"http_error": set()}


def test_every_status_is_explained():
    for status in {status for status in dependencies._DESCRIPTIONS if status >= 400}:
        assert any(str(status) in row[1] for row in rows("errors.md")), status


# ── what is there is right ───────────────────────────────────────────────────────────────────────────────────────────


def test_the_site_builds_without_warnings(tmp_path):
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", tmp_path],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    assert built.returncode == 0, built.stderr


@pytest.mark.parametrize("page", PAGES)
def test_tables_are_whole(page):
    text = re.sub(r"^```.*?^```", "", PAGES[page], flags=re.DOTALL | re.MULTILINE)
    for table in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        head, line, *rest = [*table.splitlines(), ""]
        assert re.fullmatch(r"\|(-+:?\|)+", line), f"a table without a head: {head}"
        wide = {len(re.findall(r"(?<!\\)\|", row)) for row in (head, line, *rest) if row}
        assert len(wide) == 1, f"rows of different width: {head}"


def test_the_readme_is_short():
    assert PAGES["README.md"].count("\n") < 120


def test_links_of_the_readme_lead_somewhere():
    for target in re.findall(r"\]\((?!https?://)([^)#]+)", PAGES["README.md"]):
        assert (ROOT / target).exists(), target


@pytest.mark.parametrize("page", pages_with("json"))
def test_json_on_the_pages_is_json(page):
    for code in blocks(page, "json"):
        if "…" not in code:
            json.loads(code)


@pytest.mark.parametrize("page", pages_with("toml"))
def test_settings_files_on_the_pages_can_be_used(page, tmp_path):
    from llm_service.settings import resolve

    for code in blocks(page, "toml"):
        file = tmp_path / "llm-service.toml"
        file.write_text(code, encoding="utf-8")
        resolve(environment={}, config=file)


SHIMS = {
    "python": """
case $1 in */relay.py | */bot.py) timeout 2 {python} "$@" || test $? = 124; exit;; esac
exec {python} "$@"
""",
    "curl": """
for flag in "$@"; do
  case $flag in -*N) timeout 2 {curl} --fail-with-body "$@" || test $? = 124; exit;; esac
done
exec {curl} --fail-with-body "$@"
""",
    "llm-service": """
if [ "$1" != serve ]; then exec {forked} "$@"; fi
LLM_SERVICE_PORT={port} {python} -m llm_service "$@" & served=$!
until {curl} -so /dev/null http://127.0.0.1:{port}/health/live; do kill -0 $served || exit 1; sleep 0.1; done
kill $served
wait $served
""",
} | dict.fromkeys(OUTSIDE, "cat > /dev/null")
"""Commands as the tests run them: this Python and this source; a request that fails is a failure; what would go on for
ever is begun, seen to work, and ended."""


@pytest.fixture(scope="module")
def forked(tmp_path_factory):
    with forked_command(tmp_path_factory.mktemp("forked")) as program:
        yield program


@pytest.fixture
def desk(tmp_path):
    with service_in_thread(tmp_path / "service") as desk:
        yield desk


@pytest.fixture
def reader(desk, forked, tmp_path, unused_tcp_port):
    """Where somebody sits who reads the page and types what it says: working directory and environment."""
    here, programs = tmp_path / "here", tmp_path / "programs"
    here.mkdir()
    programs.mkdir()
    for name in ("examples", "benchmarks", "README.md"):
        (here / name).symlink_to(ROOT / name)
    for name, body in SHIMS.items():
        program = programs / name
        names = {"python": sys.executable, "curl": shutil.which("curl"), "forked": forked, "port": unused_tcp_port}
        program.write_text(f"#!/bin/bash\n{body.format(**names)}")
        program.chmod(0o755)
    environment = {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT / "src"),
        "HOME": str(here),
        "LLM_SERVICE_BASE_URL": desk.lm.base_url,
        "LLM_SERVICE_PORT": desk.address.rpartition(":")[2],
        "LLM_SERVICE_URL": desk.running.url,
        "LLM_SERVICE_LOG_LEVEL": "error",
    }
    return here, environment


def at_the_desk(code, desk):
    """The same with the addresses of the service and the engine that run here."""
    engine = desk.lm.base_url.removesuffix("/v1").removeprefix("http://")
    return code.replace("127.0.0.1:8000", desk.address).replace("localhost:1234", engine).replace(".venv/bin/", "")


def commands(code):
    """The commands of a block, each on a line of its own; without those about what only the reader has."""
    lines = code.replace("\\\n", " ").splitlines()
    return [line for line in lines if line.strip() and not ELSEWHERE.search(line)]


@pytest.mark.parametrize("page", pages_with("sh", "console"))
def test_commands_run(page, desk, reader):
    here, environment = reader
    script = [line for code in shell(page) for line in commands(at_the_desk(code, desk))]
    ran = subprocess.run(
        ["/bin/bash", "-euo", "pipefail", "-c", "\n".join(["set -x", *script])],
        cwd=here,
        check=False,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert ran.returncode == 0, ran.stdout


def test_commands_that_are_not_run_are_needed():
    script = "\n".join(line for page in PAGES for code in shell(page) for line in commands(code))
    for name in OUTSIDE:
        assert re.search(rf"(^|[;&|] *|sudo ){name} ", script, re.MULTILINE), name


GIVEN = """
import time
from llm_service.prompt import before, compose
from llm_service.tokens import TokenEstimator
from llm_service.types import EngineKind, Message, ModelInfo, Persona, Reply, Usage

class Embedder:
    async def embed(self, texts):
        return [[float(len(text)), 1.0] for text in texts]

now = time.time()
said = "My cat is Tom."
message = Message(id="m1", username="ann", text=said, speaker="ann", line=said, sent_at=now, position=1)
reply = Reply(id="r1", text="Hi Tom!", raw="Hi Tom!", answers=("m1",), after=1, usage=Usage(prompt_tokens=80))
messages, entries, newest_reply, cut = [message], [message, reply], reply, 0
persona, model, counter = Persona(), ModelInfo(id="m", engine=EngineKind.LM_STUDIO), TokenEstimator()
question, embedder, window, tokens_of = "What is the name of my cat?", Embedder(), (), lambda _: 9
pieces, finish_reason, show = ["<thi", "nk>Hm.</think>", "Pip: Nine!"], "stop", print
"""
"""What the examples take for granted; everything else stands in them."""


@pytest.mark.parametrize("page", pages_with("python"))
def test_examples_run(page, desk, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    code = [one for one in blocks(page, "python") if one not in EXAMPLES]
    code = at_the_desk("\n".join([GIVEN, *code]), desk)
    namespace = {"__name__": page}
    run = eval(compile(code, page, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT), namespace)
    if inspect.iscoroutine(run):
        asyncio.run(run)
