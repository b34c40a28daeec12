"""Where scenarios are found: by path or by name, in folders searched in order."""

import re
from importlib.resources import files
from pathlib import Path

FOLDER = "scenarios"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}\Z")
_SUFFIXES = (".yaml", ".yml")


def names(beside: Path | None = None, world: Path | None = None) -> dict[str, Path]:
    """Every scenario that a name can reach, with its file; the first folder counts.

    Args:
        beside: folder of the scenario that names another. world: the world's folder; one with
            scenarios of its own knows no others.
    """
    package = Path(str(files("eurasia_sim")))
    packaged = package / "data" / FOLDER
    if not packaged.is_dir():  # in a checkout, at the top of the repository
        packaged = package.parent.parent / FOLDER
    folders = [Path.cwd() / FOLDER, packaged]
    if world and (world / FOLDER).is_dir():
        folders = [world / FOLDER]
    found: dict[str, Path] = {}
    for folder in [beside, *folders] if beside else folders:
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            if path.suffix in _SUFFIXES and _NAME.match(path.stem) and path.is_file():
                found.setdefault(path.stem, path)
    return dict(sorted(found.items()))


def find(name: str, beside: Path | None = None, world: Path | None = None) -> Path | None:
    """The file of a scenario that goes by a name; none if no folder holds it."""
    return names(beside, world).get(name)


def locate(name_or_path: str | Path, world: Path | None = None) -> Path | None:
    """The file meant by a name or a path; a path is taken as it stands, there or not."""
    text = str(name_or_path)
    is_path = isinstance(name_or_path, Path) or Path(text).suffix in _SUFFIXES
    return Path(text) if is_path or not _NAME.match(text) else find(text, world=world)
