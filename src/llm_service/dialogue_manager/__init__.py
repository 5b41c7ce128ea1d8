"""Dialogue: rooms with many speakers, and turns that answer them.

===================  ============================================================================================
``manager``          DialogueManager: the conductor, which knows the order
``turn``             one turn, from picking what to answer until the reply is durable
``speech``           one attempt at an answer: chunks in, clean text out
``composer``         from a room to the prompt of its next reply
``room``, ``rooms``  a conversation in memory; which of them are in memory
``room_settings``    persona, emotes, policy
``ingesting``        from drafts to messages of the conversation
``deciding``         what waits for a turn, whether to speak, what is let go of
``saving``           from the conversation to the store, in the same order
``forgetting``       from the store, memory, running replies and caches
``answered``         replies to messages that may be sent again
``events``           what happens in a room, to be followed
``autopilot``        rooms that take their turns by themselves
``tending``          cutting, summing up and warming while nobody waits
``telling``          what a prompt says at its end, from the next two and from threads
``recalling``        older messages that matter to the newest ones
``noting``           what viewers said about themselves
``ports``            what is needed of an engine and of a store
``counters``         what is counted, for metrics
``memory``           a store without a database
===================  ============================================================================================
"""

from .counters import DialogueCounters
from .events import EventLog, RoomEvent, TooSlow
from .manager import DialogueManager
from .memory import MemoryStore
from .ports import Backend, Store, Stream
from .room_emotes import RoomEmotes
from .turn import Turn

__all__ = [
    "Backend",
    "DialogueCounters",
    "DialogueManager",
    "EventLog",
    "MemoryStore",
    "RoomEmotes",
    "RoomEvent",
    "Store",
    "Stream",
    "TooSlow",
    "Turn",
]
