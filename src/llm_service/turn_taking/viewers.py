"""Who is who, for turn-taking: the platform's stable id where there is one, else the name without case."""

from __future__ import annotations

from functools import lru_cache

from llm_service.types import Message


def viewer_of(message: Message) -> str:
    """The key under which a viewer's turns are counted; a user id and a name never share one."""
    return f"#{message.user_id}" if message.user_id else message.username.casefold().lstrip("#")


def is_among(message: Message, names: tuple[str, ...]) -> bool:
    """Whether the writer is one of ``names``, given as usernames in any case or as user ids."""
    return message.username.casefold() in _folded(names) or (message.user_id is not None and message.user_id in names)


@lru_cache(maxsize=256)
def _folded(names: tuple[str, ...]) -> frozenset[str]:
    return frozenset(name.casefold() for name in names)
