"""Hypotheses as data: contrasts of scenarios, what is read off, the sign expected, the least effect that matters."""

from __future__ import annotations

import hashlib
import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from eurasia_sim.catalogue import DataError
from eurasia_sim.evidence import load_evidence
from eurasia_sim.parameters import DOMAINS
from eurasia_sim.reading import Document, InputProblems, nearest, plain, read_file
from eurasia_sim.scenario import Scenario, load_scenario
from eurasia_sim.scenario_form import measures, shown
from eurasia_sim.world import World

Sign = Literal["+", "-", "0", "not +", "not -", "?"]
Reduction = Literal["sum", "mean", "least", "greatest"]
Read = Literal["mean", "slope", "months_until"]
NULL_EXPECTED = "0"
MONTHS_A_YEAR = 12
_GROUP = re.compile(r"\{([^{}]*)\}")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Source(_Strict):
    document: str
    lines: list[int] = Field(min_length=1)


class _Arm(_Strict):
    scenario: str
    set: dict[str, float] = Field(default_factory=dict)


class _Metric(_Strict):
    sum: list[str] = Field(default_factory=list)
    mean: list[str] = Field(default_factory=list)
    least: list[str] = Field(default_factory=list)
    greatest: list[str] = Field(default_factory=list)
    less: list[str] = Field(default_factory=list)
    over: list[str] = Field(default_factory=list)
    log: bool = False
    read: Read = "mean"
    level: float | None = None


class _Part(_Strict):
    label: str = ""
    plus: list[str | _Arm] = Field(min_length=1)
    less: list[str | _Arm] = Field(default_factory=list)
    metric: _Metric
    window: list[str] = Field(default_factory=list, max_length=2)
    sign: Sign
    smallest: float = Field(gt=0)
    because: str = Field(min_length=1)


class _Hypothesis(_Strict):
    says: str = Field(min_length=1)
    source: list[_Source] = Field(default_factory=list)
    note: str = ""
    all: list[_Part] = Field(default_factory=list)
    any: list[_Part] = Field(default_factory=list)


class _File(_Strict):
    format: Literal[1]
    kind: Literal["hypotheses"]
    title: str
    window: list[str] = Field(min_length=2, max_length=2)
    hypotheses: dict[str, _Hypothesis] = Field(min_length=1)


@dataclass(frozen=True)
class Metric:
    """What is read off one run: columns put together month by month, then read over a window."""

    kind: Reduction  # how the columns, and those taken away, are put together
    columns: tuple[str, ...]
    less: tuple[str, ...]
    over: tuple[str, ...]  # summed; none divides by 1
    log: bool
    read: Read  # mean; slope a year; months until the level is reached, at most the window
    level: float

    @property
    def names(self) -> tuple[str, ...]:
        """Every column it needs."""
        return (*self.columns, *self.less, *self.over)

    @property
    def splits(self) -> bool:
        """Whether a difference in it has a co-location part and a joint-share part."""
        plain_column = len(self.names) == 1 and self.read == "mean" and not self.log
        return plain_column and self.columns[0].partition(".")[0] in ("competition", "cooperation")


Arm = tuple[str, tuple[tuple[str, float], ...]]  # a scenario's name and the settings it is run with


@dataclass(frozen=True)
class Part:
    """One contrast: a reading of some arms less that of others, and the sign expected of it."""

    label: str
    plus: tuple[Arm, ...]
    less: tuple[Arm, ...]  # none: the reading itself is the effect
    metric: Metric
    window: tuple[int, int]  # first month and the month after the last
    sign: Sign
    smallest: float
    because: str

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


@dataclass(frozen=True)
class Family:
    """The hypotheses of one file, with the digest of what they state."""

    path: Path
    title: str
    digest: str
    hypotheses: tuple[Hypothesis, ...]

    def chosen(self, ids: list[str]) -> Family:
        """The named hypotheses alone, in the file's order; all if none is named.

        Raises:
            DataError: for an id that the file does not hold.
        """
        known = [hypothesis.id for hypothesis in self.hypotheses]
        problems = []
        for name in ids:
            if name not in known:
                close = nearest(name, known)
                hint = f" — did you mean {close}?" if close else ""
                problems.append(f"unknown hypothesis '{name}'{hint}\n    allowed: {', '.join(known)}")
        if problems:
            raise DataError(problems)
        kept = tuple(each for each in self.hypotheses if not ids or each.id in ids)
        return Family(self.path, self.title, self.digest, kept)

    def parts(self) -> Iterator[Part]:
        """Every part of every hypothesis, in order."""
        for hypothesis in self.hypotheses:
            yield from hypothesis.parts


def load_hypotheses(path: Path, world: World) -> Family:
    """The hypotheses of a file, checked against a world.

    Raises:
        InputProblems: with everything wrong with the file.
    """
    document = read_file(path)
    given = plain(document.root) if document.root else None
    if document.root and not isinstance(given, dict):
        document.report((1, 1), "a file of hypotheses is a list of `key: value` lines, beginning with `format: 1`")
    if not document.problems and isinstance(given, dict):
        try:
            found = _Reader(document, world).family(path, _File.model_validate(given))
        except ValidationError as error:
            for finding in error.errors(include_url=False):
                _report_shape(document, finding["loc"], finding["type"], finding["msg"], finding.get("input"))
        else:
            if not document.problems:
                return found
    raise InputProblems(sorted(document.problems, key=lambda problem: (problem.line, problem.column)))


def arm_scenario(arm: Arm, world: World) -> Scenario:
    """The scenario of an arm, with its settings worked in."""
    return load_scenario(arm[0], world, [f"{path}={value!r}" for path, value in arm[1]])


def arm_name(arm: Arm) -> str:
    """An arm in words: the scenario, and what is set otherwise."""
    settings = ", ".join(f"{path.rsplit('.', 1)[-1]}={value:g}" for path, value in arm[1])
    return f"{arm[0]} ({settings})" if settings else arm[0]


def in_words(metric: Metric) -> str:
    """A metric as a reader would write it."""

    def listed(names: tuple[str, ...]) -> str:
        return names[0] if len(names) == 1 else f"{metric.kind} of {names[0]} … {names[-1]} ({len(names)})"

    said = listed(metric.columns) + (f" less {listed(metric.less)}" if metric.less else "")
    if metric.over:
        said = f"({said}) over {metric.over[0]}" + (
            f" … {metric.over[-1]} ({len(metric.over)})" if metric.over[1:] else ""
        )
    said = f"log of {said}" if metric.log else said
    return said if metric.read == "mean" else f"{metric.read.replace('_', ' ')} of {said}"


@cache
def _columns(
    actors: tuple[str, ...], theatres: tuple[str, ...], pairs: tuple[str, ...], scopes: tuple[str, ...]
) -> frozenset[str]:
    ids = {"actor": actors, "theatre": theatres, "domain": DOMAINS, "pair": pairs, "scope": scopes}
    return frozenset(
        ".".join([name, *steps])
        for name, entry in measures().items()
        for steps in itertools.product(*(ids[kind] for kind in entry["of"]))
    )


def columns_of(world: World) -> frozenset[str]:
    """Every column that a run of a world can be read in, known without loading the compiled measures."""
    pairs = tuple(f"{a}-{b}" for a, b in world.pairs)
    return _columns(tuple(world.actors), tuple(world.theatres), pairs, (*world.regions, "all"))


def unfolded(pattern: str, world: World) -> list[str]:
    """The columns that a name stands for; {group} is each member of a region, theatres, actors, domains, or a list."""
    groups: Mapping[str, tuple[str, ...]] = {
        **{name: tuple(members) for name, members in world.regions.items()},
        "theatres": tuple(world.theatres),
        "actors": tuple(world.actors),
        "domains": DOMAINS,
    }
    found = _GROUP.search(pattern)
    if not found:
        return [pattern]
    members = groups.get(found[1]) or tuple(word.strip() for word in found[1].split(","))
    return [
        name
        for member in members
        for name in unfolded(pattern[: found.start()] + member + pattern[found.end() :], world)
    ]


def _report_shape(document: Document, loc: tuple[Any, ...], kind: str, said: str, given: object) -> None:
    """What pydantic found, in our words, at its place."""
    loc = tuple(step for step in loc if step not in ("str", "_Arm"))
    if kind == "extra_forbidden":
        document.report(document.place(loc, of_key=True), f"unknown key '{loc[-1]}'")
    elif kind == "missing":
        document.report(document.place(loc[:-1]), f"the key '{loc[-1]}' is missing")
    else:
        wanted = said.removeprefix("Input should be ")
        document.report(document.place(loc), f"{'.'.join(map(str, loc))} is {shown(given)}", allowed=wanted)


class _Reader:
    """Turns a file of the right shape into hypotheses; what is wrong with its words lands in the document."""

    def __init__(self, document: Document, world: World) -> None:
        self.document = document
        self.world = world
        self.known = columns_of(world)
        has_documents = (world.directory / "documents.yaml").is_file()
        self.documents = list(load_evidence(world.directory).documents) if has_documents else []

    def complain(self, trail: tuple[Any, ...], message: str, allowed: str = "", suggestion: str = "") -> None:
        self.document.report(self.document.place(trail), message, suggestion, allowed)

    def family(self, path: Path, file: _File) -> Family:
        window = self.window(("window",), file.window)
        found = []
        for name, given in file.hypotheses.items():
            trail = ("hypotheses", name)
            for at, source in enumerate(given.source):
                if source.document not in self.documents:
                    place = (*trail, "source", at, "document")
                    self.complain(place, f"unknown document '{source.document}'", ", ".join(self.documents))
            if bool(given.all) == bool(given.any):
                self.complain(trail, f"{name} needs parts, joined by `all` or by `any`, not both")
            join: Literal["all", "any"] = "all" if given.all else "any"
            parts = tuple(self.part((*trail, join, at), part, window) for at, part in enumerate(given.all or given.any))
            places = "; ".join(
                f"{each.document} {', '.join(f'L{line}' for line in each.lines)}" for each in given.source
            )
            found.append(Hypothesis(name, given.says, places, given.note, join, parts))
        digest = hashlib.sha256(file.model_dump_json().encode()).hexdigest()[:12]
        return Family(path, file.title, digest, tuple(found))

    def window(self, trail: tuple[Any, ...], given: list[str]) -> tuple[int, int]:
        months = []
        for at, date in enumerate(given):
            try:
                months.append(self.world.month(date))
            except DataError:
                self.complain((*trail, at), f"{shown(date)} is no month", "YYYY-MM, such as 2022-01")
        if len(months) < 2:
            if not self.document.problems:
                self.complain(trail, "a window is two months, the first and the last")
            return 0, self.world.months
        if not 0 <= months[0] <= months[1] < self.world.months:
            last = self.world.date(self.world.months - 1)
            self.complain(trail, "this window is upside down or outside the period", f"{self.world.date(0)} to {last}")
        return months[0], months[1] + 1

    def part(self, trail: tuple[Any, ...], given: _Part, window: tuple[int, int]) -> Part:
        return Part(
            label=given.label,
            plus=self.arms((*trail, "plus"), given.plus),
            less=self.arms((*trail, "less"), given.less),
            metric=self.metric((*trail, "metric"), given.metric),
            window=self.window((*trail, "window"), given.window) if given.window else window,
            sign=given.sign,
            smallest=given.smallest,
            because=given.because,
        )

    def arms(self, trail: tuple[Any, ...], given: list[str | _Arm]) -> tuple[Arm, ...]:
        found = []
        for at, entry in enumerate(given):
            arm: Arm = (entry, ()) if isinstance(entry, str) else (entry.scenario, tuple(sorted(entry.set.items())))
            try:
                arm_scenario(arm, self.world)
            except InputProblems as error:
                first = error.problems[0]
                self.complain((*trail, at), first.message, first.allowed, first.suggestion)
            found.append(arm)
        return tuple(found)

    def metric(self, trail: tuple[Any, ...], given: _Metric) -> Metric:
        stated = [kind for kind in get_args(Reduction) if getattr(given, kind)]
        if len(stated) != 1:
            self.complain(
                trail, "a metric puts columns together in one way", f"one of {', '.join(get_args(Reduction))}"
            )
            stated = ["sum"]
        if (given.read == "months_until") != (given.level is not None):
            self.complain(
                trail, "months_until needs a level, and nothing else takes one", "read: months_until, level: 4"
            )
        return Metric(
            kind=stated[0],
            columns=self.columns((*trail, stated[0]), getattr(given, stated[0])),
            less=self.columns((*trail, "less"), given.less),
            over=self.columns((*trail, "over"), given.over),
            log=given.log,
            read=given.read,
            level=given.level or 0.0,
        )

    def columns(self, trail: tuple[Any, ...], given: list[str]) -> tuple[str, ...]:
        found = []
        for at, pattern in enumerate(given):
            for name in unfolded(pattern, self.world):
                if name not in self.known:
                    self.complain(
                        (*trail, at), f"unknown column '{name}'", suggestion=nearest(name, sorted(self.known))
                    )
                    break
                found.append(name)
        return tuple(found)
