"""A file of hypotheses of any size is checked."""

from pathlib import Path

import pytest

from eurasia_sim.cli.scenario import problems_of
from eurasia_sim.world.world import World

PART = "metric: {mean: [alignment.russia.china]}, sign: '+', smallest: 0.1, because: b"
ARMS = {
    "us_exi%d": (5000, "unknown scenario 'us_exi0' — did you mean us_exit?"),
    "us_exit": (5000, ""),
    "{scenario: us_exit, set: {growth.russia: 0.001%d}}": (800, ""),
}


@pytest.mark.parametrize("arm", ARMS)
def test_hypotheses_of_any_size_are_told(world: World, tmp_path: Path, arm: str) -> None:
    many, said = ARMS[arm]
    arms = ", ".join(arm.replace("%d", str(n)) for n in range(many))
    head = "format: 2\nkind: hypotheses\ntitle: t\nwindow: ['2022-01', '2025-12']\n"
    file = tmp_path / "many.yaml"
    file.write_text(f"{head}hypotheses: {{H: {{says: s, all: [{{plus: [{arms}], {PART}}}]}}}}\n")
    found = "\n".join(map(str, problems_of(str(file), world)))
    assert said in found
    assert bool(found) == bool(said)
