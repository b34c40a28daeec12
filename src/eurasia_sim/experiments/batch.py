"""One part of a sweep: a few hundred runs, made anywhere and returned as the bytes of its tables; or one run again."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from eurasia_sim.compute.dimensions import Floats, Integers
from eurasia_sim.experiments.design import Design
from eurasia_sim.experiments.point import Batch, Point, Setup, batches, points_of
from eurasia_sim.experiments.schema import Factor
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.kernel import month
from eurasia_sim.kernel.workspace import Workspace
from eurasia_sim.simulation.ensemble import NO_COLUMNS, Outcome, run_paired
from eurasia_sim.simulation.events import event_log
from eurasia_sim.simulation.inputs import Inputs
from eurasia_sim.simulation.parameter_draws import SHARE, Draws, values_of
from eurasia_sim.simulation.results import run_ids, trajectory_table
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


@dataclass
class _Rows:
    """The runs of a chunk, in the order point, scenario, replicate."""

    starts: Integers  # (points,) row of the first run of each
    head: dict[str, np.ndarray[Any, Any]]
    columns: tuple[str, ...]
    means: Floats
    trajectories: list[pd.DataFrame]
    events: list[pd.DataFrame]


def work(setup: Setup, chunk: Chunk, stopped: Callable[[], bool] = lambda: False, *, status: str = OK) -> Finished:
    """Run a chunk.

    Args:
        stopped: asked every few runs; once it says yes, the chunk is given up.
        status: another than ok says why the chunk is not run: its runs are missing, with this status.

    Raises:
        Interrupted: when it was stopped.
    """
    began = time.perf_counter()
    experiment = setup.experiment
    points = [point for at, cells in enumerate(chunk.cells) for point in points_of(setup, chunk.first + at, cells)]
    rows = _empty(setup, chunk, points)
    for batch in batches(points):
        _run_batch(setup, batch, rows, stopped, status)
    places = {name: at for at, name in enumerate(rows.columns)}
    means = {name: rows.means[:, places[name]] for name in experiment.columns or rows.columns}
    tables = {"parts": _parquet({**rows.head, **means})}
    if setup.keep != "measures":
        found = rows.trajectories if setup.keep == "trajectories" else rows.events
        every = pd.concat(found, ignore_index=True) if found else pd.DataFrame()
        tables[setup.keep] = _parquet({str(name): every[name] for name in every}) if found else b""
    return Finished(
        chunk.number,
        len(rows.means),
        int((rows.head["status"] != OK).sum()),
        time.perf_counter() - began,
        {name: content for name, content in tables.items() if content},
    )


def _empty(setup: Setup, chunk: Chunk, points: Sequence[Point]) -> _Rows:
    """The table of a chunk before any run: every run is missing."""
    times = setup.experiment.replications
    own = [len(point.scenarios) * times for point in points]
    count = sum(own)
    inputs = setup.inputs(points[0].scenarios[0], points[0])
    numbers = [dict(point.numbers) for point in points]
    order = np.array([point.number for point in points], np.int64)
    factors = {}
    for at, factor in enumerate(setup.experiment.factors):
        values: Any = chunk.cells[order - chunk.first, at]
        if factor.is_text:
            values = np.array(factor.told(values), object)
        elif factor.declared:
            held = [each.get(factor.name) for each in numbers]
            values = [_held(setup, factor, p) if v is None else v for v, p in zip(held, points, strict=True)]
        factors[factor.column] = np.repeat(values, own)
    scenarios = [name for point in points for name in point.scenarios for _ in range(times)]
    theories = [setup.theory(n, point) for point in points for n in point.scenarios for _ in range(times)]
    head = {
        "run_id": np.full(count, "", object),
        "point": np.repeat(order, own),
        "replicate": np.tile(np.arange(times, dtype=np.int64), count // times),
        "scenario": np.array(scenarios, object),
        "theory": np.array(theories, object),
        "seed": np.array([s for point in points for _ in point.scenarios for s in point.seeds], np.uint64),
        "draw": np.full(count, "", object),
        "status": np.full(count, OK, object),
        "failed_month": np.full(count, -1, np.int64),
        "failed_phase": np.full(count, month.PHASES[0], object),
        **factors,
    }
    starts = np.cumsum([0, *own[:-1]])
    return _Rows(starts, head, inputs.columns, np.full((count, len(inputs.columns)), np.nan), [], [])


def _held(setup: Setup, factor: Factor, point: Point) -> float:
    """The value at which a theory or a form holds a number."""
    return float(setup.inputs(point.scenarios[0], point).rules[factor.name.rsplit(".", 1)[1]])


def _run_batch(setup: Setup, batch: Batch, rows: _Rows, stopped: Callable[[], bool], status: str) -> None:
    """Run a batch a few runs at a time, and put what it gives where it belongs in the rows."""
    draws, times = batch.draws(setup), setup.experiment.replications
    scenarios = batch.points[batch.members[0, 0]].scenarios
    family, where = [], []
    for column in range(batch.members.shape[1]):
        for s, name in enumerate(scenarios):
            family.append(setup.inputs(name, batch.points[batch.members[0, column]]))
            first = rows.starts[batch.members[:, column]] + s * times
            where.append((first[:, None] + np.arange(times)).ravel())  # a draw's row, by scenario and schedule
    names, kept = draws.names(), _kept(setup, family[0])
    shares = [factor.name for factor in setup.experiment.factors if SHARE in factor.name and not factor.moves]
    for inputs, at in zip(family, where, strict=True):
        rows.head["run_id"][at] = run_ids(inputs, draws, setup.world.digest)
        rows.head["draw"][at] = names
        for path in shares:
            rows.head[f"x.{path}"][at] = values_of(setup.world, draws, path)
        rows.head["status"][at] = status
    if status != OK:
        return
    size = RUNS_A_CALL
    for begin in range(0, len(draws), size):
        if stopped():
            raise Interrupted
        some = slice(begin, begin + size)
        outcomes = run_paired(family, draws.part(some), setup.experiment.window, kept)
        for inputs, at, outcome in zip(family, where, outcomes, strict=True):
            _take(setup, rows, inputs, at[some], draws.part(some), outcome, kept)


def _kept(setup: Setup, inputs: Inputs) -> Integers:
    """Columns whose monthly values are kept: those the experiment names, else what a study shows."""
    if setup.keep != "trajectories":
        return NO_COLUMNS
    experiment = setup.experiment
    names = experiment.columns or Study(setup.world, experiment.scenarios, (), 1, 1).shown(inputs.columns)
    return np.array([inputs.columns.index(name) for name in names], np.int64)


def _take(
    setup: Setup, rows: _Rows, inputs: Inputs, at: Integers, draws: Draws, outcome: Outcome, kept: Integers
) -> None:
    """Put what some runs gave into the rows of a chunk."""
    rows.means[at] = outcome.means
    failed = outcome.statuses[:, 0] > 0
    rows.head["status"][at] = [month.STATUS[s] for s in outcome.statuses[:, 0]]
    rows.head["failed_month"][at] = np.where(failed, outcome.statuses[:, 1], -1)
    rows.head["failed_phase"][at] = [month.PHASES[s] for s in outcome.statuses[:, 2]]
    ids = list(rows.head["run_id"][at])
    if setup.keep == "trajectories":
        months = [setup.world.date(t) for t in range(inputs.months)]
        names = [inputs.columns[column] for column in kept]
        rows.trajectories.append(
            trajectory_table(ids, inputs.scenario.name, months, names, outcome.trajectories[:, : inputs.months])
        )
    elif setup.keep == "events":
        for r, run_id in enumerate(ids):
            own = replace(inputs, rules=draws.rules[r : r + 1].reshape(()), row=draws.rows[r])
            told, _ = event_log(setup.world, own, int(draws.seeds[r]))
            told.insert(0, "run_id", run_id)
            rows.events.append(told)


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
    """Live one run of a sweep month by month, so that what fails in it raises where it fails.

    Compiled, that is the mechanism and the month; with NUMBA_DISABLE_JIT=1 in the environment, at minutes a run, it is
    the line of the rule.

    Args:
        run: `point:replicate:scenario`, as the table of failures has it.

    Raises:
        FloatingPointError: naming mechanism and month; DataError: where the sweep has no such run.
    """
    number, replicate, name = run.split(":") if run.count(":") == 2 else ("", "", "")
    good = number.isdigit() and replicate.isdigit()
    if not good or int(number) >= len(design) or int(replicate) >= setup.experiment.replications:
        raise DataError([f"--rerun {run} is no run of this sweep\n    allowed: POINT:REPLICATE:SCENARIO, from 0"])
    points = points_of(setup, int(number), design.cells[int(number)])
    point = next((point for point in points if name in point.scenarios), None)
    if point is None:
        raise DataError([f"--rerun {run}: point {number} is not run in '{name}'"])
    (batch,) = batches([point])
    draws = batch.draws(setup)
    inputs = setup.inputs(name, point)
    _live(setup.world, inputs, draws.rules[int(replicate)], draws.rows[int(replicate)], point.seeds[int(replicate)])


def _live(world: World, inputs: Inputs, rules: np.void, row: Floats, seed: int) -> None:
    """Step one run through the kernel's two halves of each month; numpy raises at the first number that is none."""
    workspace = Workspace(inputs.facts, inputs.rules)
    with np.errstate(invalid="raise", divide="raise", over="raise"):
        workspace.load(rules.reshape(1), row[None], np.array([seed], np.uint64))
        for t in range(-inputs.burn_in, inputs.months):
            workspace.set_month(inputs.levers, max(t, 0))
            month.decide(workspace.blocks, t + inputs.burn_in)
            month.resolve(workspace.blocks, t + inputs.burn_in)
            if phase := workspace.failed_phase()[0]:
                when = world.date(t) if t >= 0 else f"month {t} of the burn-in"
                raise FloatingPointError(f"{month.PHASES[phase]} gave a number that is none in {when}; {_HINT}")
