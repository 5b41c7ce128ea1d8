"""Messages that were answered lately, so that who sends one again gets its reply without a turn."""

from __future__ import annotations

from collections import OrderedDict

from llm_service.types import Reply

MOST_ANSWERED = 500
"""Messages of all rooms; older ones are looked up in the store."""


class Answered:
    """Durable replies by room and message: the ones asked for or given last."""

    def __init__(self, most: int = MOST_ANSWERED) -> None:
        self._most = most
        self._replies: OrderedDict[tuple[str, str], Reply] = OrderedDict()
        self.cleared = 0
        """How often everything was dropped."""

    def remember(self, reply: Reply, cleared: int) -> None:
        """Keep a reply for the messages that it answers; not if all was dropped since ``cleared`` was read, which must
        be before the store was asked: it may be among what was forgotten meanwhile."""
        if cleared != self.cleared:
            return
        for message_id in reply.answers:
            self._replies[reply.room, message_id] = reply
        while len(self._replies) > self._most:
            self._replies.popitem(last=False)

    def find(self, room: str, message_id: str) -> Reply | None:
        """The reply to this message, if it is remembered."""
        key = (room, message_id)
        found = self._replies.get(key)
        if found is not None:
            self._replies.move_to_end(key)
        return found

    def clear(self) -> None:
        """Drop all: something they were made from was forgotten, or they are to be shown differently."""
        self._replies.clear()
        self.cleared += 1
