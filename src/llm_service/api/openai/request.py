"""What is read of a chat completion request, and the prompt that it becomes.

Only what stands here reaches the engine. Fields that would change the answer and cannot be honoured are refused;
those that change nothing (``store``, ``metadata``, ``service_tier``, …) and unknown ones are ignored.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Literal

import orjson
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError

from llm_service.memo import remembered
from llm_service.types import Prompt, PromptMessage, Role, Sampling

MOST_MESSAGES = 5_000
MOST_STOPS = 16
MOST_AGAIN = 64
"""Requests of which the prompt is remembered, and ways to choose words: nearly all of a program ask for the same."""

_ANY_OBJECT = {"type": "json_schema", "json_schema": {"name": "object", "schema": {"type": "object"}}}
"""What ``json_object`` is sent as: LM Studio knows schemas only."""


def _text(content: object) -> object:
    """Content as plain text: parts are joined by line breaks, as llama.cpp does; images and sound are refused."""
    if content is None:
        return ""
    if not isinstance(content, list):
        return content
    texts = [part.get("text") for part in content if isinstance(part, dict) and part.get("type") == "text"]
    if len(texts) < len(content) or not all(isinstance(text, str) for text in texts):
        raise PydanticCustomError("unsupported_content", "Only text content is supported.")
    return "\n".join(map(str, texts))


def _refuse(value: Any) -> Any:
    """Let nothing through but what means "not wanted"."""
    if value not in (None, False, 0, [], {}):
        raise PydanticCustomError("unsupported_value", "This service does not support it.")
    return None


def _whole(value: object) -> object:
    """JSON has one kind of number: 40.0 is a whole one (JSON Schema, draft 2020-12, 6.1.1). True is none."""
    if isinstance(value, bool):
        raise PydanticCustomError("int_type", "It should be a whole number.")
    return int(value) if isinstance(value, float) and value.is_integer() else value


Text = Annotated[str, BeforeValidator(_text)]
Refused = Annotated[Any, AfterValidator(_refuse)]
WHOLE = BeforeValidator(_whole)
Tokens = Annotated[Literal[-1] | Annotated[int, Field(ge=1)], WHOLE]


class _Part(BaseModel):
    """A part of a request. Unknown fields are left out; a text or a truth value is no number."""

    model_config = ConfigDict(strict=True, extra="ignore", protected_namespaces=())

    def canonical(self) -> Any:
        """What of it is passed on, in the order in which it is declared here."""
        return self.model_dump(exclude_unset=True, by_alias=True)


class CalledFunction(_Part):
    """The function of a tool call, with its arguments in JSON."""

    name: str
    arguments: str = "{}"


class ToolCall(_Part):
    """A call that the assistant made."""

    id: str
    type: Literal["function"] = "function"
    function: CalledFunction


class ConversationMessage(_Part):
    """One message of the conversation."""

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: Text = Field("", validate_default=True)
    tool_calls: list[ToolCall] | None = None
    tool_call_id: str | None = None

    def prompt_message(self) -> PromptMessage:
        """The same in the roles that chat templates know: developers speak as the system."""
        role: Role = "system" if self.role == "developer" else self.role
        calls = _canonical(self.tool_calls) if self.tool_calls else None
        return PromptMessage(role=role, content=self.content, tool_calls=calls, tool_call_id=self.tool_call_id)


class Function(_Part):
    """A function that the model may call."""

    name: str = Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$")
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None


class Tool(_Part):
    """A tool on offer. Only functions are known."""

    type: Literal["function"]
    function: Function


class NamedFunction(_Part):
    """The name of a function."""

    name: str


class NamedTool(_Part):
    """The one tool that must be called."""

    type: Literal["function"]
    function: NamedFunction


class JsonSchema(_Part):
    """A schema that the answer must fit."""

    name: str
    schema_: dict[str, Any] = Field(alias="schema")
    description: str | None = None
    strict: bool | None = None


class ResponseFormat(_Part):
    """The form of the answer."""

    type: Literal["text", "json_object", "json_schema"]
    json_schema: JsonSchema | None = Field(None, validate_default=True)

    @field_validator("json_schema")
    @classmethod
    def _is_there(cls, schema: JsonSchema | None, info: ValidationInfo) -> JsonSchema | None:
        if schema is None and info.data.get("type") == "json_schema":
            raise PydanticCustomError("missing", "The type json_schema needs one.")
        return schema


class StreamOptions(_Part):
    """How the answer is streamed."""

    include_usage: bool = False


class ChatCompletionRequest(_Part):
    """The body of ``POST /v1/chat/completions``."""

    __eq__ = object.__eq__  # a body that comes again is read once: what is made of it is remembered by itself
    __hash__ = object.__hash__

    messages: list[ConversationMessage] = Field(min_length=1, max_length=MOST_MESSAGES)
    model: str | None = Field(None, max_length=256, description="A name the engine does not know means the default.")
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    temperature: float | None = Field(None, ge=0, le=2)
    top_p: float | None = Field(None, gt=0, le=1)
    top_k: Annotated[int, Field(ge=0), WHOLE] | None = None
    min_p: float | None = Field(None, ge=0, le=1)
    repeat_penalty: float | None = Field(None, gt=0, le=5)
    presence_penalty: float | None = Field(None, ge=-2, le=2)
    frequency_penalty: float | None = Field(None, ge=-2, le=2)
    max_tokens: Tokens | None = Field(None, description="-1: as many as there is room for.")
    max_completion_tokens: Tokens | None = Field(None, description="The newer name of `max_tokens`.")
    seed: Annotated[int, Field(ge=-(2**63), lt=2**63), WHOLE] | None = None
    stop: str | Annotated[list[str], Field(max_length=MOST_STOPS)] | None = None
    response_format: ResponseFormat | None = None
    tools: list[Tool] | None = Field(None, max_length=128)
    tool_choice: Literal["none", "auto", "required"] | NamedTool | None = None
    reasoning_effort: Literal["none", "minimal", "low", "medium", "high", "xhigh"] | None = None
    user: str | None = Field(None, max_length=512, description="Who shares the engine fairly with others.")
    safety_identifier: str | None = Field(None, max_length=512, description="The newer name of `user`.")
    n: Annotated[Literal[1], WHOLE] | None = Field(None, description="One answer a request.")
    modalities: list[Literal["text"]] | None = None
    logprobs: Refused = None
    top_logprobs: Refused = None
    logit_bias: Refused = None
    functions: Refused = None
    function_call: Refused = None
    audio: Refused = None
    web_search_options: Refused = None

    @field_validator("tool_choice")
    @classmethod
    def _is_on_offer(cls, choice: str | NamedTool | None, info: ValidationInfo) -> str | NamedTool | None:
        """What must be called has to be there; ``auto`` and ``none`` go without tools."""
        names = {tool.function.name for tool in info.data.get("tools") or ()}
        if isinstance(choice, NamedTool):
            offered = choice.function.name in names
        else:
            offered = bool(names) or choice != "required"
        if not offered:
            raise PydanticCustomError("not_offered", "What must be called is not among the tools.")
        return choice

    @property
    def caller(self) -> str | None:
        """Whose request it is, where it says so."""
        return self.user or self.safety_identifier

    @property
    def include_usage(self) -> bool:
        """Whether a stream ends with what it cost."""
        return self.stream_options is not None and self.stream_options.include_usage

    @property
    def tokens(self) -> int | None:
        """Most tokens of the answer, where it says so."""
        asked = self.max_completion_tokens or self.max_tokens
        return asked if asked and asked > 0 else None

    @property
    def wants_json(self) -> bool:
        """Whether the answer is JSON, made by a grammar."""
        return self.response_format is not None and self.response_format.type != "text"

    def last_words(self) -> str:
        """The newest message of the user; empty where there is none."""
        return next((message.content for message in reversed(self.messages) if message.role == "user"), "")

    def prompt(self, defaults: Sampling, model: str | None) -> Prompt:
        """What is sent to the engine; ``defaults`` are for what the request leaves open."""
        tools, choice = self._tools()
        return Prompt(
            messages=tuple([message.prompt_message() for message in self.messages]),
            sampling=_adjusted(defaults, tuple(self._sampling().items())),
            model=model,
            response_format=self._response_format(),
            tools=_canonical(tools) if tools else None,
            tool_choice=choice if tools else None,
            reasoning_effort=self.reasoning_effort,
        )

    def _sampling(self) -> dict[str, Any]:
        asked = {name: getattr(self, name) for name in _SAMPLING}
        asked["max_tokens"] = self.tokens
        if self.stop is not None:
            asked["stop"] = (self.stop,) if isinstance(self.stop, str) else tuple(self.stop)
        return {name: value for name, value in asked.items() if value is not None}

    def _tools(self) -> tuple[list[Tool], str | None]:
        """The tools on offer and the choice among them. A tool chosen by name is the only one on offer, and required:
        that means the same, and LM Studio knows no other way to say it."""
        tools = self.tools or []
        if not isinstance(self.tool_choice, NamedTool):
            return tools, self.tool_choice
        name = self.tool_choice.function.name
        return [tool for tool in tools if tool.function.name == name], "required"

    def _response_format(self) -> str | None:
        wanted = self.response_format
        if wanted is None or wanted.type == "text":
            return None
        if wanted.type == "json_object" or wanted.json_schema is None:
            return orjson.dumps(_ANY_OBJECT).decode()
        return orjson.dumps(wanted.canonical()).decode()


prompt_again = remembered(MOST_AGAIN)(ChatCompletionRequest.prompt)
"""The prompt of a request that may have come before."""


@remembered(MOST_AGAIN)
def _adjusted(defaults: Sampling, asked: tuple[tuple[str, Any], ...]) -> Sampling:
    """What a request asks for, and the rest by default."""
    return replace(defaults, **dict(asked))


_SAMPLING = (
    "temperature",
    "top_p",
    "top_k",
    "min_p",
    "repeat_penalty",
    "presence_penalty",
    "frequency_penalty",
    "seed",
)


def _canonical(parts: list[Tool] | list[ToolCall]) -> str:
    """JSON of these parts: the same bytes for the same request, so that the engine's KV cache fits."""
    return orjson.dumps([part.canonical() for part in parts]).decode()
