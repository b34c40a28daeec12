"""The packaged world and what was observed of it, read once."""

import pytest

from eurasia_sim.observations.loader import Series, load_observations
from eurasia_sim.world.world import World


@pytest.fixture(scope="package")
def observed(world: World) -> dict[str, Series]:
    return load_observations(world)
