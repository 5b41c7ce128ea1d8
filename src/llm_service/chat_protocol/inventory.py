"""What each kind of server says about its models, from JSON that may be anything.

A server is recognised by the keys of its answer, never by a status: LM Studio answers 200 to paths that it does not
have. Every parser gives None where the keys are not those of its kind.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from llm_service.types import EngineKind, ModelInfo

_SUFFIX = re.compile(r"(?:@[\w.]+)?(?::\d+)?$")

PARALLEL_DEFAULT = 4
"""LM Studio's *Max Concurrent Predictions* for llama.cpp, unless set."""


class Source(StrEnum):
    """Which API the inventory was read from: what else it offers depends on it."""

    LM_STUDIO_V1 = "lmstudio-v1"
    LM_STUDIO_V0 = "lmstudio-v0"
    LLAMA_SERVER = "llama-server"
    OLLAMA = "ollama"
    VLLM = "vllm"
    KOBOLDCPP = "koboldcpp"
    OPENAI = "openai"


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """What an engine has."""

    source: Source
    models: tuple[ModelInfo, ...] = ()
    """Models that can chat, the loaded ones first."""
    embeddings: tuple[str, ...] = ()
    """Models that only embed."""

    @property
    def engine(self) -> EngineKind:
        """The kind of server."""
        return _ENGINES[self.source]

    def named(self, name: str) -> ModelInfo | None:
        """The model of this name."""
        return named(self.models, name)

    def default(self) -> ModelInfo | None:
        """The model that answers when none is asked for: the first loaded one, else the only one there is."""
        for model in self.models:
            if model.loaded:
                return model
        known = all(model.loaded is False for model in self.models)
        return None if not self.models or (known and len(self.models) > 1) else self.models[0]


def named(models: Sequence[ModelInfo], name: str) -> ModelInfo | None:
    """The model of this name: exactly, or as an instance (``name:2``) or a variant (``name@q4_k_m``) of it."""
    for model in models:
        if model.id == name:
            return model
    return next((model for model in models if same_model(model.id, name)), None)


def same_model(answered: str, asked: str) -> bool:
    """Whether these two names can mean one model: instances carry ``:2``, variants ``@q4_k_m``."""
    return answered == asked or _SUFFIX.sub("", answered) == _SUFFIX.sub("", asked)


_ENGINES = {
    Source.LM_STUDIO_V1: EngineKind.LM_STUDIO,
    Source.LM_STUDIO_V0: EngineKind.LM_STUDIO,
    Source.LLAMA_SERVER: EngineKind.LLAMA_SERVER,
    Source.OLLAMA: EngineKind.OLLAMA,
    Source.VLLM: EngineKind.VLLM,
    Source.KOBOLDCPP: EngineKind.KOBOLDCPP,
    Source.OPENAI: EngineKind.OPENAI,
}


# ── LM Studio ──


def is_lm_studio(greeting: object) -> bool:
    """Whether ``GET /lmstudio-greeting`` was answered by LM Studio."""
    return isinstance(greeting, dict) and greeting.get("lmstudio") is True


def lm_studio_v1(body: object) -> Inventory | None:
    """``GET /api/v1/models`` of LM Studio 0.4: instances with their configuration."""
    entries = _entries(body, "models")
    if entries is None or not all("key" in entry for entry in entries):
        return None
    models: list[ModelInfo] = []
    embeddings: list[str] = []
    for entry in entries:
        if entry.get("type") == "embedding":
            embeddings.extend(_instance_ids(entry) or [str(entry["key"])])
        else:
            models.extend(_v1_models(entry))
    return Inventory(source=Source.LM_STUDIO_V1, models=_loaded_first(models), embeddings=tuple(embeddings))


def _instance_ids(entry: dict[str, Any]) -> list[str]:
    return [str(instance["id"]) for instance in _entries(entry, "loaded_instances") or [] if "id" in instance]


def _v1_models(entry: dict[str, Any]) -> Iterator[ModelInfo]:
    mlx = entry.get("format") == "mlx"
    instances = [i for i in _entries(entry, "loaded_instances") or [] if "id" in i]
    for instance in instances:
        config = _dict(instance.get("config"))
        yield ModelInfo(
            id=str(instance["id"]),
            engine=EngineKind.LM_STUDIO,
            loaded=True,
            context_length=_positive(config.get("context_length")),
            max_context_length=_positive(entry.get("max_context_length")),
            slots=_positive(config.get("parallel")) or (1 if mlx else PARALLEL_DEFAULT),
            shared_context=not mlx,
            size_bytes=_positive(entry.get("size_bytes")),
        )
    if not instances:
        yield ModelInfo(
            id=str(entry["key"]),
            engine=EngineKind.LM_STUDIO,
            loaded=False,
            max_context_length=_positive(entry.get("max_context_length")),
            size_bytes=_positive(entry.get("size_bytes")),
        )


def lm_studio_v0(body: object) -> Inventory | None:
    """``GET /api/v0/models`` of LM Studio 0.3: one entry a model, with its state."""
    entries = _entries(body, "data")
    if not entries or not all("id" in entry and "state" in entry for entry in entries):
        return None
    models = [_v0_model(entry) for entry in entries if entry.get("type") != "embeddings"]
    embeddings = tuple(str(entry["id"]) for entry in entries if entry.get("type") == "embeddings")
    return Inventory(source=Source.LM_STUDIO_V0, models=_loaded_first(models), embeddings=embeddings)


def _v0_model(entry: dict[str, Any]) -> ModelInfo:
    mlx = entry.get("compatibility_type") == "mlx"
    return ModelInfo(
        id=str(entry["id"]),
        engine=EngineKind.LM_STUDIO,
        loaded=entry["state"] == "loaded",
        context_length=_positive(entry.get("loaded_context_length")),
        max_context_length=_positive(entry.get("max_context_length")),
        slots=1 if mlx else None,
        shared_context=not mlx,
    )


# ── The others ──


def llama_server(props: object, listing: object) -> Inventory | None:
    """``GET /props`` of llama.cpp's server, with its ``/v1/models`` for the name. Its context is counted per slot."""
    settings = _dict(_dict(props).get("default_generation_settings"))
    if "n_ctx" not in settings:
        return None
    entry = next(iter(_entries(listing, "data") or []), {})
    meta = _dict(entry.get("meta"))
    model = ModelInfo(
        id=str(entry.get("id") or _dict(props).get("model_alias") or _dict(props).get("model_path") or "default"),
        engine=EngineKind.LLAMA_SERVER,
        loaded=True,
        context_length=_positive(settings["n_ctx"]),
        max_context_length=_positive(meta.get("n_ctx_train")),
        slots=_positive(_dict(props).get("total_slots")) or 1,
        size_bytes=_positive(meta.get("size")),
    )
    return Inventory(source=Source.LLAMA_SERVER, models=(model,))


def ollama(version: object, running: object, listing: object) -> Inventory | None:
    """``GET /api/version`` and ``/api/ps`` of Ollama, with ``/v1/models``. It runs one request at a time by default."""
    if not isinstance(_dict(version).get("version"), str) or _entries(running, "models") is None:
        return None
    loaded = {name: entry for entry in _entries(running, "models") or [] if (name := entry.get("model"))}
    names = dict.fromkeys([*loaded, *(str(e["id"]) for e in _entries(listing, "data") or [] if "id" in e)])
    models = [
        ModelInfo(
            id=str(name),
            engine=EngineKind.OLLAMA,
            loaded=name in loaded,
            context_length=_positive(_dict(loaded.get(name)).get("context_length")),
            slots=1,
            size_bytes=_positive(_dict(loaded.get(name)).get("size")),
        )
        for name in names
    ]
    return Inventory(source=Source.OLLAMA, models=_loaded_first(models))


def vllm(listing: object) -> Inventory | None:
    """``GET /v1/models`` of vLLM: the context stands in ``max_model_len``. How large the pool behind it is, it
    does not say; a request that finds that full waits there, so each may have the whole context."""
    entries = _entries(listing, "data")
    if not entries or not all(_positive(entry.get("max_model_len")) and "id" in entry for entry in entries):
        return None
    models = tuple(
        ModelInfo(
            id=str(entry["id"]),
            engine=EngineKind.VLLM,
            loaded=True,
            context_length=_positive(entry["max_model_len"]),
            max_context_length=_positive(entry["max_model_len"]),
        )
        for entry in entries
    )
    return Inventory(source=Source.VLLM, models=models)


def koboldcpp(version: object, context: object, listing: object) -> Inventory | None:
    """``GET /api/extra/version`` and ``/api/extra/true_max_context_length`` of KoboldCpp, which has one slot."""
    if "koboldcpp" not in str(_dict(version).get("result")).lower():
        return None
    entry = next(iter(_entries(listing, "data") or []), {})
    length = _positive(_dict(context).get("value"))
    model = ModelInfo(
        id=str(entry.get("id") or "koboldcpp"),
        engine=EngineKind.KOBOLDCPP,
        loaded=True,
        context_length=length,
        slots=1,
    )
    return Inventory(source=Source.KOBOLDCPP, models=(model,))


def openai(listing: object) -> Inventory | None:
    """``GET /v1/models`` of anything OpenAI-compatible: names, and from the name alone whether a model only embeds."""
    entries = _entries(listing, "data")
    if entries is None:
        return None
    names = [str(entry["id"]) for entry in entries if "id" in entry]
    embeddings = tuple(name for name in names if "embed" in name.lower())
    models = tuple(ModelInfo(id=name, engine=EngineKind.OPENAI) for name in names if name not in embeddings)
    return Inventory(source=Source.OPENAI, models=models, embeddings=embeddings)


# ── JSON that may be anything ──


def _entries(body: object, key: str) -> list[dict[str, Any]] | None:
    entries = _dict(body).get(key)
    if not isinstance(entries, list):
        return None
    return [entry for entry in entries if isinstance(entry, dict)]


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _positive(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if value > 0 else None


def _loaded_first(models: list[ModelInfo]) -> tuple[ModelInfo, ...]:
    return tuple(sorted(models, key=lambda model: not model.loaded))
