"""The store's surface: each method is one operation in one transaction."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from os import PathLike, fspath
from typing import TypeVar
from urllib.parse import unquote

from ..errors import SettingsError
from ..recall.ranking import Ranking
from ..types import Entry, Message, Persona, Reply, Summary
from . import answering, facts, forgetting, ingest, notes, recall_index, rooms, transfer, viewers
from .database import Database, Driver
from .records import UNSET, Forgotten, Imported, Note, RoomRecord, Stored, StoreHealth, Unset, UserRecord
from .sqlite import SqliteDatabase, Synchronous
from .transaction import Terms, Transaction
from .writer import Writer

T = TypeVar("T")


def words(text: str) -> list[str]:
    """The words of a text, casefolded: what is indexed where the service gives no stems."""
    return re.findall(r"\w+", text.casefold())


def _nothing(text: str) -> bool:
    return False


@asynccontextmanager
async def open_store(
    url: str | PathLike[str],
    *,
    terms: Terms = words,
    clock: Callable[[], float] = time.time,
    synchronous: Synchronous = "full",
) -> AsyncIterator[Store]:
    """Open the store at a path, ``sqlite:///path``, ``:memory:`` or ``postgresql://…``, and close it afterwards.

    Opening does not fail where the database cannot be used now (down, locked, read-only, full): methods then raise,
    ``health`` says why, and it is tried again on each use.

    Args:
        url: Where the database is.
        terms: From a text to the stems of its words, for the recall index.
        clock: Seconds since the epoch.
        synchronous: ``full`` waits for the disk, so that even a power cut loses nothing; with ``normal`` a power cut
            may lose the last moments, but killing the process still does not.

    Raises:
        SettingsError: The URL names a kind of database that is not known.
    """
    database = _database(fspath(url), synchronous)
    store = Store(database, terms=terms, clock=clock)
    try:
        await database.probe()
        writing = asyncio.create_task(store.writer.run(), name="store writer")
        try:
            yield store
        finally:
            store.writer.close()
            await writing
    finally:
        await database.close()


def _database(url: str, synchronous: Synchronous) -> Database:
    scheme, separator, rest = url.partition("://")
    kind = scheme.partition("+")[0]
    if not separator:
        return SqliteDatabase(url, synchronous=synchronous)
    if kind == "sqlite":
        return SqliteDatabase(unquote(rest.partition("?")[0].removeprefix("/")) or ":memory:", synchronous=synchronous)
    if kind in {"postgresql", "postgres"}:
        from .postgres import PostgresDatabase  # noqa: PLC0415  (16 MB of driver that SQLite's users do not need)

        return PostgresDatabase(f"postgresql://{rest}", synchronous=synchronous)
    raise SettingsError("The database must be a path, or a URL that starts with sqlite:// or postgresql://.")


class Store:
    """Rooms, their messages and replies, and what was made from them.

    Every method raises :class:`~llm_service.errors.StoreError` where the database cannot be used. What a writing
    method has returned is on disk. A caller may be cancelled at any time: what it wanted to write is then stored
    whole, or not at all.
    """

    def __init__(self, database: Database, *, terms: Terms, clock: Callable[[], float]) -> None:
        self._database = database
        self._terms = terms
        self._clock = clock
        self.writer = Writer(database, self._begin)

    def _begin(self, driver: Driver) -> Transaction:
        return Transaction(driver=driver, terms=self._terms, now=self._clock())

    async def _read(self, operation: Callable[..., T], *args: object) -> T:
        return await self._database.run(lambda driver: operation(self._begin(driver), *args), write=False)

    # ── The conversation ─────────────────────────────────────────────────────────────────────────────────────────

    async def append(self, messages: Sequence[Message]) -> list[Stored]:
        """Store messages, in order; each comes back with its position. One whose id is in its room is not stored again.

        Raises:
            InvalidMessage: One of them holds characters that cannot be stored; then none is.
        """
        return await self.writer.submit(ingest.append_messages, messages)

    async def commit_reply(self, reply: Reply) -> Reply:
        """Store a reply and which messages it answers, all at once; a reply whose id is stored is given back as it was.

        Raises:
            UnknownMessage: A message that it answers was forgotten meanwhile: the reply must not outlive it.
        """
        return await self.writer.submit(answering.commit_reply, reply)

    async def reply_for(self, room: str, message_id: str) -> Reply | None:
        """The first reply that answers a message."""
        return await self._read(answering.reply_for, room, message_id)

    async def history(self, room: str, *, before: int | None = None, limit: int = 100) -> list[Entry]:
        """The newest ``limit`` messages before a position and the replies that stand among them, oldest first.

        For the next page, pass the position of this page's first message.
        """
        return await self._read(rooms.history, room, before, limit)

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
    ) -> list[tuple[Message, float]]:
        """The messages that share the rarest words with the terms, with their scores, best first; then the messages
        around these, with a score of 0, in order. Or, of all these, what ``ranking`` makes of them.

        Args:
            room: Where to look.
            terms: Stems, as the store's ``terms`` gives them.
            limit: How many at most.
            exclude_after_position: Leave out messages after this position: those of the window.
            radius: How many messages before and after each count as around it.
            around: How many of the best have the messages around them brought along; all if not given.
            ranking: Gives some of the lines found, in its own order and with its own scores; it runs where the database
                is read, so that only the texts of these are.
        """
        searching = partial(
            recall_index.search,
            limit=limit,
            exclude_after_position=exclude_after_position,
            radius=radius,
            around=around,
            ranking=ranking,
        )
        return await self._read(searching, room, terms)

    # ── Rooms ────────────────────────────────────────────────────────────────────────────────────────────────────

    async def load(self, room: str, *, limit: int = 10_000) -> RoomRecord | None:
        """What a room needs to go on: its settings, and its entries from the cut on (the newest ``limit`` messages)."""
        return await self._read(rooms.load_room, room, limit)

    async def rooms(self) -> list[str]:
        """The names of all rooms."""
        return await self._read(rooms.room_names)

    async def save_room(
        self,
        room: str,
        *,
        persona: Persona | None = None,
        policy: str | None = None,
        cut: int | None = None,
        summary: Summary | Unset | None = UNSET,
    ) -> None:
        """Keep what is given; what is not stays as it was. ``summary=None`` drops the summary.

        A summary that covers something forgotten meanwhile is not kept: the room then has none.
        """
        await self.writer.submit(
            partial(rooms.save_room, room=room, persona=persona, policy=policy, cut=cut, summary=summary)
        )

    # ── Memory ───────────────────────────────────────────────────────────────────────────────────────────────────

    async def save_note(
        self, room: str, speaker: str, text: str, from_ids: Sequence[str], *, outdated: notes.Outdated = _nothing
    ) -> tuple[Note, ...]:
        """Remember something about a viewer, in place of those of their earlier notes whose texts are ``outdated``;
        gives all that is remembered of them, oldest first.

        A viewer's key is that of :func:`llm_service.people.person`. Each viewer has 16 notes at most, a room 5,000; of
        more, the oldest go.

        Raises:
            UnknownMessage: A message that it was made from was forgotten meanwhile.
        """
        return await self.writer.submit(partial(notes.save_note, outdated=outdated), room, speaker, text, from_ids)

    async def drop_notes(self, room: str, speaker: str, outdated: notes.Outdated) -> tuple[Note, ...]:
        """Forget the notes about a viewer whose texts are ``outdated``; gives what is left."""
        return await self.writer.submit(notes.drop_notes, room, speaker, outdated)

    async def notes(self, room: str, speaker: str) -> list[Note]:
        """What is remembered about a viewer, oldest first."""
        return await self._read(notes.notes_about, room, speaker)

    async def user(self, room: str, username: str, user_id: str | None = None) -> UserRecord:
        """Everything that is kept about a viewer: what :meth:`forget_user` with the same arguments removes."""
        return await self._read(viewers.viewer, room, username, user_id)

    async def remember(self, key: str, value: str) -> None:
        """Keep a small thing that is nobody's words, such as how to estimate a model's tokens."""
        await self.writer.submit(facts.remember, key, value)

    async def recollect(self, key: str) -> str | None:
        """What was kept under a key."""
        return await self._read(facts.recollect, key)

    # ── Forgetting ───────────────────────────────────────────────────────────────────────────────────────────────

    async def forget_message(self, room: str, message_id: str) -> Forgotten:
        """Forget one message, or one reply, and everything made from it. Nothing is raised if there is none."""
        return await self.writer.submit(forgetting.forget_message, room, message_id)

    async def forget_user(self, room: str | None, username: str, user_id: str | None = None) -> Forgotten:
        """Forget a viewer in a room, or in all: all that was said by the user id where one is given (and under the same
        name without an id), else under the name, however it is capitalised; their notes; and everything made from it.
        """
        return await self.writer.submit(forgetting.forget_user, room, username, user_id)

    async def clear(self, room: str) -> Forgotten:
        """Forget all that was said in a room; its persona and its policy stay."""
        return await self.writer.submit(forgetting.clear, room)

    async def expire(self, before: float) -> Forgotten:
        """Forget what was said before a moment, in all rooms: retention by age."""
        return await self.writer.submit(forgetting.expire, before)

    # ── Moving house ─────────────────────────────────────────────────────────────────────────────────────────────

    async def export(self, room: str) -> AsyncIterator[transfer.Line]:
        """A room as rows of plain data, for a JSON Lines file; nothing if there is no such room."""
        line = await self._read(transfer.room_line, room)
        if line is None:
            return
        yield line
        start: int | None = -1
        while start is not None:
            lines, start = await self._read(transfer.entry_lines, room, start)
            for line in lines:
                yield line
        for line in await self._read(transfer.note_lines, room):
            yield line

    async def import_(self, room: str, lines: AsyncIterable[transfer.Line] | Iterable[transfer.Line]) -> Imported:
        """Bring in the rows of an export, under a name of your choice. What the room has already is not stored again.

        Raises:
            InputError: A row is not one that an export wrote; what came before it is stored.
        """
        imported, shift = Imported(), 0
        async for page in transfer.pages(lines):
            part, shift = await self.writer.submit(transfer.import_lines, room, page, shift)
            imported += part
        return imported

    # ── Itself ───────────────────────────────────────────────────────────────────────────────────────────────────

    def health(self) -> StoreHealth:
        """The state of the database, from memory: never waits."""
        return self._database.health()
