"""Runs for hypotheses: every arm under the same draws, and the readings of each run."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any

import numpy as np

from eurasia_sim.analysis.differences import PARTS, parts
from eurasia_sim.compute.dimensions import Floats
from eurasia_sim.files.memory import PROCESS, require_memory
from eurasia_sim.hypotheses.hypothesis import Arm, Family, Part, arm_scenario
from eurasia_sim.kernel.lever_series import LeverSeries
from eurasia_sim.scenarios.outcome_columns import Metric
from eurasia_sim.scenarios.scenario import Scenario
from eurasia_sim.simulation.inputs import Inputs, branch_month, capability_index, prepare
from eurasia_sim.simulation.parameter_draws import Draws, Sample, memory_of_draws, put
from eurasia_sim.validation import measured
from eurasia_sim.world.world import World

Reading = tuple[Metric, tuple[int, int]]  # a metric and the window it is read over
_MONTHS_A_YEAR = 12
_REDUCTIONS: dict[str, Callable[..., Any]] = {
    "sum": np.sum, "mean": np.mean, "least": np.min, "greatest": np.max,
}  # fmt: skip
_LEAST = 4
_LEAST_WIDE = 100  # draws that it takes to see 99 in a hundred
_COPIES = 2  # of all draws and their readings that are held at once


@dataclass(frozen=True)
class Effort:
    """Number of runs of each layer of a test."""

    runs: int = 200  # at reference, by chance alone
    runs_a_theory: int = 40  # at reference of every other theory and form
    points: int = 200  # of the space, a theory
    replicates: int = 2  # at each point
    wide: int = 200  # draws of deliberately wide coefficients
    mapped: int = 60  # points of the space, a theory, in every cell of a map
    seed: int = 7

    @classmethod
    def of(cls, runs: int, points: int, seed: int) -> "Effort":
        """The effort for runs at reference and points of the space, the rest in proportion."""
        few = max(runs * cls.runs_a_theory // cls.runs, _LEAST)
        wide = max(points * cls.wide // cls.points, _LEAST_WIDE)
        mapped = max(points * cls.mapped // cls.points, _LEAST)
        return cls(runs, few, points, cls.replicates, wide, mapped, seed)


@dataclass(frozen=True)
class Plan:
    """The arms that some parts contrast, and every reading of each."""

    world: World
    arms: tuple[Arm, ...]
    readings: tuple[Reading, ...]
    _levers: dict[tuple[str, str], LeverSeries] = field(default_factory=dict, compare=False)

    @classmethod
    def of(cls, world: World, parts: Iterable[Part]) -> "Plan":
        """The plan that serves all parts at once."""
        parts = list(parts)
        arms = dict.fromkeys(arm for part in parts for arm in part.arms)
        readings = dict.fromkeys(reading for part in parts for reading in readings_of(part))
        return cls(world, tuple(arms), tuple(readings))

    @cached_property
    def scenarios(self) -> Mapping[Arm, Scenario]:
        """Every arm's scenario."""
        return {arm: arm_scenario(arm, self.world) for arm in self.arms}

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Every column that some reading needs."""
        return tuple(dict.fromkeys(name for metric, _ in self.readings for name in metric.names))

    @cached_property
    def since(self) -> int:
        """First month of any reading."""
        return min(window[0] for _, window in self.readings)

    def inputs(self, arm: Arm, theory: str, forms: Mapping[str, str]) -> Inputs:
        """Inputs of an arm; its lever series is made once for each index of power."""
        scenario = self.scenarios[arm]
        chosen = {**self.world.default_forms, **scenario.forms, **forms}
        key = scenario.digest, capability_index(self.world, chosen)
        inputs = prepare(self.world, scenario, theory, forms, self._levers.get(key))
        self._levers[key] = inputs.levers
        return inputs

    @cached_property
    def families(self) -> list[tuple[list[int], list[int]]]:
        """Arms with equal numbers, so of one past, and the months in which they leave the first.

        The first is the one that parts latest from all; theory and forms do not matter.
        """
        alike: dict[tuple[tuple[str, float], ...], list[int]] = {}
        for at, arm in enumerate(self.arms):
            alike.setdefault(tuple(sorted(self.scenarios[arm].fixed.items())), []).append(at)
        found = []
        for own in alike.values():
            arms = [self.inputs(self.arms[at], self.world.default_theory, {}) for at in own]
            months = np.array([[branch_month([one, two]) for two in arms] for one in arms])
            trunk = int(months.sum(axis=1).argmax())
            order = [trunk, *(place for place in range(len(own)) if place != trunk)]
            found.append(([own[place] for place in order], months[trunk, order].tolist()))
        return found


def check_size(world: World, family: Family, effort: Effort) -> None:
    """Raise DataError for an effort whose draws and readings memory does not hold."""
    plan = Plan.of(world, family.parts())
    inputs = plan.inputs(plan.arms[0], world.default_theory, {})
    draws = len(world.theories) * effort.points * effort.replicates + effort.runs + effort.wide
    readings = 8 * len(plan.arms) * len(plan.readings)
    need = PROCESS + _COPIES * (memory_of_draws(world, inputs, draws) + draws * readings)
    what = f"{draws:,} draws of {len(plan.arms)} arms with {len(plan.readings)} readings"
    require_memory(need, what, "a smaller -n or --samples, or fewer hypotheses")


def readings_of(part: Part) -> list[Reading]:
    """The reading of a part, and what its effect adds up from.

    Of competition and cooperation that is its two parts, of a difference of columns each side.
    """
    metric, found = part.metric, [part.metric]
    if metric.splits:
        whom = metric.columns[0].partition(".")[2]
        found += [replace(metric, columns=(f"{kind}.{whom}",)) for kind in PARTS]
    elif part.channels:
        found += [replace(metric, columns=own, less=()) for own in (metric.columns, metric.less)]
    return [(each, part.window) for each in found]


def read(
    metric: Metric, window: tuple[int, int], since: int, months: Mapping[str, Floats]
) -> Floats:
    """(R,) a metric of every run; `months` are by column (R, M) values from the month `since`."""
    first, last = window[0] - since, window[1] - since

    def reduced(names: Sequence[str], kind: str) -> Floats:
        stacked = np.stack([months[name][:, first:last] for name in names])
        return np.asarray(_REDUCTIONS[kind](stacked, axis=0))

    values = reduced(metric.columns, metric.kind)
    if metric.less:
        values = values - reduced(metric.less, metric.kind)
    with np.errstate(divide="ignore", invalid="ignore"):
        if metric.over:
            total = reduced(metric.over, "sum")
            values = np.where(total > 0, values / total, np.where(np.isnan(total), np.nan, 0.0))
        if metric.log:
            values = np.log(values)
    if metric.read == "mean":
        return np.asarray(values.mean(axis=1))
    if metric.read == "slope":
        years = (np.arange(last - first) - (last - first - 1) / 2) / _MONTHS_A_YEAR
        return np.asarray(values @ years / (years @ years))
    reached = values >= metric.level
    until = np.where(reached.any(axis=1), reached.argmax(axis=1), last - first).astype(float)
    return np.where(np.isnan(values).any(axis=1), np.nan, until)


def read_runs(
    plan: Plan, theory: str, forms: Mapping[str, str], draws: Draws, *,
    workers: int | None = None, report: Callable[[int, int], None] = lambda *_: None,
) -> Floats:  # fmt: skip
    """(arms, R, readings) of every arm's runs under the same draws; a failed run is NaN.

    Reports draws done and in all. Raises KeyboardInterrupt once chunks in flight are done.
    """
    found = np.full((len(plan.arms), len(draws), len(plan.readings)), np.nan)
    arms = [plan.inputs(arm, theory, forms) for arm in plan.arms]

    def readings(months: list[Floats]) -> Floats:
        """(R, arms, readings) of months of columns, by arm of a family."""
        found = []
        for paths in months:
            series = dict(zip(plan.columns, np.moveaxis(paths, 2, 0), strict=True))
            found.append([read(*each, plan.since, series) for each in plan.readings])
        return np.moveaxis(np.array(found), 2, 0)

    def tell(before: int, each: int, finished: int) -> None:
        report((before + each * finished) // len(arms), len(draws))

    done = 0
    for family, partings in plan.families:
        first, inputs = arms[family[0]], [arms[at] for at in family]
        own = Draws(draws.rules.copy(), draws.rows.copy(), draws.seeds, fixed=first.fixed)
        for path, value in first.scenario.fixed.items():
            put(plan.world, own, path, value)
        told = partial(tell, done, len(family))
        runs = measured.read_runs(
            inputs, own, plan.columns, readings, workers, told, partings, plan.since
        )
        found[family] = np.moveaxis(runs, 1, 0)
        done += len(draws) * len(family)
    return found


def read_space(
    plan: Plan, sample: Sample, workers: int | None, report: Callable[[int, int], None]
) -> Floats:
    """(arms, P, replicates, readings) at every point of a sample; reports draws done and in all."""
    shape = len(sample.points), sample.replicates, len(plan.readings)
    values = np.full((len(plan.arms), *shape), np.nan)
    done, total = 0, len(sample.points) * sample.replicates
    for group in sample.groups:

        def tell(finished: int, _: int, before: int = done) -> None:
            report(before + finished, total)

        given: Any = (plan, group.theory, group.forms, group.draws)
        found = read_runs(*given, workers=workers, report=tell)
        values[:, group.points] = found.reshape(len(plan.arms), -1, *shape[1:])
        done += len(group.draws)
    return values


def arm_sums(plan: Plan, part: Part, values: Floats, reading: int = 0) -> tuple[Floats, Floats]:
    """(R,) sums of one of a part's readings over the arms that it adds, and that it takes away."""
    column = plan.readings.index(readings_of(part)[reading])
    places = [[plan.arms.index(arm) for arm in arms] for arms in (part.plus, part.less)]
    added, taken = (values[place, :, column].sum(axis=0) for place in places)
    return added, taken


def effect(plan: Plan, part: Part, values: Floats) -> Floats:
    """(R,) a part's effect run by run: its reading of the arms added, less that of those taken.

    NaN where the arms taken away do not read as the part says that they must for it to count.
    """
    added, taken = arm_sums(plan, part, values)
    if part.given is None:
        return added - taken
    counts = (taken >= part.given[0]) & (taken <= part.given[1])
    return np.where(counts, added - taken, np.nan)


def levels(plan: Plan, part: Part, values: Floats) -> Floats:
    """(R,) the mean reading of the arms that a part takes away; 0 where it takes none."""
    return arm_sums(plan, part, values)[1] / max(len(part.less), 1)


def channels(plan: Plan, part: Part, values: Floats) -> Floats:
    """(2, R) what an effect adds up from, run by run; empty unless each side is one arm.

    Of competition and cooperation by co-location and by the joint share; of a difference of columns
    by each side.
    """
    if len(part.plus) != 1 or len(part.less) != 1 or not (part.metric.splits or part.channels):
        return np.empty((0, values.shape[1]))
    first, second = (arm_sums(plan, part, values, reading) for reading in (1, 2))
    if part.metric.splits:
        return np.array(parts(part.metric.columns[0].partition(".")[0], first, second))
    return np.array([np.subtract(*first), -np.subtract(*second)])
