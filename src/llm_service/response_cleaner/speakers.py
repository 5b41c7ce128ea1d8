"""Who speaks: labels in front of the answer, and lines that the model wrote for somebody else."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import regex

from llm_service.response_cleaner.echoes import is_chorus

_LABEL = regex.compile(
    r"\s*(?P<open>[*_]{0,3})(?:<(?P<irc>[^<>\n:]{1,40})>\s*:?|\[(?P<square>[^\[\]\n:]{1,40})\]\s*:"
    r"|@?(?P<name>[^\s:*_<>\[\]][^\n:<>\[\]]{0,39}?)(?P=open)\s?[:：])(?P=open)(?:[ \t]*|(?=\n))"
)
_HEADING = regex.compile(r"\s*#{2,4}\s*(?P<name>\w{2,12})\s*:?[ \t]*(?=\n|\Z)")
_INDENT = 16
"""Characters in which a heading must begin."""
_SCORE = regex.compile(r"\s*\d{1,4}\s*(?:[,;|/]|\Z)")

_OWN = frozenset({"assistant", "ai", "ai assistant", "bot", "chatbot", "ai bot"})
_OTHERS = frozenset({"user", "human"})
_OTHER_HEADINGS = frozenset({"instruction", "instructions", "input", "user", "human", "system"})
_OWN_HEADINGS = frozenset({"response", "assistant", "output"})


@dataclass(frozen=True)
class Speakers:
    """The names of a room. They are folded once a line has a label, as few have."""

    bot_name: str | None = None
    usernames: tuple[str, ...] = ()

    @cached_property
    def own(self) -> frozenset[str]:
        """What the assistant is called; empty where nobody said."""
        return frozenset(filter(None, [_folded(self.bot_name or "")]))

    @cached_property
    def others(self) -> frozenset[str]:
        """What the viewers are called."""
        return frozenset(filter(None, map(_folded, self.usernames))) - self.own

    def unlabelled(self, text: str) -> str:
        """``text`` without the assistant's own name in front, however often it stands there."""
        at = 0
        while (end := self._own_label(text, at)) > at:
            at = end
        return text[at:].lstrip() if at else text

    def own_lines(self, lines: list[str], *, begun: bool) -> list[str]:
        """The lines that the assistant says: without labels, and without what it wrote for somebody else.

        ``begun`` says that it said something before them. A first line that is labelled with a viewer's name tells
        that the answer has one line for each viewer.
        """
        if not begun:
            lines = self._after_echo(lines)
        addressing = not begun and bool(lines) and self._speaker(lines[0]) in self.others
        kept: list[str] = []
        for line in lines:
            chorus = is_chorus(line)
            if begun and (chorus or (not addressing and self.is_other(line))):
                break
            own = "" if chorus else self.unlabelled(line)
            kept.append(own)
            begun = begun or bool(own)
        return kept

    def _after_echo(self, lines: list[str]) -> list[str]:
        """The model repeated the question and answered then: only the answer counts."""
        if not lines or not self.is_other(lines[0]):
            return lines
        for index, line in enumerate(lines):
            if index and self._own_label(line):
                return lines[index:]
        return lines

    def _own_label(self, line: str, at: int = 0) -> int:
        """Where the label ends that begins at ``at``; 0 where there is none."""
        heading = _HEADING.match(line, at) if "#" in line[at : at + _INDENT] else None
        if heading and heading["name"].casefold() in _OWN_HEADINGS:
            return int(heading.end())
        label = _label(line, at)
        if label is None or _SCORE.match(line, label.end()):
            return 0
        name = _name(label)
        if label["irc"] is not None:
            return int(label.end()) if name in self.own else 0
        return int(label.end()) if name in self.own or name in _OWN else 0

    def is_other(self, line: str) -> bool:
        """Whether the line is labelled as somebody else's."""
        heading = _HEADING.match(line)
        if heading and heading["name"].casefold() in _OTHER_HEADINGS:
            return True
        name = self._speaker(line)
        return bool(name) and (name in _OTHERS or name in self.others)

    @staticmethod
    def _speaker(line: str) -> str:
        label = _label(line)
        return _name(label) if label and not _SCORE.match(line, label.end()) else ""


def _label(line: str, at: int = 0) -> regex.Match[str] | None:
    """The label that begins at ``at``. Most lines have none of the signs that make one."""
    signs = ":" in line or "：" in line or "<" in line
    return _LABEL.match(line, at) if signs else None


def _name(label: regex.Match[str]) -> str:
    return _folded(label["irc"] or label["square"] or label["name"] or "")


def _folded(name: str) -> str:
    return name.strip().casefold()
