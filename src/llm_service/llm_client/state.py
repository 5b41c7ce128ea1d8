"""What the client tells of itself, for /health, metrics and the curious. Reading it does no I/O."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from llm_service.breaker import BreakerState
from llm_service.measures import SPEEDS, Distribution
from llm_service.types import ModelInfo, Usage


@dataclass(slots=True)
class Counters:
    """What has happened since the client was made."""

    requests: int = 0
    """Prompts that were asked, however they were answered."""
    cache_hits: int = 0
    cache_misses: int = 0
    joins: int = 0
    """Requests that shared another's flight."""
    attempts: int = 0
    """Requests that the engine got."""
    retries: int = 0
    refusals: int = 0
    """Requests that were refused without asking the engine."""
    failures: dict[str, int] = field(default_factory=dict)
    """Failed attempts by the code of their error."""
    prompt_tokens: int = 0
    """Tokens of the prompts that the engine got."""
    cached_tokens: int = 0
    """Those of them that it took from its KV cache, where it says so."""
    completion_tokens: int = 0
    waits: Distribution = field(default_factory=Distribution)
    """Seconds that prompts waited for a slot."""
    first_tokens: Distribution = field(default_factory=Distribution)
    """Seconds from the question to the first token."""
    speeds: Distribution = field(default_factory=lambda: Distribution(SPEEDS))
    """Tokens a second, from the first token to the last."""

    def failed(self, code: str) -> None:
        """Count a failed attempt."""
        self.failures[code] = self.failures.get(code, 0) + 1

    def answered(self, usage: Usage, *, first_token: float, generating: float) -> None:
        """Count an answer of the engine: its tokens, the seconds to its first and those from there to its end."""
        self.prompt_tokens += usage.prompt_tokens
        self.cached_tokens += usage.cached_tokens or 0
        self.completion_tokens += usage.completion_tokens
        self.first_tokens.observe(first_token)
        if usage.completion_tokens > 1 and generating > 0:
            self.speeds.observe((usage.completion_tokens - 1) / generating)

    def copy(self) -> Counters:
        """These counts as they are now."""
        return replace(
            self,
            failures=dict(self.failures),
            waits=self.waits.copy(),
            first_tokens=self.first_tokens.copy(),
            speeds=self.speeds.copy(),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineState:
    """One look at the engine and at what waits for it."""

    reachable: bool | None
    """Whether it answered when it was last asked; None before it was asked."""
    model: ModelInfo | None
    """The model that answers; None where none can."""
    loading: bool = False
    """Whether the model is on its way into memory."""
    progress: float | None = None
    """Share of it that is there, 0 to 1, by the time that its last load took; None at its first."""
    problem: str | None = None
    """Code of the error that a request would meet, as far as is known."""
    breaker: BreakerState = "closed"
    in_flight: int = 0
    queued: int = 0
    slots: int = 0
    pool: int | None = None
    """Tokens of the context that the slots share; None where they do not, or its size is not known."""
    tokens_in_flight: int = 0
    """Most of them that the requests in flight may take: their prompts, and the longest answers to them."""
    counters: Counters = field(default_factory=Counters)
