"""Headers: the words after a token that say who speaks now, on which channel, and to whom."""

from __future__ import annotations

import re

import regex

from llm_service.response_cleaner.formats import MUSING_CHANNELS, OWN_AUDIENCE, ROLES, SELF_ROLES
from llm_service.response_cleaner.phrases import HEADERS
from llm_service.response_cleaner.sieve.reading import Reading

_START = re.compile(r"<\|(?:start|begin)\|>")
_RECIPIENT = re.compile(r"to=([\w.]+)")
_CHANNEL = re.compile(r"<\|channel\|>\s{0,2}(\w+)")
_WORD = re.compile(r"\s*(\w*)")
_OUTER = frozenset({"response", "message", "text", "content", "answer"})
_NO_TOOLS = ROLES | MUSING_CHANNELS | {"", "to", "final", "commentary"}
"""First words of a header that are not a tool's name; a tool answers as ``<|start|>functions.x to=assistant``."""


def in_header(r: Reading, text: str, at: int, final: bool) -> int:
    """The header itself."""
    header = HEADERS[r.header.family].match(text, at, partial=True)
    if header is not None and header.partial:
        return len(text) if final else r.wait(at)
    r.state = r.header.resume
    if header is None:
        if r.state != "elsewhere":
            r.visible.gap()
        return at
    _understand(r, header)
    return int(header.end())


def _understand(r: Reading, header: regex.Match[str]) -> None:
    match r.header.family:
        case "spoken":
            r.use_tool("")
        case "role":
            _speaks(r, header["role"].lower())
        case "k3":
            _xtml(r, header["first"].strip())
        case _:
            address(r, r.header.opener + header[0])


def _speaks(r: Reading, role: str) -> None:
    if role in SELF_ROLES:
        r.close()
    else:
        r.somebody_else("", over=r.spoken)


def address(r: Reading, header: str) -> None:
    """Harmony and its kin: ``<|start|>assistant<|channel|>commentary to=functions.x``."""
    started = _START.match(header)
    header = header[started.end() :] if started else header
    role = _role(header)
    if started and role not in _NO_TOOLS:
        role = "tool"
    channel = _CHANNEL.search(header)
    named = channel[1].lower() if channel else role
    recipient = _RECIPIENT.search(header)
    _addressed(r, role, named, recipient[1] if recipient else "user")


def _role(header: str) -> str:
    word = None if header.startswith("<") else _WORD.match(header)
    return word[1].lower() if word else ""


def _addressed(r: Reading, role: str, channel: str, to: str) -> None:
    if role in ROLES - SELF_ROLES:
        r.somebody_else("", over=r.spoken)
    elif to == "self" or channel in MUSING_CHANNELS:
        r.decide()
        r.think("harmony", message=True)
    elif to not in OWN_AUDIENCE:
        r.decide()
        r.think("tool", message=True, kept=False)
    else:
        r.close()


def _xtml(r: Reading, name: str) -> None:
    """Kimi K3: ``<|open|>name<|sep|>`` and ``<|close|>name<|sep|>``."""
    word = name.split(maxsplit=1)[0].lower() if name else ""
    if r.header.opener == "<|close|>":
        if word in MUSING_CHANNELS and r.state == "answer":
            r.reveal()
        r.close()
    elif word in MUSING_CHANNELS:
        r.decide()
        r.think("k3", message=True)
    elif "user" in name or "system" in name:
        r.somebody_else("", over=r.spoken)
    elif word in _OUTER:
        r.close()
    else:
        r.think("tool", message=True, kept=False)
