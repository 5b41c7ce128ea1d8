"""The metrics of one service."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING

from .readings import Readings
from .requests import Requests

if TYPE_CHECKING:
    from .exposition import Exposition


class Telemetry:
    """The metrics of one service. ``read`` gives what its parts have counted; it is called for each scrape."""

    def __init__(self, read: Callable[[], Readings], requests: Requests) -> None:
        self.requests = requests
        self._read = read

    def text(self, accept: str = "") -> tuple[bytes, str]:
        """All metrics as text, in Prometheus's or OpenMetrics' format as ``accept`` prefers, and its media type."""
        return self._exposition.text(accept)

    @cached_property
    def _exposition(self) -> Exposition:
        """Made for the first scrape: the library behind it costs a megabyte, and many services are never scraped."""
        made: Exposition = import_module(".exposition", __package__).Exposition(self._read)
        return made
