"""Monologue in plain words, without any marker.

Nobody tells it from an answer reliably, and an answer that is lost is worse than a thought that is seen. So it takes
two things at once: talk *about* the viewer in the third person, or a heading that says "thought", and behind it a
plan, a hand-over ("So I'll say:") or a paragraph of another kind.
"""

from __future__ import annotations

import re
from collections import deque
from typing import NamedTuple

import regex


class Split(NamedTuple):
    """A text, and the monologue that was found before it."""

    thought: str
    answer: str


_FILLER = (
    r"(?:(?:okay|ok|alright|all right|hmm+|right|well|so|now|first|let me think(?: about (?:this|that|it))?|let me see"
    r"|let's see)[,.!…:]*\s+)"
)
_SOMEBODY = r"(?:the|this|our)\s+(?:user|viewer|chatter|human)"
_SAYS = (
    r"(?:(?:is|was|has been)\s+(?:just\s+)?(?:ask|say|talk|greet|want|request|try|look|refer|joke|tell|react|mention|"
    r"inquir|respond|complain|express|send|curious|interested)\w*|(?:just\s+|also\s+|probably\s+)?"
    r"(?:want|ask|said|say|seem|need|mention|"
    r"greet|request|wrote|write|sent|send|ha[sd] asked|would like|appears|repeat|thank|told|tell))\w*"
)
# One line for each language: how a monologue begins, and how it plans. {filler} may precede the beginning.
_LANGUAGES = {
    "en": (
        rf"{_FILLER}{{0,3}}(?:{_SOMEBODY}(?:'s|’s)?\s+(?:message\s+|question\s+|request\s+)?{_SAYS}\b|"
        r"(?:we|i)\s+(?:need|have|should|must|are asked|am asked)(?:\s+to)?\s+"
        r"(?:respond|reply|answer|produce|write|generate|act|follow)\b)",
        r"\b(?:I\s+(?:should|need to|must|can|could|will|want to|have to|might|think I)|I['’](?:ll|d)|let me|let['’]s|"
        r"we\s+(?:should|need to|must|can|could|have to)|should\s+(?:be|keep|respond|reply|answer)|maybe I)\b",
    ),
    "zh": (
        r"(?:(?:好的?|嗯+|首先|那么|现在|让我想想)[，,。\s]*){0,3}(?:这个|这位|该)?(?:用户|观众|弹幕|提问者)(?:们)?"
        r"(?:现在|正在|刚刚|刚才|可能|好像|应该)?(?:是?在?)(?:想|问|说|要|希望|需要|提到|询问|打招呼|请求|发送?|似乎)",
        r"我(?:应该|需要|可以|要|得|会|来|想|必须)|(?:应该|需要|要)(?:简短|友好|回答|回复)",
    ),
    "ja": (
        r"(?:(?:さて|では|まず|うーん)[、,\s]*)?(?:ユーザー|視聴者)(?:さん)?(?:は|が)",
        r"(?:べき|しよう|必要がある|答え(?:る|よう)|返(?:す|そう))",
    ),
    "ru": (
        r"(?:(?:итак|хорошо|так|ладно)[,.\s]+){0,2}(?:пользователь|зритель)\s+(?:хочет|спрашивает|просит|спросил|пишет|говорит)",
        r"\b(?:я\s+(?:должен|должна|могу|отвечу)|мне\s+(?:нужно|надо|следует)|нужно|надо)\b",
    ),
    "es": (
        r"(?:(?:vale|bien|bueno|ok|okay)[,.\s]+)?(?:el|la)\s+(?:usuari[oa]|espectador[a]?)\s+(?:quiere|pregunta|pide|dice|está|ha)",
        r"\b(?:debo|debería|tengo que|necesito|puedo|voy a|responderé)\b",
    ),
    "pt": (
        r"(?:(?:ok|okay|bem|certo)[,.\s]+)?[oa]\s+(?:usuári[oa]|utilizador(?:a)?|espectador(?:a)?)\s+(?:quer|pergunt|pede|pediu|diz|disse|está)\w*",
        r"\b(?:devo|deveria|preciso|tenho que|posso|vou)\b",
    ),
    "de": (
        r"(?:(?:okay|ok|gut|also)[,.\s]+)?(?:der|die)\s+(?:nutzer(?:in)?|zuschauer(?:in)?|benutzer(?:in)?)\s+(?:möchte|will|fragt|bittet|hat|sagt)",
        r"\b(?:ich\s+(?:sollte|muss|kann|werde|soll)|sollte\s+ich)\b",
    ),
    "fr": (
        r"(?:(?:bon|bien|ok|d['’]accord|alors)[,.\s]+)?(?:l['’]utilisat(?:eur|rice)|le\s+spectateur)\s+(?:veut|demande|dit|souhaite|a\s)",
        r"\b(?:je\s+(?:dois|devrais|peux|vais)|il\s+faut)\b",
    ),
}
_BEGINNING = regex.compile("|".join(f"(?:{start})" for start, _ in _LANGUAGES.values()), regex.IGNORECASE)
_PLAN = regex.compile("|".join(f"(?:{plan})" for _, plan in _LANGUAGES.values()), regex.IGNORECASE)
_FILLED = regex.compile(rf"{_FILLER}+{_SOMEBODY}|(?:好的?|嗯+|首先)[，,。]", regex.IGNORECASE)
_MULLING = regex.compile(rf"{_FILLER}{{0,2}}let (?:me|['’]s) (?:think|see)\b", regex.IGNORECASE)
"""A first sentence after which a monologue may only begin."""
_ABOUT = regex.compile(
    rf"\b{_SOMEBODY}\b|\bthe chat\b|用户|观众|ユーザー|視聴者|пользователь|зритель|usu[aá]ri[oa]\b|nutzer|utilisateur",
    regex.IGNORECASE,
)
_WORKING = regex.compile(r"\s*(?:\d{1,2}[.)]|[-*•])\s|\s*\*\*?[A-Z][^*\n]{2,40}:\*\*?|\s{2,}\S")

_ANSWER_WORDS = r"(?:final\s+)?(?:answer|response|reply|output)|final|回答|回复|最终(?:回答|答案)|答案"
_HANDOVER = regex.compile(
    rf"(?:^|(?<=[.!?。…]\s)|(?<=[。！？]))[ \t]*(?:#{{1,4}}[ \t]*|\*\*)?(?:{_ANSWER_WORDS})(?:\*\*)?"
    r"[ \t]*(?:[:：](?:\*\*)?|(?=\n))[ \t\n]*"
    r"|(?:^|(?<=[.!?。…]\s))[ \t]*(?:so,?\s+)?"
    r"(?:I['’]ll|I will|I should|I can|I could|let me|let['’]s|I['’]d|so)\s+(?:just\s+)?"
    r"(?:say|respond|reply|answer|write|go with)(?:\s+(?:with|something like|this|back))?\s*:\s*",
    regex.IGNORECASE | regex.MULTILINE,
)
_IN_ROLE = regex.compile(
    r"(?:respond|reply|answer|act)\s+(?:as\b|in character|briefly|concisely|in (?:one|two|a few)\b|with (?:a|one)\b"
    r"|to (?:the (?:user|viewer|message|chat|question)|this (?:user|viewer|message))\b)",
    regex.IGNORECASE,
)
_PLANNING = regex.compile(
    r"\s*(?:(?:so|now|okay|ok|maybe|perhaps),?\s+)?"
    r"(?:let me|let['’]s|I['’]ll|I (?:should|need to|must|could|can|will|want to))\s+"
    r"(?:just\s+|also\s+)?(?:keep|respond|reply|answer|write|draft|say|mention|make|be|think|give|greet)\b",
    regex.IGNORECASE,
)
_LABEL = regex.compile(
    r"\s*(?:#{1,4}[ \t]*|\*\*|\[)?(?P<label>thoughts?|thinking|reasoning|(?:thought|thinking|reasoning) process|"
    r"internal (?:monologue|thoughts?)|chain of thought|思考(?:过程)?|推理(?:过程)?)"
    r"(?:\*\*|\])?[ \t]*(?:[:：](?:\*\*)?|(?=\n))[ \t\n]*"
    r"|\s*(?:here(?:['’]s| is)\s+(?:a|my|the)\s+thinking\s+process)(?:[^:\n]{0,60})?:?[ \t]*\n",
    regex.IGNORECASE,
)
_QUOTED = regex.compile(r"[:：]\s*[\"“「](?P<draft>[^\"“”「」\n]{2,600})[\"”」]\s*\Z")
_ANALYSING = regex.compile(
    r"\b(?:analy[sz]e|understand|identify|determine|draft|user input|user request|the user)\b", regex.IGNORECASE
)


_SUSPICIOUS = "|".join(pattern.pattern for pattern in (_LABEL, _BEGINNING, _MULLING))
_SUSPECT = regex.compile(_SUSPICIOUS, regex.IGNORECASE)
_ASCII_SUSPECT = re.compile(_SUSPICIOUS, re.IGNORECASE)
"""The same for printable ASCII, in a third of the time."""


def suspicious(text: str) -> bool:
    """Whether ``text`` begins as a monologue might: then all of it must be seen before any of it is shown."""
    usual = text.isascii() and text.isprintable()
    return (_ASCII_SUSPECT if usual else _SUSPECT).match(text.lstrip()) is not None


def split(text: str, *, cut: bool) -> Split:
    """Separate a monologue from the answer behind it; an empty thought where the evidence is not strong.

    ``cut`` says that the answer was cut off at its token limit.
    """
    label = _LABEL.match(text)
    if label is not None:
        return _labelled(text, label, cut=cut)
    body = text.lstrip()
    beginning = _BEGINNING.match(body)
    if beginning is None:
        return Split("", text)
    return _told(body, beginning, cut=cut)


def _labelled(text: str, label: regex.Match[str], *, cut: bool) -> Split:
    """ "Thought: …" and then "Final answer: …"."""
    rest = text[label.end() :]
    answer = _last_handover(rest)
    if answer is not None:
        return Split(text[: label.end() + answer.start()].strip(), rest[answer.end() :].strip())
    process = label["label"] is None or label["label"].casefold().endswith("process")
    evident = bool(_ABOUT.search(rest) and _PLAN.search(rest)) or (process and bool(_ANALYSING.search(rest)))
    if not evident:
        return Split("", text)
    return _paragraphs(text, cut=cut, certain=process or cut)


def _told(text: str, beginning: regex.Match[str], *, cut: bool) -> Split:
    """ "Okay, the user wants … I should …"."""
    first = regex.split(r"\n\s*\n", text, maxsplit=1)[0]
    in_role = _IN_ROLE.search(first) is not None
    planned = _PLAN.search(text, beginning.start() + 1) is not None
    filled = _FILLED.match(text) is not None
    answer = _last_handover(text)
    if answer is not None and answer.start() > 0 and (planned or filled or in_role):
        return Split(text[: answer.start()].strip(), _unquoted(text[answer.end() :].strip()))
    draft = _QUOTED.search(text)
    if draft and planned:
        return Split(text[: draft.start()].strip(), draft["draft"].strip())
    if not (_PLAN.search(first, beginning.start() + 1) or in_role or filled):
        return Split("", text)
    return _paragraphs(text, cut=cut, certain=(planned and filled) or (cut and (filled or planned or in_role)))


def _paragraphs(text: str, *, cut: bool, certain: bool) -> Split:
    """Whole paragraphs of monologue go; the first one of another kind begins the answer."""
    paragraphs = regex.split(r"(\n\s*\n)", text)
    for index in range(2, len(paragraphs), 2):
        paragraph = paragraphs[index]
        if paragraph.strip() and not _is_monologue(paragraph):
            return Split("".join(paragraphs[:index]).strip(), "".join(paragraphs[index:]).strip())
    return Split(text.strip(), "") if certain else Split("", text)


def _is_monologue(paragraph: str) -> bool:
    if _WORKING.match(paragraph) or _BEGINNING.match(paragraph.lstrip()) or _LABEL.match(paragraph):
        return True
    if _PLANNING.match(paragraph):
        return True
    return bool(_ABOUT.search(paragraph) and _PLAN.search(paragraph))


def _last_handover(text: str) -> regex.Match[str] | None:
    return next(iter(deque(_HANDOVER.finditer(text), maxlen=1)), None)


def _unquoted(text: str) -> str:
    quoted = regex.fullmatch(r"[\"“「]([^\"“”「」]*)[\"”」]", text)
    return quoted[1].strip() if quoted else text
