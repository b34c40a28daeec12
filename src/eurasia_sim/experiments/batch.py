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
# Points that share draws (a row), crossed with points that share lever settings (a column).
Batch = list[list[Point]]


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


def batches(points: Sequence[Point]) -> Iterator[Batch]:
    """Points put together so that what they share is run once and blocks of runs fill."""
    by_draw: dict[Hashable, list[Point]] = {}
    for point in points:
        key = (point.scenarios, point.theory, point.forms, point.numbers, point.seeds)
        by_draw.setdefault(key, []).append(point)
    crossed: dict[Hashable, Batch] = {}
    for row in by_draw.values():
        one, paths = row[0], tuple(path for path, _ in row[0].numbers)
        settings = tuple(point.settings for point in row)
        crossed.setdefault((one.scenarios, one.theory, one.forms, paths, settings), []).append(row)
    for table in crossed.values():
        width = max(1, MOST_SERIES // len(table[0][0].scenarios))
        for first in range(0, len(table[0]), width):
            yield [row[first : first + width] for row in table]


def draws_of(setup: Setup, batch: Batch, inputs: Inputs) -> Draws:
    """(rows * replicates,) draws of a batch, over the numbers that the inputs hold."""
    points, world = [row[0] for row in batch], setup.world
    seeds = np.array([seed for point in points for seed in point.seeds], np.uint64)
    coded = world.coded_index
    stated = {coded[path] for path, _ in points[0].numbers if path in coded}
    draws = draws_at(replace(inputs, fixed=inputs.fixed | stated), seeds)
    for at, (path, _) in enumerate(points[0].numbers):
        own = [point.numbers[at][1] for point in points]
        values = np.repeat(own, setup.experiment.file.replications)
        put(world, draws, path, values)
        if setup.experiment.kind in SPREAD:
            draws.drawn[path] = values
    if stated:
        hold_shares(world, draws)
    return draws


def work(
    setup: Setup, chunk: Chunk, stopped: Callable[[], bool] = lambda: False, *, status: str = OK
) -> Finished:
    """Run a chunk.

    Args:
        stopped: asked every few runs; once it says yes, a CancelledError gives the chunk up.
        status: another than ok says why the chunk is not run: its runs are missing.
    """
    began, numbered = time.perf_counter(), enumerate(chunk.cells, chunk.first)
    points = [point for number, cells in numbered for point in points_of(setup, number, cells)]
    tables: list[dict[str, np.ndarray[Any, Any]]] = []
    kept: list[pd.DataFrame] = []
    for batch in batches(points):
        wanted = [(name, own) for own in zip(*batch, strict=True) for name in own[0].scenarios]
        family = [setup.inputs(name, own[0]) for name, own in wanted]
        draws, monthly = draws_of(setup, batch, family[0]), _monthly(setup, family[0])
        blocks = []
        for begin in range(0, len(draws) if status == OK else 0, RUNS):
            if stopped():
                raise CancelledError
            part = draws.part(slice(begin, begin + RUNS))
            blocks.append(run_paired(family, part, setup.experiment.window, monthly))
            for inputs, outcome in zip(family, blocks[-1], strict=True):
                kept += _kept(setup, inputs, part, monthly, outcome)
        outcomes = [Outcome.joined(each) for each in zip(*blocks, strict=True)]
        outcomes = outcomes or [Outcome.empty(inputs, len(draws), 0, 0) for inputs in family]
        for (_, own), inputs, outcome in zip(wanted, family, outcomes, strict=True):
            tables.append(_table(setup, chunk, own, inputs, draws, outcome))
    parts = {name: np.concatenate([own[name] for own in tables]) for name in tables[0]}
    if status != OK:
        parts["status"][:] = status
    place = {name: at for at, name in enumerate(setup.scenarios)}
    scenarios = np.array([place[name] for name in parts["scenario"]])
    order = np.lexsort((parts["replicate"], scenarios, parts["point"]))
    found = {"parts": table_bytes({name: values[order] for name, values in parts.items()})}
    if kept:
        found[setup.keep] = table_bytes(pd.concat(kept, ignore_index=True))
    failed, seconds = int((parts["status"] != OK).sum()), time.perf_counter() - began
    return Finished(chunk.number, len(order), failed, seconds, found)


def _monthly(setup: Setup, inputs: Inputs) -> Integers:
    if setup.keep != "trajectories":
        return NO_COLUMNS
    study = Study(setup.world, setup.experiment.scenarios, (), 1, 1)
    shown = setup.experiment.columns or study.shown(inputs.columns)
    return np.array([inputs.columns.index(name) for name in shown], np.int64)


def _kept(
    setup: Setup, inputs: Inputs, draws: Draws, monthly: Integers, outcome: Outcome
) -> Iterator[pd.DataFrame]:
    """Tables of the months or events of some runs, where they are kept."""
    if setup.keep == "measures":
        return
    ids = run_ids(inputs, draws, setup.world.digest)
    if setup.keep == "trajectories":
        names = [inputs.columns[at] for at in monthly]
        yield trajectory_table(setup.world, inputs, ids, names, outcome.trajectories)
        return
    for r, run_id in enumerate(ids):
        log, _ = event_log(setup.world, draws.inputs_of(r, inputs), int(draws.seeds[r]))
        log.insert(0, "run_id", run_id)
        yield log


def _table(
    setup: Setup,
    chunk: Chunk,
    points: Sequence[Point],
    inputs: Inputs,
    draws: Draws,
    outcome: Outcome,
) -> dict[str, np.ndarray[Any, Any]]:
    """Columns of the runs of some points in one scenario."""
    experiment, times = setup.experiment, setup.experiment.file.replications
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
    cells = np.repeat(chunk.cells[numbers - chunk.first], times, axis=0)
    for column, factor in enumerate(experiment.factors):
        is_drawn = factor.declared or (SHARE in factor.name and not factor.moves)
        own = values_of(setup.world, draws, factor.name) if is_drawn else None
        rows[factor.column] = factor.labels(cells[:, column]) if own is None else own
    for name in experiment.columns or inputs.columns:
        rows[name] = outcome.means[:, inputs.columns.index(name)]
    return {n: np.array(v, object) if isinstance(v, list) else v for n, v in rows.items()}


def rerun(setup: Setup, design: Design, run: str) -> None:
    """Step one run of a sweep through its months, so that what fails in it raises where it fails.

    Compiled, that is the mechanism and the month (FloatingPointError); with NUMBA_DISABLE_JIT=1 in
    the environment, at minutes a run, it is the line of the rule. Raises DataError where the sweep
    has no such run.

    Args:
        run: `point:replicate:scenario`, as the table of failures has it.
    """
    number, replicate, name = run.split(":") if run.count(":") == 2 else ("", "", "")
    good = number.isdecimal() and replicate.isdecimal() and int(number) < len(design.cells)
    points = points_of(setup, int(number), design.cells[int(number)]) if good else []
    point = next((point for point in points if name in point.scenarios), None)
    if point is None or int(replicate) >= setup.experiment.file.replications:
        allowed = "POINT:REPLICATE:SCENARIO, from 0"
        raise DataError([f"--rerun {run} is no run of this sweep\n    allowed: {allowed}"])
    inputs, r = setup.inputs(name, point), int(replicate)
    draws = draws_of(setup, [[point]], inputs)
    with np.errstate(invalid="raise", divide="raise", over="raise"):
        for _ in stepped(setup.world, draws.inputs_of(r, inputs), int(draws.seeds[r])):
            pass
