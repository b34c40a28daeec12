"""What a sweep costs beyond the kernel, by Dask, and in memory.

A sweep is timed from its file to its manifest by the function that the command line calls;
Python's own start and the compiling are left out. Turns of what is compared alternate, so that a
machine's moods fall on all.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from benchmarks.fresh import fresh
from benchmarks.measured import Row, Section
from eurasia_sim.experiments.batch import RUNS_A_CALL, batches
from eurasia_sim.experiments.point import point_of
from eurasia_sim.experiments.sweep import Sweep, Work, carry_out, prepare_sweep
from eurasia_sim.simulation.ensemble import run_paired
from eurasia_sim.simulation.inputs import Inputs
from eurasia_sim.simulation.parameter_draws import Draws

MOST_OVER_KERNEL, MOST_OVER_POOL, MOST_GROWTH = 1.15, 1.25, 60.0
REPLICATIONS = 10
MEGABYTE = 1e6
EXPERIMENT = """format: 1
kind: sweep
title: Everything uncertain, timed
scenarios: [{scenario}]
design: {{kind: latin_hypercube, points: {points}}}
factors: {{"*": declared}}
replications: {replications}
measures:
  - joint_share.russia-china.central_asia
  - cooperation.russia-china.central_asia
  - competition.russia-china.central_asia
  - colocation.russia-china.central_asia
  - alignment.russia.china
  - benefit.russia
  - burden.russia
  - stability.afghanistan
window: {window}
seed: 7
"""
WINDOW = '["2024-01", "2030-12"]'
# The burn-in and a few months, for what depends on the number of runs and not on their length.
SHORT = """format: 1
title: A few months
departs: "2001-12"
horizon: "2002-03"
levers: {pressure: {united_states: {russia: 0.3}}}
"""
SHORT_WINDOW = '["2002-01", "2002-03"]'


class Spent(NamedTuple):
    """What some work took."""

    seconds: float  # by the clock on the wall
    processor: float  # seconds of this process's threads on a core, and of children that have ended


@contextmanager
def stopwatch() -> Iterator[list[Spent]]:
    """A list that has, once the block is left, what it took."""
    found: list[Spent] = []
    times, began = os.times(), time.perf_counter()
    yield found
    seconds, now = time.perf_counter() - began, os.times()
    found.append(Spent(seconds, sum(now[:4]) - sum(times[:4])))


def timed_sweep(folder: Path, runs: int, *, short: bool = False) -> Sweep:
    """The sweep of so many runs of us_exit, or of a few months, from a file in the folder."""
    scenario, window = "us_exit", WINDOW
    if short:
        scenario, window = str(folder / "few_months.yaml"), SHORT_WINDOW
        Path(scenario).write_text(SHORT, encoding="utf-8")
    points, replications = max(1, runs // REPLICATIONS), min(REPLICATIONS, runs)
    given = {"scenario": scenario, "points": points, "replications": replications}
    file = folder / "timed.yaml"
    file.write_text(EXPERIMENT.format(**given, window=window), encoding="utf-8")
    return prepare_sweep(file)


def swept(runs: int, cores: int, scheduler: str | None = None, *, short: bool = False) -> Spent:
    """What a sweep takes from its file to its manifest."""
    with tempfile.TemporaryDirectory(prefix="timed-") as name, stopwatch() as found:
        prepared = timed_sweep(Path(name), runs, short=short)
        ended = carry_out(prepared, Path(name), Work(workers=cores, scheduler=scheduler))
        if ended.failed or not ended.complete or ended.runs != runs:
            raise ArithmeticError(f"{ended.failed} of {ended.runs} runs failed")
    return found[0]


def swept_short(runs: int, cores: int) -> float:
    """Seconds of a sweep of runs that are cut short."""
    return swept(runs, cores, short=True).seconds


@dataclass(frozen=True)
class Bare:
    """The runs of a sweep as the kernel alone makes them: all inputs ready, nothing written."""

    calls: tuple[tuple[Inputs, Draws], ...]
    window: tuple[int, int]

    @classmethod
    def of(cls, prepared: Sweep) -> Bare:
        """The same runs in calls of the same size."""
        setup, plan = prepared.setup, prepared.plan
        calls: list[tuple[Inputs, Draws]] = []
        for number in plan.numbers:
            chunk = plan.chunk(prepared.design, number)
            cells = enumerate(chunk.cells)
            points = [point_of(setup, chunk.first + at, each) for at, each in cells]
            for batch in batches(points):
                first = batch.points[0][0]
                inputs = setup.inputs(points[0].scenarios[0], first)
                draws = batch.draws(setup, inputs)
                parts = (slice(at, at + RUNS_A_CALL) for at in range(0, len(draws), RUNS_A_CALL))
                calls += [(inputs, draws.part(part)) for part in parts]
        return cls(tuple(calls), setup.experiment.window)

    def spent(self, cores: int) -> Spent:
        """What the kernel takes for all runs, a thread a core."""
        with stopwatch() as found, ThreadPoolExecutor(cores) as pool:
            list(pool.map(self._call, self.calls))
        return found[0]

    def _call(self, call: tuple[Inputs, Draws]) -> None:
        inputs, draws = call
        (outcome,) = run_paired([inputs], draws, self.window)
        if outcome.statuses[:, 0].any():
            raise ArithmeticError(f"a run of the kernel failed: {outcome.statuses}")


def overheads(cores: int, turns: int = 3, runs: int = 10_000, *, dask: bool = True) -> Section:
    """A sweep beside the bare kernel and beside Dask, for the same runs on the same cores."""
    with tempfile.TemporaryDirectory(prefix="timed-") as folder:
        bare = Bare.of(timed_sweep(Path(folder), runs))
    ways: dict[str, Callable[[], Spent]] = {
        "bare kernel": lambda: bare.spent(cores),
        "sweep, storage included": lambda: swept(runs, cores),
    }
    if dask:
        ways[f"sweep by Dask, local:{cores}"] = lambda: swept(runs, cores, f"local:{cores}")
    Bare(bare.calls[:cores], bare.window).spent(cores)  # loads the machine code
    found: dict[str, list[Spent]] = {name: [] for name in ways}
    for _ in range(turns):
        for name, way in ways.items():
            found[name].append(way())
    kernel, sweep, *by_dask = found.values()
    rows = _ratios("sweep over bare kernel", sweep, kernel, MOST_OVER_KERNEL)
    for each in by_dask:
        rows += _ratios("Dask over the pool of threads", each, sweep, MOST_OVER_POOL)
    for name, spent in found.items():
        rows.append(Row(name, tuple(each.seconds for each in spent), "s"))
    about = (
        f"{runs:,} runs of us_exit: {runs // REPLICATIONS:,} points over everything uncertain, "
        f"{REPLICATIONS} replications each, 8 measures kept; {turns} turns, interleaved. The bare "
        "kernel makes the same runs, made out beforehand, and keeps nothing."
    )
    return Section("Sweep over kernel", about, tuple(rows))


def _ratios(name: str, above: list[Spent], below: list[Spent], most: float) -> list[Row]:
    """Ratios turn by turn, by the clock and by processor time, which other work disturbs less."""
    pairs = list(zip(above, below, strict=True))
    clock = tuple(a.seconds / b.seconds for a, b in pairs)
    processor = tuple(a.processor / b.processor for a, b in pairs)
    return [
        Row(name, clock, "times", most=most),
        Row(f"{name}, processor time", processor, "times"),
    ]


def memory(cores: int, few: int = 1_000, many: int = 100_000) -> Section:
    """The most memory that a sweep of many runs takes, beside one of few."""
    peaks = {runs: fresh(swept_short, runs=runs, cores=cores)[1] for runs in (few, many)}
    growth = (peaks[many] - peaks[few]) / MEGABYTE
    rows = [Row("growth of memory", (growth,), "MB", most=MOST_GROWTH)]
    rows += [Row(f"{runs:,} runs", (peak / MEGABYTE,), "MB") for runs, peak in peaks.items()]
    about = (
        "Largest resident memory of a fresh process that carries out the sweep above, its runs cut "
        "to the burn-in and a few months: memory depends on how many runs there are, not on how "
        "long they are."
    )
    return Section("Memory", about, tuple(rows))
