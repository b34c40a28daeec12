"""Files made wrong at random: whatever reads them says so, and never ends in a traceback.

The same files are made on every machine. EURASIA_SIM_FUZZ says how many of each kind instead.
"""

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from tests.command import done, run_without_pictures
from tests.fuzz.kinds import GROUPS, Kind, Made

from eurasia_sim.world.world import World

FEW, MANY = 3, 36  # files of each of 32 kinds: MANY takes two minutes of one processor


@pytest.fixture(scope="module")
def made(
    tmp_path_factory: pytest.TempPathFactory, small_sweep: Path, tested: Path, world: World
) -> Made:
    """Results folders as verbs write them, and the packaged world."""
    folder = tmp_path_factory.mktemp("made")
    run = run_without_pictures(folder / "run", "us_exit", "us_stays", "-n", "2")
    sweep = Path(shutil.copytree(small_sweep, folder / "sweep"))
    done("analyze", sweep)
    return Made(run, sweep, tested, world)


def fails(kind: Kind, content: bytes) -> str:
    """How the reading of a file fails; empty where it does not."""
    try:
        code = kind.read(content)
    except Exception as error:  # noqa: BLE001 - whatever it is, a user must not see it
        return f"{type(error).__name__}: {error}"
    return f"exit {code}" * (code not in (0, 2))


def tried(kind: Kind, count: int) -> dict[str, bytes]:
    """By how it fails, a file that fails, of so many."""
    failures: dict[str, bytes] = {}
    every = {"database": None, "suppress_health_check": list(HealthCheck)}

    @settings(max_examples=count, phases=[Phase.generate], **every)
    @given(kind.wrong)
    def read(content: bytes) -> None:
        if why := fails(kind, content):
            failures[why] = content

    read()
    return failures


@pytest.mark.parametrize("count", [FEW, pytest.param(MANY, marks=pytest.mark.slow)])
@pytest.mark.parametrize("group", GROUPS)
def test_a_file_made_wrong_is_refused_in_words(
    group: str, count: int, made: Made, tmp_path: Path
) -> None:
    shown = []
    for kind in GROUPS[group](tmp_path, made):
        for content in kind.valid:
            assert kind.read(content) == 0, f"{kind.name}: a valid file is refused"
        failures = tried(kind, int(os.environ.get("EURASIA_SIM_FUZZ", count)))
        shown += [f"{kind.name}: {why}\n    {content[:300]!r}" for why, content in failures.items()]
    assert not shown, "\n".join(shown)
