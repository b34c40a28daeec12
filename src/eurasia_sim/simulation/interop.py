"""A scenario as a model of the exploratory modelling workbench, driven by its own samplers.

Mesa's `batch_run` needs no adapter: it takes `EurasiaModel` as it is (docs/how-to/mesa.md).
"""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.scenarios.scenario import apply_settings, load_scenario
from eurasia_sim.simulation.ensemble import run_paired
from eurasia_sim.simulation.inputs import Inputs, prepare, unknown
from eurasia_sim.simulation.parameter_draws import hold_shares, put, ranges_of, reference_draws
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
    """What the kernel is given, kept since a policy is run in many states of the world."""
    found = load_scenario(scenario, _world(world))
    found = apply_settings(found, settings, _world(world), drawn=True)
    return prepare(_world(world), found, theory)


@dataclass(frozen=True)
class Experiment:
    """What the workbench calls: numbers and levers by path in, measures out; can be pickled."""

    scenario: str
    theory: str | None
    measures: tuple[str, ...]
    since: int | None  # first month that measures are averaged over
    replicates: int
    seed: int
    world: str | None = None

    def __call__(self, **chosen: Any) -> dict[str, float]:
        """By measure, its mean over months since `since` and replicates; NaN where one failed.

        `chosen`: `scenario_name`, a lever's path, or a number's path, each with its value.
        """
        world = _world(self.world)
        scenario = str(chosen.pop(SCENARIO, self.scenario))
        numbers = {path: float(chosen.pop(path)) for path in [*chosen] if path in world.numbers}
        settings = tuple(f"{path}={value}" for path, value in chosen.items())
        inputs = _inputs(self.world, scenario, self.theory, settings)
        draws = reference_draws(inputs, self.replicates, self.seed)
        for path, value in numbers.items():
            put(world, draws, path, value)
        hold_shares(world, draws)
        since = inputs.scenario.departs or 0 if self.since is None else self.since
        (outcome,) = run_paired([inputs], draws, (since, inputs.months))
        columns = [inputs.columns.index(measure) for measure in self.measures]
        means = outcome.means[:, columns].mean(axis=0)
        return dict(zip(self.measures, means.tolist(), strict=True))


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

    Its uncertainties are the numbers with a declared range, under their own paths; its levers are
    the scenario, where there are several, and the levers named; its outcomes are measures. A failed
    run gives NaN, never the outcome of another.

    Args:
        scenarios: one name, or several to choose from.
        measures: columns as `outcomes.column_names` names them.
        decided: by lever path, the range in which it may be set from the scenario's departure on.
        theory: a preset; by default the first scenario's, else the world's.
        since: YYYY-MM, the first month of the means; by default that of the departure.
        replicates: runs by chance whose mean is the outcome; they share their seeds everywhere.

    DataError for a scenario, theory, lever or measure that there is not.
    """
    names = [scenarios] if isinstance(scenarios, str) else list(scenarios)
    found = _world(world)
    first, *_ = (_inputs(world, name, theory, ()) for name in names)
    if problems := unknown(measures, first.columns, "measure"):
        raise DataError(problems)
    for path, (low, high) in (decided := decided or {}).items():
        for end in (low, high):
            apply_settings(first.scenario, [f"{path}={end}"], found)
        if low >= high:
            raise DataError([f"{path}: {low:g} to {high:g} is no range"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of figures it would draw, were other packages there
        from ema_workbench import CategoricalParameter, Model, RealParameter, ScalarOutcome

    start = None if since is None else found.month(since)
    run = Experiment(names[0], first.theory, tuple(measures), start, replicates, seed, world)
    model = Model("".join(filter(str.isalnum, f"eurasia {first.theory}")), function=run)
    uncertain = ranges_of(found, first)
    model.uncertainties = [RealParameter(path, *ends) for path, ends in uncertain.items()]
    choice = [CategoricalParameter(SCENARIO, names)] if len(names) > 1 else []
    model.levers = [*choice, *(RealParameter(path, *ends) for path, ends in decided.items())]
    model.outcomes = [ScalarOutcome(measure) for measure in measures]
    return model
