"""Ways to carry out one experiment: by our sweep, by ema_workbench and by Mesa's own runner, both over the Mesa face.

Each is called in a process of its own (`benchmarks.alone`) and gives the seconds from a world that is read to results.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from scipy.stats import qmc

from benchmarks.timed import MEASURES, REPLICATIONS, swept
from eurasia_sim import EurasiaModel
from eurasia_sim.scenarios.scenario import Scenario, load_scenario
from eurasia_sim.simulation.inputs import prepare
from eurasia_sim.simulation.parameter_draws import ranges_of
from eurasia_sim.world.world import World, load_world

WINDOW = ("2024-01", "2031-01")  # and the month after its last
# Mesa's collector has the measures of pairs, actors and theatres, not the alignment of two.
COLLECTED = tuple(measure for measure in MEASURES if not measure.startswith("alignment"))


@cache
def _world() -> World:
    """The packaged world, read once a process."""
    return load_world()


@cache
def _scenario(name: str) -> Scenario:
    """A packaged scenario, read once a process."""
    return load_scenario(name, _world())


def _ranges(scenario: str) -> dict[str, tuple[float, float]]:
    """What is uncertain, by path."""
    return ranges_of(_world(), prepare(_world(), _scenario(scenario)))


def by_sweep(scenario: str, points: int, replications: int, cores: int) -> float:
    """Seconds by our own sweep, on threads; as many replications a point as its file says.

    Raises:
        ValueError: for another number of them.
    """
    if replications != REPLICATIONS:
        raise ValueError(f"the timed sweep has {REPLICATIONS} replications a point")
    _world()
    return swept(points * replications, cores, scenario=scenario).seconds


def by_workbench(scenario: str, points: int, replications: int, cores: int) -> float:
    """Seconds by ema_workbench's MultiprocessingEvaluator; a point is an experiment, its outcome a mean."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of figures it would draw, were other packages there
        from ema_workbench import Model, MultiprocessingEvaluator, RealParameter, ScalarOutcome

        model = Model("eurasia", function=WorkbenchRun(scenario, replications))
        model.uncertainties = [
            RealParameter(path, *ends) for path, ends in _ranges(scenario).items()
        ]
        model.outcomes = [ScalarOutcome(measure) for measure in COLLECTED]
        began = time.perf_counter()
        with MultiprocessingEvaluator(model, n_processes=cores) as evaluator:
            _, outcomes = evaluator.perform_experiments(scenarios=points)
    _all_there(outcomes, points)
    return time.perf_counter() - began


class WorkbenchRun:
    """What the workbench calls: numbers by path in, means over the window and the replications out."""

    def __init__(self, scenario: str, replications: int) -> None:
        self.scenario, self.replications = scenario, replications

    def __call__(self, **chosen: float) -> dict[str, float]:
        """The measures of one point."""
        settings = tuple(f"{path}={value}" for path, value in chosen.items())
        found = []
        for seed in range(self.replications):
            model = EurasiaModel(_scenario(self.scenario), _world(), seed=seed, settings=settings)
            while model.running:
                model.step()
            collected = model.datacollector.get_model_vars_dataframe()
            months = slice(*(_world().month(month) for month in WINDOW))
            found.append([collected[measure].iloc[months].mean() for measure in COLLECTED])
        return dict(zip(COLLECTED, np.mean(found, axis=0).tolist(), strict=True))


def by_batch_run(scenario: str, points: int, replications: int, cores: int) -> float:
    """Seconds by Mesa's `batch_run`, which keeps every run's last month of all that the model collects."""
    from mesa.batchrunner import batch_run

    ranges = _ranges(scenario)
    low, high = np.array(list(ranges.values())).T
    sample = low + (high - low) * qmc.LatinHypercube(
        len(ranges), rng=np.random.default_rng(7)
    ).random(points)
    settings = [
        tuple(f"{path}={value}" for path, value in zip(ranges, row, strict=True))
        for row in sample.tolist()
    ]
    parameters: dict[str, Any] = {
        "scenario": _scenario(scenario),
        "settings": settings,
        "seed": range(replications),
    }
    began = time.perf_counter()
    rows = batch_run(EurasiaModel, parameters, cores, max_steps=10**6, display_progress=False)
    _all_there(
        {measure: [row[measure] for row in rows] for measure in COLLECTED}, points * replications
    )
    return time.perf_counter() - began


def _all_there(found: Any, count: int) -> None:
    """Nothing is missing.

    Raises:
        ArithmeticError: where something is.
    """
    columns: Sequence[Any] = [found[measure] for measure in COLLECTED]
    if any(len(column) != count or not np.isfinite(column).all() for column in columns):
        raise ArithmeticError("an experiment gave no number")
