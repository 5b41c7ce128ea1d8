"""What the conductor needs of the world: an engine that answers, and a store that remembers.

Two Protocols, in prose and types. Who fulfils them is wired elsewhere: this package never learns it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from llm_service.recall import Ranking
from llm_service.types import (
    UNSET,
    Chunk,
    Forgotten,
    Message,
    ModelInfo,
    Note,
    Persona,
    Prompt,
    Reply,
    RoomRecord,
    Stored,
    Summary,
    Unset,
    UserRecord,
)


class Stream(Protocol):
    """An answer on its way: iterating yields its chunks."""

    @property
    def cached(self) -> bool:
        """Whether the answer came from the cache."""
        ...

    @property
    def queued_ms(self) -> float:
        """Milliseconds that it waited for a slot."""
        ...

    def __aiter__(self) -> AsyncIterator[Chunk]: ...


class Backend(Protocol):
    """Whatever can answer a prompt. All methods raise :class:`EngineError` or :class:`Refused`."""

    def stream(
        self,
        prompt: Prompt,
        *,
        caller: str = "",
        deadline: float | None = None,
        background: bool = False,
        use_cache: bool = True,
        count: Callable[[], int] | None = None,
    ) -> AbstractAsyncContextManager[Stream]:
        """Entering waits for a slot and the first chunk, so every failure before the first word is raised there;
        iterating yields the answer; leaving hangs up. ``deadline`` is seconds left; ``caller`` is for fairness;
        ``background`` work never delays a caller's; ``count`` tells the tokens of the prompt, at most, where it matters
        how much of its context a request takes."""
        ...

    def check(self, *, caller: str = "", deadline: float | None = None, background: bool = False) -> None:
        """Raise the refusal that :meth:`stream` would give now, without doing anything."""
        ...

    async def warm(self, prompt: Prompt, *, count: Callable[[], int] | None = None) -> None:
        """Let the engine read a prompt, behind all replies, so that its KV cache holds it."""
        ...

    async def model(self) -> ModelInfo:
        """The model that answers, with the context that is loaded now."""
        ...

    async def count_tokens(self, prompt: Prompt) -> int | None:
        """Tokens of the prompt as the engine counts them; None where it cannot tell."""
        ...

    async def forget(self) -> None:
        """Drop every remembered answer: something they were made from was forgotten."""
        ...


class Store(Protocol):
    """Where conversations live. What a method returned from is durable; all raise :class:`StoreError`."""

    async def append(self, messages: Sequence[Message]) -> Sequence[Stored]:
        """Keep messages, in order; those whose ids are known are given back as they are."""
        ...

    async def commit_reply(self, reply: Reply) -> Reply:
        """Keep a reply. Raises :class:`UnknownMessage` where a message that it answers was forgotten."""
        ...

    async def reply_for(self, room: str, message_id: str) -> Reply | None:
        """The reply that answers a message."""
        ...

    async def load(self, room: str, *, limit: int) -> RoomRecord | None:
        """What a room needs to go on; None where nothing was ever said in it."""
        ...

    async def save_room(
        self,
        room: str,
        *,
        persona: Persona | None = None,
        policy: str | None = None,
        cut: int | None = None,
        summary: Summary | Unset | None = UNSET,
    ) -> None:
        """Keep what is given; what is not stays as it was."""
        ...

    async def forget_message(self, room: str, message_id: str) -> Forgotten:
        """Forget one message or reply, and everything made from it."""
        ...

    async def forget_user(self, room: str | None, username: str, user_id: str | None = None) -> Forgotten:
        """Forget a viewer, and everything made from what they said."""
        ...

    async def clear(self, room: str) -> Forgotten:
        """Forget all that was said in a room."""
        ...

    async def expire(self, before: float) -> Forgotten:
        """Forget what was said before a moment, in all rooms."""
        ...

    async def save_note(
        self, room: str, speaker: str, text: str, from_ids: Sequence[str], *, outdated: Callable[[str], bool]
    ) -> Sequence[Note]:
        """Remember something about a viewer, in place of their notes with outdated texts; gives all of their notes.
        Raises :class:`UnknownMessage` where a message that it was made from was forgotten."""
        ...

    async def drop_notes(self, room: str, speaker: str, outdated: Callable[[str], bool]) -> Sequence[Note]:
        """Forget those of a viewer's notes whose texts are outdated; gives what is left."""
        ...

    async def notes(self, room: str, speaker: str) -> Sequence[Note]:
        """What is remembered about a viewer, oldest first."""
        ...

    async def user(self, room: str, username: str, user_id: str | None = None) -> UserRecord:
        """Everything that is kept about a viewer."""
        ...

    async def search(
        self,
        room: str,
        terms: Sequence[str],
        *,
        limit: int = 50,
        exclude_after_position: int | None = None,
        radius: int = 0,
        around: int | None = None,
        ranking: Ranking | None = None,
    ) -> Sequence[tuple[Message, float]]:
        """Messages with these terms, best first, then those within ``radius`` of the best ``around`` of them (of all if
        not given), with a score of 0, in order; none after a position. Or, of these, what ``ranking`` makes of them."""
        ...

    async def remember(self, key: str, value: str) -> None:
        """Keep a small thing that is nobody's words."""
        ...

    async def recollect(self, key: str) -> str | None:
        """What was kept under a key."""
        ...
