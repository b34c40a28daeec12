"""Chunks handed to workers, and every one of them brought back exactly once, whatever fails."""

from __future__ import annotations

import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Future, wait
from dataclasses import dataclass, field
from typing import Any

from eurasia_sim.experiments.batch import ABORTED, ERROR, TIMEOUT, Chunk, Finished, Interrupted, work
from eurasia_sim.experiments.executors import Crew
from eurasia_sim.experiments.point import Setup
from eurasia_sim.files.data_yaml import DataError

_TICK = 0.1  # seconds between two looks at clocks and interrupts
_DEATHS = 2  # a chunk whose workers died so often is given up


@dataclass(frozen=True)
class Rules:
    """What to do about failures."""

    most_failures: int | None = None  # stop beyond so many failed runs; none: go on whatever fails
    retries: int = 0  # of a chunk that raised or took too long
    timeout: float | None = None  # seconds a chunk may take; only processes can be ended


@dataclass
class _Try:
    """A chunk on its way."""

    chunk: Chunk
    began: float = 0.0
    raised: int = 0
    deaths: int = 0


@dataclass
class Dispatch:
    """Hands chunks to a crew, and what comes back to `take`; a chunk comes back exactly once, whatever happens."""

    setup: Setup
    crew: Crew
    rules: Rules
    take: Callable[[Finished], None]
    note: Callable[[dict[str, Any]], None]  # something for the log
    pending: dict[Future[Finished], _Try] = field(default_factory=dict)
    again: deque[_Try] = field(default_factory=deque)
    failed: int = 0

    @property
    def too_many(self) -> bool:
        """Whether more runs failed than may."""
        return self.rules.most_failures is not None and self.failed > self.rules.most_failures

    def through(self, chunks: Iterator[Chunk], tick: Callable[[], None] = lambda: None) -> bool:
        """Have all chunks done; whether none was left because too many failed.

        Raises:
            KeyboardInterrupt: after the crew was stopped and what it had finished was taken.
        """
        try:
            while not self.too_many and (self._hand_out(chunks) or self.pending):
                done, _ = wait(self.pending, timeout=_TICK, return_when=FIRST_COMPLETED)
                for future in done:
                    if future in self.pending:
                        self._receive(future)
                self._look_at_the_clock()
                tick()
        except BaseException:
            self.crew.stop()
            self._leave()
            raise
        if self.too_many:
            self.crew.stop()
            self._leave()
        return not self.too_many

    def _leave(self) -> None:
        """Cancel what waits, and take what is finished and would be lost."""
        for future in self.pending:
            future.cancel()
        for future in [f for f in self.pending if f.done() and not f.cancelled() and f.exception() is None]:
            self.take(future.result())

    def _hand_out(self, chunks: Iterator[Chunk]) -> bool:
        """Fill the crew's hands; whether anything is on its way."""
        while len(self.pending) < self.crew.in_flight:
            suspect = bool(self.again) and self.again[0].deaths > 0
            held = any(each.deaths for each in self.pending.values())
            # A chunk whose worker died is tried alone: then it is known whether it was that chunk.
            if held or (suspect and self.pending):
                break
            if self.again:
                attempt = self.again.popleft()
            elif (chunk := next(chunks, None)) is not None:
                attempt = _Try(chunk)
            else:
                break
            attempt.began = time.monotonic()
            try:
                self.pending[self.crew.submit(attempt.chunk)] = attempt
            except BrokenExecutor as error:  # whoever died had others' chunks in hand too
                self._bury([attempt, *self.pending.values()], error)
        return bool(self.pending)

    def _receive(self, future: Future[Finished]) -> None:
        attempt = self.pending.pop(future)
        try:
            finished = future.result()
        except (BrokenExecutor, CancelledError) as error:
            self._bury([attempt, *self.pending.values()], error)
        except (DataError, Interrupted, MemoryError):
            raise
        except Exception as error:  # noqa: BLE001 - whatever a chunk raises must not cost the others
            if type(error).__name__ == "KilledWorker":  # Dask's word for a chunk that several workers died of
                self._give_up(attempt, ABORTED, str(error))
            else:
                self._fail(attempt, ERROR, "".join(traceback.format_exception(error)))
        else:
            self._accept(finished)

    def _accept(self, finished: Finished) -> None:
        self.failed += finished.failed
        self.take(finished)

    def _fail(self, attempt: _Try, status: str, reason: str) -> None:
        """Try a chunk again, or give it up."""
        attempt.raised += 1
        if attempt.raised <= self.rules.retries:
            self.note({"chunk": attempt.chunk.number, "event": "retry", "status": status, "reason": reason})
            self.again.append(attempt)
        else:
            self._give_up(attempt, status, reason)

    def _give_up(self, attempt: _Try, status: str, reason: str) -> None:
        """Record a chunk's runs as missing."""
        self.note({"chunk": attempt.chunk.number, "event": status, "reason": reason})
        self._accept(work(self.setup, attempt.chunk, status=status))

    def _bury(self, tried: list[_Try], error: BaseException) -> None:
        """A worker has died: replace the crew, and try what was in hand once more, each chunk alone."""
        finished = [f for f in self.pending if f.done() and not f.cancelled() and f.exception() is None]
        spared = [self.pending.pop(future) for future in finished]
        self.pending.clear()
        mended = self.crew.renew()
        for future in finished:
            self._accept(future.result())
        for attempt in [each for each in tried if each not in spared]:
            attempt.deaths += 1
            if attempt.deaths < _DEATHS and mended:
                self.note({"chunk": attempt.chunk.number, "event": "worker died", "reason": str(error)})
                self.again.appendleft(attempt)
            else:
                self._give_up(attempt, ABORTED, f"its worker died: {error}")

    def _look_at_the_clock(self) -> None:
        """End the workers of a chunk that takes too long; what else they had in hand is tried again."""
        limit, now, ready = self.rules.timeout, time.monotonic(), self.crew.ready_since()
        late = [
            each
            for each in self.pending.values()
            if limit is not None and ready is not None and now - max(each.began, ready) > limit
        ]
        if not late:
            return
        rest = [each for each in self.pending.values() if each not in late]
        self.pending.clear()
        self.crew.renew()
        self.again.extendleft(rest)
        for attempt in late:
            self._fail(attempt, TIMEOUT, f"longer than {limit:g} s")
