"""Intervals cover what they say, the runs needed are enough, and a rule stops in time."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t

from eurasia_sim.analysis.convergence import (
    StoppingRule,
    half_width,
    precision_row,
    runs_needed,
    watched,
)
from eurasia_sim.files.data_yaml import DataError


def test_the_half_width_is_students_by_hand():
    by_hand = 3.182446 * math.sqrt(5 / 3) / 2
    assert half_width(np.array([1.0, 2.0, 3.0, 4.0])) == pytest.approx(by_hand, rel=1e-6)
    assert half_width(np.array([1.0, np.nan, 2.0])) == half_width(np.array([1.0, 2.0]))
    assert math.isnan(half_width(np.array([1.0])))
    assert half_width(np.full(5, 2.0)) == 0.0


def test_an_interval_of_95_percent_covers_the_mean_in_95_percent():
    samples = np.random.default_rng(1).normal(3.0, 2.0, (4000, 12))
    covered = np.mean([abs(own.mean() - 3.0) <= half_width(own) for own in samples])
    assert covered == pytest.approx(0.95, abs=0.012)


@pytest.mark.parametrize(
    ("deviation", "precision"), [(1.0, 0.05), (0.3, 0.2), (2.0, 5.0), (1e-3, 1e-4)]
)
def test_the_runs_needed_are_enough_and_one_fewer_are_not(deviation, precision):
    n = runs_needed(deviation, precision)
    width = [t.ppf(0.975, k - 1) * deviation / math.sqrt(k) for k in (n, max(n - 1, 2))]
    assert width[0] <= precision
    assert n == 2 or width[1] > precision


def test_what_more_runs_are_told_to_give_they_give():
    generator = np.random.default_rng(3)
    first = generator.normal(size=200)
    row = precision_row(first, 0.05)
    more = np.concatenate([first, generator.normal(size=int(row["more"]))])
    assert half_width(more) == pytest.approx(0.05, rel=0.08)
    assert precision_row(more, 0.06)["more"] == 0
    assert math.isnan(precision_row(first[:1], 0.05)["more"])


def test_a_rule_is_read_and_waits_for_what_is_known_least():
    rule = StoppingRule.read("half-width=0.5")
    assert (rule, str(rule)) == (StoppingRule(0.5), "half-width=0.5")
    for wrong in ("half-width", "w=1", *(f"half-width={x}" for x in ("", 0, -1, "nan", "inf"))):
        with pytest.raises(DataError, match=r"write half-width=0\.002"):
            StoppingRule.read(wrong)
    values = {"well": np.array([1.0, 1.1, 0.9, 1.0]), "badly": np.array([1.0, 5.0, -3.0, 1.0])}
    assert rule.widest(values)[0] == "badly"
    assert not rule.is_met(values)
    assert rule.is_met({"well": values["well"]})
    assert not StoppingRule(1e9).is_met({"failed": np.full(9, np.nan)})


def test_of_one_scenario_means_are_watched_and_of_several_paired_differences():
    rows = [
        {"scenario": s, "theory": "one", "set": "ranges", "run": r, "m": 10.0 * r + (s == "stay")}
        for s in ("stay", "leave")
        for r in (2, 0, 1)
    ]
    runs = pd.DataFrame(rows)
    for scenarios, name, values in (
        (["stay", "leave"], "m of stay less leave, one, ranges", [1.0, 1.0, 1.0]),
        (["stay"], "m of stay, one, ranges", [1.0, 11.0, 21.0]),
    ):
        found = watched(runs[runs["scenario"].isin(scenarios)], scenarios, ["m"])
        assert {name: own.tolist() for name, own in found.items()} == {name: values}
