"""`validate`, `calibrate` and `test` on the real model with few runs."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from tests.command import done, only

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


def test_a_fit_is_recorded_seeded_and_scored_on_the_half_held_back(tmp_path: Path) -> None:
    words = ("calibrate", "-n", "24", "--keep", "6", "--seed", "5", "--out")
    found = json.loads(done(*words, tmp_path / "one", "--record", tmp_path, "--json"))
    assert (found["draws"], found["kept"], found["failed"]) == (24, 6, 0)
    assert found["kept_distance"] < found["distance"]
    assert [row["half"] for row in found["after"]] == ["all", "training", "held_back"]
    assert {"number", "contraction", "p", "q"} <= set(found["numbers"][0])
    kept = json.loads((tmp_path / FILE).read_text())["kept"]
    assert len(set(kept)) == 6
    assert json.loads((only(tmp_path / "one") / FILE).read_text())["kept"] == kept
    text = done(*words, tmp_path / "two", "--workers", "1")
    assert "6 of 24 draws kept, seed 5" in text
    again = json.loads((only(tmp_path / "two") / MANIFEST).read_text())
    assert {key: again[key] for key in found if key != "folder"} == {
        key: value for key, value in found.items() if key != "folder"
    }


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
