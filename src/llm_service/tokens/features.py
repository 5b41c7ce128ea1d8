"""What a text is made of, counted cheaply: the kinds of things for which tokenizers charge differently."""

from __future__ import annotations

import re
from bisect import bisect_right

FEATURES = (
    "template",  # once a prompt: first token, generation prompt, whatever else a chat template adds
    "message",  # what the template adds around every message
    "line",  # a line and its end; in chats every line has a name, and names are costly
    "word",  # runs of ASCII letters
    "long",  # ASCII letters after the fourth of their word
    "capital",  # A to Z
    "hump",  # a small letter and then a capital one, as in PogChamp
    "digit",
    "number",  # runs of digits
    "mark",  # ASCII punctuation
    "marks",  # runs of it
    "space",
    "foreign",  # runs of letters that are not ASCII
    "latin",  # letters with diacritics
    "greek",
    "cyrillic",
    "hebrew",
    "arabic",
    "devanagari",
    "brahmic",  # the other scripts of India, which fewer vocabularies know
    "thai",  # and its neighbours: Lao, Khmer, Burmese
    "hangul",
    "kana",
    "han",
    "other",  # letters of other scripts
    "emoji",  # and other symbols
    "joint",  # what joins or changes the character before it: variation selectors, skin tones, vowel signs
    "punctuation",  # that is not ASCII
    "shout",  # capital letters that are not ASCII
    "repeat",  # characters after the third of the same, which cost less than others
)
"""The kinds, in the order in which they are counted."""

_BLOCKS = (
    (0x0000, " "), (0x0021, "."), (0x0030, "0"), (0x003A, "."), (0x0041, "A"), (0x005B, "."), (0x0061, "a"),
    (0x007B, "."), (0x007F, " "), (0x00A1, "p"), (0x00C0, "l"), (0x0300, "z"), (0x0370, "g"), (0x0400, "c"),
    (0x0530, "o"), (0x0590, "h"), (0x0600, "r"), (0x0700, "o"), (0x0900, "i"), (0x0980, "d"), (0x0E00, "t"),
    (0x0F00, "o"), (0x1000, "t"), (0x10A0, "o"), (0x1100, "k"), (0x1200, "o"), (0x1780, "t"), (0x1800, "o"),
    (0x1E00, "l"), (0x1F00, "g"), (0x2000, "p"), (0x200B, "z"), (0x2010, "p"), (0x20D0, "z"), (0x2100, "e"),
    (0x2E80, "n"), (0x3000, "p"), (0x3040, "j"), (0x3130, "k"), (0x3190, "n"), (0xA000, "o"), (0xAC00, "k"),
    (0xD800, "o"), (0xF900, "n"), (0xFB1D, "h"), (0xFB50, "r"), (0xFE00, "z"), (0xFE10, "p"), (0xFE70, "r"),
    (0xFEFF, "z"), (0xFF00, "p"), (0x10000, "o"), (0x1F000, "e"), (0x1F3FB, "z"), (0x1F400, "e"), (0x20000, "n"),
    (0xE0000, "z"),
)  # fmt: skip
"""First code point and class of every block. A class is one ASCII character, so that the classes of a text are bytes,
which are searched and translated many times faster than characters."""
_STARTS = [start for start, _ in _BLOCKS]
_SCRIPTS = b"lgchridtkjnoezp"
"""Their classes, in the order of ``FEATURES``."""

# What is between runs of these classes becomes blank, which leaves them to be split: much faster than a search.
_WORDS, _NUMBERS, _MARKS, _FOREIGN = (
    bytes([code if code in kind else ord(" ") for code in range(256)]) for kind in (b"aA", b"0", b".", b"lgchridkzo")
)
_NO_SCRIPT = [0] * (2 + len(_SCRIPTS))
_REPEAT = re.compile(r"(.)\1{3,}", re.DOTALL)


class _Classes(dict[int, str]):
    """Code point → class, filled as characters are met, up to a bound that hostile text cannot pass."""

    def __missing__(self, code_point: int) -> str:
        found = _BLOCKS[bisect_right(_STARTS, code_point) - 1][1]
        if len(self) < 1 << 15:
            self[code_point] = found
        return found


_CLASSES = _Classes()
_OF_ASCII = "".join(map(_CLASSES.__getitem__, range(128))).encode().ljust(256)


Counts = tuple[tuple[int, int], ...]
"""Index into ``FEATURES`` and how often, for what there is at all."""


def features(line: str) -> Counts:
    """What one line is made of; linear in its length."""
    classes = line.encode().translate(_OF_ASCII) if line.isascii() else line.translate(_CLASSES).encode()
    count = classes.count
    words = _runs(classes, _WORDS)
    counts = [
        0,
        0,
        1,
        len(words),
        sum([len(word) - 4 for word in words if len(word) > 4]),
        count(b"A"),
        count(b"aA"),
        count(b"0"),
        len(_runs(classes, _NUMBERS)),
        count(b"."),
        len(_runs(classes, _MARKS)),
        count(b" "),
    ]
    if line.isascii():
        counts += _NO_SCRIPT
    else:
        capitals = sum(map(str.isupper, line)) - count(b"A")
        counts += [len(_runs(classes, _FOREIGN)), *map(count, _SCRIPTS), capitals]
    counts.append(_repeats(line))
    return tuple([(index, number) for index, number in enumerate(counts) if number])


def _repeats(line: str) -> int:
    """Characters after the third of the same. Few lines have any, and whether one has is told as fast as numbers are
    subtracted: where a line is the same as itself one place on, nothing is left."""
    if line.isascii():
        number = int.from_bytes(line.encode())
        if b"\0\0\0" not in (number ^ number >> 8).to_bytes(len(line)):
            return 0
    return sum([len(found.group()) - 3 for found in _REPEAT.finditer(line)])


def _runs(classes: bytes, kept: bytes) -> list[bytes]:
    return classes.translate(kept).split()
