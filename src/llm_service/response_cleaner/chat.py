"""The chat stage: makes what is visible one line of plain chat, sentence by sentence."""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass

import regex

from llm_service.response_cleaner import asides, echoes, loops, markdown, markers, prose, sentences
from llm_service.response_cleaner.characters import scrub
from llm_service.response_cleaner.phrases import SWITCH, opening
from llm_service.response_cleaner.sieve import Sieve
from llm_service.response_cleaner.speakers import Speakers

_OPEN = regex.compile(
    r"[*~`<>\[\]|\\\"“”„«»「」&◁\n\p{Cc}\p{Cf}]|(?<!\w)_|_(?!\w)|(?<!\w)['‘’]|[(（{](?![^()（）{}]*[)）}])"
)
"""Signs that could still change their meaning with what follows; a sentence with one waits for the end."""
_PLAIN_CHARACTERS = (
    r" 0-9A-Za-z,;:!?.…%$£€¥°+=@#)–—¡¿、。！？，～\-"
    r"À-\u05FF\u0606-\u061B\u061D-\u06DC\u06DE-\u070E\u0710-\u088F\u0892-\u08E1\u08E3-\u115E\u1161-\u167F"
    r"\u1681-\u180D\u180F-\u1FFF\u3005-\u3007\u3041-\u3163\u3165-\u31FF\u3400-\u9FFF\uAC00-\uD7A3"
    r"\u2600-\u27BF\uFE0F\U0001F000-\U0001FAFF"
)
"""Letters, emoji, and signs that mean nothing inside a line. Not all, but most of what is said in any script."""
_PLAIN = re.compile(
    rf"(?:[{_PLAIN_CHARACTERS}]++|(?<=[0-9A-Za-zÀ-ÖØ-öø-\u024F\u0400-\u0481\u048A-\u052F])['’]|/(?!no|th))*+"
)
"""Text that has nothing a rule could be about. It is much faster to see that than to try every rule."""
_COMMAND = regex.compile(
    r"(?:[/.]\s?me(?!\w)\s*|[/.\s]*/[/.\s]*|\.(?=(?:"
    r"ban|unban|timeout|untimeout|mod|unmod|vip|unvip|clear|slow|slowoff|followers|followersoff|"
    r"subscribers|subscribersoff|emoteonly|emoteonlyoff|uniquechat|uniquechatoff|r9kbeta|r9kbetaoff|commercial|host|unhost|"
    r"raid|unraid|marker|color|delete|announce(?:blue|green|orange|purple)?|shoutout|whisper|w|block|unblock|disconnect|"
    r"shield|shieldoff|monitor|restrict|poll|deletepoll|prediction|pin|warn|user|mods|vips|msg|kick|nick|join|part|quit)(?!\w)))++",
    regex.IGNORECASE,
)
"""What makes a chat server take the reply for a command. Without it the words are only words, and still a reply."""
_QUOTED = regex.compile(
    r"(?:\"(?P<a>[^\"]+)\"|“(?P<b>[^“”]+)”|«(?P<c>[^«»]+)»|„(?P<d>[^„“”]+)[“”]|「(?P<e>[^「」]+)」|'(?P<f>[^']*(?:\w'\w[^']*)*)'|‘(?P<g>[^‘’]*(?:\w’\w[^‘’]*)*)’)"
)
_TITLE = regex.compile(
    r"(?:\p{Lu}[\w'’-]*|\p{N}+|of|the|and|a|an|in|to|for|on|vs\.?|&)(?:[\s:,-]+(?:\p{Lu}[\w'’-]*|\p{N}+|of|the|and|a|an|in|to|for|on|vs\.?|&)){0,9}"
)
_STRIPPED_TURN = regex.compile(r"(?<=[.!?…])(?:assistant|model)\n\s*\n[\s\S]*")
"""Llama 3's header of a next turn, its tokens stripped."""


@dataclass(frozen=True, slots=True)
class Room:
    """What the chat stage knows about the room."""

    speakers: Speakers
    emotes: frozenset[str]
    hint: bool | None = None
    """Whether the prompt opened a thought."""


class Chat:
    """Visible text in, one line of chat out. A sentence is published when nothing that follows can change it.

    ``removed`` counts what is taken out, by family.
    """

    def __init__(self, room: Room, removed: Counter[str]) -> None:
        self.thoughts: list[str] = []
        self._removed = removed
        self._room = room
        self._sentence = ""
        self._held: list[str] = []
        self._begun = False
        self._said: deque[str] = deque(maxlen=8)

    def feed(self, text: str) -> str:
        """Take visible text; returns what can be published."""
        if self._held:
            self._held.append(text)
            return ""
        marks = not text.strip(sentences.MARKS)
        searched = 0 if marks else len(self._sentence.rstrip(sentences.MARKS))
        self._sentence += text
        if marks or (len(self._sentence) <= _LONGEST_SENTENCE and not sentences.may_end(self._sentence, searched)):
            return ""
        return "".join(self._sentences(searched))

    def _sentences(self, searched: int) -> Iterator[str]:
        start, text = 0, self._sentence
        for end in sentences.ends(text, searched):
            sentence = text[start:end]
            key = loops.key(sentence)
            if not self._is_settled(sentence, key):
                break
            yield self._said_now(sentence, key)
            start = end
        else:
            if len(text) - start <= _LONGEST_SENTENCE:
                self._sentence = text[start:]
                return
        self._held.append(text[start:])

    def _said_now(self, sentence: str, key: str) -> str:
        self._said.append(key)
        space = " " if self._begun and sentence[:1].isspace() else ""
        self._begun = True
        return space + sentence.strip()

    def _is_settled(self, sentence: str, key: str) -> bool:
        """Whether the sentence is plain, and stays so whatever follows."""
        body = sentence.strip()
        if len(sentence) > _LONGEST_SENTENCE or (key in self._said and self._repeats(body)):
            return False
        begins, line = not self._begun, "\n" in sentence[: -len(body)]
        if _needs_nothing(body, begins=begins, line=line) and loops.collapse_words(body, self._room.emotes) == body:
            return True
        if _OPEN.search(body) or (begins and (prose.suspicious(body) or self._room.speakers.is_other(body))):
            return False
        return tidy(body, self._room, begins=begins, line=line).text == body

    def _repeats(self, sentence: str) -> bool:
        """Whether a sentence that was said before may be part of a loop."""
        return loops.long_enough([sentence]) or loops.collapse(sentence, self._said) != sentence

    def finish(self, finish_reason: str) -> str:
        """The text is over; returns the rest."""
        cut = finish_reason == "length"
        text = "".join(self._held) or self._sentence
        if cut:
            whole = sentences.whole(text, self._room.emotes)
            text = whole if whole or self._begun else text
        blank = text[: len(text) - len(text.lstrip())]
        said = tuple(self._said)
        tidied = tidy(
            text, self._room, begins=not self._begun, line="\n" in blank, cut=cut, said=said, removed=self._removed
        )
        self.thoughts.extend(tidied.thoughts)
        space = " " if self._begun and blank and tidied.text else ""
        return space + tidied.text


_LONGEST_SENTENCE = 2000
"""Characters; what has no end by then waits for the end of the text."""
_ROUNDS = 12
"""Times that the rules are applied to their own result; more only matters to texts made to defeat them."""
_SIGNS = regex.compile(r"[^\p{L}\p{M}\p{N}\p{So}\s]++")

_SAID = ": "
"""Stands for what was published before a piece that is sieved by itself."""


@dataclass(frozen=True, slots=True)
class Tidied:
    """Plain chat, and what was taken out of it."""

    text: str
    thoughts: tuple[str, ...] = ()


def tidy(
    text: str,
    room: Room,
    *,
    begins: bool,
    line: bool = False,
    cut: bool = False,
    said: tuple[str, ...] = (),
    removed: Counter[str] | None = None,
) -> Tidied:
    """Apply every rule until none changes anything: so a clean text stays as it is.

    Signs that nest deeper than the rules go are all dropped; what even then finds no end is nobody's reply.

    ``begins`` says that nothing was published before it, ``line`` that it begins a line; ``said`` are the sentences
    that were published.
    """
    body = text.strip()
    if _needs_nothing(body, begins=begins, line=line) and loops.collapse(body, said, room.emotes) == body:
        return Tidied(body)
    thoughts: list[str] = []
    counts = removed if removed is not None else Counter[str]()
    text = scrub(text).strip()  # so that it is the same again where no rule is about it
    unmarked = ""  # what the sieve let through as it is
    for turn in range(2 * _ROUNDS):
        before = text
        if begins:
            text = _without_monologue(text, thoughts, counts, cut=cut)
        body = text.strip()
        if _is_plain(body, starts=begins or line):
            text = body
        else:
            text = _one_line(text, room, thoughts, counts, begins=begins, line=line)
        if text != unmarked:
            sieved = _without_markers(text, room, thoughts, begins=begins)
            unmarked, text = text if sieved == text else "", sieved
        text = _without_loops(text, room, counts, said)
        if text == before:
            return Tidied(text, tuple(thoughts))
        if turn + 1 == _ROUNDS:
            text = _SIGNS.sub(" ", text)
    return Tidied("", (*thoughts, text))


def _needs_nothing(text: str, *, begins: bool, line: bool) -> bool:
    """Whether every rule leaves it alone, but perhaps that of loops: it is plain, and does not begin like a thought."""
    plain = _is_plain(text, starts=begins or line)
    return plain and not (begins and (opening(text) or prose.suspicious(text)))


def _is_plain(text: str, *, starts: bool) -> bool:
    """Whether there is no mark in it that a rule could be about; ``starts`` says that it begins a line, where more
    means something: a label, a bullet, a command."""
    if starts and (":" in text or not text[:1].isalnum()):
        return False
    return "  " not in text and _PLAIN.fullmatch(text) is not None


def _without_monologue(text: str, thoughts: list[str], counts: Counter[str], *, cut: bool) -> str:
    thought, answer = prose.split(text, cut=cut)
    if thought:
        counts["prose"] += 1
        thoughts.append(thought)
    return answer


def _one_line(text: str, room: Room, thoughts: list[str], counts: Counter[str], *, begins: bool, line: bool) -> str:
    rows = _own_rows(_STRIPPED_TURN.sub("", text), room, counts, begins=begins, line=line)
    said = echoes.without_echoes(rows, room.speakers.others)
    counts["echo"] += said != rows
    text, muttered = asides.without_mutterings(said)
    counts["aside"] += len(muttered)
    thoughts.extend(muttered)
    acted = asides.without_actions(text, room.emotes, begins=begins)
    counts["action"] += acted != text
    text = " ".join(markdown.inline(acted, room.emotes).split())
    return _beginning(text, room) if begins else text


def _own_rows(text: str, room: Room, counts: Counter[str], *, begins: bool, line: bool) -> str:
    """The assistant's own lines, joined, without what marks a line."""
    rows = [row for row in text.split("\n") if row.strip()]
    first = 0 if begins or line else 1
    own = rows[:first] + room.speakers.own_lines(rows[first:], begun=not begins)
    counts["speaker"] += own != rows
    rows = own[:first] + markdown.unfenced(own[first:])
    bullets = [markdown.is_bullet(row) for row in rows]
    rows = rows[:first] + [markdown.plain(row) for row in rows[first:]]
    return " ".join(markdown.joined(rows, bullets).split())


def _beginning(text: str, room: Room) -> str:
    """What must not stand in front of a whole reply: names, commands, quotes around it."""
    text = room.speakers.unlabelled(text)
    command = _COMMAND.match(text)
    text = text[command.end() :] if command else text
    quoted = _QUOTED.fullmatch(text)
    if quoted:
        inner = next(filter(None, quoted.groups()), "").strip()
        if inner and not _TITLE.fullmatch(inner):
            return inner
    return text


def _without_markers(text: str, room: Room, thoughts: list[str], *, begins: bool) -> str:
    """Taking one thing out can make a marker of what stood around it."""
    if not (markers.contains(text) or SWITCH.search(text) or (begins and opening(text))):
        return text
    sieve = Sieve(prompt_opens_reasoning=None if begins and room.hint is None else False)
    said = "" if begins else _SAID
    visible = sieve.feed(said + text) + sieve.finish()
    if sieve.reasoning:
        thoughts.append(sieve.reasoning)
    return visible[len(said) :]


def _without_loops(text: str, room: Room, counts: Counter[str], said: tuple[str, ...]) -> str:
    collapsed = loops.collapse(text, said, room.emotes).strip()
    counts["loop"] += collapsed != text
    return collapsed
