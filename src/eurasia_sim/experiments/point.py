"""What one point of a sweep gives its runs: scenarios, numbers, lever settings, seeds."""

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import groupby
from typing import Literal

import numpy as np

from eurasia_sim.compute.dimensions import Floats, Integers
from eurasia_sim.experiments.schema import Experiment, Factor, is_choice
from eurasia_sim.kernel.lever_series import LeverSeries
from eurasia_sim.scenarios.scenario import Scenario, apply_settings, earliest_parting
from eurasia_sim.simulation.inputs import Inputs, capability_index, prepare
from eurasia_sim.world.world import World

Keep = Literal["measures", "trajectories", "events"]
Settings = tuple[str, ...]
Forms = tuple[tuple[str, str], ...]
Scales = tuple[tuple[str, ...], Integers, Floats]  # paths, columns of the design, (4, paths) spans
# A lever series takes about ten megabytes; so many serve a part without weighing on memory.
MOST_SERIES = 6
_MOST_INPUTS = 200
_CAPABILITIES = "capabilities."  # numbers that reach a run through its lever series


@dataclass(frozen=True)
class Point:
    """One point of the design, in scenarios that hold the same numbers."""

    number: int
    scenarios: tuple[str, ...]
    theory: str | None
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

    @cached_property
    def choices(self) -> list[tuple[int, Factor]]:
        """Factors that choose a scenario, theory, form or seed, with columns of the design."""
        return [(at, f) for at, f in enumerate(self.experiment.factors) if is_choice(f.name)]

    @cached_property
    def moves(self) -> list[tuple[int, Factor]]:
        """Factors that move several paths, or one that is no number, with their columns."""
        others = [(at, f) for at, f in enumerate(self.experiment.factors) if not is_choice(f.name)]
        return [(at, f) for at, f in others if f.moves or not _is_number(f.name, self.world)]

    def theory(self, name: str, chosen: str | None) -> str:
        """The theory of a scenario's runs: the point's, the scenario's or the world's default."""
        return chosen or self.scenarios[name].theory or self.world.default_theory

    def forms(self, name: str, chosen: Forms) -> dict[str, str]:
        """The forms of a scenario's runs at a point that chooses some."""
        return {**self.world.default_forms, **self.scenarios[name].forms, **dict(chosen)}

    def numbers(
        self, cells: Floats, name: str, theory: str | None, forms: Forms
    ) -> dict[str, float]:
        """Values by path of the numbers that a row of the design sets under a theory and forms."""
        paths, columns, (low, high, own_low, own_high) = _scales(self, name, theory, forms)
        own = cells[columns]
        values = np.clip(low + (high - low) * (own - own_low) / (own_high - own_low), low, high)
        values = np.where(own >= own_high, high, values)
        same = (low == own_low) & (high == own_high)  # a cell that is the value keeps its last bit
        return dict(zip(paths, np.where(same, own, values).tolist(), strict=True))

    def inputs(self, name: str, point: Point) -> Inputs:
        """The kernel's inputs of a scenario at a point, without the point's own numbers."""
        # Kept inputs hold their lever series in memory; of points with settings, too many.
        make = _inputs.__wrapped__ if point.settings else _inputs
        return make(self, name, point.theory, point.forms, point.settings)


@lru_cache(_MOST_INPUTS)
def _inputs(
    setup: Setup, name: str, chosen: str | None, forms: Forms, settings: Settings
) -> Inputs:
    own = setup.forms(name, forms)
    scenario, series = _series(setup, name, settings, capability_index(setup.world, own))
    return prepare(setup.world, scenario, setup.theory(name, chosen), own, series)


@lru_cache(MOST_SERIES)
def _series(
    setup: Setup, name: str, settings: Settings, index: str
) -> tuple[Scenario, LeverSeries]:
    """A scenario with settings applied, and its lever series under a power index."""
    since = earliest_parting(setup.experiment.scenarios)
    scenario = apply_settings(setup.scenarios[name], settings, setup.world, since, drawn=True)
    return scenario, scenario.lever_series(setup.world, index)


@lru_cache(_MOST_INPUTS)
def _scales(setup: Setup, name: str, theory: str | None, forms: Forms) -> Scales:
    """How the cells of factors become the numbers that they set."""
    found = [
        (path, at, span)
        for at, factor in enumerate(setup.experiment.factors)
        if not is_choice(factor.name) and (span := _span(setup, factor, name, theory, forms))
        for path in factor.paths
        if _is_number(path, setup.world)
    ]
    columns = np.array([at for _, at, _ in found], np.int64)
    spans = np.array([span for *_, span in found]).reshape(-1, 4).T
    return tuple(path for path, *_ in found), columns, spans


def points_of(setup: Setup, number: int, cells: Floats) -> list[Point]:
    """One row of the design as points: scenarios of other theories, forms or numbers apart."""
    experiment = setup.experiment
    given = {factor.name: factor.value(cells[at]) for at, factor in setup.choices}
    theory = str(given["theory"]) if "theory" in given else experiment.file.theory
    chosen = {name[5:]: str(form) for name, form in given.items() if name.startswith("form.")}
    forms = tuple({**experiment.file.forms, **chosen}.items())
    own, settings = dict[str, float](), list[str]()
    for at, factor in setup.moves:
        for path, value in _moved(factor, factor.value(cells[at])):
            if _is_number(path, setup.world):
                own[path] = float(value)
            else:
                settings.append(f"{path}={value}")
    key = () if experiment.chance == "common" else (number,)
    sequence = np.random.SeedSequence(int(given.get("seed", experiment.file.seed)), spawn_key=key)
    seeds = tuple(map(int, sequence.generate_state(experiment.file.replications, np.uint64)))

    def held(name: str) -> Hashable:
        fixed = setup.scenarios[name].fixed.items()
        numbers = tuple(sorted(each for each in fixed if not each[0].startswith(_CAPABILITIES)))
        return setup.theory(name, theory), tuple(setup.forms(name, forms).items()), numbers

    scenarios = [str(given["scenario"])] if "scenario" in given else setup.scenarios
    points = []
    for names in (tuple(alike) for _, alike in groupby(scenarios, held)):
        numbers = setup.numbers(cells, names[0], theory, forms) | own
        pairs = tuple(numbers.items())
        points.append(Point(number, names, theory, forms, pairs, tuple(settings), seeds))
    return points


def _is_number(path: str, world: World) -> bool:
    """Whether every run's own parameters hold what stands under a path."""
    return path in world.numbers and not path.startswith(_CAPABILITIES)


def _moved(factor: Factor, value: float | str) -> Iterator[tuple[str, float | str]]:
    """Every path that a factor sets, with its value."""
    if not factor.moves:
        yield factor.name, value
    for path, (first, last) in factor.moves.items():
        share = (float(value) - factor.low) / (factor.high - factor.low)
        between = min(max(first + (last - first) * share, min(first, last)), max(first, last))
        yield path, last if share == 1.0 else between


def _span(
    setup: Setup, factor: Factor, name: str, theory: str | None, forms: Forms
) -> tuple[float, float, float, float] | None:
    """Low and high of a factor's number, then of its cells; none where the number is held.

    A number drawn over its declared range is moved into the theory's own range. One that the file
    names itself, with a range or levels, is what the file says.
    """
    world = setup.world
    if not factor.declared or not factor.name.startswith("rules."):
        return 0.0, 1.0, 0.0, 1.0
    number = factor.name.rsplit(".", 1)[1]
    preset = world.theories[setup.theory(name, theory)]
    chosen = setup.forms(name, forms).items()
    if number in preset.fix or any(number in world.forms[f][a].fix for f, a in chosen):
        return None
    # The factor's own range already says what the file's theory or a scenario narrows.
    uncertain = any(factor.name in scenario.uncertain for scenario in setup.experiment.scenarios)
    low, high = factor.low, factor.high
    if setup.experiment.file.theory is None and not uncertain:
        low, high = preset.ranges.get(number, (low, high))
    return low, high, factor.low, factor.high
