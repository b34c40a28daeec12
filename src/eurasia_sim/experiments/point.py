"""What a sweep asks of one point, and which points share so much that they are run together."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby
from typing import Any, Literal, TypeVar

import numpy as np

from eurasia_sim.compute.dimensions import Floats, Integers
from eurasia_sim.experiments.schema import SPREAD, Experiment, Factor
from eurasia_sim.kernel.lever_series import LeverSeries
from eurasia_sim.scenarios.lever_steps import build_lever_series
from eurasia_sim.scenarios.scenario import Scenario, apply_settings, earliest_parting
from eurasia_sim.simulation.inputs import Inputs, capability_index, prepare
from eurasia_sim.simulation.parameter_draws import Draws, hold_shares, put
from eurasia_sim.world.world import World

Keep = Literal["measures", "trajectories", "events"]
Value = TypeVar("Value")
# Schedules take about ten megabytes each; so many serve a part without weighing on memory.
_MOST_SCHEDULES = 6
_MOST_INPUTS = 200
_POSTURE = "capabilities."  # numbers that reach a run through its schedule


@dataclass(frozen=True)
class Point:
    """One point made out: what its runs are given, in scenarios that hold the same numbers."""

    number: int
    scenarios: tuple[str, ...]
    theory: str | None
    forms: tuple[tuple[str, str], ...]
    numbers: tuple[tuple[str, float], ...]  # those that every run's own parameters hold
    settings: tuple[str, ...]  # those that need another schedule, as `path=value`
    seeds: tuple[int, ...]  # one a replicate


class _Recent:
    """The few values asked for last."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.held: OrderedDict[Hashable, object] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """The value of a key, made now if it is not held; threads may make one twice, to the same effect."""
        found = self.held.get(key)
        if found is None:
            found = self.held[key] = make()
            while len(self.held) > self.most:
                self.held.popitem(last=False)
        return found  # type: ignore[return-value]


@dataclass(frozen=True)
class Setup:
    """All that a worker needs to know of a sweep, beside its chunks."""

    world: World
    experiment: Experiment
    keep: Keep = "measures"
    _schedules: _Recent = field(default_factory=lambda: _Recent(_MOST_SCHEDULES), compare=False)
    _inputs: _Recent = field(default_factory=lambda: _Recent(_MOST_INPUTS), compare=False)
    _scales: _Recent = field(default_factory=lambda: _Recent(_MOST_INPUTS), compare=False)

    def __reduce__(self) -> tuple[Any, ...]:
        """What another process needs; it makes its own schedules."""
        return Setup, (self.world, self.experiment, self.keep)

    @cached_property
    def scenarios(self) -> Mapping[str, Scenario]:
        """By name."""
        return {scenario.name: scenario for scenario in self.experiment.scenarios}

    @cached_property
    def since(self) -> int | None:
        """Month in which a lever that is set without one is set in every scenario."""
        return earliest_parting(self.experiment.scenarios)

    @cached_property
    def choices(self) -> list[tuple[int, Factor]]:
        """Factors that choose a scenario, theory, form or seed, each with its column of the design's table."""
        return [(at, factor) for at, factor in enumerate(self.experiment.factors) if _is_choice(factor)]

    @cached_property
    def moves(self) -> list[tuple[int, Factor]]:
        """Factors that move several paths, or one that is no number, each with its column of the design's table."""
        return [
            (at, factor)
            for at, factor in enumerate(self.experiment.factors)
            if not _is_choice(factor) and (factor.moves or not _is_number(factor.name, self.world))
        ]

    def scales(self, theory: str | None, forms: Mapping[str, str], scenario: str) -> Scales:
        """The scales of the numbers that points set under a theory and its forms."""
        key = (theory, tuple(forms.items()), scenario)
        return self._scales.get(key, lambda: _scales(self, theory, forms, scenario))

    def theory(self, name: str, point: Point) -> str:
        """The theory a scenario is run under at a point."""
        return point.theory or self.scenarios[name].theory or self.world.default_theory

    def held(self, name: str, point: Point) -> Hashable:
        """What decides the numbers that a scenario holds at a point; those that draws write over them apart."""
        scenario = self.scenarios[name]
        forms = {**self.world.default_forms, **scenario.forms, **dict(point.forms)}
        fixed = {path: value for path, value in scenario.fixed.items() if not path.startswith(_POSTURE)}
        return self.theory(name, point), tuple(forms.items()), tuple(sorted(fixed.items()))

    def inputs(self, name: str, point: Point) -> Inputs:
        """The kernel's inputs of a scenario at a point, its own numbers apart."""
        theory = self.theory(name, point)
        forms = {**self.world.default_forms, **self.scenarios[name].forms, **dict(point.forms)}
        index = capability_index(self.world, forms)

        def made() -> tuple[Scenario, LeverSeries]:
            scenario = apply_settings(self.scenarios[name], point.settings, self.world, self.since)
            return scenario, build_lever_series(self.world, scenario.steps, scenario.months, index, scenario.fixed)

        def prepared() -> Inputs:
            scenario, levers = self._schedules.get((name, point.settings, index), made)
            return prepare(self.world, scenario, theory, forms, levers)

        if point.settings:  # each would hold its schedule in memory
            return prepared()
        return self._inputs.get((name, theory, tuple(forms.items())), prepared)


def points_of(setup: Setup, number: int, cells: Floats) -> list[Point]:
    """What one row of the design's table asks for, scenarios of other theories, forms or fixed numbers apart."""
    whole = point_of(setup, number, cells)
    groups = [tuple(own) for _, own in groupby(whole.scenarios, lambda name: setup.held(name, whole))]
    return [whole] if len(groups) == 1 else [point_of(setup, number, cells, own) for own in groups]


def point_of(setup: Setup, number: int, cells: Floats, scenarios: tuple[str, ...] = ()) -> Point:
    """What one row of the design's table asks for in some scenarios, by default in all that it is run in."""
    experiment = setup.experiment
    given = {factor.name: factor.value(cells[at]) for at, factor in setup.choices}
    theory = str(given["theory"]) if "theory" in given else experiment.theory
    forms = {**experiment.forms, **{n.partition(".")[2]: str(v) for n, v in given.items() if n.startswith("form.")}}
    chosen = scenarios or ((str(given["scenario"]),) if "scenario" in given else tuple(setup.scenarios))
    numbers = setup.scales(theory, forms, chosen[0]).numbers(cells)
    settings: list[str] = []
    for at, factor in setup.moves:
        for path, value in _moved(factor, factor.value(cells[at])):
            if _is_number(path, setup.world):
                numbers[path] = float(value)
            else:
                settings.append(f"{path}={value}")
    root = int(given.get("seed", experiment.seed))
    key = () if experiment.chance == "common" else (number,)
    seeds = np.random.SeedSequence(root, spawn_key=key).generate_state(experiment.replications, np.uint64)
    return Point(
        number, chosen, theory, tuple(forms.items()), tuple(numbers.items()), tuple(settings), tuple(map(int, seeds))
    )


def _is_choice(factor: Factor) -> bool:
    return factor.name in ("scenario", "theory", "seed") or factor.name.startswith("form.")


def _is_number(path: str, world: World) -> bool:
    """Whether every run's own parameters hold what stands under a path."""
    return path in world.numbers and not path.startswith(_POSTURE)


def _moved(factor: Factor, value: float | str) -> Iterator[tuple[str, float | str]]:
    """Every path that a factor sets, with its value."""
    if not factor.moves:
        yield factor.name, value
    for path, (first, last) in factor.moves.items():
        share = (float(value) - factor.low) / (factor.high - factor.low)
        between = min(max(first + (last - first) * share, min(first, last)), max(first, last))
        yield path, last if share == 1.0 else between


@dataclass(frozen=True)
class Scales:
    """The numbers that a row of the design's table sets, and how its cells become their values."""

    paths: tuple[str, ...]
    columns: Integers  # by path, where its cell stands in the row
    spans: Floats  # (4, paths) low and high of what a factor's own low and high are stretched to, and those two

    def numbers(self, cells: Floats) -> dict[str, float]:
        """Values by path."""
        low, high, own_low, own_high = self.spans
        own = cells[self.columns]
        values = np.clip(low + (high - low) * (own - own_low) / (own_high - own_low), low, high)
        values = np.where(own >= own_high, high, values)
        same = (low == own_low) & (high == own_high)  # a cell that is the value goes on to its last bit
        return dict(zip(self.paths, np.where(same, own, values).tolist(), strict=True))


def _scales(setup: Setup, theory: str | None, forms: Mapping[str, str], scenario: str) -> Scales:
    """How a theory under its forms has the numbers that factors set; what it holds itself is left out."""
    found: list[tuple[str, int, tuple[float, ...]]] = []
    for at, factor in enumerate(setup.experiment.factors):
        numbers = [path for path in factor.moves or (factor.name,) if _is_number(path, setup.world)]
        span = _span(setup, factor, theory, forms, scenario)
        found += [(path, at, span) for path in numbers if span is not None and not _is_choice(factor)]
    paths, columns, spans = zip(*found, strict=True) if found else ((), (), np.zeros((0, 4)))
    return Scales(tuple(paths), np.array(columns, np.int64), np.array(spans).T)


def _span(
    setup: Setup, factor: Factor, theory: str | None, forms: Mapping[str, str], scenario: str
) -> tuple[float, float, float, float] | None:
    """The scale of a factor's number, as in `Scales.spans`; none where theory or forms hold the number.

    A number drawn over its declared range is moved into the theory's own. One that the file names itself, with its own
    range or levels, is what the file says.
    """
    world = setup.world
    if not factor.declared or not factor.name.startswith("rules."):
        return 0.0, 1.0, 0.0, 1.0
    name = factor.name.rsplit(".", 1)[1]
    preset = world.theories[theory or setup.scenarios[scenario].theory or world.default_theory]
    chosen = {**world.default_forms, **setup.scenarios[scenario].forms, **forms}
    if name in preset.fix or any(name in world.forms[f][a].fix for f, a in chosen.items()):
        return None
    # What the file's theory or a scenario narrows, the factor's own range says already.
    narrowed = setup.experiment.theory is not None or any(factor.name in s.uncertain for s in setup.scenarios.values())
    low, high = (factor.low, factor.high) if narrowed else preset.ranges.get(name, (factor.low, factor.high))
    return low, high, factor.low, factor.high


@dataclass(frozen=True)
class Batch:
    """Points that share draws, crossed with points that share schedules: run as one family."""

    members: Integers  # (D, S) numbers within the chunk
    points: Sequence[Point]

    def draws(self, setup: Setup) -> Draws:
        """(D * replicates,) draws of its rows of points."""
        first = self.points[self.members[0, 0]]
        inputs = setup.inputs(first.scenarios[0], first)
        rows = [self.points[members[0]] for members in self.members]
        times = setup.experiment.replications
        seeds = np.array([seed for point in rows for seed in point.seeds], np.uint64)
        draws = Draws(np.repeat(inputs.rules[None], len(seeds)), np.tile(inputs.row, (len(seeds), 1)), seeds)
        for at, (path, _) in enumerate(first.numbers):
            values = np.repeat([point.numbers[at][1] for point in rows], times)
            put(setup.world, draws, path, values)
            if setup.experiment.kind in SPREAD:
                draws.drawn[path] = values
        if any(path in setup.world.coded_index for path, _ in first.numbers):
            hold_shares(setup.world, draws)
        return draws


def batches(points: Sequence[Point]) -> Iterator[Batch]:
    """Points put together so that what they share is run once."""
    by_draw: dict[Hashable, list[int]] = {}
    for at, point in enumerate(points):
        by_draw.setdefault((point.scenarios, point.theory, point.forms, point.numbers, point.seeds), []).append(at)
    crossed: dict[Hashable, list[list[int]]] = {}
    for members in by_draw.values():
        one = points[members[0]]
        paths = tuple(path for path, _ in one.numbers)
        schedules = tuple(points[at].settings for at in members)
        crossed.setdefault((one.scenarios, one.theory, one.forms, paths, schedules), []).append(members)
    for groups in crossed.values():
        table = np.array(groups, np.int64)
        width = max(1, _MOST_SCHEDULES // len(points[table[0, 0]].scenarios))
        for first in range(0, table.shape[1], width):
            yield Batch(table[:, first : first + width], points)
