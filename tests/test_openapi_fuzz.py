"""The OpenAPI document tells the truth: whatever fits it is answered as it says, and whatever does not is refused.

A few cases of every operation of the default room; ``python benchmarks/fuzz.py`` sends 10,000 to all of them.
"""

from fuzzing import fuzz
from llm_service.settings import Settings
from running_service import running_service
from scripted_lm_studio import ScriptedLMStudio


async def test_generated_requests_are_answered_as_documented(tmp_path):
    async with ScriptedLMStudio() as lm:
        settings = Settings(engine="lmstudio", base_url=lm.base_url, data_dir=tmp_path, rate_limit=None)
        async with running_service(settings) as bot:
            fuzzed = await fuzz(
                bot.url,
                "--exclude-path-regex=^/rooms/|/events$",
                "--phases=examples,fuzzing",
                cases_each=5,
                seed=1,
                directory=tmp_path,
            )
    assert fuzzed.clean, fuzzed.report
    assert fuzzed.cases > 50
