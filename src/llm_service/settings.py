"""Every knob of the service: its default, its meaning, and where its value came from.

A setting is given as a flag, in the environment (``LLM_SERVICE_`` and the name in capitals), or in a TOML file under
the same name; the first of the three wins. Only the assembly, the command line and the API read settings: every other
part takes plain arguments.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError

from llm_service.errors import SettingsError

ENV_PREFIX = "LLM_SERVICE_"
CONFIG_VARIABLE = "LLM_SERVICE_CONFIG"
"""Environment variable with the path of the TOML file; without it, ``llm-service.toml`` is read where it exists."""
DEFAULT_CONFIG = Path("llm-service.toml")


def _none_if_off(value: object) -> object:
    return None if isinstance(value, str) and value.strip().lower() in {"", "off", "none"} else value


def _listed(value: object) -> object:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


_HOURS_A_UNIT = {"h": 1.0, "d": 24.0}


def _hours(value: object) -> object:
    """Read ``24h``, ``7d`` or a number of hours."""
    value = _none_if_off(value)
    if isinstance(value, str) and value[-1:] in _HOURS_A_UNIT:
        return float(value[:-1]) * _HOURS_A_UNIT[value[-1]]
    return value


OrOff = BeforeValidator(_none_if_off)
Listed = BeforeValidator(_listed)


def _data_dir() -> Path:
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "llm-service"


class Settings(BaseModel):
    """What the service is told. Seconds, tokens and characters are named in each description."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    engine: Literal["auto", "lmstudio", "embedded"] = Field(
        "auto", description="auto: the server at base_url if it answers, else the embedded engine"
    )
    base_url: str = Field("http://localhost:1234/v1", description="OpenAI-compatible API of the engine")
    model: str | None = Field(None, description="model to ask for, or the path of a GGUF file for the embedded engine")
    api_key: SecretStr | None = Field(None, description="the engine's API key")
    builtin: bool = Field(True, description="whether the small built-in model may answer when nothing else is there")

    host: str = Field("127.0.0.1", description="address to listen on; anything but loopback needs api_keys")
    port: int = Field(8000, ge=0, le=65535, description="port to listen on; 0 for a free one")
    api_keys: Annotated[tuple[str, ...], Listed] = Field(
        (), description="keys of callers, each `name:scope:key` with scope chat, moderate or admin"
    )
    api_keys_file: Path | None = Field(None, description="file with one such key a line")
    allow_open: bool = Field(False, description="listen on other addresses without keys: anybody can use the service")
    allowed_hosts: Annotated[tuple[str, ...], Listed] = Field((), description="further Host names that are answered")
    allowed_origins: Annotated[tuple[str, ...], Listed] = Field((), description="web origins that may call the API")
    trusted_proxies: Annotated[tuple[str, ...], Listed] = Field(
        (), description="addresses of proxies whose X-Forwarded-For is believed"
    )
    rate_limit: Annotated[str | None, OrOff] = Field(
        "5/10 seconds", description="most messages of one viewer; off for no limit"
    )
    rate_limit_key: Annotated[str | None, OrOff] = Field(
        None, description="most messages with one of api_keys; off for no limit"
    )
    rate_limit_total: Annotated[str | None, OrOff] = Field(
        None, description="most messages of all viewers together; off for no limit"
    )

    data_dir: Path = Field(default_factory=_data_dir, description="where the database file lies")
    database_url: str | None = Field(None, description="postgresql://… or sqlite:///…; default: a file in data_dir")
    redis_url: str | None = Field(None, description="redis://… for a cache and limits shared by several processes")
    retention: Annotated[float | None, BeforeValidator(_hours)] = Field(
        None, gt=0, description="hours after which messages are forgotten (24h suits Twitch's terms); off keeps them"
    )

    cache_ttl: float = Field(3600, ge=0, description="seconds that a reply is remembered for the same prompt; 0: never")
    deadline: float = Field(30, gt=0, le=3600, description="seconds within which a request is answered or refused")
    connect_timeout: float = Field(1, gt=0, description="seconds to reach the engine")
    gap_timeout: float = Field(10, gt=0, description="seconds between two pieces of an answer")
    slots: int | None = Field(None, ge=1, description="requests in flight to the engine; default: what it reports")
    queue_size: int = Field(32, ge=0, description="requests that may wait for a slot")
    room_concurrency: int = Field(1, ge=1, description="turns of one room side by side")

    bot_name: str = Field("Assistant", min_length=1, max_length=50, description="what viewers call the assistant")
    persona: str | None = Field(None, description="system prompt of rooms that have none of their own")
    summaries: bool = Field(True, description="summarise what falls out of the window")
    topics: bool = Field(True, description="track what the room talks about")
    thread_links: bool = Field(True, description="work out which line belongs to which")
    emotes: bool = Field(True, description="understand emotes, and let replies have only those that may be used")
    recall: bool = Field(True, description="bring older messages back when they matter")
    notes: bool = Field(True, description="remember what viewers say about themselves")
    embeddings: Annotated[str | None, OrOff] = Field(
        None, description="embedding model of the engine that helps recall; off for words only"
    )
    emotes_file: Path | None = Field(None, description="JSON file {code: meaning} of a channel's emotes")
    max_chars: int = Field(
        500,
        ge=20,
        le=10_000,
        description="most characters of one chat message on the platform, for rooms without a policy",
    )
    window_messages: int = Field(400, ge=2, description="most messages in the prompt, whatever the context allows")
    window_keep: float = Field(0.5, gt=0, lt=1, description="share of the window that stays when it is cut")

    max_tokens: int = Field(256, ge=1, le=32768, description="most tokens of a reply")
    temperature: float = Field(0.8, ge=0, le=2, description="how freely words are chosen")
    top_p: float = Field(0.95, gt=0, le=1, description="share of likelihood from which words are chosen")
    top_k: int = Field(40, ge=0, description="number of words from which one is chosen; 0 for all")
    min_p: float = Field(0.05, ge=0, le=1, description="least likelihood of a word, as a share of the likeliest's")
    repeat_penalty: float = Field(1.1, gt=0, description="how much repetition is discouraged; 1 for not at all")
    seed: int | None = Field(None, description="makes sampling repeatable")
    reasoning_effort: Annotated[str | None, OrOff] = Field(
        None, description="none, low, medium or high for models that think; off sends nothing"
    )

    context_length: int = Field(4096, ge=512, description="tokens a slot of the embedded engine")
    threads: int | None = Field(None, ge=1, description="threads of the embedded engine; default: its own choice")

    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="least severity that is logged")
    log_format: Literal["auto", "text", "json"] = Field("auto", description="auto: text in a terminal, JSON elsewhere")

    @property
    def database(self) -> str:
        """URL of the database: the one given, else the SQLite file in ``data_dir``."""
        return self.database_url or f"sqlite:///{self.data_dir / 'llm-service.db'}"


@dataclass(frozen=True, slots=True)
class Resolved:
    """Settings, and where each value came from: ``flag``, ``environment``, ``file`` or ``default``."""

    settings: Settings
    sources: Mapping[str, str]


def resolve(
    flags: Mapping[str, Any] | None = None,
    *,
    environment: Mapping[str, str] | None = None,
    config: Path | None = None,
) -> Resolved:
    """Read the settings from flags, environment and file, in that order of precedence.

    Flags that are None were not given. Raises :class:`SettingsError` that names the setting, the place and the reason.
    """
    environment = os.environ if environment is None else environment
    layers = {
        "flag": {name: value for name, value in (flags or {}).items() if value is not None},
        "environment": _from_environment(environment),
        "file": _from_file(config or _config_path(environment)),
    }
    values: dict[str, Any] = {}
    sources: dict[str, str] = dict.fromkeys(Settings.model_fields, "default")
    for source in ("file", "environment", "flag"):
        values.update(layers[source])
        sources.update(dict.fromkeys(layers[source], source))
    try:
        return Resolved(Settings(**values), sources)
    except ValidationError as exc:
        raise SettingsError(_first_problem(exc, sources)) from exc


def _first_problem(exc: ValidationError, sources: Mapping[str, str]) -> str:
    problem = exc.errors(include_url=False, include_input=False)[0]
    name = str(problem["loc"][0]) if problem["loc"] else "settings"
    if problem["type"] == "extra_forbidden":
        return f"Unknown setting {name!r} ({sources.get(name, 'file')}): see `llm-service config` for all of them."
    return f"Setting {name!r} ({sources.get(name, 'default')}): {problem['msg']}."


def _from_environment(environment: Mapping[str, str]) -> dict[str, str]:
    names = {ENV_PREFIX + name.upper(): name for name in Settings.model_fields}
    return {names[key]: value for key, value in environment.items() if key in names and value != ""}


def _config_path(environment: Mapping[str, str]) -> Path | None:
    if named := environment.get(CONFIG_VARIABLE):
        return Path(named)
    return DEFAULT_CONFIG if DEFAULT_CONFIG.is_file() else None


def _from_file(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as exc:
        raise SettingsError(f"The settings file {path} cannot be read: {exc}.") from exc
