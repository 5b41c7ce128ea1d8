"""The few words of ASGI that the edge is written in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.types import Scope

State = dict[str, Any]
BODY = "llm_service.body"
"""Key of the scope under which a request's :class:`Body` is found, where the edge found nothing wrong with it."""
LEAVING = "llm_service.leaving"
"""Key of the scope under which :class:`Leaving` is found, where the server is ours."""
WHOLE = "llm_service.whole"
"""Key of a scope whose request is there to its end, where the server is ours: its body need not be waited for."""
_FIRST = "llm_service.first"


class Body:
    """A body as it was decoded, once, by the edge. Where the same bytes come again, it is the same body."""

    __slots__ = ("read", "said")

    def __init__(self, said: Any) -> None:
        self.said = said
        self.read: Any = None
        """What its route read of it, once it has."""


class Leaving:
    """Tells who works for the caller of a connection that it has hung up. Telling costs nothing until then, where an
    ASGI application otherwise needs a task that waits for it."""

    __slots__ = ("_gone", "_read_on", "_told")

    def __init__(self, read_on: Callable[[], None]) -> None:
        """``read_on`` lets the connection be read: of one that is not, nobody knows whether it is still there."""
        self._read_on = read_on
        self._told: set[Callable[[], None]] = set()
        self._gone = False

    def tell(self, callback: Callable[[], None]) -> None:
        """Call ``callback`` when it hangs up; at once, if it has."""
        if self._gone:
            callback()
            return
        self._told.add(callback)
        self._read_on()

    def forget(self, callback: Callable[[], None]) -> None:
        """Do not call it any more."""
        self._told.discard(callback)

    def happen(self) -> None:
        """It has hung up."""
        self._gone = True
        told, self._told = self._told, set()
        for callback in told:
            callback()


def state_of(scope: Scope) -> State:
    """What the layers of one request tell each other and the handlers: ``request_id``, ``key``."""
    state: State = scope.setdefault("state", {})
    return state


def header(scope: Scope, name: bytes) -> bytes | None:
    """The first value of header ``name`` (lower case), or None."""
    first: dict[bytes, bytes] | None = scope.get(_FIRST)
    if first is None:
        first = scope[_FIRST] = dict(reversed(scope["headers"]))
    return first.get(name)


def headers(scope: Scope, name: bytes) -> list[bytes]:
    """All values of header ``name`` (lower case)."""
    return [value for found, value in scope["headers"] if found == name]
