"""`sweep`: what it prints and leaves behind, and how the program ends."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import psutil
import pytest
from tests.command import PROGRAM, call, done
from tests.sweeping import GRID, contents, written

from eurasia_sim.simulation.ensemble import run_ensemble
from eurasia_sim.simulation.results import load_results

LONG = GRID.format(scenario="us_exit", steps=40).replace("replications: 2", "replications: 20")


def test_a_sweep_is_checked_tried_in_shards_and_merged(tmp_path: Path) -> None:
    small = written(tmp_path, GRID.format(scenario="{scenario}", steps=3))
    done("check", small)
    none = tmp_path / "none"
    text = done("sweep", small, "--dry-run", "--keep", "trajectories", "--out", none)
    assert "6 points, 12 runs" in text
    assert "of disk for trajectories" in text
    assert not none.exists()

    def swept(*words: object) -> dict:
        return json.loads(done("sweep", small, *words, "--chunk", 4, "--json"))

    whole = swept("--out", tmp_path / "whole")
    assert (whole["runs"], whole["failed"], whole["complete"]) == (12, 0, True)
    shards = [
        swept("--shard", shard, "--out", tmp_path / "shards")["folder"] for shard in ("1/2", "2/2")
    ]
    merged = swept("--merge", *shards, "--out", tmp_path / "merged")
    assert contents(Path(merged["folder"])) == contents(Path(whole["folder"]))


def test_points_that_break_a_constraint_are_counted_and_never_run(tmp_path: Path) -> None:
    points = "[{seed: 1}, {seed: 2}, {seed: 3}]"
    text = GRID.format(scenario="{scenario}", steps=3).partition("factors:")[0]
    text = text.replace("{kind: grid}", f"{{kind: list, points: {points}}}")
    file = written(tmp_path, f"{text}constraints: [{{sum: {{seed: 1}}, at_most: 2}}]\n")
    assert "2 points (1 more break a constraint), 2 runs" in done("sweep", file, "--dry-run")
    said = json.loads(done("sweep", file, "--dry-run", "--json"))
    assert (said["points"], said["left_out"], said["runs"]) == (2, 1, 2)
    folder = Path(json.loads(done("sweep", file, "--json", "--out", tmp_path))["folder"])
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    design = manifest["design"]
    assert (design["points"], design["left_out"], design["options"]["points"]) == (2, 1, 3)
    assert manifest["runs"] == len(load_results(folder)) == 2


@pytest.mark.slow  # how a process ends
@pytest.mark.parametrize("words", [("--workers", "2"), ("--scheduler", "local:2")])
def test_interrupts_end_a_sweep_with_its_processes_and_resume_goes_on(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    run_ensemble(["us_exit"], n=1)  # compiled once, so that the children do not
    long, out = written(tmp_path, LONG), tmp_path / "out"
    command = [*PROGRAM, "sweep", str(long), "--chunk", "20", "--out", str(out), *words]
    child = subprocess.Popen(
        command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    deadline = time.monotonic() + 240
    while not list(out.glob("*/parts/0*.parquet")) and time.monotonic() < deadline:
        time.sleep(0.02)
    workers = psutil.Process(child.pid).children(recursive=True)
    is_local = "local:2" in words
    assert len(workers) >= (2 if is_local else 0)
    os.killpg(child.pid, signal.SIGINT)  # a terminal sends it to every process
    time.sleep(0.05)
    if not is_local:
        child.send_signal(signal.SIGINT)
    message = child.communicate(timeout=60)[1]
    assert child.returncode == 1, message
    assert "--resume goes on" in message
    assert "Traceback" not in message
    assert psutil.wait_procs(workers, timeout=30)[1] == []
    (folder,) = out.iterdir()
    assert not (folder / "manifest.json").exists()
    refused = call("sweep", long, "--chunk", 20, "--out", out)
    assert refused.returncode == 2
    assert "--resume to go on" in refused.stderr
    if is_local:
        resumed = done("sweep", long, "--chunk", 20, "--out", out, "--resume", "--json")
        assert json.loads(resumed)["complete"]
