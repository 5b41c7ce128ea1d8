"""What a text is indexed and searched by."""

from __future__ import annotations

from llm_service.words import is_stop, split, stem


def terms(text: str) -> tuple[str, ...]:
    """The stems of ``text`` in order, repetitions kept, without function words.

    Index and query must go through this same function. It is a law that ``terms`` of its own output, joined by
    spaces, finds what the text finds; a text of function words only has no terms and finds nothing.
    """
    return tuple(stem(word) for word in split(text) if not is_stop(word))
