"""`analyze` writes and prints the statistics of a results folder."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from SALib.sample import sobol as sobol_sample
from tests.command import call, done
from tests.results import unchanging

from eurasia_sim.simulation.results import MANIFEST, part_name, write_manifest, write_table

MEASURE = "competition.russia-china.central_asia"


@pytest.fixture
def known(tmp_path: Path) -> Path:
    """A finished sweep by Saltelli's design of a known function, by the contract of results."""
    names = ["x.rules.perception.contiguity", "x.rules.perception.projection"]
    problem = {"num_vars": 2, "names": names, "bounds": [[0.2, 1.0], [0.2, 1.2]]}
    points = sobol_sample.sample(problem, 64, calc_second_order=True, seed=3)
    design = pd.DataFrame(points, columns=names)
    design.insert(0, "point", np.arange(len(design)))
    runs = design.assign(
        run_id=[f"{at:016x}" for at in design["point"]], replicate=0, scenario="us_exit",
        theory="balance_of_threat", seed=np.uint64(5), draw="", status="ok", failed_month=-1,
        failed_phase="none",
    )  # fmt: skip
    runs[MEASURE] = 3 * design[names[0]] + design[names[1]]
    folder = tmp_path / "known-0123456789ab"
    for part, own in enumerate(np.array_split(np.arange(len(runs)), 3)):
        write_table(folder / "parts" / f"{2 - part:08d}.parquet", runs.iloc[own])
    write_table(folder / "design.parquet", design)
    factors = [
        {"name": name, "low": low, "high": high}
        for name, (low, high) in zip(names, problem["bounds"], strict=True)
    ]
    plan = {"kind": "saltelli", "points": len(design), "factors": factors, "options": {}}
    manifest = {"kind": "sweep", "finished": True, "world": "eurasia", "seed": 7, "measures": []}
    files = ["design.parquet", *(part_name("parts", number) for number in range(3))]
    write_manifest(folder, {**manifest, "design": plan}, files)
    return folder


def test_a_sweep_is_analysed_from_its_folder(known: Path) -> None:
    found = json.loads(done("analyze", known, "--json"))
    assert found["of"] == "a saltelli design"
    assert found["measures"] == [MEASURE]
    rows = found["sections"]["sobol"]["rows"]
    first = {row["factor"]: row["index"] for row in rows if row["order"] == "first"}
    # Of a sum, a share is the square of weight and range: 3 x 0.8 beside 1 x 1.0.
    total = (3 * 0.8) ** 2 + 1.0
    assert first["rules.perception.contiguity"] == pytest.approx((3 * 0.8) ** 2 / total, abs=0.04)
    assert first["rules.perception.projection"] == pytest.approx(1 / total, abs=0.04)
    table = pd.read_parquet(known / "analysis" / "sobol.parquet")
    assert len(pd.read_csv(known / "analysis" / "sobol.csv")) == len(table) == 5
    (known / MANIFEST).unlink()  # it is written last
    answer = call("analyze", known)
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
