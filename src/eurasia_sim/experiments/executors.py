"""Executors that run the chunks of a sweep, each once: threads, any executor, or Dask."""

import contextlib
import logging
import os
import pickle
import sys
import threading
import traceback
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
from functools import lru_cache
from itertools import islice
from typing import Any

from eurasia_sim.experiments.batch import ABORTED, ERROR, Chunk, Finished, work
from eurasia_sim.experiments.point import Setup
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.files.memory import PROCESS, require_memory

MOST_WORKERS = 1_000
_TICK = 0.1  # seconds between two looks for interrupts
_PATIENCE = 10  # seconds for a scheduler to close
_END_WITH_PARENT = 1  # PR_SET_PDEATHSIG of Linux

Submit = Callable[[Chunk], Future[Finished]]
Report = Callable[[int, int, int], None]


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


_setup_from = lru_cache(maxsize=2)(pickle.loads)  # of our own bytes


def work_on(payload: bytes, chunk: Chunk) -> Finished:
    """Run a chunk in another process, which keeps the setup for the next one."""
    return work(_setup_from(payload), chunk)


def _sending(executor: Executor, setup: Setup) -> Submit:
    """Submits a chunk to other processes, which are sent the setup too."""
    payload = pickle.dumps(setup)
    return lambda chunk: executor.submit(work_on, payload, chunk)


@contextlib.contextmanager
def _dask(scheduler: str) -> Iterator[tuple[Executor, int]]:
    """Dask's executor, by the address of a scheduler or of our own, and how many threads it has.

    Dask restarts a process that dies, and ends the processes of `local:N` when this one ends,
    however it ends. A scheduler of our own reports a chunk after one death (`allowed_failures`):
    `Dispatch` then runs that chunk alone.
    """
    try:
        from distributed import Client, LocalCluster
    except ImportError:
        raise DataError(["--scheduler needs Dask: pip install '.[cluster]' in the clone"]) from None
    count = local_workers(scheduler)
    cluster: Any = count and LocalCluster(
        n_workers=count,
        threads_per_worker=1,
        memory_limit=None,
        dashboard_address=None,
        silence_logs=logging.CRITICAL,
        scheduler_kwargs={"allowed_failures": 0, "dashboard_address": ":0"},  # any free port
        preload=[__name__],
    )
    try:
        client = Client(cluster or scheduler, timeout="10s", set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        message = f"--scheduler {scheduler}: no scheduler answers there ({error})"
        raise DataError([message]) from None
    executor = client.get_executor(pure=False)
    try:
        yield executor, max(sum(client.nthreads().values()), 1)
    finally:
        executor.shutdown(wait=False)
        for each in filter(None, (client, cluster)):
            with contextlib.suppress(TimeoutError):  # a slow one costs no finished part
                each.close(timeout=_PATIENCE)


@dataclass(frozen=True)
class Work:
    """Who runs a sweep, and how many runs may fail; none of it changes a byte of the tables."""

    workers: int | None = None  # all cores if none
    scheduler: str | None = None
    executor: Executor | None = None  # closed by its owner
    most_failures: int | None = None  # stop beyond so many failed runs; none: go on whatever fails

    def __post_init__(self) -> None:
        """Refuse workers that cannot be had, before anything is begun."""
        local_workers(self.scheduler)

    @property
    def count(self) -> int:
        """Workers on this machine."""
        return local_workers(self.scheduler) or self.workers or os.cpu_count() or 1

    @contextlib.contextmanager
    def started(self, setup: Setup) -> Iterator[tuple[Submit, int]]:
        """What submits a chunk to the workers, and how many workers there are.

        Threads of this process are given the setup itself: the kernel runs without the
        interpreter's lock. At the end they leave their chunks, within a few runs.

        Raises:
            DataError: for a scheduler that cannot be had.
        """
        if self.executor is not None:
            yield _sending(self.executor, setup), self.count
        elif self.scheduler is not None:
            with _dask(self.scheduler) as (executor, count):
                yield _sending(executor, setup), count
        else:
            pool = ThreadPoolExecutor(self.count, thread_name_prefix="sweep")
            stopping = threading.Event()
            try:
                yield lambda chunk: pool.submit(work, setup, chunk, stopping.is_set), self.count
            finally:
                stopping.set()
                pool.shutdown(wait=False, cancel_futures=True)


@dataclass
class Dispatch:
    """Submits chunks, a bounded number at a time, and passes each result to `take`."""

    setup: Setup
    take: Callable[[Finished], None]
    log: Callable[[dict[str, Any]], None]
    most_failures: int | None = None
    report: Report = lambda *_: None  # called before each wait for results, and at the end
    before: int = 0  # runs that were finished at the start
    suspects: list[Chunk] = field(default_factory=list)  # a worker died while it held these
    finished: int = 0
    failed: int = 0

    @property
    def too_many(self) -> bool:
        """Whether more runs failed than may."""
        return self.most_failures is not None and self.failed > self.most_failures

    def run(self, chunks: Iterator[Chunk], submit: Submit, most: int) -> bool:
        """Run all chunks, at most so many at a time; false if too many runs failed.

        Chunks of which a worker died come last, each alone.

        Raises:
            KeyboardInterrupt: after the chunks that were finished were taken.
            DataError: the same, where the executor broke or the scheduler was lost.
        """
        self._run(chunks, submit, most)
        while self.suspects:
            self._run(iter([self.suspects.pop(0)]), submit, 1, is_alone=True)
        return not self.too_many

    def _run(
        self, chunks: Iterator[Chunk], submit: Submit, most: int, *, is_alone: bool = False
    ) -> None:
        """Run chunks, or one alone."""
        pending: dict[Future[Finished], Chunk] = {}
        try:
            while not self.too_many:
                self.report(self.before + self.finished, self.failed, self.before)
                for chunk in islice(chunks, most - len(pending)):
                    pending[submit(chunk)] = chunk
                if not pending:
                    return
                for future in wait(pending, timeout=_TICK, return_when=FIRST_COMPLETED)[0]:
                    self._receive(pending.pop(future), future, is_alone=is_alone)
        except (BrokenExecutor, CancelledError) as error:
            lost = f"the workers were lost ({str(error) or type(error).__name__})"
            message = f"{lost}; finished parts are kept\n    allowed: --resume to go on from there"
            raise DataError([message]) from error
        finally:
            for future in pending:
                future.cancel()
            for future in pending:
                if future.done() and not future.cancelled() and future.exception() is None:
                    self.take(future.result())

    def _receive(self, chunk: Chunk, future: Future[Finished], *, is_alone: bool) -> None:
        """Take a result; an exception costs the runs of its own chunk alone."""
        try:
            finished = future.result()
        except (BrokenExecutor, CancelledError, DataError, MemoryError):
            raise
        except Exception as error:  # noqa: BLE001 - it must not cost the others
            died = type(error).__name__ == "KilledWorker"  # Dask's name for it
            if died and not is_alone:
                self.log({"chunk": chunk.number, "event": "worker died", "reason": str(error)})
                self.suspects.append(chunk)
                return
            status = ABORTED if died else ERROR
            reason = str(error) if died else "".join(traceback.format_exception(error))
            self.log({"chunk": chunk.number, "event": status, "reason": reason})
            finished = work(self.setup, chunk, status=status)  # its runs as missing
        self.finished += finished.runs
        self.failed += finished.failed
        self.take(finished)
