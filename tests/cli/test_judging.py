"""`validate`, `calibrate` and `test` on the real model with few runs."""

import json
from itertools import chain
from pathlib import Path
from shutil import copytree, ignore_patterns

import pandas as pd
import pytest
from benchmarks.fit_coverage import coverage
from tests.command import call, done, only

from eurasia_sim.files.data_yaml import DEFAULT_WORLD, packaged
from eurasia_sim.scenarios.posterior import FILE
from eurasia_sim.simulation.results import MANIFEST
from eurasia_sim.validation.calibration import APART

pytestmark = pytest.mark.slow  # real folders, made by the product


def test_validate_opens_with_skill_in_words_and_keeps_the_tables(tmp_path: Path) -> None:
    lines = done("validate", "-n", "8", "--until", "2025-12", "--out", tmp_path).splitlines()
    assert len(lines) <= 15
    assert all(len(line) <= 80 for line in lines[:-2])  # the last two name the folder
    table = pd.read_parquet(only(tmp_path) / "skill.parquet")
    kept = "method == 'model' and horizon == 3 and target == 'level' and dyads == 'all'"
    level, text = table.query(kept).sort_values("skill"), " ".join(lines)
    assert f"on {(level['skill'] > 0).sum()} of {len(level)} items" in text
    best, worst = level.iloc[-1], level.iloc[0]
    assert f"saves): {best['item'].replace('_', ' ')} {best['skill']:.0%}" in text
    assert f"adds): {worst['item'].replace('_', ' ')} {-worst['skill']:.0%}" in text
    for words in ("Hindsight", "without the hegemon's dyads", "Patterns, a check by eye: of"):
        assert words in text
    assert {"units", "theory", "rmse", "low", "high"} <= set(table)
    assert set(table["horizon"]) == {1, 3, 5}
    assert table["crps"].notna().all()
    same = table.groupby(["item", "horizon", "target", "dyads"])["cases"].nunique()
    assert (same == 1).all()  # every method on the same cells
    traded = table.loc[table["method"] == "gravity", "item"]
    assert set(traded) == {"trade_ratio", "trade_partners"}
    patterns = pd.read_parquet(only(tmp_path) / "patterns.parquet")
    assert {"pattern", "model", "null", "unchanged", "counted", "circular"} <= set(patterns)
    assert not patterns.loc[patterns["circular"] != "", "counted"].any()
    manifest = json.loads((only(tmp_path) / MANIFEST).read_text())
    assert manifest["scenario"]["horizon"] == "2025-12"


def test_validate_shows_the_rest_when_asked(tmp_path: Path) -> None:
    text = done("validate", "-n", "8", "--item", "trade_r*", "--out", tmp_path)
    at = text.rindex("\ntrade_ratio, dyads")  # the table, below the answer
    for method in ("model on filter, drivers known", "null theory", "gravity", "best free"):
        assert method in text[at:]
    assert "disputes, dyads" not in text
    text = done("validate", "-n", "8", "--all", "--out", tmp_path)
    for title in (
        "disputes, dyads: without the hegemon; level", "recognition", "ranges", "reference",
        "null", "no change",
    ):  # fmt: skip
        assert title in text
    assert max(map(len, text.splitlines()[:-2])) <= 80
    assert text.index("disputes, dyads") < text.index("patterns that count, misses first")
    assert text.index("patterns that count, misses first") < text.index("circular, so not counted")


@pytest.mark.parametrize(
    ("lacks", "said", "unsaid", "table"),
    [
        ("observations", "no observations, so there is no skill: patterns alone", "left out",
         "patterns.parquet"),
        ("patterns.yaml", "whoever is left out", "Patterns", "skill.parquet"),
    ],
)  # fmt: skip
def test_a_world_without_observations_or_patterns_shows_the_other_alone(
    tmp_path: Path, lacks: str, said: str, unsaid: str, table: str
) -> None:
    source = packaged() / "worlds" / DEFAULT_WORLD
    world = ("--world", copytree(source, tmp_path / "bare", ignore=ignore_patterns(lacks)))
    text = " ".join(done("validate", "-n", "8", *world, "--out", tmp_path / "out").split())
    assert said in text
    assert unsaid not in text
    folder = only(tmp_path / "out")
    assert [path.name for path in folder.glob("*.parquet")] == [table]
    if lacks == "observations":
        refused = call("validate", *world, "--item", "votes*")
        assert refused.returncode == 2
        assert "--item votes* is no observed item of bare; one of none" in refused.stderr
        return
    assert "skill-" in done("plot", folder, *world)
    done("report", folder, *world)
    page = (folder / "report.html").read_text(encoding="utf-8")
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
    assert own["scores"]["patterns"] == len(counted)
    assert own["scores"]["model"] == pytest.approx(sum(counted) / len(counted))
    cell = ["item", "dyads", "horizon", "target"]
    crps = pd.DataFrame(own["skill"]).set_index([*cell, "method"])["crps"]
    for (*place, method), value in crps.items():
        if method.startswith("model"):
            assert value == crps[*place, f"null theory{method[5:]}"]


def test_a_fit_is_recorded_shown_on_a_screen_and_drawn(tmp_path: Path) -> None:
    record = tmp_path / FILE
    words = ("calibrate", "-n", "120", "--seed", "5", "--out", tmp_path / "one")
    lines = done(*words, "--record", record).splitlines()
    assert len(lines) <= 25
    assert max(map(len, lines[:-2])) <= 80  # the last two name the folder
    text = " ".join(" ".join(lines).split())
    for said in ("speaks of", "says nothing about", "with hindsight", "than the declared ranges"):
        assert said in text
    folder = only(tmp_path / "one")
    numbers = pd.read_parquet(folder / "numbers.parquet")
    assert (numbers.loc[~numbers["moved"], ["left", "shift"]] == [1, 0]).all(axis=None)
    content = json.loads(record.read_text())
    assert content["numbers"].keys() == {*numbers.loc[numbers["moved"], "number"]}
    assert {len(each.split()) for each in content["numbers"].values()} == {120}
    figures = sorted((folder / "figures").iterdir())
    assert [path.suffix for path in figures] == [".csv", ".png", ".svg"]
    again = json.loads(done(*words[:-1], tmp_path / "two", "--workers", "1", "--json"))
    assert again["held_out"] == content["held_out"]
    assert json.loads((only(tmp_path / "two") / FILE).read_text())["numbers"] == content["numbers"]


def test_theories_are_weighed_and_told_apart_or_not(tmp_path: Path) -> None:
    words = ("calibrate", "-n", "100", "--theory", "balance_of_threat", "--theory", "inertia")
    found = json.loads(done(*words, "--out", tmp_path, "--json"))
    rows = {row["theory"]: row for row in found["theories"]}
    assert sum(row["weight_declared"] for row in rows.values()) == pytest.approx(1)
    assert [(row["one"], row["other"]) for row in found["pairs"]] == [tuple(rows)]
    assert sorted(chain(*found["one_theory"])) == sorted(rows)
    assert (len(found["one_theory"]) < len(rows)) == (found["pairs"][0]["area"] < APART)


def test_the_fit_finds_truths_that_are_known_and_what_60_showed_is_kept() -> None:
    found = coverage(3, 200)
    assert found["moved"]["count"] > 5
    assert found["moved"]["held_90"] > 0.6  # of few
    assert 0.4 < found["not_moved"]["mean_rank"] < 0.6
    kept = json.loads((packaged() / "worlds" / "eurasia" / "posterior_coverage.json").read_text())
    assert kept["truths"] >= 50
    assert 0.82 <= kept["moved"]["held_90"] <= 0.97
    assert kept["not_moved"]["mean_rank"] == pytest.approx(0.5, abs=0.02)


def test_test_writes_its_tables_and_pages_and_finds_them_again(tmp_path: Path) -> None:
    page, out = tmp_path / "pages" / "findings.md", tmp_path / "results"
    words = ("test", "H2", "H12", "P2", "-n", "3", "--samples", "16", "--out", out)
    lines = done(*words, "--findings", page).splitlines()
    assert len(lines) <= 15
    assert all(name in lines[0] for name in ("H2", "H12", "P2", "C4", "C9"))
    names = ["findings-ground-or-axis.md", "findings.md"]
    assert sorted(path.name for path in page.parent.iterdir()) == names
    text = page.read_text()
    assert all(f"### {name}: " in text for name in ("H2", "H12", "P2"))
    assert names[0] in text
    verdicts = json.loads(done(*words, "--json"))["verdicts"]
    # The controls that they need are run with them.
    assert [row["hypothesis"] for row in verdicts] == ["H2", "H12", "P2", "C4", "C9"]
    before = {path.name: path.read_bytes() for path in only(out).iterdir()}
    assert "found again, unchanged" in done(*words)
    assert {path.name: path.read_bytes() for path in only(out).iterdir()} == before
