from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.figures.conftest import MEASURES, words

from eurasia_sim.figures.distributions import (
    cumulative_distribution,
    density,
    distribution_data,
    is_flat,
    outcome_distribution,
    ridgeline,
    steps_of,
)
from eurasia_sim.figures.gallery import save
from eurasia_sim.figures.style import Words

WORDS = Words("T", "n")


def texts(figure, panel=0):
    return [text.get_text() for text in figure.axes[panel].texts]


def test_an_ensemble_is_drawn_twice_to_the_same_bytes(ensembles, tmp_path):
    data = distribution_data(ensembles.ranges, MEASURES)
    both = [
        save(
            outcome_distribution(ensembles.ranges, MEASURES, WORDS),
            tmp_path / name / "outcomes",
            data,
        )
        for name in ("one", "two")
    ]
    assert [path.read_bytes() for path in both[0]] == [path.read_bytes() for path in both[1]]
    assert list(data.columns[-4:]) == list(MEASURES)
    assert len(data) == 24


def test_a_panel_is_headed_by_its_measure_in_words_and_counts_its_runs(ensembles):
    figure = outcome_distribution(ensembles.ranges, MEASURES, WORDS)
    assert [panel.get_title(loc="left").split("\n")[0] for panel in figure.axes] == [
        "competition", "cooperation", "colocation", "joint share",
    ]  # fmt: skip
    assert texts(figure) == ["12 runs, 0 missing", "12 runs, 0 missing"]


def test_missing_runs_are_counted_in_the_panel_and_stay_in_the_data(ensembles):
    table = ensembles.ranges.copy()
    table.loc[:2, MEASURES[0]] = np.nan
    table.loc[3, MEASURES[0]] = np.inf
    figure = outcome_distribution(table, MEASURES, WORDS)
    assert texts(figure) == ["8 runs, 3 missing, 1 infinite", "12 runs, 0 missing"]
    assert distribution_data(table, MEASURES)[MEASURES[0]].isna().sum() == 3


def test_constant_and_empty_groups_are_drawn_and_said(ensembles, tmp_path):
    table = ensembles.ranges.copy()
    exit_rows = table["scenario"] == "us_exit"
    table[MEASURES[0]] = 0.25
    table.loc[exit_rows, MEASURES[1]] = np.nan
    table.loc[exit_rows, MEASURES[2]] = 0.3 + 1e-13 * np.arange(exit_rows.sum())
    table[MEASURES[3]] = np.nan
    figure = outcome_distribution(table, MEASURES, WORDS)
    save(figure, tmp_path / "flat", distribution_data(table, MEASURES))
    assert texts(figure) == ["12 runs, 0 missing, all the same"] * 2
    assert texts(figure, 1)[:2] == ["no runs to show", "0 runs, 12 missing"]
    assert texts(figure, 2)[0].endswith("all the same")
    low, high = figure.axes[0].get_xlim()
    assert low < 0.25 < high
    assert high - low > 0.05


def test_a_density_ends_where_the_runs_end_and_rises_to_one():
    values = np.array([0.1, 0.2, 0.25, 0.9])
    places, heights = density(values)
    assert (places[0], places[-1], heights.max()) == (0.1, 0.9, 1.0)
    assert is_flat(np.array([0.5]))
    assert not is_flat(values)


def test_many_runs_are_thinned_in_the_picture_and_that_is_said(ensembles):
    table = ensembles.ranges.loc[ensembles.ranges.index.repeat(50)]
    assert (
        texts(outcome_distribution(table, MEASURES[:1], WORDS))[0]
        == "600 runs, 0 missing, 300 drawn"
    )


def test_more_than_six_groups_or_no_measure_are_refused(ensembles):
    table = ensembles.ranges.assign(scenario=[f"s{at % 7}" for at in range(24)])
    with pytest.raises(ValueError, match="at most 6"):
        outcome_distribution(table, MEASURES, WORDS)
    with pytest.raises(ValueError, match="at least one measure"):
        outcome_distribution(ensembles.ranges, [], WORDS)


def test_ridges_beyond_a_page_are_refused(ensembles):
    table = pd.DataFrame({"scenario": [f"s{at}" for at in range(61)], "y": 1.0})
    with pytest.raises(ValueError, match="filter first"):
        ridgeline(table, "y", WORDS)


def test_a_long_cumulative_curve_is_thinned_and_ends_at_all_runs():
    places, heights = steps_of(np.random.default_rng(1).normal(size=50_000))
    assert len(places) <= 1000
    assert heights[-1] == 1.0
    assert (np.diff(places) >= 0).all()


def test_the_share_above_a_threshold_stands_beside_it(ensembles):
    table = ensembles.ranges.copy()
    table["level.a"] = np.where(table["scenario"] == "us_exit", 1.0, np.arange(len(table)) % 2)
    figure = cumulative_distribution(table, ["level.a"], WORDS, threshold=0.5)
    assert "us_exit: 100 %\nus_stays: 50 %" in words(figure)[0]
