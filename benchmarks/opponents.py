"""The ways of running the same work that `benchmarks.speed` times against one another, each on the same cores."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import numpy as np
from mesa.batchrunner import batch_run

from benchmarks.given import Given, begun
from benchmarks.plain import PlainJoin
from benchmarks.reference import ReferenceModel
from eurasia_sim.compute.blocks import RUNS
from eurasia_sim.compute.dimensions import DOMAINS
from eurasia_sim.compute.jit import compiled
from eurasia_sim.kernel import month
from eurasia_sim.kernel.outcomes import column_names
from eurasia_sim.kernel.workspace import Workspace, facts_of, levers_of, plan_of
from eurasia_sim.mechanisms import cooperation

RUNS_A_CHUNK = RUNS
CALLS, TURNS = 100, 7


def seeds(runs: int) -> np.ndarray:
    """(runs,) seeds, the same for all opponents."""
    return np.random.SeedSequence(7).generate_state(runs, np.uint64)


def shares(runs: int, size: int) -> list[slice]:
    """Runs cut into chunks of at most a size."""
    return [slice(at, min(at + size, runs)) for at in range(0, runs, size)]


class KernelRaces:
    """Whole runs of the compiled kernel, a thread a core over chunks of runs; keeps the focal pairs month by month."""

    def __init__(self, inputs: Given, runs: int, cores: int) -> None:
        self.inputs, self.runs, self.cores = inputs, runs, cores
        pairs = [(inputs.actors[i], inputs.actors[j]) for i, j in inputs.focus]
        names = column_names(list(inputs.actors), list(inputs.theatres), DOMAINS, pairs, list(inputs.scope_names))
        self.kept = np.array([names.index(name) for name in inputs.columns])
        self.trajectories = np.empty((-(-runs // RUNS), inputs.months, len(self.kept), RUNS))
        self.facts = facts_of(inputs.geography, inputs.focus, inputs.scopes)
        self.rules = np.repeat(np.asarray(inputs.rules)[None], runs)
        self.rows = np.tile(inputs.row, (runs, 1))
        self.seeds = seeds(runs)

    def advance(self, part: slice, months: int) -> None:
        """Some of the runs, up to eight, from the burn-in to before a month."""
        inputs, size = self.inputs, part.stop - part.start
        status, span = np.zeros((size, 3), np.int64), (-inputs.burn_in, months)
        workspace = Workspace(self.facts, self.rules)
        workspace.load(self.rules[part], self.rows[part], self.seeds[part])
        trajectory = self.trajectories[part.start // RUNS, :months]
        levers = levers_of([inputs.levers], np.zeros(size, np.int64), span)
        workspace.advance(levers, plan_of(span, inputs.burn_in, kept=self.kept), trajectory, status)
        if status.any():
            raise ArithmeticError(f"a run of the kernel failed: {status}")

    def rate(self) -> float:
        """Runs a second."""
        began = time.perf_counter()
        with ThreadPoolExecutor(self.cores) as pool:
            size = RUNS_A_CHUNK
            list(pool.map(lambda part: self.advance(part, self.inputs.months), shares(self.runs, size)))
        return self.runs / (time.perf_counter() - began)


def reference_rates(scenario: str, theory: str | None, runs: int, cores: int, chance: str) -> tuple[float, float]:
    """Runs a second of the plain Mesa model under `batch_run`: of workers at work, and with their start.

    The first leaves out the start of the processes and the reading of the world: over the workers, the sum of runs
    over the time from each one's first start to its last end.
    """
    parameters: dict[str, Any] = {"scenario": scenario, "seed": [int(seed) for seed in seeds(runs)], "chance": chance}
    if theory:
        parameters["theory"] = theory
    began = time.perf_counter()
    # More steps than any run has: the model itself says when it is over, as `max_steps` would be one too many.
    rows = batch_run(ReferenceModel, parameters, cores, max_steps=10**6, display_progress=False)
    whole = runs / (time.perf_counter() - began)
    at_work = 0.0
    for process in {row["process"] for row in rows}:
        own = [row for row in rows if row["process"] == process]
        at_work += len(own) / (max(row["ended"] for row in own) - min(row["started"] for row in own))
    return at_work, whole


@compiled
def repeated(mechanism, blocks, number, times):
    """One mechanism of a month so many times on end."""
    for _ in range(times):
        month.run_mechanism(mechanism, blocks, number)


@compiled
def joined(state, month, facts, p, times):
    """The kernel's own joint work so many times on end."""
    for _ in range(times):
        cooperation.join(state, month, facts, p)


def _block(inputs: Given, t: int) -> Workspace:
    """Eight runs that have lived one month."""
    workspace = begun(inputs, 7, RUNS)
    workspace.set_month(inputs.levers, t)
    month.decide(workspace.blocks, 1)
    month.resolve(workspace.blocks, 1)
    return workspace


def _least(work: Callable[[int], object]) -> float:
    """Microseconds of a run, the least of some turns: what else is done only adds."""
    work(1)
    times = []
    for _ in range(TURNS):
        began = time.perf_counter()
        work(CALLS)
        times.append((time.perf_counter() - began) / CALLS / RUNS * 1e6)
    return min(times)


def mechanism_times(inputs: Given, t: int) -> dict[str, float]:
    """Microseconds of each mechanism of a month of one run, eight of which are worked out side by side."""
    blocks, found = _block(inputs, t).blocks, {}
    for mechanism in range(1, len(month.PHASES)):
        found[month.PHASES[mechanism]] = _least(partial(repeated, mechanism, blocks, np.uint64(1)))
    return found


def join_times(inputs: Given, t: int) -> tuple[float, float]:
    """Microseconds of a month's joint work of one run: the kernel's own, and as plain loops over runs."""
    workspace = _block(inputs, t)
    state, _, levers, facts, p = workspace.blocks
    return _least(partial(joined, state, levers, facts, p)), _least(PlainJoin(workspace))
