"""The embedded engine's own process: a script that serves one GGUF file and ends when its parent does.

Run as ``python worker.py '{"model": ..., ...}'`` (see :func:`parameters` for the fields), it writes one line to
standard output once it serves, ``{"url": "http://127.0.0.1:PORT"}``; llama.cpp's own log goes to standard error.
Signals from the terminal are left to the parent, which ends this process by closing its standard input: it does so
even by being killed, so no engine is ever left behind with a model in memory.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from typing import Any

import xllamacpp


def parameters(options: dict[str, Any]) -> xllamacpp.CommonParams:
    """llama.cpp's parameters for ``model`` (path), ``name``, ``port`` (0: any free one), ``context_length`` (tokens of
    one slot), ``slots``, ``threads``, ``cache_ram_mib`` and ``verbosity`` (1 errors … 3 everything useful)."""
    params = xllamacpp.CommonParams()
    params.model.path = options["model"]
    params.model_alias = {options["name"]}
    params.hostnames = ["127.0.0.1"]
    params.port = options["port"]
    params.cors_origins = "http://127.0.0.1"  # by default any web page the user visits may call it
    params.ui = False
    params.endpoint_metrics = True
    params.n_parallel = options["slots"]
    params.n_ctx = options["context_length"] * options["slots"]
    params.kv_unified = False  # in a pool that slots share, one conversation could end another's answer
    params.n_cache_reuse = 256
    params.cache_ram_mib = options["cache_ram_mib"]
    params.cpuparams.n_threads = options["threads"]
    params.cpuparams_batch.n_threads = options["threads"]
    params.verbosity = options["verbosity"]
    return params


def main() -> None:
    """Serve until standard input is closed."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    try:
        server = xllamacpp.Server(parameters(json.loads(sys.argv[1])))
    except RuntimeError as error:
        sys.exit(f"llama.cpp: {error}")
    print(json.dumps({"url": server.listening_address}), flush=True)  # noqa: T201 - this is the protocol
    sys.stdin.buffer.read()
    os._exit(0)  # the server's destructor would wait for running answers to be read to their end


if __name__ == "__main__":
    main()
