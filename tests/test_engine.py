"""The embedded engine, for real: llama.cpp with a model of random weights, asked over a socket."""

import asyncio
import logging
import os
import signal
from pathlib import Path

import aiohttp
import pytest

from llm_service.engine import EmbeddedEngine, trained_context
from llm_service.errors import NoEngine, SettingsError
from tiny_gguf import TEMPLATES, Shape, write_gguf


def quick(model: Path, **settings) -> EmbeddedEngine:
    return EmbeddedEngine(model, threads=1, **({"context_length": 512} | settings))


async def ask(engine: EmbeddedEngine, messages: list[dict], **more) -> tuple[int, dict]:
    body = {"messages": messages, "max_tokens": 8, "temperature": 0, **more}
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{engine.base_url}/chat/completions", json=body) as answer,
    ):
        return answer.status, await answer.json()


async def get(engine: EmbeddedEngine, path: str) -> dict:
    root = engine.base_url.removesuffix("/v1")
    async with aiohttp.ClientSession() as http, http.get(root + path) as answer:
        return await answer.json()


HELLO = [{"role": "user", "content": "Hello"}]


async def test_it_answers_like_any_other_engine(tiny_model):
    async with quick(tiny_model, slots=3) as engine:
        assert engine.base_url.startswith("http://127.0.0.1:")
        status, answer = await ask(engine, HELLO)
        assert status == 200
        assert answer["model"] == engine.model_name == "tiny"
        assert answer["choices"][0]["message"]["content"].isascii()
        assert answer["usage"]["completion_tokens"] <= 8
        props = await get(engine, "/props")
        assert props["total_slots"] == 3
        assert props["default_generation_settings"]["n_ctx"] == 512
        assert "<|im_start|>" in props["chat_template"]
        models = await get(engine, "/v1/models")
        assert [model["id"] for model in models["data"]] == ["tiny"]


async def test_it_streams_and_counts_tokens(tiny_model):
    async with quick(tiny_model) as engine:
        body = {"messages": HELLO, "max_tokens": 8, "stream": True}
        url = f"{engine.base_url}/chat/completions"
        async with aiohttp.ClientSession() as http, http.post(url, json=body) as answer:
            events = [line async for line in answer.content if line.startswith(b"data: ")]
        assert events[-1] == b"data: [DONE]\n"
        text = {"content": "the end<|im_end|>", "parse_special": True}
        url = engine.base_url.removesuffix("/v1") + "/tokenize"
        async with aiohttp.ClientSession() as http, http.post(url, json=text) as answer:
            assert len((await answer.json())["tokens"]) < len(text["content"])


async def test_a_second_question_reuses_the_first_ones_prefix(tiny_model):
    async with quick(tiny_model, slots=1) as engine:
        long = [{"role": "user", "content": "A story about a long walk. " * 5}]
        await ask(engine, long)
        _, answer = await ask(engine, long)
        usage = answer["usage"]
        assert usage["prompt_tokens_details"]["cached_tokens"] >= usage["prompt_tokens"] - 1


async def test_a_prompt_that_does_not_fit_is_refused_with_both_numbers(tiny_model):
    async with quick(tiny_model, context_length=256) as engine:
        status, answer = await ask(engine, [{"role": "user", "content": "x" * 1000}])
    assert status == 400
    assert answer["error"]["type"] == "exceed_context_size_error"
    assert answer["error"]["n_prompt_tokens"] > answer["error"]["n_ctx"] == 256


@pytest.mark.parametrize(
    ("template", "accepted", "refused"),
    [
        ("no-system", ["user"], ["system", "user"]),
        ("alternating", ["user", "assistant", "user"], ["user", "user"]),
        ("chatml", ["system", "user", "user", "assistant", "user"], None),
    ],
)
async def test_templates_that_want_certain_roles(tmp_path, template, accepted, refused):
    model = write_gguf(tmp_path / "strict.gguf", template=template)
    async with quick(model) as engine:
        for roles, expected in ((accepted, 200), (refused, 400)):
            if roles:
                status, _ = await ask(engine, [{"role": role, "content": "You are kind to all."} for role in roles])
                assert status == expected
    assert template in TEMPLATES


async def test_the_context_never_exceeds_what_the_model_was_trained_for(tmp_path):
    model = write_gguf(tmp_path / "short.gguf", shape=Shape(context=512))
    assert trained_context(model) == 512
    async with EmbeddedEngine(model, context_length=100_000, threads=1) as engine:
        assert engine.context_length == 512
        assert (await get(engine, "/props"))["default_generation_settings"]["n_ctx"] == 512


@pytest.mark.parametrize("content", [None, b"", b"hello" * 1000, b"GGUF" + bytes(20), b"GGUF\x03\0\0\0" + b"\xff" * 80])
async def test_a_file_that_is_no_model_is_a_setting_to_mend(tmp_path, content):
    path = tmp_path / "model.gguf"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SettingsError, match=r"model\.gguf"):
        await quick(path).start()


async def test_a_folder_is_no_model(tmp_path):
    with pytest.raises(SettingsError, match="cannot be read"):
        await quick(tmp_path).start()


async def test_half_a_download_is_a_setting_to_mend(tiny_model, tmp_path):
    half = tmp_path / "half.gguf"
    half.write_bytes(tiny_model.read_bytes()[:300_000])
    with pytest.raises(SettingsError, match="damaged"):
        await quick(half).start()
    half.write_bytes(tiny_model.read_bytes()[:3_000])
    with pytest.raises(SettingsError, match="damaged"):
        await quick(half).start()


async def test_a_context_that_no_memory_holds_is_a_setting_to_mend(tmp_path):
    tokens = 2**24
    huge = write_gguf(tmp_path / "huge.gguf", shape=Shape(layers=8, width=512, heads=8, heads_kv=8, context=tokens))
    engine = EmbeddedEngine(huge, context_length=tokens, slots=1, threads=1)
    with pytest.raises(SettingsError, match="does not fit into memory"):
        await engine.start()


async def test_a_library_that_the_machine_lacks_is_named(tiny_model, tmp_path, monkeypatch):
    words = "libgomp.so.1: cannot open shared object file: No such file or directory"
    (tmp_path / "xllamacpp.py").write_text(f"raise ImportError({words!r})\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(NoEngine, match=r"needs libgomp\.so\.1.*apt install libgomp1"):
        await quick(tiny_model).start()


@pytest.mark.parametrize("wrong", [{"context_length": 0}, {"slots": 0}, {"threads": 0}])
def test_impossible_numbers_are_refused_at_once(wrong):
    with pytest.raises(SettingsError):
        EmbeddedEngine(Path("model.gguf"), **wrong)


async def test_it_has_no_address_until_it_serves_and_none_afterwards(tiny_model):
    engine = quick(tiny_model)
    with pytest.raises(NoEngine):
        _ = engine.base_url
    await engine.start()
    url = engine.base_url
    await engine.start()
    assert engine.base_url == url
    await engine.close()
    await engine.close()
    with pytest.raises(NoEngine):
        _ = engine.base_url
    async with aiohttp.ClientSession() as http:
        with pytest.raises(aiohttp.ClientConnectorError):
            await http.get(url)


async def test_it_can_be_started_again(tiny_model):
    engine = quick(tiny_model)
    for _ in range(2):
        async with engine:
            assert (await ask(engine, HELLO))[0] == 200


async def test_stopping_cuts_off_a_running_answer(tmp_path):
    model = write_gguf(tmp_path / "chatty.gguf", end_bias=-60)
    engine = quick(model, context_length=4096)
    await engine.start()
    asking = asyncio.create_task(ask(engine, HELLO, max_tokens=4000))
    while not any(slot["is_processing"] for slot in await get(engine, "/slots")):
        await asyncio.sleep(0.01)
    async with asyncio.timeout(5):
        await engine.close()
    with pytest.raises(aiohttp.ClientError):
        await asking


def children() -> list[int]:
    return [int(pid) for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()]


@pytest.mark.parametrize("born", [False, True])
async def test_a_cancelled_start_leaves_no_process_behind(tiny_model, born):
    before = children()
    starting = asyncio.create_task(quick(tiny_model).start())
    await asyncio.sleep(0)
    while born and children() == before:
        await asyncio.sleep(0)
    assert starting.cancel(), "the process has only just begun"
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert children() == before


async def test_the_loop_turns_while_the_model_is_loaded(tiny_model):
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0.001)
            turns += 1

    counting = asyncio.create_task(count())
    async with quick(tiny_model):
        counting.cancel()
    assert turns > 10


async def test_a_crashed_engine_is_started_again_at_the_same_address(tiny_model):
    before = set(children())
    async with quick(tiny_model) as engine:
        url = engine.base_url
        (pid,) = set(children()) - before
        os.kill(pid, signal.SIGKILL)
        async with asyncio.timeout(30):
            while True:
                try:
                    status, _ = await ask(engine, HELLO)
                except aiohttp.ClientError:
                    status = 0
                if status == 200:
                    break
                await asyncio.sleep(0.05)
        assert engine.base_url == url
    assert set(children()) == before


async def test_its_own_log_goes_to_ours_at_debug(tiny_model, caplog, capfd):
    with caplog.at_level(logging.DEBUG, logger="llm_service.engine"):
        async with quick(tiny_model) as engine:
            await ask(engine, [{"role": "user", "content": "a secret"}])
    noise = [record for record in caplog.records if record.getMessage().startswith("llama.cpp: ")]
    assert noise
    assert {record.levelname for record in noise} == {"DEBUG"}
    assert "a secret" not in caplog.text
    assert capfd.readouterr().err == ""
