"""Bodies about how the assistant behaves in a room: its persona, its emotes, its policy.

What a policy's knobs are, and which values they take, is said once, where policies are decided by: the document for
callers is made from that.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict, Field, RootModel

from llm_service.emotes import CODE, LONGEST_MEANING, MOST
from llm_service.turn_taking import knobs
from llm_service.types import Persona


class PersonaBody(BaseModel):
    """Who the assistant is in a room."""

    model_config = ConfigDict(strict=True, extra="forbid")

    text: str = Field(min_length=1, max_length=20_000, description="The system prompt.")
    name: str = Field("Assistant", min_length=1, max_length=50, description="What viewers call the assistant.")
    accounts: list[str] = Field(
        default_factory=list, max_length=10, description="Its account names on the platform, for mentions."
    )
    summaries: bool = Field(True, description="Whether what falls out of the window is summarised.")

    def persona(self) -> Persona:
        """The same as the dialogue manager takes it."""
        return Persona(text=self.text, name=self.name, accounts=tuple(self.accounts), summaries=self.summaries)


def persona_json(persona: Persona) -> dict[str, Any]:
    """A persona as JSON."""
    return asdict(persona)


# ── policy ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _name_knobs(schema: dict[str, Any]) -> None:
    """Every knob with its meaning, unit, default and bounds; nothing else."""
    schema["properties"] = {
        knob.name: {**knob.schema, "description": _description(knob.meaning, knob.unit, knob.default)}
        for knob in knobs()
    }
    schema["additionalProperties"] = False


def _description(meaning: str, unit: str, default: object) -> str:
    told = [unit] if unit else []
    return f"{meaning} ({'; '.join([*told, f'default {orjson.dumps(default).decode()}'])})"


class PolicyChanges(RootModel[dict[str, Any]]):
    """The knobs to change; those that are not named stay as they are. A name that is no knob is refused."""

    model_config = ConfigDict(json_schema_extra=_name_knobs)


def _require_knobs(schema: dict[str, Any]) -> None:
    """The same, with nothing left out."""
    schema.pop("additionalProperties")
    schema["allOf"] = [{"$ref": f"#/components/schemas/{PolicyChanges.__name__}"}]
    schema["required"] = [knob.name for knob in knobs()]


class PolicyBody(RootModel[dict[str, Any]]):
    """Every knob with its value."""

    model_config = ConfigDict(json_schema_extra=_require_knobs)


# ── emotes ───────────────────────────────────────────────────────────────────────────────────────────────────────────


_MEANING = {
    "anyOf": [{"type": "string", "maxLength": LONGEST_MEANING}, {"type": "null"}],
    "description": "A few words for the model.",
}
_USABLE = {"type": "boolean", "description": "Whether the assistant may post it."}
_CODE = {"type": "string", "pattern": f"^{CODE}$"}


def _name_emotes(schema: dict[str, Any]) -> None:
    """What can be loaded: a meaning, or a meaning and whether it is usable."""
    whole = {"type": "object", "properties": {"meaning": _MEANING, "usable": _USABLE}}
    schema["additionalProperties"] = {"anyOf": [_MEANING, whole]}
    schema["propertyNames"] = _CODE
    schema["maxProperties"] = MOST


def _name_loaded_emotes(schema: dict[str, Any]) -> None:
    schema["additionalProperties"] = {
        "type": "object",
        "properties": {"meaning": _MEANING, "usable": _USABLE},
        "required": ["meaning", "usable"],
    }


class EmotesChange(RootModel[dict[str, Any]]):
    """Emotes by their code: its meaning, or `{"meaning": "laughter", "usable": false}`."""

    model_config = ConfigDict(json_schema_extra=_name_emotes)


class EmotesBody(RootModel[dict[str, Any]]):
    """The loaded emotes by their code."""

    model_config = ConfigDict(json_schema_extra=_name_loaded_emotes)
