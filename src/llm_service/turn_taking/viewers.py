"""Who is who, for turn-taking: the platform's stable id where there is one, else the name without case."""

from __future__ import annotations

from functools import lru_cache

from llm_service.types import Message


def viewer_of(message: Message) -> str:
    """The key under which a viewer's turns are counted; a user id and a name never share one."""
    return f"#{message.user_id}" if message.user_id else message.username.casefold().lstrip("#")


def names_of(message: Message) -> tuple[str, ...]:
    """Under which names a policy may list the writer: the username without case, and the user id."""
    name = message.username.casefold()
    return (name, message.user_id) if message.user_id else (name,)


def is_listed(message: Message, names: tuple[str, ...]) -> bool:
    """Whether a policy's list of names or ids has the writer of ``message``."""
    return not listed(names).isdisjoint(names_of(message))


@lru_cache(maxsize=256)
def listed(names: tuple[str, ...]) -> frozenset[str]:
    """The names of a policy's list, to be compared with `names_of`: in any case, and as ids as they are."""
    return frozenset(names) | frozenset(name.casefold() for name in names)
