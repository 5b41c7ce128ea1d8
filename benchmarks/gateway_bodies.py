"""What the peers of ``gateway.py`` are asked and answer, in this project's words and in OpenAI's.

A module of its own, which the fake engine, who needs none of it, does not load.
"""

from pydantic import BaseModel


class Said(BaseModel):
    """A line of chat."""

    username: str
    message: str
    emotes: list[str] = []


class Line(BaseModel):
    """A message of OpenAI's."""

    role: str
    content: str


class Asked(BaseModel):
    """A request of OpenAI's."""

    model: str
    messages: list[Line]
    stream: bool = False
    max_tokens: int | None = None


class Choice(BaseModel):
    """One answer."""

    index: int
    message: Line
    finish_reason: str


class Completed(BaseModel):
    """The answers to a request."""

    model: str
    choices: list[Choice]
