"""A world of two lands and a contested one, small enough to check by hand; `data/` holds it."""

from pathlib import Path

import pytest

from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.world.world import load_world

_DATA = Path(__file__).parent / "data"
_WORLD, _RULES = (
    {path.stem: path.read_text(encoding="utf-8") for path in (_DATA / folder).glob("*.yaml")}
    for folder in ("small", "rules")
)
TEXTS = {**_WORLD, **_RULES}  # by name of the file
ACTORS, CAPABILITIES, THEATRES, RULES = (
    TEXTS[name] for name in ("actors", "capabilities", "theatres", "perception")
)


def write_small_world(folder: Path, **changed: str) -> tuple[Path, Path]:
    """Write the world, with some files' text changed, and its rules; returns both folders."""
    world, rules = folder / "small", folder / "rules"
    world.mkdir(exist_ok=True)
    rules.mkdir(exist_ok=True)
    for name, text in {**TEXTS, **changed}.items():
        into = rules if name in _RULES else world
        (into / f"{name}.yaml").write_text(text, encoding="utf-8")
    return world, rules


def problems(tmp_path: Path, **changed: str) -> str:
    """What is said of the world with some files changed, which cannot be loaded."""
    with pytest.raises(DataError) as caught:
        load_world(*write_small_world(tmp_path, **changed))
    return str(caught.value)
