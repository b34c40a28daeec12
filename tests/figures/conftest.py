from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from eurasia_sim.ensemble import (
    prepare,
    range_draws,
    reference_draws,
    run_ensemble_draws,
)
from eurasia_sim.ensemble import table as table_of
from eurasia_sim.inputs import branch_month
from eurasia_sim.scenario import load_scenario
from eurasia_sim.world import World, load_world

SCENARIOS = ("us_exit", "us_stays")
MEASURES = tuple(
    f"{measure}.russia-china.central_asia" for measure in ("competition", "cooperation", "colocation", "joint_share")
)
SEED = 7


class Ensembles(NamedTuple):
    """Small paired ensembles of two scenarios, at reference and over the ranges."""

    world: World
    reference: pd.DataFrame
    ranges: pd.DataFrame
    trajectories: dict[str, dict[str, NDArray[np.float64]]]
    months: pd.PeriodIndex
    parting: int


@pytest.fixture(scope="session")
def ensembles() -> Ensembles:
    world = load_world()
    family = [prepare(world, load_scenario(name, world)) for name in SCENARIOS]
    columns = family[0].columns
    kept = np.array([columns.index(measure) for measure in MEASURES])
    tables, outcomes = [], []
    for draws in (reference_draws(family[0], 12, SEED), range_draws(world, family[0], 12, SEED)):
        outcomes = run_ensemble_draws(family, draws, kept=kept)
        parts = [table_of(inputs, draws, outcome) for inputs, outcome in zip(family, outcomes, strict=True)]
        tables.append(pd.concat(parts, ignore_index=True))
    trajectories = {
        measure: {outcome.scenario: outcome.trajectories[:, :, at] for outcome in outcomes}
        for at, measure in enumerate(MEASURES)
    }
    months = pd.period_range(world.date(0), periods=family[0].months, freq="M")
    return Ensembles(world, *tables, trajectories, months, branch_month(family))
