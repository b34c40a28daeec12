"""A scenario resolved: the record, its parent's decisions and its own, month by month."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eurasia_sim.files.checker import FORMAT
from eurasia_sim.files.data_yaml import DataError, month_name, month_number, refuse
from eurasia_sim.files.page import Page, Problem, nearest, read_file
from eurasia_sim.scenarios.checks import ScenarioChecker, SettingsChecker
from eurasia_sim.scenarios.posterior import Posterior
from eurasia_sim.scenarios.schema import POSTERIOR, Steps
from eurasia_sim.scenarios.search import find, locate, names
from eurasia_sim.world.world import World, load_world

if TYPE_CHECKING:
    from eurasia_sim.kernel.lever_series import LeverSeries


packaged_world = functools.cache(load_world)  # the usual one, read once


@dataclass(frozen=True, repr=False)
class Scenario:
    """One question put to a world; months count from the start of the record."""

    name: str
    title: str
    question: str
    expect: str
    extends: str | None
    start: int  # months since year 0 of the first month of the record
    departs: int | None  # first month that may differ from the record; none if it never does
    months: int  # how many months a run of it lasts
    steps: Mapping[str, Steps]  # lever path -> month -> value: the record with every change
    changes: Mapping[str, Steps]  # the changed levers alone, as decided here and in the parent
    record: tuple[Mapping[str, Any], ...] = ()  # rows after the world's own record
    dropped: tuple[str, ...] = ()
    added: tuple[Mapping[str, Any], ...] = ()
    uncertain: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    posterior: Posterior | None = None  # what numbers are drawn from instead of ranges
    fixed: Mapping[str, float] = field(default_factory=dict)
    theory: str | None = None
    forms: Mapping[str, str] = field(default_factory=dict)
    measures: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"<scenario {self.name}: {self.title}>"

    @property
    def branch_month(self) -> int:
        """First month that may differ from the record; the month after its last if none does."""
        return self.months if self.departs is None else self.departs

    def with_record(self, rows: Iterable[Mapping[str, Any]], world: World) -> Scenario:
        """The same question put to a record that goes on with more rows, which lie below it.

        Args:
            rows: `date` in months since the start of the record, `lever`, `value` and `source`.
        """
        record = (*self.record, *rows)
        known: dict[str, Steps] = {}
        for row in record:
            known.setdefault(row["lever"], {})[row["date"]] = row["value"]
        dropped = tuple(name for name in self.dropped if name in world.events)
        months = [row["date"] for row in record]
        months += [] if self.departs is None else [self.departs]
        return replace(
            self,
            record=record,
            departs=min(months, default=None),
            steps=layered(layered(world.record_steps(dropped), known), self.changes),
        )

    def starting(self, month: str) -> Scenario:
        """The same question put to the world as it stood at a later month of the record.

        Raises:
            DataError: where it departs from the record, or ends, before that month.
        """
        shift = month_number(month) - self.start
        if shift > self.branch_month or shift < 0:
            first, last = (month_name(self.start + each) for each in (0, self.branch_month))
            wrong = f"{self.name} cannot start in {month}: it leaves the record, or ends, before"
            raise DataError([f"{wrong}\n    allowed: {first} to {last}"])

        def moved(paths: Mapping[str, Steps]) -> dict[str, Steps]:
            return {p: {at - shift: v for at, v in dated.items()} for p, dated in paths.items()}

        return replace(
            self,
            start=self.start + shift,
            departs=None if self.departs is None else self.departs - shift,
            months=self.months - shift,
            steps=moved(self.steps),
            changes=moved(self.changes),
            record=tuple({**row, "date": row["date"] - shift} for row in self.record),
            added=tuple({**event, "date": event["date"] - shift} for event in self.added),
        )

    def lever_series(self, world: World, capability_index: str = "cinc") -> LeverSeries:
        """Its levers and the series of power as arrays over its months."""
        from eurasia_sim.scenarios.lever_steps import build_lever_series

        return build_lever_series(world, self.steps, self.months, capability_index, self.fixed)

    def resolved(self) -> dict[str, Any]:
        """Everything it says, with `extends` and settings worked in, as plain values."""
        return {
            "format": FORMAT,
            "name": self.name,
            "title": self.title,
            "question": self.question,
            "expect": self.expect,
            "extends": self.extends,
            "settings": list(self.settings),
            **self._content(),
        }

    def _content(self) -> dict[str, Any]:
        """What decides its results, without its name and prose."""

        def date(month: int) -> str:
            return month_name(self.start + month)

        ranges = {path: list(ends) for path, ends in sorted(self.uncertain.items())}
        record = [{**row, "date": date(row["date"])} for row in self.record]
        return {
            "departs": None if self.departs is None else date(self.departs),
            "horizon": date(self.months - 1),
            "levers": {
                path: {date(month): value for month, value in sorted(steps.items())}
                for path, steps in sorted(self.changes.items())
            },
            "events": {
                "drop": sorted(self.dropped),
                "add": [
                    {**event, "date": date(event["date"]), "sets": dict(event["sets"])}
                    for event in self.added
                ],
            },
            "uncertain": ranges if ranges or not self.posterior else POSTERIOR,
            **({"record": record} if record else {}),
            **({"posterior": self.posterior.digest} if self.posterior else {}),
            "fixed": dict(sorted(self.fixed.items())),
            "theory": self.theory,
            "forms": dict(sorted(self.forms.items())),
            "measures": list(self.measures),
        }

    @property
    def digest(self) -> str:
        """SHA-256 of what decides its results; the record itself is in the world's digest."""
        content = json.dumps(
            self._content(), sort_keys=True, separators=(",", ":"), ensure_ascii=True
        )
        return hashlib.sha256(content.encode()).hexdigest()


def as_recorded(world: World) -> Scenario:
    """What happened in a world, to the last month of its record; nothing is decided otherwise."""
    return Scenario(
        name="as_recorded",
        title="The record as it happened",
        question="",
        expect="",
        extends=None,
        start=world.start,
        departs=None,
        months=world.record_until - world.start + 1,
        steps=world.record_steps(),
        changes={},
    )


def check_file(path: Path | str, world: World) -> list[Problem]:
    """Everything wrong with a scenario file, in the order of its lines; never raises for it."""
    document = read_file(path)
    _layers(document, Path(path), world)
    return document.in_order()


def load_scenario(
    name_or_path: str | Path, world: World | None = None, overrides: Iterable[str] = ()
) -> Scenario:
    """The scenario that goes by a name or stands in a file, with settings worked in.

    Args:
        name_or_path: the path of a file, or a name: looked for in the `scenarios/` of the world's
            own folder, if it has one, else in `scenarios/` here and then in the package.
        world: by default the packaged one.
        overrides: settings such as `rules.perception.distance_decay=2000`; see `apply_settings`.

    Raises:
        DataError: with everything wrong with the file or the settings.
    """
    world = world or packaged_world()
    path = locate(name_or_path, world.directory)
    if path is None:
        known, name = names(world=world.directory), str(name_or_path)
        meant = f"{name}.yaml" if Path(f"{name}.yaml").is_file() else nearest(name, known)
        wrong = f"unknown scenario '{name}'"
        raise DataError([Problem(name, 1, 1, wrong, "", meant, ", ".join(known))])
    document = read_file(path)
    layers = _layers(document, path, world)
    refuse([document])
    return apply_settings(_resolve(path.stem, layers, world), overrides, world)


def apply_settings(
    scenario: Scenario,
    settings: Iterable[str],
    world: World,
    since: int | None = None,
    *,
    drawn: bool = False,
) -> Scenario:
    """The scenario with levers and numbers set, as if its own file had said so.

    A lever's value holds from a month named at the end of its path
    (`presence.<actor>.<theatre>.forces.2021-05=2500`), else from `since`, else from the month in
    which the scenario departs; a number is fixed at the value, within its declared range. The
    scenario keeps its settings with their months, and departs no later than they begin.

    Args:
        since: month in which the first of several scenarios departs, so that a setting starts in
            one month in all.
        drawn: whether a design drew the values, which may then be any within their bounds.

    Raises:
        DataError: with everything wrong with the settings, each under the name `--set` and
            its place in the list.
    """
    settings = tuple(settings)
    if not settings:
        return scenario
    document = Page("--set", "\n".join(each.replace("\n", " ") for each in settings))
    begins = [month for month in (since, scenario.departs) if month is not None]
    checker = SettingsChecker(document, world, min(begins, default=None))
    checker.drawn = drawn
    for line, setting in enumerate(settings, start=1):
        checker.add(line, setting)
    refuse([document])
    months = [month for steps in checker.levers.values() for month in steps]
    months += [] if scenario.departs is None else [scenario.departs]
    return replace(
        scenario,
        departs=min(months, default=None),
        steps=layered(scenario.steps, checker.levers),
        changes=layered(scenario.changes, checker.levers),
        fixed={**scenario.fixed, **checker.numbers},
        settings=(*scenario.settings, *checker.dated),
    )


def earliest_parting(scenarios: Iterable[Scenario]) -> int | None:
    """First month in which any of the scenarios may differ from the record; none if none does."""
    return min((each.departs for each in scenarios if each.departs is not None), default=None)


def _layers(document: Page, path: Path, world: World) -> list[ScenarioChecker]:
    """What its parent, if any, and a document say; what is wrong is in the document's problems."""
    checker = ScenarioChecker(document, world)
    parent = _parent(checker, checker.words("extends"), path) if checker.words("extends") else None
    checker.check(parent)
    return [each for each in (parent, checker) if each]


def _parent(checker: ScenarioChecker, name: str, path: Path) -> ScenarioChecker | None:
    """The scenario that a file extends, if it can be had."""
    trail, folder = ("extends",), checker.world.directory
    found = find(name, path.parent, folder)
    if found is None:
        known = list(names(path.parent, folder))
        checker.complain(trail, f"it extends '{name}', which is not there", known, name)
        return None
    if found.resolve() == path.resolve():
        checker.complain(trail, "it extends itself", allowed="another scenario, or none")
        return None
    document = read_file(found)
    above = ScenarioChecker(document, checker.world)
    if grandparent := above.words("extends"):
        higher = find(grandparent, found.parent, folder)
        is_circle = higher is not None and higher.resolve() == path.resolve()
        reason = "a circle" if is_circle else "more than one level up"
        wrong = f"'{name}' extends '{grandparent}' itself: {reason}"
        checker.complain(trail, wrong, allowed="a scenario that extends none")
        return None
    above.check(None)
    if document.problems:
        first, count = document.in_order()[0], len(document.problems)
        problems = f"the scenario it extends has {count} problem{'s' * (count > 1)}"
        place = f"first {first.file}:{first.line}:{first.column}"
        checker.complain(trail, f"{problems}, {place}: {first.message}")
    return above


def _resolve(name: str, layers: list[ScenarioChecker], world: World) -> Scenario:
    """The record and each layer's changes, one over the other."""
    own, base = layers[-1], layers[0]
    dropped = {each for layer in layers for each in layer.dropped}
    changes: Mapping[str, Steps] = {}
    added: list[Mapping[str, Any]] = []
    for layer in layers:
        events = [event for event in layer.added if event["id"] not in dropped]
        changes = layered(changes, _with_events(layer.levers, events))
        added += events
    departures = [layer.departs for layer in layers if layer.departs is not None]
    uncertain = {**base.uncertain, **own.uncertain}
    return Scenario(
        name=name,
        title=own.words("title"),
        question=own.words("question") or base.words("question"),
        expect=own.words("expect"),
        extends=own.words("extends") or None,
        start=world.start,
        departs=min(departures, default=None),
        months=world.months if own.horizon is None else own.horizon + 1,
        steps={},
        changes=changes,
        dropped=tuple(sorted(dropped)),
        added=tuple(added),
        uncertain={path: ends for path, ends in uncertain.items() if ends[0] < ends[1]},
        fixed={path: low for path, (low, high) in uncertain.items() if low == high},
        posterior=own.posterior or base.posterior,
        theory=own.words("theory") or base.words("theory") or None,
        forms={**base.forms, **own.forms},
        measures=tuple(own.measures or base.measures),
    ).with_record([row for layer in layers for row in layer.record], world)


def _with_events(
    decided: Mapping[str, Steps], events: Iterable[Mapping[str, Any]]
) -> dict[str, Steps]:
    """Levers with what events set at their months."""
    layer = {path: dict(steps) for path, steps in decided.items()}
    for event in sorted(events, key=lambda event: int(event["date"])):
        for path, value in event["sets"].items():
            layer.setdefault(path, {})[event["date"]] = value
    return layer


def layered(below: Mapping[str, Steps], above: Mapping[str, Steps]) -> dict[str, Steps]:
    """Steps in which the upper layer replaces the lower from its own first month on."""
    result = {path: dict(steps) for path, steps in below.items()}
    for path, steps in above.items():
        if steps:
            first = min(steps)
            kept = {month: value for month, value in result.get(path, {}).items() if month < first}
            result[path] = {**kept, **dict(sorted(steps.items()))}
    return result
