"""How fast the kernel is, beside a plain Mesa model and plain loops over runs.

All are timed in one run, on the same cores, turn by turn, so that a machine's moods fall on all.
Compiling, reading the world and starting processes are left out.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import numpy as np
from llvmlite.binding import get_host_cpu_features
from mesa.batchrunner import batch_run

from benchmarks.fresh import fresh
from benchmarks.given import Given, begun, packaged_world
from benchmarks.measured import Row, Section
from benchmarks.plain import PlainJoin
from benchmarks.reference import ReferenceModel, named_inputs
from eurasia_sim import simulate
from eurasia_sim.compute.blocks import RUNS
from eurasia_sim.compute.dimensions import DOMAINS
from eurasia_sim.compute.jit import compiled
from eurasia_sim.kernel import month
from eurasia_sim.kernel.outcomes import column_names
from eurasia_sim.kernel.workspace import Workspace, facts_of, levers_of, plan_of
from eurasia_sim.mechanisms import cooperation

SCENARIO = "us_exit"
LEAST_RATIO, LEAST_RATIO_ON_AVX2 = 450.0, 300.0
MOST_COMPILING = 30.0
AVX2 = {"NUMBA_CPU_NAME": "haswell", "NUMBA_CPU_FEATURES": "+avx2,+fma,+bmi,+bmi2"}
CALLS, TURNS = 100, 7


def seeds(runs: int) -> np.ndarray:
    """(runs,) seeds, the same for all opponents."""
    return np.random.SeedSequence(7).generate_state(runs, np.uint64)


class KernelRuns:
    """Whole runs of the kernel, a thread a core; keeps the focal pairs' measures by month."""

    def __init__(self, inputs: Given, runs: int, cores: int) -> None:
        self.inputs, self.runs, self.cores = inputs, runs, cores
        pairs = [(inputs.actors[i], inputs.actors[j]) for i, j in inputs.focus]
        ids = list(inputs.actors), list(inputs.theatres)
        names = column_names(*ids, DOMAINS, pairs, list(inputs.scope_names))
        self.kept = np.array([names.index(name) for name in inputs.columns])
        self.facts = facts_of(inputs.geography, inputs.focus, inputs.scopes)
        self.rules = np.repeat(np.asarray(inputs.rules)[None], runs)
        self.rows, self.seeds = np.tile(inputs.row, (runs, 1)), seeds(runs)

    def advance(self, first: int) -> None:
        """A block of runs, up to eight, from the burn-in to the last month."""
        inputs, part = self.inputs, slice(first, min(first + RUNS, self.runs))
        size, span = part.stop - first, (-inputs.burn_in, inputs.months)
        status = np.zeros((size, 3), np.int64)
        trajectory = np.empty((inputs.months, len(self.kept), RUNS))
        workspace = Workspace(self.facts, self.rules)
        workspace.load(self.rules[part], self.rows[part], self.seeds[part])
        levers = levers_of([inputs.levers], np.zeros(size, np.int64), span)
        plan = plan_of(span, inputs.burn_in, kept=self.kept)
        workspace.advance(levers, plan, trajectory, status)
        if status.any():
            raise ArithmeticError(f"a run of the kernel failed: {status}")

    def rate(self) -> float:
        """Runs a second."""
        began = time.perf_counter()
        with ThreadPoolExecutor(self.cores) as pool:
            list(pool.map(self.advance, range(0, self.runs, RUNS)))
        return self.runs / (time.perf_counter() - began)


def kernel_rates(runs: int, cores: int, turns: int) -> list[float]:
    """Runs a second of the kernel, its machine code loaded."""
    kernel_runs = KernelRuns(named_inputs(SCENARIO), runs, cores)
    kernel_runs.rate()
    return [kernel_runs.rate() for _ in range(turns)]


def reference_rates(runs: int, cores: int, chance: str) -> tuple[float, float]:
    """Runs a second of the plain Mesa model under `batch_run`: at work, and with its start.

    The first leaves out the start of the processes and the reading of the world: the sum, over the
    workers, of runs over the time from each one's first start to its last end.
    """
    given: dict[str, Any] = {"scenario": SCENARIO, "seed": seeds(runs).tolist(), "chance": chance}
    began = time.perf_counter()
    # More steps than any run has: the model itself says when it is over.
    rows = batch_run(ReferenceModel, given, cores, max_steps=10**6, display_progress=False)
    whole = runs / (time.perf_counter() - began)
    at_work = 0.0
    for process in {row["process"] for row in rows}:
        own = [row for row in rows if row["process"] == process]
        span = max(row["ended"] for row in own) - min(row["started"] for row in own)
        at_work += len(own) / span
    return at_work, whole


@compiled
def joined(state, month, facts, p, times):
    """Do the kernel's own joint work so many times on end."""
    for _ in range(times):
        cooperation.join(state, month, facts, p)


def join_times(inputs: Given) -> tuple[float, float]:
    """Microseconds of a run's month of joint work: the kernel's own, and as plain loops."""
    workspace = begun(inputs, 7, RUNS)
    workspace.set_month(inputs.levers, inputs.months // 2)
    month.decide(workspace.blocks, 1)
    month.resolve(workspace.blocks, 1)
    state, _, levers, facts, p = workspace.blocks
    return _least(partial(joined, state, levers, facts, p)), _least(PlainJoin(workspace))


def _least(work: Callable[[int], object]) -> float:
    """Microseconds of a run, the least of some turns: what else is done only adds."""
    work(1)
    times = []
    for _ in range(TURNS):
        began = time.perf_counter()
        work(CALLS)
        times.append((time.perf_counter() - began) / CALLS / RUNS * 1e6)
    return min(times)


def first_run() -> float:
    """Seconds of processor time of a first run."""
    world = packaged_world()
    began = time.process_time()
    simulate(SCENARIO, world=world)
    return time.process_time() - began


def has_wide_registers() -> bool:
    """Whether code is made for registers of eight numbers."""
    features = os.environ.get("NUMBA_CPU_FEATURES")
    if features:
        return "+avx512f" in features.split(",")
    return bool(get_host_cpu_features().get("avx512f"))


def race(cores: int, turns: int = 5, kernel_runs: int = 96, reference_runs: int = 8) -> Section:
    """Time all opponents turn by turn; on AVX2, where the machine has more, the kernel as well."""
    inputs = named_inputs(SCENARIO)
    months, actors = inputs.months + inputs.burn_in, len(inputs.actors)
    is_wide = has_wide_registers()
    names = ("kernel", "narrow", "addressed", "started", "sequential", "own", "plain")
    found: dict[str, list[float]] = {name: [] for name in names}
    kernel_rates(kernel_runs, cores, 1)
    for _ in range(turns):
        found["kernel"] += kernel_rates(kernel_runs, cores, 1)
        if is_wide:
            given = {"runs": kernel_runs, "cores": cores, "turns": 1}
            found["narrow"] += fresh(kernel_rates, AVX2, **given)[0]
        at_work, whole = reference_rates(reference_runs, cores, "addressed")
        found["addressed"].append(at_work)
        found["started"].append(whole)
        found["sequential"].append(reference_rates(reference_runs, cores, "sequential")[0])
        own, plain = join_times(inputs)
        found["own"].append(own)
        found["plain"].append(plain)
    with tempfile.TemporaryDirectory() as folder:
        compiling = fresh(first_run, {"XDG_CACHE_HOME": folder})[0]

    def row(name: str, of: str, unit: str) -> Row:
        return Row(name, tuple(found[of]), unit)

    def ratio(name: str, above: str, below: str, least: float) -> Row:
        each = zip(found[above], found[below], strict=True)
        return Row(name, tuple(a / b for a, b in each), "times", least)

    bar = LEAST_RATIO if is_wide else LEAST_RATIO_ON_AVX2
    rows = [
        ratio("kernel over plain Mesa", "kernel", "addressed", bar),
        Row("first run, with all that it compiles", (compiling,), "s", most=MOST_COMPILING),
        row(f"compiled kernel, {cores} threads", "kernel", "runs/s"),
        row("plain Mesa model under batch_run, the kernel's draws", "addressed", "runs/s"),
        row("the same with the start of its processes", "started", "runs/s"),
        row("the same with draws from Mesa's own generator", "sequential", "runs/s"),
        row("joint work, compiled, a run and month", "own", "us"),
        row("joint work as plain loops over runs, a run and month", "plain", "us"),
        ratio("joint work, plain loops over the kernel's own", "plain", "own", -np.inf),
    ]
    if is_wide:
        title = "kernel over plain Mesa, code for AVX2"
        rows.insert(1, ratio(title, "narrow", "addressed", LEAST_RATIO_ON_AVX2))
    about = (
        f"{SCENARIO}: {actors} actors, {len(inputs.theatres)} theatres, "
        f"{len(inputs.geography.convenes)} venues, {months} months a run; {turns} turns, "
        f"interleaved, {cores} cores for every opponent. A first run's seconds are processor time."
    )
    return Section("Kernel", about, tuple(rows))
