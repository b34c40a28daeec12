"""Evidence of known variances, a smoother whose answer a formula gives, known mixtures."""

import sys
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm
from scipy.stats import t as student
from tests.observations.small import series

from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.observations.loader import Series
from eurasia_sim.validation import calibration
from eurasia_sim.validation.evidence import SCALE_SPREAD, Evidence, chance_level, smooth

ORIGIN, FIRST = 2008, 2000


def noisy(units: int = 6, years: int = 12) -> Series:
    rng = np.random.default_rng(1)
    values = rng.normal(size=(units, 1)) + rng.normal(size=(units, years))
    return series(values, first=FIRST)


def draws_of(found: Evidence, runs: int = 40) -> np.ndarray:
    return np.random.default_rng(2).normal(size=(runs, *found.values.shape))


def known(found: Evidence, measure: Any = None, unit: float | None = None) -> Evidence:
    """An item with its error model beside a measure, by default drawn at random."""
    beside = found.beside(draws_of(found) if measure is None else measure, unit)
    assert beside is not None
    return beside


@pytest.fixture
def item() -> Evidence:
    return known(Evidence.of(noisy(), ORIGIN, FIRST))


def test_blocks_are_counted_back_from_the_origin_and_one_lies_beyond_it():
    rows = [[0.0, 1, 2, 3, 4, 5, 6, 7, 8, 9, np.nan, 13, 99]]
    found = Evidence.of(series(rows, first=FIRST), ORIGIN, FIRST + 1)  # the first is not run
    assert found.values == pytest.approx(np.array([[1.5, 4, 7, 11]]))
    assert found.past.tolist() == [[True, True, True, False]]
    # Of the years observed: after the origin 2009 and 2011.
    measure = np.arange(13.0)[None, None] * 2
    assert found.blocks(measure) == pytest.approx(np.array([[[3, 8, 14, 20]]]))


def test_nothing_after_the_origin_enters_the_error_model_or_the_data(item):
    one = noisy()
    later = replace(one, values=np.where(one.years > ORIGIN, one.values + 50, one.values))
    other = known(Evidence.of(later, ORIGIN, FIRST))
    for name in ("residual", "between", "level", "unit"):
        assert getattr(item, name) == getattr(other, name)
    turns = (each.turn(draws_of(each), np.zeros(40)) for each in (item, other))
    data = [turn @ x.values[x.past] for turn, x in zip(turns, (item, other), strict=True)]
    assert (data[0] == data[1]).all()


def test_variances_within_and_between_units_are_found_again():
    rng = np.random.default_rng(3)
    measure, noise = rng.normal(size=(400, 5)), 0.5 * rng.normal(size=(400, 5))
    values = 1.2 * rng.normal(size=(400, 1)) + 0.7 * measure + noise
    found = replace(Evidence.of(noisy(400), ORIGIN, FIRST), values=values, errors=0 * values)
    error = known(found, np.repeat(measure[None], 3, axis=0))
    assert error.residual == pytest.approx(0.5, rel=0.05)
    assert error.between == pytest.approx(1.44, rel=0.15)


def test_data_have_independent_errors_of_unit_variance(item):
    turn, cells = item.turn(draws_of(item), np.zeros(40)), np.argwhere(item.past)
    covariance = turn @ item.covariance(cells, cells) @ turn.T
    assert covariance == pytest.approx(np.eye(len(turn)), abs=1e-8)


def test_what_is_foretold_is_what_conditioning_on_the_past_gives():
    found = Evidence.of(noisy(3), ORIGIN, FIRST)
    measure = draws_of(found, 1)
    item, past = known(found, measure, unit=0.8), np.argwhere(found.past)
    after = np.column_stack([np.arange(3), np.full(3, item.values.shape[1] - 1)])
    both, count = np.vstack([past, after]), len(past)
    x = measure[0, both[:, 0], both[:, 1]]
    spread = (SCALE_SPREAD * item.unit) ** 2
    total = item.covariance(both, both) + spread * np.outer(x, x)
    gain = total[count:, :count] @ np.linalg.inv(total[:count, :count])
    mean = item.unit * x[count:] + gain @ (item.values[item.past] - item.unit * x[:count])
    left = np.diag(total[count:, count:] - gain @ total[:count, count:])
    wanted = student.logpdf(item.values[:, -1], 4, mean, np.sqrt(left))
    assert item.log_scores(measure) == pytest.approx(wanted, rel=1e-6)


@pytest.mark.parametrize("level", [0.0, 0.3])
def test_a_measure_that_no_draw_moves_gives_no_datum_and_still_foretells(item, level):
    still = np.full_like(draws_of(item), level)
    item = known(item, still)
    assert not len(item.turn(still, np.ones(40)))
    assert np.isfinite(item.log_scores(still)).all()


def test_an_item_that_never_varies_or_has_one_block_has_no_error_model(item):
    flat = replace(item, values=np.ones_like(item.values))
    short = Evidence.of(noisy(years=9), 2002, FIRST)
    assert flat.beside(draws_of(flat)) is short.beside(draws_of(short)) is None


def test_a_linear_model_gets_the_posterior_that_the_formula_gives():
    rng, members = np.random.default_rng(3), 4000
    slopes, truth = rng.normal(size=(6, 3)), np.array([1.0, -0.5, 0.0])
    observed = slopes @ truth + rng.normal(size=6)
    covariance = np.linalg.inv(np.eye(3) + slopes.T @ slopes)
    mean, prior = covariance @ slopes.T @ observed, rng.normal(size=(3, members))
    found, _ = smooth(prior, lambda _, scores: slopes @ scores, observed, 1, rate=1.0)
    error = np.sqrt(np.diag(covariance) / members)
    assert np.abs(found.mean(axis=1) - mean).max() < 5 * error.max()
    assert np.cov(found) == pytest.approx(covariance, abs=0.02)


def test_a_number_that_no_datum_goes_along_with_is_left_as_it_was():
    """Nor does a datum that no member changes move any."""
    prior, observed = np.random.default_rng(4).normal(size=(300, 400)), np.array([2.0, -3.0, 1.0])

    def predict(_: int, scores: np.ndarray) -> np.ndarray:
        return np.vstack([scores[:2] * 2, np.full((1, 400), 0.7)])

    found, along = smooth(prior, predict, observed, 1)
    assert np.flatnonzero(along.any(axis=1)).tolist() == [0, 1]
    assert not along[:, 2].any()
    assert (found[2:] == prior[2:]).all()
    # Prior variance 1, data of variance 1 on twice the number: 1 / (1 + 4) is left.
    assert found[:2].var(axis=1) == pytest.approx([0.2, 0.2], rel=0.25)
    assert found[:2].mean(axis=1) == pytest.approx([0.8, -1.2], abs=0.1)
    assert (smooth(prior, predict, observed, 1)[0] == found).all()  # one seed, the same members


def test_chance_moves_some_number_in_one_fit_of_twenty():
    rng, least = np.random.default_rng(5), chance_level(100 * 20, 200)
    largest = []
    for _ in range(200):
        one, other = rng.normal(size=(100, 200)), rng.normal(size=(20, 200))
        largest.append(np.abs(np.corrcoef(one, other)[:100, 100:]).max())
    assert 0.01 < np.mean(np.array(largest) > least) < 0.1


def test_who_lacks_the_extra_is_told_its_name(monkeypatch):
    monkeypatch.setitem(sys.modules, "iterative_ensemble_smoother", None)
    with pytest.raises(DataError, match=r"eurasia-sim\[fit\]"):
        smooth(np.zeros((1, 9)), lambda _, scores: scores, np.zeros(1), 1)


def test_what_a_fit_did_not_move_differs_by_exactly_nothing_and_stands_last():
    prior = np.asfortranarray(np.random.default_rng(7).normal(size=(6, 90)))
    problem: Any = SimpleNamespace(ranges={f"n{at}": (0.0, 2.0) for at in range(6)})
    problem.prior, along = (prior, {}), np.zeros((6, 2))
    along[2] = 0.0, -0.6
    members = np.where(np.arange(6)[:, None] == 2, 0.5 * prior + 1, prior)
    table = calibration.Fit(problem, 2020, np.array(["x", "x"]), members.copy("C"), along).numbers()
    assert table["number"].tolist() == ["n2", "n0", "n1", "n3", "n4", "n5"]
    assert table["items"].tolist() == ["x", *[""] * 5]
    assert table["left"].tolist() == [pytest.approx(0.5), *[1.0] * 5]
    assert table["shift"].tolist()[1:] == [0.0] * 5


def test_a_unit_is_one_witness_of_what_a_fit_gains():
    rows = {"item": [*"xxxy"], "unit": [0, 0, 1, 0], "declared": 0.0, "fitted": [1, 2, 1, -1.0]}
    found = calibration.held_out(pd.DataFrame(rows)).set_index("item")
    assert found["targets"].to_dict() == {"x": 3, "y": 1, "all": 4}
    assert found["gain"].to_dict() == {"x": 4, "y": -1, "all": 3}
    # Witnesses gain 3 and 1, of all 3, 1 and -1: deviations √2 and 2. The sixth digit is the last.
    assert found["error"].fillna(0).tolist() == [2, 0, 3.4641]


def test_a_mixture_gets_the_weights_it_was_drawn_with():
    rng = np.random.default_rng(1)
    first = rng.random(20_000) < 0.3
    values = np.where(first, rng.normal(-3, 1, 20_000), rng.normal(3, 1, 20_000))
    models = np.column_stack([norm.logpdf(values, mean) for mean in (-3, 3, 40)])
    assert calibration.stacking_weights(models) == pytest.approx([0.3, 0.7, 0.0], abs=0.02)


def test_equal_models_share_and_only_targets_of_all_count():
    rows = pd.DataFrame(
        {"item": "x", "origin": 2008, "unit": [0, 1], "declared": [-1.0, -2.0], "fitted": -1.0}
    )
    found = calibration.weighed({"one": rows, "two": rows.assign(fitted=-9.0).iloc[:1]})
    assert found[["targets", "declared"]].to_numpy().tolist() == [[1, -1], [1, -1]]
    assert found["weight_declared"].tolist() == pytest.approx([0.5, 0.5])
    assert found["weight_fitted"].tolist() == pytest.approx([1, 0], abs=1e-3)


def test_theories_are_one_where_a_chain_of_pairs_cannot_be_told_apart():
    areas = {("a", "b"): calibration.APART, ("a", "c"): 0.55, ("a", "d"): 0.9,
             ("b", "c"): 0.9, ("b", "d"): 0.69, ("c", "d"): 0.9}  # fmt: skip
    assert calibration.one_theory("abcd", areas) == [["a", "c"], ["b", "d"]]
    (every,) = calibration.one_theory("abcd", {**areas, ("b", "c"): 0.5})
    assert sorted(every) == [*"abcd"]
