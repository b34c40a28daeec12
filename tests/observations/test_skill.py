"""Scores at rolling origins: what is scored, against what, and what is known when."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm
from tests.observations.small import series

from eurasia_sim.observations.baselines import FREE
from eurasia_sim.observations.skill import CHOSEN, chosen, measured, relative, rolled, scores

STEP = [[0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0]]
TWO = {name: FREE[name] for name in ("last value", "own mean")}


def test_level_and_change_by_hand():
    level = rolled(series([[1, 2, 3, 4, 6]]), {"last value": FREE["last value"]}, 2, "level")
    assert list(level.ends) == [3]
    assert (level.truth[0, 0], level.means["last value"][0, 0]) == (6, 3)
    change = rolled(series([[1, 2, 3, 4, 6]]), {"last value": FREE["last value"]}, 2, "change")
    assert (change.truth[0, 0], change.means["last value"][0, 0]) == (3, 1)


def test_the_crps_is_that_of_a_normal_with_the_spread_of_earlier_errors():
    # Origins 2003 … 2006: errors 1, 0, 0, 0; spreads known from 2004 on: 1, sqrt(1/2), sqrt(1/3).
    rmse, crps, cases = measured(
        rolled(series(STEP), {"last value": FREE["last value"]}, 1, "level")
    )["last value"]
    assert (rmse, cases) == (0, 3)
    at_zero = 2 * norm.pdf(0) - 1 / np.sqrt(np.pi)
    assert crps == pytest.approx(at_zero * np.mean([1, np.sqrt(1 / 2), np.sqrt(1 / 3)]))


def test_the_best_baseline_is_chosen_on_targets_up_to_the_origin():
    ends = [9, 9, 9, 9], [-50, 90, 9, 9]
    units = [[[0, 2, 0, 2, 0, 2, 0, *end]] * 5 for end in ends]
    found, other = (rolled(series(each), TWO, 1, "level") for each in units)
    assert chosen(found)[2:4] == ["own mean", "own mean"]
    assert chosen(found)[:4] == chosen(other)[:4]


def test_without_ten_earlier_targets_the_last_value_is_the_best_free():
    # Two units a year: at the end of year 4 there are 2 targets of earlier origins, then 4, 6, 8,
    # 10. The own mean is off by 1 and the last value by 2, wherever a target is known.
    found = rolled(series([[0, 2] * 5, [2, 0] * 5]), TWO, 1, "level")
    assert list(found.ends) == [3, 4, 5, 6, 7, 8, 9]
    assert chosen(found) == ["last value"] * 5 + ["own mean"] * 2
    assert chosen(found.only(np.array([True, False]))) == ["last value"] * 7
    # A target that nobody observed is no case.
    found.truth[0, 0] = np.nan
    assert chosen(found) == ["last value"] * 6 + ["own mean"]


def test_a_single_series_is_labelled_and_leaves_nobody_out():
    rows = scores(series([[1, 2, 1, 3, 2, 4, 3, 5]]), horizons=(1,))
    assert {row.note for row in rows} == {"n = 1"}
    assert np.isnan(rows[0].low)
    assert CHOSEN in {row.method for row in rows}


def test_leaving_one_out_spans_the_score():
    values = np.random.default_rng(0).normal(size=(5, 10))
    rows = scores(series(values.tolist()), horizons=(1, 3))
    assert all(row.low <= row.crps <= row.high for row in rows if row.method != CHOSEN)
    crps = [row.crps for row in rows if row.horizon == 1]
    assert crps == sorted(crps, reverse=True)
    assert {row.note for row in rows} == {""}


def test_a_series_too_short_has_no_score():
    assert scores(series([[1, 2, 3]])) == []


def test_relative_values_have_no_year_mean_in_their_group():
    found = relative(series([[1, 2], [3, 6], [7, 7]]))
    assert found.values == pytest.approx(np.array([[-1, -2], [1, 2], [0, 0]]))
