"""Notes about viewers: what they say about themselves and what will still be true tomorrow.

No model reads a line here: a handful of rules for first-person statements in chat English, which rather miss ten than
make one up. The rules look at one line of one viewer, so a note is never made from another's words.

===============  ================================================================================================
``statements``   what a line says about who wrote it: ``statements("i live in Berlin btw") → lives in Berlin``
``forms``        how somebody says something about themselves, and how it is remembered
``values``       what may be remembered at all: words that point at nothing outside the line, and do no harm
``subjects``     which of two notes is about the same, so that the newer one takes its place
``repeats``      statements that are copypasta or a flood
===============  ================================================================================================
"""

from .repeats import Repeats
from .statements import Statement, statements
from .subjects import replaces, takes_back

__all__ = ["Repeats", "Statement", "replaces", "statements", "takes_back"]
