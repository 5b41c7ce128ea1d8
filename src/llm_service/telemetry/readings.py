"""What the parts of the service have counted."""

from __future__ import annotations

from dataclasses import dataclass

from llm_service.dialogue_manager import DialogueCounters
from llm_service.llm_client import EngineState

from .requests import Requests


@dataclass(frozen=True, slots=True, kw_only=True)
class Readings:
    """What the parts of the service have counted, at one moment."""

    engine: EngineState | None
    """None where there is no engine."""
    dialogues: DialogueCounters
    requests: Requests
    store_ok: bool
    running: int
    """Requests that callers wait for."""
