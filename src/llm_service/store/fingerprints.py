"""64-bit fingerprints: what the indexes hold instead of names, ids and words.

They are not secret: whoever has the file can test a guess against what is still stored. They make an index small, and
see to it that no word of a forgotten message is left in one.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b


@lru_cache(maxsize=8192)
def fingerprint(text: str) -> int:
    """A number for a text, the same on every machine; two texts share one with a chance of 1 in 2^64.

    Raises:
        UnicodeEncodeError: The text holds half a surrogate pair.
    """
    digest = blake2b(text.encode(), digest_size=8, person=b"llm-service").digest()
    return int.from_bytes(digest, "big", signed=True)


def name_fingerprint(username: str) -> int:
    """A number for a viewer's name that is the same however it is capitalised."""
    return fingerprint(username.casefold())
