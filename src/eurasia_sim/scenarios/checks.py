"""Everything that is wrong with a scenario file or a setting, checked against a world."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from eurasia_sim.files.checker import Trail, shown
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.files.page import STEP, Page, scalar
from eurasia_sim.scenarios.posterior import Posterior, read_posterior
from eurasia_sim.scenarios.schema import (
    POSTERIOR,
    ScenarioFile,
    Steps,
    measures,
    present_name,
    settled,
)
from eurasia_sim.world.levers import (
    FREE,
    Lever,
    check_last,
    check_lever,
    idle,
    levers,
    present_path,
    split_month,
    successors,
)
from eurasia_sim.world.world import World

# Numbers that an ensemble draws, beside the coded row.
_DRAWN = ("rules.", "capabilities.growth_beyond")


def is_drawn(world: World, path: str) -> bool:
    """Whether an ensemble draws the number, so that a scenario can narrow or fix it."""
    return path in world.coded_index or path.startswith(_DRAWN)


class WorldChecker:
    """Checks months, levers and numbers of one document against a world."""

    drawn = False  # whether values come from a design, which may be any within bounds

    def __init__(self, document: Page, world: World) -> None:
        self.document, self.complain, self.world = document, document.complain, world
        self.departs: int | None = None  # first month that may differ from the record

    def month(
        self, trail: Trail, written: object, first: int | None = None, *, of_key: bool = False
    ) -> int | None:
        """Months since the start of the record of a date YYYY-MM in the period; else none."""
        date = self.world.date
        try:
            number = self.world.month(str(written))
        except DataError:
            wrong, right = f"{shown(written)} is no month", "YYYY-MM, such as 2021-05"
        else:
            if not 0 <= number < self.world.months:
                wrong = f"{written} lies outside the period"
                right = f"{date(0)} to {date(self.world.months - 1)}"
            elif first is not None and number < first:
                wrong = f"{written} lies before {date(first)}, when it leaves the record (departs)"
                right = f"{date(first)} or later"
            else:
                return number
        self.complain(trail, wrong, allowed=right, of_key=of_key)
        return None

    def value(self, lever: Lever, trail: Trail, given: object) -> bool:
        """Whether a lever can take this value."""
        if lever.free and given == FREE:
            return True
        if lever.bounds is not None:
            wrong = "" if self.drawn else lever.misread(given)
            if wrong:
                self.complain(trail, f"{lever.name}: {wrong}", allowed=lever.allowed)
            return not wrong and self.number(trail, lever.name, given, lever.bounds, lever.allowed)
        if isinstance(given, str) and given in self.world.actors:
            return True
        known = [*self.world.actors, FREE]
        self.complain(trail, f"unknown actor {shown(given)} for {lever.name}", known, given)
        return False

    def has_sense(self, trail: Trail, path: str, month: int | None, value: object) -> bool:
        """Whether a lever of a known path and a right value can do anything; if not, complain."""
        wrong, right = idle(self.world, path, month, value)
        if wrong:
            self.complain(trail, wrong, allowed=", ".join(right))
        return not wrong

    def number(
        self, trail: Trail, name: str, given: object, bounds: tuple[float, float], allowed: str
    ) -> bool:
        """Whether a value is a finite number within bounds."""
        if isinstance(given, bool) or not isinstance(given, int | float):
            wrong = "not a number"
        elif not math.isfinite(given):
            wrong = "not a finite number"
        elif not bounds[0] <= given <= bounds[1]:
            wrong = "out of range"
        else:
            return True
        self.complain(trail, f"{name} is {shown(given)}, {wrong}", allowed=allowed)
        return False

    def setting(self, trail: Trail, path: str) -> tuple[Lever, str, int | None] | None:
        """The lever that a dotted path names, its path, and the month if the path ends in one."""
        path, date = split_month(path)
        try:
            lever = check_lever(path, self.world)
        except DataError as error:
            self.document.pass_on(trail, error.problems[0], of_key=True)
            return None
        month = None if date is None else self.month(trail, date, self.departs, of_key=True)
        return None if month is None and date is not None else (lever, path, month)

    def number_range(self, trail: Trail, path: str) -> tuple[float, float] | None:
        """Declared range of a number that runs may vary."""
        number = self.world.numbers.get(path)
        if number is None:
            known = list(self.world.numbers)
            now = present_path(path)
            self.complain(trail, f"unknown parameter '{path}'", known, now, of_key=True)
        elif not is_drawn(self.world, path):
            wrong = f"{path} is a fact that no run varies"
            right = "a number of the rules, or a coded one"
            self.complain(trail, wrong, allowed=right, of_key=True)
        elif number.is_silent:
            wrong = f"the documents are silent on {path}: there is no range to narrow"
            self.complain(trail, wrong, of_key=True)
        else:
            return number.low, number.high
        return None


class ScenarioChecker(WorldChecker):
    """Checks one scenario file and keeps what it says, which holds if no problem is found.

    Attributes:
        data: the file's values, None where they have not the form of a `ScenarioFile`.
        departs, horizon: months since the start of the record; the parent's where it says none.
    """

    def __init__(self, document: Page, world: World) -> None:
        super().__init__(document, world)
        document.validated(ScenarioFile)
        self.data: dict[str, Any] = document.data if isinstance(document.data, dict) else {}
        self.horizon: int | None = None
        self.levers: dict[str, Steps] = {}
        self.record: list[dict[str, Any]] = []
        self.added: list[dict[str, Any]] = []
        self.dropped: list[str] = []
        self.uncertain: dict[str, tuple[float, float]] = {}
        self.posterior: Posterior | None = None
        self.forms: dict[str, str] = {}
        self.measures: list[str] = []

    def words(self, key: str) -> str:
        """A text of the file; empty where it has none."""
        return self.data.get(key) or ""

    def check(self, parent: ScenarioChecker | None) -> None:
        """Check everything, on top of what the scenario says that the file extends."""
        self._dates(parent)
        for name, below in (self.data.get("levers") or {}).items():
            if lever := levers().get(name):
                self._walk(lever, ("levers", name), below)
            else:
                head, *ids = name.split(".")
                nested = f"{head}: {{{': {'.join(ids)}: value{'}' * len(ids)}" if ids else ""
                right, wrong = nested if head in levers() else "", f"unknown lever '{name}'"
                self.complain(("levers", name), wrong, levers(), name, allowed=right, of_key=True)
        for at, row in enumerate(self.data.get("record") or ()):
            if row is not None:
                self._record(("record", at), row)
        self._events(self.data.get("events") or {}, parent)
        self._uncertain(self.data.get("uncertain") or {})
        self._choices()

    def _dates(self, parent: ScenarioChecker | None) -> None:
        for key in ("departs", "horizon"):
            inherited = getattr(parent, key) if parent else None
            date = self.data.get(key)
            setattr(self, key, inherited if date is None else self.month((key,), date))
        departs, horizon = self.departs, self.horizon
        if departs is not None and horizon is not None and horizon < departs:
            first, last = self.world.date(departs), self.world.date(horizon)
            wrong = f"it ends in {last}, before it leaves the record in {first} (departs)"
            self.complain(("horizon",), wrong, allowed=f"{first} or later")
        changed = next((key for key in ("levers", "events") if self.data.get(key)), None)
        if changed and departs is None and "departs" not in self.data:
            wrong = "a scenario that changes something must say from when on"
            self.complain((changed,), wrong, allowed="departs: YYYY-MM", of_key=True)

    # --- levers

    def _walk(self, lever: Lever, trail: Trail, given: Any) -> None:
        """Go down a lever's nested ids to its values."""
        path, kinds = ".".join(trail[1:]), lever.path[len(trail) - 2 :]
        if not kinds:
            steps = self._steps(lever.at(trail[-1]), trail, given)
            self.levers[path] = steps
            for month, value in steps.items():
                self.has_sense(trail, path, month, value)
        elif not isinstance(given, dict):
            wrong = f"{path} is {shown(given)}; it needs a {kinds[0]} below it"
            gone = successors()["levers"].get(lever.name, "")
            self.complain(trail, wrong, allowed=f"{lever.pattern}: value{gone}")
        else:
            for name, below in given.items():
                try:
                    check_last(lever, (*trail[2:], name), self.world)
                except DataError as error:
                    self.document.pass_on((*trail, name), error.problems[0], of_key=True)
                else:
                    self._walk(lever, (*trail, name), below)

    def _steps(self, lever: Lever, trail: Trail, given: Any) -> Steps:
        if not isinstance(given, dict):
            good = self.value(lever, trail, given) and self.departs is not None
            return {self.departs: settled(given)} if good else {}  # type: ignore[dict-item]
        steps: Steps = {}
        for written, value in given.items():
            month = self.month((*trail, written), written, self.departs, of_key=True)
            if self.value(lever, (*trail, written), value) and month is not None:
                steps[month] = settled(value)
        if not given:
            wrong = f"{'.'.join(trail[1:])} says nothing"
            self.complain(trail, wrong, allowed="a value, or months with values")
        return dict(sorted(steps.items()))

    def _record(self, trail: Trail, row: Mapping[str, Any]) -> None:
        """Check a row that goes on where the world's record ends."""
        path, place = row.get("lever"), (*trail, "lever")
        end, date = self.world.record_until - self.world.start, row.get("date")
        month = None if date is None else self.month((*trail, "date"), date)
        if month is not None and month <= end:
            wrong = f"{date} lies in the world's own record, which ends in {self.world.date(end)}"
            self.complain((*trail, "date"), wrong, allowed=f"{self.world.date(end + 1)} or later")
        found = self.setting(place, path) if isinstance(path, str) else None
        if found and found[2] is not None:
            self.complain(place, f"'{path}' ends in a month", allowed="the month under date:")
        elif found is None or not self.value(found[0], (*trail, "value"), row.get("value")):
            pass  # said already
        elif any((each["lever"], each["date"]) == (found[1], month) for each in self.record):
            self.complain(place, f"{path} stands twice at {date}", allowed="each month once")
        elif self.has_sense(place, found[1], month, row["value"]) and month is not None:
            value = settled(row["value"])
            self.record.append({**row, "lever": found[1], "date": month, "value": value})

    # --- events

    def _events(self, given: Mapping[str, Any], parent: ScenarioChecker | None) -> None:
        dates = self.world.event_dates()
        dates |= {event["id"]: event["date"] for event in (parent.added if parent else ())}
        for at, name in enumerate(given.get("drop") or ()):
            trail = ("events", "drop", at)
            if name is not None and name not in dates:
                self.complain(trail, f"unknown event '{name}'", list(dates), name)
            elif self.departs is not None and name and dates[name] < self.departs:
                date = self.world.date(dates[name])
                wrong = f"{name} happened in {date}, before this leaves the record"
                self.complain(trail, wrong, allowed=f"departs: {date} or earlier")
            elif name:
                self.dropped.append(name)
        for at, event in enumerate(given.get("add") or ()):
            if event is not None:
                self._add(("events", "add", at), event, dates)

    def _add(self, trail: Trail, event: Mapping[str, Any], dates: Mapping[str, int]) -> None:
        name, date, sets = event.get("id"), event.get("date"), {}
        if name in {*dates, *(known["id"] for known in self.added)}:
            self.complain((*trail, "id"), f"an event '{name}' exists already", allowed="a new id")
        month = None if date is None else self.month((*trail, "date"), date, self.departs)
        for path, value in (event.get("sets") or {}).items():
            place = (*trail, "sets", path)
            if (found := self.setting(place, path)) and self.value(found[0], place, value):
                sets[found[1]] = settled(value)
                self.has_sense(place, found[1], month, value)
        if month is not None and name is not None:
            title = event.get("title") or ""
            self.added.append({"id": name, "date": month, "title": title, "sets": sets})

    # --- numbers, theory, measures

    def _uncertain(self, given: Any) -> None:
        if given == POSTERIOR:
            try:
                self.posterior = read_posterior(self.world)
            except DataError as error:
                self.document.pass_on(("uncertain",), error.problems[0])
            return
        for path, ends in given.items():
            trail = ("uncertain", path)
            if (bounds := self.number_range(trail, path)) is None:
                continue
            allowed = f"within [{bounds[0]:g}, {bounds[1]:g}]"
            if not isinstance(ends, list) or len(ends) != 2:
                wrong = f"{path} is {shown(ends)}; it needs [lowest, highest]"
                self.complain(trail, wrong, allowed=allowed)
                continue
            places = ((*trail, at) for at in range(2))
            good = [
                self.number(place, path, end, bounds, allowed)
                for place, end in zip(places, ends, strict=True)
            ]
            if all(good) and ends[0] > ends[1]:
                wrong = f"the lowest value {ends[0]:g} is above the highest {ends[1]:g}"
                self.complain(trail, f"{path}: {wrong}")
            elif all(good):
                self.uncertain[path] = (float(ends[0]), float(ends[1]))

    def _choices(self) -> None:
        presets, factors, known = self.world.theories, self.world.forms, measures()
        theory = self.data.get("theory")
        if theory is not None and theory not in presets:
            self.complain(("theory",), f"unknown theory '{theory}'", list(presets), theory)
        for factor, name in (self.data.get("forms") or {}).items():
            trail = ("forms", factor)
            if factor not in factors:
                gone = successors()["forms"].get(factor, "")
                wrong = f"unknown form factor '{factor}'" + (f": {gone}" if gone else "")
                self.complain(trail, wrong, list(factors), factor, of_key=True)
            elif name is not None and name not in factors[factor]:
                wrong = f"unknown form '{name}' of {factor}"
                self.complain(trail, wrong, list(factors[factor]), name)
            elif name is not None:
                self.forms[factor] = name
        for at, name in enumerate(self.data.get("measures") or ()):
            if name in known:
                self.measures.append(name)
            elif name is not None:
                word = present_name(name) if isinstance(name, str) else name
                self.complain(("measures", at), f"unknown measure '{name}'", list(known), word)


class SettingsChecker(WorldChecker):
    """Checks settings with the rules of a file; a setting's line is its place in the list."""

    def __init__(self, document: Page, world: World, departs: int | None) -> None:
        super().__init__(document, world)
        self.departs = departs
        self.levers: dict[str, Steps] = {}
        self.numbers: dict[str, float] = {}
        self.dated: list[str] = []  # every setting with its month

    def add(self, line: int, setting: str) -> None:
        """Check one setting and keep what it says."""
        path, equals, written = setting.partition("=")
        trail, column = (line,), len(setting) - len(written) + 1
        self.document.places[f"{STEP}{line}"] = (line, column, line, 1)
        path, written = path.strip(), written.strip()
        if not equals or not path or not written:
            right = "such as rules.perception.distance_decay=2000"
            self.complain(trail, "a setting is path=value", allowed=right, of_key=True)
        elif path in self.world.numbers:
            self._add_number(trail, path, written)
        elif path.split(".")[0] in levers():
            self._add_lever(trail, path, scalar(written))
        else:
            wrong, known = f"unknown parameter or lever '{path}'", [*self.world.numbers, *levers()]
            self.complain(trail, wrong, known, present_path(path), of_key=True)

    def _add_number(self, trail: Trail, path: str, written: str) -> None:
        value = scalar(written)
        if path in self.numbers:
            self._complain_twice(trail, path)
        elif (bounds := self.number_range(trail, path)) is not None:
            allowed = f"{bounds[0]:g} to {bounds[1]:g}"
            if self.number(trail, path, value, bounds, allowed):
                self.numbers[path] = float(value)
                self.dated.append(f"{path}={written}")

    def _add_lever(self, trail: Trail, path: str, value: Any) -> None:
        found = self.setting(trail, path)
        if found is None or not self.value(found[0], trail, value):
            return
        _, lever, month = found
        month = self.departs if month is None else month
        if not self.has_sense(trail, lever, month, value):
            return
        if month is None:
            wrong = "this scenario never leaves the record, so a lever needs its month"
            self.complain(trail, wrong, allowed=f"{path}.YYYY-MM=value", of_key=True)
        elif month in self.levers.get(lever, ()):
            self._complain_twice(trail, path)
        else:
            self.levers.setdefault(lever, {})[month] = settled(value)
            self.dated.append(f"{lever}.{self.world.date(month)}={value}")

    def _complain_twice(self, trail: Trail, path: str) -> None:
        self.complain(trail, f"{path} is set twice", allowed="each path once", of_key=True)
