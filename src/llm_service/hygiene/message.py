"""The whole message: what a viewer sent, within bounds, in the four texts that the service works with."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

from llm_service.errors import InvalidMessage
from llm_service.hygiene.characters import clean_characters, is_blank, one_line
from llm_service.hygiene.control_tokens import defuse
from llm_service.hygiene.names import speaker_of
from llm_service.memo import remembered

MAX_NAME_LENGTH = 50
"""Code points of a username, after cleaning. Twitch allows 25."""
MAX_TEXT_LENGTH = 2000
"""Code points of a text, after cleaning. Twitch allows 500, Discord 2,000."""
MAX_EMOTES = 100
MAX_EMOTE_LENGTH = 100
"""Code points of one emote's name, after cleaning."""
MAX_BADGES = 20


class Neutral(NamedTuple):
    """A message that can do no harm: as people see it, and as the model reads it."""

    username: str
    """The name as displayed: one line, no control token."""
    text: str
    """The text as displayed, with its own line breaks and no control token; may be empty where there are emotes."""
    speaker: str
    """The name as the model reads it: see `names.speaker_of`."""
    line: str
    """The text as the model reads it, emotes included: one line, no control token."""
    emotes: tuple[str, ...]
    """The emotes' names, each one line and no control token."""
    badges: tuple[str, ...]
    """The viewer's badges, likewise."""


def neutralise_message(
    *,
    username: str,
    text: str,
    emotes: Iterable[str] = (),
    badges: Iterable[str] = (),
    reserved: Collection[str] = (),
) -> Neutral:
    """What remains of a message when nothing in it can be mistaken for structure.

    ``reserved`` are the assistant's own names: a viewer who bears one of them is marked as a viewer. Applied to its own
    result it changes nothing.

    Raises:
        InvalidMessage: nothing that can be seen is left of the name, or of text and emotes together; one of them is
            out of bounds; or the name is more than one line, which no honest name is.
    """
    name, speaker = _named(username, tuple(reserved))
    displayed = _bounded(defuse(clean_characters(text)), MAX_TEXT_LENGTH, "message")
    names = _neutral_names(emotes, MAX_EMOTES, "emote")
    line = _line(displayed, names)
    if is_blank(line):
        raise InvalidMessage("The message is empty after cleaning.")
    return Neutral(
        username=name,
        text=displayed,
        speaker=speaker,
        line=line,
        emotes=names,
        badges=_neutral_names(badges, MAX_BADGES, "badge"),
    )


@remembered(1 << 12)
def _named(username: str, reserved: tuple[str, ...]) -> tuple[str, str]:
    """The name as displayed, and as the model reads it."""
    name = _bounded(displayed_name(username), MAX_NAME_LENGTH, "username")
    if is_blank(name):
        raise InvalidMessage("The username is empty after cleaning.")
    return name, speaker_of(name, reserved)


@remembered(1 << 12)
def displayed_name(username: str) -> str:
    """``username`` as it is displayed and kept: how a viewer is found again by the name that the platform gives.

    Raises ``InvalidMessage`` where it is more than one line.
    """
    cleaned = clean_characters(username)
    if "\n" in cleaned:
        raise InvalidMessage("The username is more than one line.")
    return defuse(one_line(cleaned))


def _bounded(text: str, limit: int, field: str) -> str:
    if len(text) > limit:
        raise InvalidMessage(f"The {field} is longer than {limit:,} characters.")
    return text


def _neutral_names(names: Iterable[str], most: int, kind: str) -> tuple[str, ...]:
    given = tuple(names)
    if not given:
        return ()
    if len(given) > most:
        raise InvalidMessage(f"There are more than {most} {kind}s.")
    cleaned = [_bounded(one_line(clean_characters(name)), MAX_EMOTE_LENGTH, f"name of a {kind}") for name in given]
    return tuple([defuse(name) for name in cleaned if not is_blank(name)])


def _line(text: str, emotes: tuple[str, ...]) -> str:
    """Text and emotes on one line, filtered together: a token may be split over them.

    Emotes that the text already names are not repeated; those beyond the length of a text are left out.
    """
    if not emotes and text.isprintable():
        return text
    line = one_line(text)
    if emotes:
        words = set(line.split())
        for emote in dict.fromkeys(emotes):
            if emote not in words and len(line) + len(emote) < MAX_TEXT_LENGTH:
                line = f"{line} {emote}" if line else emote
    return defuse(line)
