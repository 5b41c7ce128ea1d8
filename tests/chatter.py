"""Lines of chat for tests."""

from itertools import count

from llm_service.types import Message

_ids = count(1)


def said(text, by="ann", *, at=0.0, id=None, user_id=None, reply_to=None, emotes=(), position=0):
    """A message of ``by``; with an id of its own unless one is given."""
    return Message(
        id=id or f"m{next(_ids)}",
        username=by,
        speaker=by,
        text=text,
        line=text,
        user_id=user_id,
        reply_to=reply_to,
        emotes=tuple(emotes),
        sent_at=at,
        position=position,
    )


def chat(*lines, start=1_000.0, every=5.0):
    """Messages from ``"name: text"``, one after another; ids are ``"0"``, ``"1"`` …, positions rise from 1."""
    messages = []
    for place, line in enumerate(lines):
        name, _, text = line.partition(": ")
        messages.append(said(text, name, at=start + every * place, id=str(place), position=place + 1))
    return messages
