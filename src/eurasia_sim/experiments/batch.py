"""One part of a sweep: points are batched, run, and returned as the bytes of their tables."""

import time
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from eurasia_sim.compute.blocks import RUNS
from eurasia_sim.compute.dimensions import Floats, Integers
from eurasia_sim.experiments.design import Design
from eurasia_sim.experiments.point import MOST_SERIES, Point, Setup, points_of
from eurasia_sim.experiments.schema import SPREAD
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.kernel import month
from eurasia_sim.simulation.ensemble import NO_COLUMNS, Outcome, run_paired, stepped, told
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

OK = month.STATUS[0]
ERROR, ABORTED = "error", "aborted"


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
                [point.numbers[at][1] for point in rows], setup.experiment.file.replications
            )
            put(world, draws, path, values)
            if setup.experiment.kind in SPREAD:
                draws.drawn[path] = values
        if stated:
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


def work(
    setup: Setup, chunk: Chunk, stopped: Callable[[], bool] = lambda: False, *, status: str = OK
) -> Finished:
    """Run a chunk.

    Args:
        stopped: asked every few runs; once it says yes, a CancelledError gives the chunk up.
        status: another than ok says why the chunk is not run: its runs are missing.
    """
    began = time.perf_counter()
    points = [
        point
        for number, cells in enumerate(chunk.cells, chunk.first)
        for point in points_of(setup, number, cells)
    ]
    runs: list[dict[str, Any]] = []
    kept: list[pd.DataFrame] = []
    for batch in batches(points):
        members = batch.family(setup)
        family = [inputs for inputs, _ in members]
        draws, monthly = batch.draws(setup, family[0]), _monthly(setup, family[0])
        found: list[list[Outcome]] = [[] for _ in family]
        for begin in range(0, len(draws) if status == OK else 0, RUNS):
            if stopped():
                raise CancelledError
            part = draws.part(slice(begin, begin + RUNS))
            outcomes = run_paired(family, part, setup.experiment.window, monthly)
            for own, inputs, outcome in zip(found, family, outcomes, strict=True):
                kept += _kept(setup, inputs, part, monthly, outcome)
                own.append(outcome._replace(trajectories=np.empty((len(part), 0, 0))))
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
        names = [inputs.columns[at] for at in monthly]
        yield trajectory_table(setup.world, inputs, ids, names, outcome.trajectories)
    for r, run_id in enumerate(ids if setup.keep == "events" else ()):
        log, _ = event_log(setup.world, draws.inputs_of(r, inputs), int(draws.seeds[r]))
        log.insert(0, "run_id", run_id)
        yield log


def _table(
    setup: Setup,
    chunk: Chunk,
    points: Sequence[Point],
    inputs: Inputs,
    draws: Draws,
    parts: Sequence[Outcome],
    status: str,
) -> dict[str, np.ndarray[Any, Any]]:
    """Columns of the runs of some points in one scenario; where they were not run, missing."""
    experiment, times = setup.experiment, setup.experiment.file.replications
    names = list(experiment.columns or inputs.columns)
    outcome = Outcome.joined(parts) if parts else Outcome.empty(inputs, len(draws), 0, 0)
    means = outcome.means[:, [inputs.columns.index(name) for name in names]]
    numbers = np.array([point.number for point in points], np.int64)
    rows: dict[str, Any] = {
        "run_id": run_ids(inputs, draws, setup.world.digest),
        "point": np.repeat(numbers, times),
        "replicate": np.tile(np.arange(times, dtype=np.int64), len(points)),
        "scenario": [inputs.scenario.name] * len(draws),
        "theory": [inputs.theory] * len(draws),
        "seed": draws.seeds,
        "draw": draws.names(),
        **told(outcome.statuses),
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
    if not good or int(replicate) >= setup.experiment.file.replications:
        allowed = "POINT:REPLICATE:SCENARIO, from 0"
        raise DataError([f"--rerun {run} is no run of this sweep\n    allowed: {allowed}"])
    points = points_of(setup, int(number), design.cells[int(number)])
    point = next((point for point in points if name in point.scenarios), None)
    if point is None:
        raise DataError([f"--rerun {run}: point {number} is not run in '{name}'"])
    inputs = setup.inputs(name, point)
    draws, r = Batch([[point]]).draws(setup, inputs), int(replicate)
    with np.errstate(invalid="raise", divide="raise", over="raise"):
        for _ in stepped(setup.world, draws.inputs_of(r, inputs), int(draws.seeds[r])):
            pass
