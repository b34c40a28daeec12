"""Items in blocks of years: what they know of an origin, their errors, and what draws foretell."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import t as student
from tests.observations.small import series

from eurasia_sim.observations.loader import Series
from eurasia_sim.validation.evidence import SCALE_SPREAD, Evidence

ORIGIN = 2008


def noisy(units: int = 6, years: int = 12) -> Series:
    rng = np.random.default_rng(1)
    values = rng.normal(size=(units, 1)) + rng.normal(size=(units, years))
    return series(values, first=2000)


def draws_of(found: Evidence, runs: int = 40) -> np.ndarray:
    return np.random.default_rng(2).normal(size=(runs, *found.values.shape))


def beside(found: Evidence, measure: np.ndarray, unit: float | None = None) -> Evidence:
    known = found.beside(measure, unit)
    assert known is not None
    return known


@pytest.fixture
def item() -> Evidence:
    found = Evidence.of(noisy(), ORIGIN, 2000)
    return beside(found, draws_of(found))


def test_blocks_are_counted_back_from_the_origin_and_one_lies_beyond_it() -> None:
    rows = [[0.0, 1, 2, 3, 4, 5, 6, 7, 8, 9, np.nan, 13, 99]]
    found = Evidence.of(series(rows, first=2000), ORIGIN, 2001)  # 2000 is not run
    assert found.values == pytest.approx(np.array([[1.5, 4, 7, 11]]))
    assert found.past.tolist() == [[True, True, True, False]]
    measure = np.arange(13.0)[None, None] * 2
    # Of the years observed: after the origin 2009 and 2011.
    assert found.blocks(measure) == pytest.approx(np.array([[[3, 8, 14, 20]]]))


def test_nothing_after_the_origin_enters_the_error_model_or_the_data(item: Evidence) -> None:
    one = noisy()
    later = replace(one, values=np.where(one.years > ORIGIN, one.values + 50, one.values))
    other = beside(Evidence.of(later, ORIGIN, 2000), draws_of(item))
    scales = np.zeros(40)
    for name in ("residual", "between", "level", "unit"):
        assert getattr(item, name) == getattr(other, name)
    data = [each.turn(draws_of(each), scales) @ each.values[each.past] for each in (item, other)]
    assert (data[0] == data[1]).all()


def test_variances_within_and_between_units_are_found_again() -> None:
    rng = np.random.default_rng(3)
    measure = rng.normal(size=(400, 5))
    noise = 0.5 * rng.normal(size=(400, 5))
    values = 1.2 * rng.normal(size=(400, 1)) + 0.7 * measure + noise
    found = replace(Evidence.of(noisy(400), ORIGIN, 2000), values=values, errors=0 * values)
    error = beside(found, np.repeat(measure[None], 3, axis=0))
    assert error.residual == pytest.approx(0.5, rel=0.05)
    assert error.between == pytest.approx(1.44, rel=0.15)


def test_data_have_independent_errors_of_unit_variance(item: Evidence) -> None:
    turn, cells = item.turn(draws_of(item), np.zeros(40)), np.argwhere(item.past)
    covariance = turn @ item.covariance(cells, cells) @ turn.T
    assert covariance == pytest.approx(np.eye(len(turn)), abs=1e-8)


def test_what_is_foretold_is_what_conditioning_on_the_past_gives() -> None:
    found = Evidence.of(noisy(3), ORIGIN, 2000)
    measure = draws_of(found, 1)
    item = beside(found, measure, unit=0.8)
    past = np.argwhere(item.past)
    after = np.column_stack([np.arange(3), np.full(3, item.values.shape[1] - 1)])
    both = np.vstack([past, after])
    x = measure[0, both[:, 0], both[:, 1]]
    spread = (SCALE_SPREAD * item.unit) ** 2
    total = item.covariance(both, both) + spread * np.outer(x, x)
    count = len(past)
    gain = total[count:, :count] @ np.linalg.inv(total[:count, :count])
    known = item.values[past[:, 0], past[:, 1]]
    mean = item.unit * x[count:] + gain @ (known - item.unit * x[:count])
    left = np.diag(total[count:, count:] - gain @ total[:count, count:])
    wanted = student.logpdf(item.values[:, -1], 4, mean, np.sqrt(left))
    assert item.log_scores(measure) == pytest.approx(wanted, rel=1e-6)


@pytest.mark.parametrize("level", [0.0, 0.3])
def test_a_measure_that_no_draw_moves_gives_no_datum_and_still_foretells(
    item: Evidence, level: float
) -> None:
    still = np.full_like(draws_of(item), level)
    item = beside(item, still)
    assert not len(item.turn(still, np.ones(40)))
    assert np.isfinite(item.log_scores(still)).all()


def test_an_item_that_never_varies_or_has_one_block_has_no_error_model(item: Evidence) -> None:
    flat = replace(item, values=np.ones_like(item.values))
    short = Evidence.of(noisy(years=9), 2002, 2000)
    assert flat.beside(draws_of(flat)) is None
    assert short.beside(draws_of(short)) is None
