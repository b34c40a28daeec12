"""A sweep to be timed: everything uncertain drawn over its range, a few replications a point, parts written to disk."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from eurasia_sim.experiments import batch as sweep_chunk
from eurasia_sim.experiments.batch import batches
from eurasia_sim.experiments.point import point_of
from eurasia_sim.experiments.sweep import Sweep, Work, carry_out, prepare_sweep
from eurasia_sim.simulation.ensemble import run_paired
from eurasia_sim.simulation.inputs import Inputs
from eurasia_sim.simulation.parameter_draws import Draws

REPLICATIONS = 10
# Measures of the kind that the packaged experiments name.
MEASURES = (
    "joint_share.russia-china.central_asia",
    "cooperation.russia-china.central_asia",
    "competition.russia-china.central_asia",
    "colocation.russia-china.central_asia",
    "alignment.russia.china",
    "benefit.russia",
    "burden.russia",
    "stability.afghanistan",
)
EXPERIMENT = """format: 1
kind: sweep
title: Everything uncertain, timed
scenarios: [{scenario}]
design: {{kind: latin_hypercube, points: {points}}}
factors: {{"*": declared}}
replications: {replications}
measures: [{measures}]
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


def timed_sweep(folder: Path, runs: int, scenario: str = "us_exit", *, short: bool = False) -> Sweep:
    """The sweep of so many runs, prepared from a file that is written to the folder.

    Args:
        short: runs of a few months after the burn-in, in place of the scenario's.
    """
    window = WINDOW
    if short:
        scenario, window = str(folder / "few_months.yaml"), SHORT_WINDOW
        Path(scenario).write_text(SHORT, encoding="utf-8")
    file = folder / "timed.yaml"
    points = max(1, runs // REPLICATIONS)
    file.write_text(
        EXPERIMENT.format(
            scenario=scenario, points=points, replications=min(REPLICATIONS, runs), measures=", ".join(MEASURES),
            window=window,
        ),
        encoding="utf-8",
    )  # fmt: skip
    return prepare_sweep(file)


@contextmanager
def scratch() -> Iterator[Path]:
    """An empty folder for results, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="timed-") as name:
        yield Path(name)


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


def swept(
    runs: int, cores: int, scheduler: str | None = None, scenario: str = "us_exit", *, short: bool = False
) -> Spent:
    """What a sweep takes from its file to its manifest, by the function that the command line calls."""
    with scratch() as folder, stopwatch() as found:
        prepared = timed_sweep(folder, runs, scenario, short=short)
        ended = carry_out(prepared, folder, Work(workers=cores, scheduler=scheduler))
        if ended.failed or not ended.complete or ended.runs != runs:
            raise ArithmeticError(f"{ended.failed} of {ended.runs} runs failed")
    return found[0]


def swept_short(runs: int, cores: int) -> float:
    """Seconds of a sweep of runs that are cut short."""
    return swept(runs, cores, short=True).seconds


@dataclass(frozen=True)
class Bare:
    """The runs of a sweep as the kernel alone makes them: everything is made out before, nothing is written."""

    calls: tuple[tuple[Inputs, Draws], ...]
    window: tuple[int, int]

    @classmethod
    def of(cls, prepared: Sweep) -> Bare:
        """The same runs in calls of the same size."""
        setup, plan, size = prepared.setup, prepared.plan, sweep_chunk.RUNS_A_CALL
        calls: list[tuple[Inputs, Draws]] = []
        for number in plan.numbers:
            chunk = plan.chunk(prepared.design, number)
            points = [point_of(setup, chunk.first + at, cells) for at, cells in enumerate(chunk.cells)]
            for batch in batches(points):
                inputs = setup.inputs(points[0].scenarios[0], batch.points[0][0])
                draws = batch.draws(setup, inputs)
                calls += [(inputs, draws.part(slice(at, at + size))) for at in range(0, len(draws), size)]
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
