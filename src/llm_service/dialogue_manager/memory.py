"""A store for a notebook: keeps rooms in memory, and is gone with the process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from llm_service.errors import UnknownMessage
from llm_service.recall import LexicalIndex, Ranking, header_of
from llm_service.types import (
    UNSET,
    Entry,
    Forgotten,
    Message,
    Note,
    Persona,
    Reply,
    RoomRecord,
    Stored,
    Summary,
    Unset,
    UserRecord,
)

MOST_NOTES = 16
"""Notes about one viewer."""


@dataclass(slots=True)
class _Kept:
    """One room."""

    created_at: float = 0.0
    persona: Persona | None = None
    policy: str | None = None
    cut: int = 0
    summary: Summary | None = None
    messages: dict[str, Message] = field(default_factory=dict)
    replies: dict[str, Reply] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    words: LexicalIndex = field(default_factory=LexicalIndex)
    last_position: int = 0


def _place(entry: Entry) -> tuple[int, int]:
    return (entry.after, 1) if isinstance(entry, Reply) else (entry.position, 0)


class MemoryStore:
    """The :class:`~.ports.Store` protocol without a database."""

    def __init__(self) -> None:
        self._rooms: dict[str, _Kept] = {}
        self._remembered: dict[str, str] = {}

    def _room(self, name: str) -> _Kept:
        return self._rooms.setdefault(name, _Kept())

    async def append(self, messages: Sequence[Message]) -> Sequence[Stored]:
        """Keep messages; those whose ids are known are given back as they are."""
        return [self._put(message) for message in messages]

    def _put(self, message: Message) -> Stored:
        room = self._room(message.room)
        known = room.messages.get(message.id)
        if known is not None:
            return Stored(message=known, known=True)
        room.last_position += 1
        room.created_at = room.created_at or message.sent_at
        kept = room.messages[message.id] = replace(message, position=room.last_position)
        room.words.add(kept)
        return Stored(message=kept, known=False)

    async def commit_reply(self, reply: Reply) -> Reply:
        """Keep a reply."""
        room = self._room(reply.room)
        if not all(one in room.messages for one in reply.answers):
            raise UnknownMessage
        return room.replies.setdefault(reply.id, reply)

    async def reply_for(self, room: str, message_id: str) -> Reply | None:
        """The reply that answers this message."""
        return next((reply for reply in self._room(room).replies.values() if message_id in reply.answers), None)

    async def load(self, room: str, *, limit: int) -> RoomRecord | None:
        """The room, or None where nothing was ever said in it."""
        kept = self._rooms.get(room)
        if kept is None:
            return None
        said: list[Entry] = [*kept.messages.values(), *kept.replies.values()]
        return RoomRecord(
            room=room,
            persona=kept.persona,
            policy=kept.policy,
            cut=kept.cut,
            summary=kept.summary,
            entries=tuple(sorted((entry for entry in said if _place(entry)[0] >= kept.cut), key=_place))[-limit:],
            messages=len(kept.messages),
            replies=len(kept.replies),
            created_at=kept.created_at,
        )

    async def save_room(
        self,
        room: str,
        *,
        persona: Persona | None = None,
        policy: str | None = None,
        cut: int | None = None,
        summary: Summary | Unset | None = UNSET,
    ) -> None:
        """Keep what is given."""
        kept = self._room(room)
        kept.persona = persona or kept.persona
        kept.policy = policy or kept.policy
        kept.cut = kept.cut if cut is None else cut
        kept.summary = kept.summary if isinstance(summary, Unset) else summary

    async def forget_message(self, room: str, message_id: str) -> Forgotten:
        """Drop one message or reply, and what was made from it."""
        if message_id in self._room(room).replies:
            del self._room(room).replies[message_id]
            return Forgotten(rooms=(room,), reply_ids=(message_id,))
        return self._drop(room, lambda message: message.id == message_id)

    async def forget_user(self, room: str | None, username: str, user_id: str | None = None) -> Forgotten:
        """Drop everything of one viewer, and what was made from it."""
        name = username.casefold()
        gone = Forgotten()
        for each in [room] if room is not None else list(self._rooms):
            gone += self._drop(each, lambda message: _is_by(message, name, user_id))
        return gone

    async def clear(self, room: str) -> Forgotten:
        """Drop everything that was said."""
        gone = self._drop(room, lambda message: True)
        self._room(room).cut = 0
        return gone

    async def expire(self, before: float) -> Forgotten:
        """Drop what was said before a moment."""
        gone = Forgotten()
        for room in list(self._rooms):
            gone += self._drop(room, lambda message: message.sent_at < before)
        return gone

    def _drop(self, name: str, doomed: Callable[[Message], bool]) -> Forgotten:
        room = self._room(name)
        ids = [message.id for message in room.messages.values() if doomed(message)]
        answers = [reply.id for reply in room.replies.values() if not set(ids).isdisjoint(reply.answers)]
        gone = {*ids, *answers}
        covered = room.summary is not None and not gone.isdisjoint(room.summary.covers)
        room.notes = [note for note in room.notes if gone.isdisjoint(note.from_ids)]
        room.words.forget(ids)
        for one in ids:
            del room.messages[one]
        for one in answers:
            del room.replies[one]
        if ids:
            room.replies = {one: replace(reply, topics=()) for one, reply in room.replies.items()}
        room.summary = None if covered else room.summary
        return Forgotten(
            rooms=(name,) if ids else (), message_ids=tuple(ids), reply_ids=tuple(answers), summaries_dropped=covered
        )

    async def user(self, room: str, username: str, user_id: str | None = None) -> UserRecord:
        """Everything that is kept about a viewer."""
        name, kept = username.casefold(), self._room(room)
        theirs = tuple(message for message in kept.messages.values() if _is_by(message, name, user_id))
        ids = {message.id for message in theirs}
        return UserRecord(
            username=username,
            usernames=tuple(dict.fromkeys(message.username for message in theirs)),
            user_ids=tuple(dict.fromkeys(message.user_id for message in theirs if message.user_id)),
            messages=theirs,
            notes=tuple(note for note in kept.notes if not ids.isdisjoint(note.from_ids)),
            replies=tuple(reply for reply in kept.replies.values() if not ids.isdisjoint(reply.answers)),
            first_seen=min((message.sent_at for message in theirs), default=None),
            last_seen=max((message.sent_at for message in theirs), default=None),
        )

    async def save_note(
        self, room: str, speaker: str, text: str, from_ids: Sequence[str], *, outdated: Callable[[str], bool]
    ) -> Sequence[Note]:
        """Keep a note in place of the outdated ones."""
        kept = self._room(room)
        if not all(one in kept.messages for one in from_ids):
            raise UnknownMessage
        await self.drop_notes(room, speaker, outdated)
        newest = max((kept.messages[one].sent_at for one in from_ids), default=0.0)
        kept.notes.append(Note(speaker=speaker, text=text, from_ids=tuple(from_ids), created_at=newest))
        for note in (await self.notes(room, speaker))[:-MOST_NOTES]:
            kept.notes.remove(note)
        return await self.notes(room, speaker)

    async def drop_notes(self, room: str, speaker: str, outdated: Callable[[str], bool]) -> Sequence[Note]:
        """Drop the outdated notes."""
        kept = self._room(room)
        kept.notes = [note for note in kept.notes if note.speaker != speaker or not outdated(note.text)]
        return await self.notes(room, speaker)

    async def notes(self, room: str, speaker: str) -> Sequence[Note]:
        """The notes about one viewer."""
        return [note for note in self._room(room).notes if note.speaker == speaker]

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
        """Messages with these words, best first; then those around the best of them; or as they are ranked."""
        kept = self._room(room)
        last = kept.last_position if exclude_after_position is None else exclude_after_position
        found = kept.words.search(terms, limit=limit + kept.last_position - last)
        hits = [(message, score) for message, score in found if message.position <= last][:limit]
        places = [message.position for message, _ in hits]
        near = {place + step for place in places[:around] for step in range(-radius, radius + 1)}.difference(places)
        beside = (message for message in kept.messages.values() if message.position in near)
        found = hits + [(message, 0.0) for message in beside if message.position <= last]
        if ranking is None:
            return found
        ranked = ranking([(header_of(message), score) for message, score in found])
        return [(kept.messages[header.id], score) for header, score in ranked]

    async def remember(self, key: str, value: str) -> None:
        """Keep a small value."""
        self._remembered[key] = value

    async def recollect(self, key: str) -> str | None:
        """A small value that was kept."""
        return self._remembered.get(key)


def _is_by(message: Message, name: str, user_id: str | None) -> bool:
    if user_id is not None and message.user_id is not None:
        return message.user_id == user_id
    return message.username.casefold() == name
