"""A scenario resolved: the record, its parent's decisions and its own, month by month."""

import functools
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from eurasia_sim.files.checker import FORMAT
from eurasia_sim.files.data_yaml import DataError, month_name, month_number, refuse
from eurasia_sim.files.integrity import digest_of
from eurasia_sim.files.page import Problem, nearest
from eurasia_sim.kernel.lever_series import LeverSeries
from eurasia_sim.scenarios.checks import ScenarioReader, SettingsReader
from eurasia_sim.scenarios.lever_steps import build_lever_series
from eurasia_sim.scenarios.posterior import Posterior
from eurasia_sim.scenarios.schema import POSTERIOR, Steps, locate, names
from eurasia_sim.world.world import World, load_world

# What decides no result: names and prose, and settings, which are worked in.
_PROSE = ("format", "name", "title", "question", "expect", "extends", "settings")

packaged_world = functools.cache(load_world)  # the usual one, read once


@dataclass(frozen=True, repr=False)
class Scenario:
    """One question put to a world; months count from the start of the record."""

    name: str
    title: str
    start: int  # months since year 0 of the first month of the record
    months: int  # how many months a run of it lasts
    steps: Mapping[str, Steps]  # lever path -> month -> value: the record with every change
    question: str = ""
    expect: str = ""
    extends: str | None = None
    departs: int | None = None  # first month that may differ from the record; none if none does
    changes: Mapping[str, Steps] = field(default_factory=dict)  # what is decided otherwise alone
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

    def with_record(self, rows: Iterable[Mapping[str, Any]], world: World) -> "Scenario":
        """The same question put to a record that goes on with more rows, which lie below it.

        Args:
            rows: `date` in months since the start of the record, `lever`, `value` and `source`.
        """
        record = (*self.record, *rows)
        known: dict[str, dict[int, float | str]] = {}
        for row in record:
            known.setdefault(row["lever"], {})[row["date"]] = row["value"]
        recorded = world.record_steps([name for name in self.dropped if name in world.events])
        return replace(
            self,
            record=record,
            departs=_earliest(self.departs, *(row["date"] for row in record)),
            steps=_layered(recorded, known, self.changes),
        )

    def starting(self, month: str) -> "Scenario":
        """The same question put to the world as it stood at a later month of the record.

        Raises `DataError` where it departs from the record, or ends, before that month.
        """
        shift = month_number(month) - self.start
        if not 0 <= shift <= self.branch_month:
            first, last = (month_name(self.start + each) for each in (0, self.branch_month))
            wrong = f"{self.name} cannot start in {month}: it leaves the record, or ends, before"
            raise DataError([f"{wrong}\n    allowed: {first} to {last}"])

        def moved(paths: Mapping[str, Steps]) -> dict[str, Steps]:
            return {p: {earlier(at): v for at, v in steps.items()} for p, steps in paths.items()}

        def earlier(month: int) -> int:
            return month - shift

        return replace(
            self,
            start=self.start + shift,
            departs=None if self.departs is None else earlier(self.departs),
            months=self.months - shift,
            steps=moved(self.steps),
            changes=moved(self.changes),
            record=_redated(self.record, earlier),
            added=_redated(self.added, earlier),
        )

    def lever_series(self, world: World, capability_index: str = "cinc") -> LeverSeries:
        """Its levers and the series of power as arrays over its months."""
        return build_lever_series(world, self.steps, self.months, capability_index, self.fixed)

    def resolved(self) -> dict[str, Any]:
        """Everything it says, with `extends` and settings worked in, as plain values."""

        def date(month: int) -> str:
            return month_name(self.start + month)

        ranges = {path: list(ends) for path, ends in sorted(self.uncertain.items())}
        record = [*_redated(self.record, date)]
        added = [{**event, "sets": dict(event["sets"])} for event in _redated(self.added, date)]
        return {
            "format": FORMAT,
            "name": self.name,
            "title": self.title,
            "question": self.question,
            "expect": self.expect,
            "extends": self.extends,
            "settings": list(self.settings),
            "departs": None if self.departs is None else date(self.departs),
            "horizon": date(self.months - 1),
            "levers": {
                path: {date(month): value for month, value in sorted(steps.items())}
                for path, steps in sorted(self.changes.items())
            },
            "events": {"drop": sorted(self.dropped), "add": added},
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
        content = {key: value for key, value in self.resolved().items() if key not in _PROSE}
        return digest_of(json.dumps(content, sort_keys=True, separators=(",", ":")).encode())


def as_recorded(world: World) -> Scenario:
    """What happened in a world, to the last month of its record; nothing is decided otherwise."""
    return Scenario(
        name="as_recorded",
        title="The record as it happened",
        start=world.start,
        months=world.record_until - world.start + 1,
        steps=world.record_steps(),
    )


def check_file(path: Path | str, world: World) -> list[Problem]:
    """Everything wrong with a scenario file, in the order of its lines; never raises for it."""
    return ScenarioReader(Path(path), world).document.in_order()


def load_scenario(
    name_or_path: str | Path, world: World | None = None, overrides: Iterable[str] = ()
) -> Scenario:
    """The scenario that goes by a name or stands in a file, with settings worked in.

    Raises `DataError` with everything wrong with the file or the settings.

    Args:
        name_or_path: the path of a file, or a name: looked for in the `scenarios/` of the world's
            own folder, if it has one, else in `scenarios/` here and then in the package.
        world: by default the packaged one.
        overrides: settings such as `rules.perception.distance_decay=2000`; see `apply_settings`.
    """
    world = world or packaged_world()
    path = locate(name_or_path, world.directory)
    if path is None:
        known, name = names(world=world.directory), str(name_or_path)
        meant = f"{name}.yaml" if Path(f"{name}.yaml").is_file() else nearest(name, known)
        wrong = f"unknown scenario '{name}'"
        raise DataError([Problem(name, 1, 1, wrong, "", meant, ", ".join(known))])
    reader = ScenarioReader(path, world)
    refuse([reader.document])
    return apply_settings(_resolved(path.stem, reader), overrides, world)


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
    scenario keeps its settings with their months, and departs no later than they begin. Raises
    `DataError` with everything wrong with them, each at its place in the list named `--set`.

    Args:
        since: month in which the first of several scenarios departs, so that a setting starts in
            one month in all.
        drawn: whether a design drew the values, which may then be any within their bounds.
    """
    settings = tuple(settings)
    if not settings:
        return scenario
    found = SettingsReader(settings, world, _earliest(since, scenario.departs), drawn=drawn)
    refuse([found.document])
    numbers = dict(scenario.fixed)
    moved: dict[str, Steps] = {}
    for (path, month), value in found.values.items():
        if month is None:
            numbers[path] = float(value)
        else:
            moved.setdefault(path, {})[month] = value
    return replace(
        scenario,
        departs=_earliest(scenario.departs, *(month for _, month in found.values)),
        steps=_layered(scenario.steps, moved),
        changes=_layered(scenario.changes, moved),
        fixed=numbers,
        settings=(*scenario.settings, *found.dated),
    )


def earliest_parting(scenarios: Iterable[Scenario]) -> int | None:
    """First month in which any of the scenarios may differ from the record; none if none does."""
    return _earliest(*(scenario.departs for scenario in scenarios))


def _redated(
    rows: Iterable[Mapping[str, Any]], date: Callable[[int], Any]
) -> tuple[Mapping[str, Any], ...]:
    return tuple({**row, "date": date(row["date"])} for row in rows)


def _earliest(*months: int | None) -> int | None:
    return min((month for month in months if month is not None), default=None)


def _resolved(name: str, own: ScenarioReader) -> Scenario:
    """The record, the parent's changes over it, and a file's own over these."""
    layers = [own.parent, own] if own.parent else [own]
    dropped = {event for layer in layers for _, event in layer.entries("events", "drop")}
    changes: dict[str, Steps] = {}
    added: list[dict[str, Any]] = []
    for layer in layers:
        decided = {path: dict(steps) for path, steps in layer.levers.items()}
        events = [event for event in layer.added if event["id"] not in dropped]
        for event in sorted(events, key=lambda event: int(event["date"])):
            for path, value in event["sets"].items():
                decided.setdefault(path, {})[event["date"]] = value
        changes, added = _layered(changes, decided), added + events
    said = {key: value for layer in layers for key, value in layer.data.items() if value}
    uncertain = {path: ends for layer in layers for path, ends in layer.uncertain.items()}
    posteriors = [layer.posterior for layer in layers if layer.posterior]
    world = own.world
    return Scenario(
        name=name,
        title=own.text("title"),
        question=said.get("question", ""),
        expect=own.text("expect"),
        extends=own.text("extends") or None,
        start=world.start,
        departs=_earliest(*(layer.departs for layer in layers)),
        months=world.months if own.horizon is None else own.horizon + 1,
        steps={},
        changes=changes,
        dropped=tuple(sorted(dropped)),
        added=tuple(added),
        uncertain={path: ends for path, ends in uncertain.items() if ends[0] < ends[1]},
        fixed={path: low for path, (low, high) in uncertain.items() if low == high},
        posterior=posteriors[-1] if posteriors else None,
        theory=said.get("theory"),
        forms={factor: form for each in layers for (*_, factor), form in each.entries("forms")},
        measures=tuple(said.get("measures", ())),
    ).with_record([row for layer in layers for row in layer.record], world)


def _layered(*layers: Mapping[str, Steps]) -> dict[str, Steps]:
    """Steps in which each layer replaces those below it from its own first month on."""
    result: dict[str, Steps] = {}
    for layer in layers:
        for path, steps in layer.items():
            if steps:
                below = result.get(path, {}).items()
                kept = {month: value for month, value in below if month < min(steps)}
                result[path] = {**kept, **dict(sorted(steps.items()))}
    return result
