"""Links, filter, free forecasts and their scores at rolling origins, by hand and by property."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm
from tests.observations.small import series

from eurasia_sim.observations.baselines import FREE, gravity, line, of_figures
from eurasia_sim.observations.filter import filtered, group_mean, mean_of, reliability
from eurasia_sim.observations.links import Link, fit_link, linked, pooled, sampling_error
from eurasia_sim.observations.skill import CHOSEN, measured, rolled, scores, spreads

IDENTITY = Link(transform="identity", sign=-1, per=2)
COUNTS = Link(transform="log_balance", sign=1, prior=4, share=0.5)


@pytest.mark.parametrize(
    ("numbers", "wanted"),
    [
        ({"transform": "identity"}, 4), ({"transform": "identity", "sign": -1, "per": 8}, -0.5),
        ({"transform": "log"}, np.log(4)), ({"transform": "log1p"}, np.log(5)),
        ({"transform": "share"}, 0.4),
        ({"transform": "log_balance", "prior": 20, "share": 0.75}, np.log(19 / 11)),
    ],
)  # fmt: skip
def test_each_transform_by_hand(numbers, wanted):
    assert linked(Link(**{"sign": 1, **numbers}), np.array(4.0), np.array(10.0)) == wanted


@pytest.mark.parametrize(
    ("link", "model", "value", "n", "error"),
    [
        (IDENTITY, "column", 0.5, 3.0, 0.1),
        (IDENTITY, "binomial", 0.5, 3.0, np.sqrt(0.25 / 3)),
        (COUNTS, "counts", 2.0, 4.0, np.sqrt(0.5)),
        (Link(transform="log1p", sign=1), "poisson", 1.5, 3.0, np.sqrt(2) / 2.5),
        (IDENTITY, "none", 1.0, 3.0, 0.0),
        (IDENTITY, "none", np.nan, 3.0, np.nan),
    ],
)
def test_each_sampling_error_by_hand(link, model, value, n, error):
    found = sampling_error(link, model, *np.array([[value], [n], [0.2]]))
    assert found == pytest.approx([error], nan_ok=True)


def test_pooling_of_three_units_by_hand():
    # Means 0, 1, 5, variance 1: Q = 14, between = (14 - 2) / (3 - 1) = 6, trust 6/7, centre 2.
    offsets, centre = pooled(np.array([0.0, 1.0, 5.0]), np.ones(3))
    assert centre == pytest.approx(2)
    assert offsets == pytest.approx(2 + np.array([-2, -1, 3]) * 6 / 7)


@given(
    st.lists(st.tuples(st.floats(-10, 10), st.floats(0.01, 10)), min_size=2, max_size=8),
    st.randoms(use_true_random=False),
)
def test_pooling_lies_between_own_and_group_mean_and_follows_the_order(units, random):
    means, variances = np.array(units).T
    offsets, centre = pooled(means, variances)
    assert (np.minimum(means, centre) - 1e-9 <= offsets).all()
    assert (offsets <= np.maximum(means, centre) + 1e-9).all()
    order = list(range(len(means)))
    random.shuffle(order)
    assert pooled(means[order], variances[order])[0] == pytest.approx(offsets[order], abs=1e-9)


def test_a_link_that_made_the_data_is_found_again():
    rng = np.random.default_rng(5)
    measure = rng.normal(size=(30, 1)) + rng.normal(size=(30, 15)).cumsum(axis=1) / 4
    years, groups = rng.normal(size=(2, 15)), np.arange(30) % 2
    offsets = rng.normal(scale=0.5, size=30)
    clean = 0.8 * measure + offsets[:, None] + years[groups]
    values = clean + rng.normal(scale=0.1, size=clean.shape)
    values[3, :5] = np.nan
    found = fit_link(values, np.full(values.shape, 0.05), measure, groups, year_effects=True)
    assert found.scale == pytest.approx(0.8, abs=0.03)
    assert found.residual == pytest.approx(np.sqrt(0.01 - 0.0025), abs=0.02)
    assert np.corrcoef(found.offsets, offsets)[0, 1] > 0.95
    again = found.years + found.offsets[:, None] + found.scale * measure
    assert again == pytest.approx(clean, abs=0.2)


@pytest.mark.parametrize("years", [2, 3, 12])
def test_scale_and_years_are_those_of_a_regression_on_units_and_years(years):
    rng = np.random.default_rng(years)
    measure = rng.normal(size=(9, years)) + 4
    values = 0.9 * measure + rng.normal(size=(9, 1)) + rng.normal(size=(1, years))
    values += rng.normal(scale=0.2, size=values.shape)
    values[2, 0] = np.nan
    found = fit_link(values, np.zeros(values.shape), measure, np.zeros(9, int), year_effects=True)
    known = np.isfinite(values).ravel()
    unit, year = np.divmod(np.flatnonzero(known), years)
    dummies = np.column_stack([np.eye(9)[unit], np.eye(years)[year][:, 1:]])
    columns = np.column_stack([measure.ravel()[known], dummies])
    numbers, squares, rank, _ = np.linalg.lstsq(columns, values.ravel()[known], rcond=None)
    free = known.sum() - rank
    variance = squares[0] / free
    error = free / (free - 2) * variance * np.linalg.inv(columns.T @ columns)[0, 0]
    assert found.residual == pytest.approx(np.sqrt(variance), rel=0.02)
    assert found.scale == pytest.approx(numbers[0] - error / numbers[0], rel=0.02)
    left = (values - found.scale * measure).ravel()[known]
    wanted = np.linalg.lstsq(dummies, left, rcond=None)[0][9:]
    assert found.years[0, 1:] - found.years[0, 0] == pytest.approx(wanted, abs=1e-6)


@pytest.mark.parametrize("scale", [-2.0, 0.0])
def test_a_measure_that_moves_the_other_way_or_never_tells_nothing(scale):
    measure = np.tile(np.arange(6.0), (3, 1)) if scale else np.ones((3, 6))
    values = scale * measure + np.array([[0.0], [1.0], [5.0]])
    found = fit_link(values, np.zeros((3, 6)), measure, np.zeros(3, int), year_effects=False)
    assert found.scale == 0
    assert found.offsets == pytest.approx(values.mean(axis=1), abs=2)
    with pytest.raises(ValueError, match="no cell"):
        fit_link(values, values, np.nan * measure, np.zeros(3, int), year_effects=False)


@pytest.mark.parametrize(("count", "scale"), [(2, 0), (4, 0), (5, 10)])
def test_four_values_of_one_unit_tell_no_scale_and_five_do(count, scale):
    own = np.array([[0.1, 0.2, 0.4, 0.3, 0.5]])[:, :count]
    found = fit_link(10 * own, 0 * own, own, np.zeros(1, int), year_effects=False)
    assert found.scale == pytest.approx(scale, abs=0.1)
    assert found.offsets[0] == pytest.approx((10 - scale) * own.mean(), abs=0.1)


FOUR = [[1.0, 2.0, 4.0, 5.0]]  # slope 1.4 a year
BY_HAND = {
    "last value": [5, 5], "three-year mean": [11 / 3, 11 / 3], "own mean": [3, 3],
    "thirds": [35 / 9, 35 / 9], "log trend": [6.4, 9.2], "level trend": [6.4, 9.2],
    "half trend": [5.7, 7.1], "noise filter": [35 / 9, 35 / 9],
}  # fmt: skip
ROWS = st.lists(st.lists(st.floats(-4, 4), min_size=9, max_size=9), min_size=2, max_size=5)


def test_shrinkage_by_hand_and_more_of_it_for_a_larger_sampling_error():
    # Means 0 and 10, noise 1 within: between = 50 - 1/2 = 49.5, trust = 2 / (2 + 1 / 49.5) = 0.99.
    values = np.array([[-np.sqrt(0.5), np.sqrt(0.5)], [10 - np.sqrt(0.5), 10 + np.sqrt(0.5)]])
    assert reliability(values, np.zeros((2, 2))) == pytest.approx([0.99, 0.99])
    level = (np.sqrt(0.5) + 0 + 0) / 3
    wanted = [5 + 0.99 * (level - 5), 5 + 0.99 * (level + 5)]
    assert filtered(values, np.zeros((2, 2))) == pytest.approx(wanted)
    assert (reliability(values, np.full((2, 2), 2.0)) < 0.99).all()
    lacking = np.vstack([values, [np.nan, np.nan]])  # who has no value gets the mean of all
    assert filtered(lacking, np.zeros((3, 2)))[2] == pytest.approx(group_mean(lacking))


@given(ROWS, st.floats(0, 3))
def test_a_filtered_level_lies_between_the_own_thirds_and_the_mean_of_all(rows, error):
    values = np.array(rows)
    thirds = (values[:, -1] + values[:, -3:].mean(axis=1) + mean_of(values)) / 3
    found, centre = filtered(values, np.full(values.shape, error)), group_mean(values)
    assert (np.minimum(thirds, centre) - 1e-9 <= found).all()
    assert (found <= np.maximum(thirds, centre) + 1e-9).all()


@pytest.mark.parametrize("name", FREE)
def test_a_baseline_on_four_points(name):
    assert FREE[name](series(FOUR), (1, 3))[0] == pytest.approx(BY_HAND[name])


def test_the_noise_filter_finds_what_counts():
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


TWO = {name: FREE[name] for name in ("last value", "own mean")}


def best(found):
    return [found.methods[at] for at in spreads(found)[1]]


@pytest.mark.parametrize(("target", "truth", "mean"), [("level", 6, 3), ("change", 3, 1)])
def test_level_and_change_by_hand(target, truth, mean):
    found = rolled(series([[1, 2, 3, 4, 6]]), {"last value": FREE["last value"]}, 2, target)
    assert list(found.ends) == [3]
    assert (found.truth[0, 0], found.means[0, 0, 0]) == (truth, mean)


def test_the_crps_is_that_of_a_normal_with_the_spread_of_earlier_errors():
    # Errors 1, 2, 2 at the first three origins; the spread at the second is 1, at the third √2.5.
    asked = series([[0, 0, 0, 1, 2, 2]])
    found = rolled(asked, {"zero": lambda past, ahead: np.zeros((1, len(ahead)))}, 1, "level")
    rmse, crps, cases = measured(found)["zero"]
    assert (rmse, cases) == (2, 2)

    def by_formula(error: float, sd: float) -> float:
        z = error / sd
        return sd * (z * (2 * norm.cdf(z) - 1) + 2 * norm.pdf(z) - 1 / np.sqrt(np.pi))

    assert crps == pytest.approx((by_formula(2, 1) + by_formula(2, np.sqrt(2.5))) / 2)


def test_the_best_baseline_is_chosen_on_targets_up_to_the_origin():
    ends = [9, 9, 9, 9], [-50, 90, 9, 9]
    units = [[[0, 2, 0, 2, 0, 2, 0, *end]] * 5 for end in ends]
    found, other = (rolled(series(each), TWO, 1, "level") for each in units)
    assert best(found)[2:4] == ["own mean", "own mean"]
    assert best(found)[:4] == best(other)[:4]


def test_without_ten_earlier_targets_the_last_value_is_the_best_free():
    # Two units a year: at the end of year 4 there are 2 targets of earlier origins, then 4, 6, 8,
    # 10. The own mean is off by 1 and the last value by 2, wherever a target is known.
    found = rolled(series([[0, 2] * 5, [2, 0] * 5]), TWO, 1, "level")
    assert list(found.ends) == [3, 4, 5, 6, 7, 8, 9]
    assert best(found) == ["last value"] * 5 + ["own mean"] * 2
    assert best(found.only(np.array([True, False]))) == ["last value"] * 7
    # A target that nobody observed is no case.
    found.truth[0, 0] = np.nan
    assert best(found) == ["last value"] * 6 + ["own mean"]


def test_a_single_series_leaves_nobody_out_and_a_short_one_has_no_score():
    rows = scores(series([[1, 2, 1, 3, 2, 4, 3, 5]]), horizons=(1,))
    assert {row.units for row in rows} == {1}
    assert np.isnan(rows[0].low)
    assert CHOSEN in {row.method for row in rows}
    assert scores(series([[1, 2, 3]])) == []


def test_skill_is_the_part_of_the_best_free_crps_that_is_saved_and_spans_who_is_left_out():
    asked = series(np.random.default_rng(0).normal(size=(5, 10)))
    rows = [row for row in scores(asked, horizons=(1, 3)) if row.dyads == "all"]
    crps = [row.crps for row in rows if row.horizon == 1]
    assert crps == sorted(crps, reverse=True)
    whole = rolled(asked, FREE, 3, "level")
    left = [measured(whole.only(np.arange(5) != at)) for at in (5, *range(5))]
    skill = [1 - each["own mean"][1] / each[CHOSEN][1] for each in left]
    (row,) = [each for each in rows if (each.method, each.horizon) == ("own mean", 3)]
    wanted = (skill[0], min(skill[1:]), max(skill[1:]))
    assert (row.skill, row.low, row.high) == pytest.approx(wanted)
    assert {row.skill for row in rows if row.method == CHOSEN} == {0}


def test_the_hegemons_dyads_are_left_out_apart():
    values = np.random.default_rng(1).normal(size=(4, 10))
    values[3] = [100.0 * (-1) ** year for year in range(10)]  # the dyad with the hegemon
    listed = scores(series(values), horizons=(1,))
    rows = {row.dyads: row for row in listed if row.method == "last value"}
    assert rows["without the hegemon"].crps < 2 < rows["all"].crps
    assert rows["without the hegemon"].units == 3


def test_relative_values_have_no_year_mean_in_their_group():
    nan = np.nan
    found = series([[1, 2, nan], [3, 6, nan], [7, 7, 1]]).relative().values
    wanted = np.array([[-1, -2, nan], [1, 2, nan], [0, 0, 0]])
    assert found == pytest.approx(wanted, nan_ok=True)
