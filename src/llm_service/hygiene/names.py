"""Names: compared as the eye compares them, and kept apart from the roles of a conversation."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from functools import lru_cache

from llm_service.hygiene.characters import clean_characters, one_line
from llm_service.hygiene.control_tokens import defuse
from llm_service.memo import remembered

MARK = "viewer"
"""Put before a name that reads like a role or like the assistant's own: ``system`` speaks as ``viewer system``."""

ROLES = frozenset(
    {"system", "assistant", "user", "developer", "tool", "function", "model", "human", "ai", "bot", "chatbot"}
    | {"ipython", "observation", "instruction", "response", "input", "output", "prompt", "role"}
    | {"assistent", "sistema", "asistente", "utilisateur", "benutzer"}
)
"""Words with which prompts, chat templates and transcripts label their parts."""

_LATIN = str.maketrans(
    # Cyrillic, Greek and Armenian letters that look like Latin ones, small capitals, stroked and dotless letters
    "аеорсухіјѕһԁԛԝкмтнвгпӏьӡαοεινρτυκχηβօսոհᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢıȷɑɡøđłŧħßæ",
    "aeopcyxijshdqwkmthbrnlbzaoeivptukxnbouunabcdefghijklmnoprstuvwyzijagodlthba",
)
_LETTER_SYMBOLS = str.maketrans(
    {
        chr(first + letter): chr(ord("a") + letter)
        for first in (0x1F1E6, 0x1F150, 0x1F170)  # regional indicators, letters in black circles and squares
        for letter in range(26)
    }
)
_ONE_LOOK = str.maketrans("0134578i!|$@", "oleastblllsa")
"""Digits and signs drawn for letters; *i* and *l* are one, for *1* is drawn for both."""
_DIACRITICS = re.compile(r"[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]")
_STRUCTURE = re.compile(r"[<>\[\]|:＜＞﹤﹥［］﹇﹈｜：﹕︓⩴‹›〈〉⟨⟩〈〉❮❯∣❘ǀ│┃⏐︱¦ː˸꞉∶։׃܃܄᛬]")
"""What ends a speaker's name or opens a control token, in all its shapes."""
_ORDINARY = re.compile(r"[A-Za-z0-9_]{1,64}")
_FIRST_WORD = re.compile(r"[\W_]*+([^\W_]++)(?!_+\d+$)")
"""``system`` of ``system_admin``; nothing of ``user_42``, which is how platforms name people."""


def skeleton(name: str) -> str:
    """``name`` as the eye takes it in: one value for every spelling of case, width, look-alike and invisible letters.

    For comparing only (who has spoken how often, who is who), never for display. Accents are dropped from Latin,
    Greek and Cyrillic letters, not from scripts whose vowels are marks.
    """
    if _ORDINARY.fullmatch(name):
        return name.lower()
    cleaned = clean_characters(name)
    if cleaned.isascii():
        return " ".join(cleaned.lower().split())
    text = unicodedata.normalize("NFKD", cleaned).casefold()
    text = _DIACRITICS.sub("", text).translate(_LATIN).translate(_LETTER_SYMBOLS)
    return unicodedata.normalize("NFC", clean_characters(" ".join(text.split())))


def speaker_of(name: str, reserved: Collection[str] = ()) -> str:
    """``name`` as the model reads it: one line, no control token, no colon or bracket, never mistaken for a role.

    A name that reads like a role, like a label of a transcript or like one of ``reserved`` (the assistant's own
    names), in any spelling, or that begins with such a word, is preceded by `MARK`.
    """
    return _speaker(name, frozenset(reserved))


@remembered(1 << 12)
def _speaker(name: str, reserved: frozenset[str]) -> str:
    speaker = " ".join(_STRUCTURE.sub(" ", defuse(one_line(clean_characters(name)))).split()) or MARK
    return f"{MARK} {speaker}" if _reads_like_a_role(speaker, _labels(reserved)) else speaker


@lru_cache(maxsize=256)
def _labels(reserved: frozenset[str]) -> frozenset[str]:
    return frozenset(_look(skeleton(name)) for name in ROLES | reserved) - {""}


def _reads_like_a_role(speaker: str, labels: frozenset[str]) -> bool:
    plain = skeleton(speaker)
    if _look(plain) in labels:
        return True
    first = _FIRST_WORD.match(plain)
    return first is not None and _look(first[1]) in labels


def _look(plain: str) -> str:
    """A skeleton's letters only, with those that are drawn for one another made one."""
    return "".join(filter(str.isalnum, plain.translate(_ONE_LOOK))).replace("rn", "m").replace("vv", "w")
