"""Results read back: as the page on reading them shows, under present names, and no other kind."""

from pathlib import Path

import pandas as pd
import pytest
from tests.docs.lived import blocks

from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.simulation.results import (
    finished_manifest,
    load_results,
    result_columns,
    write_manifest,
)

COLUMN = "competition.russia-china.central_asia"


def run_example(number: int, folder: Path, repository: Path) -> dict[str, object]:
    found = blocks(repository / "docs" / "how-to" / "read-results.md")
    text = [block.text for block in found if block.language == "python"][number]
    seen: dict[str, object] = {"folder": folder}
    exec(compile(text, "example", "exec"), seen)  # noqa: S102 - the page's own lines
    return seen


def test_pandas_and_duckdb_read_a_sweep_as_the_page_says(
    small_sweep: Path, repository: Path, capsys: pytest.CaptureFixture
) -> None:
    runs = run_example(0, small_sweep, repository)["runs"]
    assert isinstance(runs, pd.DataFrame)
    assert list(runs.columns) == ["point", "scenario", COLUMN]
    assert len(runs) == 8
    assert "few_months" in capsys.readouterr().out
    pytest.importorskip("duckdb")
    found = run_example(1, small_sweep, repository)["found"]
    assert isinstance(found, pd.DataFrame)
    whole = load_results(small_sweep).groupby("point")[COLUMN].mean()
    assert list(found["runs"]) == [2, 2, 2, 2]
    assert list(found["competition"]) == pytest.approx(list(whole))


def test_a_folder_that_another_verb_wrote_is_told_by_its_command(tmp_path: Path) -> None:
    write_manifest(tmp_path, {"finished": True, "command": "eurasia-sim test H2"}, [])
    wrong = "`eurasia-sim test H2` wrote it; name one that `eurasia-sim run` wrote"
    with pytest.raises(DataError, match=wrong):
        finished_manifest(tmp_path)


def test_effort_by_place_is_read_under_its_present_name(tmp_path: Path) -> None:
    name, old = "effort.north.middle.security", "level.north.middle.security"
    table = {"scenario": ["a", "b"], "effort.north": [0.5, 0.7], old: [0.1, 0.2]}
    pd.DataFrame(table).to_parquet(tmp_path / "runs.parquet")
    write_manifest(tmp_path, {"finished": True}, ["runs.parquet"])
    assert result_columns(tmp_path) == ["scenario", "effort.north", name]
    assert load_results(tmp_path, [name])[name].tolist() == [0.1, 0.2]
    assert load_results(tmp_path, ["effort.north"])["effort.north"].tolist() == [0.5, 0.7]
    kept = load_results(tmp_path, [name], [("scenario", "==", "b")])
    assert kept.to_dict("list") == {name: [0.2]}
