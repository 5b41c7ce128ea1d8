"""What a line says about who wrote it.

A line is parted into sentences and these into clauses; a clause counts only if all of it is one of :mod:`.forms`. So
nothing is found inside a question, a condition, a wish, somebody else's words or a quotation: such a sentence is left
out as a whole, and a clause that goes on in another way does not match.

Left out on purpose: age, health, faith, politics, money, and everything about other people.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from .forms import PETS, told_by

LONGEST = 240
"""Characters of a line that is read: longer ones are copypasta, or a story with more in it than a clause tells."""
MOST = 3
"""Most statements of one line."""


@dataclass(frozen=True, slots=True)
class Statement:
    """Something that a viewer said about themselves."""

    text: str
    """In the third person, with the viewer as its subject: ``lives in Berlin``."""
    holds: bool = True
    """False where it was taken back: *I don't live in Berlin anymore*."""


# ── What is left out as a whole ──────────────────────────────────────────────────────────────────────────────────────

_HEART = re.compile(
    r"\bi (?:[\w']+ ){0,4}?(?:live|moved|come from|born in|work as|main|play|like|love|adore|enjoy|prefer|hate|despise"
    r"|dislike|detest|stand|have|own|got|speak|use|go by)\b"
    r"|\bi(?:'?m| am) (?:[\w']+ ){0,2}?(?:an?|from|based|living|called|into|the)\b"
    r"|\bi'?ve (?:got|a)\b|\bmy (?:[\w']+ ){0,2}?(?:name|fav|birthday|bday|b-day|pronouns|"
    rf"{PETS})|\bcalls? me\b|\bpronouns\b"
)
"""What every statement has, whatever is around it: for lines that state nothing, this is the whole cost."""
_HEART_WORDS = frozenset({"i", "im", "ive", "my", "call", "calls", "pronouns"})
_SMALL_WORDS = bytes(ord(chr(code).lower() if chr(code).isalnum() else " ") for code in range(128)) + bytes(128)
"""Makes of an ASCII text its words in small letters, with blanks between them."""
_ABOUT_ME = re.compile(r"\b(?:i|i'?m|im|i've|ive|my|me|pronouns)\b", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")
_QUOTING = frozenset('"“”„«»`>[]{}|')
_QUOTED_OR_COMMAND = re.compile(r"^\s*[!/]\w|(?:^|\s)'\w|\w'(?:\s|$)|(?:^|\s)/s(?:\s|$)|https?:|www\.", re.IGNORECASE)
_IN_JEST = frozenset({"jk", "kidding", "copypasta", "lyrics"})
"""What is said not to be meant."""
_SENTENCE = re.compile(r"[^.!?…;\n]+(?:\.(?=\S)[^.!?…;\n]*)*([.!?…;]*)")
_NOT_MEANT_WORDS = """
    if unless until when whenever wish would could should might maybe perhaps probably imagine pretend suppose supposed
    hope hopefully gonna will want wanna dream almost i'd id i'll pov tfw mfw
    say says saying said tell tells telling told claim claims claimed think thinks thought heard ask asks asked wrote
    writes quote quotes quoting believe believes goes according apparently
    today tonight tomorrow yesterday rn atm lately
"""
_NOT_MEANT = frozenset(_NOT_MEANT_WORDS.split())
"""Words of conditions, wishes, guesses, reported speech, and of what is true only for now."""
_NOT_MEANT_PHRASES = tuple(
    f" {phrase} "
    for phrase in (
        "going to", "used to", "as though", "let's say", "lets say", "once upon", "right now", "for now", "be like",
        "was like", "were like", "is like", "are like", "all like", "this week", "this month", "this year",
        "this morning", "this evening", "this time",
    )
)  # fmt: skip
_LABEL = re.compile(r"^\s*(?!(?:fun fact|fact|btw|ps|fyi|note|psa)\s*:)[^,:]{1,60}:(?:\s|$)", re.IGNORECASE)
"""``bob: I'm a nurse`` is bob's sentence, whoever typed it."""

# ── Parting a sentence into clauses ──────────────────────────────────────────────────────────────────────────────────

_CLAUSES = re.compile(
    r"\s*(?:[,;:()]|\s-+\s|–|—|\bbut\b|\bso\b(?! much)"
    r"|\b(?:cuz|because|cause|since|although|though|tho|while|which|who)\b"
    r"|\band\b(?=\s+(?:i|i'?m|im|i've|ive|my|you can call|call me)\b))\s*",
    re.IGNORECASE,
)
_OPENING = re.compile(
    r"^(?:(?:hi+|hey+|hello|heya|yo|sup|well|ok(?:ay)?|oh|also|and|btw|lol|honestly|actually|anyway|yes|yeah|yep|no|nope"
    r"|nah|hm+|um+|uh+|ah+|ngl|tbh|fyi|fun fact|same|guys|chat|everyone|everybody|all|folks|dude|bro|man|just|fr"
    r"|haha+|xd|by the way|personally|@\S+)\s+)+",
    re.IGNORECASE,
)
_ENDING = re.compile(
    r"(?>\s+(?:btw|lol|lmao|lmfao|rofl|haha+|xd+|too|as well|actually|fyi|tbh|ngl|honestly|fr|so much|a lot|very much"
    r"|the most|guys|chat|everyone|man|bro|dude|irl|originally|currently|by the way|obviously|of course|daily"
    r"|every ?day|sometimes|personally|please|pls|all the time|in general|and you"
    r"|@\S+|<3+|[:;=xX]'?-?[()DPp3o/]+|[^\w\s]+)"
    r"|[^\w\s)+#]+)++$",
    re.IGNORECASE,
)
_NEGATION = re.compile(
    r"\b(?:do not|don'?t|no longer|am not|'m not|is not|isn'?t|are not|aren'?t|not|never)\b\s*", re.IGNORECASE
)
_STILL_NEGATED = re.compile(
    r"\b(?:not|no|never|none|neither|nor|hardly|barely|rarely|without|\w+n't|dont|doesnt|isnt|arent|cant|wont|anymore)\b",
    re.IGNORECASE,
)
_ANYMORE = re.compile(r"\s+(?:any ?more|any longer)\b", re.IGNORECASE)


def statements(
    line: str, *, names: Collection[str] = (), is_emote: Callable[[str], bool] = lambda word: False
) -> tuple[Statement, ...]:
    """What ``line`` says about its writer, at most three things; most lines say nothing.

    ``names`` are the assistant's, which a line may call; ``is_emote`` tells whether a word is an emote's code. It costs
    a few microseconds for a line that states nothing.
    """
    if len(line) > LONGEST or not _may_state(line):
        return ()
    plain = line.replace("’", "'").replace("‘", "'")
    if not _HEART.search(plain.lower()) or not _is_own(plain):
        return ()
    spoken = {name.casefold() for name in names}
    words = (word for word in plain.split() if not is_emote(word))
    text = " ".join(word for word in words if word.casefold().strip("@,") not in spoken or word.endswith(","))
    found = dict.fromkeys(told for sentence in _meant(text) for told in _told(sentence, spoken))
    return tuple(found) if len(found) <= MOST else ()


def _may_state(line: str) -> bool:
    """False where an ASCII line has none of the words by one of which :data:`_HEART` begins, as most lines have not."""
    return not line.isascii() or not _HEART_WORDS.isdisjoint(line.encode().translate(_SMALL_WORDS).decode().split())


def _is_own(line: str) -> bool:
    """Whether no part of it can be a quotation, a command or a joke."""
    words = _words(line)
    return _QUOTING.isdisjoint(line) and _IN_JEST.isdisjoint(words) and not _QUOTED_OR_COMMAND.search(line)


def _meant(text: str) -> Iterator[str]:
    """The sentences that may state something."""
    for sentence in _SENTENCE.finditer(text):
        if "?" not in sentence[1] and _is_meant(sentence[0]):
            yield sentence[0]


def _is_meant(sentence: str) -> bool:
    if not _HEART.search(sentence.lower()):
        return False
    words = _words(sentence)
    return (
        _NOT_MEANT.isdisjoint(words)
        and not any(phrase in f" {' '.join(words)} " for phrase in _NOT_MEANT_PHRASES)
        and "like," not in sentence
        and not _LABEL.match(sentence)
    )


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def _told(sentence: str, names: Collection[str]) -> Iterator[Statement]:
    for part in filter(_ABOUT_ME.search, _CLAUSES.split(sentence.rstrip(".!…; "))):
        clause = _ENDING.sub("", _OPENING.sub("", f"{part} ", count=1).strip())
        if clause and clause.casefold() not in names and (told := _stated(clause)):
            yield told


def _stated(clause: str) -> Statement | None:
    clause = _unabbreviated(clause)
    if not _STILL_NEGATED.search(clause):
        text = told_by(clause)
        return Statement(text) if text else None
    positive = " ".join(_ANYMORE.sub("", _NEGATION.sub(" ", clause, count=1)).split())
    positive = re.sub(r"^i (?=(?:an?|from|into|called|living|based)\b)", "i'm ", positive, flags=re.IGNORECASE)
    text = None if _STILL_NEGATED.search(positive) else told_by(positive)
    return Statement(text, holds=False) if text else None


def _unabbreviated(clause: str) -> str:
    clause = re.sub(r"^(?:i am|im|i'm)\b", "i'm", clause, flags=re.IGNORECASE)
    clause = re.sub(r"^(?:i have got|ive got|i've got|i got|ive|i've)\b", "i have", clause, flags=re.IGNORECASE)
    return re.sub(r"\b(?:can'?t|cannot) stand\b", "hate", clause, flags=re.IGNORECASE)
