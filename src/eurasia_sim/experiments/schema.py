"""The keys of a sweep file and their types, and what a checked file says."""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from eurasia_sim.compute.dimensions import Floats
from eurasia_sim.files.checker import LARGEST_SEED, Format, Strict
from eurasia_sim.scenarios.scenario import Scenario

Kind = Literal["grid", "zip", "list", "table", "latin_hypercube", "sobol", "saltelli", "morris"]
Chance = Literal["common", "own"]
STATED = ("list", "table")  # their points are written down, so their factors are too
CROSSED = ("grid", "zip")  # their factors have levels
# Their factors have ranges, and they say how many points.
SPREAD = ("latin_hypercube", "sobol", "saltelli", "morris")
# An index is computed from the fixed pattern of their points: none may be left out.
PATTERNED = ("saltelli", "morris")
# In these a point stands for itself; in all others points are compared under the same luck.
OWN_CHANCE = ("latin_hypercube", "sobol")
MOST_POINTS = 10**12  # of which a dry run still says the price
MOST_FACTORS = 5_000
MOST_LEVELS = 100_000  # of a grid's or zip's factors together
DECLARED, ALL = "declared", "all"
# The keys of a design beside its kind that mean something in it.
OWN_KEYS: Mapping[str, tuple[str, ...]] = {
    "grid": (),
    "zip": (),
    "list": ("points",),
    "table": ("file",),
    "latin_hypercube": ("points",),
    "sobol": ("points",),
    "saltelli": ("points", "second_order"),
    "morris": ("trajectories", "levels"),
}


PointEntry = Annotated[dict[str, Any], Field(min_length=1)]  # a value of every factor


class DesignEntry(Strict):
    """How points are laid over the factors."""

    kind: Kind
    points: int | list[int | PointEntry] | None = None
    trajectories: int | list[int] | None = None
    levels: int = Field(default=4, ge=2, le=1000)
    second_order: bool = True
    file: str | None = None

    @property
    def sizes(self) -> list[int]:
        """How many points, or trajectories, by block."""
        given = self.trajectories if self.kind == "morris" else self.points
        sizes = given if isinstance(given, list) else [given]
        numbers = [size for size in sizes if isinstance(size, int)]
        return numbers if len(numbers) == len(sizes) else []

    def rows(self, factors: int) -> int:
        """How many points it comes to, known before any is made, where it says its size."""
        saltelli = (2 if self.second_order else 1) * factors + 2
        each = {"saltelli": saltelli, "morris": factors + 1}.get(self.kind, 1)
        return sum(self.sizes) * each


class FactorEntry(Strict):
    """A range, or levels; under a name of its own it moves several paths together."""

    low: float | int | None = None
    high: float | int | None = None
    steps: int | None = Field(default=None, ge=2, le=MOST_LEVELS)
    levels: list[Any] | None = Field(default=None, min_length=1)
    moves: dict[str, Annotated[list[float | int], Field(min_length=2, max_length=2)]] = Field(
        default_factory=dict
    )


class ConstraintEntry(Strict):
    """A weighted sum of factors and the bounds it keeps within; points beyond them are left out."""

    sum: dict[str, float | int] = Field(min_length=1)
    at_least: float | int | None = None
    at_most: float | int | None = None


Levels = Annotated[list[Any], Field(min_length=1)]


class SweepFile(Strict):
    """A sweep: scenarios run at many points of what is uncertain or could be decided."""

    format: Format
    kind: Literal["sweep"]
    title: str = Field(min_length=1)
    question: str = ""
    expect: str = ""
    scenarios: list[str] = Field(default_factory=list)
    theory: str | None = None
    forms: dict[str, str] = Field(default_factory=dict)
    set: dict[str, Any] = Field(default_factory=dict)
    design: DesignEntry
    factors: dict[str, FactorEntry | Levels | Literal["declared", "all"]] = Field(
        default_factory=dict
    )
    constraints: list[ConstraintEntry] = Field(default_factory=list)
    replications: int = Field(default=1, ge=1, le=10_000)
    chance: Chance | None = None
    measures: list[str] = Field(default_factory=list)
    window: list[str] = Field(default_factory=list, min_length=2, max_length=2)
    seed: int = Field(default=7, ge=0, le=LARGEST_SEED)


def is_choice(name: str) -> bool:
    """Whether a factor chooses a scenario, theory, form or seed, rather than setting a path."""
    return name in ("scenario", "theory", "seed") or name.startswith("form.")


@dataclass(frozen=True)
class Factor:
    """What differs between points: a path, a choice by name, `seed`, or what moves together."""

    name: str
    low: float = 0.0
    high: float = 0.0
    levels: tuple[float | str, ...] = ()  # none: any number from low to high
    moves: Mapping[str, tuple[float, float]] = field(default_factory=dict)  # at low, high
    declared: bool = False  # over the number's declared range, or the theory's own where it has one

    @property
    def column(self) -> str:
        """Name of its column in results."""
        return f"x.{self.name}"

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths that it sets."""
        return tuple(self.moves) or (self.name,)

    @cached_property
    def is_text(self) -> bool:
        """Whether its levels are names; a design's table then holds their places."""
        return any(isinstance(level, str) for level in self.levels)

    def value(self, cell: float) -> float | str:
        """What a cell of the design's table stands for."""
        return self.levels[int(cell)] if self.is_text else float(cell)

    def labels(self, cells: Floats) -> Floats | list[str]:
        """Cells as results have them: where names are among the levels, all as text."""
        return [str(self.levels[int(cell)]) for cell in cells] if self.is_text else cells

    def described(self) -> dict[str, Any]:
        """For a manifest: its column with its range or its levels."""
        levels = [str(level) if self.is_text else level for level in self.levels]
        span = {"levels": levels} if levels else {"low": self.low, "high": self.high}
        return {"name": self.column, **span, **({"moves": dict(self.moves)} if self.moves else {})}


@dataclass(frozen=True)
class Experiment:
    """A sweep file checked against a world."""

    path: Path
    file: SweepFile
    scenarios: tuple[Scenario, ...]  # with what the file sets; a factor may choose among them
    factors: tuple[Factor, ...]
    stated: tuple[tuple[float, ...], ...]  # points that are written down, a cell a factor
    columns: tuple[str, ...]  # what is read off; none stands for everything
    window: tuple[int, int]  # first month and the month after the last, for averages

    @property
    def name(self) -> str:
        """Name of its file."""
        return self.path.stem

    @property
    def kind(self) -> Kind:
        """Kind of its design."""
        return self.file.design.kind

    @property
    def chance(self) -> Chance:
        """Whether points are compared under the same luck, or have each their own."""
        return self.file.chance or ("own" if self.kind in OWN_CHANCE else "common")

    @property
    def points(self) -> int:
        """How many points it has before constraints, known before any is made."""
        if self.kind in STATED:
            return len(self.stated)
        if self.kind in SPREAD:
            return self.file.design.rows(len(self.factors))
        lengths = [len(factor.levels) for factor in self.factors]
        return math.prod(lengths) if self.kind == "grid" else max(lengths)

    @property
    def runs_a_point(self) -> int:
        """Runs that one point takes."""
        is_chosen = any(factor.name == "scenario" for factor in self.factors)
        return self.file.replications * (1 if is_chosen else len(self.scenarios))

    @property
    def family(self) -> str:
        """SHA-256 of what decides a run at a given point, whichever points there are."""
        content = {
            "scenarios": [[scenario.name, scenario.digest] for scenario in self.scenarios],
            "theory": self.file.theory,
            "forms": dict(sorted(self.file.forms.items())),
            "kind": self.kind,
            "factors": [[each.name, dict(each.moves), each.declared] for each in self.factors],
            "replications": self.file.replications,
            "chance": self.chance,
            "columns": list(self.columns),
            "window": list(self.window),
            "seed": self.file.seed,
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
