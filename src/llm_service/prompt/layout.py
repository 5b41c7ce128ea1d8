"""Where everything stands in a prompt: what never changes first, what changes every turn last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from operator import attrgetter

from llm_service.types import Persona, PromptMessage, Summary

from .conversation import Turn
from .notes import as_note

SILENCE = "(No new messages.)"
"""What the last user turn says when there is nothing to answer: templates want a user turn with content."""

_SPOKEN = attrgetter("spoken")


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What stands around the turns of a prompt."""

    system: str = ""
    """Constant for a room: the persona, and what else never changes."""
    opening: str = ""
    """What was said before the first turn, in short; it changes only when the window is cut. It stands in the first
    user turn since it is made of viewers' words, and the system message must never carry those."""
    notes: tuple[str, ...] = ()
    """What changes from turn to turn: the end of the last user turn, each on a line that begins with a parenthesis,
    as no viewer's line does."""
    fold_system: bool = False
    """For templates that refuse a system message: it becomes the head of the first user turn."""

    def around(self, turns: Sequence[Turn]) -> tuple[PromptMessage, ...]:
        """The messages of the prompt: at most one system message, then user and assistant strictly in turn, the last
        one a user's; none of them empty."""
        messages = list(chain.from_iterable(map(_SPOKEN, turns)))
        if not turns or turns[-1].answered:
            messages.append(PromptMessage(role="user", content="" if self.notes else SILENCE))
        if self.opening or self.fold_system:
            messages[0] = _said(self.system if self.fold_system else "", self.opening, messages[0].content)
        if self.notes:
            messages[-1] = _said(messages[-1].content, "\n".join(self.notes))
        return (*self._system_message(), *messages)

    @property
    def is_bare(self) -> bool:
        """Whether there is nothing that can be spared."""
        return not self.opening and not self.notes

    def bare(self) -> Frame:
        """The same without what can be spared."""
        return Frame(system=self.system, fold_system=self.fold_system)

    def _system_message(self) -> tuple[PromptMessage, ...]:
        if self.fold_system or not self.system:
            return ()
        return (PromptMessage(role="system", content=self.system),)


def _said(*paragraphs: str) -> PromptMessage:
    """A user's message of these paragraphs, without the empty ones."""
    return PromptMessage(role="user", content="\n\n".join(filter(None, paragraphs)))


def frame_of(
    persona: Persona, stable: str, *, summary: Summary | None, notes: Sequence[str], fold_system: bool
) -> Frame:
    """What stands around the turns of a room: below the persona the ``stable`` text, which is constant too."""
    return Frame(
        system="\n\n".join(filter(None, (persona.text.strip(), stable.strip()))),
        opening=opening_text(summary),
        notes=tuple(filter(None, map(as_note, notes))),
        fold_system=fold_system,
    )


def opening_text(summary: Summary | None) -> str:
    """The summary as a line that no viewer can have written."""
    text = " ".join(summary.text.split()) if summary else ""
    return f"(Earlier in this chat: {text})" if text else ""
