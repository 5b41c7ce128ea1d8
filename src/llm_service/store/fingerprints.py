"""64-bit fingerprints: what the indexes hold instead of names, ids and words.

They are not secret: whoever has the file can test a guess against what is still stored. They make an index small, and
see to it that no word of a forgotten message is left in one.
"""

from __future__ import annotations

from hashlib import blake2b
from struct import Struct
from typing import Final

from ..memo import Memory

_EMPTY: Final = blake2b(digest_size=8, person=b"llm-service")
_NUMBER: Final = Struct(">q")


def fingerprint(text: str) -> int:
    """A number for a text, the same on every machine; two texts share one with a chance of 1 in 2^64.

    Raises:
        UnicodeEncodeError: The text holds half a surrogate pair.
    """
    digest = _EMPTY.copy()
    digest.update(text.encode())
    number: int
    (number,) = _NUMBER.unpack(digest.digest())
    return number


USUAL: Final = Memory(fingerprint, 1 << 14)
"""The fingerprints of what is asked for again and again: words and viewers, as ``USUAL[text]``. Ids are new each."""


def name_fingerprint(username: str) -> int:
    """A number for a viewer's name that is the same however it is capitalised."""
    return USUAL[username.casefold()]
