"""What every test may use."""

import pytest

from llm_service.logs import configure
from llm_service.settings import Settings
from running_service import running_service
from scripted_lm_studio import ScriptedLMStudio

pytest_plugins = ["tiny_gguf"]


@pytest.fixture(autouse=True)
def _logs():
    configure("warning", "text")


@pytest.fixture
async def lm():
    """An LM Studio that says what it is told to."""
    async with ScriptedLMStudio() as studio:
        yield studio


@pytest.fixture
def settings(lm, tmp_path):
    """The service before it; a file that tests other settings has a fixture of this name itself."""
    return Settings(engine="lmstudio", base_url=lm.base_url, data_dir=tmp_path, rate_limit=None, deadline=5)


@pytest.fixture
async def bot(settings):
    """The service on a socket, as a bot talks to it."""
    async with running_service(settings) as running:
        yield running
