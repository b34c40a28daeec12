"""The model as a forecaster: by hand, with the truth as its measure, and blind to what comes."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.observations.small import series

from eurasia_sim.kernel.arrays import LEVERS
from eurasia_sim.observations.baselines import FREE
from eurasia_sim.observations.links import fit_link
from eurasia_sim.observations.skill import rolled, scores
from eurasia_sim.scenarios.scenario import as_recorded
from eurasia_sim.simulation.inputs import Inputs, prepare
from eurasia_sim.simulation.parameter_draws import reference_draws
from eurasia_sim.validation.forecasts import (
    MODEL,
    ON_FILTER,
    held,
    linked_forecast,
    read_ahead,
    skill,
)
from eurasia_sim.validation.measured import compared
from eurasia_sim.world.world import World, load_world

YEARS = 12
SMALL = st.floats(-3, 3)


@pytest.fixture(scope="module")
def inputs(world: World) -> Inputs:
    return prepare(world, as_recorded(world))


def everywhere(reading: np.ndarray) -> dict[int | None, np.ndarray]:
    """The same reading, whether or not the drivers are known."""
    return {None: reading, **dict.fromkeys(range(2001, 2001 + YEARS), reading)}


def test_a_model_whose_measure_is_the_truth_beats_every_baseline():
    rng = np.random.default_rng(3)
    truth = rng.normal(size=(6, YEARS)).cumsum(axis=1)
    asked = series((truth + rng.normal(scale=0.05, size=truth.shape)).tolist())
    models = {
        MODEL + " known" * known: linked_forecast(everywhere(5 * truth + 1), known=known)
        for known in (False, True)
    }
    rows = scores(asked, FREE, models, horizons=(1, 3))
    best = {(row.horizon, row.dyads): row.method for row in rows}  # the last is the least CRPS
    assert set(best.values()) <= set(models)
    assert all(row.low > 0.5 for row in rows if row.method in models and row.dyads == "all")


def test_a_model_that_never_moves_forecasts_the_mean_of_its_link_or_on_the_filter_the_filter():
    asked = series([[1, 2, 3, 4, 5, 6], [7, 8, 7, 8, 7, 8]])
    past = asked.until(2004)
    found = linked_forecast(everywhere(np.full((2, 6), 0.7)))(past, (1, 2))
    link = fit_link(past.values, past.errors, np.zeros((2, 4)), past.groups, year_effects=False)
    assert found == pytest.approx(np.repeat(link.offsets[:, None], 2, axis=1))
    found = linked_forecast(everywhere(np.full((2, 6), 0.7)), filters=True)(past, (1, 2))
    assert found == pytest.approx(FREE["thirds"](past, (1, 2)))
    # The measure explains the past wholly, so the offset is 0 and what comes is what it reads.
    moving = linked_forecast(everywhere(asked.values), filters=True)(past, (1, 2))
    assert moving == pytest.approx(asked.values[:, 4:], abs=1e-4)


def test_an_item_in_the_measures_unit_has_its_scale_and_may_keep_its_last_deviation():
    asked = series([[1, 2, 3, 4, 5, 6], [7, 8, 7, 8, 7, 8]])
    past, reading = asked.until(2004), np.array([[0, 0, 0, 2, 9, 4], [0, 0, 0, 0, 1, 2.0]])
    own = replace(past, item=past.item.model_copy(update={"scale": 0.5, "offset": "last"}))
    found = linked_forecast(everywhere(reading))(own, (1, 2))
    # Last deviations 4 - 1 and 8 - 0; half of what is read comes on top.
    assert found == pytest.approx(np.array([[3 + 4.5, 3 + 2], [8 + 0.5, 8 + 1]]))


@given(
    rows=st.lists(st.lists(SMALL, min_size=9, max_size=9), min_size=2, max_size=4),
    later=st.lists(SMALL, min_size=3, max_size=3),
    relative=st.booleans(),
)
def test_nothing_after_the_origin_changes_a_forecast(rows, later, relative):
    whole = series(rows)
    whole = replace(whole, item=whole.item.model_copy(update={"year_effects": relative}))
    other = replace(whole, values=whole.values.copy())
    other.values[:, 6:] = [*later]
    measure = np.sin(np.arange(9.0) * (1 + np.arange(len(rows))[:, None]))
    forecasts = []
    for each in (whole, other):
        methods = {
            MODEL + ON_FILTER * filters: linked_forecast(everywhere(measure), filters=filters)
            for filters in (False, True)
        }
        forecasts.append(rolled(each, FREE, 3, "level", methods).means)
    at = list(rolled(whole, {}, 3, "level").ends).index(6)
    for name in forecasts[0]:
        assert np.array_equal(forecasts[0][name][at], forecasts[1][name][at])


def test_drivers_stay_as_the_year_left_them_and_nothing_of_the_next_year_is_known(world, inputs):
    frozen, parting = held(world, inputs, 2010)
    december, july = world.month("2010-12"), world.month("2010-07")
    assert parting == july + 1
    assert frozen.months == world.month("2015-12") + 1
    before, after = inputs.levers, frozen.levers
    assert np.array_equal(before.rows[:parting], after.rows[:parting], equal_nan=True)
    for field in LEVERS.fields:
        stop = july if "capability" in field.name else december
        own, now = getattr(before, field.name), getattr(after, field.name)
        assert np.array_equal(now[: stop + 1], own[: stop + 1], equal_nan=True)
        last = np.broadcast_to(own[stop], now[stop:].shape)
        assert np.array_equal(now[stop:], last, equal_nan=True)
    figure = world.numbers["capabilities.cinc.china.2010"].value
    china = list(world.actors).index("china")
    assert after.capability[-1, china] == pytest.approx(figure)


def test_runs_ahead_part_from_the_record_after_their_origin_alone(world, inputs):
    items = {
        name: each for name, each in compared(world).items() if name in ("deaths", "alliances")
    }
    draws = reference_draws(inputs, 3, 7)
    found, failed = read_ahead(world, inputs, draws, items)
    assert failed == 0
    own, years = found["deaths"], items["deaths"].years
    assert list(own) == [None, *range(2002, 2020)]
    before, after = years < 2009, (years > 2009) & (years <= 2014)
    assert np.array_equal(own[None][:, before], own[2009][:, before], equal_nan=True)
    assert np.abs(own[None] - own[2009])[:, after].max() > 1e-4
    assert np.isnan(own[2009][:, years > 2014]).all()
    assert own[2009][0, 0] == own[2009][0, 1]  # 2000 reads as the year in which the record begins
    again, _ = read_ahead(world, inputs, draws, items, workers=1)
    assert all(
        np.array_equal(again[name][at], found[name][at], equal_nan=True)
        for name in items
        for at in found[name]
    )


def test_a_world_without_observations_has_no_skill():
    other = load_world("europe_1914")
    assert skill(other, as_recorded(other), other.default_theory, 8, 7) is None
