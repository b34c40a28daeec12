"""Who works on the chunks of a sweep: threads, processes, any executor, or a cluster."""

from __future__ import annotations

import contextlib
import functools
import multiprocessing
import os
import pickle
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any, Protocol

from eurasia_sim.experiments.batch import Chunk, Finished, work
from eurasia_sim.experiments.point import Setup
from eurasia_sim.files.data_yaml import DataError

# One core a worker: a linear algebra library that starts its own threads in each would only make them wait.
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
_PATIENCE = 10  # seconds for a scheduler to take its leave


class Crew(Protocol):
    """Workers that chunks can be handed to."""

    in_flight: int  # chunks to hand out at a time

    def submit(self, chunk: Chunk) -> Future[Finished]:
        """Hand out a chunk."""

    def ready_since(self) -> float | None:
        """When all workers had started, by the monotonic clock; none if they have not yet."""

    def renew(self) -> bool:
        """Replace workers of whom one has died or hangs; whether that can be done."""

    def stop(self) -> None:
        """Give up what is in hand, at once."""

    def close(self) -> None:
        """Let the workers go."""


class Threads:
    """Threads of this process: the kernel runs without the interpreter's lock."""

    def __init__(self, setup: Setup, workers: int) -> None:
        self.setup, self.in_flight = setup, 2 * workers
        self.stopping = threading.Event()
        self.pool = ThreadPoolExecutor(workers, thread_name_prefix="sweep")

    def submit(self, chunk: Chunk) -> Future[Finished]:
        """Hand out a chunk."""
        return self.pool.submit(work, self.setup, chunk, self.stopping.is_set)

    def ready_since(self) -> float | None:
        """A thread needs no start."""
        return 0.0

    def renew(self) -> bool:
        """A thread does not die alone."""
        return False

    def stop(self) -> None:
        """Ask the threads to leave their chunks, within a few runs, and do not wait for them."""
        self.stopping.set()
        self.pool.shutdown(wait=False, cancel_futures=True)

    def close(self) -> None:
        """Wait for the threads to end."""
        self.pool.shutdown(wait=not self.stopping.is_set())


class Others:
    """Any executor: what is sent can be pickled, and a worker keeps the last sweep's setup."""

    def __init__(self, setup: Setup, executor: Executor, in_flight: int) -> None:
        self.payload = pickle.dumps(setup)
        self.executor, self.in_flight = executor, in_flight

    def submit(self, chunk: Chunk) -> Future[Finished]:
        """Hand out a chunk."""
        return self.executor.submit(work_on, self.payload, chunk)

    def ready_since(self) -> float | None:
        """Nobody knows, and nobody asks: such workers cannot be ended one by one."""
        return None

    def renew(self) -> bool:
        """The executor is its owner's to mend."""
        return False

    def stop(self) -> None:
        """The executor stays its owner's; what waits is cancelled by whoever holds the futures."""

    def close(self) -> None:
        """The executor stays its owner's."""


class Processes(Others):
    """Processes of this machine, each started afresh; one that dies or hangs takes nothing else with it."""

    def __init__(self, setup: Setup, workers: int) -> None:
        self.workers = workers
        self.ready: float | None = None
        super().__init__(setup, self._pool(), workers)
        self._warm_up()

    def _pool(self) -> ProcessPoolExecutor:
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(self.workers, mp_context=context, initializer=_ignore_interrupts)

    def submit(self, chunk: Chunk) -> Future[Finished]:
        """Hand out a chunk; a process that this starts gets one thread for linear algebra."""
        with _environment(_ONE_THREAD):
            return super().submit(chunk)

    def _warm_up(self) -> None:
        """Start every process and let it read the setup, so that no chunk's time counts what a start takes."""
        with _environment(_ONE_THREAD):
            self.starts = [self.executor.submit(_get_ready, self.payload) for _ in range(self.workers)]
        self.ready = None

    def ready_since(self) -> float | None:
        """When all processes had read the setup."""
        if self.ready is None and all(start.done() for start in self.starts):
            self.ready = time.monotonic()
        return self.ready

    def renew(self) -> bool:
        """New processes in place of all."""
        self.stop()
        self.executor = self._pool()
        self._warm_up()
        return True

    def stop(self) -> None:
        """Kill the processes."""
        for process in list((getattr(self.executor, "_processes", None) or {}).values()):
            process.kill()
        self.executor.shutdown(wait=False, cancel_futures=True)

    def close(self) -> None:
        """End the processes."""
        self.executor.shutdown(cancel_futures=True)


class Cluster(Others):
    """Dask: a scheduler by its address (`tcp://...`), or one of our own with N processes (`local:N`)."""

    def __init__(self, setup: Setup, scheduler: str) -> None:
        try:
            from distributed import Client, LocalCluster
        except ImportError:
            raise DataError(["--scheduler needs Dask: pip install '.[cluster]' in the clone"]) from None
        self.cluster: Any = None
        kind, _, count = scheduler.partition(":")
        if kind == "local":
            if not count.isdigit() or int(count) < 1:
                raise DataError(
                    [f"--scheduler {scheduler}: how many workers?\n    allowed: local:N, or tcp://HOST:PORT"]
                )
            self.cluster = LocalCluster(n_workers=int(count), threads_per_worker=1, dashboard_address=None)
        try:
            self.client = Client(self.cluster or scheduler, timeout="10s", set_as_default=False)
        except (OSError, ValueError, TimeoutError) as error:
            raise DataError([f"--scheduler {scheduler}: no scheduler answers there ({error})"]) from None
        # Dask itself gives the chunks of a dead worker to another.
        threads = sum(self.client.nthreads().values())
        super().__init__(setup, self.client.get_executor(pure=False), 2 * max(threads, 1))

    def stop(self) -> None:
        """Leave the scheduler; it drops what nobody waits for any more."""
        self.close()

    def close(self) -> None:
        """Leave the scheduler, and end our own; one that is slow to go costs no finished part."""
        self.executor.shutdown(wait=False)
        for each in filter(None, (self.client, self.cluster)):
            with contextlib.suppress(TimeoutError):
                each.close(timeout=_PATIENCE)


@functools.lru_cache(maxsize=2)
def _setup_from(payload: bytes) -> Setup:
    found: Setup = pickle.loads(payload)  # noqa: S301 - what this program pickled, sent by its own executor
    return found


def _get_ready(payload: bytes) -> None:
    _setup_from(payload)


def work_on(payload: bytes, chunk: Chunk) -> Finished:
    """Run a chunk in another process, which keeps the setup for the next one."""
    return work(_setup_from(payload), chunk)


def _ignore_interrupts() -> None:
    """Ctrl-C reaches every process of a terminal; who started this one decides."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextlib.contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update({name: value for name, value in values.items() if name not in os.environ})
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
