from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.figures.conftest import MEASURES, SCENARIOS

from eurasia_sim.analysis.differences import mean_interval
from eurasia_sim.figures.differences import difference_summary, differences_of, paired_difference
from eurasia_sim.figures.gallery import save
from eurasia_sim.figures.style import Words

WORDS = Words("T", "n")


@pytest.fixture(scope="session")
def differences(ensembles):
    return pd.concat(
        [
            differences_of(ensembles.reference, *SCENARIOS, MEASURES, "at reference"),
            differences_of(ensembles.ranges, *SCENARIOS, MEASURES, "over the ranges"),
        ],
        ignore_index=True,
    )


def test_an_ensemble_is_drawn_twice_to_the_same_bytes(differences, tmp_path):
    both = [
        save(
            paired_difference(difference_summary(differences), WORDS),
            tmp_path / name / "difference",
            difference_summary(differences),
        )
        for name in ("one", "two")
    ]
    assert [path.read_bytes() for path in both[0]] == [path.read_bytes() for path in both[1]]


def test_a_difference_is_taken_run_by_run(ensembles, differences):
    table = ensembles.reference.set_index(["scenario", "run"])[MEASURES[0]]
    row = differences.iloc[5]
    assert row["difference"] == table["us_exit", 5] - table["us_stays", 5]
    assert len(differences) == 2 * 4 * 12


def test_runs_of_unlike_seeds_are_no_pairs(ensembles):
    table = ensembles.reference.copy()
    table.loc[0, "seed"] += 1
    with pytest.raises(ValueError, match="cannot be paired"):
        differences_of(table, *SCENARIOS, MEASURES, "at reference")


def test_a_run_that_one_scenario_lacks_is_counted_as_missing(ensembles):
    table = ensembles.reference.drop(index=3)
    table.loc[0, MEASURES[0]] = np.nan
    differences = differences_of(table, *SCENARIOS, MEASURES, "at reference")
    summary = difference_summary(differences)
    assert summary["missing"].tolist() == [2, 1, 1, 1]
    said = paired_difference(difference_summary(differences), WORDS).axes[0].texts[0].get_text()
    assert said.endswith("10 pairs, 2 missing")


def test_constant_and_absent_differences_are_drawn_and_said(differences, tmp_path):
    changed = differences.copy()
    changed.loc[changed["measure"] == MEASURES[0], "difference"] = 0.5
    changed.loc[changed["measure"] == MEASURES[1], "difference"] = np.nan
    changed.loc[changed["measure"] == MEASURES[2], "difference"] = 0.0
    own = paired_difference(difference_summary(changed), WORDS)
    save(own, tmp_path / "own", changed)
    first = [panel.texts[0].get_text() for panel in own.axes]
    assert first[:3] == [
        "+0.500 in every pair\n12 pairs, 0 missing", "0 pairs, 12 missing", "0 in every pair\n12 pairs, 0 missing",
    ]  # fmt: skip


def test_measures_of_one_unit_share_their_axis_and_zero_is_always_in_view(differences):
    units = dict.fromkeys(MEASURES[:3], "share")
    panels = paired_difference(difference_summary(differences), WORDS._replace(units=units)).axes
    assert len({panel.get_xlim() for panel in panels[:3]}) == 1
    assert all(low <= 0 <= high for low, high in (panel.get_xlim() for panel in panels))


def test_the_interval_is_that_of_a_mean():
    values = np.random.default_rng(3).normal(1.0, 2.0, 400)
    low, high = mean_interval(values)
    assert (low, high) == mean_interval(values)
    # Two standard errors to each side, as the central limit has it.
    assert high - low == pytest.approx(2 * 1.96 * values.std() / 20, rel=0.08)
    assert low < values.mean() < high
    assert mean_interval(np.full(5, 0.3)) == pytest.approx((0.3, 0.3))
    assert np.isnan(mean_interval(np.zeros(0))).all()
