"""`validate`, `calibrate` and `test` on the real model with few runs."""

from __future__ import annotations

import json
from pathlib import Path
from shutil import copytree, ignore_patterns

import pandas as pd
import pytest
from tests.command import call, done, only

from eurasia_sim.files.data_yaml import DEFAULT_WORLD, packaged
from eurasia_sim.scenarios.posterior import FILE
from eurasia_sim.simulation.results import MANIFEST

pytestmark = pytest.mark.slow  # real folders, made by the product


def test_validate_shows_skill_first_on_one_screen_and_patterns_when_asked(tmp_path: Path) -> None:
    lines = done("validate", "-n", "8", "--until", "2025-12", "--out", tmp_path).splitlines()
    assert len(lines) <= 25
    assert all(len(line) <= 80 for line in lines[:-1])  # the last one is the folder
    table = pd.read_parquet(only(tmp_path) / "skill.parquet")
    level = table[
        (table["method"] == "model")
        & (table["horizon"] == 3)
        & (table["target"] == "level")
        & (table["dyads"] == "all")
    ].sort_values("skill")
    rows = lines[3 : 3 + len(level)]
    assert [row.split()[0] for row in rows] == list(level["item"])  # worst first
    assert [int(row.split()[1]) for row in rows] == [round(100 * each) for each in level["skill"]]
    text = " ".join(lines)
    assert f"on {(level['skill'] > 0).sum()} of {len(level)} items" in text
    assert "n = 1" in text
    for words in ("Hindsight", "without the hegemon's dyads", "Patterns, a check by eye (--all)"):
        assert words in text
    assert {"item", "method", "dyads", "horizon", "target", "cases", "units", "theory"} <= set(
        table
    )
    assert {"rmse", "crps", "skill", "low", "high"} <= set(table)
    patterns = pd.read_parquet(only(tmp_path) / "patterns.parquet")
    assert {"pattern", "model", "null", "unchanged", "counted", "circular"} <= set(patterns)
    assert not patterns.loc[patterns["circular"] != "", "counted"].any()
    manifest = json.loads((only(tmp_path) / MANIFEST).read_text())
    assert manifest["scenario"]["horizon"] == "2025-12"


def test_validate_shows_the_rest_when_asked(tmp_path: Path) -> None:
    text = done("validate", "-n", "8", "--item", "trade_r*", "--out", tmp_path)
    (at,) = [
        text.index(line) for line in text.splitlines() if line.startswith("trade_ratio, dyads")
    ]
    for method in ("model on filter, drivers known", "null theory", "gravity", "best free"):
        assert method in text[at:]
    assert "disputes, dyads" not in text
    text = done("validate", "-n", "8", "--all", "--out", tmp_path)
    for title in (
        "disputes, dyads: without the hegemon", "over the ranges", "at reference", "null theory",
        "no change", "training", "held back", "Brier",
    ):  # fmt: skip
        assert title in text
    assert text.index("disputes, dyads") < text.index("patterns that count, misses first")
    assert text.index("patterns that count, misses first") < text.index("circular, so not counted")


def test_a_world_without_observations_shows_its_patterns_alone(tmp_path: Path) -> None:
    world, folder = tmp_path / "bare", packaged() / "worlds" / DEFAULT_WORLD
    copytree(folder, world, ignore=ignore_patterns("observations"))
    words = ("validate", "-n", "8", "--world", world, "--out", tmp_path / "out")
    text = done(*words)
    assert "no observations, so there is no skill: patterns alone" in text
    assert "Patterns, a check by eye" in text
    (found,) = (tmp_path / "out").glob("*/*.parquet")
    assert found.name == "patterns.parquet"
    refused = call(*words, "--item", "votes*")
    assert refused.returncode == 2
    assert "--item votes* is no observed item of bare; one of none" in refused.stderr


def test_a_world_without_patterns_shows_its_skill_alone(tmp_path: Path) -> None:
    world, folder = tmp_path / "plain", packaged() / "worlds" / DEFAULT_WORLD
    copytree(folder, world, ignore=ignore_patterns("patterns.yaml"))
    text = done("validate", "-n", "8", "--world", world, "--out", tmp_path / "out")
    assert "whoever is left out" in " ".join(text.split())
    assert "Patterns" not in text
    found = only(tmp_path / "out")
    assert [path.name for path in found.glob("*.parquet")] == ["skill.parquet"]
    assert "skill-" in done("plot", found, "--world", world)
    done("report", found, "--world", world)
    page = (found / "report.html").read_text(encoding="utf-8")
    assert "Skill by observed item" in page
    assert "Patterns passed" not in page


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
    skill = {(each["item"], each["method"], each["dyads"], each["horizon"], each["target"]): each
             for each in own["skill"]}  # fmt: skip
    for (item, method, *rest), each in skill.items():
        if method.startswith("model"):
            assert each["crps"] == skill[item, "null theory" + method[5:], *rest]["crps"]
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
