"""What one point of a sweep gives its runs: scenarios, numbers, lever settings, seeds."""

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import groupby
from typing import Literal

import numpy as np

from eurasia_sim.compute.dimensions import Floats
from eurasia_sim.experiments.schema import Experiment, Factor, is_choice
from eurasia_sim.kernel.lever_series import LeverSeries
from eurasia_sim.scenarios.scenario import Scenario, apply_settings, earliest_parting
from eurasia_sim.simulation.inputs import Inputs, capability_index, prepare
from eurasia_sim.world.world import World

Keep = Literal["measures", "trajectories", "events"]
Settings = tuple[str, ...]
Forms = tuple[tuple[str, str], ...]
# A lever series takes about ten megabytes; so many serve a part without weighing on memory.
MOST_SERIES = 6
_MOST_INPUTS = 200
_CAPABILITIES = "capabilities."  # numbers that reach a run through its lever series


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
    """A scenario with settings applied, and its lever series under a power index."""
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
