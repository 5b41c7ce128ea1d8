"""Hygiene: what strangers type, made safe to show and safe to put before a model.

Pure functions, called once for each message before it is stored. Two readings of the same message come out and are
kept apart by name: ``username`` and ``text`` as people see them, ``speaker`` and ``line`` as the model reads them. Both
are free of control tokens of every model family: what is displayed today is put before some other model tomorrow. A
prompt built of ``f"{speaker}: {line}"`` joined by line breaks cannot be forged by a viewer: neither holds a line break,
and a speaker holds nothing that could begin, end or split a token.

===================  ============================================================================================
``characters``       what may be displayed at all: NFC, no controls, no bidi overrides, no smuggled invisibles
``control_tokens``   what a tokenizer could take for the structure of a conversation, made plain words
``names``            who speaks: names compared as the eye does, and kept apart from roles
``message``          the whole message: bounds, and the four texts
===================  ============================================================================================
"""

from llm_service.hygiene.characters import clean_characters, is_blank, one_line
from llm_service.hygiene.control_tokens import defuse
from llm_service.hygiene.message import (
    MAX_BADGES,
    MAX_EMOTE_LENGTH,
    MAX_EMOTES,
    MAX_NAME_LENGTH,
    MAX_TEXT_LENGTH,
    Neutral,
    displayed_name,
    neutralise_message,
)
from llm_service.hygiene.names import skeleton, speaker_of

__all__ = [
    "MAX_BADGES",
    "MAX_EMOTES",
    "MAX_EMOTE_LENGTH",
    "MAX_NAME_LENGTH",
    "MAX_TEXT_LENGTH",
    "Neutral",
    "clean_characters",
    "defuse",
    "displayed_name",
    "is_blank",
    "neutralise_message",
    "one_line",
    "skeleton",
    "speaker_of",
]
