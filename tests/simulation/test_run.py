"""A study is written part by part; an interrupt loses none that is written."""

from pathlib import Path
from unittest import mock

import pandas as pd
import pytest
from tests.results import unchanging

from eurasia_sim.scenarios.scenario import load_scenario
from eurasia_sim.simulation import run
from eurasia_sim.simulation.run import Study, carry_out
from eurasia_sim.world.world import World


@pytest.fixture(scope="module")
def study(world: World) -> Study:
    scenarios = tuple(load_scenario(name, world) for name in ("us_exit", "us_stays"))
    return Study(world, scenarios, (world.default_theory,), 3, seed=4)


def interrupted(study: Study, folder: Path, after: int) -> None:
    """Carry a study out until so many of its parts are written."""
    write, parts = run._write_part, []

    def once_more(*given) -> None:
        write(*given)
        parts.append(given)
        if len(parts) == after:
            raise KeyboardInterrupt

    with mock.patch.object(run, "_write_part", once_more), pytest.raises(KeyboardInterrupt):
        carry_out(study, folder, 2, lambda _: None)


def test_an_interrupt_keeps_its_parts_and_a_broken_one_is_run_again(
    study: Study, tmp_path: Path
) -> None:
    carry_out(study, tmp_path / "whole", 1, lambda _: None)
    runs = pd.read_parquet(tmp_path / "whole" / run.results.RUNS)
    assert len(runs) == 4 * 2 * 3  # sets of draws, scenarios, runs
    interrupted(study, tmp_path / "cut", after=3)
    parts = sorted((tmp_path / "cut" / "parts").iterdir())
    assert sum(len(part.runs) for part in run.read_parts(tmp_path / "cut")) == 3 * 2 * 3
    content = bytearray(parts[0].read_bytes())
    content[len(content) // 2] ^= 4
    parts[0].write_bytes(content)
    parts[1].write_bytes(parts[1].read_bytes()[:100])
    reported: list[int] = []
    carry_out(study, tmp_path / "cut", 2, reported.append)
    assert min(reported) >= 2 * 3  # the one whole part of both scenarios is not run again
    assert unchanging(tmp_path / "cut") == unchanging(tmp_path / "whole")
