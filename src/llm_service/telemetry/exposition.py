"""The text of a scrape."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from .families import families
from .readings import Readings


class Exposition:
    """What ``read`` gives, in the words of Prometheus; it is called for each scrape."""

    def __init__(self, read: Callable[[], Readings]) -> None:
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(_Families(read))
        ProcessCollector(registry=self._registry)

    def text(self, accept: str) -> tuple[bytes, str]:
        """See Telemetry."""
        encode, media_type = choose_encoder(accept)
        return encode(self._registry), media_type


class _Families(Collector):
    def __init__(self, read: Callable[[], Readings]) -> None:
        self._read = read

    def collect(self) -> Iterator[Metric]:
        return families(self._read())
