"""What hypotheses need to know of runs: every arm under the same draws, and what is read off each run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from eurasia_sim.compute.dimensions import Floats, Integers
from eurasia_sim.hypotheses.hypothesis import Arm, Part, arm_scenario
from eurasia_sim.kernel.lever_series import LeverSeries
from eurasia_sim.scenarios.outcome_columns import Metric
from eurasia_sim.scenarios.scenario import Scenario
from eurasia_sim.simulation.ensemble import Progress, in_chunks, run_branched
from eurasia_sim.simulation.inputs import Inputs, capability_index, prepare
from eurasia_sim.simulation.parameter_draws import Draws, put
from eurasia_sim.world.world import World

Reading = tuple[Metric, tuple[int, int]]  # a metric and the window it is read over
_MONTHS_A_YEAR = 12
_OF_PARTS = ("colocation", "cooperation")


@dataclass(frozen=True)
class Plan:
    """The arms that some parts contrast, and everything that is read off each."""

    world: World
    arms: tuple[Arm, ...]
    readings: tuple[Reading, ...]

    @classmethod
    def of(cls, world: World, parts: Iterable[Part]) -> Plan:
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
        """First month that any reading looks at."""
        return min(window[0] for _, window in self.readings)

    def inputs(self, arm: Arm, theory: str, forms: Mapping[str, str]) -> Inputs:
        """What the kernel is given for an arm; its schedule is made once for each index of power."""
        scenario = self.scenarios[arm]
        key = (
            scenario.digest,
            capability_index(self.world, {**self.world.default_forms, **scenario.forms, **forms}),
        )
        inputs = prepare(self.world, scenario, theory, forms, self._levers.get(key))
        self._levers[key] = inputs.levers
        return inputs

    @cached_property
    def _levers(self) -> dict[tuple[str, str], LeverSeries]:
        return {}

    def families(self, theory: str, forms: Mapping[str, str]) -> list[Branches]:
        """Arms that share a past, so have equal numbers; the one that parts latest from the others comes first."""
        found: dict[tuple[tuple[str, float], ...], list[tuple[int, Inputs]]] = {}
        for at, arm in enumerate(self.arms):
            inputs = self.inputs(arm, theory, forms)
            found.setdefault(tuple(sorted(inputs.scenario.fixed.items())), []).append((at, inputs))
        return [self._branches(members) for members in found.values()]

    def _branches(self, members: list[tuple[int, Inputs]]) -> Branches:
        family = [inputs for _, inputs in members]
        apart = [tuple(self.parting(one, other) for other in family) for one in family]
        first = max(range(len(family)), key=lambda at: sum(apart[at]))
        order = [first, *(at for at in range(len(family)) if at != first)]
        return Branches(
            tuple(members[at][0] for at in order),
            tuple(family[at] for at in order),
            tuple(apart[first][at] for at in order),
        )

    def parting(self, one: Inputs, other: Inputs) -> int:
        """First month in which two scenarios differ."""
        shared = min(one.months, other.months)
        differs = self._months(one)[:shared] != self._months(other)[:shared]
        return int(np.argmax(differs)) if differs.any() else shared

    def _months(self, inputs: Inputs) -> Integers:
        """(T,) a digest of every month's levers and series; neither theory nor form tells scenarios apart."""
        if inputs.scenario.digest not in self._digests:
            self._digests[inputs.scenario.digest] = np.array(
                [hash(row.tobytes()) for row in inputs.levers.rows]
            )
        return self._digests[inputs.scenario.digest]

    @cached_property
    def _digests(self) -> dict[str, Integers]:
        return {}


@dataclass(frozen=True)
class Branches:
    """Arms (by place in the plan) with one past, their inputs, and when each parts from the first."""

    places: tuple[int, ...]
    family: tuple[Inputs, ...]
    partings: tuple[int, ...]


def readings_of(part: Part) -> list[Reading]:
    """What a part reads off a run; for competition and cooperation also what their parts are made of."""
    found = [(part.metric, part.window)]
    if part.metric.splits:
        whom = part.metric.columns[0].partition(".")[2]
        found += [
            (replace(part.metric, columns=(f"{kind}.{whom}",)), part.window) for kind in _OF_PARTS
        ]
    return found


def read(
    metric: Metric, window: tuple[int, int], since: int, months: Mapping[str, Floats]
) -> Floats:
    """(R,) what a metric reads off runs.

    Args:
        months: by column, (R, M) values month by month from `since`.
    """
    first, last = window[0] - since, window[1] - since

    def together(names: Sequence[str], kind: str) -> Floats:
        stacked = np.stack([months[name][:, first:last] for name in names])
        reduce: dict[str, np.ufunc] = {
            "sum": np.add,
            "mean": np.add,
            "least": np.minimum,
            "greatest": np.maximum,
        }
        reduced = reduce[kind].reduce(stacked, axis=0)
        return np.asarray(reduced / len(names) if kind == "mean" else reduced)

    values = together(metric.columns, metric.kind)
    if metric.less:
        values = values - together(metric.less, metric.kind)
    with np.errstate(divide="ignore", invalid="ignore"):
        if metric.over:
            total = together(metric.over, "sum")
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
    plan: Plan,
    theory: str,
    forms: Mapping[str, str],
    draws: Draws,
    *,
    workers: int | None = None,
    report: Callable[[int], None] = lambda _: None,
) -> Floats:
    """(arms, R, readings) what is read off every arm's runs under the same draws; a failed run is NaN.

    Args:
        report: told how many runs of all arms are finished.

    Raises:
        KeyboardInterrupt: once the chunks in flight are done.
    """
    found = np.full((len(plan.arms), len(draws), len(plan.readings)), np.nan)
    done = 0
    for branches in plan.families(theory, forms):
        first = branches.family[0]
        own = with_fixed(plan.world, first, draws)
        kept = np.array([first.columns.index(name) for name in plan.columns], np.int64)

        def work(
            chunk: slice, branches: Branches = branches, own: Draws = own, kept: Integers = kept
        ) -> list[Floats]:
            return run_branched(
                branches.family, branches.partings, own.part(chunk), kept, plan.since
            )

        def take(chunk: slice, trajectories: list[Floats], branches: Branches = branches) -> None:
            for at, each in zip(branches.places, trajectories, strict=True):
                found[at, chunk] = _readings(plan, each)

        progress, before, arms = Progress(len(draws)), done, len(branches.places)

        def tell(progress: Progress, before: int = before, arms: int = arms) -> None:
            report(before + progress.finished * arms)

        in_chunks(work, take, progress, workers, tell)
        if progress.stop.is_set():
            raise KeyboardInterrupt
        done += len(draws) * arms
    return found


def _readings(plan: Plan, trajectories: Floats) -> Floats:
    """(R, readings) of one arm's kept columns (R, M, kept)."""
    return np.stack(
        [
            read_columns(metric, window, plan.since, plan.columns, trajectories)
            for metric, window in plan.readings
        ],
        axis=1,
    )


def read_columns(
    metric: Metric, window: tuple[int, int], since: int, names: Sequence[str], trajectories: Floats
) -> Floats:
    """`read` of (R, M, kept) trajectories whose last axis is named."""
    return read(
        metric, window, since, {name: trajectories[:, :, c] for c, name in enumerate(names)}
    )


def with_fixed(world: World, inputs: Inputs, draws: Draws) -> Draws:
    """The draws with the numbers that a scenario fixes put in."""
    own = Draws(draws.rules.copy(), draws.rows.copy(), draws.seeds)
    for path, value in inputs.scenario.fixed.items():
        put(world, own, path, value)
    return own


def effect(plan: Plan, part: Part, values: Floats, reading: int = 0) -> Floats:
    """(R,) a part's effect run by run: its reading of the arms added, less that of those taken away.

    Args:
        values: (arms, R, readings) from `read_runs`. reading: which of the part's readings.
    """
    column = plan.readings.index(readings_of(part)[reading])
    added = [values[plan.arms.index(arm), :, column] for arm in part.plus]
    taken = [values[plan.arms.index(arm), :, column] for arm in part.less]
    return np.asarray(np.sum(added, axis=0) - (np.sum(taken, axis=0) if taken else 0.0))
