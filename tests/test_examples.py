"""The examples do what they say, before a scripted LM Studio."""

import ast
import asyncio
import base64
import configparser
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from llm_service.cli.replay import read
from llm_service.cli.serve import GRACE
from llm_service.settings import Settings
from llm_service.turn_taking import Policy
from running_service import parse_events, running_service

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "examples"
PAGE = (EXAMPLES / "overlay" / "index.html").read_text(encoding="utf-8")


@pytest.fixture
async def service(lm, tmp_path):
    settings = Settings(engine="lmstudio", base_url=lm.base_url, data_dir=tmp_path, rate_limit=None)
    async with running_service(settings) as running:
        yield running


async def started(*arguments, **environment):
    """An example in a process of its own."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *map(str, arguments),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src"), **environment},
    )


async def followed(service):
    """Wait until somebody follows the room's events."""
    log = await service.service.dialogues.events()
    while not log.followed:
        await asyncio.sleep(0.01)


# ── the library ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_library_asks_and_talks(lm):
    lm.reply("I am fine, thank you.")
    lm.reply("Outer Wilds, user123!")
    process = await started(EXAMPLES / "library.py", lm.base_url)
    output, _ = await process.communicate()
    assert output.decode().splitlines()[-2:] == ["I am fine, thank you.", "Outer Wilds, user123!"]


# ── the bot ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_bot_posts_what_is_answered(service, lm):
    await service.call("PUT", "/policy", json={"mode": "auto", "gap": 0})
    lm.reply("Hello ann!")
    bot = await started(EXAMPLES / "bot.py", service.url)
    await followed(service)
    bot.stdin.write("eve: \u200b\nann: hello Assistant\n".encode())
    assert (await bot.stdout.readline()).decode() == "Assistant: Hello ann!\n"
    bot.terminate()
    await bot.wait()
    _, context = await service.get("/context")
    assert [line["message"] for line in context["messages"]] == ["hello Assistant", "Hello ann!"]


async def test_the_bot_ends_with_the_service(lm, tmp_path):
    settings = Settings(engine="lmstudio", base_url=lm.base_url, data_dir=tmp_path, rate_limit=None)
    async with running_service(settings) as service:
        bot = await started(EXAMPLES / "bot.py", service.url)
        await followed(service)
    async with asyncio.timeout(10):
        await bot.wait()


async def test_the_steady_bot_posts_what_is_answered(service, lm):
    await service.call("PUT", "/policy", json={"mode": "auto", "gap": 0})
    lm.reply("Hello ann!")
    bot = await started(EXAMPLES / "steady_bot.py", LLM_SERVICE_URL=service.url)
    await followed(service)
    bot.stdin.write(b"ann: hello Assistant\n")
    assert (await bot.stdout.readline()).decode() == "Assistant: Hello ann!\n"
    bot.stdin.close()
    assert await bot.wait() == 0
    _, context = await service.get("/context")
    assert [line["message"] for line in context["messages"]] == ["hello Assistant", "Hello ann!"]


async def test_the_steady_bot_goes_on_where_its_connection_broke():
    """A service that hangs up after the first reply is asked for what came after it."""
    asked = []

    async def events(request):
        asked.append(request.headers.get("Last-Event-ID"))
        number = len(asked)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(b'id: run-%d\nevent: reply\ndata: {"messages": ["reply %d"]}\n\n' % (number, number))
        return response

    app = web.Application()
    app.add_routes([web.get("/events", events)])
    async with TestServer(app) as server:
        bot = await started(EXAMPLES / "steady_bot.py", LLM_SERVICE_URL=str(server.make_url("")).rstrip("/"))
        said = [(await bot.stdout.readline()).decode() for _ in range(2)]
        bot.stdin.close()
        await bot.wait()
    assert said == ["Assistant: reply 1\n", "Assistant: reply 2\n"]
    assert asked[:2] == [None, "run-1"]


async def test_the_steady_bot_sends_a_line_again_until_it_is_taken():
    received = []

    async def messages(request):
        received.append(await request.json())
        status = 429 if len(received) == 1 else 202
        return web.json_response([], status=status, headers={"Retry-After": "0"})

    app = web.Application()
    app.add_routes([web.post("/messages", messages)])
    async with TestServer(app) as server:
        bot = await started(EXAMPLES / "steady_bot.py", LLM_SERVICE_URL=str(server.make_url("")).rstrip("/"))
        await bot.communicate(b"ann: hello\n")
    assert len(received) == 2
    assert received[0] == received[1]
    assert received[0]["username"] == "ann"


@pytest.mark.parametrize("name", ["bot.py", "steady_bot.py"])
def test_the_bots_use_two_endpoints_only(name):
    text = (EXAMPLES / name).read_text(encoding="utf-8")
    assert set(re.findall(r"\{URL\}(/\w+)", text)) == {"/messages", "/events"}


def test_the_bot_has_twenty_lines():
    text = (EXAMPLES / "bot.py").read_text(encoding="utf-8")
    assert len(code_lines(text)) <= 20


def code_lines(text):
    """The lines that are neither blank nor comments nor docstrings."""
    tree = ast.parse(text)
    documented = [node for node in ast.walk(tree) if isinstance(node, ast.Module | ast.FunctionDef)]
    docstrings = [node.body[0] for node in documented if ast.get_docstring(node)]
    prose = {number for one in docstrings for number in range(one.lineno, one.end_lineno + 1)}
    lines = [line.strip() for number, line in enumerate(text.splitlines(), 1) if number not in prose]
    return [line for line in lines if line and not line.startswith("#")]


# ── the overlay ──────────────────────────────────────────────────────────────────────────────────────────────────────


class Parsed(HTMLParser):
    """What a page is made of."""

    def __init__(self, page):
        super().__init__()
        self.open, self.tags, self.text = [], [], {}
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text[self.open[-1] if self.open else ""] = data


def test_the_overlay_lets_nothing_in_but_its_own_script_and_events():
    page = Parsed(PAGE)
    assert not page.open
    policy = next(tag[1]["content"] for tag in page.tags if tag[1].get("http-equiv") == "Content-Security-Policy")
    for part in ("script", "style"):
        digest = base64.b64encode(hashlib.sha256(page.text[part].encode()).digest()).decode()
        assert f"{part}-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert "connect-src 'self'" in policy
    assert "unsafe" not in policy
    assert not any({"src", "href"} & set(attributes) for _, attributes in page.tags)
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)


def test_the_overlay_shows_what_viewers_wrote_as_text_only():
    script = Parsed(PAGE).text["script"]
    for danger in ("innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval", "Function(", "setAttribute"):
        assert danger not in script
    assert "textContent" in script


def test_the_overlay_reads_events_that_exist():
    from typing import get_args

    from llm_service.dialogue_manager.events import Kind

    handled = set(re.findall(r"^    (\w+)\(.*\) \{", Parsed(PAGE).text["script"], re.MULTILINE))
    assert handled == {"message", "decision", "delta", "dropped", "reply", "forgotten"}
    assert handled <= set(get_args(Kind))


async def test_the_relay_serves_the_page_and_passes_events_on(service, unused_tcp_port):
    relay = await started(EXAMPLES / "overlay" / "relay.py", LLM_SERVICE_URL=service.url, PORT=str(unused_tcp_port))
    url = f"http://127.0.0.1:{unused_tcp_port}"
    try:
        async with asyncio.timeout(30):
            while (page := await _page(service.http, url)) is None:
                await asyncio.sleep(0.05)
        assert page == PAGE
        async with service.http.get(f"{url}/events") as events:
            await followed(service)
            await service.post("/messages", {"username": "ann", "message": "<b>hi</b>"})
            text = (await events.content.readuntil(b"\n\n")).decode()
        [(kind, data)] = parse_events(text)
        assert (kind, data["message"]) == ("message", "<b>hi</b>")
    finally:
        relay.terminate()
        await relay.wait()


async def _page(http, url):
    try:
        async with http.get(url) as answer:
            return await answer.text()
    except aiohttp.ClientConnectionError:
        return None


# ── the recorded room, and the files for operators ───────────────────────────────────────────────────────────────────


def test_the_recorded_room_can_be_read():
    lines = read(EXAMPLES / "replay" / "chat.jsonl")
    assert lines[-1].at < 60
    said = {line.draft.message_id for line in lines if line.draft}
    assert {line.forget for line in lines if line.forget} <= said


def test_the_policies_beside_it_can_be_used():
    for path in (EXAMPLES / "replay").glob("*.json"):
        Policy.from_json(json.loads(path.read_text()))


def test_systemd_understands_the_unit(tmp_path):
    program = tmp_path / ".venv" / "bin" / "llm-service"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    text = (EXAMPLES / "systemd" / "llm-service.service").read_text(encoding="utf-8")
    unit = tmp_path / "llm-service.service"
    unit.write_text(text.replace("%h/llm-service", str(tmp_path)), encoding="utf-8")
    if verify := shutil.which("systemd-analyze"):
        said = subprocess.run([verify, "verify", unit], check=False, capture_output=True, text=True)
        assert (said.returncode, said.stderr) == (0, "")
    parsed = configparser.ConfigParser(interpolation=None)
    parsed.optionxform = str
    parsed.read_string(text)
    assert set(parsed) - {"DEFAULT"} == {"Unit", "Service", "Install"}
    assert float(parsed["Service"]["TimeoutStopSec"]) > GRACE
