"""Traces: one span an answer, with the parts of the way as its children, in OpenTelemetry's words.

Names are those of the semantic conventions for generative AI (open-telemetry/semantic-conventions-genai, status
development). Only OpenTelemetry's API is used: without an SDK in the program a trace is one call that does nothing.
No text of anybody is recorded, and no name of a viewer.

Spans are given their parent by hand and never become the context's current span: a streamed turn begins in one task
and ends in another, and entering the context costs more than all the rest.
"""

from __future__ import annotations

from types import TracebackType
from typing import Final, Self

from opentelemetry.trace import Span, SpanKind, Status, StatusCode, get_tracer, set_span_in_context
from opentelemetry.util.types import AttributeValue

from llm_service.errors import LLMServiceError
from llm_service.types import Completion, ModelInfo, Prompt, Reply

OPERATION: Final = "chat"

_tracer = get_tracer("llm_service")


class AnswerTrace:
    """The trace of one answer, from the request for it until it is stored."""

    __slots__ = ("_span", "recording")

    def __init__(self, room: str | None = None) -> None:
        self._span = _tracer.start_span(OPERATION, kind=SpanKind.CLIENT)
        self.recording = self._span.is_recording()
        """Whether anybody wants to know: else nothing needs to be put together for it."""
        if self.recording:
            self._span.set_attribute("gen_ai.operation.name", OPERATION)
            self._note({"gen_ai.conversation.id": room})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.end(exc)

    def step(self, name: str) -> Step:
        """A part of the way, as long as the ``with`` lasts."""
        return Step(self._span, name) if self.recording else _NO_STEP

    def asked(self, prompt: Prompt, model: ModelInfo) -> None:
        """What the engine is asked for."""
        if not self.recording:
            return
        sampling = prompt.sampling
        self._span.update_name(f"{OPERATION} {model.id}")
        self._note(
            {
                "gen_ai.provider.name": model.engine.value,
                "gen_ai.request.model": model.id,
                "gen_ai.request.stream": True,
                "gen_ai.request.max_tokens": sampling.max_tokens,
                "gen_ai.request.temperature": sampling.temperature,
                "gen_ai.request.top_p": sampling.top_p,
                "gen_ai.request.top_k": float(sampling.top_k),
                "gen_ai.request.frequency_penalty": sampling.frequency_penalty,
                "gen_ai.request.presence_penalty": sampling.presence_penalty,
                "gen_ai.request.seed": sampling.seed,
                "gen_ai.request.stop_sequences": sampling.stop or None,
                "gen_ai.output.type": "json" if prompt.response_format else "text",
            }
        )

    def received(self, answer: Completion | Reply, *, cached: bool, first_token_ms: float) -> None:
        """What came back."""
        if not self.recording:
            return
        usage = answer.usage
        self._note(
            {
                "gen_ai.response.id": answer.id if isinstance(answer, Reply) else None,
                "gen_ai.response.model": answer.model,
                "gen_ai.response.finish_reasons": (answer.finish_reason,),
                "gen_ai.response.time_to_first_chunk": first_token_ms / 1000,
                "gen_ai.usage.input_tokens": usage.prompt_tokens,
                "gen_ai.usage.output_tokens": usage.completion_tokens,
                "gen_ai.usage.cache_read.input_tokens": usage.cached_tokens,
                "llm_service.cached": cached,
            }
        )

    def end(self, error: BaseException | None = None) -> None:
        """The answer is over. Only the first call counts."""
        if self.recording and error is not None:
            _fail(self._span, error)
        if self.recording:
            self._span.end()
            self.recording = False

    def _note(self, attributes: dict[str, AttributeValue | None]) -> None:
        self._span.set_attributes({name: value for name, value in attributes.items() if value is not None})


class Step:
    """A child of an answer's span."""

    __slots__ = ("_name", "_parent", "_span")

    def __init__(self, parent: Span | None, name: str) -> None:
        self._parent = parent
        self._name = name
        self._span: Span | None = None

    def __enter__(self) -> None:
        if self._parent is not None:
            self._span = _tracer.start_span(self._name, context=set_span_in_context(self._parent))

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._span is not None:
            if exc is not None:
                _fail(self._span, exc)
            self._span.end()


_NO_STEP = Step(None, "")


def _fail(span: Span, error: BaseException) -> None:
    """Say what kind of error it was; its own words may carry what somebody wrote."""
    kind = error.code if isinstance(error, LLMServiceError) else type(error).__name__
    span.set_attribute("error.type", kind)
    span.set_status(Status(StatusCode.ERROR, kind))
