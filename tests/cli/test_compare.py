"""`compare` as a person meets it: two small results of the real model, what is told of them, and every refusal."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from eurasia_sim.cli import main
from eurasia_sim.simulation.results import MANIFEST, load_results, write_manifest

MEASURE = "competition.russia-china.central_asia"
Say = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Folders of four small studies of the real model."""
    patch = pytest.MonkeyPatch()
    found = {}
    for name, words in {
        "both": ["us_exit", "us_stays", "-n", "5"],
        "pressed": ["us_exit", "us_stays", "-n", "5", "--set", "pressure.united_states.russia=0.1"],
        "held": ["us_exit", "-n", "4", "--set", "rules.perception.distance_decay=2000"],
        "lucky": ["us_exit", "-n", "4", "--seed", "8"],
    }.items():
        out = tmp_path_factory.mktemp(name)
        patch.setattr(sys, "argv", ["eurasia-sim", "run", *words, "--out", str(out)])
        with pytest.raises(SystemExit) as ended:
            main()
        assert not ended.value.code
        (found[name],) = out.iterdir()
    patch.undo()
    return found


@pytest.fixture
def say(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Say:
    def run(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["eurasia-sim", "compare", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        assert "Traceback" not in printed.err
        return int(ended.value.code or 0), printed.out, printed.err

    return run


def test_two_results_that_differ_by_a_lever_pair_run_by_run(
    say: Say, results: dict[str, Path]
) -> None:
    code, told, _ = say(results["both"], results["pressed"])
    assert code == 0
    assert "scenario us_exit.levers.pressure.united_states.russia.2021-05" in told
    assert "us_stays, balance_of_threat, over the declared ranges" in told
    assert "not paired" not in told
    assert told.count("A: 5 runs, 0 failed; B: 5 runs, 0 failed") == 4
    assert "smallest effect that matters: 0.2 standard deviations of the runs" in told


def test_the_numbers_told_are_those_of_the_runs(
    say: Say, results: dict[str, Path], tmp_path: Path
) -> None:
    words = (
        results["both"],
        "--measure",
        MEASURE,
        "--smallest",
        "0.001",
        "--json",
        "--out",
        tmp_path / "t.parquet",
    )
    code, told, _ = say(*words)
    assert code == 0
    found = json.loads(told)
    runs = load_results(results["both"]).set_index(["set", "scenario", "run"])[MEASURE].sort_index()
    assert [row["set"] for row in found["measures"]] == ["reference", "ranges"]
    for row in found["measures"]:
        gap = runs[row["set"], "us_exit"] - runs[row["set"], "us_stays"]
        assert row["mean"] == pytest.approx(gap.mean())
        assert row["low"] <= row["mean"] <= row["high"]
        assert row["superiority"] == pytest.approx((gap > 0).mean() + (gap == 0).mean() / 2)
        assert (row["n"], row["smallest"], row["paired"]) == (5, 0.001, True)
        assert row["verdict"] in {"different", "equivalent", "inconclusive"}
    table = pd.read_parquet(tmp_path / "t.parquet")
    assert list(table["mean"]) == [row["mean"] for row in found["measures"]]
    assert {
        "path": "scenario.levers.rule.afghanistan.2021-05",
        "a": None,
        "b": "free",
    }.items() <= next(row for row in found["configuration"] if "rule" in row["path"]).items()


def test_the_other_way_round_every_difference_has_the_other_sign(
    say: Say, results: dict[str, Path]
) -> None:
    there = json.loads(say(results["both"], "--scenarios", "us_exit", "us_stays", "--json")[1])[
        "measures"
    ]
    back = json.loads(say(results["both"], "--scenarios", "us_stays", "us_exit", "--json")[1])[
        "measures"
    ]
    assert len(there) == len(back) > 10
    for one, other in zip(there, back, strict=True):
        assert one["mean"] == pytest.approx(-other["mean"])
        assert one["superiority"] == pytest.approx(1 - other["superiority"])
        assert one["verdict"] == other["verdict"]
        assert all(
            value is None or not isinstance(value, float) or math.isfinite(value)
            for value in one.values()
        )


def test_a_number_held_on_one_side_breaks_the_pairs_over_the_ranges_alone(
    say: Say, results: dict[str, Path]
) -> None:
    code, told, _ = say(results["both"], results["held"], "--json")
    assert code == 0
    found = json.loads(told)
    reference, ranges = found["pairing"]
    assert reference["valid"]
    assert "1 of A and 0 of B have no partner" in reference["why"]
    assert not ranges["valid"]
    assert "runs, scenario.fixed.rules.perception.distance_decay" in ranges["why"]
    assert "the window alone" in found["warnings"][0]


def test_another_root_seed_breaks_every_pair(say: Say, results: dict[str, Path]) -> None:
    code, told, _ = say(results["held"], results["lucky"], "--set-of-draws", "reference")
    assert code == 0
    assert "not paired: no run of A has the seed of a run of B" in told
    assert "over the declared ranges" not in told


def test_results_of_two_model_versions_are_refused_unless_forced(
    say: Say, results: dict[str, Path], tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    for path in results["held"].glob("*.parquet"):
        (other / path.name).write_bytes(path.read_bytes())
    manifest = json.loads((results["held"] / MANIFEST).read_text())
    manifest["digests"]["model"] = "0" * 12
    write_manifest(other, manifest, [path.name for path in other.glob("*.parquet")])
    code, told, complaint = say(results["held"], other)
    assert (code, told) == (2, "")
    assert "B of 000000000000" in complaint
    code, told, _ = say(results["held"], other, "--force")
    assert code == 0
    assert "note: A is of model version" in told
    assert "equivalent" in told  # the very same runs


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["{none}"], "no folder"),
        (["{tmp}"], "no results folder"),
        (["{held}"], "name another folder"),
        (["{both}", "--scenarios", "us_exit", "us_stay"], "did you mean us_stays"),
        (["{both}", "--theory", "inertia"], "holds no theory inertia"),
        (
            ["{both}", "--measure", "competiton.russia-china.all"],
            "did you mean competition.russia-china.all",
        ),
        (["{both}", "--smallest", "-1"], "--smallest"),
        (["{both}", "--smallest", "inf"], "no finite number"),
        (["{both}", "--out", "x.csv"], "must end in .parquet"),
        (["{both}", "--set-of-draws", "all"], "--set-of-draws"),
    ],
)
def test_wrong_words_end_with_a_reason(
    say: Say, results: dict[str, Path], tmp_path: Path, words: list[str], said: str
) -> None:
    places = {"none": tmp_path / "none", "tmp": tmp_path, **results}
    code, told, complaint = say(*(word.format(**places) for word in words))
    assert (code, told) == (2, "")
    assert said in " ".join(complaint.split())


def test_help_has_an_example(say: Say) -> None:
    code, told, _ = say("--help")
    assert code == 0
    assert "Example: eurasia-sim compare" in told
