"""The small model that ships with the package, so that a first run answers with nothing else installed.

It is for trying the service out and for tests, says so itself, and is never chosen when a real model is there. What it
can do and how it was made stands in ``MODEL_CARD.md`` beside this file; ``training/`` in the repository makes it anew.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

MODEL_NAME = "llm-service-builtin"
"""What ``/health``, replies and the log call it."""


def model_path() -> Path:
    """Return where its GGUF file lies; the package is installed as plain files, never run from an archive."""
    return Path(str(files(__name__) / f"{MODEL_NAME}.gguf"))
