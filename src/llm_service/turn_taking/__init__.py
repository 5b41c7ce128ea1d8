"""Turn-taking: a burst of messages becomes one good reply, or a silence with a reason. Pure functions, no I/O.

::

    policy       every knob, with unit and default                        Policy
    state        what the room did lately                                 RoomState, kept by a Ledger
    addressing   whom a line is meant for
    crowd        what a crowd says in chorus, as one line with a count    compress, crowd_lines
    waiting      what is dropped, and the lines that wait, weighed
    fairness     whose turn it is
    decision     whether to reply, to whom, and why                       decide → Decision
    running      what becomes of a reply under way                        urgent_over, after_forgetting
    sending      what the platform lets through                           wait_to_send, is_repeat
    scorecard    how well a recorded room was served                      score → Scorecard

No chance and no model call are involved: the same messages, state, policy and time give the same decision.
"""

from .addressing import Addressed, addressed
from .crowd import Chorus, compress, crowd_lines
from .decision import Decision, decide
from .policy import Knob, Policy, knobs
from .running import Fate, after_forgetting, urgent_over
from .sending import Said, is_repeat, wait_to_send
from .state import Ledger, RoomState, Urgency
from .viewers import is_listed, viewer_of
from .waiting import Reason

__all__ = [
    "Addressed",
    "Chorus",
    "Decision",
    "Fate",
    "Knob",
    "Ledger",
    "Policy",
    "Reason",
    "RoomState",
    "Said",
    "Urgency",
    "addressed",
    "after_forgetting",
    "compress",
    "crowd_lines",
    "decide",
    "is_listed",
    "is_repeat",
    "knobs",
    "urgent_over",
    "viewer_of",
    "wait_to_send",
]
