"""What has been understood of the text so far: what every state of the sieve reads and changes."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import Literal

from llm_service.response_cleaner.markers import HIDDEN_SPARK
from llm_service.response_cleaner.phrases import ENDINGS
from llm_service.response_cleaner.sieve.doubt import Doubt, Kind
from llm_service.response_cleaner.visible import Visible

State = Literal["answer", "fence", "thought", "tool", "header", "elsewhere", "over"]
_INFO = re.compile(r"(?:[\w+#.:={}\"'-]|[^\S\n])*")
"""What may follow a fence in its line."""
_NEARBY = 24
"""Characters before a marker that tell whether it is only talked about."""


@dataclass(slots=True)
class Thought:
    """The thought that is open."""

    names: list[str]
    """What its closer must be called, and those of the thoughts within it."""
    message: bool = False
    """Whether the end of the message ends it, and nothing else."""
    kept: bool = True
    """Whether it is a thought: a tool call in words is thrown away."""
    endings: re.Pattern[str] = HIDDEN_SPARK
    """Finds what may end it."""
    ticks: int = 0
    """Whether the backticks in its last line are odd in number."""
    blank: bool = True


@dataclass(slots=True)
class ToolCall:
    """The tool call that is open."""

    closer: str
    json: bool | None = None
    """Whether it is JSON; None until its first character is seen."""
    depth: int = 0
    quoted: bool = False


@dataclass(slots=True)
class Code:
    """The code in which the answer is. Only what is visible decides that: so it is the same at each reading."""

    ticks: int = 0
    """Backticks that opened the span that is open."""
    endless: bool = False
    """Whether that span is known to have no end in its line."""
    fence: str = ""
    """What opened the fence that is open, or opens with this line."""
    opening: bool = False
    """Whether this line opens a fence, if it goes on as it began."""

    def read(self, text: str) -> bool:
        """This is visible now; whether a fence opened."""
        line, line_end, _ = text.partition("\n")
        self.opening = self.opening and _INFO.fullmatch(line) is not None
        return self.end_line() if line_end else False

    def end_line(self) -> bool:
        """The line ends; whether it opened a fence."""
        opened, self.opening = self.opening, False
        self.ticks, self.endless = 0, False
        return opened


@dataclass(slots=True)
class Wrapper:
    """``<answer>``, as a wrapper around the answer and as a word of it."""

    open: bool = False
    worded: bool = False
    """Whether the answer has it as a word, so that its closer is one too."""


@dataclass(slots=True)
class Header:
    """The header that is open."""

    opener: str
    family: str
    resume: State


class Reading:
    """The record of one text."""

    __slots__ = (
        "blocks", "call", "certain", "closer", "code", "cut", "doubt", "header", "hint", "lead", "new_message",
        "removed", "seen", "state", "struck", "tail", "thought", "visible", "waits", "wrapper",
    )  # fmt: skip
    # Each of these is there from the moment that one opens.
    thought: Thought
    call: ToolCall
    header: Header

    def __init__(self, hint: bool | None) -> None:
        self.hint = hint
        """Whether the prompt opened a thought; None where nobody knows."""
        self.visible = Visible(held=hint is None)
        self.removed: Counter[str] = Counter()
        self.blocks: list[list[str]] = []
        """The thoughts."""
        self.state: State = "answer"
        self.tail = ""
        """The end of what was read."""
        self.lead = ""
        """First words of the answer that may be a marker in plain words."""
        self.code = Code()
        self.wrapper = Wrapper()
        self.struck = False
        """Whether ``<s>`` stands in the text: then ``</s>`` is no end."""
        self.seen = False
        """Whether anything was a thought."""
        self.new_message = False
        """Whether the answer, once it goes on, does so in another message."""
        self.certain: set[Kind] = set()
        """What was misunderstood before, and is not in doubt any more: the text is read again."""
        self.cut = False
        self.doubt: Doubt | None = None
        self.closer = ""
        """What ends somebody else's words."""
        self.waits = False
        """Whether the text that has come does not decide what it means from here on."""

    @property
    def spoken(self) -> bool:
        """Whether anything is visible."""
        return self.visible.begun or bool(self.lead)

    @property
    def shown(self) -> str:
        """The last characters of the answer."""
        return self.lead[-_NEARBY:] if self.lead else self.visible.end(_NEARBY)

    def before(self, text: str, at: int) -> str:
        """The characters just before ``text[at]``, visible or not."""
        return text[at - _NEARBY : at] if at >= _NEARBY else (self.tail + text[:at])[-_NEARBY:]

    def wait(self, at: int) -> int:
        """What ``at`` means is decided by text that has not come yet."""
        self.waits = True
        return at

    # ── What is visible ──────────────────────────────────────────────────────────────────────────────────────────

    def settle(self) -> None:
        """The first words are words."""
        if self.lead:
            lead, self.lead = self.lead, ""
            self.put(lead)

    def put(self, text: str) -> None:
        """Show this."""
        if (self.code.opening or "\n" in text) and self.code.read(text):
            self.state = "fence"
        self.visible.add(text)

    def perhaps(self, text: str) -> None:
        """Show this only if something visible follows."""
        self.code.read(text)
        self.visible.doubt(text)

    def literal(self, text: str, at: int, end: int) -> int:
        """This piece is text, whatever it looks like."""
        if self.lead:
            self.settle()
        self.put(text[at:end])
        return end

    def decide(self) -> None:
        """From here on it is known what the text is: nothing more is held for a closer without opener."""
        self.visible.held = False

    def reveal(self) -> None:
        """The answer begins only here: what was held so far was thought."""
        if self.visible.held:
            self.seen = True
            self.wrapper.worded = False
            self.blocks.append([self.visible.withdraw(), self.lead])
            self.lead = ""
            self.code = Code()
            self.certain.clear()

    # ── Where the text goes on ───────────────────────────────────────────────────────────────────────────────────

    def answer(self) -> None:
        """The answer goes on."""
        self.visible.gap("\n" if self.new_message else "")
        self.state = "fence" if self.new_message and self.code.end_line() else "answer"
        self.new_message = False

    def think(self, name: str, *, message: bool = False, kept: bool = True) -> None:
        """A thought begins."""
        self.visible.gap()
        self.seen = True
        self.new_message |= message
        self.thought = Thought([name], message, kept, ENDINGS.get(name, HIDDEN_SPARK))
        self.blocks.append([])
        self.state = "thought"

    def close(self) -> None:
        """A thought, or what somebody else says, is over."""
        self.decide()
        self.doubt = None
        self.answer()

    def somebody_else(self, closer: str, *, over: bool = False) -> None:
        """What follows is not the assistant's."""
        self.closer = closer
        self.state = "over" if over else "elsewhere"

    def use_tool(self, closer: str) -> None:
        """A tool call begins."""
        self.call = ToolCall(closer)
        self.state = "tool"

    def read_header(self, opener: str, family: str) -> None:
        """A header begins."""
        self.header = Header(opener, family, self.state)
        self.state = "header"

    # ── Doubt ────────────────────────────────────────────────────────────────────────────────────────────────────

    def doubt_from(self, kind: Kind, raw: str, *, if_cut: bool = False) -> None:
        """What begins here may have been misunderstood."""
        pieces = len(self.blocks[-1]) if self.blocks else 0
        self.doubt = Doubt(kind, [raw], len(self.blocks), pieces, self.seen, if_cut)

    def give_up(self, doubt: Doubt) -> str:
        """It was: forget what was understood since; returns the text to read again."""
        self.doubt = None
        self.certain.add(doubt.kind)
        self.seen = doubt.seen
        self.visible.like_a_thought = "opening" in self.certain
        del self.blocks[doubt.blocks :]
        if self.blocks:
            del self.blocks[-1][doubt.pieces :]
        self.code.endless = False
        self.answer()
        self.tail = ""
        return "".join(doubt.raw)
