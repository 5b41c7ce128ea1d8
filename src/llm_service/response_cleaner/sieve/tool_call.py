"""Tool calls: where one ends. A closer inside a JSON string does not count, unless no other follows."""

from __future__ import annotations

import regex

from llm_service.response_cleaner import markers
from llm_service.response_cleaner.sieve.reading import Reading, ToolCall

_JSON = regex.compile(r"\s{0,16}(?P<json>[{\[])")
_NAMED_JSON = regex.compile(r"\s{0,16}(?:[\w.-]{1,64}\s{0,4})?(?:\[ARGS\]\s{0,4})?(?P<json>\{|\[[^A])")


def in_tool(r: Reading, text: str, at: int, final: bool) -> int:
    """A tool call, up to its closer or to the end of its JSON."""
    if r.call.json is None:
        return _begin(r, text, at, final)
    return _walk(r, text, at, final)


def _begin(r: Reading, text: str, at: int, final: bool) -> int:
    call = r.call
    start = (_JSON if call.closer else _NAMED_JSON).match(text, at, partial=not final)
    if start is not None and start.partial:
        return r.wait(at)
    call.json = start is not None
    if start is not None:
        return int(start.start("json"))
    if not call.closer:
        r.think("tool", message=True, kept=False)
    return at


def _walk(r: Reading, text: str, at: int, final: bool) -> int:
    call = r.call
    limit = len(text) if final else max(at, len(text) - 2 * len(call.closer) - 4)
    reached = limit
    for mark in markers.closing(call.closer).finditer(text, at):
        if mark.lastgroup == "closer":
            if not (call.json and call.quoted):
                return _ended(r, mark.end())
            _doubted(r, text, mark.end())
            continue
        if mark.start() >= limit:
            break
        reached = max(limit, mark.end())
        if _completes(call, mark[0]) and not call.closer:
            r.answer()
            return mark.end()
    return reached if reached > at else r.wait(at)


def _ended(r: Reading, end: int) -> int:
    r.doubt = None
    r.answer()
    return end


def _doubted(r: Reading, text: str, end: int) -> None:
    if r.doubt is None and "call" not in r.certain:
        r.doubt_from("call", text[end:])


def _completes(call: ToolCall, mark: str) -> bool:
    """Follow the JSON; whether it is complete now."""
    if mark == '"':
        call.quoted = not call.quoted
    elif not call.quoted and mark in "{[":
        call.depth += 1
    elif not call.quoted and mark in "}]":
        call.depth -= 1
        return call.depth == 0
    return False
