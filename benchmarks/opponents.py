"""The ways of running the same work that `benchmarks.speed` times against one another, each on the same cores."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
from mesa.batchrunner import batch_run

from benchmarks import batched
from benchmarks.given import Given, begun
from benchmarks.reference import ReferenceModel
from eurasia_sim import kernel, layout
from eurasia_sim.compilation import compiled
from eurasia_sim.measures import column_names
from eurasia_sim.mechanisms import cooperation
from eurasia_sim.parameters import DOMAINS

RUNS_A_CHUNK = 8
CALLS, TURNS = 300, 7
# The kernel takes a run's months on end, its state near the processor; a batch takes one month of all runs.
MONTHS_ON_END = 20


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
        self.columns = len(names)
        self.kept = np.array([names.index(name) for name in inputs.columns])
        self.trajectories = np.empty((runs, inputs.months, len(self.kept)))
        self.memories = np.zeros((runs, layout.state_size(*inputs.sizes)))
        self.constants_size = layout.constants_size(*inputs.sizes, len(inputs.scopes))
        self.rules = np.repeat(np.asarray(inputs.rules)[None], runs)
        self.rows = np.tile(inputs.row, (runs, 1))
        self.seeds = seeds(runs)

    def advance(self, part: slice, months: int) -> None:
        """Some of the runs, from the burn-in to before a month."""
        inputs, size = self.inputs, part.stop - part.start
        statuses = np.zeros((size, 3), np.int64)
        kernel.run_chunk(
            self.rules[part], self.rows[part], self.seeds[part], self.memories[part], True,
            layout.aligned(self.constants_size), layout.aligned(self.memories.shape[1]),
            layout.aligned(inputs.schedule.rows.shape[1]), inputs.geography, inputs.schedule.changes,
            inputs.focus, inputs.scopes, -inputs.burn_in, months, inputs.burn_in, np.array([months, months]), self.kept,
            np.empty(self.columns), np.full((size, self.columns), np.nan), self.trajectories[part], statuses,
        )  # fmt: skip
        if statuses.any():
            raise ArithmeticError(f"a run of the kernel failed: {statuses}")

    def rate(self) -> float:
        """Runs a second."""
        began = time.perf_counter()
        with ThreadPoolExecutor(self.cores) as pool:
            size = max(1, min(RUNS_A_CHUNK, self.runs // self.cores))
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


class Snapshot(NamedTuple):
    """Many runs at the same month, as the kernel's flat rows and as stacked arrays."""

    constants: Any
    month: Any
    memories: np.ndarray  # (R, Z)
    rules: np.ndarray  # (R,)
    sizes: tuple[int, int, int, int]  # actors, theatres, venues, pairs
    stacked: dict[str, np.ndarray]


def snapshot(inputs: Given, runs: int, cores: int, month: int) -> Snapshot:
    """Runs that differ by seed, at the start of a month."""
    race = KernelRaces(inputs, runs, cores)
    with ThreadPoolExecutor(cores) as pool:
        list(pool.map(lambda part: race.advance(part, month), shares(runs, RUNS_A_CHUNK)))
    states = [layout.unpack_state.py_func(row, *inputs.sizes) for row in race.memories]
    stacked = {
        name: np.stack([getattr(state, name) for state in states])
        for name in ("effort", "common", "alignment", "budget")
    }
    for name in ("effort", "common"):
        stacked[name] = stacked[name].reshape(runs, len(inputs.actors), -1)
    return Snapshot(begun(inputs)[2], inputs.month(month), race.memories, race.rules, inputs.sizes, stacked)


@compiled
def join_runs(memories, rules, n, k, v, pairs, scopes, fixed, levers, times):
    """The kernel's own `join` on run after run, each so many times on end, from flat rows as the kernel holds them."""
    constants = layout.unpack_constants(fixed, n, k, v, pairs, scopes)
    month = layout.unpack_month(levers, n, k, v)
    for r in range(memories.shape[0]):
        state = layout.unpack_state(memories[r], n, k, v, pairs)
        for _ in range(times):
            cooperation.join(state, constants, month, rules[r])


def kernel_join(shot: Snapshot, cores: int) -> float:
    """Seconds for one of the kernel's `join` on all runs, a thread a core, as months on end cost it."""
    began = time.perf_counter()
    with ThreadPoolExecutor(cores) as pool:
        parts = shares(len(shot.memories), -(-len(shot.memories) // cores))
        given = *shot.sizes, len(shot.constants.scopes), shot.constants.row, shot.month.row, MONTHS_ON_END
        list(pool.map(lambda at: join_runs(shot.memories[at], shot.rules[at], *given), parts))
    return (time.perf_counter() - began) / MONTHS_ON_END


def batched_join(shot: Snapshot, cores: int) -> float:
    """Seconds for the batched NumPy `join` on all runs, a thread a core."""
    least = shot.month.jointness.ravel()
    began = time.perf_counter()

    def part(at: slice) -> batched.Joined:
        fields = {name: values[at] for name, values in shot.stacked.items()}
        return batched.join(**fields, venues=shot.month.venues, least=least, rules=shot.rules[at])

    with ThreadPoolExecutor(cores) as pool:
        list(pool.map(part, shares(len(shot.memories), -(-len(shot.memories) // cores))))
    return time.perf_counter() - began


@compiled
def repeated(mechanism, memory, fixed, now, counts, seed, number, p, times):
    """One mechanism of a month so many times on end."""
    for _ in range(times):
        kernel.work(mechanism, memory, fixed, now, counts, seed, number, p)


def mechanism_times(inputs: Given, month: int) -> dict[str, float]:
    """Microseconds of each mechanism of a month in one run, the least of some turns: what else is done only adds."""
    memory, state, constants = begun(inputs)
    now, seed, number = inputs.month(month), np.uint64(7), np.uint64(1)
    kernel.assess(state, constants, now, seed, number, inputs.rules)
    kernel.act(state, constants, now, seed, number, inputs.rules)
    counts, found = kernel.counts_of(state, constants), {}
    for mechanism in range(1, len(kernel.PHASES)):
        given = mechanism, memory, constants.row, now.row, counts, seed, number, inputs.rules
        repeated(*given, 1)
        times = []
        for _ in range(TURNS):
            began = time.perf_counter()
            repeated(*given, CALLS)
            times.append((time.perf_counter() - began) / CALLS * 1e6)
        found[kernel.PHASES[mechanism]] = min(times)
    return found
