"""A place where the text may have been misunderstood."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

_WRAPPED = re.compile(r"</\s?\w{1,16}\s?>\s*(?:<\|\w{1,24}\|>\s*)*\Z")
Kind = Literal["prompt", "opening", "word", "nested", "wrapper", "call"]
"""What may have been misunderstood: that the prompt opened a thought, that first words are a header, that an ordinary
word is a tag, that a thought is within another, that a wrapper is only talked about, that a tool call has ended."""
_CUT = frozenset({"length", "content_filter"})


@dataclass(slots=True)
class Doubt:
    """Where the reading may be wrong: if the end of the text says so, it is read again from there."""

    kind: Kind
    raw: list[str]
    """What came since."""
    blocks: int
    pieces: int
    """How much of the thoughts was certain by then."""
    seen: bool
    """Whether anything was a thought by then."""
    if_cut: bool = False
    """Whether to read again even where the answer was cut off."""

    def holds(self, finish_reason: str) -> bool:
        """Whether the text, which is over, was misunderstood."""
        if finish_reason in _CUT and not self.if_cut:
            return False
        return self.kind != "wrapper" or _WRAPPED.search("".join(self.raw)) is not None
