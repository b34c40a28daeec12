"""Every kind of figure on folders of results: same bytes, whole captions, and what is refused."""

import os
import re
import subprocess
import sys
from dataclasses import fields

import numpy as np
import pytest
from tests.command import done
from tests.figures.conftest import around, faults, texts
from tests.results import unchanging

from eurasia_sim import plot
from eurasia_sim.cli.output import plot as verb
from eurasia_sim.figures.gallery import KINDS, OF_RUN, pictures, usual_kinds
from eurasia_sim.figures.style import QUESTIONS, Request
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.reports.report import report_page
from eurasia_sim.simulation.results_folder import open_results
from eurasia_sim.world.levers import successors

MEASURE = "competition.russia-china.central_asia"
# Folder → the kinds that are drawn of it.
OF_FOLDER = {
    "ran": ("difference", "distribution", "fan", "heatmap", "leanings", "map", "timeline"),
    "tested": ("difference",), "swept": ("distribution", "heatmap", "tornado"),
    "grid": ("distribution", "heatmap", "tornado"), "saltelli": ("indices", "tornado"),
    "morris": ("indices", "tornado"), "latin_hypercube": ("box", "heatmap"),
    "validation": ("skill",), "fit": ("posterior",),
}  # fmt: skip
SIMPLE = ("ran", "tested", "swept")  # the others are made by slow verbs
SAID = {
    "ran": ("us_", "balance_of_threat"), "tested": ("4 runs", "16 points of the space a theory"),
    "swept": ("60 runs · 2 of us_exit failed",),
    "fit": ("Numbers that the record speaks of",),
    "validation": ("patterns that most runs fail", "Skill by observed item", "0 runs failed"),
}  # fmt: skip
_DRAW = "import sys, eurasia_sim\nfor each in sys.argv[2:]: eurasia_sim.plot(each, out=sys.argv[1])"


@pytest.fixture
def folder(request, world):
    def opened(name, *filters):
        found = request.getfixturevalue(name if name in SIMPLE else "real")
        return open_results(found if name in SIMPLE else found[name], world, filters)

    return opened


@pytest.fixture
def drawn(folder):
    """All pictures of a kind, of a folder with some filters."""

    def drawn(name, kind, *filters, **request):
        return list(pictures(folder(name, *filters), [kind], Request(**request)))

    return drawn


def test_every_kind_has_a_folder_a_question_an_option_a_taker_and_the_help_names_all():
    assert {kind for kinds in OF_FOLDER.values() for kind in kinds} == set(KINDS)
    options = {field.name for field in fields(Request)}
    assert {option for kind in KINDS.values() for option in kind.options} == options
    assert all(QUESTIONS[kind].endswith("?") for kind in KINDS)
    assert set(KINDS) <= set(re.findall(r"\w+", verb.__doc__))


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        pytest.param(name, kind, marks=() if name in SIMPLE else pytest.mark.slow)
        for name, kinds in OF_FOLDER.items()
        for kind in kinds
    ],
)
def test_every_kind_is_drawn_whole_titled_by_its_question_with_counts_and_seed(
    name, kind, drawn, folder
):
    found = drawn(name, kind)
    assert found
    for picture in found:
        for part in ("failed", "seed 7", *(SAID[name] if name in SIMPLE else ("theor",))):
            assert part in around(picture.figure), (picture.stem, part)
        assert picture.figure.texts[0].get_text() == QUESTIONS[kind]
        assert picture.says
        assert len(picture.data)
        assert not faults(picture.figure), picture.stem
    figure, path = found[0].figure, folder(name).table("paths")
    if name == "swept":  # two of whose runs failed
        labels = [panel.get_xlabel() for panel in figure.axes]
        assert "2 missing" in " ".join([around(figure), *texts(figure), *labels])
    if kind == "box":  # beside the path it was peeled along
        assert figure.axes[0].lines[0].get_xdata().tolist() == path["coverage"].tolist()
        assert f"a path of {len(path)} steps" in found[0].says


@pytest.mark.slow
def test_every_kind_has_the_same_bytes_in_two_processes_of_unlike_hashes(folder, tmp_path):
    of_all_kinds = ("ran", "saltelli", "latin_hypercube", "validation", "fit")
    folders = [str(folder(name).folder) for name in of_all_kinds]
    for seed in ("0", "4711"):
        command = [sys.executable, "-c", _DRAW, str(tmp_path / seed), *folders]
        subprocess.run(command, check=True, env={**os.environ, "PYTHONHASHSEED": seed})
    one, other = (unchanging(tmp_path / seed) for seed in ("0", "4711"))
    assert {name.partition("-")[0].partition(".")[0] for name in one} == set(KINDS)
    assert one == other


@pytest.mark.slow
@pytest.mark.parametrize("name", OF_FOLDER)
def test_plot_and_report_need_no_kind(name, folder, tmp_path):
    held = folder(name)
    listed = done("plot", str(held.folder), "--out", str(tmp_path)).splitlines()
    assert len(list(tmp_path.glob("*.png"))) == len(listed) > 0
    page = report_page(held)
    assert held.title in page
    assert page.count("<img") >= 1
    assert name in SIMPLE or all(part in page for part in SAID.get(name, ()))


def test_a_measure_is_drawn_as_what_it_is_of(folder):
    held = folder("ran")
    assert usual_kinds(held, [MEASURE]) == ["difference", "distribution", "fan"]
    for measure in ("alignment.russia.china", "effort.*", "influence.china.kazakhstan.economic"):
        assert usual_kinds(held, [measure]) == ["heatmap"]
    assert "distribution" in usual_kinds(held, ["effort.china"])  # the sum over places
    for name in ("tested", "swept"):
        assert usual_kinds(folder(name), []) == [*OF_FOLDER[name]]


def test_a_map_of_a_month_shows_that_month_of_runs_made_again_as_the_folder_holds_them(
    drawn, folder, world
):
    held = folder("ran")
    again = held.again("us_exit", "balance_of_threat")
    row = drawn("ran", "map", months=("2021-05",))[0].data.iloc[1]
    assert row["stability"] == again.means.at["2021-05", f"stability.{row['theatre']}"]
    since = world.month(held.manifest["window"][0])
    runs = held.runs([MEASURE], set="reference", scenario="us_exit")
    assert again.runs == 12
    assert np.isclose(again.means[MEASURE].iloc[since:].mean(), runs[MEASURE].mean(), rtol=1e-9)
    (other := folder("ran")).manifest["digests"]["model"] = "0" * 64
    with pytest.raises(DataError, match="written under another version of the model"):
        list(pictures(other, ["map"], Request()))


def test_a_filter_leaves_the_runs_it_names_and_the_caption_says_so(drawn):
    picture = drawn("ran", "distribution", "scenario=us_exit", "run<5")[0]
    assert list(picture.data["scenario"].unique()) == ["us_exit"]
    assert picture.data["run"].max() == 4
    assert "only scenario=us_exit and run<5" in around(picture.figure)


GAINS = "rules.cooperation.relative_gains"
REFUSED = [
    ("ran", "scenario=nowhere", "fan", {}, "no run has it; scenario is one of us_exit"),
    ("ran", "colour=red", "distribution", {}, "colour is no column"),
    ("ran", "run~4", "distribution", {}, "is no comparison"),
    ("ran", "run=many", "distribution", {}, "holds numbers"),
    ("ran", "run>99", "distribution", {}, "leaves no run"),
    ("ran", "", "pie", {}, "--kind pie is no kind of picture"),
    ("ran", "", "distribution", {"measures": ("competitoin.*",)}, "is no measure"),
    ("ran", "scenario=us_exit", "difference", {}, "needs two scenarios"),
    ("ran", "", "heatmap", {"up": "x.a"}, "has no factors"),
    ("ran", "", "tornado", {}, "has no factors"),
    ("ran", "", "skill", {}, r"no skill\.parquet: this picture needs .*`eurasia-sim validate`"),
    ("ran", "", "posterior", {}, r"no numbers\.parquet.*`eurasia-sim calibrate`"),
    ("ran", "", "map", {"months": ("1999-01",)}, "--month 1999-01 is no month"),
    ("ran", "", "fan", {"across": "x.a"}, "--across is for heatmap, not for fan"),
    ("ran", "", "fan", {"threshold": 0.1}, "--threshold is for distribution, not for fan"),
    ("ran", "", "timeline", {"months": ("2021-05",)}, "--month is for map, not for timeline"),
    ("ran", "", "fan", {"measures": ("stability.afghanistan",)}, "monthly values were kept of"),
    ("swept", "", "map", {}, "needs a folder of `eurasia-sim run`"),
    ("swept", "", "heatmap", {"across": "distanec"}, "distanec is no factor of the design"),
    ("swept", "", "heatmap", {"across": GAINS, "up": f"x.{GAINS}"}, "needs two factors, not"),
    *(
        ("ran", "", old, {}, f"--kind {old} was replaced; use {new}")
        for old, new in successors()["pictures"].items()
    ),
]


@pytest.mark.parametrize(("name", "filtered", "kind", "request_", "complaint"), REFUSED)
def test_what_cannot_be_drawn_is_refused_with_what_would_be_right(
    name, filtered, kind, request_, complaint, drawn
):
    with pytest.raises(DataError, match=complaint):
        drawn(name, kind, *filter(None, [filtered]), **request_)


@pytest.mark.parametrize("kind", ["distribution", "difference"])
def test_no_measure_asked_for_is_dropped_however_few_a_picture_holds(kind, drawn, folder):
    asked = folder("ran").chosen(("stability.*",))
    found = drawn("ran", kind, measures=("stability.*",))
    columns = [each.data.get("measure", each.data.columns) for each in found]
    shown = [name for names in columns for name in names if name in asked]
    assert list(dict.fromkeys(shown)) == asked
    assert len({picture.stem for picture in found}) == len(found)
    assert kind == "difference" or len(found) == -(-len(asked) // 4) > 1


def test_measures_of_a_sweep_that_nobody_asked_for_end_at_a_number_that_is_said(
    drawn, folder, monkeypatch
):
    monkeypatch.setattr("eurasia_sim.figures.gallery._MOST_UNASKED", 1)
    held, (picture,) = folder("swept"), drawn("swept", "tornado")
    left = f"{len(held.shown) - 1} more measures are drawn when named by --measure."
    assert picture.says.endswith(left)
    assert len(drawn("swept", "tornado", measures=("*",))) == len(held.measures)


def test_plot_saves_the_pictures_that_run_drew(ran, folder, tmp_path):
    listed = folder("ran").manifest["figures"]
    for picture in plot(ran, OF_RUN, out=tmp_path):
        for path in (tmp_path / f"{picture.stem}.{kind}" for kind in ("png", "svg", "csv")):
            assert f"figures/{path.name}" in listed
            assert path.read_bytes() == (ran / "figures" / path.name).read_bytes(), path.name
