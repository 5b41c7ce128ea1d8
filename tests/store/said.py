"""Things to say, short to write in a test."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from llm_service.types import Message, Reply, Timing, Topic, Usage

NOW = 5_000.0
"""What the store's clock shows in these tests."""


def message(message_id: str, text: str = "hello there", **fields: Any) -> Message:
    """A message of Ann's, unless said otherwise."""
    username = fields.pop("username", "Ann")
    rest = {"username": username, "speaker": username, "text": text, "line": text, "sent_at": 1_000.0} | fields
    return Message(id=message_id, **rest)


def reply(reply_id: str, *answers: str, after: int, **fields: Any) -> Reply:
    """A reply to some messages."""
    rest = {"text": f"reply {reply_id}", "raw": f" reply {reply_id}", "created_at": 2_000.0} | fields
    return Reply(id=reply_id, answers=answers, after=after, **rest)


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
"""Whatever may come out of hygiene, and more."""
names = texts.filter(bool)
seconds = st.floats(min_value=0, max_value=4e9)

messages = st.builds(
    Message,
    id=names,
    username=names,
    text=texts,
    speaker=texts,
    line=texts,
    user_id=st.none() | names,
    emotes=st.lists(texts, max_size=3).map(tuple),
    badges=st.lists(texts, max_size=3).map(tuple),
    reply_to=st.none() | names,
    sent_at=seconds,
)
topics = st.builds(
    Topic, label=texts, weight=st.floats(0, 1), since=seconds, since_id=names, people=st.integers(0, 10**6)
)
replies = st.builds(
    Reply,
    id=names,
    text=texts,
    raw=texts,
    answers=st.just(("asked",)),
    after=st.just(1),
    model=texts,
    finish_reason=st.sampled_from(["stop", "length", "tool_calls", "content_filter"]),
    usage=st.builds(Usage, prompt_tokens=st.integers(0, 10**6), cached_tokens=st.none() | st.integers(0, 10**6)),
    timing=st.builds(Timing, queued_ms=seconds, first_token_ms=seconds, total_ms=seconds),
    topics=st.lists(topics, max_size=2).map(tuple),
    cached=st.booleans(),
    created_at=seconds,
)
