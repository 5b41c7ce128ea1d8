"""What the conductor counts, for metrics and the curious."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from llm_service.measures import Distribution
from llm_service.turn_taking import Decision

SHORT = (5e-6, 1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 2.5e-2, 1e-1)
"""Bounds for seconds of work that must never be felt."""


def message_work() -> dict[str, Distribution]:
    """How long it takes to understand a message, by part."""
    return {part: Distribution(SHORT) for part in ("emotes", "threads", "topics", "notes")}


def turn_work() -> dict[str, Distribution]:
    """How long it takes to look for what a turn should know, by part."""
    return {part: Distribution(SHORT) for part in ("recall", "notes")}


@dataclass(slots=True)
class DialogueCounters:
    """What has happened in all rooms since the manager was made. Names of rooms and viewers are not kept."""

    messages: int = 0
    """Messages that were stored."""
    turns: Counter[str] = field(default_factory=Counter)
    """Turns by how they ended: ``replied``, ``silent``, ``left`` (by their caller), or the code of an error."""
    decisions: Counter[str] = field(default_factory=Counter)
    """Decisions by reason: the urgency where it was to speak, else why not."""
    dropped: Counter[str] = field(default_factory=Counter)
    """Messages that no reply answers, by reason; ``skipped`` are those whose writers were answered on another line."""
    removed: Counter[str] = field(default_factory=Counter)
    """Things that were cleaned out of answers, by family."""
    turn_seconds: Distribution = field(default_factory=Distribution)
    """How long turns took that replied."""
    store_seconds: Distribution = field(default_factory=Distribution)
    """How long it took until messages and replies were durable."""
    message_work: dict[str, Distribution] = field(default_factory=message_work)
    """What each message cost beside storing it, by part; of those that came together, the mean."""
    turn_work: dict[str, Distribution] = field(default_factory=turn_work)
    """What each turn cost before its prompt was composed, by part."""
    notes: Counter[str] = field(default_factory=Counter)
    """Notes about viewers that were ``made`` and ``dropped``, because a newer one or a retraction took their place."""

    def decided(self, decision: Decision) -> None:
        """Count a decision, and what it lets go of."""
        self.decisions[decision.urgency if decision.speak else decision.why] += 1
        for reason, ids in decision.dropped.items():
            self.dropped[reason] += len(ids)
        if decision.skipped:
            self.dropped["skipped"] += len(decision.skipped)

    def turn_over(self, outcome: str, seconds: float) -> None:
        """Count a turn."""
        self.turns[outcome] += 1
        if outcome == "replied":
            self.turn_seconds.observe(seconds)
