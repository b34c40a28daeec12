from __future__ import annotations

import re
from dataclasses import fields

import numpy as np
import pandas as pd
import pytest
from tests.figures.conftest import around, clipped

from eurasia_sim.cli.output import plot
from eurasia_sim.figures.gallery import KINDS, OF_RUN, draw, pictures, usual_kinds
from eurasia_sim.figures.style import Request
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.simulation.results import write_manifest
from eurasia_sim.simulation.results_folder import open_results

MEASURE = "competition.russia-china.central_asia"

OTHERS = ("surface", "tornado", "forest", "shares", "indices", "box", "effects", "patterns")
RUNS = [kind for kind in KINDS if kind not in OTHERS]


@pytest.mark.parametrize("kind", RUNS)
def test_every_kind_draws_real_runs_twice_to_the_same_bytes_with_counts_and_seed(kind, ran, ensembles, tmp_path):
    held = open_results(ran, ensembles.world)
    found = [list(draw(held, [kind], Request(), tmp_path / name)) for name in ("one", "two")]
    assert found[0]
    for (picture, files), (_, again) in zip(*found, strict=True):
        assert [path.suffix for path in files] == [".png", ".svg", ".csv"]
        assert [path.read_bytes() for path in files] == [path.read_bytes() for path in again]
        said = around(picture.figure)
        for part in ("failed", "seed 7", "us_", "balance_of_threat", "% of numbers rest on judgement"):
            assert part in said
        assert picture.says
        assert len(picture.data)


@pytest.mark.parametrize("kind", ["forest", "shares"])
def test_what_a_test_wrote_is_drawn_with_its_effort(kind, tested, ensembles, tmp_path):
    held = open_results(tested, ensembles.world)
    for picture, files in draw(held, [kind], Request(), tmp_path):
        said = around(picture.figure)
        assert "4 runs" in said
        assert "16 points of the space a theory" in said
        assert files[2].read_text().count("\n") > 1


@pytest.mark.parametrize("kind", ["distribution", "surface", "tornado", "convergence", "cumulative"])
def test_a_sweep_is_drawn_and_its_failed_runs_are_counted(kind, swept, ensembles):
    held = open_results(swept, ensembles.world)
    (picture, *_) = pictures(held, [kind], Request())
    said = around(picture.figure)
    assert "60 runs · 2 of us_exit failed" in said
    shown = said + " ".join(
        text for panel in picture.figure.axes for text in [*(t.get_text() for t in panel.texts), panel.get_xlabel()]
    )
    assert "2 missing" in shown


def test_a_range_as_group_is_cut_into_ridges_in_its_own_order(swept, ensembles):
    held = open_results(swept, ensembles.world)
    (picture, *_) = pictures(held, ["distribution"], Request(by="cooperation.relative_gains"))
    lows = [float(label.strip("(]").split(",")[0]) for label in picture.data["x.cooperation.relative_gains"]]
    assert lows == sorted(lows)
    assert picture.stem.startswith("ridgeline")


def test_a_measure_is_drawn_as_what_it_is_of(ran, tested, swept, ensembles):
    held = open_results(ran, ensembles.world)
    assert usual_kinds(held, [MEASURE]) == ["distribution", "fan"]
    assert usual_kinds(held, ["alignment.russia.china"]) == ["network"]
    assert usual_kinds(held, ["recognition.china.afghanistan"]) == ["cumulative"]
    assert usual_kinds(held, ["influence.china.kazakhstan.economic"]) == ["mosaic"]
    assert "difference" in usual_kinds(held, [])
    assert usual_kinds(open_results(tested, ensembles.world), []) == ["forest", "shares"]
    assert usual_kinds(open_results(swept, ensembles.world), [])[:2] == ["distribution", "surface"]


def test_a_filter_leaves_the_runs_it_names_and_the_caption_says_so(ran, ensembles):
    held = open_results(ran, ensembles.world, ("scenario=us_exit", "run<5"))
    (picture, *_) = pictures(held, ["distribution"], Request())
    assert list(picture.data["scenario"].unique()) == ["us_exit"]
    assert picture.data["run"].max() == 4
    said = around(picture.figure)
    assert "only scenario=us_exit and run<5" in said


@pytest.mark.parametrize(
    ("filters", "kinds", "request_", "complaint"),
    [
        (("scenario=nowhere",), ["distribution"], Request(), "no run has it; scenario is one of us_exit, us_stays"),
        (("colour=red",), ["distribution"], Request(), "colour is no column"),
        (("run~4",), ["distribution"], Request(), "is no comparison"),
        (("run=many",), ["distribution"], Request(), "holds numbers"),
        (("run>99",), ["distribution"], Request(), "leaves no run"),
        ((), ["pie"], Request(), "--kind pie is no kind of picture"),
        ((), ["distribution"], Request(measures=("competitoin.*",)), "is no measure of"),
        ((), ["distribution"], Request(by="scenery"), "--by scenery is no column"),
        ((), ["surface"], Request(), "has no factors"),
        ((), ["forest"], Request(), "holds no parts.parquet"),
        ((), ["network"], Request(months=("1999-01",)), "--month 1999-01 is no month"),
        ((), ["distribution"], Request(across="x.a"), "--across is for surface, not for distribution"),
        ((), ["distribution"], Request(threshold=0.1), "--threshold is for cumulative, not for distribution"),
        ((), ["fan"], Request(by="theory"), "--by is for distribution and ridgeline"),
        ((), ["timeline"], Request(months=("2021-05",)), "--month is for network and threat and map"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_what_would_be_right(filters, kinds, request_, complaint, ran, ensembles):
    with pytest.raises(DataError, match=complaint):
        list(pictures(open_results(ran, ensembles.world, filters), kinds, request_))


def test_runs_of_another_version_are_not_made_again(ran, ensembles):
    held = open_results(ran, ensembles.world)
    held.manifest["digests"]["model"] = "0" * 64
    with pytest.raises(DataError, match="written under another version of the model"):
        list(pictures(held, ["network"], Request()))


def test_a_folder_that_is_none_or_unfinished_is_refused(tmp_path, ensembles):
    with pytest.raises(DataError, match="it has no manifest"):
        open_results(tmp_path, ensembles.world)
    (tmp_path / "manifest.json").write_text("{}")
    with pytest.raises(DataError, match="is damaged, or an earlier version wrote it: it carries no digest"):
        open_results(tmp_path, ensembles.world)


def test_what_is_made_again_is_what_the_folder_holds(ran, ensembles):
    held = open_results(ran, ensembles.world)
    replayed = held.again("us_exit", "balance_of_threat")
    first = ensembles.world.month(held.manifest["window"][0])
    runs = held.runs([MEASURE], set="reference")
    mean = runs.loc[runs["scenario"] == "us_exit", MEASURE].mean()
    assert replayed.runs == 12
    assert np.isclose(replayed.means[MEASURE].iloc[first:].mean(), mean, rtol=1e-9)


def test_a_hundred_thousand_runs_are_drawn_in_seconds(swept, ensembles, tmp_path):
    import json
    import shutil
    import time

    folder = tmp_path / "many"
    shutil.copytree(swept, folder)
    one = pd.concat([pd.read_parquet(path) for path in sorted((folder / "parts").glob("*.parquet"))])
    many = one.loc[one.index.repeat(1)].sample(100_000, replace=True, random_state=1)
    for path in (folder / "parts").glob("*.parquet"):
        path.unlink()
    many.to_parquet(folder / "parts" / "a.parquet", index=False)
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["finished"]
    write_manifest(folder, manifest, ["parts/a.parquet"])
    began = time.process_time()
    held = open_results(folder, ensembles.world)
    for picture, files in draw(held, ["distribution", "cumulative", "surface", "convergence"], Request(), tmp_path):
        assert files[1].stat().st_size < 3_000_000, picture.stem
    assert time.process_time() - began < 60


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("indices", "box", "effects", "patterns")])
def test_no_word_reaches_over_the_edge_of_the_page(kind, ran, swept, tested, ensembles):
    folder = tested if kind in ("forest", "shares") else swept if kind in ("surface", "tornado") else ran
    for picture in pictures(open_results(folder, ensembles.world), [kind], Request()):
        assert not clipped(picture.figure), picture.stem


@pytest.mark.parametrize("kind", ["distribution", "cumulative", "convergence", "ridgeline", "difference"])
def test_no_measure_asked_for_is_dropped_however_few_a_picture_holds(kind, ran, ensembles):
    held = open_results(ran, ensembles.world)
    asked = held.chosen(("stability.*",))
    assert len(asked) > 4
    found = list(pictures(held, [kind], Request(measures=("stability.*",))))
    drawn = [name for each in found for name in each.data.get("measure", each.data.columns) if name in asked]
    assert list(dict.fromkeys(drawn)) == asked
    assert len({picture.stem for picture in found}) == len(found)
    if kind != "difference":
        assert len(found) == (len(asked) if kind == "ridgeline" else -(-len(asked) // 4))
    if kind in ("distribution", "cumulative", "convergence"):
        assert [picture.stem.removeprefix(f"{kind}-balance_of_threat") for picture in found][:2] == ["", "-2"]


def test_a_measure_without_finite_runs_keeps_its_panel(ran, ensembles, monkeypatch):
    held = open_results(ran, ensembles.world)
    runs = type(held).runs

    def lost(self, columns, **where):
        return runs(self, columns, **where).assign(**{MEASURE: np.nan})

    monkeypatch.setattr(type(held), "runs", lost)
    (picture, *_) = pictures(held, ["convergence"], Request(measures=(MEASURE, "stability.afghanistan")))
    assert "us_exit: fewer than 5 runs" in picture.figure.axes[0].get_xlabel()


def test_measures_of_a_sweep_that_nobody_asked_for_end_at_a_number_that_is_said(swept, ensembles, monkeypatch):
    monkeypatch.setattr("eurasia_sim.figures.gallery._MOST_UNASKED", 1)
    held = open_results(swept, ensembles.world)
    (picture,) = pictures(held, ["tornado"], Request())
    assert picture.says.endswith(f"{len(held.shown) - 1} more measures are drawn when named by --measure.")
    assert len(list(pictures(held, ["tornado"], Request(measures=("*",))))) == len(held.measures)


def test_run_draws_the_pictures_that_plot_draws(ran, ensembles, tmp_path):
    held = open_results(ran, ensembles.world)
    again = {path.name: path for _, files in draw(held, OF_RUN, Request(), tmp_path) for path in files}
    assert sorted(held.manifest["figures"]) == sorted(f"figures/{name}" for name in again)
    for name, path in again.items():
        assert path.read_bytes() == (ran / "figures" / name).read_bytes(), name


def test_every_option_is_heeded_by_some_kind_and_no_kind_heeds_another():
    options = {field.name for field in fields(Request)}
    assert {option for kind in KINDS.values() for option in kind.heeds} == options
    assert all(kind.meaning and not kind.meaning.endswith(".") for kind in KINDS.values())


def test_the_help_of_plot_names_every_kind():
    assert set(KINDS) <= set(re.findall(r"\w+", plot.__doc__))
