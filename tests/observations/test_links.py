"""Links, sampling errors and partial pooling, by hand and by their properties."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eurasia_sim.observations.links import (
    Link,
    fit_link,
    linked,
    pooled,
    sampling_error,
    year_means,
)

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


def test_year_means_are_of_the_own_group():
    values = np.array([[1.0, np.nan], [3.0, np.nan], [10.0, 20.0]])
    means = np.array([[2, np.nan], [2, np.nan], [10, 20]])
    assert year_means(values, np.array([0, 0, 1])) == pytest.approx(means, nan_ok=True)


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


@pytest.mark.parametrize(("count", "scale"), [(2, 0), (4, 0), (5, 10)])
def test_four_values_of_one_unit_tell_no_scale_and_five_do(count, scale):
    own = np.array([[0.1, 0.2, 0.4, 0.3, 0.5]])[:, :count]
    found = fit_link(10 * own, 0 * own, own, np.zeros(1, int), year_effects=False)
    assert found.scale == pytest.approx(scale, abs=0.1)
    assert found.offsets[0] == pytest.approx((10 - scale) * own.mean(), abs=0.1)


def test_a_link_without_a_common_cell_is_refused():
    with pytest.raises(ValueError, match="no cell"):
        fit_link(*np.full((3, 1, 2), np.nan), np.zeros(1, int), year_effects=False)
