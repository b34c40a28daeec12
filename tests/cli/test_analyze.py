"""`analyze` on folders as a person has them, and `run --until` that stops where its rule says, on any machine."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from SALib.sample import sobol as sobol_sample

from eurasia_sim.simulation.ensemble import run_ensemble
from eurasia_sim.simulation.results import (
    DRAWS,
    MANIFEST,
    load_results,
    part_name,
    write_manifest,
    write_table,
)

PROGRAM = [sys.executable, "-c", "from eurasia_sim.cli import main; main()"]
MEASURE = "competition.russia-china.central_asia"


@pytest.fixture(scope="module", autouse=True)
def compiled() -> None:
    """The kernel's machine code is made once, so that no test below waits for it in a child."""
    run_ensemble(["us_exit"], n=1)


def say(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PROGRAM, *words], capture_output=True, text=True, timeout=300, check=False
    )


def only(folder: Path) -> Path:
    (found,) = folder.iterdir()
    return found


def same(folder: Path) -> dict[str, bytes]:
    """Every file that carries no times."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != MANIFEST)
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("out")
    done = say("run", "us_exit", "us_stays", "-n", "60", "--out", str(out))
    assert done.returncode == 0, done.stderr
    return only(out)


@pytest.fixture
def swept(tmp_path: Path) -> Path:
    """A finished sweep by Saltelli's design of a known function, as the contract of results has it."""
    names = ["x.rules.perception.contiguity", "x.rules.perception.projection"]
    problem = {"num_vars": 2, "names": names, "bounds": [[0.2, 1.0], [0.2, 1.2]]}
    design = pd.DataFrame(
        sobol_sample.sample(problem, 64, calc_second_order=True, seed=3), columns=names
    )
    design.insert(0, "point", np.arange(len(design)))
    runs = design.assign(
        run_id=[f"{at:016x}" for at in design["point"]], replicate=0, scenario="us_exit", theory="balance_of_threat",
        seed=np.uint64(5), draw="", status="ok", failed_month=-1, failed_phase="none",
    )  # fmt: skip
    runs[MEASURE] = 3 * design[names[0]] + design[names[1]]
    folder = tmp_path / "known-0123456789ab"
    for part, own in enumerate(np.array_split(np.arange(len(runs)), 3)):
        write_table(folder / "parts" / f"{2 - part:08d}.parquet", runs.iloc[own])
    write_table(folder / "design.parquet", design)
    factors = [
        {"name": n, "low": b[0], "high": b[1]}
        for n, b in zip(names, problem["bounds"], strict=True)
    ]
    write_manifest(
        folder,
        {"kind": "sweep", "finished": True, "world": "eurasia", "seed": 7, "measures": [],
         "design": {"kind": "saltelli", "points": len(design), "factors": factors, "options": {}}},
        ["design.parquet", *(part_name("parts", number) for number in range(3))],
    )  # fmt: skip
    return folder


def test_a_sweep_is_analysed_from_its_folder(swept: Path):
    done = say("analyze", str(swept), "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["of"] == "a saltelli design"
    assert found["measures"] == [MEASURE]
    first = {
        row["factor"]: row["index"]
        for row in found["sections"]["sobol"]["rows"]
        if row["order"] == "first"
    }
    # Of a sum, a share is the square of weight and range: 3 x 0.8 beside 1 x 1.0.
    total = (3 * 0.8) ** 2 + 1.0
    assert first["rules.perception.contiguity"] == pytest.approx((3 * 0.8) ** 2 / total, abs=0.04)
    assert first["rules.perception.projection"] == pytest.approx(1 / total, abs=0.04)
    table = pd.read_parquet(swept / "analysis" / "sobol.parquet")
    assert len(pd.read_csv(swept / "analysis" / "sobol.csv")) == len(table) == 5


def test_a_run_is_analysed_from_its_folder_with_tables_and_reasons(ran: Path, tmp_path: Path):
    done = say(
        "analyze", str(ran), "--measure", MEASURE, "--better", "lower", "--out", str(tmp_path / "a")
    )
    assert done.returncode == 0, done.stderr
    for title in ("what the spread divides into", "what holds up", "how well means are known"):
        assert title in done.stdout
    assert (
        "Sobol' indices need a sweep by a saltelli design; this is what `run` draws" in done.stdout
    )
    assert {"shares.csv", "robustness.parquet", "convergence.csv"} <= {
        path.name for path in (tmp_path / "a").iterdir()
    }
    before = same(tmp_path / "a")
    say(
        "analyze", str(ran), "--measure", MEASURE, "--better", "lower", "--out", str(tmp_path / "a")
    )
    assert same(tmp_path / "a") == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--measure", "competitoin.*"], "--measure competitoin.* is no measure"),
        (["--above", "1", "--below", "0"], "two questions"),
        (["--half-width", "-1"], "must be above 0"),
        (["--threshold", "inf"], "no finite number"),
        (["--seed", "0"], "--seed 0 must be from 1"),
    ],
)
def test_a_question_that_cannot_be_asked_is_answered_in_words(
    ran: Path, words: list[str], said: str
):
    done = say("analyze", str(ran), *words)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_that_is_none_or_not_finished_is_refused(swept: Path, tmp_path: Path):
    done = say("analyze", str(tmp_path / "nothing"))
    assert (done.returncode, "is no folder" in done.stderr) == (2, True)
    write_manifest(swept, {"kind": "sweep", "finished": False}, [])
    done = say("analyze", str(swept))
    assert (done.returncode, "not finished" in done.stderr) == (2, True)


def test_analyze_helps_with_an_example():
    assert "Example: eurasia-sim analyze" in say("analyze", "--help").stdout


UNTIL = (
    "run",
    "us_exit",
    "us_stays",
    "-n",
    "16",
    "--until",
    "half-width=0.0005",
    "--watch",
    MEASURE,
)


@pytest.mark.slow
def test_a_rule_stops_after_the_same_run_for_any_workers(tmp_path: Path):
    done = [say(*UNTIL, "--workers", str(k), "--out", str(tmp_path / f"w{k}")) for k in (1, 3)]
    assert [each.returncode for each in done] == [0, 0], done[0].stderr + done[0].stdout
    one, other = only(tmp_path / "w1"), only(tmp_path / "w3")
    assert one.name == other.name
    assert same(one) == same(other)
    told = json.loads((one / MANIFEST).read_text())["until"]
    assert told["met"]
    assert told["half_width"] <= 0.0005
    assert told["runs"] % 16 == 0
    assert told["runs"] > 16
    runs = load_results(one)
    assert len(runs) == told["runs"] * 2 * 2
    assert runs["run_id"].is_unique
    assert len(pd.read_parquet(one / DRAWS)) == told["runs"]
    assert "half-width=0.0005 is met" in done[0].stdout


@pytest.mark.slow
def test_the_first_block_is_the_plain_run_and_later_ones_are_new(tmp_path: Path):
    say("run", "us_exit", "-n", "8", "--out", str(tmp_path / "plain"))
    done = say(
        "run",
        "us_exit",
        "-n",
        "8",
        "--until",
        "half-width=1e-9",
        "--most",
        "24",
        "--out",
        str(tmp_path / "more"),
    )
    assert done.returncode == 1
    assert "is not met, and --most is reached after 24 runs" in done.stdout
    plain, more = load_results(only(tmp_path / "plain")), load_results(only(tmp_path / "more"))
    assert len(more) == 3 * len(plain)
    again = more[more["run"] < 8].sort_values("run_id", ignore_index=True)
    pd.testing.assert_frame_equal(again, plain.sort_values("run_id", ignore_index=True))
    assert more["draw"].nunique() == 2 * 24


@pytest.mark.slow
def test_a_rule_that_was_interrupted_goes_on_to_the_same_bytes(tmp_path: Path):
    words = ["run", "us_exit", "-n", "16", "--until", "half-width=1e-9", "--most", "160"]
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    say(*words, "--out", str(whole))
    process = subprocess.Popen(
        [*PROGRAM, *words, "--out", str(cut)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    for _ in range(1200):
        if len(list(cut.glob("*/parts/*.runs.parquet"))) >= 3 or process.poll() is not None:
            break
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGINT)
    process.communicate(timeout=60)
    assert not (only(cut) / MANIFEST).exists()
    say(*words, "--out", str(cut))
    assert only(cut).name == only(whole).name
    assert same(only(cut)) == same(only(whole))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--until", "width=1"], "write half-width=0.002"),
        (
            ["--until", "half-width=1", "--watch", "competitoin.*"],
            "--watch competitoin.* is no measure",
        ),
        (["--watch", "competition.*"], "--watch says what --until looks at"),
        (["-n", "20", "--until", "half-width=1", "--most", "10"], "--most 10 is below -n 20"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(words: list[str], said: str, tmp_path: Path):
    done = say("run", "us_exit", *words, "--out", str(tmp_path))
    assert done.returncode == 2
    assert said in done.stderr
