"""A study is written part by part; an interrupt loses none that is written."""

from pathlib import Path

import pandas as pd
import pytest

from eurasia_sim.scenarios.scenario import load_scenario
from eurasia_sim.simulation import run
from eurasia_sim.simulation.run import Study, Tables, carry_out, keep
from eurasia_sim.world.world import World


@pytest.fixture(scope="module")
def study(world: World) -> Study:
    scenarios = tuple(load_scenario(name, world) for name in ("us_exit", "us_stays"))
    return Study(world, scenarios, (world.default_theory,), 3, seed=4)


def executed(study: Study, folder: Path, report=lambda finished: None) -> Tables:
    return carry_out(study, list(study.batches()), folder, 2, report)


@pytest.fixture(scope="module")
def whole(study: Study, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Tables]:
    folder = tmp_path_factory.mktemp("whole")
    return folder, executed(study, folder)


def test_an_interrupt_keeps_the_parts_before_it_and_the_study_goes_on_from_there(
    study: Study, whole: tuple[Path, Tables], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = run._write_part

    def interrupted(*given) -> None:
        write(*given)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(run, "_write_part", interrupted)
        with pytest.raises(KeyboardInterrupt):
            executed(study, tmp_path)
    reported: list[int] = []
    rest = executed(study, tmp_path, reported.append)
    assert min(reported) >= 2 * 3  # one part of both scenarios is on disk, and not run again
    pd.testing.assert_frame_equal(rest.runs, whole[1].runs)
    pd.testing.assert_frame_equal(rest.trajectories, whole[1].trajectories)


def test_a_broken_part_is_run_again_and_whole_tables_take_the_place_of_parts(
    study: Study, whole: tuple[Path, Tables]
) -> None:
    folder, tables = whole
    parts = sorted((folder / "parts").glob("*.runs.parquet"))
    months = sorted((folder / "parts").glob("*.months.parquet"))
    table = pd.read_parquet(parts[0])
    table.iloc[0, -1] += 1.0
    table.to_parquet(parts[0], index=False)
    months[1].write_bytes(months[2].read_bytes())
    parts[3].unlink()
    before = {path: path.stat().st_mtime_ns for path in (*parts[:3], *months)}
    again = executed(study, folder)
    kept = {path for path, time in before.items() if path.stat().st_mtime_ns == time}
    assert kept == {parts[2], months[2]}
    pd.testing.assert_frame_equal(again.runs, tables.runs)
    pd.testing.assert_frame_equal(again.trajectories, tables.trajectories)
    keep(folder, again)
    assert not (folder / "parts").exists()
    # At reference, over the ranges, by the documents, under the fit; two scenarios; three runs.
    assert len(pd.read_parquet(folder / "runs.parquet")) == 4 * 2 * 3
