"""Any verb takes another world, by name or as a folder."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from eurasia_sim.files.data_yaml import world_folder
from eurasia_sim.simulation.results import MANIFEST

COMMAND = [sys.executable, "-c", "from eurasia_sim.cli import main; main()"]
OTHER = "europe_1914"


def call(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *words], capture_output=True, text=True, timeout=300, check=False, cwd=folder
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("list", "worlds"), OTHER),
        (("list", "scenarios"), "no_naval_race"),
        (("check", "record"), "nothing wrong"),
        (("explain", "actors.britain.affinity.russia"), "taylor1954"),
        (("explain", "rules.alignment.alignment_shared"), "L402"),
        (("explain", "record", "--cite"), "taylor1954"),
        (("explain", "--evidence", "list"), "0 claims"),
        (("explain", "--evidence", "agreement"), "no second coding"),
        (("explain", "--evidence", "verify", "."), "no coded documents"),
        (("check", "--schema"), "austria_hungary"),
        (
            ("new", "half_a_fleet", "--from", "no_naval_race"),
            f"check half_a_fleet.yaml --world {OTHER}",
        ),
    ],
)
def test_every_verb_reads_another_world(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    done = call(*words, "--world", OTHER, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert said in done.stdout


def test_a_world_with_scenarios_of_its_own_knows_no_others(tmp_path: Path) -> None:
    done = call("list", "scenarios", "--world", OTHER, folder=tmp_path)
    assert "us_exit" not in done.stdout
    assert "us_exit" in call("list", "scenarios", folder=tmp_path).stdout
    wrong = call("check", "us_exit", "--world", OTHER, folder=tmp_path)
    assert wrong.returncode == 2
    assert "no_naval_race" in wrong.stdout


@pytest.mark.parametrize(
    ("world", "said"),
    [
        ("europe_1941", f"did you mean {OTHER}"),
        ("no/such/folder", "name one of"),
        ("empty", "missing"),
    ],
)
@pytest.mark.parametrize(
    "words", [("run", "record"), ("analyze", "record", "--blocs"), ("list",), ("check", "record")]
)
def test_what_is_no_world_is_exit_2_without_a_traceback(
    tmp_path: Path, words: tuple[str, ...], world: str, said: str
) -> None:
    (tmp_path / "empty").mkdir()
    done = call(*words, "--world", world, folder=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_run_carries_its_world(tmp_path: Path) -> None:
    shutil.copytree(world_folder(OTHER), tmp_path / "mine")
    words = ("run", "record", "no_naval_race", "-n", "2", "--out", "out", "--world", "mine")
    done = call(*words, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    (folder,) = (tmp_path / "out").iterdir()
    assert folder.name.startswith("mine-record-no_naval_race-")
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    assert manifest["world"] == "mine"
    assert manifest["command"].endswith("--world mine")
    assert manifest["failed"] == 0
    cited = call("explain", str(folder), "--cite", "--json", "--world", "mine", folder=tmp_path)
    assert cited.returncode == 0, cited.stderr
    alone = call("explain", "record", "--cite", "--json", "--world", "mine", folder=tmp_path)
    keys = {row["key"] for row in json.loads(alone.stdout)}
    assert keys <= {row["key"] for row in json.loads(cited.stdout)}
