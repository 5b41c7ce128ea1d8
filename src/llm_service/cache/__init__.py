"""Answers that were given before: remembered by the whole prompt, for a while, in bounded space.

::

    cache_key(prompt, model) ─▶ CacheKey      everything that it was made of
    MemoryCache                               in this process
    RedisCache                                shared by several; when it is away things are slower, never wrong
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .key import CacheKey, cache_key
from .memory import MemoryCache
from .protocol import ResponseCache

if TYPE_CHECKING:
    from .redis import RedisCache

__all__ = ["CacheKey", "MemoryCache", "RedisCache", "ResponseCache", "cache_key"]


def __getattr__(name: str) -> Any:
    """RedisCache is imported by who asks for it: the library behind it costs nine megabytes and half a second."""
    if name == "RedisCache":
        return import_module(".redis", __name__).RedisCache
    raise AttributeError(name)
