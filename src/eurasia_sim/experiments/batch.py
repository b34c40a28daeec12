"""From points to tables: what a point gives its runs, and a part of a sweep batched and run."""

import time
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import groupby
from typing import Any, Literal

import numpy as np
import pandas as pd

from eurasia_sim.compute.blocks import RUNS
from eurasia_sim.compute.dimensions import Floats, Integers
from eurasia_sim.experiments.design import Design
from eurasia_sim.experiments.schema import SPREAD, Experiment, Factor, is_choice
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.kernel import month
from eurasia_sim.kernel.lever_series import LeverSeries
from eurasia_sim.scenarios.scenario import Scenario, apply_settings, earliest_parting
from eurasia_sim.simulation import parameter_draws, results
from eurasia_sim.simulation.ensemble import NO_COLUMNS, Outcome, run_paired, stepped, told
from eurasia_sim.simulation.events import event_log
from eurasia_sim.simulation.inputs import Inputs, capability_index, prepare
from eurasia_sim.simulation.parameter_draws import Draws
from eurasia_sim.simulation.run import Study
from eurasia_sim.world.world import World

Keep = Literal["measures", "trajectories", "events"]
Settings = tuple[str, ...]
Forms = tuple[tuple[str, str], ...]
# A lever series takes about ten megabytes; so many serve a part without weighing on memory.
MOST_SERIES = 6
_MOST_INPUTS = 200
_CAPABILITIES = "capabilities."  # numbers that reach a run through its lever series
OK = month.STATUS[0]
ERROR, ABORTED = "error", "aborted"


@dataclass(frozen=True)
class Point:
    """One point of the design, in scenarios of one theory that hold the same numbers."""

    number: int
    scenarios: tuple[str, ...]
    theory: str
    forms: Forms
    numbers: tuple[tuple[str, float], ...]  # those that every run's own parameters hold
    settings: Settings  # those that need another lever series, as `path=value`
    seeds: tuple[int, ...]  # one a replicate


@dataclass(frozen=True, eq=False)
class Setup:
    """All that a worker needs to know of a sweep, beside its chunks."""

    world: World
    experiment: Experiment
    keep: Keep = "measures"

    @cached_property
    def scenarios(self) -> Mapping[str, Scenario]:
        """By name."""
        return {scenario.name: scenario for scenario in self.experiment.scenarios}

    def inputs(self, name: str, point: Point) -> Inputs:
        """The kernel's inputs of a scenario at a point, without the point's own numbers."""
        # Kept inputs hold their lever series in memory; of points with settings, too many.
        make = _inputs.__wrapped__ if point.settings else _inputs
        return make(self, name, point.theory, point.forms, point.settings)


@lru_cache(_MOST_INPUTS)
def _inputs(setup: Setup, name: str, theory: str, forms: Forms, settings: Settings) -> Inputs:
    index = capability_index(setup.world, dict(forms))
    scenario, series = _series(setup, name, settings, index)
    return prepare(setup.world, scenario, theory, dict(forms), series)


@lru_cache(MOST_SERIES)
def _series(
    setup: Setup, name: str, settings: Settings, index: str
) -> tuple[Scenario, LeverSeries]:
    since = earliest_parting(setup.experiment.scenarios)
    scenario = apply_settings(setup.scenarios[name], settings, setup.world, since, drawn=True)
    return scenario, scenario.lever_series(setup.world, index)


def points_of(setup: Setup, number: int, cells: Floats) -> list[Point]:
    """One row of the design as points: scenarios of other theories, forms or numbers apart."""
    experiment, file, world = setup.experiment, setup.experiment.file, setup.world
    given, values, settings = dict[str, float | str](), dict[str, float](), list[str]()
    for factor, cell in zip(experiment.factors, cells.tolist(), strict=True):
        if is_choice(factor.name):
            given[factor.name] = factor.value(cell)
            continue
        for path, value in _moved(factor, factor.value(cell)):
            if path in world.numbers and not path.startswith(_CAPABILITIES):
                values[path] = float(value)
            else:
                settings.append(f"{path}={value}")
    chosen = file.forms | {n[5:]: str(form) for n, form in given.items() if n.startswith("form.")}
    key = () if experiment.chance == "common" else (number,)
    sequence = np.random.SeedSequence(int(given.get("seed", file.seed)), spawn_key=key)
    seeds = tuple(map(int, sequence.generate_state(file.replications, np.uint64)))

    def held(name: str) -> tuple[str, Forms, Hashable]:
        own = setup.scenarios[name]
        theory = given.get("theory", file.theory) or own.theory or world.default_theory
        forms = tuple({**world.default_forms, **own.forms, **chosen}.items())
        fixed = (each for each in own.fixed.items() if not each[0].startswith(_CAPABILITIES))
        return str(theory), forms, tuple(sorted(fixed))

    scenarios = [str(given["scenario"])] if "scenario" in given else setup.scenarios
    points = []
    for (theory, forms, _), alike in groupby(scenarios, held):
        numbers = dict(values)
        for factor, span in _spans(setup, theory, forms):
            if span is None:
                del numbers[factor.name]
            else:
                numbers[factor.name] = _within(factor, values[factor.name], *span)
        pairs = tuple(numbers.items())
        points.append(Point(number, tuple(alike), theory, forms, pairs, tuple(settings), seeds))
    return points


def _moved(factor: Factor, value: float | str) -> Iterator[tuple[str, float | str]]:
    if not factor.moves:
        yield factor.name, value
    for path, (first, last) in factor.moves.items():
        share = (float(value) - factor.low) / (factor.high - factor.low)
        between = min(max(first + (last - first) * share, min(first, last)), max(first, last))
        yield path, last if share == 1.0 else between


def _within(factor: Factor, value: float, low: float, high: float) -> float:
    """A number drawn over its factor's range, moved into another."""
    moved = low + (high - low) * (value - factor.low) / (factor.high - factor.low)
    return high if value >= factor.high else min(max(moved, low), high)


@lru_cache(_MOST_INPUTS)
def _spans(
    setup: Setup, theory: str, forms: Forms
) -> list[tuple[Factor, tuple[float, float] | None]]:
    """Declared numbers that are drawn over a theory's own range, or are held (None)."""
    world, found = setup.world, list[tuple[Factor, tuple[float, float] | None]]()
    preset = world.theories[theory]
    fixed = set(preset.fix).union(*(world.forms[factor][name].fix for factor, name in forms))
    for factor in setup.experiment.factors:
        head, _, name = factor.name.rpartition(".")
        if not factor.declared or not head.startswith("rules."):
            continue
        # The factor's own range already says what the file's theory or a scenario narrows.
        uncertain = any(factor.name in each.uncertain for each in setup.experiment.scenarios)
        is_narrowed = uncertain or setup.experiment.file.theory is not None
        own = factor.low, factor.high
        span = own if is_narrowed else preset.ranges.get(name, own)
        if name in fixed or span != own:
            found.append((factor, None if name in fixed else span))
    return found


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
    draws = parameter_draws.draws_at(replace(inputs, fixed=inputs.fixed | stated), seeds)
    for at, (path, _) in enumerate(points[0].numbers):
        own = [point.numbers[at][1] for point in points]
        values = np.repeat(own, setup.experiment.file.replications)
        parameter_draws.put(world, draws, path, values)
        if setup.experiment.kind in SPREAD:
            draws.drawn[path] = values
    if stated:
        parameter_draws.hold_shares(world, draws)
    return draws


def work(
    setup: Setup, chunk: Chunk, stopped: Callable[[], bool] = lambda: False, *, status: str = OK
) -> Finished:
    """Run a chunk.

    `stopped` is asked every few runs; a yes gives the chunk up with a CancelledError. A status
    other than ok says why the chunk is not run: its runs are missing.
    """
    began, experiment = time.perf_counter(), setup.experiment
    numbered = enumerate(chunk.cells, chunk.first)
    points = [point for number, cells in numbered for point in points_of(setup, number, cells)]
    tables: list[dict[str, np.ndarray[Any, Any]]] = []
    kept: list[pd.DataFrame] = []
    for batch in batches(points):
        wanted = [(name, own) for own in zip(*batch, strict=True) for name in own[0].scenarios]
        family = [setup.inputs(name, own[0]) for name, own in wanted]
        draws, monthly = draws_of(setup, batch, family[0]), NO_COLUMNS
        if setup.keep == results.MONTHLY:
            columns, study = family[0].columns, Study(setup.world, experiment.scenarios, (), 1, 1)
            shown = experiment.columns or study.shown(columns)
            monthly = np.array([columns.index(name) for name in shown], np.int64)
        blocks = []
        for begin in range(0, len(draws) if status == OK else 0, RUNS):
            if stopped():
                raise CancelledError
            part = draws.part(slice(begin, begin + RUNS))
            blocks.append(run_paired(family, part, experiment.window, monthly))
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
    ordered = {name: values[order] for name, values in parts.items()}
    found = {results.PARTS: results.table_bytes(ordered)}
    if kept:
        found[setup.keep] = results.table_bytes(pd.concat(kept, ignore_index=True))
    failed, seconds = int((parts["status"] != OK).sum()), time.perf_counter() - began
    return Finished(chunk.number, len(order), failed, seconds, found)


def _kept(
    setup: Setup, inputs: Inputs, draws: Draws, monthly: Integers, outcome: Outcome
) -> Iterator[pd.DataFrame]:
    if setup.keep == "measures":
        return
    ids, world = results.run_ids(inputs, draws, setup.world.digest), setup.world
    if setup.keep == results.MONTHLY:
        names = [inputs.columns[at] for at in monthly]
        yield results.trajectory_table(world, inputs, ids, names, outcome.trajectories)
        return
    for r, run_id in enumerate(ids):
        log, _ = event_log(world, draws.inputs_of(r, inputs), int(draws.seeds[r]))
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
    experiment, times = setup.experiment, setup.experiment.file.replications
    numbers = np.array([point.number for point in points], np.int64)
    rows: dict[str, Any] = {
        "run_id": results.run_ids(inputs, draws, setup.world.digest),
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
        is_share = parameter_draws.SHARE in factor.name and not factor.moves
        is_drawn = factor.declared or is_share
        own = parameter_draws.values_of(setup.world, draws, factor.name) if is_drawn else None
        rows[factor.column] = factor.labels(cells[:, column]) if own is None else own
    for name in experiment.columns or inputs.columns:
        rows[name] = outcome.means[:, inputs.columns.index(name)]
    return {n: np.array(v, object) if isinstance(v, list) else v for n, v in rows.items()}


def rerun(setup: Setup, design: Design, run: str) -> None:
    """Step one run of a sweep through its months, so that what fails in it raises where it fails.

    Compiled, that is the mechanism and the month (FloatingPointError); with NUMBA_DISABLE_JIT=1, at
    minutes a run, the line of the rule. `run` is `point:replicate:scenario`; DataError if none is.
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
