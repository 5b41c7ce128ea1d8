"""The forms of a statement: how somebody says something about themselves, and how it is remembered.

A clause is told if all of it is one of these, and its value is one to remember (see :mod:`.values`). Occupations, pets,
languages and what can be somebody's favourite are lists: *I'm a nurse* is one, *I'm a mess* is not.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from .values import is_name, is_occupation, is_place, is_played, is_taste, is_thing, is_value


@dataclass(frozen=True, slots=True)
class Form:
    """A way to say something."""

    pattern: re.Pattern[str]
    told: Callable[[re.Match[str]], str | None]
    """The note, None where the value is not one to remember."""


def told_by(clause: str) -> str | None:
    """What ``clause`` tells, in the third person: *i'm from Rome* tells ``is from Rome``."""
    for form in FORMS:
        if found := form.pattern.fullmatch(clause):
            return form.told(found)
    return None


_OFTEN = r"(?:really|absolutely|also|just|do|truly|genuinely|actually|always|mostly|mainly|usually|personally) "
PETS = (
    "dog|doggo|puppy|cat|kitten|kitty|bird|parrot|budgie|cockatiel|rabbit|bunny|hamster|guinea pig|rat|mouse|ferret"
    "|snake|lizard|gecko|bearded dragon|turtle|tortoise|fish|goldfish|frog|horse|pony|goat|chicken|duck|hedgehog"
    "|axolotl"
)
_FAVOURITES = (
    "game|video game|color|colour|food|dish|movie|film|show|tv show|series|anime|manga|band|song|album|artist|singer"
    "|character|champion|champ|hero|class|weapon|boss|map|book|author|drink|team|animal|season|emote|genre|sport|pokemon"
    "|subject|city|country|holiday|snack|pizza topping|console|franchise|soulsborne|souls game"
)
_OCCUPATIONS = (
    "nurse|doctor|surgeon|dentist|vet|veterinarian|paramedic|pharmacist|midwife|therapist|psychologist|teacher"
    "|professor|tutor|librarian|student|undergrad|researcher|scientist|biologist|chemist|physicist|mathematician"
    "|engineer|developer|programmer|coder|sysadmin|designer|architect|artist|animator|illustrator|musician|singer"
    "|drummer|guitarist|pianist|composer|producer|dj|actor|actress|dancer|writer|author|journalist|editor|translator"
    "|photographer|chef|cook|baker|barista|bartender|waiter|waitress|cashier|accountant|lawyer|attorney|paralegal"
    "|electrician|plumber|carpenter|welder|mechanic|machinist|technician|builder|roofer|farmer|gardener|driver"
    "|trucker|pilot|flight attendant|sailor|soldier|veteran|firefighter|police officer|postman|mailman|hairdresser"
    "|barber|tailor|butcher|salesman|consultant|analyst|banker|realtor|social worker|coach|trainer|archaeologist"
    "|historian|geologist|economist|beekeeper"
)
_LANGUAGES = (
    "english|german|french|spanish|portuguese|italian|dutch|polish|swedish|norwegian|danish|finnish|icelandic|russian"
    "|ukrainian|czech|slovak|hungarian|romanian|bulgarian|serbian|croatian|greek|turkish|arabic|hebrew|persian|farsi"
    "|hindi|urdu|bengali|tamil|chinese|mandarin|cantonese|japanese|korean|vietnamese|thai|indonesian|malay|tagalog"
    "|filipino|swahili|afrikaans|catalan|welsh|irish|latin"
)
_MONTHS = "january|february|march|april|may|june|july|august|september|october|november|december"
_MONTH = f"(?:{_MONTHS}|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)"
_ORDINAL = "(?:st|nd|rd|th)?"
_DATE = rf"(?:(?P<day>\d{{1,2}}){_ORDINAL}(?: of)? )?(?P<month>{_MONTH})(?: (?:the )?(?P<day2>\d{{1,2}}){_ORDINAL})?"
_PRONOUN = r"(?:he|him|his|she|her|hers|they|them|theirs|it|its|xe|xem|ze|zir|any|all)"
_PRONOUNS = rf"(?P<value>{_PRONOUN}(?: ?/ ?{_PRONOUN}){{1,3}}|any)"
_COUNT = r"(?P<count>an?|one|two|three|four|five|six|[1-9])"


def _form(pattern: str, told: Callable[[re.Match[str]], str | None]) -> Form:
    return Form(re.compile(pattern, re.IGNORECASE), told)


def _valued(opening: str, wording: str, good: Callable[[str], bool]) -> Form:
    """Whatever follows ``opening``, told as ``wording`` and it."""

    def told(found: re.Match[str]) -> str | None:
        value = found["value"]
        return f"{wording} {value}" if good(value) else None

    return _form(rf"(?:{opening}) (?P<value>\S.*)", told)


_TASTES = {
    "like": "likes", "enjoy": "enjoys", "prefer": "prefers", "love": "loves", "adore": "loves", "hate": "hates",
    "despise": "hates", "dislike": "hates", "detest": "hates",
}  # fmt: skip


def _taste(found: re.Match[str]) -> str | None:
    verb, value = found["verb"].casefold(), found["value"]
    return f"{_TASTES[verb]} {value}" if is_taste(value) else None


def _occupation(found: re.Match[str]) -> str | None:
    value = found["value"]
    article = "an" if value[0].casefold() in "aeiou" else "a"
    return f"is {article} {value}" if is_occupation(value) else None


def _favourite(found: re.Match[str]) -> str | None:
    return f"favourite {found['what'].casefold()} is {found['value']}" if is_thing(found["value"]) else None


def _pet(found: re.Match[str]) -> str | None:
    return f"has a {found['pet'].casefold()} called {found['value']}" if is_name(found["value"]) else None


def _pets(found: re.Match[str]) -> str | None:
    return f"has {found['count'].casefold()} {found['value'].casefold()}"


def _birthday(found: re.Match[str]) -> str | None:
    day = found["day"] or found["day2"]
    month = next(name for name in _MONTHS.split("|") if name.startswith(found["month"][:3].casefold())).capitalize()
    if day is None:
        return f"has birthday in {month}"
    longest = {"February": 29, "April": 30, "June": 30, "September": 30, "November": 30}.get(month, 31)
    return f"has birthday on {int(day)} {month}" if 1 <= int(day) <= longest else None


def _pronouns(found: re.Match[str]) -> str | None:
    return f"pronouns are {found['value'].casefold().replace(' ', '')}"


def _speaks(found: re.Match[str]) -> str | None:
    return f"speaks {' and '.join(word.capitalize() for word in re.split(' and ', found['value'].casefold()))}"


def _main(found: re.Match[str]) -> str | None:
    return f"mains {found['value']}" if is_value(found["value"], 3) and is_played(found["value"]) else None


FORMS = (
    _form(rf"(?:my pronouns are|my pronouns:|pronouns are|i use|i go by) {_PRONOUNS}(?: pronouns)?", _pronouns),
    _form(rf"{_PRONOUNS} (?:pronouns )?for me", _pronouns),
    _valued(
        r"my (?:real |first |actual |irl )?name(?:'?s| is)"
        r"|(?:you (?:can|may|guys can|all can) |please |pls |just )?call me"
        r"|i'm called|everyone calls me|(?:my )?friends call me",
        "is called",
        is_name,
    ),
    _valued(r"i go by", "is called", lambda value: value[0].isupper() and is_name(value)),
    _valued(
        r"i (?:currently |now )?live in|i'm (?:living|based) in|i (?:just |recently )?moved to", "lives in", is_place
    ),
    _valued(r"i'm (?:originally |actually )?from|i come from|i was born in", "is from", is_place),
    _form(
        rf"i'm an? (?:(?:retired|trained) )?(?P<value>(?:[\w-]+ ){{0,2}}(?:{_OCCUPATIONS}))(?: by (?:trade|day))?",
        _occupation,
    ),
    _form(r"i work as an? (?P<value>\S.*)", _occupation),
    _form(r"(?:i'm an? |i'm the )(?P<value>[\w.'-]+(?: [\w.'-]+)?) main", _main),
    _form(rf"i (?:{_OFTEN})*main (?P<value>\S.*)", _main),
    _valued(rf"i (?:{_OFTEN})*play(?: the(?= [a-z]))?", "plays", is_played),
    _valued(
        r"i'm an? (?:(?:huge|big|massive|die-hard|long-time|longtime) )*fan of|i'm (?:really )?into", "likes", is_taste
    ),
    _form(
        rf"i (?:{_OFTEN})*(?P<verb>like|love|adore|enjoy|prefer|hate|despise|dislike|detest) (?P<value>\S.*)", _taste
    ),
    _form(
        rf"my (?:all.time )?fav(?:ou?rite|e)? (?P<what>{_FAVOURITES})(?:'s| is| has to be| has always been)"
        r" (?P<value>\S.*)",
        _favourite,
    ),
    _form(
        rf"my (?:\w+ )?(?P<pet>{PETS})(?:'?s name(?: is|'s)| is (?:called|named)|'s (?:called|named)) (?P<value>\S.*)",
        _pet,
    ),
    _form(rf"i (?:have|own) an? (?:\w+ )?(?P<pet>{PETS}) (?:called|named) (?P<value>\S.*)", _pet),
    _form(rf"i (?:have|own) {_COUNT} (?P<value>(?:{PETS})e?s?)", _pets),
    _form(rf"(?:it'?s |its )?my (?:birthday|bday|b-day)(?: is|'s)?(?: on| in)?(?: the)? {_DATE}", _birthday),
    _form(
        rf"i (?:{_OFTEN}|can |fluently )*speak (?:fluent )?(?P<value>(?:{_LANGUAGES})(?: and (?:{_LANGUAGES}))?)",
        _speaks,
    ),
)
