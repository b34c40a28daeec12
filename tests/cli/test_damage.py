"""Damaged results: every verb refuses them, and the command that wrote them makes them again."""

import re
import shutil
from pathlib import Path

import pandas as pd
import pytest
from tests.command import call, done, only, run_without_pictures
from tests.results import unchanging
from tests.sweeping import GRID, written
from tests.sweeping import contents as tables

from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.simulation.results import (
    DRAWS,
    MANIFEST,
    RUNS,
    TABLES,
    TRAJECTORIES,
    files_of,
    found,
)
from eurasia_sim.simulation.results_folder import open_results
from eurasia_sim.world.world import load_world

WORDS = ("us_exit", "us_stays", "-n", "4")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A paired run of four runs each, as it was written."""
    return run_without_pictures(tmp_path_factory.mktemp("finished"), *WORDS)


@pytest.fixture
def copy(finished: Path, tmp_path: Path) -> Path:
    """The same in a folder of its own."""
    return Path(shutil.copytree(finished, tmp_path / finished.name))


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def refused(*words: object) -> str:
    """What a verb says that refuses damaged results."""
    answer = call(*words)
    assert answer.returncode == 2, answer.stderr
    return answer.stderr


@pytest.mark.parametrize("names", [[RUNS, TRAJECTORIES], [MANIFEST], [DRAWS, "events-us_exit.csv"]])
def test_damaged_files_of_a_finished_run_are_named_and_made_again(
    finished: Path, copy: Path, monkeypatch: pytest.MonkeyPatch, names: list[str]
) -> None:
    monkeypatch.setattr("eurasia_sim.figures.gallery.usual_kinds", lambda *_: [])
    for name in names:
        flip(copy / name)
    answer = call("run", *WORDS, "--out", copy.parent)
    assert answer.returncode == 0, answer.stderr
    assert [name for name in names if name not in answer.stderr] == []
    assert "; it is made again" in answer.stderr
    assert unchanging(copy) == unchanging(finished)
    assert "found again, unchanged" in done("run", *WORDS, "--out", copy.parent)


@pytest.mark.parametrize("how", ["cut", "longer", "gone"])
def test_every_reader_refuses_a_run_that_is_damaged(finished: Path, copy: Path, how: str) -> None:
    content = (copy / RUNS).read_bytes()
    (copy / RUNS).write_bytes(content[: len(content) // 2] if how == "cut" else content + b"more")
    if how == "gone":
        (copy / RUNS).unlink()
    for words in (("analyze", copy), ("plot", copy), ("report", copy), ("compare", finished, copy)):
        reason = refused(*words)
        assert re.search(rf"(\d+) of \1 runs are missing or damaged: {RUNS} is ", reason)
        assert "eurasia-sim run us_exit us_stays -n 4" in reason
    (copy / RUNS).write_bytes(content)
    (copy / "events-us_stays.csv").write_text("month\n", encoding="utf-8")
    reason = refused("plot", copy, "--kind", "timeline", "--out", copy.parent / "drawn")
    assert "events-us_stays.csv is not what was written" in reason


def test_every_reader_refuses_a_sweep_without_a_part_until_resume_makes_it(tmp_path: Path) -> None:
    small = written(tmp_path, GRID.format(scenario="{scenario}", steps=2))
    words = ("sweep", small, "--chunk", 2, "--out", tmp_path / "out")
    done(*words)
    folder = only(tmp_path / "out")
    before, part = tables(folder), folder / "parts" / "00000002.parquet"
    for harm, wrong in ((Path.unlink, "is missing"), (flip, "is not what was written")):
        harm(part)
        for verb in (("analyze", folder), ("plot", folder), ("report", folder), words):
            reason = refused(*verb)
            assert f"2 of 8 runs are missing or damaged: parts/{part.name} {wrong}" in reason
            assert "--resume" in reason
        done(*words, "--resume")
        assert tables(folder) == before
    assert "found again, unchanged" in done(*words)


def test_tables_of_an_analysis_and_a_test_are_checked_like_runs(copy: Path, tested: Path) -> None:
    done("analyze", copy)
    held, file = open_results(copy, load_world()), copy / "analysis" / "convergence.parquet"
    table = held.table("convergence")
    assert table is not None
    flip(file)
    with pytest.raises(DataError, match=r"is not what was written\n.*analyze the runs again"):
        held.table("convergence")
    (copy / "analysis" / TABLES).unlink()
    with pytest.raises(DataError, match=r"tables.json does not list convergence.parquet"):
        held.table("convergence")
    done("analyze", copy)
    pd.testing.assert_frame_equal(held.table("convergence"), table)
    folder = Path(shutil.copytree(tested, copy.parent / "tested"))
    assert {"parts.parquet", "verdicts.parquet"} <= set(files_of(folder).entries)
    flip(folder / "verdicts.parquet")
    assert found(folder)[1] == {"verdicts.parquet": "is not what was written"}
    assert "verdicts.parquet is not what was written" in refused("report", folder)
