"""One part of a sweep: points are batched, run, and returned as the bytes of their tables."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from eurasia_sim.compute.dimensions import Floats, Integers
from eurasia_sim.experiments.design import Design
from eurasia_sim.experiments.point import MOST_SERIES, Point, Setup, points_of
from eurasia_sim.experiments.schema import SPREAD
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.kernel import month
from eurasia_sim.kernel.workspace import Workspace
from eurasia_sim.simulation.ensemble import NO_COLUMNS, Outcome, run_paired
from eurasia_sim.simulation.events import event_log
from eurasia_sim.simulation.inputs import Inputs
from eurasia_sim.simulation.parameter_draws import SHARE, Draws, hold_shares, put, values_of
from eurasia_sim.simulation.results import run_ids, trajectory_table
from eurasia_sim.simulation.run import Study

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
        records = np.repeat(inputs.rules[None], len(seeds)), np.tile(inputs.row, (len(seeds), 1))
        draws = Draws(*records, seeds)
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


@dataclass
class _Runs:
    """The runs of one scenario in a batch, in the order point, replicate."""

    inputs: Inputs
    head: dict[str, np.ndarray[Any, Any]]
    means: Floats

    def put(self, some: slice, outcome: Outcome) -> None:
        """Take what a call of the kernel gave of some runs."""
        self.means[some] = outcome.means
        failed, failed_month, phase = outcome.statuses.T
        self.head["status"][some] = [month.STATUS[s] for s in failed]
        self.head["failed_month"][some] = np.where(failed > 0, failed_month, -1)
        self.head["failed_phase"][some] = [month.PHASES[s] for s in phase]


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
    runs: list[_Runs] = []
    kept: list[pd.DataFrame] = []
    for batch in batches(points):
        runs += _run_batch(setup, chunk, batch, kept, stopped, status)
    parts = _part(setup, runs)
    tables = {"parts": _parquet(parts)}
    if kept:
        every = pd.concat(kept, ignore_index=True)
        tables[setup.keep] = _parquet({str(name): every[name] for name in every})
    failed = int((parts["status"] != OK).sum())
    count, seconds = len(parts["status"]), time.perf_counter() - began
    return Finished(chunk.number, count, failed, seconds, tables)


def _run_batch(
    setup: Setup,
    chunk: Chunk,
    batch: Batch,
    kept: list[pd.DataFrame],
    stopped: Callable[[], bool],
    status: str,
) -> list[_Runs]:
    """Run a batch a few runs at a time; tables of months or events are added to those kept."""
    members = batch.family(setup)
    family = [inputs for inputs, _ in members]
    draws = batch.draws(setup, family[0])
    found = [_missing(setup, chunk, points, inputs, draws, status) for inputs, points in members]
    if status != OK:
        return found
    columns = NO_COLUMNS
    if setup.keep == "trajectories":
        experiment, names = setup.experiment, family[0].columns
        study = Study(setup.world, experiment.scenarios, (), 1, 1)
        shown = experiment.columns or study.shown(names)
        columns = np.array([names.index(name) for name in shown], np.int64)
    for begin in range(0, len(draws), RUNS_A_CALL):
        if stopped():
            raise Interrupted
        some = slice(begin, begin + RUNS_A_CALL)
        part = draws.part(some)
        outcomes = run_paired(family, part, setup.experiment.window, columns)
        for runs, outcome in zip(found, outcomes, strict=True):
            runs.put(some, outcome)
            ids = list(runs.head["run_id"][some])
            if setup.keep == "trajectories":
                kept.append(_months(setup, runs.inputs, ids, columns, outcome))
            elif setup.keep == "events":
                kept += _events(setup, runs.inputs, ids, part)
    return found


def _missing(
    setup: Setup, chunk: Chunk, points: Sequence[Point], inputs: Inputs, draws: Draws, status: str
) -> _Runs:
    """The runs of some points in one scenario before any is made: each is missing."""
    times, count = setup.experiment.replications, len(draws)
    numbers = np.array([point.number for point in points], np.int64)
    head = {
        "run_id": np.array(run_ids(inputs, draws, setup.world.digest), object),
        "point": np.repeat(numbers, times),
        "replicate": np.tile(np.arange(times, dtype=np.int64), len(points)),
        "scenario": np.full(count, inputs.scenario.name, object),
        "theory": np.full(count, inputs.theory, object),
        "seed": draws.seeds,
        "draw": np.array(draws.names(), object),
        "status": np.full(count, status, object),
        "failed_month": np.full(count, -1, np.int64),
        "failed_phase": np.full(count, month.PHASES[0], object),
    }
    cells = chunk.cells[numbers - chunk.first]
    for at, factor in enumerate(setup.experiment.factors):
        if factor.declared or (SHARE in factor.name and not factor.moves):
            head[factor.column] = values_of(setup.world, draws, factor.name)
        elif factor.is_text:
            head[factor.column] = np.repeat(np.array(factor.labels(cells[:, at]), object), times)
        else:
            head[factor.column] = np.repeat(cells[:, at], times)
    return _Runs(inputs, head, np.full((count, len(inputs.columns)), np.nan))


def _part(setup: Setup, runs: Sequence[_Runs]) -> dict[str, Any]:
    """The table of a chunk's runs, in the order point, scenario, replicate."""
    place = {name: at for at, name in enumerate(setup.scenarios)}
    scenarios = np.concatenate([np.full(len(r.means), place[r.inputs.scenario.name]) for r in runs])
    head = {name: np.concatenate([r.head[name] for r in runs]) for name in runs[0].head}
    order = np.lexsort((head["replicate"], scenarios, head["point"]))
    columns = runs[0].inputs.columns
    names = setup.experiment.columns or columns
    at = [columns.index(name) for name in names]
    means = np.concatenate([r.means[:, at] for r in runs])[order]
    measured = {name: means[:, column] for column, name in enumerate(names)}
    return {**{name: values[order] for name, values in head.items()}, **measured}


def _months(
    setup: Setup, inputs: Inputs, ids: list[str], columns: Integers, outcome: Outcome
) -> pd.DataFrame:
    """Monthly values of some runs."""
    months = [setup.world.date(t) for t in range(inputs.months)]
    names = [inputs.columns[column] for column in columns]
    values = outcome.trajectories[:, : inputs.months]
    return trajectory_table(ids, inputs.scenario.name, months, names, values)


def _events(setup: Setup, inputs: Inputs, ids: list[str], draws: Draws) -> Iterator[pd.DataFrame]:
    """Event logs of some runs."""
    for r, run_id in enumerate(ids):
        own = replace(inputs, rules=draws.rules[r : r + 1].reshape(()), row=draws.rows[r])
        log, _ = event_log(setup.world, own, int(draws.seeds[r]))
        log.insert(0, "run_id", run_id)
        yield log


def _parquet(columns: Mapping[str, Any]) -> bytes:
    """A table as parquet (zstd); the same table gives the same bytes, and NaN is a missing value.

    Texts repeat and numbers hardly do, so a dictionary is kept of texts alone.
    """
    table = pa.table({name: pa.array(values, from_pandas=True) for name, values in columns.items()})
    texts = [field.name for field in table.schema if not pa.types.is_primitive(field.type)]
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd", use_dictionary=texts)
    return buffer.getvalue()


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
