"""Other tools' faces: a scenario as a model of the exploratory modelling workbench, driven by its own samplers.

Mesa's `batch_run` needs no adapter: `EurasiaModel` is what it takes (docs/how-to/mesa.md).
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from eurasia_sim.files.data_yaml import DataError, near
from eurasia_sim.scenarios.scenario import load_scenario
from eurasia_sim.simulation.ensemble import run_paired
from eurasia_sim.simulation.inputs import Inputs, prepare
from eurasia_sim.simulation.parameter_draws import hold_shares, put, ranges_of, reference_draws
from eurasia_sim.world.levers import levers
from eurasia_sim.world.world import World, load_world

SCENARIO = "scenario_name"  # the workbench calls its states of the world scenarios


@lru_cache(maxsize=4)
def _world(name: str | None) -> World:
    """A world by name, kept by each process that the workbench starts."""
    return load_world(name)


@lru_cache(maxsize=64)
def _inputs(
    world: str | None, scenario: str, theory: str | None, settings: tuple[str, ...]
) -> Inputs:
    """What the kernel is given; a policy is run in many states of the world, so its own is kept."""
    return prepare(_world(world), load_scenario(scenario, _world(world), settings), theory)


@dataclass(frozen=True)
class Experiment:
    """What the workbench calls: numbers and levers by path in, measures out; it can be sent to other processes."""

    scenario: str
    theory: str | None
    measures: tuple[str, ...]
    since: int | None  # first month that measures are averaged over
    replicates: int
    seed: int
    world: str | None = None

    def __call__(self, **chosen: Any) -> dict[str, float]:
        """Means over the months since `since`, and over replicates with the same seeds in every experiment.

        Args:
            chosen: `scenario_name`, a lever's path, or a number's path, each with its value.

        Returns:
            By measure; NaN where one of the replicates failed.
        """
        world = _world(self.world)
        scenario = str(chosen.pop(SCENARIO, self.scenario))
        numbers = {path: float(value) for path, value in chosen.items() if path in world.numbers}
        settings = tuple(f"{path}={value}" for path, value in chosen.items() if path not in numbers)
        inputs = _inputs(self.world, scenario, self.theory, settings)
        draws = reference_draws(inputs, self.replicates, self.seed)
        for path, value in numbers.items():
            put(world, draws, path, value)
        hold_shares(world, draws)
        since = inputs.scenario.departs or 0 if self.since is None else self.since
        (outcome,) = run_paired([inputs], draws, (since, inputs.months))
        columns = [inputs.columns.index(measure) for measure in self.measures]
        return dict(
            zip(self.measures, outcome.means[:, columns].mean(axis=0).tolist(), strict=True)
        )


def workbench_model(
    scenarios: str | Sequence[str],
    measures: Sequence[str],
    *,
    decided: Mapping[str, tuple[float, float]] | None = None,
    theory: str | None = None,
    since: str | None = None,
    replicates: int = 1,
    seed: int = 7,
    world: str | None = None,
) -> Any:
    """Scenarios of one theory as a `Model` of ema_workbench.

    Its uncertainties are the numbers with a declared range, under their own paths; its levers are the scenario, where
    there are several, and the levers named; its outcomes are measures. A failed run gives NaN, never the outcome of
    another.

    Args:
        scenarios: one name, or several to choose from.
        measures: columns as `measures.column_names` names them.
        decided: by lever path, the range in which it may be set from the month in which a scenario departs.
        theory: a preset; by default the first scenario's, else the world's.
        since: YYYY-MM, the first month that measures are averaged over; by default that in which a scenario departs.
        replicates: runs by chance of each experiment, whose mean is the outcome; they share their seeds everywhere.

    Raises:
        InputProblems, DataError: for a scenario, theory, lever or measure that there is not.
    """
    names = [scenarios] if isinstance(scenarios, str) else list(scenarios)
    found = _world(world)
    _check_theory(theory, found)
    first = _inputs(world, names[0], theory, ())
    for name in names[1:]:
        _inputs(world, name, theory, ())
    _check_columns(measures, first)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of figures it would draw, were other packages there
        from ema_workbench import CategoricalParameter, Model, RealParameter, ScalarOutcome

    run = Experiment(
        names[0],
        first.theory,
        tuple(measures),
        None if since is None else found.month(since),
        replicates,
        seed,
        world,
    )
    model = Model("".join(filter(str.isalnum, f"eurasia {first.theory}")), function=run)
    model.uncertainties = [
        RealParameter(path, low, high) for path, (low, high) in ranges_of(found, first).items()
    ]
    choice = [CategoricalParameter(SCENARIO, names)] if len(names) > 1 else []
    model.levers = [
        *choice,
        *(RealParameter(path, *_range(path, ends)) for path, ends in (decided or {}).items()),
    ]
    for path, ends in (decided or {}).items():
        _inputs(world, names[0], theory, (f"{path}={ends[0]}",))
    model.outcomes = [ScalarOutcome(measure) for measure in measures]
    return model


def _check_theory(theory: str | None, world: World) -> None:
    if theory is not None and theory not in world.theories:
        raise DataError([f"{theory} is no theory{near(theory, world.theories)}"])


def _check_columns(measures: Sequence[str], inputs: Inputs) -> None:
    unknown = [name for name in measures if name not in inputs.columns]
    if unknown:
        raise DataError([f"{name} is no measure{near(name, inputs.columns)}" for name in unknown])


def _range(path: str, ends: tuple[float, float]) -> tuple[float, float]:
    """The range of a lever; it must be within what the lever may be."""
    name = path.partition(".")[0]
    if name not in levers():
        raise DataError([f"{path}: {name} is no lever{near(name, levers())}"])
    bounds = levers()[name].bounds
    low, high = ends
    if bounds is None or not np.isfinite(ends).all() or not bounds[0] <= low < high <= bounds[1]:
        raise DataError([f"{path}: {low:g} to {high:g} is no range of {levers()[name].allowed}"])
    return low, high
