"""The embedded engine's process with slots that share one context, as llama-server starts by itself."""

from __future__ import annotations

from typing import Any

import xllamacpp

from llm_service.engine import worker

of_their_own = worker.parameters


def shared(options: dict[str, Any]) -> xllamacpp.CommonParams:
    params = of_their_own(options)
    params.kv_unified = True
    return params


if __name__ == "__main__":
    worker.parameters = shared
    worker.main()
