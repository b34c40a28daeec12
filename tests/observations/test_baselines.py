"""The noise filter and every free forecast, by hand and by their properties."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.observations.small import series

from eurasia_sim.observations.baselines import FREE, gravity, gravity_of, line, of_figures
from eurasia_sim.observations.filter import filtered, group_mean, mean_of, reliability
from eurasia_sim.observations.skill import rolled

FOUR = [[1.0, 2.0, 4.0, 5.0]]  # slope 1.4 a year
BY_HAND = {
    "last value": [5, 5], "three-year mean": [11 / 3, 11 / 3], "own mean": [3, 3],
    "thirds": [35 / 9, 35 / 9], "log trend": [6.4, 9.2], "level trend": [6.4, 9.2],
    "half trend": [5.7, 7.1],
}  # fmt: skip
ROWS = st.lists(st.lists(st.floats(-4, 4), min_size=9, max_size=9), min_size=2, max_size=5)


def test_shrinkage_of_two_units_by_hand():
    # Means 0 and 10, noise 1 within: between = 50 - 1/2 = 49.5, trust = 2 / (2 + 1 / 49.5) = 0.99.
    values = np.array([[-np.sqrt(0.5), np.sqrt(0.5)], [10 - np.sqrt(0.5), 10 + np.sqrt(0.5)]])
    assert reliability(values, np.zeros((2, 2))) == pytest.approx([0.99, 0.99])
    level = (np.sqrt(0.5) + 0 + 0) / 3
    wanted = [5 + 0.99 * (level - 5), 5 + 0.99 * (level + 5)]
    assert filtered(values, np.zeros((2, 2))) == pytest.approx(wanted)


def test_a_unit_without_values_gets_the_mean_of_all():
    values = np.array([[1.0, 1.0], [3.0, 3.5], [np.nan, np.nan]])
    assert filtered(values, np.zeros((3, 2)))[2] == pytest.approx(group_mean(values))


@given(ROWS, st.floats(0, 3))
def test_a_filtered_level_lies_between_the_own_thirds_and_the_mean_of_all(rows, error):
    values = np.array(rows)
    thirds = (values[:, -1] + values[:, -3:].mean(axis=1) + mean_of(values)) / 3
    found, centre = filtered(values, np.full(values.shape, error)), group_mean(values)
    assert (np.minimum(thirds, centre) - 1e-9 <= found).all()
    assert (found <= np.maximum(thirds, centre) + 1e-9).all()


def test_a_larger_sampling_error_shrinks_more():
    values = np.array([[1.0, 1.2, 1.1], [3.0, 2.9, 3.1]])
    assert (reliability(values, np.full((2, 3), 2.0)) < reliability(values, np.zeros((2, 3)))).all()


@pytest.mark.parametrize("name", sorted(BY_HAND))
def test_a_baseline_on_four_points(name):
    assert FREE[name](series(FOUR), (1, 3))[0] == pytest.approx(BY_HAND[name])


def test_the_noise_filter_is_the_thirds_until_it_finds_what_counts():
    assert FREE["noise filter"](series(FOUR), (3,))[0] == pytest.approx([35 / 9])
    walk = np.random.default_rng(2).normal(size=(40, 30)).cumsum(axis=1) * 3
    found = FREE["noise filter"](series(walk), (1,))[:, 0]
    assert np.corrcoef(found, walk[:, -1])[0, 1] > 0.99


def test_level_and_log_trend_part_where_the_link_is_a_logarithm():
    past = series(np.log([[1.0, 2.0, 3.0, 4.0]]), "log")
    assert FREE["level trend"](past, (1,))[0, 0] == pytest.approx(np.log(5))
    assert FREE["log trend"](past, (1,))[0, 0] > np.log(5)


def test_a_line_goes_through_all_figures_from_its_first_year():
    past = series([[0.0, 0.0, *np.log([1.0, 2.0, 5.0])]], "log")
    found = of_figures(lambda *given: line(*given, first=2003))(past, (1, 2))
    # Through 1, 2 and 5: mean 8 / 3, slope 2 a year.
    assert found[0] == pytest.approx(np.log([20 / 3, 26 / 3]))


def test_gravity_finds_the_numbers_that_made_the_data():
    rng = np.random.default_rng(1)
    size, distance = rng.normal(size=(4, 6)), rng.normal(size=4)
    made = 0.5 + 0.9 * size - 1.2 * distance[:, None]
    found = gravity(size, distance)(series(made[:, :5]), (1, 5))
    assert found == pytest.approx(np.repeat(made[:, [4]], 2, axis=1))


def test_gravity_stands_for_trade_alone(world, observed):
    found = {name: gravity_of(world, each) for name, each in observed.items()}
    assert {name for name, each in found.items() if each} == {"trade_ratio", "trade_partners"}
    forecast = found["trade_ratio"]["gravity"](observed["trade_ratio"].until(2010), (3,))
    assert np.isfinite(forecast).all()


@pytest.mark.parametrize("name", sorted(FREE))
@given(rows=ROWS, later=st.floats(-100, 100))
def test_values_after_the_origin_change_no_forecast(name, rows, later):
    whole, changed = series(rows), series([[*row[:6], later, np.nan, later] for row in rows])
    both = [rolled(each, {name: FREE[name]}, 1, "level") for each in (whole, changed)]
    at = list(both[0].ends).index(6)
    assert np.array_equal(both[0].means[:, at], both[1].means[:, at])


@pytest.mark.parametrize("name", sorted(FREE))
@given(rows=ROWS, random=st.randoms(use_true_random=False))
def test_another_order_of_dyads_permutes_the_forecasts(name, rows, random):
    order = list(range(len(rows)))
    random.shuffle(order)
    found = FREE[name](series(rows), (1, 3))
    again = FREE[name](series([rows[at] for at in order]), (1, 3))
    assert again == pytest.approx(found[order], abs=1e-6)


@pytest.mark.parametrize("name", sorted(FREE))
def test_gaps_are_bridged(name):
    nan = np.nan
    past = series([[1, nan, 2, 3, nan], [nan, 4, 4, 5, 4], [2, 2, 2, nan, nan]])
    assert np.isfinite(FREE[name](past, (1, 2))).all()
