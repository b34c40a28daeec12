"""What scenario files and settings say, checked against a world: every mistake at its place."""

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from eurasia_sim.files.checker import Trail, shown
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.files.page import STEP, Page, read_file, scalar
from eurasia_sim.scenarios import schema
from eurasia_sim.scenarios.posterior import Posterior, read_posterior
from eurasia_sim.scenarios.schema import Value
from eurasia_sim.world import levers
from eurasia_sim.world.world import World


class WorldChecker:
    """Checks months, levers and numbers of one document against a world.

    Args:
        departs: first month that may differ from the record.
        drawn: whether values come from a design, which may be any within bounds.
    """

    def __init__(
        self, document: Page, world: World, departs: int | None = None, *, drawn: bool = False
    ) -> None:
        self.document, self.complain, self.world = document, document.complain, world
        self.departs, self.drawn, self.end = departs, drawn, world.months

    def is_known(
        self, trail: Trail, kind: str, given: Any, known: Collection[str], now: str = "",
        *, of_key: bool = False,
    ) -> bool:  # fmt: skip
        """Whether a name is known; if not, complain, with the one nearest to it or to `now`."""
        if given not in known:
            wrong = f"unknown {kind} {shown(given)}"
            self.complain(trail, wrong, list(known), now or given, of_key=of_key)
        return given in known

    def month(
        self, trail: Trail, given: object, first: int | None = None, *, of_key: bool = False
    ) -> int | None:
        """Months since the start of the record of a date YYYY-MM in the period; else none."""
        first, last = first or 0, self.end - 1
        try:
            month = self.world.month(str(given))
        except DataError:
            wrong, right = f"{shown(given)} is no month", "YYYY-MM, such as 2021-05"
        else:
            if first <= month <= last:
                return month
            wrong = f"{given} lies outside the period"
            right = f"{self.world.date(first)} to {self.world.date(last)}"
        self.complain(trail, wrong, allowed=right, of_key=of_key)
        return None

    def window(self, trail: Trail, given: Sequence[str]) -> tuple[int, int]:
        """First month and the month after the last, of two dates."""
        first = self.month((*trail, 0), given[0])
        last = self.month((*trail, 1), given[1], first)
        return first or 0, self.end if last is None else last + 1

    def value(
        self, trail: Trail, path: str, month: int | None, given: Any, of_path: Trail = ()
    ) -> Value | None:
        """A lever's value as it is kept, if the lever can take it and a rule heeds it then.

        Args:
            of_path: where the path stands, if elsewhere than the value.
        """
        value: Value | None = None
        try:
            lever = levers.check_lever(path, self.world)
        except DataError as error:
            self.document.pass_on(of_path or trail, error.problems[0], of_key=True)
            return None
        if lever.free and given == levers.FREE:
            value = levers.FREE
        elif lever.bounds is None:
            actors = [*self.world.actors, levers.FREE]
            value = given if self.is_known(trail, "actor", given, actors) else None
        elif wrong := "" if self.drawn else lever.misread(given):
            self.complain(trail, f"{lever.name}: {wrong}", allowed=lever.allowed)
        else:
            value = self.number(trail, lever.name, given, lever.bounds, lever.allowed)
        if value is None:
            return None
        wrong, right = levers.idle(self.world, path, month, value)
        if wrong:
            self.complain(trail, wrong, allowed=", ".join(right))
        return None if wrong else value

    def number(
        self, trail: Trail, name: str, given: Any, bounds: tuple[float, float], allowed: str = ""
    ) -> float | None:
        """The value, if it is a finite number within bounds."""
        if isinstance(given, bool) or not isinstance(given, int | float):
            wrong = "not a number"
        elif not math.isfinite(given):
            wrong = "not a finite number"
        elif not bounds[0] <= given <= bounds[1]:
            wrong = "out of range"
        else:
            return float(given)
        right = allowed or f"{bounds[0]:g} to {bounds[1]:g}"
        self.complain(trail, f"{name} is {shown(given)}, {wrong}", allowed=right)
        return None

    def number_range(self, trail: Trail, path: str) -> tuple[float, float] | None:
        """Declared range of a number that runs may vary."""
        numbers, now = self.world.numbers, levers.present_path(path)
        if not self.is_known(trail, "parameter", path, numbers, now, of_key=True):
            return None
        number = numbers[path]
        if schema.is_drawn(self.world, path) and not number.is_silent:
            return number.low, number.high
        why = "the documents are silent on it" if number.is_silent else "it is a fact"
        right = "a number of the rules, or a coded one"
        self.complain(trail, f"no run varies {path}: {why}", allowed=right, of_key=True)
        return None


class ScenarioReader(WorldChecker):
    """Reads one scenario file; what it says holds if its document has no problem.

    Attributes:
        data: the file's values, None where they have not the form of a `ScenarioFile`.
        parent: what is read of the file that it extends.
        departs, horizon: months since the start of the record; the parent's where it says none.
    """

    def __init__(self, path: Path, world: World, *, is_parent: bool = False) -> None:
        super().__init__(read_file(path), world)
        self.document.validated(schema.ScenarioFile)
        data = self.document.data
        self.data: dict[str, Any] = data if isinstance(data, dict) else {}
        self.levers: dict[str, dict[int, Value]] = {}
        self.record: list[dict[str, Any]] = []
        self.added: list[dict[str, Any]] = []
        self.uncertain: dict[str, tuple[float, float]] = {}
        self.posterior: Posterior | None = None
        self.parent = None if is_parent else self._parent(path)
        self.departs = self._date("departs")
        self.horizon = self._date("horizon", self.departs)
        changed = next((key for key in ("levers", "events") if self.data.get(key)), None)
        if changed and self.departs is None and "departs" not in {*data, *self.document.left_out}:
            wrong = "a scenario that changes something must say from when on"
            self.complain((changed,), wrong, allowed="departs: YYYY-MM", of_key=True)
        for name, below in (self.data.get("levers") or {}).items():
            self._walk(("levers", name), below)
        for trail, row in self.entries("record"):
            self._read_row(trail, row)
        self._read_events()
        self._read_ranges()
        self._check_choices()

    def text(self, key: str) -> str:
        """A text of the file; empty where it has none."""
        return self.data.get(key) or ""

    def entries(self, *keys: str) -> Iterator[tuple[Trail, Any]]:
        """Place and value of every entry of a part of the file that has its form."""
        part: Any = self.data
        for key in keys:
            part = (part or {}).get(key)
        pairs = part.items() if isinstance(part, dict) else enumerate(part or ())
        return (((*keys, key), value) for key, value in pairs if value is not None)

    def _parent(self, path: Path) -> "ScenarioReader | None":
        """What is read of the file that this one extends; what is wrong with it is wrong here."""
        name, known = self.text("extends"), schema.names(path.parent, self.world.directory)
        if not name or not self.is_known(("extends",), "scenario", name, known):
            return None
        parent = ScenarioReader(known[name], self.world, is_parent=True)
        if above := parent.text("extends"):
            wrong = f"'{name}' extends '{above}' itself"
            self.complain(("extends",), wrong, allowed="a scenario that extends none")
            return None
        self.document.problems += parent.document.problems
        return parent

    def _date(self, key: str, first: int | None = None) -> int | None:
        above = getattr(self.parent, key, None)
        date = self.data.get(key) or (None if above is None else self.world.date(above))
        return None if date is None else self.month((key,), date, first)

    def _walk(self, trail: Trail, given: Any) -> None:
        """Go down a lever's nested ids to its value, or its values by month."""
        (_, name, *ids), known = trail, levers.levers()
        if not self.is_known(trail, "lever", name, known, name.split(".")[0], of_key=True):
            return
        lever, path = known[name], ".".join(trail[1:])
        if len(ids) == len(lever.path):
            self.levers[path] = self._steps(trail, path, given)
        elif not isinstance(given, dict):
            wrong = f"{path} is {shown(given)}; it needs a {lever.path[len(ids)]} below it"
            right = f"{lever.pattern}: value{levers.successors()['levers'].get(name, '')}"
            self.complain(trail, wrong, allowed=right)
        else:
            for word, below in given.items():
                try:
                    levers.check_last(lever, (*ids, word), self.world)
                except DataError as error:
                    self.document.pass_on((*trail, word), error.problems[0], of_key=True)
                else:
                    self._walk((*trail, word), below)

    def _steps(self, trail: Trail, path: str, given: Any) -> dict[int, Value]:
        if not isinstance(given, dict):
            value = self.value(trail, path, self.departs, given)
            return {} if value is None or self.departs is None else {self.departs: value}
        if not given:
            self.complain(trail, f"{path} says nothing", allowed="a value, or months with values")
        steps = {}
        for date, each in given.items():
            month = self.month((*trail, date), date, self.departs, of_key=True)
            value = self.value((*trail, date), path, month, each)
            if value is not None and month is not None:
                steps[month] = value
        return dict(sorted(steps.items()))

    def _read_row(self, trail: Trail, row: Mapping[str, Any]) -> None:
        """Read a row that goes on where the world's record ends."""
        path, date, place = row.get("lever"), row.get("date"), (*trail, "lever")
        first = self.world.record_until - self.world.start + 1
        month = None if date is None else self.month((*trail, "date"), date, first)
        if path is None:
            return
        value = self.value((*trail, "value"), path, month, row.get("value"), place)
        if any((path, month) == (each["lever"], each["date"]) for each in self.record):
            self.complain(place, f"{path} stands twice at {date}", allowed="each month once")
        elif value is not None and month is not None:
            self.record.append({**row, "date": month, "value": value})

    def _read_events(self) -> None:
        dates = {name: event.month for name, event in self.world.events.items()}
        dates |= {each["id"]: each["date"] for each in (self.parent.added if self.parent else ())}
        for trail, name in self.entries("events", "drop"):
            if self.is_known(trail, "event", name, dates):
                self.month(trail, self.world.date(dates[name]), self.departs)
        for trail, event in self.entries("events", "add"):
            name, date, title = (event.get(key) for key in ("id", "date", "title"))
            if name in {*dates, *(known["id"] for known in self.added)}:
                wrong = f"an event '{name}' exists already"
                self.complain((*trail, "id"), wrong, allowed="a new id")
            month = None if date is None else self.month((*trail, "date"), date, self.departs)
            sets = {
                path: self.value((*trail, "sets", path), path, month, given)
                for path, given in (event.get("sets") or {}).items()
            }
            if month is not None and name is not None:
                self.added.append({"id": name, "date": month, "title": title or "", "sets": sets})

    def _read_ranges(self) -> None:
        if self.data.get("uncertain") == schema.POSTERIOR:
            try:
                self.posterior = read_posterior(self.world)
            except DataError as error:
                self.document.pass_on(("uncertain",), error.problems[0])
            return
        for path, ends in (self.data.get("uncertain") or {}).items():
            trail = ("uncertain", path)
            if not (bounds := self.number_range(trail, path)):
                continue
            right = f"within [{bounds[0]:g}, {bounds[1]:g}]"
            if not isinstance(ends, list) or len(ends) != 2:
                wrong = f"{path} is {shown(ends)}; it needs [lowest, highest]"
                self.complain(trail, wrong, allowed=right)
                continue
            low, high = (self.number((*trail, at), path, ends[at], bounds, right) for at in (0, 1))
            if low is not None and high is not None:
                self.uncertain[path] = low, high
                if low > high:
                    wrong = f"the lowest value {low:g} is above the highest {high:g}"
                    self.complain(trail, f"{path}: {wrong}")

    def _check_choices(self) -> None:
        if theory := self.text("theory"):
            self.is_known(("theory",), "theory", theory, self.world.theories)
        for trail, name in self.entries("forms"):
            known, factor = self.world.forms, trail[-1]
            if factor in known:
                self.is_known(trail, f"form of {factor}", name, known[factor])
            else:
                gone = levers.successors()["forms"].get(factor, "it has no forms")
                wrong = f"unknown form factor '{factor}': {gone}"
                self.complain(trail, wrong, list(known), factor, of_key=True)
        for trail, name in self.entries("measures"):
            self.is_known(trail, "measure", name, schema.measures(), schema.present_name(name))


class SettingsReader(WorldChecker):
    """Reads settings `path=value` by the rules of a file; a setting's line is its place.

    Attributes:
        values: by path and month; that of a number is none.
        dated: every setting with its month.
    """

    def __init__(
        self, settings: Iterable[str], world: World, departs: int | None, *, drawn: bool
    ) -> None:
        lines = [setting.replace("\n", " ") for setting in settings]
        super().__init__(Page("--set", "\n".join(lines)), world, departs, drawn=drawn)
        self.values: dict[tuple[str, int | None], Value] = {}
        self.dated: list[str] = []
        for line, setting in enumerate(lines, start=1):
            column = setting.find("=") + 2
            self.document.places[f"{STEP}{line}"] = (line, column, line, 1)
            self._read((line,), *(part.strip() for part in setting.partition("=")))

    def _read(self, trail: Trail, path: str, _: str, written: str) -> None:
        (name, date), month = levers.split_month(path), self.departs
        value: Value | None = None
        if not path or not written:
            right = "such as rules.perception.distance_decay=2000"
            self.complain(trail, "a setting is path=value", allowed=right, of_key=True)
        elif path in self.world.numbers:
            name, month = path, None
            if bounds := self.number_range(trail, path):
                value = self.number(trail, path, scalar(written), bounds)
        elif path.partition(".")[0] not in levers.levers():
            known, now = [*self.world.numbers, *levers.levers()], levers.present_path(path)
            self.is_known(trail, "parameter or lever", path, known, now, of_key=True)
        elif date is None and month is None:
            wrong = "this scenario never leaves the record, so a lever needs its month"
            self.complain(trail, wrong, allowed=f"{path}.YYYY-MM=value", of_key=True)
        else:
            month = month if date is None else self.month(trail, date, month, of_key=True)
            value = self.value(trail, name, month, scalar(written)) if month is not None else None
        if value is None:
            return
        if (name, month) in self.values:
            self.complain(trail, f"{path} is set twice", allowed="each path once", of_key=True)
        self.values[name, month] = value
        when = "" if month is None or date else f".{self.world.date(month)}"
        self.dated.append(f"{path}{when}={written}")
