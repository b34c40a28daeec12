"""A file of hypotheses, read and checked against a world."""

import contextlib
import hashlib
from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any, Literal, cast, get_args

from eurasia_sim.evidence.claims import load_evidence
from eurasia_sim.files.checker import Trail, shown
from eurasia_sim.files.data_yaml import DataError, refuse
from eurasia_sim.files.page import Page, read_file
from eurasia_sim.hypotheses import schema
from eurasia_sim.hypotheses.hypothesis import (
    Arm,
    ContrastMap,
    Family,
    Hypothesis,
    Part,
    Smallest,
    arm_scenario,
)  # fmt: skip
from eurasia_sim.scenarios.outcome_columns import Metric, Reduction, columns_of, unfolded
from eurasia_sim.scenarios.scenario import Scenario, earliest_parting, load_scenario
from eurasia_sim.scenarios.schema import measures, present_name
from eurasia_sim.world.levers import levers, split_month
from eurasia_sim.world.world import World

Window = tuple[int, int]  # first month and the month after the last


def load_hypotheses(path: Path, world: World) -> Family:
    """The hypotheses of a file, checked against a world.

    Raises:
        DataError: with everything wrong with the file.
    """
    document = read_file(path)
    file = document.validated(schema.HypothesesFile)
    refuse([document])
    family = _Checker(document, world).family(path, cast(schema.HypothesesFile, file))
    refuse([document])
    return family


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


class _Checker:
    """Makes hypotheses of a file's entries; every problem lands in the document."""

    def __init__(self, document: Page, world: World) -> None:
        self.document, self.complain, self.world = document, document.complain, world
        self.columns = columns_of(world)
        self.known = sorted(self.columns)
        self.scenario = cache(partial(load_scenario, world=world))  # by name
        self.space: tuple[str, Any] | None = None  # the first arm's scenario, and its uncertainty
        has_documents = (world.directory / "documents.yaml").is_file()
        self.documents = list(load_evidence(world.directory).documents) if has_documents else []

    def family(self, path: Path, file: schema.HypothesesFile) -> Family:
        """Every hypothesis and map of the file."""
        window = self.window(("window",), file.window)
        self.smallest = file.smallest
        controls = [name for name, own in file.hypotheses.items() if own.kind == "control"]
        for name, own in file.hypotheses.items():
            self.names(("hypotheses", name, "needs"), "control", own.needs, controls)
        hypotheses = tuple(
            self.hypothesis(("hypotheses", name), given, window)
            for name, given in file.hypotheses.items()
        )
        digest = _digest(
            file.model_dump_json(exclude={"maps", "weakest"}) + repr(schema.THRESHOLDS)
        )
        maps = tuple(
            self.map(("maps", name), given, list(file.hypotheses), window)
            for name, given in file.maps.items()
        )
        return Family(path, file.title, digest, hypotheses, maps, tuple(file.weakest))

    def names(self, trail: Trail, kind: str, given: Sequence[str], known: Collection[str]) -> None:
        """Complain of names that nothing of a kind has."""
        for at, name in enumerate(given):
            if name not in known:
                self.complain((*trail, at), f"unknown {kind} '{name}'", known, name)

    def hypothesis(self, trail: Trail, given: schema.HypothesisEntry, window: Window) -> Hypothesis:
        """The hypothesis of one entry."""
        for at, source in enumerate(given.source):
            place = (*trail, "source", at, "document")
            self.names(place, "document", [source.document], self.documents)
        if bool(given.all) == bool(given.any):
            self.complain(trail, f"{trail[-1]} needs parts, joined by `all` or by `any`, not both")
        join: Literal["all", "any"] = "all" if given.all else "any"
        parts = tuple(
            self.part((*trail, join, at), part, window)
            for at, part in enumerate(given.all or given.any)
        )
        if given.kind == "control":  # it asks whether the measure answers, not by how much
            parts = tuple(replace(each, smallest=Smallest(each.smallest.floor)) for each in parts)
        sources = "; ".join(
            f"{each.document} {', '.join(f'L{line}' for line in each.lines)}"
            for each in given.source
        )
        own = given.kind, given.built_in, tuple(given.needs)
        return Hypothesis(trail[-1], given.says, sources, given.note, join, parts, *own)

    def map(
        self, trail: Trail, given: schema.MapEntry, hypotheses: list[str], window: Window
    ) -> ContrastMap:
        """The map of one entry; the levers of every level are checked."""
        readings = {
            name: self.reading((*trail, "readings", name), entry, window)
            for name, entry in given.readings.items()
        }
        for rival, names in given.rivals.items():
            place = (*trail, "rivals", rival)
            self.names(place, "hypothesis", [rival], hypotheses)
            self.names(place, "reading", names, readings)
        first, second = given.across
        places = {("change",): given.change, ("across", 0): first, ("across", 1): second}
        for place, axis in places.items():
            for level, settings in axis.levels.items():
                arm = schema.ArmEntry(scenario=given.scenario, set=settings)
                self.arms((*trail, *place, "levels", level), [arm])
        return ContrastMap(
            trail[-1], given.says, given.scenario, given.change, (first, second), readings,
            {rival: tuple(names) for rival, names in given.rivals.items()},
            _digest(given.model_dump_json()),
        )  # fmt: skip

    def window(self, trail: Trail, given: list[str]) -> Window:
        """First month and the month after the last, of two dates YYYY-MM."""
        months = []
        for at, date in enumerate(given):
            try:
                months.append(self.world.month(date))
            except DataError:
                why = f"{shown(date)} is no month"
                self.complain((*trail, at), why, allowed="YYYY-MM, such as 2022-01")
        if len(months) < 2:
            if not self.document.problems:
                self.complain(trail, "a window is two months, the first and the last")
            return 0, self.world.months
        if not 0 <= months[0] <= months[1] < self.world.months:
            period = f"{self.world.date(0)} to {self.world.date(self.world.months - 1)}"
            wrong = "this window is upside down or outside the period"
            self.complain(trail, wrong, allowed=period)
        return months[0], months[1] + 1

    def part(self, trail: Trail, given: schema.PartEntry, window: Window) -> Part:
        """The part of one entry."""
        own = {
            side: [schema.ArmEntry(scenario=x) if isinstance(x, str) else x for x in entries]
            for side, entries in (("plus", given.plus), ("less", given.less))
        }
        since = self.since([*own["plus"], *own["less"]])
        plus, less = (self.arms((*trail, side), arms, since) for side, arms in own.items())
        found = self.reading(trail, given, window)
        whole = found.metric.splits or (found.metric.less and found.metric.is_linear)
        if given.channels and not (whole and len(plus) == len(less) == 1):
            allowed = "competition or cooperation, or a mean of columns `less` others; one arm each"
            why = "this does not add up from channels"
            self.complain((*trail, "channels"), why, allowed=allowed)
        if len(given.given) == 1 or given.given != sorted(given.given):
            self.complain((*trail, "given"), "this is no least and most", allowed="[0, 0.5]")
        limits = (given.given[0], given.given[-1]) if given.given else None
        return replace(found, plus=plus, less=less, channels=given.channels, given=limits)

    def reading(self, trail: Trail, given: schema.ReadingEntry, window: Window) -> Part:
        """A part without its arms."""
        own = self.window((*trail, "window"), given.window) if given.window else window
        metric = self.metric((*trail, "metric"), given.metric)
        least = Smallest(given.smallest) if given.smallest else self.least(trail, metric)
        return Part(given.label, (), (), metric, own, given.sign, least, given.because)

    def least(self, trail: Trail, metric: Metric) -> Smallest:
        """The smallest effect by the file's rule.

        Form: positive volumes have a share of their level with a floor. What can have either sign
        (a difference, a log, a slope, a scale that the rule lists so) has a fixed one.
        """
        rule = self.smallest or schema.SmallestEntry(of_level=0.1)
        name = metric.columns[0].partition(".")[0] if metric.columns else ""
        unit = "share" if metric.over else str(measures().get(name, {}).get("unit", ""))
        unit = "log" if metric.log else unit if metric.read == "mean" else metric.read
        is_signed = metric.less or name in rule.absolute or unit not in rule.floor
        table = rule.absolute if is_signed else rule.floor
        given = table.get(name, table.get(unit))
        if given is None and not self.document.problems:
            why = f"no `smallest`, and the file's rule has none for {shown(unit)}"
            self.complain(trail, why, allowed="smallest: 0.01")
        return Smallest(given or 1.0, 0.0 if is_signed else rule.of_level)

    def since(self, given: list[schema.ArmEntry]) -> int | None:
        """First month in which any of the arms' scenarios departs; none where no arm has settings.

        A scenario that cannot be read is a problem of its arm.
        """
        scenarios = []
        for entry in given if any(entry.set for entry in given) else ():
            with contextlib.suppress(DataError):
                scenarios.append(self.scenario(entry.scenario))
        return earliest_parting(scenarios)

    def arms(
        self, trail: Trail, given: list[schema.ArmEntry], since: int | None = None
    ) -> tuple[Arm, ...]:
        """Arms; a lever set without a month starts in the month `since`, the same in all arms."""
        found: list[Arm] = []
        for at, entry in enumerate(given):
            if self.document.is_full:
                break
            settings = sorted(entry.set.items())
            arm = entry.scenario, tuple((self.dated(path, since), v) for path, v in settings)
            try:
                own = arm_scenario(arm, self.world, self.scenario(arm[0]))
                self.check_space((*trail, at), own)
            except DataError as error:
                self.document.pass_on((*trail, at), error.problems[0])
            found.append(arm)
        return tuple(found)

    def dated(self, path: str, since: int | None) -> str:
        """The path of a setting; of a lever without a month, with the month `since`, if any."""
        is_lever = path.split(".", maxsplit=1)[0] in levers() and path not in self.world.numbers
        if since is None or not is_lever or split_month(path)[1] is not None:
            return path
        return f"{path}.{self.world.date(since)}"

    def check_space(self, trail: Trail, scenario: Scenario) -> None:
        """Complain of an arm with another uncertainty than the first: arms share their draws."""
        posterior = scenario.posterior.digest if scenario.posterior else None
        own = (dict(scenario.forms), dict(scenario.uncertain), posterior)
        self.space = self.space or (scenario.name, own)
        name, first = self.space
        if own != first:
            otherwise = f"{scenario.name} narrows numbers or takes forms otherwise than {name}"
            same = "scenarios with the same `uncertain` and `forms`; a number can be `set`"
            self.complain(trail, f"{otherwise}: all share their draws", allowed=same)

    def metric(self, trail: Trail, given: schema.MetricEntry) -> Metric:
        """The metric of one entry, with its columns written out."""
        ways = get_args(Reduction)
        stated = [kind for kind in ways if getattr(given, kind)]
        if len(stated) != 1:
            one = f"one of {', '.join(ways)}"
            self.complain(trail, "a metric puts columns together in one way", allowed=one)
            stated = ["sum"]
        if (given.read == "months_until") != (given.level is not None):
            why = "months_until needs a level, and nothing else takes one"
            self.complain(trail, why, allowed="read: months_until, level: 4")
        columns, less, over = (
            tuple(
                column
                for at, pattern in enumerate(getattr(given, key))
                for column in self.unfolded((*trail, key, at), pattern)
            )
            for key in (stated[0], "less", "over")
        )
        return Metric(stated[0], columns, less, over, given.log, given.read, given.level or 0.0)

    def unfolded(self, trail: Trail, pattern: str) -> list[str]:
        """The columns of a pattern; those before the first unknown one."""
        found = []
        for name in unfolded(pattern, self.world):
            if name not in self.columns:
                self.complain(trail, f"unknown column '{name}'", self.known, present_name(name))
                break
            found.append(name)
        return found
