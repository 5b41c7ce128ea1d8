"""The embedded engine: llama.cpp, brought along, for a machine where no engine runs.

It is a real llama-server (through ``xllamacpp``) on a free loopback port, so the same client speaks to it as to LM
Studio. It lives in a process of its own, ``worker.py``, for three reasons that were measured: the library holds
Python's global lock while it loads a model (seconds, for a large one) and while it stops, which waits for whoever is
still reading an answer, so that a service which stopped it while its own client read would wait for itself for ever;
and a model that does not fit into memory, or crashes, takes only that process with it. It is then started again, on
the same port.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import signal
import sys
from collections import deque
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from llm_service.errors import EngineTimeout, LLMServiceError, NoEngine, SettingsError

from .gguf_header import trained_context

__all__ = ["EmbeddedEngine", "trained_context"]

log = logging.getLogger(__name__)

_WORKER = Path(__file__).with_name("worker.py")
_LONGEST_LINE = 1 << 20
"""Bytes of a line of llama.cpp's log."""
_LONGEST_REST = 30.0
"""Most seconds between two attempts to start a crashed worker again."""
_MISSING_LIBRARY = re.compile(r"ImportError: (lib[\w.+-]+): cannot open shared object file")
"""How Python says that a library of the system is missing: of those that llama.cpp needs, a bare Debian lacks one."""


class EmbeddedEngine:
    """Serves one GGUF file at :attr:`base_url`, from ``start`` (or ``async with``) to ``close``.

    ``context_length`` is in tokens and for one slot, and never exceeds what the model was trained for; ``slots`` is how
    many requests are answered side by side; ``threads`` defaults to one less than the machine's cores, since
    llama.cpp's threads wait for each other in a busy loop and a shared core stalls them all; ``cache_ram_mib`` bounds
    what is kept of conversations that lost their slot; ``start_timeout`` is in seconds and covers loading the model.
    """

    def __init__(
        self,
        model: Path,
        *,
        context_length: int = 4096,
        slots: int = 2,
        threads: int | None = None,
        cache_ram_mib: int = 1024,
        start_timeout: float = 600.0,
    ) -> None:
        if context_length < 1 or slots < 1 or (threads is not None and threads < 1):
            raise SettingsError("The embedded engine needs at least one token of context, one slot and one thread.")
        self._model = model
        self.model_name = model.stem
        """What the engine calls its model."""
        self.context_length = context_length
        """Tokens of one slot; after the start, what is really served."""
        self.slots = slots
        self._threads = threads or max(1, (os.cpu_count() or 2) - 1)
        self._cache_ram_mib = cache_ram_mib
        self._start_timeout = start_timeout
        self._address: str | None = None
        self._worker: _Worker | None = None
        self._supervisor: asyncio.Task[None] | None = None

    @property
    def base_url(self) -> str:
        """Where it is served, ``http://127.0.0.1:PORT/v1``; :class:`NoEngine` before the start."""
        if self._address is None:
            raise NoEngine("The embedded engine was not started.")
        return f"{self._address}/v1"

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def start(self) -> None:
        """Load the model and serve; does nothing where it already serves.

        Raises :class:`SettingsError` where the file is missing, broken or too large for the machine's memory,
        :class:`EngineTimeout` where loading takes longer than ``start_timeout``, and :class:`NoEngine` where llama.cpp
        does not run on this machine at all.
        """
        if self._supervisor is not None:
            return
        trained = await asyncio.to_thread(trained_context, self._model)
        self.context_length = min(self.context_length, trained or self.context_length)
        self._worker = await self._start_worker()
        self._supervisor = asyncio.create_task(self._supervise(), name="embedded-engine")
        log.info("embedded engine serves %s, %d tokens, %d slots", self.model_name, self.context_length, self.slots)

    async def close(self) -> None:
        """Stop it and give its memory back; running answers are cut off. May be called any number of times."""
        supervisor, self._supervisor, self._address = self._supervisor, None, None
        if supervisor is not None:
            supervisor.cancel()
            await asyncio.wait([supervisor])
        if self._worker is not None:
            await self._worker.stop()

    async def _supervise(self) -> None:
        """Keep a worker running until cancelled."""
        rest = 1.0
        while True:
            assert self._worker is not None
            status = await self._worker.process.wait()
            log.error("the embedded engine ended by itself (exit status %d)", status)
            await asyncio.sleep(rest)
            try:
                self._worker = await self._start_worker()
            except LLMServiceError as error:
                log.error("the embedded engine could not be started again: %s", error)  # noqa: TRY400 - told, not traced
            rest = min(rest * 2, _LONGEST_REST)

    async def _start_worker(self) -> _Worker:
        worker = await _Worker.spawn(self._options())
        try:
            async with asyncio.timeout(self._start_timeout):
                address = await worker.address()
        except TimeoutError as error:
            await worker.stop()
            raise EngineTimeout("The model could not be loaded in time.") from error
        except BaseException:  # cancelled, too: no process may be left behind
            await worker.stop()
            raise
        if address is None:
            raise self._why(worker)
        self._address = address
        return worker

    def _options(self) -> str:
        return json.dumps(
            {
                "model": str(self._model),
                "name": self.model_name,
                "port": urlsplit(self._address).port if self._address else 0,
                "context_length": self.context_length,
                "slots": self.slots,
                "threads": self._threads,
                "cache_ram_mib": self._cache_ram_mib,
                "verbosity": 3 if log.isEnabledFor(logging.DEBUG) else 1,
            }
        )

    def _why(self, worker: _Worker) -> LLMServiceError:
        """What to tell somebody whose engine did not start."""
        log.error("llama.cpp did not start: %s", " | ".join(list(worker.last_words)[-5:]))
        status, words = worker.process.returncode, " ".join(worker.last_words).lower()
        if status == -signal.SIGKILL or any(
            sign in words for sign in ("bad_alloc", "failed to allocate", "out of mem")
        ):
            return SettingsError(
                f"{self._model.name!r} with {self.slots} × {self.context_length} tokens does not fit into memory: "
                "lower the context length, or take a smaller model."
            )
        if "failed to load model" in words:
            return SettingsError(
                f"llama.cpp cannot load {self._model.name!r}: it is damaged, or of a kind that it does not know."
            )
        if missing := _MISSING_LIBRARY.search("\n".join(worker.last_words)):
            return NoEngine(f"llama.cpp needs {missing[1]}, which this machine lacks (Debian: apt install libgomp1).")
        return NoEngine("llama.cpp does not start on this machine; the log says why.")


class _Worker:
    """One process of ``worker.py`` with what it writes."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.last_words: deque[str] = deque(maxlen=40)
        self._listener = asyncio.create_task(self._listen(), name="embedded-engine-log")

    @classmethod
    async def spawn(cls, options: str) -> _Worker:
        pipe = asyncio.subprocess.PIPE
        return cls(
            await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",
                str(_WORKER),
                options,
                stdin=pipe,
                stdout=pipe,
                stderr=pipe,
                limit=_LONGEST_LINE,
            )
        )

    async def address(self) -> str | None:
        """Where it serves, as soon as it does; None where it ended instead."""
        assert self.process.stdout is not None
        line = await self.process.stdout.readline()
        if line:
            return str(json.loads(line)["url"])
        await self.process.wait()
        await self._listener
        return None

    async def stop(self) -> None:
        """End it at once: it has nothing to save. What it still had to say is logged."""
        with suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()
        await self._listener

    async def _listen(self) -> None:
        """Pass llama.cpp's own log on at DEBUG; it never carries viewers' text at the verbosity that we ask for."""
        assert self.process.stderr is not None
        async for line in self.process.stderr:
            words = line.decode(errors="replace").rstrip()
            self.last_words.append(words)
            log.debug("llama.cpp: %s", words)
