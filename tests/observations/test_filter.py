"""The noise filter by hand and by its properties."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eurasia_sim.observations.filter import filtered, group_mean, mean_of, reliability


def test_one_series_is_a_third_each_of_last_recent_and_own_mean():
    values = np.array([[9.0, 1.0, 2.0, 6.0]])
    assert filtered(values, np.zeros((1, 4)))[0] == pytest.approx((6 + 3 + 4.5) / 3)


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


@given(
    st.lists(st.lists(st.floats(-5, 5), min_size=4, max_size=4), min_size=2, max_size=6),
    st.floats(0, 3),
)
def test_a_filtered_level_lies_between_the_own_thirds_and_the_mean_of_all(rows, error):
    values = np.array(rows)
    thirds = (values[:, -1] + values[:, -3:].mean(axis=1) + mean_of(values)) / 3
    found, centre = filtered(values, np.full(values.shape, error)), group_mean(values)
    assert (np.minimum(thirds, centre) - 1e-9 <= found).all()
    assert (found <= np.maximum(thirds, centre) + 1e-9).all()


def test_a_larger_sampling_error_shrinks_more():
    values = np.array([[1.0, 1.2, 1.1], [3.0, 2.9, 3.1]])
    assert (reliability(values, np.full((2, 3), 2.0)) < reliability(values, np.zeros((2, 3)))).all()
