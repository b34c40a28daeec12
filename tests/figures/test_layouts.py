"""Every kind of figure on real tables: nothing is clipped, nothing vanishes, and grey tells groups apart."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb

from eurasia_sim.figures.boxes import box_plot
from eurasia_sim.figures.choice import KINDS, pictures
from eurasia_sim.figures.convergence import convergence_data, convergence_plot
from eurasia_sim.figures.cumulative import cumulative_distribution, steps_of
from eurasia_sim.figures.forest import forest_plot
from eurasia_sim.figures.heatmap import factor_cells, surface_data
from eurasia_sim.figures.held import open_held
from eurasia_sim.figures.mosaic import influence_mosaic
from eurasia_sim.figures.network import alignment_network, unlike_initials
from eurasia_sim.figures.of_tests import box_tables, index_table, share_table
from eurasia_sim.figures.picture import Request
from eurasia_sim.figures.ridgeline import ridgeline
from eurasia_sim.figures.sensitivity import index_plot, tornado_table
from eurasia_sim.figures.shares import share_plot
from eurasia_sim.figures.style import legible, styled
from eurasia_sim.figures.tiles import tile_map
from eurasia_sim.figures.timeline import event_timeline

INDICES = pd.DataFrame(
    {
        "factor": ["x.a.one", "x.b.two"], "first": [0.2, np.nan], "first_low": [0.1, np.nan],
        "first_high": [0.3, np.nan], "total": [0.4, 0.6], "total_low": [0.3, 0.5], "total_high": [0.5, 0.7],
    }
)  # fmt: skip


def words(figure):
    return [text.get_text() for panel in figure.axes for text in panel.texts]


def clipped(figure) -> list[str]:
    """Words that reach over the edge of the page."""
    with styled():
        figure.savefig(io.BytesIO(), format="png")
        renderer = figure.canvas.get_renderer()
    width, height = figure.canvas.get_width_height()
    texts = [*figure.texts, *(t for legend in figure.legends for t in legend.get_texts())]
    for panel in figure.axes:
        if panel.get_visible():
            texts += [*panel.texts, panel.title, panel._left_title, panel.xaxis.label, panel.yaxis.label]
            for axis, (low, high) in ((panel.xaxis, panel.get_xlim()), (panel.yaxis, panel.get_ylim())):
                places = axis.get_ticklocs() if panel.axison else ()
                near = (min(low, high) - 1e-9, max(low, high) + 1e-9)
                labels = zip(places, axis.get_ticklabels(), strict=False)
                texts += [label for place, label in labels if near[0] <= place <= near[1]]
    found = []
    for text in texts:
        if text.get_text() and text.get_visible():
            box = text.get_window_extent(renderer)
            if box.x0 < -1 or box.y0 < -1 or box.x1 > width + 1 or box.y1 > height + 1:
                found.append(f"{text.get_text()!r}: {box}")
    return found


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("indices", "box", "effects", "patterns")])
def test_no_word_reaches_over_the_edge_of_the_page(kind, ran, swept, tested, ensembles):
    folder = tested if kind in ("forest", "shares") else swept if kind in ("surface", "tornado") else ran
    for picture in pictures(open_held(folder, ensembles.world), [kind], Request()):
        assert not clipped(picture.figure), picture.stem


def test_indices_without_a_number_say_so():
    figure = index_plot(INDICES, "Indices", "n")
    assert any("first: no number" in word for word in words(figure))
    assert figure.axes[0].get_yticklabels()[0].get_text() == "b.two"  # the largest total first
    with pytest.raises(ValueError, match="no factor"):
        index_plot(INDICES.iloc[:0], "Indices", "n")


def test_indices_and_shares_are_read_as_analyze_writes_them():
    rows = [
        {"order": order, "factor": factor, "other": "", "index": value, "low": value - 0.1, "high": value + 0.1}
        for order, value in (("first", 0.3), ("total", 0.5), ("second", 0.1))
        for factor in ("a", "b")
    ]
    wide = index_table(pd.DataFrame(rows))
    assert wide["factor"].tolist() == ["a", "b"]
    assert (wide.loc[0, ["first", "total", "total_high"]] == [0.3, 0.5, 0.6]).all()
    shares = pd.DataFrame(
        {
            "measure": "power.a",
            "of": ["s", "s", "t"],
            "part": ["theory", "chance", "theory"],
            "share": [0.4, 0.6, 1],
        }
    )
    table = share_table(shares, {"a": "A"})
    assert table["reading"].tolist() == ["power, A, s", "power, A, t"]
    assert table.loc[0, "chance"] == 0.6
    assert np.isnan(table.loc[1, "chance"])


def test_a_tornado_counts_failed_runs_at_neither_end():
    rows = pd.DataFrame({"x.a": np.arange(100.0), "x.b": ["u", "v"] * 50, "y": np.arange(100.0)})
    rows.loc[rows.index >= 90, "y"] = np.nan
    ends = tornado_table(rows, ["x.b", "x.a"], "y")
    assert list(ends["factor"]) == ["x.a", "x.b"]  # the widest first
    assert ends["missing"].tolist() == [10, 10]
    assert ends.loc[0, "low"] == pytest.approx(np.arange(18).mean())
    assert ends.loc[0, "high"] == pytest.approx(np.arange(72, 90).mean())


def test_the_cells_of_a_surface_hold_every_run_once():
    rows = pd.DataFrame({"a": np.linspace(0, 1, 50), "b": [1, 2] * 25, "y": np.ones(50)})
    rows.loc[0, "y"] = np.nan
    cells = surface_data(rows, "a", "b", "y")
    assert (cells["runs"].sum(), cells["missing"].sum()) == (49, 1)
    assert len(cells) == 20
    inside, names = factor_cells(pd.Series(["low", "high", None], name="level"))
    assert (list(inside), names) == ([1, 0, -1], ["high", "low"])
    with pytest.raises(ValueError, match="13 levels"):
        factor_cells(pd.Series(list("abcdefghijklm"), name="level"))


def test_a_long_cumulative_curve_is_thinned_and_ends_at_all_runs():
    places, heights = steps_of(np.random.default_rng(1).normal(size=50_000))
    assert len(places) <= 1000
    assert heights[-1] == 1.0
    assert (np.diff(places) >= 0).all()


def test_the_share_above_a_threshold_stands_beside_it(ensembles):
    table = ensembles.ranges.copy()
    table["level.a"] = np.where(table["scenario"] == "us_exit", 1.0, np.arange(len(table)) % 2)
    figure = cumulative_distribution(table, ["level.a"], "T", "n", threshold=0.5)
    assert "us_exit: 100 %\nus_stays: 50 %" in words(figure)[0]


def test_convergence_counts_and_narrows(ensembles):
    table = pd.DataFrame({"scenario": "s", "run": range(400), "y": np.random.default_rng(2).normal(size=400)})
    table.loc[3, "y"] = np.nan
    found = convergence_data(table, ["y"])
    assert found["runs"].iloc[-1] == 399
    assert found["missing"].iloc[-1] == 1
    assert found["mean"].iloc[-1] == pytest.approx(table["y"].mean())
    assert found["half_width"].iloc[-1] < found["half_width"].iloc[0] / 3
    assert "399 runs, 1 missing" in convergence_plot(found, "T", "n").axes[0].get_xlabel()
    with pytest.raises(ValueError, match="no group has 5"):
        convergence_data(table.iloc[:4], ["y"])


def test_shares_beyond_six_sources_are_put_together_and_a_still_reading_says_so():
    table = pd.DataFrame([[0.3, 0.2, 0.2, 0.1, 0.1, 0.05, 0.05], [np.nan] * 7], columns=list("abcdefg"))
    table.insert(0, "reading", ["moves", "still"])
    figure = share_plot(table, "T", "n")
    assert "does not vary" in words(figure)
    assert "1 of 2 readings do not vary" in " ".join(t.get_text() for t in figure.texts).replace("\n", " ")
    assert [text.get_text() for text in figure.legends[0].get_texts()][-1] == "other sources"


def test_a_box_is_drawn_within_the_whole_range_of_its_factors(ensembles):
    name = next(path for path, number in ensembles.world.numbers.items() if number.is_uncertain)
    number = ensembles.world.numbers[name]
    table = pd.DataFrame(
        {
            "method": ["PRIM", "PRIM", "CART"], "box": [1, 1, 2], "limit": ["n", "theory is a or b", "n"],
            "parameter": [name, "theory", name], "low": [number.value, np.nan, np.nan],
            "high": [np.nan, np.nan, number.value], "density": [0.9, 0.9, 0.7], "coverage": [0.4, 0.4, 0.6],
            "mass": 0.2, "base": 0.3, "draws": 200,
        }
    )  # fmt: skip
    every, limits = box_tables(table, ensembles.world)
    assert every["chosen"].tolist() == [True, False]
    assert limits.loc[0, "high"] == limits.loc[0, "greatest"] == number.high
    figure = box_plot(every, limits, "T", "n", base_rate=0.3)
    assert "a or b" in words(figure)
    assert not clipped(figure)
    with pytest.raises(ValueError, match="exactly one chosen"):
        box_plot(every.iloc[1:], limits, "T", "n", base_rate=0.3)


def test_a_forest_says_where_an_effect_is_missing(tested):
    parts = pd.read_parquet(tested / "parts.parquet")
    rivals = pd.read_parquet(tested / "theories.parquet")
    parts.loc[0, ["mean", "low", "high"]] = np.nan
    rivals.loc[rivals.index[:1], "mean"] = np.nan
    figure = forest_plot(parts, rivals, "T", "n", asked=0.8)
    assert any("no effect at reference" in word for word in words(figure))
    assert any("gave no number" in word for word in words(figure))
    assert parts["word"].iloc[0] in words(figure)


def test_actors_keep_their_colours_and_marks_are_unlike(ran, ensembles):
    held = open_held(ran, ensembles.world)
    actors = {actor.id: actor for actor in ensembles.world.actors.values()}
    marks = unlike_initials({actor.id: actor.name for actor in actors.values()})
    assert len(set(marks.values())) == len(actors)
    (mosaic,) = pictures(held, ["mosaic"], Request())
    by_name = {actor.name: to_rgb(actor.colour) for actor in actors.values()}
    handles = mosaic.figure.legends[0]
    for patch, text in zip(handles.get_patches(), handles.get_texts(), strict=True):
        if text.get_text() in by_name:
            assert patch.get_facecolor()[:3] == pytest.approx(by_name[text.get_text()])
    (line, *_) = pictures(held, ["timeline"], Request())
    for handle, text in zip(line.figure.legends[0].get_lines(), line.figure.legends[0].get_texts(), strict=True):
        assert to_rgb(handle.get_color()) == pytest.approx(by_name[text.get_text()])


def test_missing_ties_tiles_and_shares_are_said():
    ties = pd.DataFrame(
        [{"month": "2001-01", "first": a, "second": b, "alignment": np.nan} for a in "abc" for b in "abc" if a != b]
    )
    nodes = pd.DataFrame(
        [{"month": "2001-01", "actor": a, "name": a, "colour": "#123456", "power": 0.1} for a in "abc"]
    )
    assert "3 ties without a number" in alignment_network(ties, nodes, "T", "n").axes[0].get_title(loc="left")
    held = pd.DataFrame({"scenario": "s", "theatre": "t", "domain": "d", "actor": ["a", "b"], "share": np.nan})
    known = {"a": ("A", "#112233", "A"), "b": ("B", "#445566", "B")}
    figure = influence_mosaic(held, known, {}, "T", "n")
    assert "no finite run" in words(figure)
    tiles = pd.DataFrame(
        {
            "month": ["m"], "theatre": ["t"], "name": ["T"], "row": [0], "column": [0], "first": [np.nan],
            "second": [np.nan], "others": [np.nan], "bases": [""], "institutions": [""], "state": [""],
        }
    )  # fmt: skip
    none = pd.DataFrame(columns=["month", "source", "target", "threat"])
    lean = {"first": ("A", "#112233"), "second": ("B", "#445566")}
    assert "no finite run" in words(tile_map(tiles, none, lean, "T", "n", panels=["m"]))
    with pytest.raises(ValueError, match="give `tile"):
        tile_map(tiles.iloc[:0], none, lean, "T", "n", panels=["m"])


def test_a_timeline_stacks_a_months_events_and_marks_what_a_scenario_leaves_out():
    events = pd.DataFrame({"month": ["2002-01"] * 9, "kind": "deal", "actor": "a", "theatre": "t", "detail": "d"})
    record = pd.DataFrame({"month": ["2001-06"], "title": ["A break"], "holds": [False]})
    figure = event_timeline(events, record, {"a": ("A", "#112233")}, ("2001-01", "2003-12"), "T", "n")
    assert words(figure) == ["2001-06  A break  (left out)"]
    heights = {line.get_ydata()[0] for line in figure.axes[1].get_lines() if len(line.get_ydata()) == 1}
    assert len(heights) == 9
    with pytest.raises(ValueError, match="neither"):
        event_timeline(events.iloc[:0], record.iloc[:0], {}, ("2001-01", "2003-12"), "T", "n")


def test_ridges_beyond_a_page_are_refused(ensembles):
    table = pd.DataFrame({"scenario": [f"s{at}" for at in range(61)], "y": 1.0})
    with pytest.raises(ValueError, match="filter first"):
        ridgeline(table, "y", "T", "n")


def test_ink_stands_out_on_any_colour(ensembles):
    for actor in ensembles.world.actors.values():
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(actor.colour)]
        ground = float(np.dot(linear, (0.2126, 0.7152, 0.0722)))
        ink = 1.0 if legible(actor.colour) == "white" else 0.006
        high, low = max(ground, ink), min(ground, ink)
        assert (high + 0.05) / (low + 0.05) >= 4.5, actor.name
