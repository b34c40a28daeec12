"""Documented patterns: known facts of the record, as tests that a run can fail."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from eurasia_sim.evidence.claims import load_evidence
from eurasia_sim.files.checker import Strict, validated
from eurasia_sim.files.data_yaml import DataError, Page, near, read_page
from eurasia_sim.scenarios.outcome_columns import columns_of, unfolded
from eurasia_sim.scenarios.schema import present_name
from eurasia_sim.world.forms import Finite, Span, Text
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


class _Order(Strict):
    higher: _Columns
    lower: _Columns
    during: _Dates


class _Quantity(Strict):
    of: _Columns
    less: list[str] = Field(default_factory=list)


class _Sign(_Quantity):
    direction: Literal["rises", "falls"]
    earlier: _Dates
    later: _Dates


class _Band(_Quantity):
    within: Span
    during: _Dates


class _Window(_Quantity):
    direction: Literal["rises", "falls"]
    past: Finite
    between: _Dates


class _Dataset(Strict):
    dataset: Text
    cite: str = ""
    file: Text
    says: Text


class _Entry(Strict):
    says: Text
    claims: list[str] = Field(default_factory=list)
    source: list[_Dataset] = Field(default_factory=list)
    note: str = ""
    half: Half
    order: _Order | None = None
    sign: _Sign | None = None
    band: _Band | None = None
    window: _Window | None = None


_File = Annotated[dict[str, _Entry], Field(min_length=1)]


@dataclass(frozen=True)
class Pattern:
    """One documented pattern of a quantity: the mean of some columns less the mean of others."""

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
    low: float  # band: its lower end; window: the threshold
    high: float
    rises: bool  # sign and window: the way it goes
    place: str  # file:line

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column of its quantity."""
        return (*self.of, *self.less)

    @property
    def span(self) -> Months:
        """First and last month of its windows."""
        return min(first for first, _ in self.windows), max(last for _, last in self.windows)


def load_patterns(world: World) -> tuple[Pattern, ...]:
    """The patterns of a world, in the order of its file.

    Raises:
        DataError: with everything wrong with the file, each as file:line and what would be right;
            or that it is not there.
    """
    path = world.directory / FILE
    if not path.exists():
        lacks = f"the world {world.name} has no {FILE}"
        raise DataError([f"{lacks}: nothing documented to hold its runs against"])
    page = read_page(path)
    checker = _Checker(page, world)
    entries = validated(page, _File, page.data, (), checker.problems) or {}
    read = (checker.pattern(name, entry) for name, entry in entries.items())
    found = tuple(pattern for pattern in read if pattern)
    problems = checker.problems or list(_misplaced_halves(found))
    if problems:
        raise DataError(problems)
    return found


def halves(kinds: Mapping[str, str]) -> dict[str, Half]:
    """Half of every pattern, from the ids and kinds in the order of their file.

    Form: the patterns of one kind are taken two by two; the first of two goes by the parity of the
    SHA-256 of its id (even: training), the second to the other half. So kinds and neighbours divide
    evenly, nobody chooses, and patterns added at the end move no earlier one.
    """
    found: dict[str, Half] = {}
    for kind in dict.fromkeys(kinds.values()):
        same = [name for name in kinds if kinds[name] == kind]
        for at, name in enumerate(same):
            odd = hashlib.sha256(same[at - at % 2].encode()).digest()[-1] % 2
            found[name] = HALVES[odd ^ (at % 2)]
    return found


def _misplaced_halves(patterns: tuple[Pattern, ...]) -> Iterator[str]:
    right = halves({pattern.id: pattern.kind for pattern in patterns})
    for each in patterns:
        if each.half != right[each.id]:
            wrong = f"{each.id} has half {each.half}"
            yield f"{each.place}: {wrong}; by the rule it is {right[each.id]}"


def circularity(pattern: Pattern, ancestry: Ancestry) -> list[str]:
    """Why a pattern cannot test the model, in words; empty where it can.

    Its sources stand behind a number that enters its quantity, or the record itself imposes it.
    """
    reads_change = pattern.kind in ("sign", "window")
    found: dict[str, None] = {}
    for column in pattern.columns:
        found |= dict.fromkeys(ancestry.ancestors(column, pattern.claims, pattern.source))
        imposed = ancestry.impositions(column, pattern.span, of_change=reads_change)
        found |= dict.fromkeys(imposed)
    return list(found)


class _Checker:
    """Makes patterns of entries; everything wrong is in `problems`."""

    def __init__(self, page: Page, world: World) -> None:
        self.page, self.world = page, world
        self.problems: list[str] = []
        self.known = columns_of(world)
        self.claims = {claim.id for claim in load_evidence(world.directory).claims}

    def complain(self, keys: tuple[str, ...], message: str) -> None:
        """Report a problem at a place."""
        self.problems.append(f"{self.page.place(keys)}: {message}")

    def pattern(self, name: str, given: _Entry) -> Pattern | None:
        """The pattern of one entry; none, with problems, where it states no one test."""
        stated = [kind for kind in KINDS if getattr(given, kind) is not None]
        if len(stated) != 1:
            one = f"must have one test of {', '.join(KINDS)}"
            self.complain((name,), f"{name} {one}; it has {len(stated)}")
            return None
        if not given.claims and not given.source:
            right = "give claims, or a source with dataset, file and says"
            self.complain((name,), f"{name} rests on nothing; {right}")
        for claim in [claim for claim in given.claims if claim not in self.claims]:
            missing = f"{name} rests on {claim}, which claims.yaml does not hold"
            self.complain((name, "claims"), missing)
        return self.read(name, given, stated[0])

    def read(self, name: str, given: _Entry, kind: Kind) -> Pattern:
        """The pattern of an entry of the right shape."""
        test, trail = getattr(given, kind).model_dump(), (name, kind)
        of, less = ("higher", "lower") if kind == "order" else ("of", "less")
        low, high = test.get("within") or [test.get("past", 0.0)] * 2
        if low > high:
            ends = f"[{low:g}, {high:g}] is upside down; give the lower end first"
            self.complain((*trail, "within"), f"{name}: {ends}")
        dates = [key for key in ("earlier", "later", "during", "between") if key in test]
        windows = tuple(self.window((*trail, key), test[key]) for key in dates)
        if kind == "sign" and windows[0][1] >= windows[1][0]:
            order = "the later window must begin after the earlier one has ended"
            self.complain((*trail, "later"), f"{name}: {order}")
        return Pattern(
            id=name,
            says=given.says,
            kind=kind,
            half=given.half,
            claims=tuple(given.claims),
            source=tuple(each.model_dump(exclude_defaults=True) for each in given.source),
            note=given.note,
            of=self.columns((*trail, of), test[of]),
            less=self.columns((*trail, less), test[less]),
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
        """The columns of patterns of names; the first unknown one is a problem."""
        found = tuple(column for name in given for column in unfolded(name, self.world))
        for column in [column for column in found if column not in self.known][:1]:
            hint = near(present_name(column), sorted(self.known))
            self.complain(keys, f"{column} is no column of a run{hint}")
        return found
