"""A model that repeats itself: the first time is kept. Viewers repeat themselves too, and that is content.

Thresholds follow what stuck models do: a sentence three times over, a phrase of three words five times (animaworks
counts four-grams the same way). Short cries ("GG GG GG"), emotes and stretched words are never touched.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import islice, pairwise
from operator import eq

import regex

from llm_service.response_cleaner import sentences

_SENTENCES = 6
"""Longest cycle of sentences that is looked for."""
_TWICE = 2
"""Sentences that say the same up to so often are no cycle."""
_WORDS = 12
"""Longest cycle of words that is looked for."""
_FEWEST = 4
"""Repetitions below which nothing is a loop of words."""
_PLAIN = regex.compile(r"[\p{Ll}\p{Lo}'’-]+[,;.]?")
_NUMBER = regex.compile(r"\p{Nd}+[,;.%]?")
_WORD_CHARACTER = regex.compile(r"\p{L}+")
_IDEOGRAPH = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}]")


def collapse(text: str, said: Sequence[str] = (), emotes: frozenset[str] = frozenset()) -> str:
    """``text`` without repetitions of itself, or of the sentences before it, whose keys are ``said``."""
    parts = split(text)
    whole = text if len(said) + len(parts) <= _TWICE else "".join(_sentences(parts, said))
    return collapse_words(whole, emotes)


def split(text: str) -> list[str]:
    """The sentences of ``text``; joined they are ``text``."""
    cuts = [0, *sentences.ends(text), len(text)]
    return [text[a:b] for a, b in pairwise(cuts) if b > a]


def key(sentence: str) -> str:
    """What makes two sentences the same."""
    return " ".join(sentence.casefold().split())


def long_enough(sentences_: Sequence[str]) -> bool:
    """Whether a repetition of this is a fault rather than a cheer, which is one however often it comes."""
    said = " ".join(dict.fromkeys(map(key, sentences_)))
    # Scripts without spaces: two different characters weigh as much as a word.
    return len(_WORD_CHARACTER.findall(said)) >= 3 or len({*_IDEOGRAPH.findall(said)}) >= 6


def _sentences(parts: list[str], said: Sequence[str]) -> list[str]:
    """These sentences without cycles that come three times or more; the cycles may begin in what was said before."""
    keys = [*said, *map(key, parts)]
    if _repeated(keys) < _TWICE:
        return parts  # to come three times, each sentence of a cycle comes twice again
    whole = [*said, *parts]
    drop = bytearray(len(keys))
    for period in range(1, _SENTENCES + 1):
        start = 0
        while start + period < len(keys):
            run = _run(keys, start, period)
            if run >= 2 * period and long_enough(whole[start : start + period]):
                stop = _tail(keys, start + period + run, period)
                drop[start + period : stop] = b"\1" * (stop - start - period)
            start += max(1, run)
    return [part for part, dropped in zip(parts, drop[len(said) :], strict=True) if not dropped]


def _repeated(things: list[str]) -> int:
    """How many of these were there before."""
    return len(things) - len(set(things))


def _run(keys: list[str], start: int, period: int) -> int:
    """How many of ``keys`` from ``start + period`` on equal the one a period before."""
    at = start + period
    while at < len(keys) and keys[at] == keys[at - period]:
        at += 1
    return at - start - period


def _tail(keys: list[str], stop: int, period: int) -> int:
    """A last repetition that was cut off in mid-sentence belongs to the loop."""
    if stop == len(keys) - 1 and keys[stop] and keys[stop - period].startswith(keys[stop]):
        return stop + 1
    return stop


def collapse_words(text: str, emotes: frozenset[str]) -> str:
    """``text`` without repetitions of words and phrases: all that a single sentence can have."""
    words = text.split()
    if _repeated(words) < _FEWEST or max(Counter(words).values()) <= _FEWEST:
        return text  # a loop repeats each of its words more often than that
    for period in range(1, _WORDS + 1):
        words = _without_cycles(words, period, emotes)
    return text if len(words) == len(text.split()) else " ".join(words).rstrip(",;")


def _without_cycles(words: list[str], period: int, emotes: frozenset[str]) -> list[str]:
    again = bytes(map(eq, words, islice(words, period, None)))  # for each word whether it comes a period later, too
    run = b"\1" * (_FEWEST * period)
    kept: list[str] = []
    at, start = 0, again.find(run)
    while start >= 0:
        end = (again.find(0, start) + 1 or len(again) + 1) - 1
        unit = words[start : start + period]
        if end - start >= _repeats(unit, emotes) * period:
            kept.extend(words[at : start + period])
            at = end = _rest(words, end + period, unit)
        start = again.find(run, end)
    return kept + words[at:] if at else words


def _rest(words: list[str], at: int, unit: list[str]) -> int:
    """Where the words go on behind a loop that ends at ``at``; a last round that was cut off belongs to it."""
    partial = len(words) - at
    return len(words) if partial < len(unit) and words[at:] == unit[:partial] else at


def _repeats(unit: list[str], emotes: frozenset[str]) -> int:
    """How often ``unit`` must come again to be a loop."""
    words = {word.lower() for word in unit}
    plain = {word for word in words if _PLAIN.fullmatch(word)}
    if any(word in emotes for word in unit) or not all(_NUMBER.fullmatch(word) for word in words - plain):
        return 1 << 30
    if len(plain) >= 3:
        return _FEWEST
    if all(_PLAIN.fullmatch(word) for word in unit):
        return 7 if unit[0][-1] in ",;." else 15
    return 1 << 30
