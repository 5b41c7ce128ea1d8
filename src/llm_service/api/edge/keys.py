"""API keys: who may call, and what each caller may do.

Keys are given as ``name:scope:secret``, in the settings or one a line in a file (``#`` begins a comment). With none,
everything is allowed, and the service listens on loopback only.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from pathlib import Path

from starlette.types import Scope

from llm_service.api.edge.asgi import header, state_of
from llm_service.api.edge.limits import below_room
from llm_service.api.edge.problem import Refusal
from llm_service.errors import SettingsError

SHORTEST_SECRET = 16
"""Characters. A shorter key can be guessed."""


class KeyScope(IntEnum):
    """What a key allows; each scope includes those before it."""

    CHAT = 1
    """Say things and read the conversation."""
    MODERATE = 2
    """Forget messages and viewers, change persona and policy."""
    ADMIN = 3
    """See how the service itself does."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Which scope a route needs: the first rule that fits decides."""

    scope: KeyScope | None
    """None: anybody, also without a key."""
    paths: tuple[str, ...]
    """Beginnings of paths below the room, whole segments only; ``/`` fits all."""
    methods: frozenset[str] | None = None
    """None: all methods."""

    def fits(self, method: str, path: str) -> bool:
        """Whether this rule is about that route."""
        if self.methods is not None and method not in self.methods:
            return False
        return any(root in {"/", path} or path.startswith(f"{root}/") for root in self.paths)


RULES = (
    Rule(None, ("/health",), frozenset({"GET", "HEAD"})),
    Rule(KeyScope.ADMIN, ("/metrics", "/admin")),
    Rule(KeyScope.MODERATE, ("/",), frozenset({"DELETE"})),
    Rule(KeyScope.MODERATE, ("/emotes",), frozenset({"PUT"})),
    Rule(KeyScope.MODERATE, ("/users", "/policy", "/persona", "/turn/skip")),
    Rule(KeyScope.CHAT, ("/",)),
)
"""The one place that says who may do what."""


@lru_cache(maxsize=1024)
def needed_scope(method: str, path: str) -> KeyScope | None:
    """The scope that a request needs; None where it is open to anybody."""
    path = below_room(path)
    return next(rule.scope for rule in RULES if rule.fits(method, path))


@dataclass(frozen=True, slots=True)
class ApiKey:
    """One caller's key. The secret itself is not kept."""

    name: str
    """For logs and limits."""
    scope: KeyScope
    digest: bytes
    """SHA-256 of the secret."""


_LINE = re.compile(r"([A-Za-z0-9_.-]{1,64}):(chat|moderate|admin):([\x21-\x7e]+)")


def parse_keys(lines: Iterable[str]) -> tuple[ApiKey, ...]:
    """Keys from lines of ``name:scope:secret``; blank lines and those that begin with ``#`` are passed over.

    Raises:
        SettingsError: a line is not of that form, a secret is too short, or a name or secret occurs twice.
    """
    wanted = (line.strip() for line in lines)
    keys = tuple(_parsed(line) for line in wanted if line and not line.startswith("#"))
    if len({key.name for key in keys}) < len(keys) or len({key.digest for key in keys}) < len(keys):
        raise SettingsError("Two API keys have the same name or the same secret.")
    return keys


def _parsed(line: str) -> ApiKey:
    parts = _LINE.fullmatch(line)
    if parts is None:
        raise SettingsError("An API key is given as name:scope:secret, with scope chat, moderate or admin.")
    if len(parts[3]) < SHORTEST_SECRET:
        raise SettingsError(f"The secret of API key {parts[1]} is shorter than {SHORTEST_SECRET} characters.")
    return ApiKey(parts[1], KeyScope[parts[2].upper()], _digest(parts[3].encode()))


def read_keys(path: Path) -> tuple[ApiKey, ...]:
    """Keys from a file, one a line.

    Raises:
        SettingsError: the file cannot be read, or `parse_keys` refuses it.
    """
    try:
        return parse_keys(path.read_text(encoding="utf-8").splitlines())
    except (OSError, UnicodeDecodeError) as exc:
        raise SettingsError("The file with the API keys cannot be read.") from exc


def check_bind(host: str, keys: Iterable[ApiKey], allow_open: bool) -> None:
    """Make sure that only this machine can use a service without keys.

    Raises:
        SettingsError: ``host`` can be reached from elsewhere, there is no key, and openness was not asked for.
    """
    if allow_open or any(True for _ in keys) or _is_loopback(host):
        return
    raise SettingsError(
        "Listening on an address that others can reach needs an API key (api_keys or api_keys_file), or allow_open."
    )


def _is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _digest(secret: bytes) -> bytes:
    return hashlib.sha256(secret).digest()


class Access:
    """Lets through whoever has a key for what they ask: 401 without a known key, 403 with too narrow a one.

    The key's name is stored in ``scope["state"]["key"]``. With no keys at all everything is allowed.
    """

    def __init__(self, keys: Iterable[ApiKey] = ()) -> None:
        self.keys = tuple(keys)

    def check(self, scope: Scope) -> None:
        """Find out whose key it is, or raise :class:`Refusal`."""
        needed = needed_scope(scope["method"], scope["path"]) if self.keys else None
        if needed is not None:
            state_of(scope)["key"] = self._admitted(scope, needed).name

    def _admitted(self, scope: Scope, needed: KeyScope) -> ApiKey:
        key = self._key(header(scope, b"authorization") or b"")
        if key is None:
            raise Refusal(401, "unauthorized", "This needs an API key.", {"WWW-Authenticate": "Bearer"})
        if key.scope < needed:
            challenge = {"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{needed.name.lower()}"'}
            raise Refusal(403, "forbidden", "This API key does not allow that.", challenge)
        return key

    def _key(self, authorization: bytes) -> ApiKey | None:
        """The key that was presented. All are compared, each in constant time: how long it takes tells nothing."""
        scheme, _, secret = authorization.partition(b" ")
        if scheme.lower() != b"bearer":
            return None
        digest = _digest(secret.strip())
        matching = [key for key in self.keys if hmac.compare_digest(key.digest, digest)]
        return matching[0] if matching else None
