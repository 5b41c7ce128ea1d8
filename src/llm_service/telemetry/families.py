"""Every metric: its name, its meaning, and where its value is read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.utils import floatToGoString

from llm_service import __version__
from llm_service.breaker import BreakerState
from llm_service.dialogue_manager import DialogueCounters
from llm_service.llm_client import Counters, EngineState
from llm_service.measures import Distribution

from .readings import Readings
from .requests import Requests

NAMESPACE = "llm_service"
MOST_VALUES = 50
"""Values of a label; what comes beyond is counted as ``other``."""

_BREAKER: tuple[BreakerState, ...] = ("closed", "half-open", "open")


def families(readings: Readings) -> Iterator[Metric]:
    """All metrics of the service."""
    yield _gauge("build_info", "The version that runs.", {__version__: 1}, "version")
    yield _gauge("running", "Requests that callers wait for.", readings.running)
    yield from _of_requests(readings.requests)
    yield from _of_dialogues(readings.dialogues)
    yield _gauge("store_up", "Whether the database can be used.", readings.store_ok)
    yield from _of_engine_now(readings.engine)
    yield from _of_engine(readings.engine.counters if readings.engine else Counters())


def _of_requests(requests: Requests) -> Iterator[Metric]:
    counted = CounterMetricFamily(
        f"{NAMESPACE}_requests", "HTTP requests by route and status.", labels=("route", "code")
    )
    for (route, status), number in list(requests.counts.items()):
        counted.add_metric((route, str(status)), number)
    yield counted
    yield _histogram("request_seconds", "Seconds that HTTP requests took.", requests.seconds, "route")


def _of_dialogues(counters: DialogueCounters) -> Iterator[Metric]:
    yield _counter("messages", "Messages of viewers that were stored.", counters.messages)
    yield _counter("turns", "Turns by how they ended.", counters.turns, "outcome")
    yield _counter("decisions", "Turn-taking decisions by reason.", counters.decisions, "reason")
    yield _counter("dropped_messages", "Messages that no reply answers, by reason.", counters.dropped, "reason")
    yield _counter("cleaning_removals", "Things cleaned out of answers, by family.", counters.removed, "family")
    yield _histogram("turn_seconds", "Seconds that turns took that replied.", counters.turn_seconds)
    yield _histogram("store_seconds", "Seconds until messages and replies were durable.", counters.store_seconds)
    yield _histogram("message_work_seconds", "Seconds to understand a message, by part.", counters.message_work, "part")
    yield _histogram(
        "turn_work_seconds", "Seconds to look for what a turn is told, by part.", counters.turn_work, "part"
    )
    yield _counter("notes", "Notes about viewers, by what became of them.", counters.notes, "outcome")


def _of_engine_now(state: EngineState | None) -> Iterator[Metric]:
    yield _gauge("engine_up", "Whether the engine answers.", state is not None and state.reachable is not False)
    yield _gauge("engine_loading", "Whether a model is being loaded.", state is not None and state.loading)
    yield _gauge("engine_slots", "Requests that the engine gets at a time.", state.slots if state else 0)
    yield _gauge("engine_in_flight", "Requests that the engine works on.", state.in_flight if state else 0)
    tokens = (state.pool or 0, state.tokens_in_flight) if state else (0, 0)
    yield _gauge("engine_pool_tokens", "Context that the slots share; 0 where they do not.", tokens[0])
    yield _gauge("engine_tokens_in_flight", "Most of it that the requests in flight may take.", tokens[1])
    yield _gauge("engine_queued", "Requests that wait for a slot.", state.queued if state else 0)
    breaker = state.breaker if state else None
    states: dict[str, float] = {name: name == breaker for name in _BREAKER}
    yield _gauge("engine_breaker", "State of the circuit breaker: 1 for the one it is in.", states, "state")


def _of_engine(counters: Counters) -> Iterator[Metric]:
    for name, text, value in (
        ("prompts", "Prompts that were asked, however they were answered.", counters.requests),
        ("cache_hits", "Prompts that were answered from the cache.", counters.cache_hits),
        ("cache_misses", "Prompts that were looked for in the cache and not found.", counters.cache_misses),
        ("single_flight_joins", "Prompts that shared the answer to one under way.", counters.joins),
        ("engine_attempts", "Requests that the engine got.", counters.attempts),
        ("engine_retries", "Requests that were made again.", counters.retries),
        ("engine_refusals", "Prompts that were refused without asking the engine.", counters.refusals),
        ("prompt_tokens", "Tokens of the prompts that the engine got.", counters.prompt_tokens),
        ("prompt_cached_tokens", "Prompt tokens that the engine took from its KV cache.", counters.cached_tokens),
        ("completion_tokens", "Tokens that the engine wrote.", counters.completion_tokens),
    ):
        yield _counter(name, text, value)
    yield _counter("engine_failures", "Failed requests to the engine, by error.", counters.failures, "code")
    yield _histogram("queue_seconds", "Seconds that prompts waited for a slot.", counters.waits)
    yield _histogram("first_token_seconds", "Seconds from a prompt to its first token.", counters.first_tokens)
    yield _histogram("tokens_per_second", "Speed of the engine, from the first token on.", counters.speeds)


# ── forms ──

_Value = float | Mapping[str, float]


def _counter(name: str, text: str, value: _Value, label: str = "") -> Metric:
    return _labelled(CounterMetricFamily, name, text, value, label)


def _gauge(name: str, text: str, value: _Value, label: str = "") -> Metric:
    return _labelled(GaugeMetricFamily, name, text, value, label)


def _labelled(
    family: Callable[..., CounterMetricFamily | GaugeMetricFamily], name: str, text: str, value: _Value, label: str
) -> Metric:
    metric = family(f"{NAMESPACE}_{name}", text, labels=(label,) if label else ())
    if isinstance(value, Mapping):
        for key, number in _bounded(value).items():
            metric.add_metric((key,), number)
    else:
        metric.add_metric((), float(value))
    return metric


def _bounded(values: Mapping[str, float]) -> dict[str, float]:
    """At most ``MOST_VALUES`` of a label, so that no mistake elsewhere can flood a database of metrics."""
    kept = dict(list(values.items())[:MOST_VALUES])
    rest = sum(values.values()) - sum(kept.values())
    return {**kept, "other": rest} if len(values) > MOST_VALUES else kept


def _histogram(name: str, text: str, value: Distribution | Mapping[str, Distribution], label: str = "") -> Metric:
    metric = HistogramMetricFamily(f"{NAMESPACE}_{name}", text, labels=(label,) if label else ())
    values = [((key,), one) for key, one in value.items()] if isinstance(value, Mapping) else [((), value)]
    for labels, one in values:
        bounds = [*map(floatToGoString, one.bounds), "+Inf"]
        buckets = list(zip(bounds, map(float, one.cumulative()), strict=True))
        metric.add_metric(labels, buckets, one.total)
    return metric
