"""`validate`, `calibrate` and `test` on the real model with few runs."""

from __future__ import annotations

import json
from itertools import chain
from pathlib import Path

import pandas as pd
import pytest
from benchmarks.fit_coverage import coverage
from tests.command import done, only

from eurasia_sim.files.data_yaml import packaged
from eurasia_sim.scenarios.posterior import FILE
from eurasia_sim.simulation.results import MANIFEST

pytestmark = pytest.mark.slow  # real folders, made by the product


def test_validate_scores_both_halves_beside_both_baselines(tmp_path: Path) -> None:
    text = done("validate", "-n", "8", "--until", "2025-12", "--out", tmp_path)
    for title in (
        "over the ranges", "at reference", "null theory", "no change", "training", "held back",
        "Brier",
    ):  # fmt: skip
        assert title in text
    assert text.index("patterns that count, misses first") < text.index("circular, so not counted")
    table = pd.read_parquet(only(tmp_path) / "patterns.parquet")
    assert {"pattern", "model", "null", "unchanged", "counted", "circular", "theory"} <= set(table)
    assert not table.loc[table["circular"] != "", "counted"].any()
    manifest = json.loads((only(tmp_path) / MANIFEST).read_text())
    assert manifest["scenario"]["horizon"] == "2025-12"


def test_validate_says_in_json_what_it_says_in_tables(tmp_path: Path) -> None:
    words = ("--until", "2012-12", "--theory", "inertia", "--json", "--out", tmp_path)
    found = json.loads(done("validate", "-n", "4", *words))
    own = found["theories"]["inertia"]
    assert found["until"] == "2012-12"
    assert own["out_of_reach"]
    assert {row["pattern"] for row in own["patterns"]}.isdisjoint(own["out_of_reach"])
    # The theory is the null itself.
    assert all(row["model"] == row["null"] for row in own["patterns"])
    counted = [row["model"] for row in own["patterns"] if row["counted"]]
    assert own["scores"][0]["patterns"] == len(counted)
    assert own["scores"][0]["score"]["model"] == pytest.approx(sum(counted) / len(counted))


def test_a_fit_is_recorded_shown_on_a_screen_and_drawn(tmp_path: Path) -> None:
    record = tmp_path / FILE
    words = ("calibrate", "-n", "120", "--seed", "5", "--out", tmp_path / "one")
    lines = done(*words, "--record", record).splitlines()
    assert len(lines) <= 25
    assert max(map(len, lines[:-1])) <= 80  # the last names the folder
    text = "\n".join(lines)
    for said in ("speaks of", "says nothing about", "with hindsight", "than the declared ranges"):
        assert said in " ".join(text.split())
    folder = only(tmp_path / "one")
    numbers = pd.read_parquet(folder / "numbers.parquet")
    assert (numbers.loc[~numbers["moved"], ["left", "shift"]] == [1, 0]).all(axis=None)
    content = json.loads(record.read_text())
    assert content["numbers"].keys() == {*numbers.loc[numbers["moved"], "number"]}
    assert {len(each.split()) for each in content["numbers"].values()} == {120}
    assert [path.suffix for path in sorted((folder / "figures").iterdir())] == [
        ".csv", ".png", ".svg",
    ]  # fmt: skip
    again = json.loads(done(*words[:-1], tmp_path / "two", "--workers", "1", "--json"))
    assert again["held_out"] == content["held_out"]
    assert (only(tmp_path / "two") / FILE).read_text() != ""
    assert json.loads((only(tmp_path / "two") / FILE).read_text())["numbers"] == content["numbers"]


def test_theories_are_weighed_and_told_apart_or_not(tmp_path: Path) -> None:
    words = ("calibrate", "-n", "100", "--theory", "balance_of_threat", "--theory", "inertia")
    found = json.loads(done(*words, "--out", tmp_path, "--json"))
    rows = {row["theory"]: row for row in found["theories"]}
    assert sum(row["weight_declared"] for row in rows.values()) == pytest.approx(1)
    assert [(row["one"], row["other"]) for row in found["pairs"]] == [tuple(rows)]
    assert sorted(chain(*found["one_theory"])) == sorted(rows)
    assert found["pairs"][0]["area"] > 0.9  # one of them stands still


def test_the_fit_finds_truths_that_are_known() -> None:
    found = coverage(3, 200)
    assert found["moved"]["count"] > 5
    assert found["moved"]["held_90"] > 0.6  # of few; 60 truths are in the world's folder
    assert 0.4 < found["not_moved"]["mean_rank"] < 0.6


def test_what_60_known_truths_showed_is_kept_and_within_its_bounds() -> None:
    kept = json.loads((packaged() / "worlds" / "eurasia" / "posterior_coverage.json").read_text())
    assert kept["truths"] >= 50
    assert 0.82 <= kept["moved"]["held_90"] <= 0.97
    assert kept["not_moved"]["mean_rank"] == pytest.approx(0.5, abs=0.02)


def test_test_writes_its_tables_and_pages_and_finds_them_again(tmp_path: Path) -> None:
    page, out = tmp_path / "pages" / "findings.md", tmp_path / "results"
    words = ("test", "H2", "H12", "P2", "-n", "3", "--samples", "16", "--out", out)
    assert "Verdicts" in done(*words, "--findings", page)
    names = ["findings-ground-or-axis.md", "findings.md"]
    assert sorted(path.name for path in page.parent.iterdir()) == names
    text = page.read_text()
    assert all(f"### {name}: " in text for name in ("H2", "H12", "P2"))
    assert names[0] in text
    verdicts = json.loads(done(*words, "--json"))["verdicts"]
    assert [row["hypothesis"] for row in verdicts] == ["H2", "H12", "P2"]
    before = {path.name: path.read_bytes() for path in only(out).iterdir()}
    assert "found again, unchanged" in done(*words)
    assert {path.name: path.read_bytes() for path in only(out).iterdir()} == before
