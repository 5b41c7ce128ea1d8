"""What the model plays or mutters beside its answer: ``*waves*``, ``(thinking: …)``."""

from __future__ import annotations

import regex

from llm_service.response_cleaner import markdown

_VERBS = """
    wave smile nod sigh laugh giggle grin smirk wink blush shrug pause think ponder muse look glance stare gaze
    lean tilt clap cheer dance hug pat bow gasp yawn chuckle cough clear roll raise cross sip point jump hop
    spin sit stand stretch whisper mutter mumble hum facepalm adjust scratch rub hide peek snicker sob cry
    scream shake cackle type salute bounce wiggle poke boop gulp shiver tremble snore pout frown blink beam bite
    lick sniff snort squeal flap flex twirl kneel crack drum tap fidget pace hold put pull push grab take drop
    lift turn walk run step close open
"""
_STEMS = "|".join(sorted({verb.rstrip("e") for verb in _VERBS.split()}, key=len, reverse=True))
_VERB = regex.compile(
    rf"(?:[A-Za-z][a-z]*ly )?(?:{_STEMS}|{_STEMS.title()})[a-z]?(?:e?s|ing)\b,?(?: [\p{{L}}\p{{N}}_@'’-]+,?){{0,7}}"
    r"(?: \p{So}\uFE0F?)?"
)
_DEED = regex.compile(
    r"(?!(?:this|is|was|always|yes|its|as|us|his|hers|nothing|something|anything|everything|during|"
    r"evening|morning|less|unless|king|thing|string|boss|bonus|plus|news|perhaps|sometimes)\b)"
    r"(?:[a-z]+ly )?[a-z]{2,}(?:s|ing)\b(?: [\p{L}'’-]+,?){0,7}"
)
_MUSING = regex.compile(
    r"(?:(?:[a-z]+ly )?(?:think|ponder|mus|wonder)(?:e?s|ing)\b|(?:internal|inner|thinking|thought)s?(?: \w+)?:)"
    r"[^*_~]{0,300}",
    regex.IGNORECASE,
)
_SUBJECT = regex.compile(r"(?:[Ss]?[Hh]e|[Ii]t|[Tt]hey|[Tt]he (?:bot|assistant|AI)) ")
_BOUNDARY_BEFORE = regex.compile(r"(?:\A|[.!?…。！？)\]\"”*~]|\p{So}\uFE0F?)\s*\Z")
_BOUNDARY_AFTER = regex.compile(
    r"\s*(?:\Z|[\p{Lu}\p{Lo}\p{So}@\"“*~])|\s+(?:oh|ok|okay|hey|hi|hello|well|so|um+|uh+|ah+|aw+)\b"
)
_TILDE = regex.compile(
    rf"(?<!\S)~(?P<deed>(?:[a-z]+ly )?(?:{_STEMS})[a-z]?(?:e?s|ing)(?: [\p{{L}}'’-]+){{0,5}})~(?!\S)\s*"
)
_SAYS_SO = (
    r"(?:(?:internal|inner|private)(?:ly)?(?:[ -](?:monologue|thoughts?|note|voice|reasoning))?"
    r"|thinking(?: (?:to myself|out loud|process))?|thoughts?(?: process)?|thinks|reasoning|note to self|monologue"
    r"|to myself"
    r"|内心(?:独白)?|思考|心想|心里想)"
)
_MUTTERED = regex.compile(
    rf"(?:\((?P<a>\s?{_SAYS_SO}\s?[:：—–](?:[^()]|\([^()]*\)){{0,2000}}+)\)"
    rf"|\[(?P<b>\s?{_SAYS_SO}\s?[:：—–](?:[^\[\]]|\[[^\[\]]*\]){{0,2000}}+)\]"
    rf"|（(?P<c>\s?{_SAYS_SO}\s?[:：—–][^（）]{{0,2000}}+)）"
    rf"|\{{(?P<d>\s?{_SAYS_SO}\s?[:：—–][^{{}}]{{0,2000}}+)\}})\s*",
    regex.IGNORECASE,
)


def without_mutterings(text: str) -> tuple[str, list[str]]:
    """``text`` without asides in brackets that say they are thoughts, and those thoughts."""
    if not any(bracket in text for bracket in "([（{"):
        return text, []
    thoughts: list[str] = []

    def hide(match: regex.Match[str]) -> str:
        inner = next(filter(None, match.groups()))
        thoughts.append(regex.sub(r"^[^:：—–]*[:：—–]\s*", "", inner).strip())
        return ""

    return _MUTTERED.sub(hide, text), thoughts


def without_actions(text: str, emotes: frozenset[str] = frozenset(), *, begins: bool = True) -> str:
    """``text`` without stage directions, unless there is nothing else in it and nothing was said before it."""
    runs = []
    for (start, inner), (outer, end) in markdown.pairs(text, emotes):
        if inner - start == 1 and _is_action(text, start, inner, outer, end):
            runs.append((start, end + len(text[end:]) - len(text[end:].lstrip(" "))))
    rest = _TILDE.sub("", markdown.without_runs(text, runs)) if "~" in text or runs else text
    return rest if rest.strip(" .!?*_~") or not begins else text


def _is_action(text: str, start: int, inner: int, outer: int, end: int) -> bool:
    deed = text[inner:outer].rstrip(".!…")
    deed = deed[subject.end() :] if (subject := _SUBJECT.match(deed)) else deed
    if _MUSING.fullmatch(deed):
        return True
    if not _BOUNDARY_AFTER.match(text, end):
        return False
    if _VERB.fullmatch(deed) and end == len(text.rstrip()):
        return True
    return bool(_BOUNDARY_BEFORE.search(text[max(0, start - 4) : start])) and bool(
        _VERB.fullmatch(deed) or _DEED.fullmatch(deed)
    )
