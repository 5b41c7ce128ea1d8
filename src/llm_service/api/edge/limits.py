"""How much of a request is taken in before it is refused."""

from __future__ import annotations

from dataclasses import dataclass

KIB = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeLimits:
    """Bounds that hold before anything is parsed. Sizes are bytes, times seconds."""

    url: int = 8 * KIB
    """Path and query together."""
    header_count: int = 100
    header_size: int = 32 * KIB
    """All header names and values together."""
    body: int = 64 * KIB
    list_body: int = 1024 * KIB
    """For routes that take many things in one body: see ``list_paths``."""
    list_paths: tuple[str, ...] = ("/messages", "/emotes", "/v1/")
    """Beginnings of such routes' paths, below the room."""
    body_seconds: float = 5.0
    """For the whole body, however it drips."""
    depth: int = 64
    """Lists and objects within one another."""
    integer_digits: int = 19
    """A 64-bit number has no more."""
    drain_seconds: float = 1.0
    """How long what is left of a refused body is read and dropped, so that its sender can read the refusal."""

    def body_limit(self, path: str) -> int:
        """Most bytes of a body for ``path``."""
        return self.list_body if below_room(path).startswith(self.list_paths) else self.body


def below_room(path: str) -> str:
    """``path`` as its room sees it: ``/rooms/{room}/users`` and ``/users`` are the same thing in two rooms."""
    if not path.startswith("/rooms/"):
        return path
    _, slash, rest = path.removeprefix("/rooms/").partition("/")
    return slash + rest
