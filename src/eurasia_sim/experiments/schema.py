"""The form of a sweep file: its keys and their types, what a checked file says, and where files are found."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import Field

from eurasia_sim.files.checker import Strict
from eurasia_sim.files.user_yaml import InputProblems, Problem, nearest
from eurasia_sim.scenarios.scenario import Scenario

Kind = Literal["grid", "zip", "list", "table", "latin_hypercube", "sobol", "saltelli", "morris"]
Chance = Literal["common", "own"]
KINDS: tuple[str, ...] = get_args(Kind)
STATED = ("list", "table")  # their points are written down, so their factors are too
CROSSED = ("grid", "zip")  # their factors have levels
SPREAD = ("latin_hypercube", "sobol", "saltelli", "morris")  # their factors have ranges, and they say how many points
# Those whose points come in a fixed pattern that an index is computed from: none may be taken out.
PATTERNED = ("saltelli", "morris")
# In these a point stands for itself; in all others points are compared with each other under the same luck.
_OWN_CHANCE = ("latin_hypercube", "sobol")
MOST_POINTS = 10_000_000
FOLDER = "experiments"  # where a name is looked up
# The keys of a design beside its kind that mean something in it.
OWN_KEYS: Mapping[str, tuple[str, ...]] = {
    "grid": (), "zip": (), "list": ("points",), "table": ("file",), "latin_hypercube": ("points",),
    "sobol": ("points",), "saltelli": ("points", "second_order"), "morris": ("trajectories", "levels"),
}  # fmt: skip


class DesignEntry(Strict):
    """How points are laid over the factors."""

    kind: Kind
    points: int | list[Any] | None = None
    trajectories: int | list[int] | None = None
    levels: int = Field(default=4, ge=2, le=1000)
    second_order: bool = True
    file: str | None = None


class FactorEntry(Strict):
    """One factor: a range, or levels; under a name of its own it moves several paths together."""

    low: float | int | None = None
    high: float | int | None = None
    steps: int | None = Field(default=None, ge=2)
    levels: list[Any] | None = Field(default=None, min_length=1)
    moves: dict[str, list[float | int]] | None = Field(default=None, min_length=1)


class ConstraintEntry(Strict):
    """A weighted sum of factors and the bounds it keeps within; points beyond them are left out."""

    sum: dict[str, float | int] = Field(min_length=1)
    at_least: float | int | None = None
    at_most: float | int | None = None


class SweepFile(Strict):
    """A sweep: scenarios run at many points of what is uncertain or could be decided."""

    format: Literal[1]
    kind: Literal["sweep"]
    title: str = Field(min_length=1)
    question: str = ""
    expect: str = ""
    scenarios: list[str] = Field(default_factory=list)
    theory: str | None = None
    forms: dict[str, str] = Field(default_factory=dict)
    set: dict[str, Any] = Field(default_factory=dict)
    design: DesignEntry
    factors: dict[str, Any] = Field(default_factory=dict)
    constraints: list[ConstraintEntry] = Field(default_factory=list)
    replications: int = Field(default=1, ge=1, le=10_000)
    chance: Chance | None = None
    measures: list[str] = Field(default_factory=list)
    window: list[str] = Field(default_factory=list, max_length=2)
    seed: int = Field(default=7, ge=0, lt=2**63)


@dataclass(frozen=True)
class Factor:
    """What differs between points: a path, `scenario`, `theory`, `form.<factor>`, `seed`, or a word moving several."""

    name: str
    low: float = 0.0
    high: float = 0.0
    levels: tuple[float | str, ...] = ()  # none: any number from low to high
    moves: Mapping[str, tuple[float, float]] = field(default_factory=dict)  # path -> its value at low and at high
    declared: bool = False  # over the number's declared range, or the theory's own where it owns one

    @property
    def column(self) -> str:
        """Name of its column in results."""
        return f"x.{self.name}"

    @property
    def is_text(self) -> bool:
        """Whether its levels are names; a design's table then holds their places."""
        return any(isinstance(level, str) for level in self.levels)

    def value(self, cell: float) -> float | str:
        """What a cell of the design's table stands for."""
        return self.levels[int(cell)] if self.is_text else float(cell)

    def told(self, cells: Iterable[float]) -> list[str]:
        """Cells of a factor with names among its levels, as a table holds them: a column is of one type."""
        return [str(self.levels[int(cell)]) for cell in cells]

    def described(self) -> dict[str, Any]:
        """For a manifest: its column with its range or its levels."""
        levels = [str(level) if self.is_text else level for level in self.levels]
        span: dict[str, Any] = {"levels": levels} if levels else {"low": self.low, "high": self.high}
        return {"name": self.column, **span, **({"moves": dict(self.moves)} if self.moves else {})}


@dataclass(frozen=True)
class Constraint:
    """low <= the weighted sum of numeric factors <= high."""

    weights: Mapping[str, float]
    low: float
    high: float


@dataclass(frozen=True)
class Points:
    """The rows of a table: mappings of factor to value, and the line of the file that each stands in."""

    file: str
    rows: list[dict[str, Any]]
    lines: Sequence[int]  # of a parquet file, the number of the row, from 1

    def placed(self, problem: Problem, row: int, name: str) -> Problem:
        """A problem of one value, told of its place in the table; its column is that of the table, from 1."""
        column, line = list(self.rows[row]).index(name) + 1, self.lines[row]
        where = f"column '{name}'" if self.file.endswith(".csv") else f"row {line}, column '{name}'"
        return replace(
            problem, file=self.file, line=line, column=column, message=f"{where}: {problem.message}", source_line=""
        )


@dataclass(frozen=True)
class Experiment:
    """A sweep file checked against a world."""

    path: Path
    title: str
    question: str
    scenarios: tuple[Scenario, ...]  # with what the file sets; those a factor chooses among are `scenario`'s levels
    theory: str | None
    forms: Mapping[str, str]
    kind: Kind
    options: Mapping[str, Any]
    factors: tuple[Factor, ...]
    stated: tuple[tuple[float, ...], ...]  # points that are written down, a cell a factor
    constraints: tuple[Constraint, ...]
    replications: int
    chance: Chance
    columns: tuple[str, ...]  # what is read off; none stands for everything
    window: tuple[int, int]  # first month and the month after the last over which columns are averaged
    seed: int

    @property
    def name(self) -> str:
        """Name of its file."""
        return self.path.stem

    @property
    def scenario_is_factor(self) -> bool:
        """Whether points choose among the scenarios, rather than each being run in all of them."""
        return any(factor.name == "scenario" for factor in self.factors)

    @property
    def runs_a_point(self) -> int:
        """Runs that one point takes."""
        return self.replications * (1 if self.scenario_is_factor else len(self.scenarios))

    @property
    def family(self) -> str:
        """SHA-256 of what decides a run at a given point, whichever points there are."""
        content = {
            "scenarios": [[scenario.name, scenario.digest] for scenario in self.scenarios],
            "theory": self.theory,
            "forms": dict(sorted(self.forms.items())),
            "kind": self.kind,
            "factors": [[factor.name, dict(factor.moves), factor.declared] for factor in self.factors],
            "replications": self.replications,
            "chance": self.chance,
            "columns": list(self.columns),
            "window": list(self.window),
            "seed": self.seed,
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def points_of(kind: str, sizes: int | Sequence[int], factors: int, second_order: bool) -> int:
    """How many points a design that says its size comes to, known before any is made."""
    each = {"saltelli": (2 if second_order else 1) * factors + 2, "morris": factors + 1}
    return (sizes if isinstance(sizes, int) else sum(sizes)) * each.get(kind, 1)


def usual_chance(kind: str) -> Chance:
    """Whether points share their luck unless a file says so itself."""
    return "own" if kind in _OWN_CHANCE else "common"


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
