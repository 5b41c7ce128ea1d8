"""From a room to a prompt: exact for the model that is loaded, and kind to its KV cache. Pure functions, no I/O.

::

    entries ─▶ conversation ─▶ trimming ─▶ layout ─▶ Prompt
               turns           in large    system, room, notes
                               steps

    conversation   messages and replies in order, merged into turns
    layout         turns and what stands around them → messages in the roles that templates know
    notes          what changes from turn to turn, as lines for the end of the prompt
    budget         how many tokens the prompt and the reply may have
    trimming       which turns stay when they do not all fit
    composing      all of the above: ``compose``
    summary        the prompt that asks for a summary of what fell out

An engine re-reads a prompt from the first token that differs from what it read before. So the same history always
gives the same bytes, a turn only appends to them, and what changes by itself (recalled lines, topics, hints) is last.
What is known of a conversation from its last prompt spares work, and changes nothing.
"""

from .budget import REPLY_FLOOR, UNKNOWN_CONTEXT, Budget, budget, share_of
from .composing import MOST_MESSAGES, RETENTION, Composed, Counter, compose, most_tokens, warming
from .conversation import Conversation, Lines, Turn, before, in_order, one_line_each, turns
from .layout import Frame
from .notes import notes
from .summary import SummaryTask, summary_prompt

__all__ = [
    "MOST_MESSAGES",
    "REPLY_FLOOR",
    "RETENTION",
    "UNKNOWN_CONTEXT",
    "Budget",
    "Composed",
    "Conversation",
    "Counter",
    "Frame",
    "Lines",
    "SummaryTask",
    "Turn",
    "before",
    "budget",
    "compose",
    "in_order",
    "most_tokens",
    "notes",
    "one_line_each",
    "share_of",
    "summary_prompt",
    "turns",
    "warming",
]
