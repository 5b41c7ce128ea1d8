"""What a room did lately, as far as the next decision needs it."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from llm_service.types import Message

from .sending import Said
from .viewers import viewer_of

MOST_VIEWERS = 10_000
"""Viewers of a room who are remembered; of more, those who wrote or were answered longest ago are forgotten."""
MOST_REPLIES = 100
"""Latest replies by which a platform reply to the assistant is recognised."""
MOST_SAID = 1000
"""Messages sent that are remembered at most: as many as the largest send budget."""
_MOST_SERVED = 30
"""Latest replies to one viewer that are remembered: more than there are in a minute."""
_MOST_AMBIENT = 60
"""Most replies in a minute that a policy allows where nobody called."""


Urgency = Literal["none", "ambient", "raid", "called", "overdue"]
"""What made the assistant speak: nothing (it did not), its own budget, a raid, a call, a call that waited too long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomState:
    """All that `decide` knows of the room besides the messages that wait. Times are seconds since the Unix epoch."""

    replied_at: float | None = None
    """When the last reply was given."""
    ambient_at: tuple[float, ...] = ()
    """When the latest replies were given that nobody called for, in order."""
    raid_at: float | None = None
    """When the last raid was greeted."""
    heard_since_ambient: int = 0
    """Messages since the last of these."""
    served: Mapping[str, tuple[float, ...]] = field(default_factory=dict, hash=False)
    """When each of the waiting viewers was answered lately, in order; who never was is not in it."""
    newcomers: frozenset[str] = frozenset()
    """Ids of the waiting messages that are the first of their writer."""
    replies: tuple[str, ...] = ()
    """Ids of the latest replies."""
    said: tuple[Said, ...] = ()
    """What was sent to the platform lately, in order."""


class Ledger:
    """Keeps the account of one room: a few facts for each viewer and reply, bounded, and no text.

    The service tells it what happened and asks it for the `RoomState`. It holds nothing that the stored messages and
    replies do not say, so after a restart it is told them again.
    """

    def __init__(self) -> None:
        self._first: OrderedDict[str, str] = OrderedDict()
        self._served: OrderedDict[str, tuple[float, ...]] = OrderedDict()
        self._replies: deque[str] = deque(maxlen=MOST_REPLIES)
        self._ambient: deque[float] = deque(maxlen=_MOST_AMBIENT)
        self._said: deque[Said] = deque(maxlen=MOST_SAID)
        self._replied_at: float | None = None
        self._raid_at: float | None = None
        self._heard = 0

    def heard(self, message: Message) -> None:
        """A message arrived."""
        self._heard += 1
        viewer = viewer_of(message)
        self._first.setdefault(viewer, message.id)
        self._first.move_to_end(viewer)
        if len(self._first) > MOST_VIEWERS:
            self._first.popitem(last=False)

    def replied(self, reply_id: str, viewers: Iterable[str], *, urgency: Urgency, at: float) -> None:
        """A reply was given to ``viewers`` (see `viewer_of`), for the reason that its decision gave."""
        self._replied_at = at
        self._replies.append(reply_id)
        for viewer in viewers:
            self._served[viewer] = (*self._served.get(viewer, ())[1 - _MOST_SERVED :], at)
            self._served.move_to_end(viewer)
        while len(self._served) > MOST_VIEWERS:
            self._served.popitem(last=False)
        if urgency in ("ambient", "raid"):
            self._ambient.append(at)
            self._heard = 0
        if urgency == "raid":
            self._raid_at = at

    def sent(self, text: str, *, at: float) -> None:
        """One message went out to the platform."""
        self._said.append(Said.now(text, at))

    @property
    def replies(self) -> Sequence[str]:
        """Ids of the latest replies."""
        return self._replies

    def forget(self, viewer: str) -> None:
        """Nothing is known of this viewer any more."""
        self._first.pop(viewer, None)
        self._served.pop(viewer, None)

    def state(self, pending: Sequence[Message]) -> RoomState:
        """What a decision about these messages needs; costs as much as they are many, however old the room is."""
        viewers = [viewer_of(message) for message in pending]
        firsts = zip(viewers, pending, strict=True)
        return RoomState(
            replied_at=self._replied_at,
            ambient_at=tuple(self._ambient),
            raid_at=self._raid_at,
            heard_since_ambient=self._heard,
            served=MappingProxyType({viewer: self._served[viewer] for viewer in viewers if viewer in self._served}),
            newcomers=frozenset(message.id for viewer, message in firsts if self._first.get(viewer) == message.id),
            replies=tuple(self._replies),
            said=tuple(self._said),
        )
