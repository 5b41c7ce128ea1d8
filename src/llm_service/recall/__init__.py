"""Recall: the few older messages that matter to the newest ones.

A pipe of pure steps; who owns the store and the engine calls them in this order::

    terms(question) ─▶ search: hits with BM25 scores ─▶ neighbours of the hits ─▶ rank ─▶ choose ─▶ prompt
                       (the store's, or LexicalIndex)        Meaning.likeness ──▲
                                                             (if there is an Embedder)

Without an embedder the store's search takes the ranking along, as :func:`order`: it needs no texts, so that only those
of the best lines are read.

Ranking and its figures: :mod:`llm_service.recall.ranking` and ``benchmarks/recall.py``.
"""

from llm_service.recall.choice import LEAST, choose
from llm_service.recall.lexical import LexicalIndex
from llm_service.recall.meaning import Embedder, Meaning
from llm_service.recall.minilm import MiniLM
from llm_service.recall.ranking import Header, Ranking, header_of, order, rank
from llm_service.words import terms

__all__ = [
    "LEAST",
    "Embedder",
    "Header",
    "LexicalIndex",
    "Meaning",
    "MiniLM",
    "Ranking",
    "choose",
    "header_of",
    "order",
    "rank",
    "terms",
]
