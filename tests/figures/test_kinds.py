"""What each kind of figure makes of its table, and what it says of what is missing."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb
from tests.figures.conftest import MEASURES, SCENARIOS, around, clipped, texts

from eurasia_sim.analysis.convergence import is_flat
from eurasia_sim.analysis.differences import mean_interval
from eurasia_sim.figures.differences import difference_summary, differences_of, paired_difference
from eurasia_sim.figures.distributions import (
    convergence_data,
    convergence_plot,
    distribution_data,
    outcome_distribution,
)
from eurasia_sim.figures.gallery import save
from eurasia_sim.figures.heatmaps import factor_cells, matrix_plot, matrix_table, surface_data
from eurasia_sim.figures.moments import Moment, alignment_network, node_table, tie_table, tile_map
from eurasia_sim.figures.record import pattern_plot, skill_plot
from eurasia_sim.figures.sensitivity import (
    index_table,
    mark_plot,
    share_plot,
    share_table,
    tornado_table,
)
from eurasia_sim.figures.style import Words
from eurasia_sim.figures.time_series import event_timeline, fan_bands, fan_chart
from eurasia_sim.figures.verdicts import box_plot, box_tables, forest_plot

WORDS = Words("T", "n")
COUNTED = "12 runs, 0 missing"


def test_a_panel_of_clouds_is_headed_by_its_measure_and_counts_its_runs(ensembles):
    table = ensembles.ranges.copy()
    table.loc[:2, MEASURES[0]] = np.nan
    table.loc[3, MEASURES[0]] = np.inf
    figure = outcome_distribution(table, MEASURES, WORDS)
    titles = [panel.get_title(loc="left").split("\n")[0] for panel in figure.axes]
    assert titles == ["competition", "cooperation", "colocation", "joint share"]
    assert texts(figure, 0) == ["8 runs, 3 missing, 1 infinite", COUNTED]
    assert texts(figure, 1) == [COUNTED, COUNTED]
    data = distribution_data(table, MEASURES)
    assert data[MEASURES[0]].isna().sum() == 3
    assert (len(data), list(data.columns[-4:])) == (24, list(MEASURES))


def test_constant_and_empty_groups_are_drawn_and_said(ensembles, tmp_path):
    table = ensembles.ranges.copy()
    left = table["scenario"] == "us_exit"
    table[MEASURES[0]] = 0.25
    table.loc[left, MEASURES[1]] = np.nan
    table.loc[left, MEASURES[2]] = 0.3 + 1e-13 * np.arange(left.sum())
    table[MEASURES[3]] = np.nan
    figure = outcome_distribution(table, MEASURES, WORDS)
    save(figure, tmp_path / "flat", distribution_data(table, MEASURES))
    assert texts(figure, 0) == [f"{COUNTED}, all the same"] * 2
    assert texts(figure, 1)[0] == "0 runs, 12 missing"
    assert texts(figure, 2)[0].endswith("all the same")
    low, high = figure.axes[0].get_xlim()
    assert low < 0.25 < high
    assert high - low > 0.05
    assert is_flat(np.array([0.5]))
    assert not is_flat(np.array([0.1, 0.2, 0.9]))


def test_a_cloud_ends_where_the_runs_end_and_many_runs_are_thinned(ensembles):
    table = ensembles.ranges.loc[ensembles.ranges.index.repeat(50)]
    figure = outcome_distribution(table, MEASURES[:1], WORDS)
    assert texts(figure)[0] == "600 runs, 0 missing, 300 drawn"
    values = table.loc[table["scenario"] == "us_exit", MEASURES[0]]
    (path,) = figure.axes[0].collections[0].get_paths()
    assert path.get_extents().intervalx == pytest.approx([values.min(), values.max()])


def test_any_number_of_groups_up_to_a_page_has_a_row_and_no_measure_is_refused(ensembles):
    table = pd.DataFrame({"scenario": [f"s{at % 61}" for at in range(122)], "y": 1.0})
    figure = outcome_distribution(table[table["scenario"] < "s3"], ["y"], WORDS)
    assert len(texts(figure)) == table.loc[table["scenario"] < "s3", "scenario"].nunique() > 6
    with pytest.raises(ValueError, match="filter first"):
        outcome_distribution(table, ["y"], WORDS)
    with pytest.raises(ValueError, match="at least one measure"):
        outcome_distribution(ensembles.ranges, [], WORDS)


def test_the_share_above_a_threshold_stands_beside_its_group(ensembles):
    table = ensembles.ranges.copy()
    table["power.a"] = np.where(table["scenario"] == "us_exit", 1.0, np.arange(len(table)) % 2)
    figure = outcome_distribution(table, ["power.a"], WORDS, threshold=0.5)
    shares = [text.split("\n")[1] for text in texts(figure)]
    assert shares == ["100 % above 0.5", "50 % above 0.5"]


def test_convergence_counts_and_narrows():
    values = np.random.default_rng(2).normal(size=400)
    table = pd.DataFrame({"scenario": "s", "run": range(400), "y": values})
    table.loc[3, "y"] = np.nan
    found = convergence_data(table, ["y"])
    last = found.iloc[-1]
    assert (last["runs"], last["missing"]) == (399, 1)
    assert last["mean"] == pytest.approx(table["y"].mean())
    assert last["half_width"] < found["half_width"].iloc[0] / 3
    assert "399 runs, 1 missing" in convergence_plot(found, ["y"], WORDS).axes[0].get_xlabel()
    assert convergence_data(table.iloc[:1], ["y"]).empty


@pytest.fixture(scope="module")
def differences(ensembles):
    over = {"at reference": ensembles.reference, "over the ranges": ensembles.ranges}
    parts = [differences_of(table, *SCENARIOS, MEASURES, name) for name, table in over.items()]
    return pd.concat(parts, ignore_index=True)


def test_a_difference_is_taken_run_by_run_of_equal_seeds(ensembles, differences):
    table = ensembles.reference.set_index(["scenario", "run"])[MEASURES[0]]
    row = differences.iloc[5]
    assert row["difference"] == table["us_exit", 5] - table["us_stays", 5]
    assert len(differences) == 2 * 4 * 12
    unlike = ensembles.reference.copy()
    unlike.loc[0, "seed"] += 1
    with pytest.raises(ValueError, match="cannot be paired"):
        differences_of(unlike, *SCENARIOS, MEASURES, "at reference")


def test_a_run_that_one_scenario_lacks_is_counted_as_missing(ensembles):
    table = ensembles.reference.drop(index=3)
    table.loc[0, MEASURES[0]] = np.nan
    summary = difference_summary(differences_of(table, *SCENARIOS, MEASURES, "at reference"))
    assert summary["missing"].tolist() == [2, 1, 1, 1]
    assert texts(paired_difference(summary, WORDS))[0].endswith("10 pairs, 2 missing")


def test_constant_and_absent_differences_are_drawn_and_said(differences, tmp_path):
    changed = differences.copy()
    for measure, value in zip(MEASURES, (0.5, np.nan, 0.0), strict=False):
        changed.loc[changed["measure"] == measure, "difference"] = value
    figure = paired_difference(difference_summary(changed), WORDS)
    save(figure, tmp_path / "own", changed)
    pairs = "12 pairs, 0 missing"
    first = [f"+0.500 in every pair\n{pairs}", "0 pairs, 12 missing", f"0 in every pair\n{pairs}"]
    assert [texts(figure, at)[0] for at in range(3)] == first


def test_measures_of_one_unit_share_their_axis_and_zero_is_in_view(differences):
    units = dict.fromkeys(MEASURES[:3], "share")
    figure = paired_difference(difference_summary(differences), WORDS._replace(units=units))
    assert len({panel.get_xlim() for panel in figure.axes[:3]}) == 1
    assert all(low <= 0 <= high for low, high in (panel.get_xlim() for panel in figure.axes))


def test_the_interval_is_that_of_a_mean():
    values = np.random.default_rng(3).normal(1.0, 2.0, 400)
    low, high = mean_interval(values)
    assert (low, high) == mean_interval(values)
    # Two standard errors to each side, as the central limit has it.
    assert high - low == pytest.approx(2 * 1.96 * values.std() / 20, rel=0.08)
    assert low < values.mean() < high
    assert mean_interval(np.full(5, 0.3)) == pytest.approx((0.3, 0.3))
    assert np.isnan(mean_interval(np.zeros(0))).all()


def chart(ensembles, family):
    return fan_chart(family, ensembles.months, WORDS, parting=ensembles.parting)


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


def test_missing_runs_are_counted_and_never_bend_a_band(ensembles, tmp_path):
    family = {m: dict(by) for m, by in ensembles.trajectories.items()}
    family[MEASURES[0]]["us_exit"] = family[MEASURES[0]]["us_exit"].copy()
    family[MEASURES[0]]["us_exit"][:2] = np.nan
    family[MEASURES[1]] = {name: np.full((12, 40), np.nan) for name in SCENARIOS}
    figure, bands = chart(ensembles, family), fan_bands(family, ensembles.months)
    save(figure, tmp_path / "fan", bands)
    parting = f"scenarios part, {ensembles.months[ensembles.parting]}"
    assert figure.axes[0].texts[0].get_text() == parting
    key = [text.get_text() for text in figure.legends[0].get_texts()]
    assert key == [*SCENARIOS, "shared past"]
    counts = [panel.get_xlabel().replace("\n", " ") for panel in figure.axes[:2]]
    assert counts[0] == f"us_exit: 10 runs, 2 missing · us_stays: {COUNTED}"
    assert counts[1] == "0 runs, 12 missing in each scenario"
    own = bands[(bands["measure"] == MEASURES[0]) & (bands["scenario"] == "us_exit")].iloc[-1]
    assert (own["runs"], own["missing"]) == (10, 2)
    whole = ensembles.trajectories[MEASURES[0]]["us_exit"][2:, -1]
    assert own["median"] == np.median(whole)
    assert bands.loc[bands["measure"] == MEASURES[1], "median"].isna().all()


def test_constant_single_and_short_fans_are_drawn_and_a_long_one_is_refused(ensembles, tmp_path):
    flat = {"stability.a": {"calm": np.full((4, 50), 0.5), "short": np.full((4, 30), 0.5)}}
    bands = fan_bands(flat, ensembles.months)
    save(fan_chart(flat, ensembles.months, WORDS), tmp_path / "flat", bands)
    alone = {"stability.a": {"calm": ensembles.trajectories[MEASURES[0]]["us_exit"]}}
    assert fan_chart(alone, ensembles.months, WORDS).axes[0].get_xlabel() == COUNTED
    few = {"stability.a": {"calm": np.full((4, 5), 0.5)}}
    axis = fan_chart(few, ensembles.months[:5], WORDS).axes[0].xaxis
    assert all("." not in axis.get_major_formatter()(tick, 0) for tick in axis.get_majorticklocs())
    assert axis.get_major_formatter()(2001 + 10.5 / 12, 0) == "2001-11"
    with pytest.raises(ValueError, match="longer than the 10 months"):
        fan_chart(ensembles.trajectories, ensembles.months[:10], WORDS)


def test_a_timeline_stacks_a_months_events_and_marks_what_a_scenario_leaves_out():
    event = {"month": "2002-01", "kind": "deal", "actor": "a", "theatre": "t", "detail": "d"}
    events = pd.DataFrame([event] * 9)
    record = pd.DataFrame({"month": ["2001-06"], "title": ["A break"], "holds": [False]})
    span, actors = ("2001-01", "2003-12"), {"a": ("A", "#112233")}
    figure = event_timeline(events, record, actors, span, WORDS)
    assert texts(figure) == ["2001-06  A break  (left out)"]
    lines = figure.axes[1].get_lines()
    assert len({line.get_ydata()[0] for line in lines if len(line.get_ydata()) == 1}) == 9
    assert to_rgb(figure.legends[0].get_lines()[0].get_color()) == to_rgb("#112233")
    few = event_timeline(events.iloc[:2], record, actors, span, WORDS)
    assert "a d: t" in texts(few)
    with pytest.raises(ValueError, match="neither"):
        event_timeline(events.iloc[:0], record.iloc[:0], {}, span, WORDS)


def test_what_has_no_number_in_a_month_is_said(ensembles):
    world = ensembles.world
    columns = [*ensembles.ranges.columns]
    shape = (len(world.actors), len(world.theatres), 3)
    rulers = [theatre.ruler for theatre in world.theatres.values()]
    nothing = Moment("2001-01", 0, dict.fromkeys(columns, np.nan), np.zeros(shape), rulers)
    assert "no finite run" in " ".join(texts(tile_map(world, [nothing], WORDS)))
    network = alignment_network(tie_table(world, [nothing]), node_table(world, [nothing]), WORDS)
    assert "ties without a number" in network.axes[0].get_title(loc="left")
    discs = [to_rgb(each.get_facecolor()[0]) for each in network.axes[0].collections]
    assert discs == [to_rgb(actor.colour) for actor in world.actors.values()]


def test_a_matrix_writes_each_value_in_its_row_and_column_and_hatches_what_has_none():
    values = {"m.a.k.d": 0.25, "m.a.l.d": 0.01, "m.b.k.d": np.nan, "m.b.l.d": -0.5}
    table = matrix_table(values, {"one": values}, "scenario")
    assert table.iloc[0].tolist() == ["one", "d", "a", "k", 0.25]
    (panel,) = matrix_plot(table, WORDS).axes
    written = {text.get_position(): text.get_text() for text in panel.texts}
    assert written == {(0.5, 0.5): "0.25", (1.5, 1.5): "-0.50"}
    assert panel.get_title(loc="left") == "one, d"
    with pytest.raises(ValueError, match="no measure"):
        matrix_plot(table.iloc[:0], WORDS)


def test_the_cells_of_a_surface_hold_every_run_once():
    rows = pd.DataFrame({"a": np.linspace(0, 1, 50), "b": [1, 2] * 25, "y": np.ones(50)})
    rows.loc[0, "y"] = np.nan
    cells = surface_data(rows, "a", "b", "y")
    assert (cells["runs"].sum(), cells["missing"].sum()) == (49, 1)
    assert len(cells) == 20
    named = factor_cells(pd.Series(["low", "high", None], name="level"))
    assert (list(named.cat.codes), list(named.cat.categories)) == ([1, 0, -1], ["high", "low"])
    with pytest.raises(ValueError, match="13 levels"):
        factor_cells(pd.Series(list("abcdefghijklm"), name="level"))


def test_a_tornado_counts_failed_runs_at_neither_end():
    rows = pd.DataFrame({"x.a": np.arange(100.0), "x.b": ["u", "v"] * 50, "y": np.arange(100.0)})
    rows.loc[rows.index >= 90, "y"] = np.nan
    ends = tornado_table(rows, ["x.b", "x.a"], "y")
    assert list(ends["factor"]) == ["x.a", "x.b"]  # the widest first
    assert ends["missing"].tolist() == [10, 10]
    assert ends.loc[0, "low"] == pytest.approx(np.arange(18).mean())
    assert ends.loc[0, "high"] == pytest.approx(np.arange(72, 90).mean())


def test_indices_are_read_as_analyze_writes_them_and_one_without_a_number_says_so():
    values = {("first", "a"): np.nan, ("total", "a"): 0.5, ("second", "a"): 0.1}
    values |= {("first", "b"): 0.3, ("total", "b"): 0.6}
    rows = [
        {"order": order, "factor": f"x.{name}", "index": v, "low": v - 0.1, "high": v + 0.1}
        for (order, name), v in values.items()
    ]
    wide = index_table(pd.DataFrame(rows))
    assert wide["factor"].tolist() == ["x.a", "x.b"]
    assert (wide.loc[1, ["first", "total", "total_high"]] == [0.3, 0.6, 0.7]).all()
    marks = {"first": "first order", "total": "total"}
    figure = mark_plot(wide, marks, "total", "", "", WORDS)
    assert "first order: no number" in " ".join(texts(figure))
    assert figure.axes[0].get_yticklabels()[0].get_text() == "b"  # the largest total first
    with pytest.raises(ValueError, match="no factor"):
        mark_plot(wide.iloc[:0], marks, "total", "", "", WORDS)


def test_shares_are_read_as_analyze_writes_them():
    columns = ["measure", "of", "part", "share"]
    rows = [("s", "theory", 0.4), ("s", "chance", 0.6), ("t", "theory", 1.0)]
    shares = pd.DataFrame([("power.a", *row) for row in rows], columns=columns)
    table = share_table(shares, {"a": "A"})
    assert table["reading"].tolist() == ["power, A, s", "power, A, t"]
    assert table.loc[0, "chance"] == 0.6
    assert np.isnan(table.loc[1, "chance"])


def test_shares_and_patterns_are_cells_and_a_still_reading_says_so():
    table = pd.DataFrame({"reading": ["moves", "still"], "a_b": [0.3, np.nan], "c": [0.7, np.nan]})
    figure = share_plot(table, WORDS)
    assert texts(figure) == ["30 %", "70 %"]
    assert [label.get_text() for label in figure.axes[0].get_xticklabels()] == ["a b", "c"]
    assert "1 of 2 readings do not vary" in around(figure)
    sides = {"model": [0.9, 0.1], "reference": 1.0, "null": np.nan, "unchanged": 0.0}
    patterns = pd.DataFrame({"says": ["one", "two"], **sides})
    names = [label.get_text() for label in pattern_plot(patterns, WORDS).axes[0].get_yticklabels()]
    assert names == ["mean of the patterns drawn", "two", "one"]  # the misses first
    with pytest.raises(ValueError, match="no pattern counts"):
        pattern_plot(patterns.iloc[:0], WORDS)


def test_a_box_is_drawn_within_the_whole_range_of_its_factors():
    number = SimpleNamespace(low=0.0, high=2.0)
    world = SimpleNamespace(numbers={"n": number})
    columns = ["method", "box", "limit", "parameter", "low", "high", "density", "coverage"]
    rows = [
        ("PRIM", 1, "n", "x.n", 0.5, np.nan, 0.9, 0.4),
        ("PRIM", 1, "theory is a or b", "theory", np.nan, np.nan, 0.9, 0.4),
        ("CART", 2, "n", "n", np.nan, 0.5, 0.7, 0.6),
    ]
    every, limits = box_tables(pd.DataFrame(rows, columns=columns), world)
    assert every["chosen"].tolist() == [True, False]
    assert limits.loc[0, "high"] == limits.loc[0, "greatest"] == 2.0
    figure = box_plot(every, every.iloc[:0], limits, 0.3, WORDS)
    assert "a or b" in texts(figure)
    assert not clipped(figure)
    with pytest.raises(ValueError, match="exactly one chosen"):
        box_plot(every.iloc[1:], every.iloc[:0], limits, 0.3, WORDS)


def test_a_forest_says_where_an_effect_is_missing(tested):
    parts = pd.read_parquet(tested / "parts.parquet")
    rivals = pd.read_parquet(tested / "theories.parquet")
    parts.loc[0, ["mean", "low", "high"]] = np.nan
    rivals.loc[rivals.index[:1], "mean"] = np.nan
    written = " ".join(texts(forest_plot(parts, rivals, WORDS)))
    for part in ("no effect at reference", "gave no number", parts["word"].iloc[0]):
        assert part in written


def test_skill_stands_at_the_edge_where_it_is_worse_and_its_own_number_is_written_beside():
    nan = np.nan
    columns = {
        "model": [-1.97, -0.2, 0.1], "known": [-1.9, -0.1, 0.1], "on_filter": [-0.8, 0, 0.2],
        "null": [-1.5, 0, 0], "unchanged": [-2, -0.3, 0], "low": [-2.1, nan, 0.05],
        "high": [-1.7, nan, 0.2], "units": [6, 1, 3],
    }  # fmt: skip
    rows = pd.DataFrame(columns, index=["students", "deaths", "arms_suppliers"])
    figure = skill_plot(rows, WORDS)
    (panel,) = figure.axes
    assert [label.get_text() for label in panel.get_yticklabels()] == [
        "students", "deaths", "arms suppliers",
    ]  # fmt: skip
    assert texts(figure, 0) == ["-197%", "-20%  n = 1", "+10%"]
    assert panel.lines[0].get_xdata().tolist() == [-1.0, -0.2, 0.1]
    assert "Marks below -100 % stand at that edge" in around(figure).replace("\n", " ")
    assert "Hindsight" in around(figure)
    with pytest.raises(ValueError, match="no item"):
        skill_plot(rows.iloc[:0], WORDS)
