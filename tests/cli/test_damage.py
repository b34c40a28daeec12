"""What a person meets where a results folder is damaged: every verb says so, and the command that wrote it mends it."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from tests.cli.test_run import call, contents, only
from tests.sweeping import GRID, written
from tests.sweeping import contents as tables

from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.scenarios.scenario import load_scenario
from eurasia_sim.simulation.ensemble import run_ensemble
from eurasia_sim.simulation.results import DRAWS, MANIFEST, RUNS, TABLES, TRAJECTORIES, files_of, found, load_results
from eurasia_sim.simulation.results_folder import open_results
from eurasia_sim.simulation.run import Study
from eurasia_sim.simulation.run import carry_out as study_carried_out
from eurasia_sim.world.world import load_world

COMMAND = [sys.executable, "-c", "from eurasia_sim.cli import main; main()"]


def say(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *map(str, words)], capture_output=True, text=True, timeout=300, check=False)


@pytest.fixture(scope="module", autouse=True)
def compiled() -> None:
    """The kernel's machine code is made once, so that no test below waits for it in a child."""
    run_ensemble(["us_exit"], n=1)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A paired run of four runs each, as it was written."""
    out = tmp_path_factory.mktemp("finished")
    assert call("us_exit", "us_stays", "-n", "4", folder=out).returncode == 0
    return only(out)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (RUNS, "its runs are made again"),
        (TRAJECTORIES, "its runs are made again"),
        (MANIFEST, "its runs are made again"),
        (DRAWS, "made again from its runs"),
        ("events-us_exit.csv", "made again from its runs"),
    ],
)
def test_a_damaged_file_of_a_finished_run_is_named_and_made_again(
    finished: Path, tmp_path: Path, name: str, said: str
) -> None:
    folder = Path(shutil.copytree(finished, tmp_path / finished.name))
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 4
    (folder / name).write_bytes(content)
    done = call("us_exit", "us_stays", "-n", "4", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert name in done.stderr
    assert said in done.stderr
    assert contents(folder) == contents(finished)
    assert "found again, unchanged" in call("us_exit", "us_stays", "-n", "4", folder=tmp_path).stdout


@pytest.mark.parametrize("cut", [0, 1, 2, None])
def test_every_reader_refuses_a_run_that_is_damaged(finished: Path, tmp_path: Path, cut: int | None) -> None:
    folder = Path(shutil.copytree(finished, tmp_path / finished.name))
    content = (folder / RUNS).read_bytes()
    (folder / RUNS).unlink()
    if cut is not None:
        (folder / RUNS).write_bytes(content[: cut * len(content) // 2] + (b"" if cut < 2 else b"more"))
    for words in (("analyze",), ("plot",), ("report",), ("compare", str(finished))):
        done = say(*words, folder)
        assert (done.returncode, "Traceback" in done.stderr) == (2, False), done.stderr
        assert f"16 of 16 runs are missing or damaged: {RUNS} is " in done.stderr
        assert "eurasia-sim run us_exit us_stays -n 4" in done.stderr


def test_the_events_of_a_run_are_drawn_only_as_they_were_written(finished: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(finished, tmp_path / finished.name))
    place = folder / "events-us_stays.csv"
    place.write_text(place.read_text(encoding="utf-8").replace("20", "21", 1), encoding="utf-8")
    done = say("plot", folder, "--kind", "timeline", "--out", tmp_path / "drawn")
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert "events-us_stays.csv is not what was written" in done.stderr


def test_a_flipped_bit_of_runs_is_never_read_as_another_value(finished: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(finished, tmp_path / finished.name))
    content, chance = (folder / RUNS).read_bytes(), random.Random(1)
    for _ in range(400):
        at = chance.randrange(len(content))
        (folder / RUNS).write_bytes(content[:at] + bytes([content[at] ^ 1 << chance.randrange(8)]) + content[at + 1 :])
        with pytest.raises(DataError, match=f"{RUNS} is not what was written"):
            load_results(folder)


def test_a_damaged_part_of_an_interrupted_run_is_run_again(tmp_path: Path) -> None:
    world = load_world()
    study = Study(world, (load_scenario("us_exit", world),), ("balance_of_threat",), 40, 7)
    batches = list(study.batches())
    whole = study_carried_out(study, batches, tmp_path / "whole", 1, lambda _: None)
    parts = sorted((tmp_path / "whole" / "parts").glob("*.runs.parquet"))
    months = sorted((tmp_path / "whole" / "parts").glob("*.months.parquet"))
    assert len(parts) == len(months) == 4
    table = pd.read_parquet(parts[0])
    table.iloc[0, -1] += 1.0
    table.to_parquet(parts[0], index=False)
    months[1].write_bytes(months[2].read_bytes())
    parts[3].unlink()
    seen: list[int] = []
    again = study_carried_out(study, batches, tmp_path / "whole", 1, seen.append)
    assert seen[0] < 40
    pd.testing.assert_frame_equal(again.runs, whole.runs)
    pd.testing.assert_frame_equal(again.trajectories, whole.trajectories)


def test_every_reader_refuses_a_sweep_of_which_a_part_is_gone_until_resume_heals_it(tmp_path: Path) -> None:
    small = written(tmp_path, GRID.format(scenario="{scenario}", steps=2))
    words = ("sweep", small, "--chunk", 2, "--out", tmp_path / "out")
    assert say(*words).returncode == 0
    folder = only(tmp_path / "out")
    before = tables(folder)
    (folder / "parts" / "00000002.parquet").unlink()
    for verb in (("analyze", folder), ("plot", folder), ("report", folder), words):
        done = say(*verb)
        assert (done.returncode, "Traceback" in done.stderr) == (2, False), done.stderr
        assert "2 of 8 runs are missing or damaged: parts/00000002.parquet is missing" in done.stderr
        assert "--resume" in done.stderr
    healed = say(*words, "--resume")
    assert healed.returncode == 0, healed.stderr
    assert tables(folder) == before
    assert "found again, unchanged" in say(*words).stdout


def test_a_table_of_an_analysis_is_checked_like_the_runs(finished: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(finished, tmp_path / finished.name))
    assert say("analyze", folder).returncode == 0
    held = open_results(folder, load_world())
    table = held.table("convergence")
    assert table is not None
    place = folder / "analysis" / "convergence.parquet"
    place.write_bytes(place.read_bytes()[:-1])
    with pytest.raises(DataError, match=r"convergence.parquet is not what was written\n.*analyze the runs again"):
        held.table("convergence")
    (folder / "analysis" / TABLES).unlink()
    with pytest.raises(DataError, match=r"tables.json does not list convergence.parquet"):
        held.table("convergence")
    assert say("analyze", folder).returncode == 0
    again = held.table("convergence")
    assert again is not None
    pd.testing.assert_frame_equal(again, table)


def test_a_damaged_table_of_a_test_is_refused_and_named(tested: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(tested, tmp_path / "tested"))
    assert {"parts.parquet", "verdicts.parquet"} <= set(files_of(folder).entries)
    table = pd.read_parquet(folder / "verdicts.parquet")
    table.to_parquet(folder / "verdicts.parquet", index=True)
    assert found(folder)[1] == {"verdicts.parquet": "is not what was written"}
    done = say("report", folder)
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert "verdicts.parquet is not what was written" in done.stderr
