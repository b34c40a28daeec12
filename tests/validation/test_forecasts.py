"""What items read of runs, and the model as a forecaster: by hand, and blind to what comes."""

from dataclasses import replace
from functools import partial
from itertools import chain

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.observations.small import series

from eurasia_sim.cli.validate import floor_tables
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.kernel.arrays import LEVERS
from eurasia_sim.observations.baselines import FREE, still
from eurasia_sim.observations.links import fit_link
from eurasia_sim.observations.loader import Floor
from eurasia_sim.observations.skill import rolled, scores
from eurasia_sim.scenarios.scenario import as_recorded
from eurasia_sim.simulation.inputs import Inputs, prepare
from eurasia_sim.simulation.parameter_draws import reference_draws
from eurasia_sim.validation import forecasts, measured
from eurasia_sim.validation.calibration import Problem
from eurasia_sim.validation.forecasts import FITTED, KNOWN, MODEL, linked_forecast
from eurasia_sim.validation.measured import compared, measures
from eurasia_sim.world.world import World

YEARS = np.array([2001, 2002])
SMALL = st.floats(-3, 3)
BOTH = ["alignment.{state}.{partner}", "alignment.{partner}.{state}"]


@pytest.fixture(scope="module")
def inputs(world: World) -> Inputs:
    return prepare(world, as_recorded(world))


def forecast(reading, asked, horizons=(1, 2), **how):
    """Of what runs read whose drivers are known."""
    readings = {None: np.asarray(reading, float)}
    return linked_forecast(readings, known=True, **how)(asked, horizons)


def test_a_year_is_the_mean_of_its_months_that_were_run(world):
    months = np.arange(16.0).reshape(1, 16, 1)  # from October 2001
    found = measured.yearly(world, months, np.array([2000, 2001, 2002, 2003]))
    assert found[0, :, 0] == pytest.approx([np.nan, 1, 8.5, 15], nan_ok=True)


@pytest.mark.parametrize(
    ("combine", "wanted"), [("mean", [0.3, 0.25]), ("log_ratio", np.log([0.5, 4]))]
)
def test_both_directions_are_averaged_and_a_ratio_is_of_the_first_over_the_second(combine, wanted):
    means = {"alignment.a0.b0": np.array([[0.2, 0.4]]), "alignment.b0.a0": np.array([[0.4, 0.1]])}
    asked = series([[0, 0]], reads=BOTH, combine=combine)
    assert measures(asked, means, YEARS)[0, 0] == pytest.approx(wanted)


def test_with_year_effects_a_unit_is_measured_from_its_groups_mean():
    asked = series([[0, 0]] * 3, reads=BOTH, year_effects=True)
    levels = zip(asked.units, (0.1, 0.5, 0.9), strict=True)
    means = {name: np.full((1, 2), level) for unit, level in levels for name in asked.columns(unit)}
    assert measures(asked, means, YEARS)[0, :, 0] == pytest.approx([-0.2, 0.2, 0])


def test_the_packaged_items_read_what_a_run_publishes(world, inputs):
    items = compared(world)
    assert "troops" not in items
    assert "opium" in items
    found = measured.simulated(world, [inputs], reference_draws(inputs, 2, 7), items)
    assert measured.ended(found).tolist() == [[True, True]]
    assert measured.years_read(items.values())[0] == 2000
    for name, each in items.items():
        assert found[name].shape == (1, 2, *each.values.shape)
        assert np.isfinite(found[name][..., each.years > 2000]).all()
        assert np.isnan(found[name][..., each.years == 2000]).all()


def test_a_model_whose_measure_is_the_truth_beats_every_baseline():
    rng = np.random.default_rng(3)
    truth = rng.normal(size=(6, 12)).cumsum(axis=1)
    asked = series(truth + rng.normal(scale=0.05, size=truth.shape))
    model = {MODEL: linked_forecast({None: 5 * truth + 1}, known=True)}
    rows = scores(asked, FREE, model, horizons=(1, 3))
    best = {(row.horizon, row.dyads): row.method for row in rows}  # the last is the least CRPS
    assert set(best.values()) == {MODEL}
    assert all(row.low > 0.5 for row in rows if row.method == MODEL and row.dyads == "all")


TWO = series([[1, 2, 3, 4, 5, 6], [7, 8, 7, 8, 7, 8]])


def test_a_model_that_never_moves_forecasts_the_mean_of_its_link_or_on_the_filter_the_filter():
    past, still = TWO.until(2004), np.full((2, 6), 0.7)
    link = fit_link(past.values, past.errors, np.zeros((2, 4)), past.groups, year_effects=False)
    assert forecast(still, past) == pytest.approx(np.repeat(link.offsets[:, None], 2, axis=1))
    found = forecast(still, past, filters=True)
    assert found == pytest.approx(FREE["thirds"](past, (1, 2)))
    # The measure explains the past wholly, so the offset is 0 and what comes is what it reads.
    moving = forecast(TWO.values, past, filters=True)
    assert moving == pytest.approx(TWO.values[:, 4:], abs=1e-4)
    assert np.isnan(linked_forecast({2005: still})(past, (1, 2))).all()  # past ends in 2004


def test_an_item_in_the_measures_unit_has_its_scale_and_may_keep_its_last_deviation():
    past = series(TWO.values[:, :4], scale=0.5, offset="last")
    found = forecast([[0, 0, 0, 2, 9, 4], [0, 0, 0, 0, 1, 2]], past)
    # Last deviations 4 - 1 and 8 - 0; half of what is read comes on top.
    assert found == pytest.approx(np.array([[3 + 4.5, 3 + 2], [8 + 0.5, 8 + 1]]))


@given(
    rows=st.lists(st.lists(SMALL, min_size=9, max_size=9), min_size=2, max_size=4),
    later=st.lists(SMALL, min_size=3, max_size=3),
    relative=st.booleans(),
)
def test_nothing_after_the_origin_changes_a_forecast(rows, later, relative):
    whole, other = (series(rows, year_effects=relative) for _ in range(2))
    other.values[:, 6:] = [*later]
    measure = np.sin(np.arange(9.0) * (1 + np.arange(len(rows))[:, None]))
    model = partial(linked_forecast, {None: measure}, known=True)
    methods = {"on offsets": model(), "on filter": model(filters=True)}
    one, two = (rolled(each, FREE, 3, "level", methods) for each in (whole, other))
    at = list(one.ends).index(6)
    assert np.array_equal(one.means[:, at], two.means[:, at])


def test_drivers_stay_as_the_year_left_them_and_nothing_of_the_next_year_is_known(world, inputs):
    frozen, parting = forecasts.held(world, inputs, 2010)
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
    items = {name: each for name, each in compared(world).items() if name in ("deaths", "opium")}
    draws = reference_draws(inputs, 3, 7)
    found, failed = forecasts.read_ahead(world, inputs, draws, items)
    assert failed == 0
    own, years = found["deaths"], items["deaths"].years
    assert list(own) == [None, *range(2002, 2020)]
    before, after = years < 2009, (years > 2009) & (years <= 2014)
    assert np.array_equal(own[None][:, before], own[2009][:, before], equal_nan=True)
    assert np.abs(own[None] - own[2009])[:, after].max() > 1e-4
    assert np.isnan(own[2009][:, years > 2014]).all()
    assert own[2009][0, 0] == own[2009][0, 1]  # 2000 reads as the year in which the record begins
    again, _ = forecasts.read_ahead(world, inputs, draws, items, workers=1)
    for name, readings in found.items():
        for origin, reading in readings.items():
            assert np.array_equal(again[name][origin], reading, equal_nan=True)


def test_errors_are_pooled_over_cells_and_then_over_origins():
    asked = series([[0, 0, 1, 2, np.nan], [0, 0, 3, 0, 4]])
    zero, two = (still(lambda past, at=at: at + 0 * past.values[:, -1]) for at in (0, 2))
    methods = {"a": zero, "b": zero, FITTED: zero, FITTED + KNOWN: two}
    found = forecasts.pooled(asked, Floor(origins=[2002, 2004]), methods).set_index("method")
    # From 2002 the cells are 1, 2, 3, 0, 4; from 2004 the second unit's 4 alone.
    assert found.loc["a", "by_origin"] == pytest.approx([np.sqrt(30 / 5), 4])
    assert found.loc["a", "rmse"] == pytest.approx(np.sqrt((30 / 5 + 16) / 2))
    assert found.loc["a", "off"] == pytest.approx(-14 / 6)
    assert found.loc["a", ["cases", "units", "forecast"]].tolist() == [6, 2, 1]
    off_by_two = np.sqrt(((1 + 0 + 1 + 4 + 4) / 5 + 4) / 2)
    assert found.loc["b", "known"] == pytest.approx(off_by_two / np.sqrt(11))
    assert found.loc["b", "known_low"] < found.loc["b", "known"] < found.loc["b", "known_high"]
    one = forecasts.pooled(asked, Floor(origins=[2002], ahead=3), methods).set_index("method")
    assert one.loc["a", ["rmse", "cases", "units"]].tolist() == [4, 1, 1]
    assert np.isnan(one.loc["a", "known_low"])  # a single unit cannot be resampled
    for table, cells in ((found, "b 3.317 -2.33 1.00 (1.00 to 1.00)"), (one, "b 4.000 -4.00 1.00")):
        (shown,) = floor_tables(table.reset_index().assign(signs=0.9))
        assert "all signs are right in 90% of draws over the ranges" in shown.caption
        assert cells in " ".join(chain(*shown.rows))


@pytest.mark.slow
def test_what_comes_after_an_origin_moves_its_errors_and_no_forecast(world):
    whole = Problem.of(world, world.default_theory, 100, 7)
    found = []
    for later in (0.0, 3.0):
        items = {}
        for name, each in whole.items.items():
            floor = each.item.floor and Floor(origins=[2010])
            item = each.item.model_copy(update={"floor": floor})
            items[name] = replace(each, item=item, values=each.values + later * (each.years > 2010))
        table = forecasts.floors(replace(whole, items=items))
        found.append(table.set_index(["item", "method"])["off"])
    assert {*FREE, FITTED, FITTED + KNOWN, "free run"} <= set(found[0]["deaths"].index)
    pd.testing.assert_series_equal(found[0] - 3, found[1].loc[found[0].index])
    with pytest.raises(DataError, match="no observed item of eurasia says where its floor is"):
        forecasts.floors(replace(whole, items={"votes_distance": whole.items["votes_distance"]}))
