"""Markers that are plain words, believed only where the answer would begin, and headers that follow a token."""

from __future__ import annotations

import re

import regex

from llm_service.response_cleaner.formats import ROLES
from llm_service.response_cleaner.markers import HIDDEN_SPARK

OPENING = regex.compile(
    r"(?P<granite>Here(?: is|['’]s) my thought process:)"  # Granite 3.3: template
    r"|(?P<answer>Here(?: is|['’]s) my response:"  # … and its answer
    r"|assistant(?:final|commentary)(?=\s|\p{Lu}|[^\w\s]))"  # gpt-oss, tokens stripped
    r"|(?P<apriel>Here are my reasoning steps:)"  # Apriel: template
    # gpt-oss, tokens stripped
    r"|(?P<harmony>(?:assistant)?analysis(?:(?=\s?\p{Lu})|(?=\s?[^\s\p{Lu}])|(?=\s\s)))"
    r"|(?P<tool>commentary\s{1,2}to=)"  # the same
    r"|(?P<label>(?:thought|assistant|model)[ \t]*\n)"  # Gemma 4, Llama 3, tokens stripped
    # Muse Glimmer; gpt-oss with half of its tokens stripped
    r"|(?P<header>(?:to=[\w.]{1,40}|analysis|commentary|final)\s{0,2}(?:to=[\w.]{1,40}\s?)?<\|message\|>)"
)
"""What may stand at the very beginning of a visible answer."""

SURE_HARMONY = regex.compile(r"analysis\s?\p{Lu}")
"""Prose does not write "analysis" in lower case and go on with a capital."""


_FIRST_WORDS = ("Here", "analysis", "assistant", "commentary", "final", "model", "thought", "to=")
"""With which each of them begins."""


def opening(text: str, *, partial: bool = False) -> regex.Match[str] | None:
    """What stands at the beginning of ``text`` of these; with ``partial`` also where the text ends within it.

    Most texts begin with no such word, which is seen much faster.
    """
    return OPENING.match(text, partial=partial) if _MAY_OPEN.match(text) else None


def _rest(letters: str) -> str:
    return f"(?:{letters[0]}{_rest(letters[1:])})?" if letters else ""


_MAY_OPEN = re.compile("|".join(rf"{word}|{word[0]}{_rest(word[1:])}\Z" for word in _FIRST_WORDS))


def _switching(*spellings: str) -> re.Pattern[str]:
    """Finds one of these words (``whole``), or at the end of a text the beginning of one."""
    firsts = {case for spelling in spellings for case in _cases(spelling[0])}
    wholes = [f"(?<={spelling[0]}){spelling[1:]}" for spelling in spellings]
    halves = [f"(?<={spelling[0]}){_rest(spelling[1:])}" for spelling in spellings]
    # The first letter stands in front: so most text is passed over fast.
    return re.compile(rf"[{''.join(firsts)}](?i:(?P<whole>{'|'.join(wholes)})|(?:{'|'.join(halves)})\Z)")


def _cases(letter: str) -> list[str]:
    return sorted({letter.lower(), letter.upper()})


def _ending(*spellings: str) -> re.Pattern[str]:
    """Finds these words, or the first character of what may become them (with a group), or of a marker."""
    wholes = [f"{first}(?i:{spelling[1:]})" for spelling in spellings for first in _cases(spelling[0])]
    halves = [f"{first}(?=(?i:{_rest(spelling[1:])})\\Z)()" for spelling in spellings for first in _cases(spelling[0])]
    return re.compile("|".join((*wholes, *halves, HIDDEN_SPARK.pattern)))


ENDINGS = {
    "granite": _ending("Here is my response:", "Here's my response:", "Here’s my response:"),
    "harmony": _ending("assistantfinal"),
    "details": _ending("</details>"),
    "prompt": _ending("assistantfinal"),
}
"""What may end a thought of this family: the markers, and words of its own."""
SWITCHES = _switching("/no_think", "/nothink", "/think")
SWITCHES_AND_TURNINGS = _switching("/no_think", "/nothink", "/think", "assistantfinal")
"""Words that act like a marker, whole or at the end of a text the beginning of one."""

_ROLES = "|".join(sorted(ROLES, key=len, reverse=True))
HEADERS = {
    "harmony": regex.compile(
        r"(?P<first>[^<\n]{0,80})(?P<rest>(?:<\|(?:channel|constrain)\|>[^<\n]{0,80}){0,3})<\|(?:message|content)\|>"
    ),
    "solar": regex.compile(r"(?P<first>[^<\n]{0,80})(?P<rest>)<\|content\|>"),
    "role": regex.compile(
        rf"[ \t]*(?P<role>{_ROLES})"
        r"(?:[ \t]+name=\w{1,40})?[ \t]*"
        r"(?:\n|<\|(?:end_header_id|header_end|end_of_role|im_middle|im_sep|message|role_end)\|>)"
    ),
    "k3": regex.compile(r"(?P<first>[^<\n]{1,60})<\|sep\|>"),
    "kimi": regex.compile(r"\w{0,24}<\|im_middle\|>"),
    "spoken": regex.compile(r"\s{0,3}Arguments:\s{0,3}(?=[{\[])"),
}
"""What follows a header's token."""

SWITCH = regex.compile(r"/no_?think(?!\w)|/think(?!\w)")
"""Qwen3's soft switches, which it sometimes echoes."""
