"""A file of hypotheses, read and checked against a world."""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, get_args

from eurasia_sim.evidence.claims import load_evidence
from eurasia_sim.files.checker import DocumentChecker, shown
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.files.user_yaml import Document, InputProblems, read_file
from eurasia_sim.hypotheses.hypothesis import Arm, Axis, ContrastMap, Family, Hypothesis, Part, arm_scenario
from eurasia_sim.hypotheses.schema import (
    ArmEntry,
    AxisEntry,
    HypothesesFile,
    MapEntry,
    MetricEntry,
    PartEntry,
    ReadingEntry,
)
from eurasia_sim.scenarios.outcome_columns import Metric, Reduction, columns_of, unfolded
from eurasia_sim.scenarios.scenario import Scenario, earliest_parting, load_scenario
from eurasia_sim.world.levers import levers, split_month
from eurasia_sim.world.world import World


def load_hypotheses(path: Path, world: World) -> Family:
    """The hypotheses of a file, checked against a world.

    Raises:
        InputProblems: with everything wrong with the file.
    """
    document = read_file(path)
    reader = _Reader(document, world)
    data = reader.shaped(HypothesesFile, "a file of hypotheses")
    if not document.problems:
        found = reader.family(path, HypothesesFile.model_validate(data))
        if not document.problems:
            return found
    raise InputProblems(document.in_order())


def _axis(given: AxisEntry) -> Axis:
    return Axis(given.label, given.levels)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


class _Reader(DocumentChecker):
    """Turns a file of the right shape into hypotheses; what is wrong with its words lands in the document."""

    def __init__(self, document: Document, world: World) -> None:
        super().__init__(document)
        self.world = world
        self.known = columns_of(world)
        self.space: tuple[str, Any] | None = None  # the first arm's scenario, and what is uncertain in it
        has_documents = (world.directory / "documents.yaml").is_file()
        self.documents = list(load_evidence(world.directory).documents) if has_documents else []

    def family(self, path: Path, file: HypothesesFile) -> Family:
        window = self.window(("window",), file.window)
        found = []
        for name, given in file.hypotheses.items():
            trail = ("hypotheses", name)
            for at, source in enumerate(given.source):
                if source.document not in self.documents:
                    place = (*trail, "source", at, "document")
                    self.complain(place, f"unknown document '{source.document}'", self.documents, source.document)
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
                self.complain(place, f"unknown hypothesis '{rival}'", list(file.hypotheses), rival)
            for at, reading in enumerate(names):
                if reading not in readings:
                    self.complain(
                        (*trail, "rivals", rival, at), f"unknown reading '{reading}'", list(given.readings), reading
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
                self.complain((*trail, at), f"{shown(date)} is no month", allowed="YYYY-MM, such as 2022-01")
        if len(months) < 2:
            if not self.document.problems:
                self.complain(trail, "a window is two months, the first and the last")
            return 0, self.world.months
        if not 0 <= months[0] <= months[1] < self.world.months:
            last = self.world.date(self.world.months - 1)
            wrong = "this window is upside down or outside the period"
            self.complain(trail, wrong, allowed=f"{self.world.date(0)} to {last}")
        return months[0], months[1] + 1

    def part(self, trail: tuple[Any, ...], given: PartEntry, window: tuple[int, int]) -> Part:
        since = self.since([*given.plus, *given.less])
        plus, less = self.arms((*trail, "plus"), given.plus, since), self.arms((*trail, "less"), given.less, since)
        return replace(self.reading(trail, given, window), plus=plus, less=less)

    def since(self, given: list[str | ArmEntry]) -> int | None:
        """First month in which any of the arms' scenarios departs; what cannot be read is complained of elsewhere."""
        if not any(entry.set for entry in given if isinstance(entry, ArmEntry)):
            return None
        scenarios = []
        for entry in given:
            with contextlib.suppress(InputProblems):
                scenarios.append(load_scenario(entry if isinstance(entry, str) else entry.scenario, self.world))
        return earliest_parting(scenarios)

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

    def dated(self, path: str, since: int) -> str:
        """The path of a setting with the month in which it starts; a number has none."""
        is_lever = path.split(".", maxsplit=1)[0] in levers() and path not in self.world.numbers
        return f"{path}.{self.world.date(since)}" if is_lever and split_month(path)[1] is None else path

    def arms(
        self, trail: tuple[Any, ...], given: list[str | ArmEntry], since: int | None = None
    ) -> tuple[Arm, ...]:  # fmt: skip
        """Arms; a lever set without a month starts in the month `since`, so in one month in all arms of a contrast."""
        found = []
        for at, entry in enumerate(given):
            settings = () if isinstance(entry, str) else tuple(sorted(entry.set.items()))
            if since is not None:
                settings = tuple((self.dated(path, since), value) for path, value in settings)
            arm: Arm = (entry if isinstance(entry, str) else entry.scenario, settings)
            try:
                self.same_space((*trail, at), arm_scenario(arm, self.world))
            except InputProblems as error:
                first = error.problems[0]
                place = self.place((*trail, at), of_key=False)
                self.document.report(place, first.message, first.suggestion, first.allowed)
            found.append(arm)
        return tuple(found)

    def same_space(self, trail: tuple[Any, ...], scenario: Scenario) -> None:
        """Complain of an arm that is uncertain otherwise than the first: all arms are run under the same draws."""
        posterior = scenario.posterior.digest if scenario.posterior else None
        own = (dict(scenario.forms), dict(scenario.uncertain), posterior)
        self.space = self.space or (scenario.name, own)
        name, first = self.space
        if own != first:
            message = f"{scenario.name} narrows numbers or takes forms otherwise than {name}: all share their draws"
            right = "scenarios with the same `uncertain` and `forms`; a number can be `set`"
            self.complain(trail, message, allowed=right)

    def metric(self, trail: tuple[Any, ...], given: MetricEntry) -> Metric:
        stated = [kind for kind in get_args(Reduction) if getattr(given, kind)]
        if len(stated) != 1:
            self.complain(
                trail, "a metric puts columns together in one way", allowed=f"one of {', '.join(get_args(Reduction))}"
            )
            stated = ["sum"]
        if (given.read == "months_until") != (given.level is not None):
            self.complain(
                trail, "months_until needs a level, and nothing else takes one", allowed="read: months_until, level: 4"
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
                        (*trail, at), f"unknown column '{name}'", sorted(self.known), name
                    )
                    break
                found.append(name)
        return tuple(found)
