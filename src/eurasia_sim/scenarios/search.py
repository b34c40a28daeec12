"""Where scenarios are found: by path, beside the one that extends them, in their world, at hand, in the package."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

FOLDER = "scenarios"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}\Z")
_SUFFIXES = (".yaml", ".yml")


def packaged_scenarios() -> Path:
    """Folder of the scenarios that come with the package; in a checkout, the one at the top of the repository."""
    package = Path(str(files("eurasia_sim")))
    inside = package / "data" / FOLDER
    return inside if inside.is_dir() else package.parent.parent / FOLDER


def folders(beside: Path | None = None, world: Path | None = None) -> list[Path]:
    """Folders in which a name is looked up, first found first taken; a world with scenarios of its own knows no others.

    Args:
        world: the world's folder.
    """
    own = (
        [world / FOLDER]
        if world and (world / FOLDER).is_dir()
        else [Path.cwd() / FOLDER, packaged_scenarios()]
    )
    return [*([beside] if beside else []), *own]


def names(beside: Path | None = None, world: Path | None = None) -> dict[str, Path]:
    """Every scenario that a name can reach, with its file."""
    found: dict[str, Path] = {}
    for folder in folders(beside, world):
        if folder.is_dir():
            for path in sorted(folder.iterdir()):
                if path.suffix in _SUFFIXES and _NAME.match(path.stem):
                    found.setdefault(path.stem, path)
    return dict(sorted(found.items()))


def find(name: str, beside: Path | None = None, world: Path | None = None) -> Path | None:
    """The file of a scenario that goes by a name; none if no folder holds it."""
    if not _NAME.match(name):
        return None
    for folder in folders(beside, world):
        for suffix in _SUFFIXES:
            if (folder / (name + suffix)).is_file():
                return folder / (name + suffix)
    return None


def locate(name_or_path: str | Path, world: Path | None = None) -> Path | None:
    """The file meant by a name or a path; a path is taken as it stands, whether it exists or not."""
    text = str(name_or_path)
    if isinstance(name_or_path, Path) or Path(text).suffix in _SUFFIXES or not _NAME.match(text):
        return Path(name_or_path)
    return find(text, world=world)
