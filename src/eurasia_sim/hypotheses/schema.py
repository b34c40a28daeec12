"""The shape of a file of hypotheses: its keys and their types."""

from typing import Literal

from pydantic import Field

from eurasia_sim.files.checker import Format, Strict
from eurasia_sim.scenarios.outcome_columns import Read

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
    window: list[str] = Field(default_factory=list, max_length=2)
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
