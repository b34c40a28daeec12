"""`validate`, `calibrate` and `test` as a person meets them, on the real model with few runs."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from eurasia_sim.cli import main
from eurasia_sim.scenarios.posterior import FILE
from eurasia_sim.simulation.results import MANIFEST

Say = Callable[..., tuple[int, str, str]]


pytestmark = pytest.mark.slow  # real folders, made by the product


@pytest.fixture
def say(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Say:
    def run(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["eurasia-sim", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        assert "Traceback" not in printed.err
        return int(ended.value.code or 0), printed.out, printed.err

    return run


def test_validate_scores_both_halves_beside_both_baselines(say: Say, tmp_path: Path) -> None:
    code, told, _ = say("validate", "-n", "8", "--until", "2025-12", "--out", tmp_path)
    assert code == 0
    for title in (
        "over the ranges",
        "at reference",
        "null theory",
        "no change",
        "training",
        "held back",
        "Brier",
    ):
        assert title in told
    assert told.index("patterns that count, misses first") < told.index("circular, so not counted")
    (folder,) = tmp_path.iterdir()
    table = pd.read_parquet(folder / "patterns.parquet")
    assert {"pattern", "model", "null", "unchanged", "counted", "circular", "theory"} <= set(table)
    assert not table.loc[table["circular"] != "", "counted"].any()
    manifest = json.loads((folder / MANIFEST).read_text())
    assert manifest["scenario"]["horizon"] == "2025-12"


def test_validate_says_in_json_what_it_says_in_tables(say: Say, tmp_path: Path) -> None:
    code, told, _ = say(
        "validate",
        "-n",
        "4",
        "--until",
        "2012-12",
        "--theory",
        "inertia",
        "--json",
        "--out",
        tmp_path,
    )
    assert code == 0
    found = json.loads(told)
    own = found["theories"]["inertia"]
    assert found["until"] == "2012-12"
    assert own["out_of_reach"]
    assert {row["pattern"] for row in own["patterns"]}.isdisjoint(own["out_of_reach"])
    assert all(
        row["model"] == row["null"] for row in own["patterns"]
    )  # the theory is the null itself
    counted = [row["model"] for row in own["patterns"] if row["counted"]]
    assert own["scores"][0]["patterns"] == len(counted)
    assert own["scores"][0]["score"]["model"] == pytest.approx(sum(counted) / len(counted))


def test_a_fit_is_recorded_seeded_and_scored_on_the_half_it_never_saw(
    say: Say, tmp_path: Path
) -> None:
    words = ("calibrate", "-n", "24", "--keep", "6", "--seed", "5", "--json", "--out")
    code, told, _ = say(*words, tmp_path / "one", "--record", tmp_path)
    assert code == 0
    found = json.loads(told)
    assert (found["draws"], found["kept"], found["failed"]) == (24, 6, 0)
    assert found["kept_distance"] < found["distance"]
    assert [row["half"] for row in found["after"]] == ["all", "training", "held_back"]
    assert {"number", "contraction", "p", "q"} <= set(found["numbers"][0])
    kept = json.loads((tmp_path / FILE).read_text())["kept"]
    assert len(set(kept)) == 6
    (folder,) = (tmp_path / "one").iterdir()
    assert json.loads((folder / FILE).read_text())["kept"] == kept
    code, told, _ = say(*words, tmp_path / "two", "--workers", "1")
    assert {**json.loads(told), "folder": ""} == {**found, "folder": ""}


def test_test_writes_its_tables_and_pages_and_finds_them_again(say: Say, tmp_path: Path) -> None:
    page = tmp_path / "pages" / "findings.md"
    words = ("test", "H2", "H12", "P2", "-n", "3", "--samples", "16", "--out", tmp_path / "results")
    code, told, _ = say(*words, "--findings", page)
    assert code == 0
    assert "Verdicts" in told
    assert sorted(path.name for path in page.parent.iterdir()) == [
        "findings-ground-or-axis.md",
        "findings.md",
    ]
    text = page.read_text()
    assert all(f"### {name}: " in text for name in ("H2", "H12", "P2"))
    assert "findings-ground-or-axis.md" in text
    code, told, _ = say(*words, "--json")
    assert code == 0
    assert [row["hypothesis"] for row in json.loads(told)["verdicts"]] == ["H2", "H12", "P2"]
    (folder,) = (tmp_path / "results").iterdir()
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    code, told, _ = say(*words)
    assert "found again, unchanged" in told
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["validate", "recordd"], "unknown scenario"),
        (["validate", "--until", "2001-12"], "before the first pattern"),
        (["validate", "--until", "1990-01"], "outside what can be run"),
        (["validate", "--until", "soon"], "soon"),
        (["validate", "--theory", "inertai"], "inertai is no theory"),
        (["validate", "--world", "europe_1914"], "has no patterns.yaml"),
        (["calibrate", "-n", "10", "--keep", "10"], "narrows nothing"),
        (["calibrate", "--world", "europe_1914"], "has no patterns.yaml"),
        (["test", "H22"], "did you mean H2"),
        (["test", "--file", "hypothesis"], "did you mean hypotheses"),
        (["test", "--world", "europe_1914"], "unknown"),
    ],
)
def test_wrong_words_end_with_a_reason(
    say: Say, tmp_path: Path, words: list[str], said: str
) -> None:
    code, told, complaint = say(*words, "--out", tmp_path)
    assert (code, told) == (2, "")
    assert said in " ".join(complaint.split())


@pytest.mark.parametrize("verb", ["validate", "calibrate", "test"])
def test_every_verb_that_judges_helps_with_an_example(say: Say, verb: str) -> None:
    code, told, _ = say(verb, "--help")
    assert code == 0
    assert f"Example: eurasia-sim {verb}" in told
