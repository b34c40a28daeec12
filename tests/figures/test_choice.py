from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from eurasia_sim.catalogue import DataError
from eurasia_sim.figures.choice import KINDS, draw, pictures, usual_kinds
from eurasia_sim.figures.held import open_held
from eurasia_sim.figures.picture import Request
from eurasia_sim.store import write_manifest

MEASURE = "competition.russia-china.central_asia"
OF_OTHERS = ("surface", "tornado", "forest", "shares", "indices", "box", "effects", "patterns")
OF_RUNS = [kind for kind in KINDS if kind not in OF_OTHERS]


@pytest.mark.parametrize("kind", OF_RUNS)
def test_every_kind_draws_real_runs_twice_to_the_same_bytes_with_counts_and_seed(kind, ran, ensembles, tmp_path):
    held = open_held(ran, ensembles.world)
    found = [list(draw(held, [kind], Request(), tmp_path / name)) for name in ("one", "two")]
    assert found[0]
    for (picture, files), (_, again) in zip(*found, strict=True):
        assert [path.suffix for path in files] == [".png", ".svg", ".csv"]
        assert [path.read_bytes() for path in files] == [path.read_bytes() for path in again]
        said = " ".join(text.get_text() for text in picture.figure.texts).replace("\n", " ")
        for part in ("failed", "seed 7", "us_", "balance_of_threat", "% of numbers rest on judgement"):
            assert part in said
        assert picture.says
        assert len(picture.data)


@pytest.mark.parametrize("kind", ["forest", "shares"])
def test_what_a_test_wrote_is_drawn_with_its_effort(kind, tested, ensembles, tmp_path):
    held = open_held(tested, ensembles.world)
    for picture, files in draw(held, [kind], Request(), tmp_path):
        said = " ".join(text.get_text() for text in picture.figure.texts).replace("\n", " ")
        assert "4 runs" in said
        assert "16 points of the space a theory" in said
        assert files[2].read_text().count("\n") > 1


@pytest.mark.parametrize("kind", ["distribution", "surface", "tornado", "convergence", "cumulative"])
def test_a_sweep_is_drawn_and_its_failed_runs_are_counted(kind, swept, ensembles):
    held = open_held(swept, ensembles.world)
    (picture, *_) = pictures(held, [kind], Request())
    said = " ".join(text.get_text() for text in picture.figure.texts).replace("\n", " ")
    assert "60 runs · 2 of us_exit failed" in said
    shown = said + " ".join(
        text for panel in picture.figure.axes for text in [*(t.get_text() for t in panel.texts), panel.get_xlabel()]
    )
    assert "2 missing" in shown


def test_a_range_as_group_is_cut_into_ridges_in_its_own_order(swept, ensembles):
    held = open_held(swept, ensembles.world)
    (picture, *_) = pictures(held, ["distribution"], Request(by="cooperation.relative_gains"))
    lows = [float(label.strip("(]").split(",")[0]) for label in picture.data["x.cooperation.relative_gains"]]
    assert lows == sorted(lows)
    assert picture.stem.startswith("ridgeline")


def test_a_measure_is_drawn_as_what_it_is_of(ran, tested, swept, ensembles):
    held = open_held(ran, ensembles.world)
    assert usual_kinds(held, [MEASURE]) == ["distribution", "fan"]
    assert usual_kinds(held, ["alignment.russia.china"]) == ["network"]
    assert usual_kinds(held, ["recognition.china.afghanistan"]) == ["cumulative"]
    assert usual_kinds(held, ["influence.china.kazakhstan.economic"]) == ["mosaic"]
    assert "difference" in usual_kinds(held, [])
    assert usual_kinds(open_held(tested, ensembles.world), []) == ["forest", "shares"]
    assert usual_kinds(open_held(swept, ensembles.world), [])[:2] == ["distribution", "surface"]


def test_a_filter_leaves_the_runs_it_names_and_the_caption_says_so(ran, ensembles):
    held = open_held(ran, ensembles.world, ("scenario=us_exit", "run<5"))
    (picture,) = pictures(held, ["distribution"], Request())
    assert list(picture.data["scenario"].unique()) == ["us_exit"]
    assert picture.data["run"].max() == 4
    said = " ".join(text.get_text() for text in picture.figure.texts).replace("\n", " ")
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
        ((), ["timeline"], Request(months=("2021-05",)), "--month is for network and threat and map"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_what_would_be_right(filters, kinds, request_, complaint, ran, ensembles):
    with pytest.raises(DataError, match=complaint):
        list(pictures(open_held(ran, ensembles.world, filters), kinds, request_))


def test_runs_of_another_version_are_not_made_again(ran, ensembles):
    held = open_held(ran, ensembles.world)
    held.manifest["digests"]["model"] = "0" * 64
    with pytest.raises(DataError, match="written under another version of the model"):
        list(pictures(held, ["network"], Request()))


def test_a_folder_that_is_none_or_unfinished_is_refused(tmp_path, ensembles):
    with pytest.raises(DataError, match="it has no manifest"):
        open_held(tmp_path, ensembles.world)
    (tmp_path / "manifest.json").write_text("{}")
    with pytest.raises(DataError, match="is damaged, or an earlier version wrote it: it carries no digest"):
        open_held(tmp_path, ensembles.world)


def test_what_is_made_again_is_what_the_folder_holds(ran, ensembles):
    held = open_held(ran, ensembles.world)
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
    held = open_held(folder, ensembles.world)
    for picture, files in draw(held, ["distribution", "cumulative", "surface", "convergence"], Request(), tmp_path):
        assert files[1].stat().st_size < 3_000_000, picture.stem
    assert time.process_time() - began < 60
