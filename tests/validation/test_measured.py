"""What an item reads of runs: means of a year, of two directions, ratios, distances of a group."""

from dataclasses import replace

import numpy as np
import pytest
from tests.observations.small import series

from eurasia_sim.observations.loader import Series
from eurasia_sim.scenarios.scenario import as_recorded
from eurasia_sim.simulation.inputs import prepare
from eurasia_sim.simulation.parameter_draws import reference_draws
from eurasia_sim.validation.measured import (
    columns_read,
    compared,
    measures,
    simulated,
    yearly,
    years_read,
)
from eurasia_sim.world.world import World

BOTH = ["alignment.{state}.{partner}", "alignment.{partner}.{state}"]
YEARS = np.array([2001, 2002])


def reading(rows: int, **changed: object) -> Series:
    found = series([[0.0, 0.0]] * rows)
    return replace(found, item=found.item.model_copy(update={"reads": BOTH, **changed}))


def test_a_year_is_the_mean_of_its_months_that_were_run(world: World) -> None:
    months = np.arange(16.0).reshape(1, 16, 1)  # from October 2001
    found = yearly(world, months, np.array([2000, 2001, 2002, 2003]))
    assert found[0, :, 0] == pytest.approx([np.nan, 1, 8.5, 15], nan_ok=True)


def test_both_directions_are_averaged_and_a_ratio_is_of_the_first_over_the_second() -> None:
    means = {"alignment.a0.b0": np.array([[0.2, 0.4]]), "alignment.b0.a0": np.array([[0.4, 0.1]])}
    assert measures(reading(1), means, YEARS) == pytest.approx(np.array([[[0.3, 0.25]]]))
    found = measures(reading(1, combine="log_ratio"), means, YEARS)
    assert found == pytest.approx(np.log([[[0.5, 4]]]))


def test_with_year_effects_a_unit_is_measured_from_its_groups_mean() -> None:
    asked = reading(3, year_effects=True)
    means = {
        name: np.full((1, 2), level)
        for unit, level in zip(asked.units, (0.1, 0.5, 0.9), strict=True)
        for name in asked.columns(unit)
    }
    assert measures(asked, means, YEARS)[0, :, 0] == pytest.approx([-0.2, 0.2, 0])


def test_the_packaged_items_read_what_a_run_publishes(world: World) -> None:
    items = compared(world)
    assert "troops" not in items
    assert "opium" in items
    inputs = prepare(world, as_recorded(world))
    assert set(columns_read(items.values())) <= set(inputs.columns)
    found = simulated(world, inputs, reference_draws(inputs, 2, 7), items)
    assert years_read(items.values())[0] == 2000
    for name, series_ in items.items():
        assert found[name].shape == (2, *series_.values.shape)
        assert np.isfinite(found[name][:, :, series_.years > 2000]).all()
        assert np.isnan(found[name][:, :, series_.years == 2000]).all()
