"""Markdown to plain text on one line: the marks go, the words stay, and what only looks like a mark stays too."""

from __future__ import annotations

import re

import regex

from llm_service.response_cleaner import atoms, markers

_FENCE = regex.compile(r"[ \t]*(`{3,}|~{3,})([^`\n]*)")
_RULE = regex.compile(r"\s*([-*_=])(?:[ \t]*\1){2,}\s*")
_ITEM = r"[-*+•‣◦–][ \t]++(?:\[[ xX]\][ \t]++)?(?=\S)"
_BULLET = regex.compile(rf"\s*+{_ITEM}")
_MARKS = regex.compile(rf"(?:[ \t]*+(?:{_ITEM}|#{{1,6}}[ \t]++(?=\S)|>[ \t]++(?=[^\s\d])))++")
_CLOSING = regex.compile(r"[ \t]++#++\Z")
"""What may close a heading."""
_RULED = regex.compile(r"[\s|:-]*+")
_BREAK = regex.compile(r"<br\s?/?>", regex.IGNORECASE)
_LINK = regex.compile(
    r"!?\[(?P<text>[^\[\]\n]{0,300})\]\((?P<url>https?://[^\s<>()]*(?:\([^\s<>()]*\)[^\s<>()]*)*)(?:[ ]\"[^\"\n]*\")?\)"
)
_ESCAPE = regex.compile(r"(?<![\w\\:¯])\\([*_~`#\[\]])|(?<=\w)\\([*~`])")
_CODE = regex.compile(r"(?<!`)(?P<ticks>`{1,3})(?!`)(?P<code>[^`\n]+)(?P=ticks)(?!`)")
_SPECIAL = regex.compile(r"[*~`<>\[\]|\\&◁]|(?<!\w)_|_(?!\w)|^\s*$")
_OPENS = r"\p{L}\p{N}\p{So}\"'“‘«(\[`:@#!$¿¡</\\"
_CLOSES = r"\p{L}\p{M}\p{N}\p{So}\"'”’».,!?…:;)\]`%$>。！？"
_MAY_OPEN = re.compile(r"[*_~][^\s*_~]")
"""Without this, nothing opens emphasis: found fast, as most text has none."""
_RUN = regex.compile(
    r"(?<!\S)(?:\*{1,3}|_{1,3}|~~)(?!\S)(*SKIP)(*FAIL)"  # a word of its own
    rf"|(?:(?<![\p{{L}}\p{{N}}\\*_])(?P<parted>))?(?:(?<=[{_CLOSES}])(?P<behind>))?"
    rf"(?P<mark>\*{{1,3}}|_{{1,3}}|~~)"
    rf"(?(parted)(?:(?=[{_OPENS}])(?P<opens>))?)(?(behind)(?:(?![\p{{L}}\p{{N}}])(?P<closes>))?)"
)
"""A run of marks, and whether emphasis may open or close with it."""


def joined(rows: list[str], bullets: list[bool]) -> str:
    """Lines on one line; the items of a list with commas."""
    text = ""
    for index, row in enumerate(rows):
        if not row:
            continue
        if not text:
            text = row
        elif bullets[index] and bullets[index - 1] and (text[-1].isalnum() or text[-1] == ")"):
            text += f", {row}"
        else:
            text += f" {row}"
    return text


def is_bullet(line: str) -> bool:
    """Whether the line is an item of a list."""
    return _BULLET.match(line) is not None and _RULE.fullmatch(line) is None


def unfenced(rows: list[str]) -> list[str]:
    """The lines without fences. Code that holds markers stays code, so that it stays text."""
    plain, code, fence = list[str](), list[str](), ""
    for row in rows:
        mark = _FENCE.fullmatch(row)
        if mark is None or (fence and not (mark[1].startswith(fence) and not mark[2].strip())):
            (code if fence else plain).append(row)
        elif fence:
            plain.extend(_code_lines(code))
            fence = ""
        else:
            fence, code = mark[1], []
    return plain + (_code_lines(code) if fence else [])


def _code_lines(code: list[str]) -> list[str]:
    whole = " ".join(line.strip() for line in code).strip()
    return [f"`{whole}`"] if "`" not in whole and markers.contains(whole) else code


def plain(line: str) -> str:
    """The line without marks at its beginning, however many; empty where it is only a rule."""
    if _RULE.fullmatch(line) or ("|" in line and "--" in line and _RULED.fullmatch(line)):
        return ""
    row = line.strip()
    if len(row) > 2 and row[0] == row[-1] == "|":
        return " ".join(cell.strip() for cell in row.split("|") if cell.strip())
    marks = _MARKS.match(line)
    if marks is None:
        return row
    row = line[marks.end() :].strip()
    return _CLOSING.sub("", row) if "#" in marks[0] else row


def inline(text: str, emotes: frozenset[str] = frozenset()) -> str:
    """``text`` without marks inside lines: emphasis, code, links (their address stays), escapes."""
    text = _BREAK.sub(" ", text)
    text = _LINK.sub(lambda link: f"{link['text']} {link['url']}".strip() if link[0][0] != "!" else link["url"], text)
    text = _CODE.sub(_unticked, text)
    text = _ESCAPE.sub(lambda escape: escape[1] or escape[2], text)
    return without_runs(text, [span for pair in pairs(text, emotes) for span in pair])


def _unticked(code: regex.Match[str]) -> str:
    """Code without its ticks, unless they keep it from being read as something else."""
    inner = str(code["code"]).strip()
    return str(code[0]) if _SPECIAL.search(inner) else inner


def without_runs(text: str, runs: list[tuple[int, int]]) -> str:
    """``text`` without these pieces."""
    kept, at = [], 0
    for start, end in sorted(runs):
        kept.append(text[at:start])
        at = end
    return "".join([*kept, text[at:]])


Span = tuple[int, int]


def pairs(text: str, emotes: frozenset[str] = frozenset()) -> list[tuple[Span, Span]]:
    """The pairs of marks that emphasise: where each opens and closes. Marks in words, numbers and atoms are text."""
    if not _MAY_OPEN.search(text):
        return []
    runs = list(_RUN.finditer(text))
    if len(runs) < 2 or all(run["opens"] is None for run in runs):
        return []
    closed: list[tuple[Span, Span]] = []
    waiting: dict[str, Span] = {}
    protected = atoms.spans(text, emotes) + [match.span() for match in _CODE.finditer(text)]
    protected.sort()
    index = 0
    for run in runs:
        while index < len(protected) and protected[index][1] <= run.start():
            index += 1
        if index < len(protected) and protected[index][0] <= run.start():
            continue
        mark = run["mark"]
        if mark in waiting and run["closes"] is not None:
            closed.append((waiting.pop(mark), run.span()))
        elif run["opens"] is not None:
            waiting[mark] = run.span()
    return closed
