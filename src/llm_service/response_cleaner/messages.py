"""A reply cut into messages that the platform takes: at sentences, then at words, never inside anything.

Twitch takes 500 characters a message and reads ``/`` and ``.`` at its beginning as a command:
https://dev.twitch.tv/docs/chat/send-receive-messages/
"""

from __future__ import annotations

import regex

from llm_service.response_cleaner import sentences

_SPACE = regex.compile(r"\s++(?![/.]\p{L})")
_GRAPHEME = regex.compile(r"\X")
_BEHIND = 3
"""Characters after the limit that tell whether the next message would be a command."""
_FULL_ENOUGH = 0.4
"""A message that ends with a sentence should be at least this full; else it ends with a word."""


def split(text: str, limit: int | None, emotes: tuple[str, ...] = ()) -> tuple[str, ...]:
    """``text`` in messages of at most ``limit`` characters (code points); empty messages are left out."""
    if limit is None or limit <= 0 or len(text) <= limit:
        return tuple(filter(None, [text.strip()]))
    spaced = tuple(emote for emote in emotes if " " in emote)
    messages: list[str] = []
    at = 0
    while len(text) - at > limit:
        end = _cut(text, at, limit, spaced)
        messages.append(text[at:end].strip())
        while end < len(text) and text[end].isspace():
            end += 1
        at = end
    messages.append(text[at:].strip())
    return tuple(filter(None, messages))


def _cut(text: str, at: int, limit: int, spaced: tuple[str, ...]) -> int:
    window = text[at : at + limit + _BEHIND]
    taken = _inside(window, spaced)
    spaces = (match.start() for match in _SPACE.finditer(window))
    places = [place for place in spaces if 0 < place <= limit and place not in taken]
    stops = [end for end in sentences.ends(window) if end in places and end >= limit * _FULL_ENOUGH]
    if stops or places:
        return at + (stops or places)[-1]
    return at + _last_grapheme(window, limit)


def _inside(window: str, spaced: tuple[str, ...]) -> set[int]:
    """Places inside an emote that has spaces in its name."""
    inside: set[int] = set()
    for emote in spaced:
        start = window.find(emote)
        while start >= 0:
            inside.update(range(start + 1, start + len(emote)))
            start = window.find(emote, start + 1)
    return inside


def _last_grapheme(window: str, limit: int) -> int:
    last = 0
    for cluster in _GRAPHEME.finditer(window):
        if cluster.end() > limit:
            break
        last = cluster.end()
    return last or limit
