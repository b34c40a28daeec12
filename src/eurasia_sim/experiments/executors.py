"""Executors that run the chunks of a sweep, each once: threads, any executor, or Dask."""

import contextlib
import ctypes
import logging
import os
import pickle
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator
from concurrent import futures
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any

from eurasia_sim.experiments.batch import ABORTED, ERROR, Chunk, Finished, Setup, work
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.files.memory import PROCESS, require_memory

MOST_WORKERS = 1_000
_TICK = 0.1  # seconds between two looks for interrupts
_PATIENCE = 10  # seconds for a scheduler to close
_END_WITH_PARENT = 1  # PR_SET_PDEATHSIG of Linux

Submit = Callable[[Chunk], Future[Finished]]


def dask_setup(worker: object) -> None:  # noqa: ARG001 - Dask's signature
    """Let a worker of our own ignore Ctrl-C, which a terminal sends to all, and end with us.

    Dask ends it too, but by a thread, which a busy machine or a long call keeps from its turn.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_END_WITH_PARENT, signal.SIGKILL)


_setup_from = lru_cache(maxsize=2)(pickle.loads)  # of our own bytes


def work_on(payload: bytes, chunk: Chunk) -> Finished:
    """Run a chunk in another process, which keeps the setup for the next one."""
    return work(_setup_from(payload), chunk)


@dataclass(frozen=True)
class Work:
    """Who runs a sweep, and how many runs may fail; none of it changes a byte of the tables.

    DataError for a number N of `local:N` that is none, or more than memory holds.
    """

    workers: int | None = None  # all cores if none
    scheduler: str | None = None
    executor: Executor | None = None  # closed by its owner
    most_failures: int | None = None  # stop beyond so many failed runs; none: go on whatever fails

    def __post_init__(self) -> None:
        """Refuse workers that cannot be had, before anything is begun."""
        if own := self._own_processes:
            require_memory(own * PROCESS, f"--scheduler {self.scheduler}: {own} processes", "fewer")

    @property
    def _own_processes(self) -> int | None:
        kind, _, count = (self.scheduler or "").partition(":")
        if kind != "local":
            return None
        if not count.isdecimal() or not 0 < int(count[:9]) <= MOST_WORKERS:
            allowed = f"local:N, N from 1 to {MOST_WORKERS:,}, or tcp://HOST:PORT"
            raise DataError([f"--scheduler {self.scheduler}\n    allowed: {allowed}"])
        return int(count)

    @property
    def count(self) -> int:
        """Workers on this machine."""
        return self._own_processes or self.workers or os.cpu_count() or 1

    @contextlib.contextmanager
    def started(self, setup: Setup) -> Iterator[tuple[Submit, int]]:
        """What submits a chunk to the workers, and how many workers there are.

        Threads of this process are given the setup itself: the kernel runs without the
        interpreter's lock. At the end they leave their chunks, within a few runs. Other processes
        are sent it. Raises DataError for a scheduler that cannot be had.
        """
        if self.executor is None and self.scheduler is None:
            pool = futures.ThreadPoolExecutor(self.count, thread_name_prefix="sweep")
            stopping = threading.Event()
            try:
                yield lambda chunk: pool.submit(work, setup, chunk, stopping.is_set), self.count
            finally:
                stopping.set()
                pool.shutdown(wait=False, cancel_futures=True)
            return
        given: AbstractContextManager[Any] = contextlib.nullcontext((self.executor, self.count))
        with given if self.executor else self._dask() as (executor, count):
            payload = pickle.dumps(setup)
            yield lambda chunk: executor.submit(work_on, payload, chunk), count

    @contextlib.contextmanager
    def _dask(self) -> Iterator[tuple[Executor, int]]:
        """Dask's executor, of our own processes or by an address, and how many threads it has.

        Dask restarts a process that dies, and ends our own when this one ends, however it ends. Our
        scheduler reports a chunk after one death (`allowed_failures`): `dispatch` runs it alone.
        """
        try:
            from distributed import Client, LocalCluster
        except ImportError:
            message = "--scheduler needs Dask: pip install '.[cluster]' in the clone"
            raise DataError([message]) from None
        cluster: Any = self._own_processes and LocalCluster(
            n_workers=self._own_processes,
            threads_per_worker=1,
            memory_limit=None,
            dashboard_address=None,
            silence_logs=logging.CRITICAL,
            scheduler_kwargs={"allowed_failures": 0, "dashboard_address": ":0"},  # any free port
            preload=[__name__],
        )
        try:
            client = Client(cluster or self.scheduler, timeout="10s", set_as_default=False)
        except (OSError, ValueError, TimeoutError) as error:
            message = f"--scheduler {self.scheduler}: no scheduler answers there ({error})"
            raise DataError([message]) from None
        executor = client.get_executor(pure=False)
        try:
            yield executor, max(sum(client.nthreads().values()), 1)
        finally:
            executor.shutdown(wait=False)
            for each in filter(None, (client, cluster)):
                with contextlib.suppress(TimeoutError):  # a slow one costs no finished part
                    each.close(timeout=_PATIENCE)


def dispatch(
    setup: Setup,
    chunks: Iterable[Chunk],
    workers: tuple[Submit, int],
    take: Callable[[Finished], None],
    log: Callable[[dict[str, Any]], None],
    is_over: Callable[[], bool] = lambda: False,
) -> None:
    """Have chunks run, a few at a time, and take each result, until all are done or it is over.

    A chunk of which a worker died is run again after all others, alone; if its worker dies again,
    its runs are missing. What was finished is taken before a KeyboardInterrupt is raised, or a
    DataError where the executor or scheduler was lost. `is_over` is asked before each wait.
    """
    submit, count = workers
    waiting, suspects, most = iter(chunks), list[Chunk](), 2 * count
    pending: dict[Future[Finished], Chunk] = {}
    try:
        while not is_over():
            for chunk in islice(waiting, most - len(pending)):
                pending[submit(chunk)] = chunk
            if not pending and not suspects:
                return
            if not pending:
                waiting, suspects, most = iter(suspects), [], 1
            done, _ = futures.wait(pending, _TICK, futures.FIRST_COMPLETED)
            for future in done:
                chunk, error = pending.pop(future), future.exception()
                died = type(error).__name__ == "KilledWorker"  # Dask's name for it
                if error is None:
                    take(future.result())
                elif isinstance(error, (BrokenExecutor, CancelledError, DataError, MemoryError)):
                    raise error
                elif died and most > 1:
                    log({"chunk": chunk.number, "event": "worker died", "reason": str(error)})
                    suspects.append(chunk)
                else:  # it costs the runs of its own chunk alone
                    status = ABORTED if died else ERROR
                    reason = "".join(traceback.format_exception(error))
                    log({"chunk": chunk.number, "event": status, "reason": reason})
                    take(work(setup, chunk, status=status))
    except (BrokenExecutor, CancelledError) as error:
        lost = f"the workers were lost ({str(error) or type(error).__name__})"
        message = f"{lost}; finished parts are kept\n    allowed: --resume to go on from there"
        raise DataError([message]) from error
    finally:
        for future in pending:
            future.cancel()
        for future in pending:
            if future.done() and not future.cancelled() and future.exception() is None:
                take(future.result())
