"""A smoother whose answer a formula gives, weights of known mixtures, theories that are one."""

import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.validation.calibration import Fit, chance_level, held_out, smooth
from eurasia_sim.validation.theories import APART, one_theory, stacking_weights, weighed

MEMBERS = 4000


def test_a_linear_model_gets_the_posterior_that_the_formula_gives() -> None:
    rng = np.random.default_rng(3)
    slopes, truth = rng.normal(size=(6, 3)), np.array([1.0, -0.5, 0.0])
    observed = slopes @ truth + rng.normal(size=6)
    covariance = np.linalg.inv(np.eye(3) + slopes.T @ slopes)
    mean = covariance @ slopes.T @ observed
    prior = rng.normal(size=(3, MEMBERS))
    found, _ = smooth(prior, lambda _, scores: slopes @ scores, observed, 1, rate=1.0)
    error = np.sqrt(np.diag(covariance) / MEMBERS)
    assert np.abs(found.mean(axis=1) - mean).max() < 5 * error.max()
    assert np.cov(found) == pytest.approx(covariance, abs=0.02)


def test_a_number_that_no_datum_goes_along_with_is_left_as_it_was() -> None:
    prior = np.random.default_rng(4).normal(size=(300, 400))
    given = (prior, lambda _, scores: scores[:2] * 2, np.array([2.0, -3.0]), 1)
    found, along = smooth(*given)
    assert np.flatnonzero(along.any(axis=1)).tolist() == [0, 1]
    assert (found[2:] == prior[2:]).all()
    # Prior variance 1, data of variance 1 on twice the number: 1 / (1 + 4) is left.
    assert found[:2].var(axis=1) == pytest.approx([0.2, 0.2], rel=0.2)
    assert found[:2].mean(axis=1) == pytest.approx([0.8, -1.2], abs=0.1)
    assert (smooth(*given)[0] == found).all()  # the same seed, the same members


def test_a_datum_that_no_member_changes_moves_nothing() -> None:
    prior = np.random.default_rng(8).normal(size=(20, 200))
    still = np.full((1, 200), 0.7)
    observed = np.array([1.0, -3.0])
    found, along = smooth(prior, lambda _, s: np.vstack([s[:1], still]), observed, 1)
    assert np.flatnonzero(along.any(axis=1)).tolist() == [0]
    assert np.isfinite(found).all()


def test_chance_moves_some_number_in_one_fit_of_twenty() -> None:
    rng, least = np.random.default_rng(5), chance_level(100 * 20, 200)
    largest = []
    for _ in range(200):
        one, other = rng.normal(size=(100, 200)), rng.normal(size=(20, 200))
        largest.append(np.abs(np.corrcoef(one, other)[:100, 100:]).max())
    assert 0.01 < np.mean(np.array(largest) > least) < 0.1


def test_who_lacks_the_extra_is_told_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "iterative_ensemble_smoother", None)
    with pytest.raises(DataError, match=r"eurasia-sim\[fit\]"):
        smooth(np.zeros((1, 9)), lambda _, scores: scores, np.zeros(1), 1)


def test_what_a_fit_did_not_move_differs_by_exactly_nothing_and_stands_last() -> None:
    prior = np.asfortranarray(np.random.default_rng(7).normal(size=(6, 90)))
    problem: Any = SimpleNamespace(ranges={f"n{at}": (0.0, 2.0) for at in range(6)})
    problem.prior = (prior, {})
    along = np.zeros((6, 2))
    along[2] = 0.0, -0.6
    members = np.where(np.arange(6)[:, None] == 2, 0.5 * prior + 1, prior)
    table = Fit(problem, 2020, np.array(["x", "x"]), members.copy("C"), along).numbers()
    assert table["number"].tolist() == ["n2", "n0", "n1", "n3", "n4", "n5"]
    assert table["items"].tolist() == ["x", *[""] * 5]
    assert table["left"].tolist() == [pytest.approx(0.5), *[1.0] * 5]
    assert table["shift"].tolist()[1:] == [0.0] * 5


def test_a_unit_is_one_witness_of_what_a_fit_gains() -> None:
    rows = {"item": ["x", "x", "x", "y"], "unit": [0, 0, 1, 0], "declared": 0.0}
    found = held_out(pd.DataFrame(rows).assign(fitted=[1.0, 2.0, 1.0, -1.0])).set_index("item")
    assert found["targets"].to_dict() == {"x": 3, "y": 1, "all": 4}
    assert found["gain"].to_dict() == {"x": 4, "y": -1, "all": 3}
    # Witnesses gain 3 and 1, of all 3, 1 and -1: standard deviations √2 and 2.
    assert found["error"].tolist() == pytest.approx([2, np.nan, 2 * np.sqrt(3)], nan_ok=True)


def test_a_mixture_gets_the_weights_it_was_drawn_with() -> None:
    rng = np.random.default_rng(1)
    first = rng.random(20_000) < 0.3
    values = np.where(first, rng.normal(-3, 1, 20_000), rng.normal(3, 1, 20_000))
    models = np.column_stack([norm.logpdf(values, mean) for mean in (-3, 3, 40)])
    assert stacking_weights(models) == pytest.approx([0.3, 0.7, 0.0], abs=0.02)


def test_equal_models_share_and_only_targets_of_all_count() -> None:
    rows = pd.DataFrame(
        {"item": "x", "origin": 2008, "unit": [0, 1], "declared": [-1.0, -2.0], "fitted": -1.0}
    )
    found = weighed({"one": rows, "two": rows.assign(fitted=-9.0).iloc[:1]})
    assert found["targets"].tolist() == [1, 1]
    assert found["declared"].tolist() == [-1, -1]
    assert found["weight_declared"].tolist() == pytest.approx([0.5, 0.5])
    assert found["weight_fitted"].tolist() == pytest.approx([1, 0], abs=1e-3)


def test_theories_are_one_where_a_chain_of_pairs_cannot_be_told_apart() -> None:
    areas = {("a", "b"): APART, ("a", "c"): 0.55, ("a", "d"): 0.9,
             ("b", "c"): 0.9, ("b", "d"): 0.69, ("c", "d"): 0.9}  # fmt: skip
    assert one_theory("abcd", areas) == [["a", "c"], ["b", "d"]]
    (every,) = one_theory("abcd", {**areas, ("b", "c"): 0.5})
    assert sorted(every) == [*"abcd"]
