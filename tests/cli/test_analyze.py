"""`analyze` and `compare` print and write the statistics of small results of the real model."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from tests.command import call, done, run_without_pictures
from tests.results import unchanging
from tests.sweeping import prepared

from eurasia_sim.experiments.sweep import Work, carry_out
from eurasia_sim.simulation.results import MANIFEST, load_results

MEASURE = "competition.russia-china.central_asia"
PRESSED = ("us_exit", "us_stays", "-n", "12", "--set", "pressure.united_states.russia=0.1")


def test_a_sweep_is_analysed_from_its_folder(world, tmp_path: Path) -> None:
    text = (
        f"scenarios: [{{scenario}}]\ndesign: {{kind: saltelli, points: 4}}\nmeasures: [{MEASURE}]\n"
        "factors: {rules.perception.contiguity: declared, rules.perception.projection: declared}\n"
    )
    folder = carry_out(prepared(tmp_path, world, text), tmp_path, Work(workers=1)).folder
    found = json.loads(done("analyze", folder, "--json"))
    assert (found["of"], found["measures"]) == ("a saltelli design", [MEASURE])
    rows = found["sections"]["sobol"]["rows"]
    first = {row["factor"] for row in rows if row["order"] == "first"}
    assert first == {"rules.perception.contiguity", "rules.perception.projection"}
    table = pd.read_parquet(folder / "analysis" / "sobol.parquet")
    assert len(pd.read_csv(folder / "analysis" / "sobol.csv")) == len(table) == len(rows) == 5
    (folder / MANIFEST).unlink()  # it is written last
    answer = call("analyze", folder)
    assert (answer.returncode, "not finished" in answer.stderr) == (2, True)


def test_a_run_is_analysed_with_tables_and_reasons(ran: Path, tmp_path: Path) -> None:
    words = ("analyze", ran, "--measure", MEASURE, "--better", "lower", "--out", tmp_path / "a")
    answer = done(*words).splitlines()
    assert len(answer) <= 12
    assert max(map(len, answer[:-2])) <= 80  # the last two name folders
    assert answer[0].startswith("competition, Russia–China, Central Asia: 96 runs")
    assert any(line.startswith("us_exit: its spread divides into parameters") for line in answer)
    text = done(*words, "--all")
    for part in (
        "what the spread divides into", "what holds up", "how well means are known",
        "Sobol' indices need a sweep by a saltelli design; this is what `run` draws",
    ):  # fmt: skip
        assert part in text
    before = unchanging(tmp_path / "a")
    assert {"shares.csv", "robustness.parquet", "convergence.csv"} <= set(before)
    done(*words, "--all")
    assert unchanging(tmp_path / "a") == before


def compared(*words: object) -> dict[str, Any]:
    return json.loads(done("compare", *words, "--json"))


def test_two_results_that_differ_by_a_lever_pair_run_by_run(ran: Path, tmp_path: Path) -> None:
    words = ("compare", ran, run_without_pictures(tmp_path, *PRESSED))
    lines = done(*words).splitlines()
    assert len(lines) <= 17  # two scenarios, and the two folders
    assert max(map(len, lines[:-2])) <= 80
    assert lines[0].startswith("Of 11 measures over the declared ranges: us exit, balance of")
    text = " ".join(done(*words, "--all").split())
    assert "us_exit: pressure.united_states.russia.2021-05 (A –; B 0.1)" in text
    assert "not paired" not in text
    assert "left out" not in done(*words, "--scenarios", "us_exit", "us_stays")
    assert text.count("A 12 runs (0 failed), B 12 runs (0 failed)") == 4
    assert "What matters is 0.2 standard deviations of the runs" in text


def test_the_numbers_of_a_comparison_are_those_of_the_runs(ran: Path, tmp_path: Path) -> None:
    table = tmp_path / "t.parquet"
    found = compared(ran, "--measure", MEASURE, "--smallest", "0.001", "--out", table)
    runs = load_results(ran).set_index(["set", "scenario", "run"])[MEASURE].sort_index()
    assert [row["set"] for row in found["measures"]] == ["reference", "ranges"]
    for row in found["measures"]:
        gap = runs[row["set"], "us_exit"] - runs[row["set"], "us_stays"]
        assert row["mean"] == pytest.approx(gap.mean())
        assert row["low"] <= row["mean"] <= row["high"]
        assert row["superiority"] == pytest.approx((gap > 0).mean() + (gap == 0).mean() / 2)
        assert (row["n"], row["smallest"], row["paired"]) == (12, 0.001, True)
        assert row["verdict"] in {"different", "equivalent", "inconclusive"}
    assert list(pd.read_parquet(table)["mean"]) == [row["mean"] for row in found["measures"]]
    (rule,) = (row for row in found["configuration"] if "rule" in row["path"])
    expected = ("scenario.levers.rule.afghanistan.2021-05", None, "free")
    assert (rule["path"], rule["a"], rule["b"]) == expected
