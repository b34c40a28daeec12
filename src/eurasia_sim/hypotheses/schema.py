"""The shape of a file of hypotheses: its keys and their types."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from eurasia_sim.files.checker import Strict
from eurasia_sim.scenarios.outcome_columns import Read

Sign = Literal["+", "-", "0", "not +", "not -", "?"]
NULL_EXPECTED: Sign = "0"


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


class ReadingEntry(Strict):
    """A reading and the sign expected of it."""

    label: str = ""
    metric: MetricEntry
    window: list[str] = Field(default_factory=list, max_length=2)
    sign: Sign
    smallest: float = Field(gt=0)
    because: str = Field(min_length=1)


class PartEntry(Strict):
    """A reading of some arms less that of others; the order of the keys is in the digest."""

    label: str = ""
    plus: list[str | ArmEntry] = Field(min_length=1)
    less: list[str | ArmEntry] = Field(default_factory=list)
    metric: MetricEntry
    window: list[str] = Field(default_factory=list, max_length=2)
    sign: Sign
    smallest: float = Field(gt=0)
    because: str = Field(min_length=1)


class HypothesisEntry(Strict):
    """A claim, and the parts that it stands or falls by."""

    says: str = Field(min_length=1)
    source: list[SourceEntry] = Field(default_factory=list)
    note: str = ""
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

    format: Literal[2]
    kind: Literal["hypotheses"]
    title: str
    window: list[str] = Field(min_length=2, max_length=2)
    hypotheses: dict[str, HypothesisEntry] = Field(min_length=1)
    maps: dict[str, MapEntry] = Field(default_factory=dict)
