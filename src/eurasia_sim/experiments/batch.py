"""One part of a sweep: points are batched, run, and returned as the bytes of their tables."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from eurasia_sim.compute.dimensions import Floats, Integers
from eurasia_sim.experiments.design import Design
from eurasia_sim.experiments.point import MOST_SERIES, Point, Setup, point_of, points_of
from eurasia_sim.experiments.schema import SPREAD, Experiment
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.kernel import month
from eurasia_sim.kernel.workspace import Workspace
from eurasia_sim.simulation.ensemble import NO_COLUMNS, Outcome, run_paired, told
from eurasia_sim.simulation.events import event_log
from eurasia_sim.simulation.inputs import Inputs
from eurasia_sim.simulation.parameter_draws import (
    SHARE,
    Draws,
    draws_at,
    hold_shares,
    put,
    values_of,
)
from eurasia_sim.simulation.results import run_ids, table_bytes, trajectory_table
from eurasia_sim.simulation.run import Study
from eurasia_sim.world.world import World

OK = month.STATUS[0]
ERROR, ABORTED = "error", "aborted"
# A call of the kernel is short enough for an interrupt to be answered between two.
RUNS_A_CALL = 8
_HINT = "with NUMBA_DISABLE_JIT=1 before the command, a traceback leads to the line"


@dataclass(frozen=True)
class Chunk:
    """Some points of a sweep, one after another."""

    number: int
    first: int  # number of its first point
    cells: Floats  # (P, F)


@dataclass(frozen=True)
class Finished:
    """What a chunk gave: its tables as parquet, ready to be written."""

    number: int
    runs: int
    failed: int
    seconds: float
    tables: Mapping[str, bytes]  # "parts", and "trajectories" or "events" where they are kept


class Interrupted(Exception):
    """A chunk was given up because the sweep stops."""


@dataclass(frozen=True)
class Batch:
    """Points that share draws (a row), crossed with points that share lever settings (a column)."""

    points: Sequence[Sequence[Point]]  # (D, S)

    def family(self, setup: Setup) -> list[tuple[Inputs, list[Point]]]:
        """Inputs of every scenario under every settings, with the points that they are for."""
        columns = [list(column) for column in zip(*self.points, strict=True)]
        return [(setup.inputs(name, own[0]), own) for own in columns for name in own[0].scenarios]

    def draws(self, setup: Setup, inputs: Inputs) -> Draws:
        """(D * replicates,) draws of its rows, over the numbers that the inputs hold."""
        rows, world = [row[0] for row in self.points], setup.world
        seeds = np.array([seed for point in rows for seed in point.seeds], np.uint64)
        coded = world.coded_index
        stated = {coded[path] for path, _ in rows[0].numbers if path in coded}
        draws = draws_at(replace(inputs, fixed=inputs.fixed | stated), seeds)
        for at, (path, _) in enumerate(rows[0].numbers):
            values = np.repeat(
                [point.numbers[at][1] for point in rows], setup.experiment.replications
            )
            put(world, draws, path, values)
            if setup.experiment.kind in SPREAD:
                draws.drawn[path] = values
        if any(path in world.coded_index for path, _ in rows[0].numbers):
            hold_shares(world, draws)
        return draws


def batches(points: Sequence[Point]) -> Iterator[Batch]:
    """Points put together so that what they share is run once and blocks of runs fill."""
    by_draw: dict[Hashable, list[Point]] = {}
    for point in points:
        key = (point.scenarios, point.theory, point.forms, point.numbers, point.seeds)
        by_draw.setdefault(key, []).append(point)
    crossed: dict[Hashable, list[list[Point]]] = {}
    for row in by_draw.values():
        one, paths = row[0], tuple(path for path, _ in row[0].numbers)
        settings = tuple(point.settings for point in row)
        crossed.setdefault((one.scenarios, one.theory, one.forms, paths, settings), []).append(row)
    for table in crossed.values():
        width = max(1, MOST_SERIES // len(table[0][0].scenarios))
        for first in range(0, len(table[0]), width):
            yield Batch([row[first : first + width] for row in table])


def same_runs(world: World, experiment: Experiment) -> dict[str, str]:
    """Scenarios that come to the runs of one before them wherever both are run, with that one.

    Each is set to the lowest and to the highest that the factors go, and what the kernel would be
    given is compared.
    """
    setup = Setup(world, experiment)
    factors = experiment.factors

    def given(name: str, end: int) -> Hashable:
        spans = [
            range(len(f.levels)) if f.is_text else f.levels or (f.low, f.high) for f in factors
        ]
        point = point_of(setup, 0, np.array([float(span[end]) for span in spans]), (name,))
        inputs = setup.inputs(name, point)
        draws = Batch([[point]]).draws(setup, inputs)
        arrays = draws.rules, draws.rows, inputs.levers.rows
        return inputs.months, *(array.tobytes() for array in arrays)

    low = {name: given(name, 0) for name in setup.scenarios}
    times, first, found = Counter(low.values()), dict[Hashable, str](), {}
    for name, key in low.items():
        if times[key] > 1 and (one := first.setdefault((key, given(name, -1)), name)) != name:
            found[name] = one
    return found


def work(
    setup: Setup, chunk: Chunk, stopped: Callable[[], bool] = lambda: False, *, status: str = OK
) -> Finished:
    """Run a chunk.

    Args:
        stopped: asked every few runs; once it says yes, the chunk is given up.
        status: another than ok says why the chunk is not run: its runs are missing.

    Raises:
        Interrupted: when it was stopped.
    """
    began = time.perf_counter()
    rows = [(chunk.first + at, cells) for at, cells in enumerate(chunk.cells)]
    points = [point for number, cells in rows for point in points_of(setup, number, cells)]
    runs: list[dict[str, Any]] = []
    kept: list[pd.DataFrame] = []
    for batch in batches(points):
        members = batch.family(setup)
        family = [inputs for inputs, _ in members]
        draws, monthly = batch.draws(setup, family[0]), _monthly(setup, family[0])
        found: list[list[tuple[Floats, Integers]]] = [[] for _ in family]
        for begin in range(0, len(draws) if status == OK else 0, RUNS_A_CALL):
            if stopped():
                raise Interrupted
            part = draws.part(slice(begin, begin + RUNS_A_CALL))
            outcomes = run_paired(family, part, setup.experiment.window, monthly)
            for own, inputs, outcome in zip(found, family, outcomes, strict=True):
                own.append((outcome.means, outcome.statuses))
                kept += _kept(setup, inputs, part, monthly, outcome)
        for (inputs, of), own in zip(members, found, strict=True):
            runs.append(_table(setup, chunk, of, inputs, draws, own, status))
    place = {name: at for at, name in enumerate(setup.scenarios)}
    parts = {name: np.concatenate([own[name] for own in runs]) for name in runs[0]}
    scenarios = np.array([place[name] for name in parts["scenario"]])
    order = np.lexsort((parts["replicate"], scenarios, parts["point"]))
    tables = {"parts": table_bytes({name: values[order] for name, values in parts.items()})}
    if kept:
        tables[setup.keep] = table_bytes(pd.concat(kept, ignore_index=True))
    failed, seconds = int((parts["status"] != OK).sum()), time.perf_counter() - began
    return Finished(chunk.number, len(order), failed, seconds, tables)


def _monthly(setup: Setup, inputs: Inputs) -> Integers:
    """Columns that are kept month by month."""
    if setup.keep != "trajectories":
        return NO_COLUMNS
    study = Study(setup.world, setup.experiment.scenarios, (), 1, 1)
    shown = setup.experiment.columns or study.shown(inputs.columns)
    return np.array([inputs.columns.index(name) for name in shown], np.int64)


def _kept(
    setup: Setup, inputs: Inputs, draws: Draws, monthly: Integers, outcome: Outcome
) -> Iterator[pd.DataFrame]:
    """Tables of the months or events of some runs, where they are kept."""
    ids = [] if setup.keep == "measures" else run_ids(inputs, draws, setup.world.digest)
    if setup.keep == "trajectories":
        months = [setup.world.date(t) for t in range(inputs.months)]
        values, names = outcome.trajectories[:, : inputs.months], np.array(inputs.columns)[monthly]
        yield trajectory_table(ids, inputs.scenario.name, months, list(names), values)
    for r, run_id in enumerate(ids if setup.keep == "events" else ()):
        own = replace(inputs, rules=draws.rules[r : r + 1].reshape(()), row=draws.rows[r])
        log, _ = event_log(setup.world, own, int(draws.seeds[r]))
        log.insert(0, "run_id", run_id)
        yield log


def _table(
    setup: Setup,
    chunk: Chunk,
    points: Sequence[Point],
    inputs: Inputs,
    draws: Draws,
    found: Sequence[tuple[Floats, Integers]],
    status: str,
) -> dict[str, np.ndarray[Any, Any]]:
    """Columns of the runs of some points in one scenario; where they were not run, missing."""
    experiment, times = setup.experiment, setup.experiment.replications
    names = list(experiment.columns or inputs.columns)
    means, statuses = np.full((len(draws), len(names)), np.nan), np.zeros((len(draws), 3), np.int64)
    if status == OK:
        at = [inputs.columns.index(name) for name in names]
        means = np.concatenate([own for own, _ in found])[:, at]
        statuses = np.concatenate([own for _, own in found])
    numbers = np.array([point.number for point in points], np.int64)
    rows: dict[str, Any] = {
        "run_id": run_ids(inputs, draws, setup.world.digest),
        "point": np.repeat(numbers, times),
        "replicate": np.tile(np.arange(times, dtype=np.int64), len(points)),
        "scenario": [inputs.scenario.name] * len(draws),
        "theory": [inputs.theory] * len(draws),
        "seed": draws.seeds,
        "draw": draws.names(),
        **told(statuses),
    }
    if status != OK:
        rows["status"] = [status] * len(draws)
    cells = np.repeat(chunk.cells[numbers - chunk.first], times, axis=0)
    for column, factor in enumerate(experiment.factors):
        if factor.declared or (SHARE in factor.name and not factor.moves):
            rows[factor.column] = values_of(setup.world, draws, factor.name)
        else:
            rows[factor.column] = factor.labels(cells[:, column])
    rows |= zip(names, means.T, strict=True)
    return {n: np.array(v, object) if isinstance(v, list) else v for n, v in rows.items()}


def rerun(setup: Setup, design: Design, run: str) -> None:
    """Step one run of a sweep through its months, so that what fails in it raises where it fails.

    Compiled, that is the mechanism and the month; with NUMBA_DISABLE_JIT=1 in the environment, at
    minutes a run, it is the line of the rule.

    Args:
        run: `point:replicate:scenario`, as the table of failures has it.

    Raises:
        FloatingPointError: naming mechanism and month. DataError: where the sweep has no such run.
    """
    number, replicate, name = run.split(":") if run.count(":") == 2 else ("", "", "")
    good = number.isdigit() and replicate.isdigit() and int(number) < len(design)
    if not good or int(replicate) >= setup.experiment.replications:
        allowed = "POINT:REPLICATE:SCENARIO, from 0"
        raise DataError([f"--rerun {run} is no run of this sweep\n    allowed: {allowed}"])
    points = points_of(setup, int(number), design.cells[int(number)])
    point = next((point for point in points if name in point.scenarios), None)
    if point is None:
        raise DataError([f"--rerun {run}: point {number} is not run in '{name}'"])
    inputs = setup.inputs(name, point)
    draws = Batch([[point]]).draws(setup, inputs).part(np.array([int(replicate)]))
    workspace = Workspace(inputs.facts, inputs.rules)
    with np.errstate(invalid="raise", divide="raise", over="raise"):
        workspace.load(draws.rules, draws.rows, draws.seeds)
        for t in range(-inputs.burn_in, inputs.months):
            workspace.set_month(inputs.levers, max(t, 0))
            month.decide(workspace.blocks, t)
            month.resolve(workspace.blocks, t)
            if phase := workspace.failed_phase()[0]:
                when = setup.world.date(t) if t >= 0 else f"month {t} of the burn-in"
                found = f"{month.PHASES[phase]} gave a number that is none in {when}"
                raise FloatingPointError(f"{found}; {_HINT}")
