"""What may be remembered: short values that mean the same tomorrow, outside the line, and to anybody."""

from __future__ import annotations

import re

from llm_service.words import terms

MOST_CHARACTERS = 40
"""Of a value: names of games and places are shorter, sentences are longer."""
LONGEST_WORD = 24

_WORDS = re.compile(r"[^\W_][\w'&+#/.:-]*(?: (?:& )?[^\W_][\w'&+#/.:-]*)*")
_STRETCHED = re.compile(r"(.)\1{3}")

_POINTING_WORDS = """
    i im ive id ill me my mine myself you u ur your youre yours yourself he hes him his himself she shes her hers they
    theyre them their theirs it its itself we us our ours this that thats these those there here who whom whose which
    what whats when where why how everyone everybody someone somebody anyone anybody nobody nothing something everything
    anything ones chat stream streams streamer guys another such too is are was were be been being am has have had do
    does did will would can could should shall might must not no never if because cuz cause than then just really very
    much more less today tonight tomorrow yesterday now rn atm later again still yet already ever same way part fact
    time times whole lol lmao being getting having better best most worst
"""
_POINTING = frozenset(_POINTING_WORDS.split())
"""Words that mean something only here and now, or that begin another statement."""

_HARM_WORDS = """
    ignore ignoring disregard override instruction instructions prompt prompts system assistant jailbreak bypass obey
    command commands sudo admin admins administrator mod mods moderator moderators owner broadcaster root token tokens
    password passwords previous rules pretend roleplay forget http https www com
"""
_HARM = frozenset(_HARM_WORDS.split())
"""Words of those who talk to the model instead of about themselves, or who claim to be somebody."""
_UNWANTED = _POINTING | _HARM

_GROUP_WORDS = """
    women woman girls girl females female men boys males people humans kids children jews jewish muslims islam
    christians christianity hindus atheists black blacks white whites asians arabs mexicans latinos indians gypsies
    africans immigrants foreigners refugees gay gays lesbians trans queer queers lgbt lgbtq fat poor disabled autistic
    democrats republicans liberals conservatives leftists communists nazi nazis hitler stalin trump biden putin israel
    palestine jesus allah god satan bible quran church mosque synagogue prayer pray praying
"""
_GROUPS = frozenset(_GROUP_WORDS.split())

_NO_NAME_WORDS = """
    crazy maybe later back old ishmael stupid dumb when if whatever anything a an the any some names name sir madam maam
    daddy mommy mom dad boss king queen god lord master lazy weird paranoid cynical naive biased picky sad happy now
    tomorrow tonight out up on in at by over asap anytime sometime please lucky unlucky bad good evil wrong right mad
    insane basic boring sus noob trash garbage ugly fat gay racist sexist retarded idiot dude bro man lol god jesus
    impressed surprised shocked hungry tired bored ready done cheap slow fast blind deaf next again for to it
"""
_NO_NAMES = frozenset(_NO_NAME_WORDS.split())
"""What *call me* is followed by when it is no name."""

_NO_PLACE_WORDS = """
    fear hope peace denial hell heaven pain shame regret poverty your my his her their our a an chat bed basement
    house home apartment flat room car van box cave bubble dream dreams past future moment present sin theory general
    person public total space there here work school bed mom moms me you far away nowhere somewhere
"""
_NO_PLACES = frozenset(_NO_PLACE_WORDS.split())
_WITH_ARTICLE = re.compile(
    r"the (?:us|usa|u\.s\.|uk|u\.k\.|uae|eu|states|united \w+(?: \w+)?|netherlands|philippines|bahamas|maldives|gambia"
    r"|congo|czech republic|dominican republic|bronx|bay area|midwest|north|south|east|west|south of \w+|north of \w+)",
    re.IGNORECASE,
)

_ASTRAY = re.compile(r"(?:all the|in|at|on|from|with|of|by|for|about|and|or|as)\b", re.IGNORECASE)
"""How a value begins that was not what is liked, or only part of what was said."""

_PRAISE_WORDS = """
    bad good great big huge little lousy fake wannabe secret terrible horrible amazing awesome real true total complete
    such shit shitty fucking best worst better worse former ex future aspiring failed your typical literal actual mere
    bit lot
"""
_PRAISE = frozenset(_PRAISE_WORDS.split())
"""What stands before an occupation when it is a joke, an opinion or over."""


def words_of(value: str) -> list[str]:
    """The words of a value as they are compared with lists."""
    return [word.strip(".:").replace("'", "") for word in value.casefold().split()]


def is_value(value: str, most_words: int) -> bool:
    """Whether ``value`` can be remembered: short, of ordinary words, pointing at nothing, and with a meaning."""
    words = words_of(value)
    return (
        len(value) <= MOST_CHARACTERS
        and len(words) <= most_words
        and _WORDS.fullmatch(value) is not None
        and all(len(word) <= LONGEST_WORD for word in words)
        and not _STRETCHED.search(value)
        and _UNWANTED.isdisjoint(words)
        and any(map(str.isalpha, value))
    )


def is_thing(value: str) -> bool:
    """Something that one likes or plays: *Elden Ring*, *to cook*, *The Witcher*; not *the new one*."""
    article, _, rest = value.partition(" ")
    named = article.casefold() not in {"a", "an", "the"} or (rest[:1].isupper() and article.casefold() == "the")
    return named and not _ASTRAY.match(value) and bool(terms(value)) and is_value(value, 5)


def is_taste(value: str) -> bool:
    """Something that one may love or hate without loving or hating a group of people or a creed."""
    return is_thing(value) and _GROUPS.isdisjoint(words_of(value))


def is_name(value: str) -> bool:
    """A name of one or two words."""
    words = words_of(value)
    plain = all(word.isalpha() or word.replace("-", "").isalnum() for word in words)
    return plain and _NO_NAMES.isdisjoint(words) and not value[0].isdigit() and is_value(value, 2)


def is_place(value: str) -> bool:
    """A place on a map, as far as its words tell."""
    if _WITH_ARTICLE.fullmatch(value):
        return True
    return words_of(value)[0] not in _NO_PLACES | {"the"} and not value[0].isdigit() and is_value(value, 4)


def is_occupation(value: str) -> bool:
    """What somebody does all day, without a judgement of it."""
    return _PRAISE.isdisjoint(words_of(value)) and is_value(value, 3)


def is_played(value: str) -> bool:
    """A game or an instrument."""
    first = words_of(value)[0]
    how = {"with", "like", "for", "at", "against", "better", "worse", "bad", "badly", "good", "well", "along", "dead"}
    return first not in how and not value.casefold().startswith("to ") and is_thing(value)
