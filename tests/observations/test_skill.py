"""Scores at rolling origins: what is scored, against what, and what is known when."""

import numpy as np
import pytest
from scipy.stats import norm
from tests.observations.small import series

from eurasia_sim.observations.baselines import FREE
from eurasia_sim.observations.skill import CHOSEN, measured, rolled, scores, spreads

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
    found = series([[1, 2], [3, 6], [7, 7]]).relative()
    assert found.values == pytest.approx(np.array([[-1, -2], [1, 2], [0, 0]]))
