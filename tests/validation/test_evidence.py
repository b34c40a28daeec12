"""Items in blocks of years: what they know of an origin, their errors, and what draws foretell."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import t as student
from tests.observations.small import series

from eurasia_sim.observations.loader import Series
from eurasia_sim.validation.evidence import SCALE_SPREAD, Channel, ErrorModel, Evidence, log_scores

ORIGIN = 2008


def item(units: int = 6, years: int = 12, seed: int = 1, first: int = 2000) -> Evidence:
    return Evidence.of(noisy(units, years, seed), ORIGIN, first)


def noisy(units: int = 6, years: int = 12, seed: int = 1) -> Series:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(units, 1)) + rng.normal(size=(units, years))
    found = series(values.tolist())
    return replace(found, years=np.arange(2000, 2000 + years))


def draws_of(found: Evidence, runs: int = 40, seed: int = 2) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(runs, *found.values.shape))


def model_of(found: Evidence, measure: np.ndarray, unit: float | None = None) -> ErrorModel:
    error = ErrorModel.of(found, measure, unit)
    assert error is not None
    return error


def test_blocks_are_counted_back_from_the_origin_and_one_lies_beyond_it() -> None:
    rows = [[0.0, 1, 2, 3, 4, 5, 6, 7, 8, 9, np.nan, 13, 99]]
    asked = replace(series(rows), years=np.arange(2000, 2013))
    found = Evidence.of(asked, ORIGIN, 2001)  # 2000 is not run
    assert found.values == pytest.approx(np.array([[1.5, 4, 7, 11]]))
    assert found.past.tolist() == [[True, True, True, False]]
    measure = np.arange(13.0)[None, None] * 2
    # Of the years observed: after the origin 2009 and 2011.
    assert found.blocks(measure) == pytest.approx(np.array([[[3, 8, 14, 20]]]))


def test_nothing_after_the_origin_enters_the_error_model_or_the_data() -> None:
    one = noisy()
    later = one.years > ORIGIN
    other = replace(one, values=np.where(later, one.values + 50, one.values))
    channels = []
    for each in (one, other):
        found = Evidence.of(each, ORIGIN, 2000)
        error = model_of(found, draws_of(found))
        channels.append(Channel.of(found, error, draws_of(found), np.zeros(40)))
    assert channels[0].error == channels[1].error
    assert (channels[0].observed == channels[1].observed).all()


def test_variances_within_and_between_units_are_found_again() -> None:
    rng = np.random.default_rng(3)
    measure = rng.normal(size=(400, 5))
    noise = 0.5 * rng.normal(size=(400, 5))
    values = 1.2 * rng.normal(size=(400, 1)) + 0.7 * measure + noise
    found = replace(item(400, 12), values=values, errors=np.zeros((400, 5)))
    error = model_of(found, np.repeat(measure[None], 3, axis=0))
    assert error.residual == pytest.approx(0.5, rel=0.05)
    assert error.between == pytest.approx(1.44, rel=0.15)


def test_data_have_independent_errors_of_unit_variance() -> None:
    found = item()
    error = model_of(found, draws_of(found))
    channel = Channel.of(found, error, draws_of(found), np.zeros(40))
    cells = np.argwhere(found.past)
    covariance = channel.turn @ error.covariance(found, cells, cells) @ channel.turn.T
    assert covariance == pytest.approx(np.eye(len(channel.observed)), abs=1e-8)


def test_what_is_foretold_is_what_conditioning_on_the_past_gives() -> None:
    found = item(3)
    measure = draws_of(found, 1)
    error = model_of(found, measure, unit=0.8)
    past = np.argwhere(found.past)
    after = np.column_stack([np.arange(3), np.full(3, found.values.shape[1] - 1)])
    both = np.vstack([past, after])
    x = measure[0, both[:, 0], both[:, 1]]
    spread = (SCALE_SPREAD * error.unit) ** 2
    total = error.covariance(found, both, both) + spread * np.outer(x, x)
    count = len(past)
    gain = total[count:, :count] @ np.linalg.inv(total[:count, :count])
    known = found.values[past[:, 0], past[:, 1]]
    mean = error.unit * x[count:] + gain @ (known - error.unit * x[:count])
    left = np.diag(total[count:, count:] - gain @ total[:count, count:])
    wanted = student.logpdf(found.values[:, -1], 4, mean, np.sqrt(left))
    assert log_scores(found, error, measure) == pytest.approx(wanted, rel=1e-6)


@pytest.mark.parametrize("level", [0.0, 0.3])
def test_a_measure_that_no_draw_moves_gives_no_datum_and_still_foretells(level: float) -> None:
    found = item()
    still = np.full_like(draws_of(found), level)
    error = model_of(found, still)
    assert not len(Channel.of(found, error, still, np.ones(40)).observed)
    assert np.isfinite(log_scores(found, error, still)).all()


def test_an_item_that_never_varies_or_has_one_block_has_no_error_model() -> None:
    found = item()
    flat = replace(found, values=np.ones_like(found.values))
    short = Evidence.of(noisy(years=9), 2002, 2000)
    assert ErrorModel.of(flat, draws_of(flat)) is None
    assert ErrorModel.of(short, draws_of(short)) is None
