"""Group commit: what arrives while one transaction is on its way to the disk shares the next one."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby, islice
from typing import Any, Final, TypeVar, cast

from ..errors import InputError, StoreError
from .database import Contended, Database, Driver
from .ingest import append_messages
from .transaction import Transaction

T = TypeVar("T")

GROUP: Final = 500
"""Most jobs in one transaction."""
PROBE_SECONDS: Final = 2.0
"""How often the database is asked whether it is well."""
ATTEMPTS: Final = 5
"""How often a job is tried that meets another process at work on the same rows."""


@dataclass(slots=True, eq=False)
class Job:
    """One operation that somebody waits for."""

    operation: Callable[..., Any]
    args: tuple[Any, ...]
    done: asyncio.Future[Any]


class Writer:
    """The only one who writes. Callers hand in jobs and wait; a caller who leaves disturbs nobody."""

    def __init__(self, database: Database, begin: Callable[[Driver], Transaction]) -> None:
        self._database = database
        self._begin = begin
        self._jobs: deque[Job] = deque()
        self._wake = asyncio.Event()
        self._closed = False

    async def submit(self, operation: Callable[..., T], *args: Any) -> T:
        """The operation's result, once it is on disk."""
        if self._closed:
            raise StoreError("The store is closed.")
        job = Job(operation, args, asyncio.get_running_loop().create_future())
        self._jobs.append(job)
        self._wake.set()
        return cast(T, await job.done)

    def close(self) -> None:
        """Take no new jobs; :meth:`run` ends when the ones that wait are done."""
        self._closed = True
        self._wake.set()

    async def run(self) -> None:
        """Commit groups of jobs until closed."""
        probing = asyncio.create_task(self._probe(), name="store probe")
        jobs: list[Job] = []
        try:
            while jobs := await self._next():
                await self._commit(jobs)
        finally:
            self._closed = True
            probing.cancel()
            _fail([*jobs, *self._jobs], StoreError("The store is closed."))

    async def _probe(self) -> None:
        """See now and then whether the database is well, where nobody else does."""
        while True:
            await asyncio.sleep(PROBE_SECONDS)
            await self._database.probe()

    async def _next(self) -> list[Job]:
        """The jobs that wait, as soon as there are any; none when it is closed and all are done."""
        while not self._jobs and not self._closed:
            self._wake.clear()
            await self._wake.wait()
        return [self._jobs.popleft() for _ in range(min(len(self._jobs), GROUP))]

    async def _commit(self, jobs: list[Job], attempt: int = 1) -> None:
        """One transaction for all; if one of them cannot be done, each gets its own, so that only that one fails."""
        jobs = [job for job in jobs if not job.done.done()]
        try:
            results = await self._transact(jobs)
        except (InputError, Contended) as exc:
            if len(jobs) > 1:
                for job in jobs:
                    await self._commit([job])
            elif isinstance(exc, Contended) and attempt < ATTEMPTS:
                await self._commit(jobs, attempt + 1)
            else:
                _fail(jobs, exc)
        except Exception as exc:  # noqa: BLE001  (even a bug's is its caller's to see; the writer must outlive it)
            _fail(jobs, exc)
        else:
            for job, result in zip(jobs, results, strict=True):
                if not job.done.done():
                    job.done.set_result(result)

    async def _transact(self, jobs: list[Job]) -> list[Any]:
        results, erased = await self._database.run(partial(self._perform, jobs), write=True)
        if erased:
            await self._database.purge()
        return results

    def _perform(self, jobs: Sequence[Job], driver: Driver) -> tuple[list[Any], bool]:
        """The results of the jobs, and whether something was forgotten."""
        tx = self._begin(driver)
        return perform(tx, jobs), tx.erased


def perform(tx: Transaction, jobs: Sequence[Job]) -> list[Any]:
    """Do the jobs in order. Appends that follow each other are done as one: a statement costs more than a row."""
    if len(jobs) == 1:
        return [jobs[0].operation(tx, *jobs[0].args)]
    results: list[Any] = []
    for operation, group in groupby(jobs, key=lambda job: job.operation):
        run = list(group)
        if operation is append_messages:
            results += _append_all(tx, [job.args[0] for job in run])
        else:
            results += [operation(tx, *job.args) for job in run]
    return results


def _append_all(tx: Transaction, batches: list[Sequence[Any]]) -> list[list[Any]]:
    stored = iter(append_messages(tx, [message for batch in batches for message in batch]))
    return [list(islice(stored, len(batch))) for batch in batches]


def _fail(jobs: Iterable[Job], exc: Exception) -> None:
    """Tell those who still wait."""
    for job in jobs:
        if not job.done.done():
            job.done.set_exception(exc)
