"""What every test may use."""

import pytest

from llm_service.logs import configure

pytest_plugins = ["tiny_gguf"]


@pytest.fixture(autouse=True)
def _logs():
    configure("warning", "text")
