"""A world of two lands and a contested one, small enough to check by hand; `data/` holds it."""

from __future__ import annotations

from pathlib import Path

_DATA = Path(__file__).parent / "data"
_WORLD, _RULES = (
    {path.stem: path.read_text(encoding="utf-8") for path in (_DATA / folder).glob("*.yaml")}
    for folder in ("small", "rules")
)
ACTORS, CAPABILITIES, INSTITUTIONS, RECORD, THEATRES, TIES = (
    _WORLD[name]
    for name in ("actors", "capabilities", "institutions", "record", "theatres", "ties")
)
CAPABILITIES, CLAIMS, DOCUMENTS = (_WORLD[name] for name in ("capabilities", "claims", "documents"))
RULES, THEORIES = _RULES["perception"], _RULES["theories"]


def write_small_world(folder: Path, **changed: str) -> tuple[Path, Path]:
    """Write the world, with some files' text changed, and its rules; returns both folders."""
    world, rules = folder / "small", folder / "rules"
    world.mkdir(exist_ok=True)
    rules.mkdir(exist_ok=True)
    for name, text in {**_WORLD, **_RULES, **changed}.items():
        into = world if name in _WORLD else rules
        (into / f"{name}.yaml").write_text(text, encoding="utf-8")
    return world, rules
