"""Writing down what viewers say about themselves, and giving it back when they are answered.

Nothing of it is needed for a reply: where the store fails, a note is lost and the conversation goes on.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Sequence
from functools import partial

import structlog

from llm_service.errors import LLMServiceError, UnknownMessage
from llm_service.hygiene import speaker_of
from llm_service.people import person
from llm_service.turn_taking import is_listed
from llm_service.types import Message, Note
from llm_service.viewer_notes import Statement, replaces, statements, takes_back
from llm_service.words import fold, split, terms

from .counters import DialogueCounters
from .ports import Store
from .room import Room

log = structlog.get_logger("llm_service.dialogue")

MOST_KNOWN = 500
"""Viewers of a room whose notes are kept in memory."""


class Noting:
    """Makes notes of messages that are stored, and knows those about the viewers who are answered."""

    def __init__(self, store: Store, counters: DialogueCounters, *, enabled: bool = True) -> None:
        self._store = store
        self._counters = counters
        self._enabled = enabled

    def is_on(self, room: Room) -> bool:
        """Whether notes are made and used in this room."""
        return self._enabled and room.policy.notes

    async def note(self, room: Room, messages: Sequence[Message]) -> None:
        """Write down what these messages, which are stored, say about their writers."""
        if not self.is_on(room) or not messages:
            return
        with self._counters.message_work["notes"].timed(len(messages)):
            told = [(message, said) for message in messages if (said := self._told(room, message))]
        for message, said in told:
            await self._write(room, message, said)

    async def about(self, room: Room, asked: Sequence[Message]) -> list[tuple[Message, list[Note]]]:
        """The notes about those who wrote ``asked``, newest writer first, each with their newest message.

        What the window shows anyway is left out. Of one viewer's notes, those that share words with what they ask
        come first, then the newest.
        """
        if not self.is_on(room):
            return []
        with self._counters.turn_work["notes"].timed():
            return await self._about(room, asked)

    async def _about(self, room: Room, asked: Sequence[Message]) -> list[tuple[Message, list[Note]]]:
        newest = {person(message.username, message.user_id): message for message in asked}
        found = []
        for who, message in sorted(newest.items(), key=lambda one: -one[1].position):
            notes = [note for note in await self._known(room, who) if room.present.isdisjoint(note.from_ids)]
            if notes:
                found.append((message, _best_first(notes, message)))
        return found

    async def _known(self, room: Room, who: str) -> Sequence[Note]:
        cache = room.noted
        if who not in cache:
            try:
                _keep(cache, who, await self._store.notes(room.name, who))
            except LLMServiceError as exc:
                log.info("no notes read", room=room.name, code=exc.code)
                return ()
        cache.move_to_end(who)
        return cache[who]

    def _told(self, room: Room, message: Message) -> list[Statement]:
        names = room.bot_names
        told = statements(message.line, names=names, is_emote=_emotes_of(room, message))
        if not told or not _may_speak_for_themselves(room, message):
            return []
        taken = {fold(name) for name in room.speakers if name != message.speaker}
        return [one for one in told if _fits(one.text, {*map(fold, names)}, taken, names)]

    async def _write(self, room: Room, message: Message, told: Sequence[Statement]) -> None:
        who = person(message.username, message.user_id)
        texts = [statement.text for statement in told if statement.holds]
        try:
            for statement in told:
                if not statement.holds:
                    await self._drop(room, who, partial(takes_back, statement))
            if texts and room.repeats.is_own(message.line, who, at=message.sent_at):
                for text in texts:
                    await self._save(room, who, text, message)
            elif first := room.repeats.origin(message.line):
                await self._drop(room, first, texts.__contains__)
        except UnknownMessage:  # forgotten meanwhile, and so is what it said
            return
        except LLMServiceError as exc:
            log.info("not noted", room=room.name, code=exc.code)

    async def _save(self, room: Room, who: str, text: str, message: Message) -> None:
        cache, outdated = room.noted, partial(replaces, text)
        _keep(cache, who, await self._store.save_note(room.name, who, text, [message.id], outdated=outdated))
        self._counters.notes["made"] += 1

    async def _drop(self, room: Room, who: str, outdated: Callable[[str], bool]) -> None:
        known, cache = await self._known(room, who), room.noted
        if any(outdated(note.text) for note in known):
            _keep(cache, who, await self._store.drop_notes(room.name, who, outdated))
            self._counters.notes["dropped"] += 1


def _keep(cache: OrderedDict[str, tuple[Note, ...]], who: str, notes: Sequence[Note]) -> None:
    """Keep a viewer's notes in memory. ``cache`` is that of the moment at which they were asked for: forgetting makes a
    new one, so that what was on its way meanwhile is not kept."""
    cache[who] = tuple(notes)
    if len(cache) > MOST_KNOWN:
        cache.popitem(last=False)


def _emotes_of(room: Room, message: Message) -> Callable[[str], bool]:
    return lambda word: word in message.emotes or word in room.known_emotes.dictionary


def _may_speak_for_themselves(room: Room, message: Message) -> bool:
    """Whether it was written by a viewer, to people: not by a bot, not by somebody ignored, and no command."""
    policy = room.policy
    unheard = is_listed(message, policy.known_bots) or is_listed(message, policy.ignored)
    return not unheard and not message.text.startswith(policy.command_prefixes)


def _fits(text: str, own_names: Collection[str], others: Collection[str], names: Collection[str]) -> bool:
    """Whether the note names nobody else: it must neither lend a viewer another's name nor speak of another viewer."""
    if text.startswith("is called "):
        name = text.removeprefix("is called ")
        return fold(name) not in {*own_names, *others} and speaker_of(name, names) == name
    return {fold(word) for word in split(text)}.isdisjoint({*own_names, *others})


def _best_first(notes: Sequence[Note], message: Message) -> list[Note]:
    asked = set(terms(message.line))
    newest_first = list(reversed(notes))
    newest_first.sort(key=lambda note: asked.isdisjoint(terms(note.text)))
    return newest_first
