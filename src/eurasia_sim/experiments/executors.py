"""Executors that run the chunks of a sweep, each once: threads, any executor, or Dask."""

from __future__ import annotations

import contextlib
import functools
import logging
import os
import pickle
import sys
import threading
import traceback
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ThreadPoolExecutor,
    wait,
)
from dataclasses import dataclass, field
from typing import Any

from eurasia_sim.experiments.batch import ABORTED, ERROR, Chunk, Finished, Interrupted, work
from eurasia_sim.experiments.point import Setup
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.files.memory import PROCESS, require_memory

MOST_WORKERS = 1_000
_TICK = 0.1  # seconds between two looks for interrupts
_PATIENCE = 10  # seconds for a scheduler to close
_END_WITH_PARENT = 1  # PR_SET_PDEATHSIG of Linux


class GivenExecutor:
    """Any `concurrent.futures.Executor`; its owner closes it, and a worker keeps the setup."""

    def __init__(self, setup: Setup, executor: Executor, in_flight: int) -> None:
        self.payload = pickle.dumps(setup)
        self.executor, self.in_flight = executor, in_flight  # chunks to submit at a time

    def submit(self, chunk: Chunk) -> Future[Finished]:
        """Start a chunk."""
        return self.executor.submit(work_on, self.payload, chunk)

    def stop(self) -> None:
        """Give up the chunks in flight, at once; here `Dispatch` cancels those that wait."""

    def close(self) -> None:
        """Release the workers, which are their owner's."""


class Threads(GivenExecutor):
    """Threads of this process: the kernel runs without the interpreter's lock."""

    def __init__(self, setup: Setup, workers: int) -> None:
        self.setup, self.in_flight = setup, 2 * workers
        self.stopping = threading.Event()
        self.executor = ThreadPoolExecutor(workers, thread_name_prefix="sweep")

    def submit(self, chunk: Chunk) -> Future[Finished]:
        """Start a chunk."""
        return self.executor.submit(work, self.setup, chunk, self.stopping.is_set)

    def stop(self) -> None:
        """Ask the threads to leave their chunks, within a few runs, and do not wait for them."""
        self.stopping.set()
        self.executor.shutdown(wait=False, cancel_futures=True)

    def close(self) -> None:
        """Wait for the threads to end."""
        self.executor.shutdown(wait=not self.stopping.is_set())


class Cluster(GivenExecutor):
    """Dask: a scheduler by its address (`tcp://...`), or our own with N processes (`local:N`).

    Dask restarts a process that dies, and ends the processes of `local:N` when this one ends,
    however it ends. A scheduler of our own reports a chunk after one death (`allowed_failures`):
    `Dispatch` then runs that chunk alone.
    """

    def __init__(self, setup: Setup, scheduler: str) -> None:
        try:
            from distributed import Client, LocalCluster
        except ImportError:
            message = "--scheduler needs Dask: pip install '.[cluster]' in the clone"
            raise DataError([message]) from None
        count = local_workers(scheduler)
        self.cluster: Any = count and LocalCluster(
            n_workers=count,
            threads_per_worker=1,
            memory_limit=None,
            dashboard_address=None,
            silence_logs=logging.CRITICAL,
            scheduler_kwargs={"allowed_failures": 0, "dashboard_address": ":0"},  # any free port
            preload=[__name__],
        )
        try:
            self.client = Client(self.cluster or scheduler, timeout="10s", set_as_default=False)
        except (OSError, ValueError, TimeoutError) as error:
            message = f"--scheduler {scheduler}: no scheduler answers there ({error})"
            raise DataError([message]) from None
        threads = sum(self.client.nthreads().values())
        super().__init__(setup, self.client.get_executor(pure=False), 2 * max(threads, 1))

    def stop(self) -> None:
        """Leave the scheduler; it drops what nobody waits for any more."""
        self.close()

    def close(self) -> None:
        """Leave the scheduler, and end our own; a slow one costs no finished part."""
        self.executor.shutdown(wait=False)
        for each in filter(None, (self.client, self.cluster)):
            with contextlib.suppress(TimeoutError):
                each.close(timeout=_PATIENCE)


def local_workers(scheduler: str | None) -> int | None:
    """N of `local:N`; none for an address, or without a scheduler.

    Raises:
        DataError: where N is no number of workers, or more than memory holds.
    """
    kind, _, count = (scheduler or "").partition(":")
    if kind != "local":
        return None
    if not count.isdecimal() or not 0 < int(count[:9]) <= MOST_WORKERS:
        message = f"--scheduler {scheduler}: how many workers?"
        allowed = f"local:N, N from 1 to {MOST_WORKERS:,}, or tcp://HOST:PORT"
        raise DataError([f"{message}\n    allowed: {allowed}"])
    require_memory(int(count) * PROCESS, f"--scheduler {scheduler}: {count} processes", "fewer")
    return int(count)


def dask_setup(worker: object) -> None:  # noqa: ARG001 - Dask's signature
    """Let a worker of our own ignore Ctrl-C, which a terminal sends to all, and end with us.

    Dask ends it too, but by a thread, which a busy machine or a long call keeps from its turn.
    """
    import ctypes
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_END_WITH_PARENT, signal.SIGKILL)


@functools.lru_cache(maxsize=2)
def _setup_from(payload: bytes) -> Setup:
    setup: Setup = pickle.loads(payload)  # noqa: S301 - our own
    return setup


def work_on(payload: bytes, chunk: Chunk) -> Finished:
    """Run a chunk in another process, which keeps the setup for the next one."""
    return work(_setup_from(payload), chunk)


@dataclass(frozen=True)
class Work:
    """Who runs a sweep, and how many runs may fail; none of it changes a byte of the tables."""

    workers: int | None = None  # all cores if none
    scheduler: str | None = None
    executor: Executor | None = None
    most_failures: int | None = None  # stop beyond so many failed runs; none: go on whatever fails

    def __post_init__(self) -> None:
        """Refuse workers that cannot be had, before anything is begun."""
        local_workers(self.scheduler)

    @property
    def count(self) -> int:
        """Workers on this machine."""
        return local_workers(self.scheduler) or self.workers or os.cpu_count() or 1

    def start(self, setup: Setup) -> GivenExecutor:
        """The workers; raises DataError for a scheduler that cannot be had."""
        if self.executor is not None:
            return GivenExecutor(setup, self.executor, 2 * self.count)
        if self.scheduler is not None:
            return Cluster(setup, self.scheduler)
        return Threads(setup, self.count)


@dataclass
class Dispatch:
    """Submits chunks, a bounded number at a time, and passes each result to `take`."""

    setup: Setup
    workers: GivenExecutor
    take: Callable[[Finished], None]
    log: Callable[[dict[str, Any]], None]
    most_failures: int | None = None
    pending: dict[Future[Finished], Chunk] = field(default_factory=dict)
    suspects: deque[Chunk] = field(default_factory=deque)  # a worker died while it held these
    alone: Chunk | None = None  # the suspect in flight
    failed: int = 0

    @property
    def too_many(self) -> bool:
        """Whether more runs failed than may."""
        return self.most_failures is not None and self.failed > self.most_failures

    def run(self, chunks: Iterator[Chunk], tick: Callable[[], None] = lambda: None) -> bool:
        """Run all chunks; false if it stopped because too many runs failed.

        Raises:
            KeyboardInterrupt: after the workers were stopped and what they had finished was taken.
            DataError: the same, where the executor broke or the scheduler was lost.
        """
        is_left = True
        try:
            while not self.too_many and self._submit(chunks):
                done, _ = wait(self.pending, timeout=_TICK, return_when=FIRST_COMPLETED)
                for future in done:
                    self._receive(future)
                tick()
            is_left = self.too_many
        except (BrokenExecutor, CancelledError) as error:
            lost = f"the workers were lost ({str(error) or type(error).__name__})"
            message = f"{lost}; finished parts are kept\n    allowed: --resume to go on from there"
            raise DataError([message]) from error
        finally:
            if is_left:
                self._leave()
        return not is_left

    def _leave(self) -> None:
        """Stop the workers, cancel what waits, and take what is finished and would be lost."""
        self.workers.stop()
        for future in self.pending:
            future.cancel()
        for future in self.pending:
            if future.done() and not future.cancelled() and future.exception() is None:
                self.take(future.result())

    def _submit(self, chunks: Iterator[Chunk]) -> bool:
        """Keep the workers busy; whether anything is in flight. Suspects come last, each alone."""
        while len(self.pending) < self.workers.in_flight and (chunk := next(chunks, None)):
            self.pending[self.workers.submit(chunk)] = chunk
        if not self.pending and self.suspects:
            self.alone = self.suspects.popleft()
            self.pending[self.workers.submit(self.alone)] = self.alone
        return bool(self.pending)

    def _receive(self, future: Future[Finished]) -> None:
        """Take a result; an exception costs the runs of its own chunk alone."""
        chunk = self.pending.pop(future)
        try:
            finished = future.result()
        except (BrokenExecutor, CancelledError, DataError, Interrupted, MemoryError):
            raise
        except Exception as error:  # noqa: BLE001 - it must not cost the others
            died = type(error).__name__ == "KilledWorker"  # Dask's name for it
            if died and chunk is not self.alone:
                self.log({"chunk": chunk.number, "event": "worker died", "reason": str(error)})
                self.suspects.append(chunk)
                return
            status = ABORTED if died else ERROR
            reason = str(error) if died else "".join(traceback.format_exception(error))
            self.log({"chunk": chunk.number, "event": status, "reason": reason})
            finished = work(self.setup, chunk, status=status)  # its runs as missing
        self.failed += finished.failed
        self.take(finished)
