"""Results of one run or one point: each verb shows what it can and names the rest."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.command import call, done, only, run_without_pictures
from tests.sweeping import written

ONE_POINT = """format: 1
kind: sweep
title: One point
scenarios: [{scenario}]
design: {kind: grid}
factors: {rules.cooperation.relative_gains: [0.5]}
measures: [competition.russia-china.central_asia]
window: ["2002-01", "2002-03"]
"""


@pytest.fixture(scope="module")
def one_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run_without_pictures(tmp_path_factory.mktemp("run"), "us_exit", "us_stays", "-n", "1")


@pytest.fixture(scope="module")
def one_point(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("sweep")
    done("sweep", written(place, ONE_POINT), "--out", place / "out")
    return only(place / "out")


def test_a_report_of_one_run_or_point_names_what_it_cannot_draw(one_run, one_point, tmp_path):
    for folder, missing in ((one_run, "no convergence"), (one_point, "no tornado")):
        page = tmp_path / f"{folder.name}.html"
        done("report", folder, "--out", page)
        assert missing in page.read_text(encoding="utf-8")


def test_what_cannot_be_drawn_costs_no_other_figure(one_point, tmp_path):
    answer = call("plot", one_point, "--out", tmp_path)
    assert answer.returncode == 0
    assert answer.stderr.splitlines() == [
        "no tornado: no factor varies", "no convergence: no two finite runs",
    ]  # fmt: skip
    assert "distribution" in answer.stdout
    alone = call("plot", one_point, "--kind", "tornado", "--out", tmp_path)
    assert (alone.returncode, alone.stderr) == (2, "--kind tornado: no factor varies\n")


def test_one_run_has_no_interval_and_no_infinite_one(one_run):
    told = done("analyze", one_run)
    assert "inf" not in told.replace("influence", "")
    assert "how well means are known" in told


@pytest.mark.parametrize(
    "words", [("run", "caf\udce9.yaml"), ("run", "us_exit", "--out", "o\udce9")]
)
def test_a_name_that_is_not_utf8_is_refused_first(words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    answer = call(*words)
    assert answer.returncode == 2
    assert "\\xe9 is not UTF-8" in answer.stderr or "\\xe9.yaml is not UTF-8" in answer.stderr
    assert not list(tmp_path.iterdir())


def test_a_column_by_its_former_name_is_told_its_present_one(one_point, tmp_path):
    old = "level.russia.kazakhstan.security"
    text = ONE_POINT.replace("competition.russia-china.central_asia", old)
    answers = [call("check", written(tmp_path, text)), call("plot", one_point, "--measure", old)]
    assert [answer.returncode for answer in answers] == [2, 2]
    assert "did you mean effort.russia.kazakhstan.security?" in answers[0].stdout
