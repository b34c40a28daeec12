"""Every kind of figure on folders of results: same bytes, whole captions, and what is refused."""

from __future__ import annotations

import json
import re
import shutil
import time
from dataclasses import fields

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb
from tests.figures.conftest import around, clipped, texts

from eurasia_sim.cli.output import plot
from eurasia_sim.figures.gallery import KINDS, OF_RUN, REPLACED, draw, pictures, usual_kinds
from eurasia_sim.figures.style import Request
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.simulation.results import write_manifest
from eurasia_sim.simulation.results_folder import open_results

MEASURE = "competition.russia-china.central_asia"
ANALYSED = ("indices", "box", "effects", "patterns", "skill", "posterior")  # in test_real
FOLDER = {"tornado": "swept", "forest": "tested", "shares": "tested"}
DRAWN = [kind for kind in KINDS if kind not in ANALYSED]


@pytest.fixture
def folder(request, ensembles):
    return lambda name, *filters: open_results(
        request.getfixturevalue(name), ensembles.world, tuple(filters)
    )


@pytest.mark.parametrize("kind", DRAWN)
def test_every_kind_is_drawn_twice_to_the_same_bytes_whole_with_counts_and_seed(
    kind, folder, tmp_path
):
    name = FOLDER.get(kind, "ran")
    held = folder(name)
    (picture, files), (_, again) = (
        next(draw(held, [kind], Request(), tmp_path / at)) for at in ("one", "two")
    )
    assert [path.suffix for path in files] == [".png", ".svg", ".csv"]
    assert [path.read_bytes() for path in files] == [path.read_bytes() for path in again]
    parts = {
        "ran": ("us_", "balance_of_threat"),
        "tested": ("4 runs", "16 points of the space a theory"),
        "swept": ("60 runs · 2 of us_exit failed",),
    }[name]
    for part in ("failed", "seed 7", "% of numbers rest on judgement", *parts):
        assert part in around(picture.figure)
    assert picture.says
    assert len(picture.data)
    assert not clipped(picture.figure)


@pytest.mark.parametrize("kind", ["distribution", "heatmap", "tornado", "convergence"])
def test_failed_runs_of_a_sweep_are_counted(kind, folder):
    (picture, *_) = pictures(folder("swept"), [kind], Request())
    said = around(picture.figure)
    assert "60 runs · 2 of us_exit failed" in said
    labels = [panel.get_xlabel() for panel in picture.figure.axes]
    assert "2 missing" in " ".join([said, *texts(picture.figure), *labels])


def test_a_range_as_group_is_cut_into_rows_in_its_own_order(folder):
    request = Request(by="cooperation.relative_gains")
    (picture, *_) = pictures(folder("swept"), ["distribution"], request)
    ends = picture.data["x.cooperation.relative_gains"]
    lows = [float(label.strip("(]").split(",")[0]) for label in ends]
    assert lows == sorted(lows)


def test_a_measure_is_drawn_as_what_it_is_of(folder):
    held = folder("ran")
    assert usual_kinds(held, [MEASURE]) == ["distribution", "fan"]
    assert usual_kinds(held, ["alignment.russia.china"]) == ["network"]
    for measure in ("recognition.china.afghanistan", "influence.china.kazakhstan.economic"):
        assert usual_kinds(held, [measure]) == ["heatmap"]
    assert usual_kinds(held, ["effort.china.kazakhstan.economic"]) == ["heatmap"]
    assert usual_kinds(held, ["effort.*"]) == ["heatmap"]
    assert usual_kinds(held, ["effort.china"]) == ["distribution"]  # the sum over places
    assert "difference" in usual_kinds(held, [])
    assert usual_kinds(folder("tested"), []) == ["forest", "shares"]
    assert usual_kinds(folder("swept"), [])[:2] == ["distribution", "heatmap"]


def test_a_heat_map_of_a_month_shows_the_values_of_that_month(folder, ensembles):
    held = folder("ran")
    request = Request(measures=("threat.*",), months=("2021-05",))
    (picture, *_) = pictures(held, ["heatmap"], request)
    row = picture.data.iloc[7]
    means = held.again("us_exit", "balance_of_threat").means
    column = f"threat.{row['row']}.{row['column']}"
    assert row["value"] == means[column].iloc[ensembles.world.month("2021-05")]
    assert row["month"] == "2021-05"


def test_a_filter_leaves_the_runs_it_names_and_the_caption_says_so(folder):
    held = folder("ran", "scenario=us_exit", "run<5")
    (picture, *_) = pictures(held, ["distribution"], Request())
    assert list(picture.data["scenario"].unique()) == ["us_exit"]
    assert picture.data["run"].max() == 4
    assert "only scenario=us_exit and run<5" in around(picture.figure)


@pytest.mark.parametrize(
    ("filters", "kind", "request_", "complaint"),
    [
        (("scenario=nowhere",), "distribution", {}, "no run has it; scenario is one of us_exit"),
        (("colour=red",), "distribution", {}, "colour is no column"),
        (("run~4",), "distribution", {}, "is no comparison"),
        (("run=many",), "distribution", {}, "holds numbers"),
        (("run>99",), "distribution", {}, "leaves no run"),
        ((), "pie", {}, "--kind pie is no kind of picture"),
        ((), "distribution", {"measures": ("competitoin.*",)}, "is no measure of"),
        ((), "distribution", {"by": "scenery"}, "--by scenery is no column"),
        ((), "heatmap", {"up": "x.a"}, "has no factors"),
        ((), "tornado", {}, "has no factors"),
        ((), "forest", {}, r"holds no parts\.parquet"),
        (
            (),
            "patterns",
            {},
            r"no patterns\.parquet: this picture needs what `eurasia-sim validate`",
        ),
        ((), "network", {"months": ("1999-01",)}, "--month 1999-01 is no month"),
        ((), "distribution", {"across": "x.a"}, "--across is for heatmap, not for distribution"),
        ((), "fan", {"threshold": 0.1}, "--threshold is for distribution, not for fan"),
        ((), "fan", {"by": "theory"}, "--by is for distribution and heatmap and convergence"),
        ((), "timeline", {"months": ("2021-05",)}, "--month is for heatmap and network and map"),
        ((), "fan", {"measures": ("stability.afghanistan",)}, "monthly values were kept of"),
        *(
            ((), kind, {}, f"--kind {kind} was replaced; use {new}")
            for kind, new in REPLACED.items()
        ),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_what_would_be_right(
    filters, kind, request_, complaint, folder
):
    with pytest.raises(DataError, match=complaint):
        list(pictures(folder("ran", *filters), [kind], Request(**request_)))


@pytest.mark.parametrize(
    ("request_", "complaint"),
    [
        ({"across": "distanec"}, "--across distanec is no factor of the design"),
        ({"across": "cooperation.relative_gains", "up": "x.cooperation.relative_gains"}, "twice"),
    ],
)
def test_a_heat_map_of_a_sweep_needs_two_factors_of_its_design(request_, complaint, folder):
    with pytest.raises(DataError, match=complaint):
        list(pictures(folder("swept"), ["heatmap"], Request(**request_)))


def test_runs_of_another_version_are_not_made_again(folder):
    held = folder("ran")
    held.manifest["digests"]["model"] = "0" * 64
    with pytest.raises(DataError, match="written under another version of the model"):
        list(pictures(held, ["network"], Request()))


def test_a_folder_that_is_none_or_unfinished_is_refused(tmp_path, ensembles):
    with pytest.raises(DataError, match="it has no manifest"):
        open_results(tmp_path, ensembles.world)
    (tmp_path / "manifest.json").write_text("{}")
    with pytest.raises(DataError, match="is damaged, or an earlier version wrote it"):
        open_results(tmp_path, ensembles.world)


def test_what_is_made_again_is_what_the_folder_holds(folder, ensembles):
    held = folder("ran")
    replayed = held.again("us_exit", "balance_of_threat")
    first = ensembles.world.month(held.manifest["window"][0])
    runs = held.runs([MEASURE], set="reference")
    mean = runs.loc[runs["scenario"] == "us_exit", MEASURE].mean()
    assert replayed.runs == 12
    assert np.isclose(replayed.means[MEASURE].iloc[first:].mean(), mean, rtol=1e-9)


def test_a_hundred_thousand_runs_are_drawn_in_seconds(swept, ensembles, tmp_path):
    many = tmp_path / "many"
    shutil.copytree(swept, many)
    parts = sorted((many / "parts").glob("*.parquet"))
    one = pd.concat(map(pd.read_parquet, parts))
    for path in parts:
        path.unlink()
    runs = one.sample(100_000, replace=True, random_state=1)
    runs.to_parquet(many / "parts" / "a.parquet", index=False)
    manifest = json.loads((many / "manifest.json").read_text())
    write_manifest(many, manifest, ["parts/a.parquet"])
    began = time.process_time()
    kinds, held = ["distribution", "heatmap", "convergence"], open_results(many, ensembles.world)
    for picture, files in draw(held, kinds, Request(tuple(held.measures[:1])), tmp_path):
        assert files[1].stat().st_size < 3_000_000, picture.stem
    assert time.process_time() - began < 60


@pytest.mark.parametrize("kind", ["distribution", "convergence", "difference"])
def test_no_measure_asked_for_is_dropped_however_few_a_picture_holds(kind, folder):
    held = folder("ran")
    asked = held.chosen(("stability.*",))
    found = list(pictures(held, [kind], Request(measures=("stability.*",))))
    columns = [each.data.get("measure", each.data.columns) for each in found]
    drawn = [name for names in columns for name in names if name in asked]
    assert list(dict.fromkeys(drawn)) == asked
    if kind != "difference":
        stems = [picture.stem.removeprefix(f"{kind}-balance_of_threat") for picture in found]
        assert stems[:2] == ["", "-2"]
        assert len(set(stems)) == len(found) == -(-len(asked) // 4) > 1


def test_a_measure_without_finite_runs_keeps_its_panel(folder, monkeypatch):
    held = folder("ran")
    runs = type(held).runs

    def lost(self, columns, **where):
        return runs(self, columns, **where).assign(**{MEASURE: np.nan})

    monkeypatch.setattr(type(held), "runs", lost)
    request = Request(measures=(MEASURE, "stability.afghanistan"))
    (picture, *_) = pictures(held, ["convergence"], request)
    assert "us_exit: fewer than 2 runs" in picture.figure.axes[0].get_xlabel()
    with pytest.raises(DataError, match="--kind convergence: no two finite runs"):
        list(pictures(held, ["convergence"], Request(measures=(MEASURE,))))


def test_measures_of_a_sweep_that_nobody_asked_for_end_at_a_number_that_is_said(
    folder, monkeypatch
):
    monkeypatch.setattr("eurasia_sim.figures.gallery._MOST_UNASKED", 1)
    held = folder("swept")
    (picture,) = pictures(held, ["tornado"], Request())
    left = f"{len(held.shown) - 1} more measures are drawn when named by --measure."
    assert picture.says.endswith(left)
    assert len(list(pictures(held, ["tornado"], Request(measures=("*",))))) == len(held.measures)


def test_run_draws_the_pictures_that_plot_draws(ran, folder, tmp_path):
    held = folder("ran")
    for kind in OF_RUN:
        _, again = next(draw(held, [kind], Request(), tmp_path))
        for path in again:
            assert f"figures/{path.name}" in held.manifest["figures"]
            assert path.read_bytes() == (ran / "figures" / path.name).read_bytes(), path.name


def test_actors_keep_their_colours(folder, ensembles):
    (line, *_) = pictures(folder("ran"), ["timeline"], Request())
    key = line.figure.legends[0]
    by_name = {actor.name: to_rgb(actor.colour) for actor in ensembles.world.actors.values()}
    for handle, text in zip(key.get_lines(), key.get_texts(), strict=True):
        assert to_rgb(handle.get_color()) == pytest.approx(by_name[text.get_text()])


def test_every_option_is_taken_by_some_kind_and_the_help_of_plot_names_every_kind():
    options = {field.name for field in fields(Request)}
    assert {option for kind in KINDS.values() for option in kind.options} == options
    assert all(kind.meaning and not kind.meaning.endswith(".") for kind in KINDS.values())
    assert set(KINDS) <= set(re.findall(r"\w+", plot.__doc__))
