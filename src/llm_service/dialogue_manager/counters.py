"""What the conductor counts, for metrics and the curious."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from llm_service.measures import Distribution
from llm_service.turn_taking import Decision


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
