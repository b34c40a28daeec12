"""Variance shares of results whose parts are known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from eurasia_sim.sensitivity import variance_shares

FACTORS = ("theory", "coding")


def test_a_spread_of_known_parts_divides_as_it_was_made() -> None:
    rng = np.random.default_rng(3)
    count = 4000
    theory, coding = rng.integers(0, 2, count), rng.integers(0, 2, count)
    scenario = np.array([-1.0, 1.0])  # variance 1
    middle = 2.0 * (2 * theory - 1) + 1.0 * (2 * coding - 1) + rng.normal(0, 2.0, count)  # 4, 1, 4
    values = scenario[:, None, None] + middle[None, :, None] + rng.normal(0, 1.0, (2, count, 2))  # chance 1
    found = variance_shares(values, pd.DataFrame({"theory": theory, "coding": coding}), FACTORS)
    expected = {"scenario": 1, "theory": 4, "coding": 1, "parameters": 4, "interplay": 0, "chance": 1}
    assert {name: share * 11 for name, share in found.items()} == pytest.approx(expected, abs=0.4)
    assert sum(found.values()) == pytest.approx(1.0)


def test_a_failed_run_takes_its_point_out_and_not_the_rest() -> None:
    values = np.zeros((2, 6, 2))
    values[1] = 1.0
    values[0, 3, 0] = np.nan
    found = variance_shares(values, pd.DataFrame({"theory": list("ababab"), "coding": list("aabbaa")}), FACTORS)
    assert found["scenario"] == pytest.approx(1.0)


def test_nothing_that_varies_has_no_shares() -> None:
    points = pd.DataFrame({"theory": list("abab"), "coding": list("aabb")})
    assert all(np.isnan(share) for share in variance_shares(np.ones((2, 4, 2)), points, FACTORS).values())
