"""The exception family. Each class has a stable ``code`` for programs and a sentence that its reader can act on.

::

    LLMServiceError                          catch this to catch everything of ours
    ├── EngineError                          the engine did not give an answer
    │   ├── EngineUnavailable                not running, refused, unknown host                      transient
    │   ├── EngineDisconnected               it hung up before its answer was complete               transient
    │   ├── EngineTimeout                    too slow
    │   ├── EngineBadResponse                it said something that is not an answer
    │   │   └── EngineTooLarge               … or far too much of it
    │   ├── EngineFailed                     it broke while working (crash, 500)                     transient
    │   ├── EngineOverloaded                 it asked to come back later                             transient
    │   ├── EngineRejected                   it refused the request
    │   │   ├── ContextOverflow              the prompt is longer than the loaded context
    │   │   ├── TemplateRejected             the model's chat template cannot render these roles
    │   │   └── SchemaRejected               it cannot turn the JSON schema into a grammar
    │   ├── EngineAuth                       it wants another key
    │   ├── ModelNotLoaded                   no model is loaded, or not the one asked for
    │   │   └── ModelLoading                 it is on its way                                        transient
    │   ├── EmptyReply                       nothing is left to show                                 transient
    │   └── NoEngine                         no engine is configured or running
    ├── Refused                              we did not try
    │   ├── QueueFull                        more work waits than can be done in time
    │   ├── DeadlineTooShort                 it could not have been finished in time
    │   ├── RateLimited                      this viewer, key or service has had its share
    │   ├── EngineResting                    the circuit breaker is open
    │   └── ShuttingDown                     the service is stopping
    ├── TurnDropped                          what the reply was made from was forgotten meanwhile
    ├── InputError                           the caller can mend it
    │   ├── InvalidMessage                   empty after cleaning, too long, …
    │   ├── PromptTooLong                    the newest message alone does not fit the context
    │   └── UnknownMessage                   no such message, reply or viewer
    ├── StoreError                           the database could not be used
    │   └── StoreCorrupt                     … and its file is damaged
    └── SettingsError                        a setting is wrong

Foreign exceptions become ours in the module that owns the foreign library, with the cause chained. The library knows
no HTTP status: the edge has one table from class to status. Texts never carry what an engine, a viewer or an address
said; those go to the log.
"""

from __future__ import annotations


class LLMServiceError(Exception):
    """Base of everything that this package raises on purpose."""

    code = "internal_error"
    detail = "Something went wrong inside the service; the log has the request id."
    transient = False

    def __init__(self, detail: str | None = None, *, retry_after: float | None = None) -> None:
        super().__init__(detail or self.detail)
        self.retry_after = retry_after
        """Seconds after which trying again makes sense; None where waiting does not help."""


class EngineError(LLMServiceError):
    """The engine did not give an answer."""

    code = "upstream_error"
    detail = "The engine did not give an answer."


class EngineUnavailable(EngineError):
    """Nothing listens at the engine's address, or the name cannot be resolved."""

    code = "upstream_unavailable"
    detail = "The engine cannot be reached: start LM Studio's server, or check base_url."
    transient = True


class EngineDisconnected(EngineError):
    """The engine hung up before its answer was complete."""

    code = "upstream_disconnected"
    detail = "The engine closed the connection before its answer was complete; try again."
    transient = True


class EngineTimeout(EngineError):
    """The engine was slower than the deadline or one of the limits within it."""

    code = "upstream_timeout"
    detail = "The engine did not answer in time."


class EngineBadResponse(EngineError):
    """The engine said something that is not an answer: not HTTP, not JSON, no choices, a wrong path."""

    code = "upstream_bad_response"
    detail = "The engine's answer could not be understood: check that base_url is an OpenAI-compatible API."


class EngineTooLarge(EngineBadResponse):
    """The engine's answer exceeded the cap on what is read."""

    code = "upstream_too_large"
    detail = "The engine's answer was far larger than a reply can be."


class EngineFailed(EngineError):
    """The engine broke while working: a crash, an internal error."""

    code = "upstream_error"
    detail = "The engine failed while it worked on the answer; its own log says why."
    transient = True


class EngineOverloaded(EngineError):
    """The engine asked to come back later (429, 503)."""

    code = "upstream_overloaded"
    detail = "The engine is overloaded; try again later."
    transient = True


class EngineRejected(EngineError):
    """The engine refused the request as such."""

    code = "upstream_rejected"
    detail = "The engine refused the request; its own log says why."


class ContextOverflow(EngineRejected):
    """The prompt is longer than the context that is loaded."""

    code = "context_overflow"
    detail = "The conversation does not fit the model's loaded context: load it with a larger one."

    def __init__(
        self,
        detail: str | None = None,
        *,
        context_length: int | None = None,
        prompt_tokens: int | None = None,
    ) -> None:
        super().__init__(detail)
        self.context_length = context_length
        """What the engine said its context is, where it did."""
        self.prompt_tokens = prompt_tokens
        """What the engine said the prompt has, where it did."""


class TemplateRejected(EngineRejected):
    """The model's chat template cannot render these roles."""

    detail = "The model's chat template refused the conversation's roles."


class SchemaRejected(EngineRejected):
    """The engine cannot turn the JSON schema into a grammar."""

    detail = "The engine cannot enforce this JSON schema."


class EngineAuth(EngineError):
    """The engine wants an API key, or another one."""

    code = "upstream_auth"
    detail = "The engine refused our API key: set LLM_SERVICE_API_KEY to one that it accepts."


class ModelNotLoaded(EngineError):
    """No model is loaded, or not the one that was asked for."""

    code = "model_not_loaded"
    detail = "The engine has no model loaded: load one in LM Studio, or set LLM_SERVICE_MODEL."


class ModelLoading(ModelNotLoaded):
    """The model is on its way into memory."""

    code = "model_loading"
    detail = "The model is being loaded; try again in a moment."
    transient = True

    def __init__(
        self, detail: str | None = None, *, retry_after: float | None = 2.0, progress: float | None = None
    ) -> None:
        super().__init__(detail, retry_after=retry_after)
        self.progress = progress
        """Share that is loaded, 0 to 1, where it is known."""


class EmptyReply(EngineError):
    """The engine answered, but nothing is left that a viewer may see."""

    code = "upstream_empty_reply"
    detail = "The model gave no visible answer (it may have spent max_tokens on thinking)."
    transient = True


class NoEngine(EngineError):
    """No engine is configured or running."""

    code = "no_engine"
    detail = "No engine: start LM Studio's server, or give a GGUF file with --model PATH."


class Refused(LLMServiceError):
    """The service did not try: politely, and at once."""

    code = "overloaded"
    detail = "The service is busy; try again later."
    transient = True


class QueueFull(Refused):
    """More work waits than can be done in time."""

    code = "queue_full"
    detail = "Too many requests are waiting; try again later."


class DeadlineTooShort(Refused):
    """The work could not have been finished before its deadline."""

    code = "deadline_too_short"
    detail = "The engine is too busy to answer within the deadline; try again later."


class RateLimited(Refused):
    """This viewer, key or the whole service has had its share."""

    code = "rate_limited"
    detail = "Too many messages; try again later."


class EngineResting(Refused):
    """The circuit breaker is open: the engine failed several times in a row."""

    code = "upstream_unavailable"
    detail = "The engine failed several times in a row and is being left alone for a moment."


class ShuttingDown(Refused):
    """The service is stopping and takes no new work."""

    code = "shutting_down"
    detail = "The service is stopping."


class TurnDropped(LLMServiceError):
    """What the reply was made from was forgotten while it was being written, so it must not be seen."""

    code = "turn_dropped"
    detail = "The reply was dropped: a message that it was made from was forgotten meanwhile."


class InputError(LLMServiceError):
    """The caller can mend it."""

    code = "invalid_request"
    detail = "The request is not valid."


class InvalidMessage(InputError):
    """The message cannot be taken: nothing is left of it after cleaning, or it is out of bounds."""

    code = "invalid_message"
    detail = "The message is empty after cleaning, or too long."


class PromptTooLong(InputError):
    """The newest message alone does not fit the model's context."""

    code = "prompt_too_long"
    detail = "The message does not fit the model's loaded context."


class UnknownMessage(InputError):
    """There is no such message, reply or viewer in this room."""

    code = "not_found"
    detail = "There is no such message or viewer in this room."


class StoreError(LLMServiceError):
    """The database could not be used; nothing that was acknowledged is lost."""

    code = "storage_unavailable"
    detail = "The database cannot be used right now: see /health."


class StoreCorrupt(StoreError):
    """The database file is damaged."""

    code = "storage_corrupt"
    detail = "The database file is damaged; it was set aside."


class SettingsError(LLMServiceError):
    """A setting has a value that cannot be used."""

    code = "invalid_settings"
    detail = "A setting is not valid."
