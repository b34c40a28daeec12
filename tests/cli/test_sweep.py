"""`sweep` as a person meets them: what is said, what is left behind, and how the program leaves."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from tests.sweeping import GRID, contents, written

from eurasia_sim.simulation.ensemble import run_ensemble

COMMAND = [sys.executable, "-c", "from eurasia_sim.cli import main; main()"]


@pytest.fixture(scope="module", autouse=True)
def compiled() -> None:
    """The kernel's machine code is made once, so that no test below waits for it in a child."""
    run_ensemble(["us_exit"], n=1)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("small"), GRID.format(scenario="{scenario}", steps=3))


def call(*words: object) -> subprocess.CompletedProcess[str]:
    given = [*COMMAND, *map(str, words)]
    return subprocess.run(given, capture_output=True, text=True, timeout=300, check=False)


def test_a_sweep_is_checked_tried_in_shards_and_merged(small: Path, tmp_path: Path) -> None:
    assert call("check", small).returncode == 0
    dry = call("sweep", small, "--dry-run", "--keep", "trajectories", "--out", tmp_path / "none")
    assert dry.returncode == 0, dry.stderr
    assert "6 points, 12 runs" in dry.stdout
    assert "of disk for trajectories" in dry.stdout
    assert not (tmp_path / "none").exists()
    whole = call("sweep", small, "--chunk", 4, "--out", tmp_path / "whole", "--json")
    assert whole.returncode == 0, whole.stderr
    told = json.loads(whole.stdout)
    assert (told["runs"], told["failed"], told["complete"]) == (12, 0, True)
    shards = []
    for i in (1, 2):
        done = call(
            "sweep",
            small,
            "--chunk",
            4,
            "--shard",
            f"{i}/2",
            "--out",
            tmp_path / "shards",
            "--json",
        )
        assert done.returncode == 0, done.stderr
        shards.append(json.loads(done.stdout)["folder"])
    merged = call(
        "sweep", small, "--merge", *shards, "--chunk", 4, "--out", tmp_path / "merged", "--json"
    )
    assert merged.returncode == 0, merged.stderr
    assert contents(Path(json.loads(merged.stdout)["folder"])) == contents(Path(told["folder"]))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["relative_gain"], "did you mean relative_gains"),
        (["relative_gains", "--shard", "3/2"], "i/n"),
        (["relative_gains", "--on-error", "stopp"], "max=N"),
        (["hypotheses"], "kind"),
        (["relative_gains", "--merge"], "--merge needs the results folders"),
        (["relative_gains", "results/a", "results/b"], "shards: only with --merge"),
        (["relative_gains", "--merge", "results/a", "--shard", "1/2"], "--shard: not with --merge"),
    ],
)
def test_bad_input_is_exit_2_without_a_traceback(
    tmp_path: Path, words: list[str], said: str
) -> None:
    done = call("sweep", *words, "--out", tmp_path / "none")
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "none").exists()


def test_two_interrupts_end_it_within_half_a_second_and_resume_goes_on(tmp_path: Path) -> None:
    text = GRID.format(scenario="us_exit", steps=40).replace("replications: 2", "replications: 20")
    long = written(tmp_path, text)
    words = [
        *COMMAND,
        "sweep",
        str(long),
        "--chunk",
        "20",
        "--workers",
        "2",
        "--out",
        str(tmp_path / "out"),
    ]
    child = subprocess.Popen(words, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 240
    while not list((tmp_path / "out").glob("*/parts/0*.parquet")) and time.monotonic() < deadline:
        time.sleep(0.02)
    began, spent = time.monotonic(), _processor_seconds(child.pid)
    child.send_signal(signal.SIGINT)
    time.sleep(0.05)
    child.send_signal(signal.SIGINT)
    while child.poll() is None and time.monotonic() - began < 60:
        spent = _processor_seconds(child.pid) or spent
        time.sleep(0.005)
    took = time.monotonic() - began
    said = child.communicate()[1]
    assert child.returncode == 1, said
    assert "--resume goes on" in said
    assert "Traceback" not in said
    assert took < 0.5 * max(
        1.0, os.getloadavg()[0]
    )  # on a machine that does nothing else: half a second
    (folder,) = (tmp_path / "out").iterdir()
    assert not (folder / "manifest.json").exists()
    refused = call("sweep", long, "--chunk", 20, "--out", tmp_path / "out")
    assert refused.returncode == 2
    assert "--resume to go on" in refused.stderr


def test_ctrl_c_in_a_terminal_ends_a_sweep_on_local_processes_and_leaves_none(
    tmp_path: Path,
) -> None:
    long = written(
        tmp_path,
        GRID.format(scenario="us_exit", steps=40).replace("replications: 2", "replications: 20"),
    )
    words = [
        *COMMAND,
        "sweep",
        str(long),
        "--chunk",
        "20",
        "--scheduler",
        "local:2",
        "--out",
        str(tmp_path / "out"),
    ]
    child = subprocess.Popen(
        words, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    deadline = time.monotonic() + 240
    while not list((tmp_path / "out").glob("*/parts/0*.parquet")) and time.monotonic() < deadline:
        time.sleep(0.02)
    workers = psutil.Process(child.pid).children(recursive=True)
    assert len(workers) >= 2
    began = time.monotonic()
    os.killpg(child.pid, signal.SIGINT)  # a terminal sends it to every process
    said = child.communicate(timeout=60)[1]
    assert time.monotonic() - began < 5 * max(1.0, os.getloadavg()[0])
    assert child.returncode == 1, said
    assert "--resume goes on" in said
    assert "Traceback" not in said
    assert psutil.wait_procs(workers, timeout=30)[1] == []
    resumed = call("sweep", long, "--chunk", 20, "--out", tmp_path / "out", "--resume", "--json")
    assert json.loads(resumed.stdout)["complete"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--isolate"], "--scheduler local:N"),
        (["--retry", "2"], "--resume"),
        (["--timeout=5"], "--resume"),
    ],
)
def test_an_option_that_has_left_is_answered_with_what_replaces_it(
    words: list[str], said: str
) -> None:
    done = call("sweep", "relative_gains", *words)
    assert done.returncode == 2
    assert done.stderr.startswith(f"the option {words[0].partition('=')[0]} has left")
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def _processor_seconds(pid: int) -> float:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
    except (OSError, IndexError):
        return 0.0
    return (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")
