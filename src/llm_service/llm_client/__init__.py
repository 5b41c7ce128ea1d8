"""The engine's client: one way in, whatever engine answers.

::

    client.py      LMStudioClient: what a program sees
    dispatch.py    from a prompt to an answer: readiness, slot, breaker, retries
    exchange.py    one attempt within its limits
    flight.py      one question under way; flights.py joins those who ask the same
    watch.py       what the engine has; loading.py brings a model into memory; counting.py counts tokens
    weighing.py    what a request may take of a context that slots share
    connection.py  aiohttp, and nothing else in here knows it
    retry.py, state.py, stream.py, cleaning.py    values and decisions
"""

from .client import LMStudioClient
from .loading import Progress
from .state import Counters, EngineState
from .stream import EngineStream

__all__ = ["Counters", "EngineState", "EngineStream", "LMStudioClient", "Progress"]
