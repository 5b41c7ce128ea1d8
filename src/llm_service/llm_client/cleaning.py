"""What a viewer may see of an answer: the text without its reasoning."""

from __future__ import annotations

import re

from ..chat_protocol import is_blank
from ..types import Completion

_THINKING = re.compile(r"<think>.*?(?:</think>|\Z)", re.DOTALL)


def visible(answer: Completion) -> str:
    """The answer's text with what the model thought aloud taken out; empty where nothing else is there."""
    text = _THINKING.sub("", answer.text).rpartition("</think>")[2]
    return "" if is_blank(text) else text.strip()
