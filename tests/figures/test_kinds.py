"""What each kind of figure makes of its table, and what it says of what is missing."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb
from tests.figures.conftest import around, faults, texts

from eurasia_sim.analysis.differences import SHARES, band_ends, difference_summary, differences_of
from eurasia_sim.figures import analyses, maps
from eurasia_sim.figures.differences import dots, paired_difference, part_plot
from eurasia_sim.figures.style import LESS, MORE, Request, Words
from eurasia_sim.figures.time_series import event_timeline, fan_bands, fan_chart, monthly_values
from eurasia_sim.reports.outcomes import share_table
from eurasia_sim.world.world import load_world

WORDS = Words("T", "n")
MEASURES = ["power.a", "burden.a", "benefit.a", "standing.a"]
NAN = np.nan


@pytest.fixture
def runs():
    """Twelve paired runs of two scenarios, the levels some way above zero."""
    heads = {"scenario": np.repeat(["one", "two"], 12), "run": [*range(12)] * 2}
    values = np.random.default_rng(2).normal(1.0, 0.1, (24, 4))
    return pd.DataFrame({**heads, "seed": heads["run"]}).join(
        pd.DataFrame(values, columns=MEASURES)
    )


def summary_of(table, over="o"):
    return difference_summary(table, "one", "two", MEASURES).assign(over=over)


def marked(panel, marker):
    """The places along the axis of all marks of a shape."""
    lines = [line for line in panel.lines if line.get_marker() == marker]
    return np.concatenate([np.ravel(line.get_xdata()) for line in lines] or [[]]).tolist()


def test_a_difference_stands_in_per_cent_of_the_level_and_bands_hold_their_shares(runs):
    summary, (gaps, others) = summary_of(runs), differences_of(runs, "one", "two", MEASURES)
    row, ends = summary.iloc[0], np.quantile(gaps["power.a"], (0.05, 0.95))
    assert (row["level"], row["mean"]) == (others["power.a"].mean(), gaps["power.a"].mean())
    assert [row["q5"], row["q95"]] == pytest.approx([*ends])
    (panel,) = paired_difference(summary, "b", WORDS).axes
    assert marked(panel, "o")[0] == pytest.approx(100 * row["mean"] / row["level"])
    assert {to_rgb(bar.get_facecolor()) for bar in panel.patches} == {to_rgb(LESS), to_rgb(MORE)}
    assert panel.get_xlim()[0] == -panel.get_xlim()[1] < 0
    draws = np.random.default_rng(1).normal(size=2000)
    held = [((low <= draws) & (draws <= high)).mean() for low, high in band_ends(draws)]
    assert held == pytest.approx(SHARES, abs=0.002)
    # Only the first set has bands, and the others a mean each.
    both = [summary_of(runs, "a"), summary_of(runs.assign(**{"power.a": 0.5}), "b")]
    two = paired_difference(pd.concat(both), "s", WORDS)
    assert len(panel.patches) == len(two.axes[0].patches)
    assert len(marked(two.axes[0], "s")) == len(MEASURES)
    assert [text.get_text() for text in two.legends[0].get_texts()] == ["mean a", "mean b"]
    runs.loc[0, "seed"] += 1
    with pytest.raises(ValueError, match="cannot be paired"):
        differences_of(runs, "one", "two", MEASURES)


def test_constant_absent_levelless_and_outlying_differences_are_drawn_and_said(runs):
    first = runs["scenario"] == "one"
    runs["power.a"] = np.where(first, 1.5, 1.0)
    runs.loc[first, "burden.a"] = NAN
    runs["benefit.a"] = 0.25
    runs["standing.a"] = np.where(first, runs["run"] - 4.0, 0.0)
    figure = paired_difference(summary_of(runs), "b", WORDS)
    said = {"+50 % [+50, +50], more in 100 %", "12 of 12 pairs missing", "the same in every pair"}
    assert said <= {*texts(figure)}
    above, below = figure.axes  # what has no level is drawn in its own unit
    assert "standing, A" in texts(figure, 1)
    assert ("per cent" in above.get_xlabel(), below.get_xlabel()) == (True, "each in its own unit")
    band = max(below.patches, key=lambda bar: bar.get_width())
    assert band.get_x() + band.get_width() == pytest.approx(np.quantile(np.arange(-4, 8), 0.95))
    assert not marked(below, ">")
    assert not faults(figure)
    runs[MEASURES] = np.random.default_rng(3).normal(0.0, 0.1, (24, 4))
    runs["power.a"] = np.where(first, 1e3, 1e-3 * runs["run"])
    (panel,) = paired_difference(summary_of(runs), "b", WORDS).axes
    assert marked(panel, ">") == [panel.get_xlim()[1]]  # a triangle at the edge
    with pytest.raises(ValueError, match="no run of both"):
        paired_difference(summary_of(runs.assign(**dict.fromkeys(MEASURES, NAN))), "b", WORDS)


def test_dots_are_shares_of_runs_counted_on_both_sides_of_a_line():
    values = np.concatenate([np.full(30, -0.5), np.linspace(0.1, 1.0, 70), [NAN, np.inf]])
    table = pd.DataFrame({"y": values, "flat": 0.3, "none": NAN})
    figure = dots(table, ["y", "flat", "none"], WORDS, "Pairs.", 0.0)
    assert not faults(figure)
    assert [texts(figure, at) for at in (0, 1)] == [
        ["30 % less", "70 % more"], ["0 % less", "100 % more"]
    ]  # fmt: skip
    shown = figure.axes[0].collections[0]
    x = shown.get_offsets()[:, 0]
    assert ((x < 0).sum(), (x > 0).sum()) == (15, 35)
    colours = [to_rgb(colour) for colour in shown.get_facecolor()]
    assert colours == [to_rgb(LESS if each < 0 else MORE) for each in x]
    counted = [panel.get_xlabel().strip() for panel in figure.axes[::2][:2]]
    assert counted == ["(100 runs, 2 missing)", "(0 runs, 102 missing)"]
    assert len(set(figure.axes[1].collections[0].get_offsets()[:, 0])) == 1
    assert texts(dots(table, ["y"], WORDS, "Runs.", None)) == []
    with pytest.raises(ValueError, match="at least one measure"):
        dots(table, [], WORDS, "Runs.", None)


MONTHS = [f"20{year:02d}-{month:02d}" for year in range(1, 6) for month in range(1, 13)]


def test_a_fan_has_the_quantiles_of_whole_runs_from_two_years_before_the_parting():
    walk = np.random.default_rng(5).normal(size=(12, len(MONTHS))).cumsum(axis=1)
    whole = pd.DataFrame(walk, columns=MONTHS)
    gapped = whole.copy()
    gapped.iloc[0, 3], gapped.iloc[1, 3] = NAN, np.inf
    last = fan_bands(gapped).loc[MONTHS[-1]]
    assert (last["runs"], last["missing"]) == (10, 2)
    shares = [5, 15, 25, 35, 65, 75, 85, 95]
    found = last[["median", *(f"q{share}" for share in shares)]].tolist()
    assert found == pytest.approx(np.percentile(gapped.iloc[2:, -1], [50, *shares]).tolist())
    figure = fan_chart({"y": whole, "z": whole * NAN}, WORDS, "2004-06")
    assert not faults(figure)
    panel, empty = figure.axes[:2]
    assert panel.get_xlim()[0] == pytest.approx(2002 + 5.5 / 12)
    assert "they part, 2004-06" in around(figure)
    assert panel.get_ylim()[0] < whole.quantile(0.05).iloc[17:].min()  # no band is cut
    assert [panel.get_xlabel(), empty.get_xlabel()] == ["12 runs, 0 missing", "0 runs, 12 missing"]
    few = fan_chart({"y": whole.iloc[:1, :5]}, WORDS).axes[0].xaxis
    assert all("." not in few.get_major_formatter()(tick, 0) for tick in few.get_majorticklocs())
    assert few.get_major_formatter()(2001 + 10.5 / 12, 0) == "2001-11"


def test_monthly_values_are_differences_of_equal_runs_over_the_shorter_scenario():
    heads = pd.DataFrame({"run_id": list("abcd"), "run": [0, 1, 0, 1], "scenario": [*"ssoo"]})
    rows = [(r, m, v) for r, v in zip("abd", (1.0, 2.0, 5.0), strict=True) for m in MONTHS[:3]]
    monthly = pd.DataFrame(rows[:-1], columns=["run_id", "month", "y"])
    monthly.loc[len(monthly)] = ("c", MONTHS[0], 4.0)
    found = monthly_values(heads, monthly, "s", "o", "y")
    assert list(found.columns) == MONTHS[:2]  # the other never reaches the third month
    assert found.to_numpy() == pytest.approx(np.array([[-3.0, NAN], [-3.0, -3.0]]), nan_ok=True)
    assert monthly_values(heads, monthly, "s", "", "y").loc[1].tolist() == [2.0] * 3


def test_a_timeline_stacks_a_months_events_and_marks_what_a_scenario_leaves_out():
    event = {"month": "2002-01", "kind": "deal", "actor": "a", "theatre": "t", "detail": "d"}
    record = pd.DataFrame({"month": ["2001-06"], "title": ["A break"], "holds": [False]})
    given = (record, {"a": "#112233"}, ("2001-01", "2003-12"), WORDS)
    figure = event_timeline(pd.DataFrame([event] * 9), *given)
    assert texts(figure) == ["2001-06 A break (left out)", "deal, 9 times"]
    lines = figure.axes[1].get_lines()
    assert len({line.get_ydata()[0] for line in lines if len(line.get_xdata()) == 1}) == 9
    assert to_rgb(figure.legends[0].get_lines()[0].get_color()) == to_rgb("#112233")
    assert "2002-01 a d: t" in texts(event_timeline(pd.DataFrame([event] * 2), *given))


@pytest.mark.parametrize("name", ["eurasia", "europe_1914"])
def test_what_has_no_number_in_a_month_is_said_and_every_theatre_has_its_land(name):
    world = load_world(name)
    columns = [f"{m}.{k}" for m in ("stability", "militants") for k in world.theatres]
    columns += [
        f"influence.{a}.{k}.{d}" for a in world.actors for k in world.theatres
        for d in ("security", "economic", "diplomatic")
    ]  # fmt: skip
    rulers = [theatre.ruler for theatre in world.theatres.values()]
    presence = np.zeros((len(world.actors), len(world.theatres), 3))
    nothing = maps.Moment("2001-01", dict.fromkeys(columns, NAN), presence, rulers)
    drawn = maps.region_map(world, maps.region_table(world, [nothing]), WORDS)
    assert texts(drawn).count("no finite run") == len(world.theatres)
    assert not faults(drawn)
    lands, around_them = maps.shapes_of(world)
    assert list(lands) == list(world.theatres)
    assert bool(around_them) == (name == "eurasia")


def test_cells_have_their_rows_and_columns_and_hold_every_run_once():
    values = {"threat.a.k.d": 0.25, "threat.a.l.d": 0.01, "threat.b.k.d": NAN, "threat.b.l.d": -0.5}
    figure, cells = maps.matrix(list(values), values, WORDS)
    assert cells.iloc[0].tolist() == ["d", "a", "k", 0.25, "0.25"]
    (panel,) = figure.axes
    written = {text.get_position(): text.get_text() for text in panel.texts}
    assert written == {(0.5, 0.5): "0.25", (1.5, 1.5): "−0.50"}
    assert (panel.get_title(loc="left"), panel.get_xlabel()) == ("d", "toward whom")
    tall = {f"influence.{a}.{k}.d": 0.5 for a in "abc" for k in "kl"}
    (panel,) = maps.matrix(list(tall), tall, WORDS)[0].axes  # the longer side lies flat
    assert [label.get_text() for label in panel.get_xticklabels()] == list("abc")
    assert (panel.get_xlabel(), panel.get_ylabel()) == ("of whom", "where")
    rows = pd.DataFrame({"a": np.linspace(0, 1, 50), "b": [1, 2] * 25, "y": [NAN] + [1] * 49})
    cells = maps.surface_data(rows, "a", "b", "y")
    assert (cells["runs"].sum(), cells["missing"].sum(), len(cells)) == (49, 1, 20)
    named = maps.factor_cells(pd.Series(["low", "high", None], name="level"))
    assert (list(named.cat.codes), list(named.cat.categories)) == ([1, 0, -1], ["high", "low"])
    with pytest.raises(ValueError, match="13 levels"):
        maps.factor_cells(pd.Series(list("abcdefghijklm"), name="level"))


def test_a_tornado_counts_failed_runs_at_neither_end_and_the_widest_factor_first():
    rows = pd.DataFrame({"x.a": np.arange(100.0), "x.b": ["u", "v"] * 50, "y": np.arange(100.0)})
    rows.loc[rows.index >= 90, "y"] = NAN
    ends = analyses.tornado_table(rows.assign(same=1), ["x.b", "same", "x.a"], "y")
    assert list(ends["factor"]) == ["x.a", "x.b"]
    assert ends["missing"].tolist() == [10, 10]
    means = [np.arange(18).mean(), np.arange(72, 90).mean()]
    assert ends.loc[0, ["low", "high"]].tolist() == pytest.approx(means)
    with pytest.raises(ValueError, match="no factor varies"):
        analyses.tornado_table(rows.assign(same=1), ["same"], "y")


@pytest.fixture
def folder(monkeypatch):
    """As much of a results folder as a chart of one of its tables asks for."""
    monkeypatch.setattr(analyses.style, "analysis_caption", lambda _: "n")
    has = {"has": lambda name: name == "sobol", "names": {}, "seed": 7}
    return lambda table, **manifest: SimpleNamespace(
        table=lambda _: table, manifest=manifest, **has
    )


def test_indices_and_shares_are_read_as_analyze_writes_them(folder):
    values = {("first", "a"): NAN, ("total", "a"): 0.5, ("second", "a"): 0.1}
    values |= {("first", "b"): 0.3, ("total", "b"): 0.6}
    rows = [
        ("power.a", "s", x, f"x.{name}", v, v - 0.1, v + 0.1) for (x, name), v in values.items()
    ]
    columns = ["measure", "scenario", "order", "factor", "index", "low", "high"]
    held = folder(pd.DataFrame(rows, columns=columns))
    (picture,) = analyses.index_pages(held, Request(), "T")
    assert picture.data["factor"].tolist() == ["x.a", "x.b"]
    assert (picture.data.loc[1, ["first", "total", "total_high"]] == [0.3, 0.6, 0.7]).all()
    said = texts(picture.figure)
    assert (said[0], said[3][:27]) == ("b", "Sobol': first order: no num")  # the largest first
    rows = [("s", "theory", 0.4), ("s", "chance", 0.6), ("t", "theory", 1.0)]
    columns = ["measure", "of", "part", "share"]
    shares = pd.DataFrame([("power.a", *row) for row in rows], columns=columns)
    table = share_table(shares, {"a": "A"}).fillna(-1)
    assert table.to_dict("list") == {
        "reading": ["power, A, s", "power, A, t"], "theory": [0.4, 1.0], "chance": [0.6, -1.0]
    }  # fmt: skip


def test_a_box_is_drawn_within_the_whole_range_of_its_factors():
    world = SimpleNamespace(numbers={"n": SimpleNamespace(low=0.0, high=2.0)})
    columns = ["method", "box", "limit", "parameter", "low", "high", "density", "coverage"]
    rows = [
        ("PRIM", 1, "n", "x.n", 0.5, NAN, 0.9, 0.4),
        ("PRIM", 1, "l", "x.l", NAN, 0.5, 0.9, 0.4),
        ("PRIM", 1, "theory is a or b", "theory", NAN, NAN, 0.9, 0.4),
        ("CART", 2, "n", "n", NAN, 0.5, 0.7, 0.6),
    ]
    design = {"factors": [{"name": "x.l", "low": 0.0, "high": 1.0}]}
    boxes, limits = analyses.box_tables(pd.DataFrame(rows, columns=columns), world, design)
    assert boxes["limited"].tolist() == [3, 1]
    assert limits[["left", "width"]][:2].to_numpy().tolist() == [[0.25, 0.75], [0.0, 0.5]]
    figure = analyses.box_plot(boxes.iloc[:0], boxes, limits, 0.3, WORDS)
    assert {"theory is a or b", "0.5 to 2 of 0 to 2"} <= set(texts(figure))
    assert not faults(figure)


def test_parts_of_hypotheses_say_where_an_effect_is_missing(tested):
    parts, rivals = (pd.read_parquet(tested / f"{x}.parquet") for x in ("parts", "theories"))
    parts.loc[0, ["mean", "low", "high"]] = NAN
    figure = part_plot(parts, rivals, WORDS)
    assert "no effect (0 runs failed)" in texts(figure)[:2]
    assert parts["word"].iloc[1] in " ".join(texts(figure)[2:4])
    hollow = [line for line in figure.axes[0].lines if line.get_markerfacecolor() == "none"]
    assert sum(len(line.get_xdata()) for line in hollow) == len(rivals)


def test_skill_stands_at_the_edge_where_it_is_worse_with_its_own_number_beside(folder, monkeypatch):
    columns = {
        "model": [-1.97, -0.2, 0.1], "known": [-1.9, -0.1, 0.1], "on_filter": [-0.8, 0, 0.2],
        "null": [-1.5, 0, 0], "unchanged": [-2, -0.3, 0], "low": [-2.1, NAN, 0.05],
        "high": [-1.7, NAN, 0.2], "units": [6, 1, 3],
    }  # fmt: skip
    items = pd.DataFrame(columns, index=["students", "deaths", "arms_suppliers"])
    monkeypatch.setattr(analyses, "by_item", lambda own, _: items.head(len(own)))
    manifest = {"failed": {"t": 0}, "runs_a_side": 4, "scenario": {"name": "s"}}
    held = folder(pd.DataFrame({"theory": ["t"] * 3}), **manifest)
    (picture,) = analyses.skill_pages(held, Request(), "T")
    labels = ["students", "−197 %", "deaths", "−20 %, n = 1", "arms suppliers", "+10 %"]
    assert texts(picture.figure, 0) == labels
    assert picture.figure.axes[0].lines[0].get_xdata().tolist() == [-1.0, -0.2, 0.1]
    said = around(picture.figure)
    assert "Marks below -100 % stand at that edge" in said
    assert "Hindsight" in said
    with pytest.raises(ValueError, match="no row"):
        analyses.rows.mark_rows("skill", items[:0], WORDS)
