"""A smoother whose answer a formula gives, and numbers that no datum speaks of."""

import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.validation.calibration import Fit
from eurasia_sim.validation.fit import Smoothed, chance_level, smooth

MEMBERS = 4000


def test_a_linear_model_gets_the_posterior_that_the_formula_gives() -> None:
    rng = np.random.default_rng(3)
    slopes, truth = rng.normal(size=(6, 3)), np.array([1.0, -0.5, 0.0])
    observed = slopes @ truth + rng.normal(size=6)
    covariance = np.linalg.inv(np.eye(3) + slopes.T @ slopes)
    mean = covariance @ slopes.T @ observed
    prior = rng.normal(size=(3, MEMBERS))
    found = smooth(prior, lambda _, scores: slopes @ scores, observed, 1, rate=1.0).scores
    error = np.sqrt(np.diag(covariance) / MEMBERS)
    assert np.abs(found.mean(axis=1) - mean).max() < 5 * error.max()
    assert np.cov(found) == pytest.approx(covariance, abs=0.02)


def test_a_number_that_no_datum_goes_along_with_is_left_as_it_was() -> None:
    rng = np.random.default_rng(4)
    prior = rng.normal(size=(300, 400))
    found = smooth(prior, lambda _, scores: scores[:2] * 2, np.array([2.0, -3.0]), 1)
    assert found.moved.nonzero()[0].tolist() == [0, 1]
    assert (found.scores[2:] == prior[2:]).all()
    # Prior variance 1, data of variance 1 on twice the number: 1 / (1 + 4) is left.
    assert found.scores[:2].var(axis=1) == pytest.approx([0.2, 0.2], rel=0.2)
    assert found.scores[:2].mean(axis=1) == pytest.approx([0.8, -1.2], abs=0.1)


def test_a_datum_that_no_member_changes_moves_nothing() -> None:
    prior = np.random.default_rng(8).normal(size=(20, 200))
    still = np.full((1, 200), 0.7)
    found = smooth(prior, lambda _, s: np.vstack([s[:1], still]), np.array([1.0, -3.0]), 1)
    assert found.moved.nonzero()[0].tolist() == [0]
    assert np.isfinite(found.scores).all()


def test_chance_moves_some_number_in_one_fit_of_twenty() -> None:
    rng, least = np.random.default_rng(5), chance_level(100 * 20, 200)
    largest = []
    for _ in range(200):
        one, other = rng.normal(size=(100, 200)), rng.normal(size=(20, 200))
        largest.append(np.abs(np.corrcoef(one, other)[:100, 100:]).max())
    assert 0.01 < np.mean(np.array(largest) > least) < 0.1


def test_the_same_seed_gives_the_same_members() -> None:
    prior = np.random.default_rng(6).normal(size=(3, 50))
    one, two = (
        smooth(prior, lambda _, scores: scores[:1], np.array([1.0]), 9).scores for _ in range(2)
    )
    assert (one == two).all()


def test_who_lacks_the_extra_is_told_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "iterative_ensemble_smoother", None)
    with pytest.raises(DataError, match=r"eurasia-sim\[fit\]"):
        smooth(np.zeros((1, 9)), lambda _, scores: scores, np.zeros(1), 1)


def test_what_a_fit_did_not_move_differs_by_exactly_nothing_and_stands_last() -> None:
    prior = np.asfortranarray(np.random.default_rng(7).normal(size=(6, 90)))
    ranges = {f"n{at}": (0.0, 2.0) for at in range(6)}
    channel: Any = SimpleNamespace(item=SimpleNamespace(name="x"), observed=np.zeros(2))
    problem: Any = SimpleNamespace(ranges=ranges, prior=(prior, {}))
    along = np.zeros((6, 2))
    along[2] = 0.0, -0.6
    members = np.where(np.arange(6)[:, None] == 2, 0.5 * prior + 1, prior)
    table = Fit(problem, (channel,), Smoothed(members.copy("C"), along)).numbers()
    assert table["number"].tolist() == ["n2", "n0", "n1", "n3", "n4", "n5"]
    assert table["items"].tolist() == ["x", *[""] * 5]
    assert table["left"].tolist() == [pytest.approx(0.5), *[1.0] * 5]
    assert table["shift"].tolist()[1:] == [0.0] * 5
