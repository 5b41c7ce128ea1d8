"""Where sentences end, in chat: what is only a dot in an abbreviation, a number, or a link is not an end."""

from __future__ import annotations

from collections.abc import Iterator

import regex

_END = regex.compile(r"(?:[.!?…]++|[。！？｡]++)[\"'”’»」)\]*_~]*+")
MARKS = ".!?…。！？｡\"'”’»」)]*_~"
"""What an end may be made of: a text that stops in the middle of one ends with these."""
_WIDE = "。！？｡"
_ABBREVIATION = regex.compile(
    r"(?<![\p{L}\p{N}./])(?:dr|mr|mrs|ms|prof|st|vs|etc|approx|vol|e\.g|i\.e|a\.m|p\.m|u\.s|\p{L}|\d{1,3})\.\Z",
    regex.IGNORECASE,
)
_LAST_WORD = 12
_FINISHED = regex.compile(
    r"(?:[.!?…。！？｡][\"'”’»」)\]*_~`]*|\p{Extended_Pictographic}\uFE0F?|[\U0001F3FB-\U0001F3FF]"
    r"|(?<!\S)(?:[:;=][-'^]?[)(DPp3O]|<3|[xX]D))\Z"
)


def ends(text: str, at: int = 0) -> Iterator[int]:
    """Places from ``at`` on just after a sentence: an end mark (with quotes) and white space, or a wide end mark.

    The end of ``text`` itself never counts: what follows is not known.
    """
    for match in _END.finditer(text, at):
        end, mark = match.end(), match[0]
        after = text[end : end + 1]
        if not (after and mark[0] in _WIDE) and not after.isspace():
            continue
        if mark == "." and _ABBREVIATION.search(text[max(0, end - _LAST_WORD) : end]):
            continue
        yield end


def finished(text: str, complete: frozenset[str] = frozenset()) -> bool:
    """Whether ``text`` stops at an end mark, an emoji, or a last word in ``complete`` (emotes)."""
    body = text.rstrip()
    return not body or _FINISHED.search(body) is not None or body.split()[-1] in complete


def whole(text: str, complete: frozenset[str] = frozenset()) -> str:
    """``text`` without a last sentence that was cut off; empty where there is no other."""
    body = text.rstrip()
    if finished(body, complete):
        return text
    return body[: max(*ends(body), body.rfind("\n"), 0, 0)]
