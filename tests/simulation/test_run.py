"""A study is written part by part; an interrupt ends it, whatever it finds finished, and loses nothing."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from eurasia_sim.scenarios.scenario import load_scenario
from eurasia_sim.simulation import run
from eurasia_sim.simulation.ensemble import run_ensemble_draws
from eurasia_sim.simulation.run import Study, Tables, carry_out, keep
from eurasia_sim.world.world import World, load_world


@pytest.fixture(scope="module")
def world() -> World:
    return load_world()


def asked(world: World, n: int = 5) -> Study:
    scenarios = tuple(load_scenario(name, world) for name in ("us_exit", "us_stays"))
    return Study(world, scenarios, (world.default_theory,), n, seed=4)


def carried_out(study: Study, folder: Path) -> Tables:
    return carry_out(study, list(study.batches()), folder, 2, lambda finished: None)


def test_an_interrupt_that_finds_a_part_finished_ends_the_study_all_the_same(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = asked(world)
    whole = carried_out(study, tmp_path / "whole")

    def interrupted(*given, progress, **options):
        found = run_ensemble_draws(*given, progress=progress, **options)
        progress.stop.set()
        return found

    monkeypatch.setattr(run, "run_ensemble_draws", interrupted)
    cut = carried_out(study, tmp_path / "cut")
    assert not cut.complete
    assert len(cut.runs) == 2 * 5  # one part of both scenarios
    monkeypatch.undo()
    told = []
    rest = carry_out(study, list(study.batches()), tmp_path / "cut", 2, told.append)
    assert rest.complete
    assert min(told) >= 2 * 5  # what is on disk is not run again
    pd.testing.assert_frame_equal(rest.runs, whole.runs)
    pd.testing.assert_frame_equal(rest.trajectories, whole.trajectories)


def test_a_part_that_cannot_be_read_is_run_again(world: World, tmp_path: Path) -> None:
    study = asked(world, n=3)
    whole = carried_out(study, tmp_path)
    broken = min((tmp_path / "parts").glob("*.months.parquet"))
    broken.write_bytes(b"half a file")
    again = carried_out(study, tmp_path)
    pd.testing.assert_frame_equal(again.runs, whole.runs)


def test_whole_tables_take_the_place_of_the_parts(world: World, tmp_path: Path) -> None:
    study = asked(world, n=2)
    keep(tmp_path, carried_out(study, tmp_path))
    assert not (tmp_path / "parts").exists()
    assert len(pd.read_parquet(tmp_path / "runs.parquet")) == 2 * 2 * 2
