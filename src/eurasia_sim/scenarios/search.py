"""Where scenarios are found: by path or by name, in folders searched in order."""

import re
from importlib.resources import files
from pathlib import Path

FOLDER = "scenarios"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}\Z")
_SUFFIXES = (".yaml", ".yml")


def folders(beside: Path | None = None, world: Path | None = None) -> list[Path]:
    """Folders in which a name is looked up; a world with scenarios of its own knows no others.

    Args:
        beside: folder of the scenario that names another. world: the world's folder.
    """
    package = Path(str(files("eurasia_sim")))
    packaged = package / "data" / FOLDER
    if not packaged.is_dir():  # in a checkout, at the top of the repository
        packaged = package.parent.parent / FOLDER
    has_own = world is not None and (world / FOLDER).is_dir()
    own = [world / FOLDER] if world and has_own else [Path.cwd() / FOLDER, packaged]
    return [*([beside] if beside else []), *own]


def names(beside: Path | None = None, world: Path | None = None) -> dict[str, Path]:
    """Every scenario that a name can reach, with its file; the first folder counts."""
    found: dict[str, Path] = {}
    for folder in folders(beside, world):
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
    return Path(name_or_path) if is_path or not _NAME.match(text) else find(text, world=world)
