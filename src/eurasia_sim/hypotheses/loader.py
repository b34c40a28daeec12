"""A file of hypotheses, read and checked against a world."""

import contextlib
from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any, Literal, cast, get_args

from eurasia_sim.evidence.claims import load_evidence
from eurasia_sim.files.checker import FORMAT, Trail, shown
from eurasia_sim.files.data_yaml import DataError, refuse
from eurasia_sim.files.integrity import digest_of
from eurasia_sim.files.page import Page, read_file
from eurasia_sim.hypotheses import hypothesis as shapes
from eurasia_sim.hypotheses.hypothesis import Arm, Family, Hypothesis, Part, Smallest
from eurasia_sim.scenarios.checks import WorldChecker
from eurasia_sim.scenarios.outcome_columns import Metric, Reduction, columns_of, unfolded
from eurasia_sim.scenarios.scenario import earliest_parting, load_scenario
from eurasia_sim.scenarios.schema import measures, present_name
from eurasia_sim.world.levers import levers, split_month
from eurasia_sim.world.world import World

Window = tuple[int, int]  # first month and the month after the last


def load_hypotheses(path: Path, world: World) -> Family:
    """The hypotheses of a file; raises DataError with everything wrong with it beside a world."""
    document = read_file(path)
    period = [world.date(0), world.date(world.months - 1)]
    usual = {"format": FORMAT, "kind": "hypotheses", "title": path.stem, "window": period}
    file = document.fitted(shapes.HypothesesFile, **usual)
    family = file and _Checker(document, world).family(path, file)
    refuse([document])
    return cast(Family, family)


class _Checker(WorldChecker):
    """Makes hypotheses of a file's entries; every problem lands in the document."""

    def __init__(self, document: Page, world: World) -> None:
        super().__init__(document, world)
        self.columns = columns_of(world)
        self.known = sorted(self.columns)
        self.scenario = cache(partial(load_scenario, world=world))  # by name
        self.space: tuple[str, Any] | None = None  # the first arm's scenario, and its uncertainty
        self.documents = load_evidence(world.directory).documents

    def family(self, path: Path, file: shapes.HypothesesFile) -> Family:
        window = self.window(("window",), file.window)
        self.rule = file.smallest or shapes.SmallestEntry(of_level=0.1)
        controls = [name for name, own in file.hypotheses.items() if own.kind == "control"]
        for name, own in file.hypotheses.items():
            self.names(("hypotheses", name, "needs"), "control", own.needs, controls)
        hypotheses = tuple(self.hypothesis(*own, window) for own in file.hypotheses.items())
        said = file.model_dump_json(exclude={"maps", "weakest"}) + repr(shapes.THRESHOLDS)
        maps = tuple(self.map(*own, list(file.hypotheses), window) for own in file.maps.items())
        return Family(
            path, file.title, digest_of(said.encode())[:12], hypotheses, maps, tuple(file.weakest)
        )

    def names(self, trail: Trail, kind: str, given: Sequence[str], known: Collection[str]) -> None:
        """Complain of names that nothing of a kind has, and nothing that is left out."""
        for at, name in enumerate(given):
            if name not in self.document.left_out:
                self.is_known((*trail, at), kind, name, known)

    def hypothesis(self, name: str, given: shapes.HypothesisEntry, window: Window) -> Hypothesis:
        trail: Trail = ("hypotheses", name)
        for at, source in enumerate(given.source):
            place = (*trail, "source", at, "document")
            self.is_known(place, "document", source.document, self.documents)
        if bool(given.all) == bool(given.any):
            self.complain(trail, f"{name} needs parts, joined by `all` or by `any`, not both")
        join: Literal["all", "any"] = "all" if given.all else "any"
        entries = enumerate(given.all or given.any)
        parts = tuple(self.part((*trail, join, at), entry, window) for at, entry in entries)
        if given.kind == "control":  # it asks whether the measure answers, not by how much
            parts = tuple(replace(each, smallest=Smallest(each.smallest.floor)) for each in parts)
        sources = "; ".join(f"{x.document} L{', L'.join(map(str, x.lines))}" for x in given.source)
        own = given.kind, given.built_in, tuple(given.needs)
        return Hypothesis(name, given.says, sources, given.note, join, parts, *own)

    def map(
        self, name: str, given: shapes.MapEntry, hypotheses: list[str], window: Window
    ) -> shapes.ContrastMap:
        trail: Trail = ("maps", name)
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
        for steps, axis in places.items():
            for level, settings in axis.levels.items():
                arm = shapes.ArmEntry(scenario=given.scenario, set=settings)
                self.arms((*trail, *steps, "levels", level), [arm])
        rivals = {rival: tuple(names) for rival, names in given.rivals.items()}
        return shapes.ContrastMap(
            name, given.says, given.scenario, given.change, (first, second), readings, rivals,
            digest_of(given.model_dump_json().encode())[:12],
        )  # fmt: skip

    def part(self, trail: Trail, given: shapes.PartEntry, window: Window) -> Part:
        """The part of one entry; settings of its arms start where the first arm departs."""
        plus, less = (
            [shapes.ArmEntry(scenario=each) if isinstance(each, str) else each for each in entries]
            for entries in (given.plus, given.less)
        )
        scenarios = []
        for entry in (*plus, *less) if any(entry.set for entry in (*plus, *less)) else ():
            with contextlib.suppress(DataError):  # what cannot be read is a problem of its arm
                scenarios.append(self.scenario(entry.scenario))
        since = earliest_parting(scenarios)
        added, taken = (
            self.arms((*trail, side), own, since) for side, own in (("plus", plus), ("less", less))
        )
        found = self.reading(trail, given, window)
        whole = found.metric.splits or (found.metric.less and found.metric.is_linear)
        if given.channels and not (whole and len(plus) == len(less) == 1):
            allowed = "competition or cooperation, or a mean of columns `less` others; one arm each"
            why = "this does not add up from channels"
            self.complain((*trail, "channels"), why, allowed=allowed)
        if len(given.given) == 1 or given.given != sorted(given.given):
            self.complain((*trail, "given"), "this is no least and most", allowed="[0, 0.5]")
        limits = (given.given[0], given.given[-1]) if given.given else None
        return replace(found, plus=added, less=taken, channels=given.channels, given=limits)

    def reading(self, trail: Trail, given: shapes.ReadingEntry, window: Window) -> Part:
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
        name = metric.columns[0].partition(".")[0] if metric.columns else ""
        unit = "share" if metric.over else str(measures().get(name, {}).get("unit", ""))
        unit = "log" if metric.log else unit if metric.read == "mean" else metric.read
        is_signed = metric.less or name in self.rule.absolute or unit not in self.rule.floor
        table = self.rule.absolute if is_signed else self.rule.floor
        given = table.get(name, table.get(unit))
        if given is None and not self.document.problems:
            why = f"no `smallest`, and the file's rule has none for {shown(unit)}"
            self.complain(trail, why, allowed="smallest: 0.01")
        return Smallest(given or 1.0, 0.0 if is_signed else self.rule.of_level)

    def arms(
        self, trail: Trail, given: list[shapes.ArmEntry], since: int | None = None
    ) -> tuple[Arm, ...]:
        """Arms; a lever set without a month starts in the month `since`, the same in all arms."""
        found: list[Arm] = []
        for at, entry in enumerate(given):
            if self.document.is_full:
                break
            settings = tuple((self.dated(path, since), x) for path, x in sorted(entry.set.items()))
            arm = entry.scenario, settings
            try:
                own = shapes.arm_scenario(arm, self.world, self.scenario(arm[0]))
            except DataError as error:
                self.document.pass_on((*trail, at), error.problems[0])
            else:
                posterior = own.posterior.digest if own.posterior else None
                space = dict(own.forms), dict(own.uncertain), posterior
                self.space = self.space or (own.name, space)
                if space != self.space[1]:
                    other = f"{own.name} narrows numbers or takes forms otherwise than"
                    same = "scenarios with the same `uncertain` and `forms`; a number can be `set`"
                    why = f"{other} {self.space[0]}: all share their draws"
                    self.complain((*trail, at), why, allowed=same)
            found.append(arm)
        return tuple(found)

    def dated(self, path: str, since: int | None) -> str:
        """The path of a setting; of a lever without a month, with the month `since`, if any."""
        is_lever = path.split(".", maxsplit=1)[0] in levers() and path not in self.world.numbers
        if since is None or not is_lever or split_month(path)[1] is not None:
            return path
        return f"{path}.{self.world.date(since)}"

    def metric(self, trail: Trail, given: shapes.MetricEntry) -> Metric:
        """The metric of one entry, with the columns of its patterns up to the first unknown one."""
        ways = get_args(Reduction)
        stated = [kind for kind in ways if getattr(given, kind)]
        if len(stated) != 1:
            one = f"one of {', '.join(ways)}"
            self.complain(trail, "a metric puts columns together in one way", allowed=one)
            stated = ["sum"]
        if (given.read == "months_until") != (given.level is not None):
            why = "months_until needs a level, and nothing else takes one"
            self.complain(trail, why, allowed="read: months_until, level: 4")
        columns: dict[str, list[str]] = {key: [] for key in (stated[0], "less", "over")}
        for key, found in columns.items():
            for at, pattern in enumerate(getattr(given, key)):
                for name in unfolded(pattern, self.world):
                    if name not in self.columns:
                        why = f"unknown column '{name}'"
                        self.complain((*trail, key, at), why, self.known, present_name(name))
                        break
                    found.append(name)
        own, less, over = map(tuple, columns.values())
        return Metric(stated[0], own, less, over, given.log, given.read, given.level or 0.0)
