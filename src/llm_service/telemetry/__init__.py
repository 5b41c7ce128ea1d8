"""Metrics: what the parts counted, read when somebody asks, in the words of Prometheus.

Nothing here is told of anything. Each part counts in plain integers as it works (``EngineState.counters``,
``DialogueManager.counters``, ``Requests``); a scrape reads them. So metrics cost a request next to nothing. Labels are
routes, codes, reasons and families: a bounded number, and never the name of a room or a viewer.

=============  ==================================================================================================
``telemetry``   the metrics of one service
``readings``    what its parts have counted
``exposition``  the text of a scrape
``families``    every metric: its name, its meaning, and where its value is read
``requests``    HTTP requests by route and status
=============  ==================================================================================================
"""

from .readings import Readings
from .requests import Requests
from .telemetry import Telemetry

__all__ = ["Readings", "Requests", "Telemetry"]
