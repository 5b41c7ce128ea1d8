"""Whom a line is meant for: the assistant, the room, or another viewer."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache
from typing import Literal

from llm_service.types import Message

Addressed = Literal["reply", "mention", "name"]
"""How a line calls the assistant: answering one of its replies on the platform, with ``@name``, or by name."""

_LETTER = r"[^\W\u2e80-\U0010ffff]"
"""A letter of a script that parts words with blanks; Chinese, Japanese and Korean may touch a name."""
_QUESTION = re.compile(r"[?？؟](?:[\s?？؟!！.…\"'”’)\]]|$)")
_TO_SOMEBODY = re.compile(r"\s*@\w")


def addressed(message: Message, names: tuple[str, ...], replies: Collection[str] = ()) -> Addressed | None:
    """How a message calls the assistant, None where it does not.

    ``names`` are the assistant's; case does not matter, and a name within a longer word, a host or an address is no
    call. ``replies`` are the ids of its latest replies.
    """
    if message.reply_to is not None and message.reply_to in replies:
        return "reply"
    pattern = _called(names)
    found = pattern.search(message.text) if pattern else None
    if found is None:
        return None
    return "mention" if found[0].startswith("@") else "name"


def is_question(message: Message) -> bool:
    """Whether it asks something: a question mark that ends a word, so not one within a link."""
    return _QUESTION.search(message.text) is not None


def is_for_somebody_else(message: Message) -> bool:
    """Whether a line that does not call the assistant opens with a mention, or answers another viewer's message."""
    return message.reply_to is not None or _TO_SOMEBODY.match(message.text) is not None


@lru_cache(maxsize=256)
def _called(names: tuple[str, ...]) -> re.Pattern[str] | None:
    calls = "|".join(_call(name) for name in names if name.strip())
    return re.compile(calls, re.IGNORECASE) if calls else None


def _call(name: str) -> str:
    before = rf"(?<!{_LETTER})(?<![./@-])" if _parts_words(name.strip()[0]) else ""
    after = rf"(?!{_LETTER}|-|\.\w)" if _parts_words(name.strip()[-1]) else ""
    spelled = r"\s+".join(map(re.escape, name.split()))
    return rf"{before}@?{spelled}{after}"


def _parts_words(letter: str) -> bool:
    return ord(letter) < 0x2E80
