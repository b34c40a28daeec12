"""Documented patterns: what the record is known to have looked like, as tests of a run that can fail."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from eurasia_sim.evidence.claims import load_evidence
from eurasia_sim.files.data_yaml import DataError, Page, near, read_page
from eurasia_sim.scenarios.outcome_columns import columns_of, unfolded
from eurasia_sim.world.provenance import Ancestry
from eurasia_sim.world.world import World

FILE = "patterns.yaml"
Kind = Literal["order", "sign", "band", "window"]
Half = Literal["training", "held_back"]
KINDS: tuple[Kind, ...] = ("order", "sign", "band", "window")
HALVES: tuple[Half, Half] = ("training", "held_back")
Months = tuple[int, int]  # first and last month since the start of the record
_Columns = Annotated[list[str], Field(min_length=1)]
_Dates = Annotated[list[str], Field(min_length=2, max_length=2)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Order(_Strict):
    higher: _Columns
    lower: _Columns
    during: _Dates


class _Sign(_Strict):
    of: _Columns
    less: list[str] = Field(default_factory=list)
    direction: Literal["rises", "falls"]
    earlier: _Dates
    later: _Dates


class _Band(_Strict):
    of: _Columns
    less: list[str] = Field(default_factory=list)
    within: Annotated[list[int | float], Field(min_length=2, max_length=2)]
    during: _Dates


class _Window(_Strict):
    of: _Columns
    less: list[str] = Field(default_factory=list)
    direction: Literal["rises", "falls"]
    past: int | float
    between: _Dates


class _Dataset(_Strict):
    dataset: str = Field(min_length=1)
    cite: str = ""
    file: str = Field(min_length=1)
    says: str = Field(min_length=1)


class _Entry(_Strict):
    says: str = Field(min_length=1)
    claims: list[str] = Field(default_factory=list)
    source: list[_Dataset] = Field(default_factory=list)
    note: str = ""
    half: Half
    order: _Order | None = None
    sign: _Sign | None = None
    band: _Band | None = None
    window: _Window | None = None


@dataclass(frozen=True)
class Pattern:
    """One documented pattern; what is read is the mean of some columns less the mean of others."""

    id: str
    says: str
    kind: Kind
    half: Half
    claims: tuple[str, ...]
    source: tuple[Mapping[str, str], ...]  # datasets, each with the file and the fact taken from it
    note: str
    of: tuple[str, ...]
    less: tuple[str, ...]
    windows: tuple[Months, ...]  # sign: earlier and later; else one
    low: float  # band: its ends; window: what is passed, twice
    high: float
    rises: bool  # sign and window: the way it goes
    place: str  # file:line

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column it reads."""
        return (*self.of, *self.less)

    @property
    def span(self) -> Months:
        """First and last month it looks at."""
        return min(first for first, _ in self.windows), max(last for _, last in self.windows)

    @property
    def reads_change(self) -> bool:
        """Whether it is about a change, rather than a level or an order of levels."""
        return self.kind in ("sign", "window")


def load_patterns(world: World) -> tuple[Pattern, ...]:
    """The patterns of a world, in the order of its file.

    Raises:
        DataError: with everything wrong with the file, each as file:line and what would be right; or that it is not
            there.
    """
    path = world.directory / FILE
    if not path.is_file():
        raise DataError(
            [f"the world {world.name} has no {FILE}: nothing documented to hold its runs against"]
        )
    page = read_page(path)
    if not isinstance(page.data, Mapping) or not page.data:
        raise DataError(
            [f"{FILE}:1: it must be a list of `id: ...` entries; see docs/validation.md"]
        )
    reader = _Reader(page, world)
    found = [
        pattern for name, entry in page.data.items() if (pattern := reader.pattern(name, entry))
    ]
    if not reader.problems:
        reader.problems += _misplaced_halves(found)
    if reader.problems:
        raise DataError(reader.problems)
    return tuple(found)


def halves(kinds: Mapping[str, str]) -> dict[str, Half]:
    """Half of every pattern, from the ids and kinds in the order of their file.

    Form: the patterns of one kind are taken two by two; the first of two goes by the parity of the SHA-256 of its id
    (even: training), the second to the other half. So kinds and neighbours divide evenly, nobody chooses, and patterns
    added at the end move no earlier one.
    """
    found: dict[str, Half] = {}
    for kind in dict.fromkeys(kinds.values()):
        same = [name for name in kinds if kinds[name] == kind]
        for at, name in enumerate(same):
            odd = hashlib.sha256(same[at - at % 2].encode()).digest()[-1] % 2
            found[name] = HALVES[odd ^ (at % 2)]
    return found


def _misplaced_halves(patterns: list[Pattern]) -> Iterator[str]:
    right = halves({pattern.id: pattern.kind for pattern in patterns})
    for pattern in patterns:
        if pattern.half != right[pattern.id]:
            yield f"{pattern.place}: {pattern.id} has half {pattern.half}; by the rule it is {right[pattern.id]}"


def circularity(pattern: Pattern, ancestry: Ancestry) -> list[str]:
    """Why a pattern cannot test the model, in words; empty where it can.

    What it rests on stands behind a number that enters what it reads, or the record itself puts that in place.
    """
    found: dict[str, None] = {}
    for column in pattern.columns:
        found |= dict.fromkeys(ancestry.ancestors(column, pattern.claims, pattern.source))
        found |= dict.fromkeys(
            ancestry.impositions(column, pattern.span, of_change=pattern.reads_change)
        )
    return list(found)


class _Reader:
    """Turns entries into patterns; whatever is wrong gathers in `problems`."""

    def __init__(self, page: Page, world: World) -> None:
        self.page, self.world = page, world
        self.problems: list[str] = []
        self.known = columns_of(world)
        self.claims = {claim.id for claim in load_evidence(world.directory).claims}

    def complain(self, keys: tuple[str, ...], message: str) -> None:
        self.problems.append(f"{self.page.place(keys)}: {message}")

    def pattern(self, name: str, entry: Any) -> Pattern | None:
        """The pattern of one entry, or nothing where something is wrong with it."""
        before = len(self.problems)
        try:
            given = _Entry.model_validate(entry)
        except ValidationError as error:
            for finding in error.errors(include_url=False):
                keys = (name, *map(str, finding["loc"]))
                wanted = finding["msg"].removeprefix("Input should be ")
                self.complain(keys, f"{'.'.join(keys)} = {finding.get('input')!r}: {wanted}")
            return None
        stated = [kind for kind in KINDS if getattr(given, kind) is not None]
        if len(stated) != 1:
            self.complain(
                (name,), f"{name} must have one test of {', '.join(KINDS)}; it has {len(stated)}"
            )
            return None
        if not given.claims and not given.source:
            self.complain(
                (name,),
                f"{name} rests on nothing; give claims, or a source with dataset, file and says",
            )
        for claim in given.claims:
            if claim not in self.claims:
                self.complain(
                    (name, "claims"), f"{name} rests on {claim}, which claims.yaml does not hold"
                )
        found = self.read(name, given, stated[0])
        return found if len(self.problems) == before else None

    def read(self, name: str, given: _Entry, kind: Kind) -> Pattern:
        test, trail = getattr(given, kind).model_dump(), (name, kind)
        if kind == "order":
            test = {**test, "of": test["higher"], "less": test["lower"]}
        low, high = test.get("within") or [test.get("past", 0.0)] * 2
        if low > high:
            self.complain(
                (*trail, "within"),
                f"{name}: [{low:g}, {high:g}] is upside down; give the lower end first",
            )
        dates = [key for key in ("earlier", "later", "during", "between") if key in test]
        windows = tuple(self.window((*trail, key), test[key]) for key in dates)
        if kind == "sign" and windows[0][1] >= windows[1][0]:
            self.complain(
                (*trail, "later"),
                f"{name}: the later window must begin after the earlier one has ended",
            )
        return Pattern(
            id=name,
            says=given.says,
            kind=kind,
            half=given.half,
            claims=tuple(given.claims),
            source=tuple(each.model_dump(exclude_defaults=True) for each in given.source),
            note=given.note,
            of=self.columns((*trail, "higher" if kind == "order" else "of"), test["of"]),
            less=self.columns((*trail, "lower" if kind == "order" else "less"), test["less"]),
            windows=windows,
            low=float(low),
            high=float(high),
            rises=test.get("direction") != "falls",
            place=self.page.place((name,)),
        )

    def window(self, keys: tuple[str, ...], dates: list[str]) -> Months:
        """First and last month of two dates YYYY-MM."""
        try:
            first, last = (self.world.month(date) for date in dates)
        except DataError as error:
            self.complain(keys, f"{'.'.join(keys)}: {error}")
            return 0, 0
        if not 0 <= first <= last < self.world.months:
            ends = f"{self.world.date(0)} to {self.world.date(self.world.months - 1)}"
            self.complain(keys, f"{'.'.join(keys)} = {dates} is upside down or outside {ends}")
        return first, last

    def columns(self, keys: tuple[str, ...], given: list[str]) -> tuple[str, ...]:
        """The published columns that names stand for; {group} is each member of a region or of a list."""
        found = [column for name in given for column in unfolded(name, self.world)]
        for column in found:
            if column not in self.known:
                self.complain(
                    keys, f"{column} is no column of a run{near(column, sorted(self.known))}"
                )
                break
        return tuple(found)
