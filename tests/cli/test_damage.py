"""Damaged results: every verb refuses them, and the command that wrote them makes them again."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from tests.command import call, done, run_without_pictures, without_pictures
from tests.results import unchanging

from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.simulation import results
from eurasia_sim.simulation.results_folder import open_results
from eurasia_sim.world.world import load_world

WORDS = ("us_exit", "us_stays", "-n", "4")
EVENTS = "events-us_stays.csv"


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


def test_damaged_files_of_a_finished_run_are_named_and_made_again(
    finished: Path, copy: Path
) -> None:
    words = ("run", *WORDS, "--out", copy.parent)
    for names in ([results.RUNS, results.TRAJECTORIES, EVENTS], [results.MANIFEST]):
        for name in names:
            flip(copy / name)
        with without_pictures():
            answer = call(*words)
        assert answer.returncode == 0, answer.stderr
        assert [name for name in names if name not in answer.stderr] == []
        assert "; it is made again" in answer.stderr
        assert unchanging(copy) == unchanging(finished)
    assert "found again, unchanged" in done(*words)


@pytest.mark.parametrize(
    ("of", "name", "harm", "again"),
    [
        ("finished", results.RUNS, flip, "eurasia-sim run us_exit us_stays -n 4"),
        ("small_sweep", "parts/00000002.parquet", Path.unlink, "--resume"),
    ],
)
def test_every_reader_refuses_what_is_damaged_or_missing(
    request, tmp_path: Path, of: str, name: str, harm: Callable[[Path], None], again: str
) -> None:
    whole = request.getfixturevalue(of)
    copy = shutil.copytree(whole, tmp_path / whole.name)
    harm(copy / name)
    pair = [("compare", whole, copy)] if of == "finished" else []
    for words in (("analyze", copy), ("plot", copy), ("report", copy), *pair):
        reason = refused(*words)
        assert re.search(rf"(\d+) of \d+ runs are missing or damaged: {name} is ", reason)
        assert again in reason


def test_tables_that_one_verb_alone_reads_are_checked_like_runs(copy: Path, tested: Path) -> None:
    done("analyze", copy)
    held, name = open_results(copy, load_world()), "convergence"
    table = held.table(name)
    listing = copy / "analysis" / results.TABLES
    for harm, file, wrong in (
        (flip, listing.with_name(f"{name}.parquet"), r"written\n.*analyze the runs again"),
        (Path.unlink, listing, r"tables.json does not list convergence.parquet"),
    ):
        harm(file)
        with pytest.raises(DataError, match=wrong):
            held.table(name)
    done("analyze", copy)
    pd.testing.assert_frame_equal(held.table(name), table)
    folder = Path(shutil.copytree(tested, copy.parent / "tested"))
    flip(folder / "verdicts.parquet")
    assert results.found(folder)[1] == {"verdicts.parquet": "is not what was written"}
    assert "verdicts.parquet is not what was written" in refused("report", folder)
    flip(copy / EVENTS)
    words = ("plot", copy, "--kind", "timeline", "--out", copy.parent / "drawn")
    assert f"{EVENTS} is not what was written" in refused(*words)
