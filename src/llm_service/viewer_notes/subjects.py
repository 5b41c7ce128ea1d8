"""What a note is about, so that a newer one about the same takes its place.

A viewer lives in one place and likes many things: *lives in Rome* replaces *lives in Paris*, while *likes tea* replaces
only what was said about tea.
"""

from __future__ import annotations

from llm_service.words import split, stem

from .statements import Statement

_ONE = {
    "is called ": "name",
    "lives in ": "home",
    "is from ": "origin",
    "is a ": "occupation",
    "is an ": "occupation",
    "mains ": "main",
    "has birthday ": "birthday",
    "pronouns are ": "pronouns",
}
_MANY = {
    "likes ": "taste",
    "loves ": "taste",
    "enjoys ": "taste",
    "prefers ": "taste",
    "hates ": "taste",
    "plays ": "plays",
    "speaks ": "speaks",
    "has ": "has",
}
Subject = tuple[str, ...]


def subject(text: str) -> Subject:
    """What the note ``text`` is about; two notes of one viewer about the same cannot both hold."""
    for wording, about in _ONE.items():
        if text.startswith(wording):
            return (about,)
    if text.startswith("favourite "):
        return tuple(text.partition(" is ")[0].split())
    for wording, about in _MANY.items():
        if text.startswith(wording):
            return (about, *_stems(text.removeprefix(wording)))
    return (text,)


def replaces(new: str, old: str) -> bool:
    """Whether the note ``new`` takes the place of ``old``."""
    return subject(new) == subject(old)


def takes_back(statement: Statement, old: str) -> bool:
    """Whether a statement that something does not hold is about the note ``old``."""
    same = subject(statement.text) == subject(old)
    return not statement.holds and same and (subject(old)[0] == "taste" or _stems(statement.text) == _stems(old))


def _stems(text: str) -> tuple[str, ...]:
    return tuple(map(stem, split(text)))
