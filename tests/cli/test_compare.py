"""`compare` tells how two small results of the real model differ."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from tests.command import done, run_without_pictures

from eurasia_sim.simulation.results import load_results

MEASURE = "competition.russia-china.central_asia"
PRESSED = ("us_exit", "us_stays", "-n", "12", "--set", "pressure.united_states.russia=0.1")


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


def test_the_numbers_are_those_of_the_runs(ran: Path, tmp_path: Path) -> None:
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
