from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.figures.conftest import MEASURES, SCENARIOS

from eurasia_sim.figures.gallery import save
from eurasia_sim.figures.style import Words
from eurasia_sim.figures.time_series import convergence_data, convergence_plot, fan_bands, fan_chart

WORDS = Words("T", "n")


def chart(ensembles, trajectories=None, **more):
    family = trajectories or ensembles.trajectories
    return fan_chart(family, ensembles.months, WORDS, parting=ensembles.parting, **more)


def test_an_ensemble_is_drawn_twice_to_the_same_bytes(ensembles, tmp_path):
    data = fan_bands(ensembles.trajectories, ensembles.months)
    both = [save(chart(ensembles), tmp_path / name / "fan", data) for name in ("one", "two")]
    assert [path.read_bytes() for path in both[0]] == [path.read_bytes() for path in both[1]]


def test_the_bands_are_the_quantiles_of_the_runs(ensembles):
    bands = fan_bands(ensembles.trajectories, ensembles.months)
    assert len(bands) == len(MEASURES) * len(SCENARIOS) * len(ensembles.months)
    runs = ensembles.trajectories[MEASURES[1]]["us_stays"]
    last = bands[(bands["measure"] == MEASURES[1]) & (bands["scenario"] == "us_stays")].iloc[-1]
    assert last["month"] == str(ensembles.months[-1])
    assert last["median"] == np.median(runs[:, -1])
    assert last["q2.5"] == np.quantile(runs[:, -1], 0.025)
    levels = bands[["q2.5", "q10", "q25", "median", "q75", "q90", "q97.5"]].to_numpy()
    assert (np.diff(levels, axis=1) >= 0).all()


def test_the_parting_is_marked_and_the_shared_past_drawn_once(ensembles):
    figure = chart(ensembles)
    assert (
        figure.axes[0].texts[0].get_text()
        == f"scenarios part, {ensembles.months[ensembles.parting]}"
    )
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [
        *SCENARIOS,
        "shared past",
    ]
    unlike = {MEASURES[0]: {"a": np.zeros((3, 40)), "b": np.ones((3, 40))}}
    apart = fan_chart(unlike, ensembles.months, WORDS, parting=20)
    assert [text.get_text() for text in apart.legends[0].get_texts()] == ["a", "b"]


def test_missing_runs_are_counted_and_never_bend_a_band(ensembles, tmp_path):
    family = {
        m: {s: runs.copy() for s, runs in by.items()} for m, by in ensembles.trajectories.items()
    }
    family[MEASURES[0]]["us_exit"][:2] = np.nan
    family[MEASURES[1]]["us_exit"][:] = np.nan
    family[MEASURES[1]]["us_stays"][:] = np.nan
    figure = chart(ensembles, family)
    bands = fan_bands(family, ensembles.months)
    save(figure, tmp_path / "fan", bands)
    assert figure.axes[0].get_xlabel().replace("\n", " ") == (
        "us_exit: 10 runs, 2 missing · us_stays: 12 runs, 0 missing"
    )
    assert figure.axes[1].get_xlabel() == "0 runs, 12 missing in each scenario"
    first = bands[(bands["measure"] == MEASURES[0]) & (bands["scenario"] == "us_exit")].iloc[-1]
    assert (first["runs"], first["missing"]) == (10, 2)
    assert first["median"] == np.median(ensembles.trajectories[MEASURES[0]]["us_exit"][2:, -1])
    assert bands.loc[bands["measure"] == MEASURES[1], "median"].isna().all()


def test_constant_runs_one_scenario_and_a_shorter_one_are_drawn(ensembles, tmp_path):
    flat = {"stability.a": {"calm": np.full((4, 50), 0.5), "short": np.full((4, 30), 0.5)}}
    save(
        fan_chart(flat, ensembles.months, WORDS),
        tmp_path / "flat",
        fan_bands(flat, ensembles.months),
    )
    alone = {"stability.a": {"calm": ensembles.trajectories[MEASURES[0]]["us_exit"]}}
    assert fan_chart(alone, ensembles.months, WORDS).axes[0].get_xlabel() == "12 runs, 0 missing"


def test_a_trajectory_beyond_the_months_is_refused(ensembles):
    with pytest.raises(ValueError, match="longer than the 10 months"):
        fan_chart(ensembles.trajectories, ensembles.months[:10], WORDS)


def test_convergence_counts_and_narrows(ensembles):
    table = pd.DataFrame(
        {"scenario": "s", "run": range(400), "y": np.random.default_rng(2).normal(size=400)}
    )
    table.loc[3, "y"] = np.nan
    found = convergence_data(table, ["y"])
    assert found["runs"].iloc[-1] == 399
    assert found["missing"].iloc[-1] == 1
    assert found["mean"].iloc[-1] == pytest.approx(table["y"].mean())
    assert found["half_width"].iloc[-1] < found["half_width"].iloc[0] / 3
    assert "399 runs, 1 missing" in convergence_plot(found, ["y"], WORDS).axes[0].get_xlabel()
    with pytest.raises(ValueError, match="no group has 5"):
        convergence_data(table.iloc[:4], ["y"])
