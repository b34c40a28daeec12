"""Hypotheses: the shape of their file, and the contrasts of scenarios that it states."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from pydantic import Field

from eurasia_sim.files.checker import Format, Strict
from eurasia_sim.files.data_yaml import DataError, near
from eurasia_sim.scenarios.outcome_columns import Metric, Read
from eurasia_sim.scenarios.scenario import Scenario, apply_settings, load_scenario
from eurasia_sim.world.levers import split_month
from eurasia_sim.world.world import World

Arm = tuple[str, tuple[tuple[str, float], ...]]  # a scenario's name and its settings
Sign = Literal["+", "-", "0", "not +", "not -", "?"]
Kind = Literal["hypothesis", "placebo", "control"]
# What defines the words of a verdict; it is in the digest of every file.
SHARE_OF_SPACE = 0.8  # in which it holds, its opposite does, or the effect is negligible
FORCED = 0.99  # of the draws of wide coefficients
OPPOSING, CANCELLED = 0.5, 0.5  # of the space; most that is left of what the channels add up to
NUMBERS, DENSITY, COVERAGE = 3, 0.8, 0.3  # of a region that something hinges on
ONE_SIGN = 0.95  # of the draws on either side of a number's zero
THRESHOLDS = SHARE_OF_SPACE, FORCED, OPPOSING, CANCELLED, NUMBERS, DENSITY, COVERAGE, ONE_SIGN


class SourceEntry(Strict):
    """A document and lines of it."""

    document: str
    lines: list[int] = Field(min_length=1)


class ArmEntry(Strict):
    """A scenario with levers or numbers set otherwise."""

    scenario: str
    set: dict[str, float] = Field(default_factory=dict)


class MetricEntry(Strict):
    """Columns and how they are combined."""

    sum: list[str] = Field(default_factory=list)
    mean: list[str] = Field(default_factory=list)
    least: list[str] = Field(default_factory=list)
    greatest: list[str] = Field(default_factory=list)
    less: list[str] = Field(default_factory=list)
    over: list[str] = Field(default_factory=list)
    log: bool = False
    read: Read = "mean"
    level: float | None = None


class SmallestEntry(Strict):
    """The rule for the smallest effect that matters, by the unit of what is read."""

    of_level: float = Field(gt=0, lt=1)  # of positive volumes, the level in the arms taken away
    floor: dict[str, float] = Field(default_factory=dict)  # of such a volume
    absolute: dict[str, float] = Field(default_factory=dict)  # of signed scales and dates


class ReadingEntry(Strict):
    """A reading and the sign expected of it; the file's rule gives the smallest effect."""

    label: str = ""
    metric: MetricEntry
    window: list[str] = Field(default_factory=list, min_length=2, max_length=2)
    sign: Sign
    smallest: float | None = Field(default=None, gt=0)
    because: str = ""


class PartEntry(ReadingEntry):
    """A reading of some arms less that of others."""

    plus: list[str | ArmEntry] = Field(min_length=1)
    less: list[str | ArmEntry] = Field(default_factory=list)
    channels: bool = False  # whether what it adds up from is told
    given: list[float] = Field(default_factory=list, max_length=2)  # of the arms taken away


class HypothesisEntry(Strict):
    """A claim, and the parts that it stands or falls by."""

    kind: Kind = "hypothesis"
    says: str = Field(min_length=1)
    source: list[SourceEntry] = Field(default_factory=list)
    note: str = ""
    built_in: bool = False
    needs: list[str] = Field(default_factory=list)  # controls of its measures
    all: list[PartEntry] = Field(default_factory=list)
    any: list[PartEntry] = Field(default_factory=list)


class Axis(Strict):
    """One side of a map: levels by name, each with the levers that make it."""

    label: str = Field(min_length=1)
    levels: dict[str, dict[str, float]] = Field(min_length=2)


class MapEntry(Strict):
    """One change made in every cell of a grid, and what rival hypotheses expect of it."""

    says: str = Field(min_length=1)
    scenario: str
    change: Axis
    across: list[Axis] = Field(min_length=2, max_length=2)
    readings: dict[str, ReadingEntry] = Field(min_length=1)
    rivals: dict[str, list[str]] = Field(min_length=2)


class HypothesesFile(Strict):
    """A family of hypotheses, and maps of where rivals among them hold."""

    format: Format
    kind: Literal["hypotheses"]
    title: str
    window: list[str] = Field(min_length=2, max_length=2)
    smallest: SmallestEntry | None = None
    hypotheses: dict[str, HypothesisEntry] = Field(min_length=1)
    maps: dict[str, MapEntry] = Field(default_factory=dict)
    weakest: list[str] = Field(default_factory=list)  # places of the model, said with the findings


class Smallest(NamedTuple):
    """The smallest effect that matters: a share of the level, and never below a floor."""

    floor: float
    of_level: float = 0.0

    def at(self, level: Any) -> Any:
        """The smallest effect, in the reading's unit, at one or many levels."""
        return np.maximum(self.of_level * np.abs(level), self.floor)


@dataclass(frozen=True)
class Part:
    """One contrast: a reading of some arms less that of others, and the sign expected of it."""

    label: str
    plus: tuple[Arm, ...]
    less: tuple[Arm, ...]  # none: the reading itself is the effect
    metric: Metric
    window: tuple[int, int]  # first month and the month after the last
    sign: Sign
    smallest: Smallest
    because: str
    channels: bool = False
    given: tuple[float, float] | None = None  # it counts where the arms taken away read so

    @property
    def arms(self) -> tuple[Arm, ...]:
        """Every arm it takes."""
        return (*self.plus, *self.less)


@dataclass(frozen=True)
class Hypothesis:
    """A claim about what differs between scenarios; all of its parts must hold, or any of them."""

    id: str
    says: str
    source: str  # documents and lines
    note: str
    join: Literal["all", "any"]
    parts: tuple[Part, ...]
    kind: Kind = "hypothesis"
    built_in: bool = False  # of a control: a number's range gives its sign
    needs: tuple[str, ...] = ()  # controls without which its measures answer nothing

    @property
    def is_control(self) -> bool:
        """Whether its sign is known beforehand, and so tells whether a measure answers at all."""
        return self.kind == "control"


@dataclass(frozen=True)
class ContrastMap:
    """One change, made in every cell of a grid of two other circumstances, and rival hypotheses."""

    id: str
    says: str
    scenario: str
    change: Axis  # every later level is compared with the first
    across: tuple[Axis, Axis]
    readings: Mapping[str, Part]  # by name; their arms are those of a cell
    rivals: Mapping[str, tuple[str, ...]]  # hypothesis -> names of the readings it expects to rise
    digest: str

    def cells(self) -> Iterator[tuple[str, str, str]]:
        """Every later level of the change in every cell of the grid."""
        first, second = (axis.levels for axis in self.across)
        return product(list(self.change.levels)[1:], first, second)

    def part(self, reading: str, level: str, first: str, second: str) -> Part:
        """The effect of the change to a level on a reading in one cell."""

        def arm(*levels: str) -> Arm:
            settings: dict[str, float] = {}
            for axis, each in zip((self.change, *self.across), levels, strict=True):
                settings |= axis.levels[each]
            return self.scenario, tuple(sorted(settings.items()))

        plus, less = (arm(each, first, second) for each in (level, next(iter(self.change.levels))))
        return replace(self.readings[reading], plus=(plus,), less=(less,))


@dataclass(frozen=True)
class Family:
    """The hypotheses of one file with their digest, and maps of where rivals among them hold."""

    path: Path
    title: str
    digest: str
    hypotheses: tuple[Hypothesis, ...]
    maps: tuple[ContrastMap, ...] = ()
    weakest: tuple[str, ...] = ()

    def chosen(self, ids: list[str]) -> "Family":
        """The named hypotheses and the controls they need, in the file's order; all if none is.

        Raises DataError for an id that the file does not hold.
        """
        known = [hypothesis.id for hypothesis in self.hypotheses]
        if unknown := [name for name in ids if name not in known]:
            allowed = f"\n    allowed: {', '.join(known)}"
            raise DataError(
                f"unknown hypothesis '{name}'{near(name, known)}{allowed}" for name in unknown
            )
        needed = {name for each in self.hypotheses if each.id in ids for name in each.needs}
        kept = tuple(each for each in self.hypotheses if not ids or each.id in needed.union(ids))
        maps = tuple(each for each in self.maps if not ids or set(each.rivals) <= set(ids))
        return replace(self, hypotheses=kept, maps=maps)

    def parts(self) -> Iterator[Part]:
        """Every part of every hypothesis, in order."""
        for hypothesis in self.hypotheses:
            yield from hypothesis.parts


def arm_scenario(arm: Arm, world: World, scenario: Scenario | None = None) -> Scenario:
    """The scenario of an arm, loaded unless given, with settings applied from their months."""
    settings = [f"{path}={value!r}" for path, value in arm[1]]
    months = []
    with contextlib.suppress(DataError):  # a wrong month is a problem of its setting
        months = [world.month(month) for path, _ in arm[1] if (month := split_month(path)[1])]
    scenario = scenario or load_scenario(arm[0], world)
    return apply_settings(scenario, settings, world, min(months, default=None))


def arm_name(arm: Arm) -> str:
    """An arm in words: the scenario, and its settings."""
    settings = ", ".join(
        f"{split_month(path)[0].rsplit('.', 1)[-1]}={value:g}" for path, value in arm[1]
    )
    return f"{arm[0]} ({settings})" if settings else arm[0]
