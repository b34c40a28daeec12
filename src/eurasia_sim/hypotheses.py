"""Hypotheses as data: contrasts of scenarios, what is read off, the sign expected, the least effect that matters."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import ValidationError

from eurasia_sim.catalogue import DataError
from eurasia_sim.evidence import load_evidence
from eurasia_sim.hypothesis_form import (
    ArmEntry,
    AxisEntry,
    HypothesesFile,
    MapEntry,
    MetricEntry,
    PartEntry,
    ReadingEntry,
    Sign,
)
from eurasia_sim.metrics import Metric, Reduction, columns_of, unfolded
from eurasia_sim.reading import Document, InputProblems, nearest, plain, read_file
from eurasia_sim.scenario import Scenario, load_scenario
from eurasia_sim.scenario_form import shown
from eurasia_sim.world import World

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
class Axis:
    """What is varied along one side of a map: its levels by name, each with the levers that make it."""

    label: str
    levels: Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class ContrastMap:
    """Where rival hypotheses hold: one change, made in every cell of a grid of two other circumstances."""

    id: str
    says: str
    scenario: str
    change: Axis  # every later level is set beside the first
    across: tuple[Axis, Axis]
    readings: Mapping[str, Part]  # what is read off, by name; arms are the cells', not the part's
    rivals: Mapping[str, tuple[str, ...]]  # hypothesis -> names of the readings it expects to rise
    digest: str

    def arm(self, *levels: str) -> Arm:
        """The arm of one level of the change and one of each side."""
        settings: dict[str, float] = {}
        for axis, level in zip((self.change, *self.across), levels, strict=True):
            settings |= axis.levels[level]
        return self.scenario, tuple(sorted(settings.items()))

    def cells(self) -> Iterator[tuple[str, str, str]]:
        """Every later level of the change in every cell of the grid."""
        for level in list(self.change.levels)[1:]:
            for first in self.across[0].levels:
                for second in self.across[1].levels:
                    yield level, first, second

    def part(self, reading: str, level: str, first: str, second: str) -> Part:
        """What the change to a level does to a reading in one cell."""
        before = next(iter(self.change.levels))
        plus, less = self.arm(level, first, second), self.arm(before, first, second)
        return replace(self.readings[reading], plus=(plus,), less=(less,))


@dataclass(frozen=True)
class Family:
    """The hypotheses of one file, with the digest of what they state; and maps of where rivals among them hold."""

    path: Path
    title: str
    digest: str
    hypotheses: tuple[Hypothesis, ...]
    maps: tuple[ContrastMap, ...] = ()

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
        maps = tuple(each for each in self.maps if not ids or set(each.rivals) <= set(ids))
        return replace(self, hypotheses=kept, maps=maps)

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
            found = _Reader(document, world).family(path, HypothesesFile.model_validate(given))
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


def _report_shape(document: Document, loc: tuple[Any, ...], kind: str, said: str, given: object) -> None:
    """What pydantic found, in our words, at its place."""
    loc = tuple(step for step in loc if step not in ("str", ArmEntry.__name__))
    if kind == "extra_forbidden":
        document.report(document.place(loc, of_key=True), f"unknown key '{loc[-1]}'")
    elif kind == "missing":
        document.report(document.place(loc[:-1]), f"the key '{loc[-1]}' is missing")
    else:
        wanted = said.removeprefix("Input should be ")
        document.report(document.place(loc), f"{'.'.join(map(str, loc))} is {shown(given)}", allowed=wanted)


def _axis(given: AxisEntry) -> Axis:
    return Axis(given.label, given.levels)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


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

    def family(self, path: Path, file: HypothesesFile) -> Family:
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
        digest = _digest(file.model_dump_json(exclude={"maps"}))
        maps = tuple(self.map(("maps", name), name, given, file, window) for name, given in file.maps.items())
        return Family(path, file.title, digest, tuple(found), maps)

    def map(
        self, trail: tuple[Any, ...], name: str, given: MapEntry, file: HypothesesFile, window: tuple[int, int]
    ) -> ContrastMap:
        """The map of one entry; what it sets is checked cell by cell."""
        readings = {
            reading: self.reading((*trail, "readings", reading), entry, window)
            for reading, entry in given.readings.items()
        }
        for rival, names in given.rivals.items():
            if rival not in file.hypotheses:
                place = (*trail, "rivals", rival)
                self.complain(place, f"unknown hypothesis '{rival}'", suggestion=nearest(rival, list(file.hypotheses)))
            for at, reading in enumerate(names):
                if reading not in readings:
                    self.complain(
                        (*trail, "rivals", rival, at), f"unknown reading '{reading}'", ", ".join(given.readings)
                    )
        first, second = (_axis(entry) for entry in given.across)
        rivals = {rival: tuple(names) for rival, names in given.rivals.items()}
        digest = _digest(given.model_dump_json())
        found = ContrastMap(
            name, given.says, given.scenario, _axis(given.change), (first, second), readings, rivals, digest
        )
        self.levels(trail, found)
        return found

    def levels(self, trail: tuple[Any, ...], found: ContrastMap) -> None:
        """Complain of levels whose levers cannot be set."""
        sides = ((("change",), found.change), *((("across", at), axis) for at, axis in enumerate(found.across)))
        for place, axis in sides:
            for level, settings in axis.levels.items():
                self.arms((*trail, *place, "levels", level), [ArmEntry(scenario=found.scenario, set=dict(settings))])

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

    def part(self, trail: tuple[Any, ...], given: PartEntry, window: tuple[int, int]) -> Part:
        plus, less = self.arms((*trail, "plus"), given.plus), self.arms((*trail, "less"), given.less)
        return replace(self.reading(trail, given, window), plus=plus, less=less)

    def reading(self, trail: tuple[Any, ...], given: PartEntry | ReadingEntry, window: tuple[int, int]) -> Part:
        """A part whose arms are still to be put in."""
        return Part(
            label=given.label,
            plus=(),
            less=(),
            metric=self.metric((*trail, "metric"), given.metric),
            window=self.window((*trail, "window"), given.window) if given.window else window,
            sign=given.sign,
            smallest=given.smallest,
            because=given.because,
        )

    def arms(self, trail: tuple[Any, ...], given: list[str | ArmEntry]) -> tuple[Arm, ...]:
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

    def metric(self, trail: tuple[Any, ...], given: MetricEntry) -> Metric:
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
