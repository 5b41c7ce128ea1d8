"""How much it says that two texts share a word, in a unit that means the same for every question and in every room.

A shared word says the more the fewer messages have it: its inverse document frequency (Robertson and Zaragoza, "The
Probabilistic Relevance Framework", 2009, eq. 3.3, in the form that stays positive). Added up over the shared words
this orders messages, but says nothing of whether the best of them is any good. So it is measured in what would be
enough: the geometric mean of all that the question has, and of one word that was said once. A message of score 1 has
that; one common word out of five that were asked for is far from it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable


def rarity_of(frequency: float, total: float) -> float:
    """What it says to have a word that ``frequency`` of ``total`` messages have."""
    return math.log1p((max(total, frequency) - frequency + 0.5) / (frequency + 0.5))


def enough(frequencies: Iterable[float], total: float) -> float:
    """The unit of scores, for a question whose words so many of ``total`` messages have; a word that none has counts
    too."""
    asked = sum(rarity_of(frequency, total) for frequency in frequencies)
    return math.sqrt((asked or 1.0) * rarity_of(1, max(total, 2)))
