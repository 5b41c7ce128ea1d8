"""``llm-service models`` as a person types it, before a scripted LM Studio."""

import asyncio
import os
import sys

import pytest

from scripted_lm_studio import ScriptedLMStudio, ScriptedModel


async def models(*arguments, url, **environment):
    """Run the real command in a process of its own; returns exit code and output."""
    environment = {**os.environ, "PYTHONPATH": "src", "COLUMNS": "120", "LLM_SERVICE_BASE_URL": url, **environment}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "from llm_service.cli import main; main()",
        "models",
        *arguments,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    return process.returncode, output.decode()


@pytest.fixture
async def lm():
    loaded = ScriptedModel(key="publisher/small", instances=["publisher/small"], context_length=8192)
    async with ScriptedLMStudio(models=[loaded, ScriptedModel(key="publisher/large")]) as studio:
        yield studio


async def test_the_list_tells_what_is_loaded(lm):
    code, output = await models("list", url=lm.base_url)
    assert code == 0
    small, large = (line.split() for line in output.splitlines() if "publisher/" in line)
    assert small == ["publisher/small", "yes", "8,192", "131,072", "4", "1.0", "MB"]
    assert large == ["publisher/large", "no", "-", "131,072", "-", "1.0", "MB"]


async def test_a_model_is_loaded_and_unloaded(lm):
    code, output = await models("load", "publisher/large", "--context", "16384", url=lm.base_url)
    assert code == 0
    assert "publisher/large is loaded." in output
    assert "16,384" in output
    assert lm.models[1].context_length == 16384

    code, output = await models("unload", "publisher/large", url=lm.base_url)
    assert (code, output.strip()) == (0, "publisher/large is not loaded any more.")
    assert not lm.models[1].instances


async def test_what_is_there_already_is_not_loaded_again(lm):
    code, output = await models("load", "publisher/small", url=lm.base_url)
    assert (code, output) == (0, "publisher/small is loaded already.\n")
    code, output = await models("load", "publisher/small", "--context", "8192", url=lm.base_url)
    assert (code, output) == (0, "publisher/small is loaded already.\n")
    code, output = await models("load", "publisher/small", "--context", "4096", url=lm.base_url)
    assert (code, output) == (
        1,
        "Error: publisher/small is loaded with 8,192 tokens of context: unload it first.\n",
    )
    code, output = await models("unload", "publisher/large", url=lm.base_url)
    assert (code, output) == (0, "publisher/large was not loaded.\n")
    assert [model.instances for model in lm.models] == [["publisher/small"], []]


async def test_more_context_than_a_model_can_have_is_refused(lm):
    code, output = await models("load", "publisher/large", "--context", "131073", url=lm.base_url)
    assert (code, output) == (1, "Error: publisher/large can have 131,072 tokens of context at most.\n")


async def test_a_model_that_is_not_there_is_said_with_those_that_are(lm):
    lm.load_failure = {"type": "model_not_found", "message": "no such model"}
    code, output = await models("load", "publisher/smal", url=lm.base_url)
    words = "The engine could not load publisher/smal, which is not among its models: publisher/small, publisher/large."
    assert (code, " ".join(output.split())) == (1, f"Error: {words}")


async def test_a_model_is_downloaded(lm):
    code, output = await models("pull", "publisher/new", url=lm.base_url)
    assert code == 0
    assert "1.0/1.0 kB" in output
    assert "publisher/new is there." in output


async def test_a_load_that_fails_says_so_in_one_sentence(lm):
    lm.load_failure = {"type": "model_load_failed", "message": "secret path"}
    code, output = await models("load", "publisher/large", url=lm.base_url)
    assert code == 1
    assert output == "Error: The engine could not load publisher/large: its own log says why.\n"
    assert "secret" not in output
    assert "Traceback" not in output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("load", "scripted"), "This engine cannot load models on request."),
        (("unload", "scripted"), "This engine cannot unload models on request."),
        (("pull", "scripted"), "This engine cannot download models on request."),
    ],
)
async def test_an_engine_that_cannot_do_it_is_said_to(arguments, words):
    async with ScriptedLMStudio(api="plain") as engine:
        code, output = await models(*arguments, url=engine.base_url)
    assert (code, output.strip()) == (1, f"Error: {words}")


async def test_no_engine_is_said_in_one_sentence():
    code, output = await models("list", url="http://127.0.0.1:9/v1")
    assert code == 1
    assert output.startswith("Error: The engine cannot be reached")
