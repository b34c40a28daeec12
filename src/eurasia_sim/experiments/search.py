"""Where experiments are found: by path, in the folder at hand, in the package."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from eurasia_sim.files.user_yaml import InputProblems, Problem, nearest

FOLDER = "experiments"


def folders() -> list[Path]:
    """Folders in which a name is looked up, first found first taken; in a checkout, the one at its top."""
    package = Path(str(files("eurasia_sim")))
    return [Path.cwd() / FOLDER, package / "data" / FOLDER, package.parent.parent / FOLDER]


def names() -> dict[str, Path]:
    """Every experiment that a name can reach, with its file."""
    return {file.stem: file for folder in reversed(folders()) for file in sorted(folder.glob("*.yaml"))}


def located(name_or_path: str) -> Path:
    """The file of an experiment.

    Raises:
        InputProblems: when neither a file nor an experiment of that name is there.
    """
    path = Path(name_or_path)
    if path.suffix in (".yaml", ".yml"):
        return path
    known = names()
    if name_or_path in known:
        return known[name_or_path]
    close, listed = nearest(name_or_path, known), ", ".join(known)
    raise InputProblems([Problem(name_or_path, 1, 1, f"unknown experiment '{name_or_path}'", "", close, listed)])
