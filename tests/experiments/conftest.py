"""The sweep `grid`: as one thread carries it out, and again of the same files."""

import pytest
from tests.sweeping import grid

from eurasia_sim.experiments.sweep import Work, carry_out


@pytest.fixture(scope="session")
def whole(world, tmp_path_factory):
    """Its folder, by one thread."""
    folder = tmp_path_factory.mktemp("whole")
    return carry_out(grid(folder, world), folder / "out", Work(workers=1)).folder


@pytest.fixture
def sweep(world, whole):
    """The same sweep again, of the same files."""
    return grid(whole.parent.parent, world)
