"""A place where the text may have been misunderstood."""

from __future__ import annotations

import re
from dataclasses import dataclass

_WRAPPED = re.compile(r"</\s?\w{1,16}\s?>\s*(?:<\|\w{1,24}\|>\s*)*\Z")
_CUT = frozenset({"length", "content_filter"})


@dataclass(slots=True)
class Doubt:
    """Where the reading may be wrong: if the end of the text says so, it is read again from there."""

    raw: list[str]
    """What came since."""
    blocks: int
    pieces: int
    """How much of the thoughts was certain by then."""
    if_cut: bool = False
    """Whether to read again even where the answer was cut off."""
    wrapped: bool = False
    """Whether to read again only if the text ends with a closing wrapper."""

    def holds(self, finish_reason: str) -> bool:
        """Whether the text, which is over, was misunderstood."""
        if finish_reason in _CUT and not self.if_cut:
            return False
        return not self.wrapped or _WRAPPED.search("".join(self.raw)) is not None
