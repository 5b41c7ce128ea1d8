"""What a viewer may see of an answer: the text without what the model thought aloud."""

from __future__ import annotations

from llm_service.chat_protocol import is_blank
from llm_service.memo import remembered
from llm_service.response_cleaner import ResponseCleaner
from llm_service.types import Completion

MOST_AGAIN = 64
"""Answers out of the cache of which it is remembered whether they show anything."""

_CLEANER = ResponseCleaner(stage="reasoning")


def visible(answer: Completion) -> str:
    """The answer's text, cleaned of reasoning, special tokens and tool markup; empty where nothing else is there."""
    text = _CLEANER.clean(answer.text, finish_reason=answer.finish_reason).text
    return "" if is_blank(text) else text


@remembered(MOST_AGAIN)
def shows(answer: Completion) -> bool:
    """Whether anything of the answer may be seen, or it calls a tool."""
    return bool(answer.tool_calls or visible(answer))
