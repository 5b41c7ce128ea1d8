"""What things cost before a model has been seen at work.

Fitted to made-up chat lines in nineteen languages under ten public tokenizers: byte-level BPE (GPT-2, cl100k, o200k,
Qwen, DeepSeek, Claude 2, Tekken), SentencePiece (Mistral 7B, Jurassic-2) and WordPiece (MiniLM). ``benchmarks/
token_estimate.py`` shows how well it does. One thing explains most of what differs between them: how much of the
vocabulary went to languages other than English. Where one script is dear, all of them are, and English words too.
"""

from __future__ import annotations

from dataclasses import dataclass

from .features import FEATURES


@dataclass(frozen=True, slots=True)
class Cost:
    """Tokens that one such thing costs: the mean, and how far tokenizers stray from it."""

    mean: float
    own: float
    """Standard deviation of its own."""
    thrift: float = 0.0
    """Change with one standard deviation of what all scripts have in common."""


_COSTS = {
    "template": Cost(8.0, 12.0),
    "message": Cost(4.5, 1.5),
    "line": Cost(2.6, 0.5),
    "word": Cost(0.45, 0.15, 0.18),
    "long": Cost(0.20, 0.03, 0.02),
    "capital": Cost(0.19, 0.06),
    "hump": Cost(1.9, 0.15),
    "digit": Cost(0.58, 0.25),
    "number": Cost(0.30, 0.20),
    "mark": Cost(0.10, 0.15),
    "marks": Cost(0.95, 0.20),
    "space": Cost(0.60, 0.12, -0.14),
    "foreign": Cost(0.30, 0.40, 0.20),
    "latin": Cost(0.90, 0.50, 0.50),
    "greek": Cost(0.78, 0.25, 0.30),
    "cyrillic": Cost(0.46, 0.25, 0.25),
    "hebrew": Cost(0.67, 0.25, 0.35),
    "arabic": Cost(0.60, 0.25, 0.30),
    "devanagari": Cost(0.84, 0.40, 0.45),
    "brahmic": Cost(1.12, 0.50, 0.80),
    "thai": Cost(0.89, 0.50, 0.55),
    "hangul": Cost(1.07, 0.50, 0.55),
    "kana": Cost(0.84, 0.25, 0.25),
    "han": Cost(1.18, 0.35, 0.42),
    "other": Cost(1.10, 0.50, 0.60),
    "emoji": Cost(1.82, 0.90, 0.25),
    "joint": Cost(1.29, 0.70),
    "punctuation": Cost(0.75, 0.50, 0.50),
    "shout": Cost(0.45, 0.25),
    "repeat": Cost(0.15, 0.10),
}

COSTS = tuple(_COSTS[name] for name in FEATURES)
"""In the order of ``FEATURES``."""

NOISE = 1.0
"""Variance of what the features do not explain, in square tokens for every token."""

KINSHIP = 0.045
"""The part of it that does not average out, since the lines of one room resemble each other: share of the tokens."""
