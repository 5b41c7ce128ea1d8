"""Answers that were given before: remembered by the whole prompt, for a while, in bounded space.

::

    cache_key(prompt, model) ─▶ CacheKey      a digest, and beside it everything that it was made of
    MemoryCache                               in this process
"""

from .key import CacheKey, cache_key
from .memory import MemoryCache
from .protocol import ResponseCache

__all__ = ["CacheKey", "MemoryCache", "ResponseCache", "cache_key"]
