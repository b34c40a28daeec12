"""Every kind of figure on folders that the verbs wrote: whole captions, nothing clipped."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from tests.command import call
from tests.figures.conftest import around, clipped
from tests.results import run_folder

from eurasia_sim.figures.gallery import KINDS, pictures, usual_kinds
from eurasia_sim.figures.style import Request
from eurasia_sim.reports.report import report_page
from eurasia_sim.simulation.results_folder import open_results

pytestmark = pytest.mark.slow  # real folders, made by the product

OF_FOLDER = {
    "ran": (
        "distribution", "fan", "difference", "heatmap", "convergence", "network", "map", "timeline",
    ),
    "tested": ("forest", "shares"),
    "grid": ("distribution", "heatmap", "tornado", "shares"),
    "saltelli": ("indices", "shares", "tornado"),
    "morris": ("effects", "tornado"),
    "latin_hypercube": ("box", "shares", "heatmap", "convergence"),
    "validation": ("skill", "patterns"),
    "fit": ("posterior",),
}  # fmt: skip
_DRAW = """
import hashlib, json, sys
from pathlib import Path
from eurasia_sim.figures.gallery import pictures, render
from eurasia_sim.simulation.results_folder import open_results
from eurasia_sim.figures.style import Request
from eurasia_sim.world.world import load_world
world, found = load_world(), {}
for folder, kinds in json.loads(sys.argv[1]).items():
    for kind in kinds:
        picture = next(pictures(open_results(Path(folder), world), [kind], Request()))
        drawn = {form: render(picture.figure, form) for form in ("png", "svg")}
        drawn["csv"] = picture.data.to_csv().encode()
        for form, content in drawn.items():
            found[f"{folder} {picture.stem} {form}"] = hashlib.sha256(content).hexdigest()
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def folders(ran, tested, real) -> dict[str, Path]:
    return {"ran": ran, "tested": tested, **real}


def test_every_kind_has_a_real_folder_to_be_drawn_from():
    assert {kind for kinds in OF_FOLDER.values() for kind in kinds} == set(KINDS)


@pytest.mark.parametrize(
    ("folder", "kind"), [(folder, kind) for folder, kinds in OF_FOLDER.items() for kind in kinds]
)
def test_a_real_folder_is_drawn_whole(folder, kind, folders, ensembles):
    held = open_results(folders[folder], ensembles.world)
    found = list(pictures(held, [kind], Request()))
    assert found
    for picture in found:
        for part in ("failed", "seed 7", "theor", "% of numbers rest on judgement"):
            assert part in around(picture.figure), (picture.stem, part)
        assert not clipped(picture.figure), picture.stem
        assert len(picture.data)
        assert picture.says


@pytest.mark.parametrize("folder", OF_FOLDER)
def test_plot_and_report_need_no_kind_for_a_real_folder(folder, folders, ensembles, tmp_path):
    held = open_results(folders[folder], ensembles.world)
    assert usual_kinds(held, [])
    done = call("plot", str(folders[folder]), "--out", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert len(list(tmp_path.glob("*.png"))) == len(done.stdout.splitlines())
    page = report_page(held)
    assert held.title in page
    assert page.count("<img") >= 1
    if folder == "fit":
        assert "Numbers that the record speaks of" in page
    if folder == "validation":
        assert "patterns that most runs fail" in page
        assert "Skill by observed item" in page
        assert "0 runs failed" in page


def test_a_box_is_drawn_on_the_path_it_was_peeled_along(real, ensembles):
    held = open_results(real["latin_hypercube"], ensembles.world)
    (picture,) = pictures(held, ["box"], Request())
    path = pd.read_parquet(real["latin_hypercube"] / "analysis" / "paths.parquet")
    drawn = picture.figure.axes[0].lines[0]
    assert drawn.get_xdata().tolist() == path["coverage"].tolist()
    assert drawn.get_ydata().tolist() == path["density"].tolist()
    assert f"a path of {len(path)} steps" in picture.says


def test_every_kind_has_the_same_bytes_in_two_processes_of_unlike_hashes(folders):
    asked = json.dumps({str(folders[name]): list(kinds) for name, kinds in OF_FOLDER.items()})
    command = [sys.executable, "-c", _DRAW, asked]
    one, other = (
        subprocess.run(
            command, env={**os.environ, "PYTHONHASHSEED": seed}, check=True, capture_output=True
        ).stdout
        for seed in ("0", "4711")
    )
    assert len(json.loads(one)) >= 3 * len(KINDS)
    assert json.loads(one) == json.loads(other)


def test_two_runs_of_one_command_are_drawn_to_the_same_bytes(ran, tmp_path, ensembles):
    drawn = []
    for folder in (ran, run_folder(tmp_path / "again")):
        (picture, *_) = pictures(open_results(folder, ensembles.world), ["fan"], Request())
        drawn.append(hashlib.sha256(picture.data.to_csv().encode()).hexdigest())
    assert drawn[0] == drawn[1]
