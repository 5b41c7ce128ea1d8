"""Where something was taken out, what stood around it meets: it must not become a marker, or code, that way.

``<th<pad>ink>`` is no marker for who reads it once, and would be one for who reads what is left. So the character that
would complete the marker goes too. Whatever the text is, what is visible then holds no marker that is not talked about.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from llm_service.response_cleaner import markers
from llm_service.response_cleaner.markers import LONGEST_TAG as LONGEST
from llm_service.response_cleaner.phrases import SWITCHES, SWITCHES_AND_TURNINGS

__all__ = ["LONGEST", "between", "completed", "half"]

_LONGEST_WORD = 16
_LAST = re.compile(r"[>\]▷\[;]")
"""What a marker ends with."""


def between(before: str, after: str) -> str:
    """What must stand between these: two runs of ticks or tildes stay two, and a switch ends where it ended."""
    if after[0] in "`~":
        return " " if before.endswith(after[0]) else ""
    return " " if before.endswith("think") and after[0].isalnum() and _word(before, len(before), turning=False) else ""


def half(text: str, *, turning: bool) -> str:
    """The end of ``text`` that is the beginning of a marker, or of a word that acts like one; empty if none is.

    ``turning`` says that words that end a thought count.
    """
    start = len(text)
    if "<" in text or "[" in text or "]" in text or "&" in text or "◁" in text:
        for at in _signs(text):
            if at < start and markers.is_beginning(text[at:]):
                start = at
    if turning or "/" in text:
        for word in _words(text, len(text), turning=turning):
            start = start if word["whole"] else min(start, word.start())
    return text[start:]


def completed(begun: str, text: str, *, turning: bool) -> int | None:
    """Where in ``text`` the character is that makes a marker of what has ``begun``; None where none does."""
    worded = turning or "/" in begun
    if not worded and not (_goes_on(begun, text[:1]) and _LAST.search(text)):
        return None
    whole = begun + text[: LONGEST + 1]
    ends = [found.end for at in _signs(begun) if (found := markers.find(whole, at))]
    if worded:
        ends.append(_word(whole, len(begun) + 1, turning=turning))
    end = min((end for end in ends if end > len(begun)), default=0)
    return end - len(begun) - 1 if end else None


@lru_cache(maxsize=1024)
def _goes_on(begun: str, character: str) -> bool:
    """Whether what has ``begun`` may become a marker with this character behind it, as few do."""
    return _LAST.match(character) is not None or any(
        markers.is_beginning(begun[at:] + character) for at in _signs(begun)
    )


def _signs(text: str) -> list[int]:
    """Where the beginning of a marker may be: no marker holds its first sign again, but for ``<<SYS>>``."""
    signs = []
    if "<" in text:
        signs.append(text.rfind("<"))
        if text.startswith("<<", signs[0] - 1):
            signs.append(signs[0] - 1)
    if "[" in text:
        signs.append(text.rfind("["))
    if "]" in text:
        signs.append(text.rfind("]"))
    if "◁" in text:
        signs.append(text.rfind("◁"))
    if "&" in text:
        signs.extend(at for at in (text.rfind("&l"), len(text) - 1) if text[at] == "&")
    return signs


def _words(text: str, end: int, *, turning: bool) -> Iterator[re.Match[str]]:
    """Words that act like a marker, around ``end``: whole, or at the end of the text the beginning of one."""
    return (SWITCHES_AND_TURNINGS if turning else SWITCHES).finditer(text, max(0, end - _LONGEST_WORD))


def _word(text: str, beyond: int, *, turning: bool) -> int:
    """Where a whole one of them ends, at ``beyond`` or behind it; 0 where none does."""
    words = _words(text, beyond, turning=turning)
    return next((word.end() for word in words if word["whole"] and word.end() >= beyond), 0)
