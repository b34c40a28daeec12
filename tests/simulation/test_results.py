"""What the page on reading results shows is run as it stands there."""

from pathlib import Path

import pandas as pd
import pytest
from tests.docs.lived import blocks
from tests.sweeping import grid

from eurasia_sim.experiments.sweep import Work, carry_out
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.simulation.results import (
    finished_manifest,
    load_results,
    result_columns,
    write_manifest,
)
from eurasia_sim.world.world import load_world

COLUMN = "competition.russia-china.central_asia"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("read")
    return carry_out(grid(place, load_world(), steps=2), place / "out", Work(workers=1)).folder


def run_example(number: int, folder: Path, repository: Path) -> dict[str, object]:
    found = blocks(repository / "docs" / "how-to" / "read-results.md")
    text = [block.text for block in found if block.language == "python"][number]
    seen: dict[str, object] = {"folder": folder}
    exec(compile(text, "example", "exec"), seen)  # noqa: S102 - the page's own lines
    return seen


def test_pandas_reads_a_sweep_as_the_page_says(
    folder: Path, repository: Path, capsys: pytest.CaptureFixture
) -> None:
    runs = run_example(0, folder, repository)["runs"]
    assert isinstance(runs, pd.DataFrame)
    assert list(runs.columns) == ["point", "scenario", COLUMN]
    assert len(runs) == 8
    assert "few_months" in capsys.readouterr().out


def test_duckdb_reads_the_parts_as_the_page_says(folder: Path, repository: Path) -> None:
    pytest.importorskip("duckdb")
    found = run_example(1, folder, repository)["found"]
    assert isinstance(found, pd.DataFrame)
    whole = load_results(folder).groupby("point")[COLUMN].mean()
    assert list(found["runs"]) == [2, 2, 2, 2]
    assert list(found["competition"]) == pytest.approx(list(whole))


def test_a_folder_that_another_verb_wrote_is_told_by_its_command(tmp_path: Path) -> None:
    write_manifest(tmp_path, {"finished": True, "command": "eurasia-sim test H2"}, [])
    with pytest.raises(
        DataError, match="`eurasia-sim test H2` wrote it; name one that `eurasia-sim run` wrote"
    ):
        finished_manifest(tmp_path)


def test_effort_by_place_is_read_under_its_present_name(tmp_path: Path) -> None:
    old = {
        "scenario": ["a", "b"],
        "effort.north": [0.5, 0.7],
        "level.north.middle.security": [0.1, 0.2],
    }
    pd.DataFrame(old).to_parquet(tmp_path / "runs.parquet")
    write_manifest(tmp_path, {"finished": True}, ["runs.parquet"])
    name = "effort.north.middle.security"
    assert result_columns(tmp_path) == ["scenario", "effort.north", name]
    assert load_results(tmp_path, [name])[name].tolist() == [0.1, 0.2]
    assert load_results(tmp_path, ["effort.north"])["effort.north"].tolist() == [0.5, 0.7]
    kept = load_results(tmp_path, [name], [("scenario", "==", "b")])
    assert kept.to_dict("list") == {name: [0.2]}
