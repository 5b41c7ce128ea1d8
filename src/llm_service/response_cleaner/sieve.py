"""The reasoning stage: separates what viewers may see from what the model said to itself.

A state machine over the raw text. Each state is a method that looks at the text from a place on and says how far it
got; where the end of what has come could still change the meaning, it waits. So every way of cutting the text into
pieces gives the same result, and each character is looked at a bounded number of times.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import regex

from llm_service.response_cleaner import markers
from llm_service.response_cleaner.formats import MUSING_CHANNELS, OWN_AUDIENCE, ROLES, SELF_ROLES, Act
from llm_service.response_cleaner.markers import HIDDEN_SPARK, LONGEST, LONGEST_RUN, SPARK, Found
from llm_service.response_cleaner.phrases import (
    HEADERS,
    LONGEST_TURNING,
    OPENING,
    SURE_HARMONY,
    SWITCH,
    TURNINGS,
)
from llm_service.response_cleaner.visible import Visible

_WAIT = -1
_HALVES = 2
"""Pieces of markers in a row that are looked at together."""
_DEEPEST = 16
"""Thoughts within thoughts that are told apart."""
_SURROGATES = re.compile("[\ud800-\udfff]")
_FENCE = regex.compile(r"(`{3,}|~{3,})[\w+#.:={}\"' \t-]{0,40}\n")
_FENCE_END = re.compile(r"^ {0,3}(`{3,}|~{3,})[ \t]*$", re.MULTILINE)
_FENCE_START_OF_END = re.compile(r" {0,3}(?:`*|~*)[ \t]*")
_QUOTES = {'"': '"', "'": "'", "`": "`", "“": "”", "‘": "’", "«": "»", "„": "“", "「": "」"}
_DETERMINED = re.compile(
    r"(?:^|\s)(?:the|an?|this|that|your|my|its|his|her|our|their|opening|closing|raw|literal|and|or|of|with|like)\s\Z",
    re.IGNORECASE,
)
_NAMED = regex.compile(r"\s(?:tags?|tokens?|markers?|blocks?|elements?|sections?|brackets?)(?!\w)", regex.IGNORECASE)
_JSON = regex.compile(r"\s{0,16}(?P<json>[{\[])")
_NAMED_JSON = regex.compile(r"\s{0,16}(?:[\w.-]{1,64}\s{0,4})?(?:\[ARGS\]\s{0,4})?(?P<json>\{|\[[^A])")
_RECIPIENT = re.compile(r"to=([\w.]+)")
_CHANNEL = re.compile(r"<\|channel\|>\s{0,2}(\w+)")
_WORD = re.compile(r"\s*(\w*)")
_WRAPPED = re.compile(r"</\s?\w{1,16}\s?>\s*(?:<\|\w{1,24}\|>\s*)*\Z")


@dataclass(slots=True)
class _Doubt:
    """A place where the text may have been misunderstood: if its end says so, it is read again from there."""

    raw: list[str]
    """What came since."""
    blocks: int
    pieces: int
    """How much of the thoughts was certain by then."""
    if_cut: bool = False
    """Whether to read again even where the answer was cut off."""
    wrapped: bool = False
    """Whether to read again only if the text ends with a closing wrapper."""

    def holds(self, finish_reason: str) -> bool:
        if finish_reason in {"length", "content_filter"} and not self.if_cut:
            return False
        return not self.wrapped or _WRAPPED.search("".join(self.raw)) is not None


class Sieve:
    """Raw text in, visible text out; thoughts kept aside."""

    def __init__(self, *, prompt_opens_reasoning: bool | None = None) -> None:
        self.removed: Counter[str] = Counter()
        self._hint = prompt_opens_reasoning
        self._visible = Visible(held=prompt_opens_reasoning is None)
        self._blocks: list[list[str]] = []
        self._buffer = ""
        self._tail = ""
        self._lead = ""
        self._state: Callable[[str, int, bool], int] = self._in_answer
        self._resume: Callable[[str, int, bool], int] = self._in_answer
        self._names: list[str] = []
        self._message = False
        self._kept = True
        self._turning: regex.Pattern[str] | None = None
        self._opener = ""
        self._family = ""
        self._closer = ""
        self._json: bool | None = None
        self._depth = 0
        self._quoted = False
        self._ticks = 0
        self._fence = ""
        self._wrapped = False
        self._struck = False
        self._seen = False
        self._certain = False
        self._cut = False
        self._doubt: _Doubt | None = None
        if prompt_opens_reasoning:
            self._doubt_from("")
            self._think("prompt")

    @property
    def reasoning(self) -> str:
        """What was hidden so far; blocks on lines of their own."""
        return "\n".join(filter(None, ("".join(block).strip() for block in self._blocks)))

    def feed(self, piece: str) -> str:
        """Take the next piece of raw text; returns what became certain to be visible."""
        if not piece.isascii():
            piece = _SURROGATES.sub("", piece)
        if self._doubt is not None:
            self._doubt.raw.append(piece)
        self._buffer = self._buffer + piece if self._buffer else piece
        self._run(final=False)
        return self._visible.take()

    def finish(self, finish_reason: str = "stop") -> str:
        """The text is over; returns what was still held back."""
        self._cut = finish_reason == "length"
        self._run(final=True)
        if self._doubt is not None and self._doubt.holds(finish_reason):
            self._read_again(self._doubt)
        self._settle()
        self._visible.held = False
        return self._visible.take()

    # ── The machine ──────────────────────────────────────────────────────────────────────────────────────────────

    def _run(self, *, final: bool) -> None:
        text, at = self._buffer, 0
        while at < len(text):
            moved = self._state(text, at, final)
            if moved == _WAIT:
                break
            at = moved
        self._tail = (self._tail + text[max(0, at - LONGEST) : at])[-LONGEST:]
        self._buffer = text[at:]

    def _before(self, text: str, at: int) -> str:
        return text[at - 24 : at] if at >= 24 else (self._tail + text[:at])[-24:]

    def _doubt_from(self, raw: str, *, if_cut: bool = False, wrapped: bool = False) -> None:
        pieces = len(self._blocks[-1]) if self._blocks else 0
        self._doubt = _Doubt([raw], len(self._blocks), pieces, if_cut, wrapped)

    def _read_again(self, doubt: _Doubt) -> None:
        self._doubt = None
        self._certain = True
        del self._blocks[doubt.blocks :]
        if self._blocks:
            del self._blocks[-1][doubt.pieces :]
        self._answer()
        self._tail, self._buffer = "", "".join(doubt.raw)
        self._run(final=True)

    @property
    def _spoken(self) -> bool:
        return self._visible.begun or bool(self._lead)

    # ── The answer ───────────────────────────────────────────────────────────────────────────────────────────────

    def _answer(self) -> None:
        self._visible.gap("\n" if self._message else "")
        self._names.clear()
        self._message = False
        self._turning = None
        self._state = self._in_answer

    def _in_answer(self, text: str, at: int, final: bool) -> int:
        spark = SPARK.search(text, at)
        if spark is None:
            return self._show(text, at, len(text), final)
        if spark.start() > at:
            return self._show(text, at, spark.start(), final)
        if text[at] in "`~":
            return self._code(text, spark, final)
        if text[at] == "/":
            return self._switch(text, at, final)
        return self._marked(text, spark, final)

    def _show(self, text: str, at: int, end: int, final: bool) -> int:
        piece = text[at:end]
        if self._ticks and "\n" in piece:
            self._ticks = 0
        if self._visible.begun and not self._lead:
            self._visible.add(piece)
            return end
        return self._begin(text, at, end, final)

    def _begin(self, text: str, at: int, end: int, final: bool) -> int:
        """The answer's first words: they may be a marker in plain words."""
        known = len(self._lead)
        lead = self._lead + text[at:end] if known else text[at:end].lstrip()
        if not lead:
            return end
        opening = OPENING.match(lead, partial=True)
        raw = self._lead + text[at:]
        if opening is not None and opening.partial:
            if end == len(text) and not final:
                return _WAIT
            self._lead = lead
            return end
        if opening is None or (self._certain and opening.lastgroup == "harmony"):
            self._lead = ""
            self._visible.add(lead)
            return end
        self._lead = ""
        return self._opened(opening, raw, max(at, end - (len(lead) - opening.end())))

    def _opened(self, opening: regex.Match[str], raw: str, at: int) -> int:
        kind = opening.lastgroup or ""
        self.removed[kind] += 1
        if kind == "harmony" and not SURE_HARMONY.match(opening.string.removeprefix("assistant")):
            self._doubt_from(raw, if_cut=True)
        if kind in {"granite", "apriel", "harmony", "tool"}:
            self._think("harmony" if kind == "tool" else kind)
        return at

    def _settle(self) -> None:
        """The first words are words."""
        if self._lead:
            lead, self._lead = self._lead, ""
            self._visible.add(lead)

    def _literal(self, text: str, at: int, end: int) -> int:
        self._settle()
        self._visible.add(text[at:end])
        return end

    def _switch(self, text: str, at: int, final: bool) -> int:
        switch = SWITCH.match(text, at, partial=not final)
        if switch is None:
            return self._show(text, at, at + 1, final)
        if switch.partial or (switch.end() == len(text) and not final):
            return _WAIT
        before = self._before(text, at).rstrip()
        if self._ticks or (self._spoken and before and (before[-1].isalnum() or before[-1] in ",'\"")):
            return self._literal(text, at, switch.end())
        self._visible.doubt(switch[0])
        return int(switch.end())

    # ── Code in the answer: markers in it are text ───────────────────────────────────────────────────────────────

    def _code(self, text: str, spark: re.Match[str], final: bool) -> int:
        at, run = spark.start(), spark[0]
        if spark.end() == len(text) and not final:
            return _WAIT if len(run) < LONGEST else self._literal(text, at, spark.end())
        fence = self._fence_at(text, at, final) if len(run) >= 3 else None
        if fence is not None and fence.partial:
            return _WAIT
        if fence is not None:
            self._fence = fence[1]
            self._state = self._in_fence
            return self._literal(text, at, fence.end())
        if run[0] == "`":
            self._ticks = 0 if self._ticks == len(run) else self._ticks or len(run)
        return self._literal(text, at, spark.end())

    def _fence_at(self, text: str, at: int, final: bool) -> regex.Match[str] | None:
        if self._lead or not self._visible.at_line_start:
            return None
        return _FENCE.match(text, at, partial=not final)

    def _in_fence(self, text: str, at: int, final: bool) -> int:
        for end in _FENCE_END.finditer(text, at):
            if end.end() == len(text) and not final:
                break
            if self._before(text, end.start()).endswith("\n") and end[1].startswith(self._fence):
                self._state = self._in_answer
                return self._literal(text, at, end.end())
        if final:
            return self._literal(text, at, len(text))
        line = max(text.rfind("\n", at) + 1, at)
        begins_line = self._before(text, line).endswith("\n")
        stop = line if begins_line and _FENCE_START_OF_END.fullmatch(text, line) else len(text)
        return self._literal(text, at, stop) if stop > at else _WAIT

    def _in_span(self, text: str, at: int, final: bool) -> bool | None:
        """Whether the code span that is open here is closed in its line; None where it cannot be known yet."""
        close = re.compile(rf"(?<!`)`{{{self._ticks}}}(?!`)|\n").search(text, at)
        if close is None:
            return False if final or len(text) - at > 32 * LONGEST else None
        if close[0] != "\n" and close.end() == len(text) and not final:
            return None
        return close[0] != "\n"

    # ── Markers in the answer ────────────────────────────────────────────────────────────────────────────────────

    def _marked(self, text: str, spark: re.Match[str], final: bool) -> int:
        start, at = spark.start(), spark.end() - 1
        if spark.end() == len(text) and not final:
            return _WAIT if spark.end() - start < LONGEST_RUN else self._show(text, start, at - 1, final)
        found = markers.find(text, at)
        if found is None and at > start:
            at -= 1
            found = markers.find(text, at)
        if found is None:
            return self._half(text, start, spark.end() - 1, final)
        if self._lead and OPENING.fullmatch(self._lead + text[at : found.end]):
            header, self._lead = self._lead, ""
            self._address(header)
            return found.end
        mentioned = self._mentioned(text, at, found, final)
        if mentioned is None:
            return _WAIT
        if mentioned:
            return self._literal(text, start, found.end)
        return self._apply(found, text, at, final)

    def _half(self, text: str, start: int, at: int, final: bool) -> int:
        """No marker here, or only half of one: wait, drop it, or show it."""
        begins = markers.may_begin(text, at) or (at > start and markers.may_begin(text, at - 1))
        if begins and not final:
            return _WAIT
        if begins and self._cut:
            return len(text)
        whole = self._next_marker(text, at, final)
        if whole == _WAIT:
            return _WAIT
        if whole:
            return whole
        return self._show(text, start, at + 1, final)

    def _next_marker(self, text: str, at: int, final: bool) -> int:
        """Where the next marker begins if only pieces of markers lie between; else 0.

        Such pieces go: with the marker gone, ``<th<think>…</think>ink>`` would become one.
        """
        here = at
        for _ in range(_HALVES):
            spark = SPARK.search(text, here + 1)
            if spark is None or spark.end() - at > LONGEST:
                return 0
            there = spark.end() - 1
            if spark[0][0] in "`~/" or not markers.may_begin(text, here, spark.start()):
                return 0
            found = markers.find(text, there)
            if found:
                mentioned = self._mentioned(text, there, found, final)
                return _WAIT if mentioned is None else 0 if mentioned else there
            if markers.may_begin(text, there):
                return 0 if final else _WAIT
            here = there
        return 0

    def _mentioned(self, text: str, at: int, found: Found, final: bool) -> bool | None:
        """Whether the marker is only talked about: in code, in quotes, or as "the … tag"."""
        if self._ticks and self._state == self._in_answer:
            closed = self._in_span(text, found.end, final)
            if closed is not False:
                return closed
            self._ticks = 0
        before = self._before(text, at)
        quote = _QUOTES.get(before[-1:])
        if quote is not None:
            if found.end == len(text) and not final:
                return None
            if text[found.end : found.end + 1] == quote:
                return True
        if not _DETERMINED.search(before):
            return False
        named = _NAMED.match(text, found.end, partial=not final)
        if named is not None and not final and (named.partial or named.end() == len(text)):
            return None
        return named is not None

    def _apply(self, found: Found, text: str, at: int, final: bool) -> int:
        marker = found.marker
        match marker.act:
            case Act.THINK:
                return self._open(found, text, at)
            case Act.UNTHINK:
                return self._stray(found, text, at, final)
            case Act.WRAP:
                if self._lead or not self._visible.at_line_start:
                    return self._literal(text, at, found.end)
                self._wrapped = True
            case Act.UNWRAP:
                if not (self._wrapped or self._seen):
                    self._visible.doubt(text[at : found.end])
                    return found.end
                self._wrapped = False
            case Act.ANSWER:
                self._reveal()
            case Act.TOKEN:
                self._struck = self._struck or (text[at : found.end] == "<s>" and self._spoken)
            case _:
                self._turn(found, text, at)
        self.removed[marker.family] += 1
        self._visible.gap()
        return found.end

    def _turn(self, found: Found, text: str, at: int) -> None:
        """Markers of turns, messages and tools: who speaks next?"""
        marker = found.marker
        match marker.act:
            case Act.MUSE:
                self._decide()
                self._think(marker.family, message=True)
            case Act.BREAK:
                if self._spoken:
                    self._somebody_else("")
            case Act.STOP if text.startswith("</s>", at) and self._struck:
                self._struck = False
            case Act.STOP if self._spoken:
                self._state = self._over
            case Act.OTHER:
                self._somebody_else(marker.closer, over=self._spoken)
            case Act.HEADER:
                self._opener, self._family = text[at : found.end], marker.family
                self._resume, self._state = self._state, self._in_header
            case Act.TOOL:
                self._closer, self._json = marker.closer, None
                self._state = self._in_tool

    def _decide(self) -> None:
        """From here on it is known what the text is: nothing more is held for a closer without opener."""
        self._visible.held = False

    def _open(self, found: Found, text: str, at: int) -> int:
        if found.marker.weak:
            if self._certain:
                return self._literal(text, at, found.end)
            if self._doubt is None:
                self._doubt_from(text[at:], if_cut=self._spoken)
        else:
            self._decide()
        self.removed[found.marker.family] += 1
        self._think(found.name)
        return found.end

    def _stray(self, found: Found, text: str, at: int, final: bool) -> int:
        """A closer in the answer: a thought whose opener is missing, noise, or prose."""
        if found.marker.weak and not self._seen:
            return self._literal(text, at, found.end)
        if self._hint is False and not self._seen and self._spoken:
            after = text[found.end : found.end + 2]
            if len(after) < 2 and not final:
                return _WAIT
            if self._before(text, at)[-1:].isspace() and after[:1].isspace() and after[1:].isalnum():
                return self._literal(text, at, found.end)
        self.removed[found.marker.family] += 1
        self._reveal()
        self._visible.gap(" ")
        return found.end

    def _reveal(self) -> None:
        """The answer begins only here: what was held so far was thought."""
        if self._visible.held:
            self._seen = True
            self._blocks.append([self._visible.withdraw(), self._lead])
            self._lead = ""

    # ── Thoughts ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _think(self, name: str, *, message: bool = False, kept: bool = True) -> None:
        self._visible.gap()
        self._seen = True
        self._names = [name]
        self._message = message
        self._kept = kept
        self._turning = TURNINGS.get(name)
        self._ticks = 0
        self._blocks.append([])
        self._state = self._in_thought

    def _muse(self, text: str, at: int, end: int) -> int:
        if self._kept:
            self._blocks[-1].append(text[at:end])
        if "`" in text[at:end] or self._ticks:
            line = text.rfind("\n", at, end)
            ticks = text.count("`", max(line, at), end)
            self._ticks = (ticks if line >= 0 else self._ticks + ticks) % 2
        return end

    def _in_thought(self, text: str, at: int, final: bool) -> int:
        spark = HIDDEN_SPARK.search(text, at)
        stop = spark.start() if spark else len(text)
        if self._turning is not None:
            turn = self._turning.search(text, at, min(len(text), stop + LONGEST_TURNING))
            if turn is not None and turn.start() <= stop:
                return self._turned(text, at, turn)
            if not final and (limit := len(text) - LONGEST_TURNING) < stop:
                return self._muse(text, at, limit) if limit > at else _WAIT
        if stop > at:
            return self._muse(text, at, stop)
        return self._marked_thought(text, at, final)

    def _turned(self, text: str, at: int, turn: regex.Match[str]) -> int:
        self._muse(text, at, turn.start())
        self._close()
        return int(turn.end())

    def _marked_thought(self, text: str, at: int, final: bool) -> int:
        found = markers.find(text, at)
        if found is None:
            if not final and markers.may_begin(text, at):
                return _WAIT
            return self._muse(text, at, at + 1)
        mentioned = self._mentioned(text, at, found, final)
        if mentioned is None:
            return _WAIT
        if mentioned:
            return self._muse(text, at, found.end)
        return self._apply_thought(found, text, at, final)

    def _apply_thought(self, found: Found, text: str, at: int, final: bool) -> int:
        marker = found.marker
        match marker.act:
            case Act.THINK if not self._message:
                return self._nest(found, text, at)
            case Act.UNTHINK if not self._message:
                return self._unthink(found, text, at, final)
            case Act.ANSWER | Act.BREAK | Act.SELF:
                self._close()
            case Act.STOP:
                doubt = self._doubt if self._names == ["prompt"] else None
                self._close()
                self._doubt = doubt
                self._somebody_else("")
            case Act.OTHER:
                self._close()
                self._somebody_else(marker.closer, over=self._spoken)
            case Act.HEADER if marker.family != "spoken":
                self._turn(found, text, at)
            case Act.WRAP if not self._message and not self._certain and self._doubt is None:
                self._doubt_from(text[at:], wrapped=True)
                return self._muse(text, at, found.end)
            case _:
                return self._muse(text, at, found.end)
        self.removed[marker.family] += 1
        return found.end

    def _nest(self, found: Found, text: str, at: int) -> int:
        if self._names == ["prompt"] and not "".join(self._blocks[-1]).strip():
            return found.end
        if not self._certain and len(self._names) < _DEEPEST:
            self._names.append(found.name)
        return self._muse(text, at, found.end) if found.marker.weak else found.end

    def _unthink(self, found: Found, text: str, at: int, final: bool) -> int:
        if self._ticks % 2 and found.end == len(text) and not final:
            return _WAIT
        quoted = self._ticks % 2 and text[found.end : found.end + 1] == "`"
        if quoted or (found.marker.weak and found.name not in self._names):
            return self._muse(text, at, found.end)
        self.removed[found.marker.family] += 1
        level = len(self._names) - 1
        while level and self._names[level] != found.name:
            level -= 1
        if self._names[level] != found.name:
            level = len(self._names) - 1
        del self._names[level:]
        if not self._names:
            self._close()
        elif self._names[0] in {found.name, "prompt"}:
            self._doubt_from(text[found.end :])
        return found.end

    def _close(self) -> None:
        self._decide()
        self._doubt = None
        self._ticks = 0
        self._answer()

    # ── Other speakers, headers, tool calls ──────────────────────────────────────────────────────────────────────

    def _over(self, text: str, at: int, final: bool) -> int:
        return len(text)

    def _somebody_else(self, closer: str, *, over: bool = False) -> None:
        self._closer = closer
        self._state = self._over if over else self._in_other

    def _in_other(self, text: str, at: int, final: bool) -> int:
        if self._closer:
            return self._until_closer(text, at, final)
        spark = HIDDEN_SPARK.search(text, at)
        if spark is None:
            return len(text)
        found = markers.find(text, spark.start())
        if found is None:
            waits = not final and markers.may_begin(text, spark.start())
            return _WAIT if waits and spark.start() == at else spark.start() + (not waits)
        if found.marker.act in {Act.SELF, Act.ANSWER}:
            self._close()
        elif found.marker.act in {Act.HEADER, Act.MUSE}:
            self._turn(found, text, spark.start())
        return found.end

    def _until_closer(self, text: str, at: int, final: bool) -> int:
        end = text.find(self._closer, at)
        if end >= 0:
            self._answer()
            return end + len(self._closer)
        limit = len(text) if final else len(text) - len(self._closer)
        return limit if limit > at else _WAIT

    def _in_header(self, text: str, at: int, final: bool) -> int:
        self._state = self._resume
        pattern = HEADERS[self._family]
        header = pattern.match(text, at, partial=True)
        if header is None:
            if self._state != self._in_other:
                self._visible.gap()
            return at
        if header.partial:
            self._state = self._in_header
            return len(text) if final else _WAIT
        if self._family == "spoken":
            self._closer, self._json = "", None
            self._state = self._in_tool
        elif self._family == "role":
            self._speaks(header["role"].lower())
        elif self._family == "k3":
            self._xtml(header["first"].strip())
        else:
            self._address(self._opener + header[0])
        return int(header.end())

    def _speaks(self, role: str) -> None:
        if role in SELF_ROLES:
            self._close()
        else:
            self._somebody_else("", over=self._spoken)

    def _address(self, header: str) -> None:
        """Harmony and its kin: who speaks, on which channel, to whom."""
        header = re.sub(r"^<\|(?:start|begin)\|>", "", header)
        channel = _CHANNEL.search(header)
        first = (_WORD.match(header) or header)[1].lower() if not header.startswith("<") else ""
        named = (channel[1] if channel else first).lower()
        recipient = _RECIPIENT.search(header)
        to = recipient[1] if recipient else "user"
        if first in ROLES - SELF_ROLES:
            self._somebody_else("", over=self._spoken)
        elif to == "self" or named in MUSING_CHANNELS:
            self._decide()
            self._think("harmony", message=True)
        elif to not in OWN_AUDIENCE:
            self._decide()
            self._think("tool", message=True, kept=False)
        else:
            self._close()

    def _xtml(self, name: str) -> None:
        """Kimi K3: ``<|open|>name<|sep|>`` and ``<|close|>name<|sep|>``."""
        word = name.split(maxsplit=1)[0].lower() if name else ""
        if self._opener == "<|close|>":
            if word in MUSING_CHANNELS and self._state == self._in_answer:
                self._reveal()
            self._close()
        elif word in MUSING_CHANNELS:
            self._decide()
            self._think("k3", message=True)
        elif "user" in name or "system" in name:
            self._somebody_else("", over=self._spoken)
        elif word in {"response", "message", "text", "content", "answer"}:
            self._close()
        else:
            self._think("tool", message=True, kept=False)

    def _in_tool(self, text: str, at: int, final: bool) -> int:
        if self._json is None:
            start = (_JSON if self._closer else _NAMED_JSON).match(text, at, partial=not final)
            if start is not None and start.partial:
                return _WAIT
            self._json, self._depth, self._quoted = start is not None, 0, False
            if not self._closer and start is None:
                self._think("tool", message=True, kept=False)
                return at
            return at if start is None else int(start.start("json"))
        return self._walk(text, at, final)

    def _walk(self, text: str, at: int, final: bool) -> int:
        """Go through a tool call to its end. A closer inside a JSON string does not count, unless none follows."""
        limit = len(text) if final else max(at, len(text) - 2 * len(self._closer) - 4)
        reached = limit
        for mark in markers.closing(self._closer).finditer(text, at):
            if mark.lastgroup == "closer" and not (self._json and self._quoted):
                self._doubt = None
                self._answer()
                return mark.end()
            if mark.lastgroup == "closer":
                if self._doubt is None and not self._certain:
                    self._doubt_from(text[mark.end() :])
                continue
            if mark.start() >= limit:
                break
            reached = max(limit, mark.end())
            if self._bracket(mark[0]) and not self._closer:
                self._answer()
                return mark.end()
        return reached if reached > at else _WAIT

    def _bracket(self, mark: str) -> bool:
        """Follow the JSON; True when it is complete."""
        if mark == '"':
            self._quoted = not self._quoted
        elif not self._quoted and mark in "{[":
            self._depth += 1
        elif not self._quoted and mark in "}]":
            self._depth -= 1
            return self._depth == 0
        return False
