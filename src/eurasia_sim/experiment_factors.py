"""The factors of a sweep file: what may differ between points, each value checked as a scenario's own would be."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from eurasia_sim.experiment_form import CROSSED, STATED, Factor, FactorEntry, SweepFile
from eurasia_sim.experiment_table import read_points
from eurasia_sim.levers import levers
from eurasia_sim.reading import Document, InputProblems, plain
from eurasia_sim.scenario import Scenario, apply_settings, load_scenario
from eurasia_sim.scenario_check import Checker, Trail
from eurasia_sim.scenario_form import shown
from eurasia_sim.world import World

DECLARED, ALL = "declared", "all"
_ANY = "*"
MOST_SEED = 2**53  # a design's table holds numbers as float64


class FactorReader(Checker):
    """Reads the factors of one sweep file; what is wrong lands in the document, and reading goes on."""

    def __init__(self, document: Document, path: Path, world: World) -> None:
        super().__init__(document, world)
        self.path = path
        self.scenarios: list[Scenario] = []
        self.theory: str | None = None
        self.forms: dict[str, str] = {}

    def passed_on(self, trail: Trail, error: InputProblems) -> None:
        """Report, at a place of this file, the first thing wrong with what it names."""
        first = error.problems[0]
        self.document.report(self.place(trail, of_key=False), first.message, first.suggestion, first.allowed)

    def points(self, file: SweepFile) -> tuple[tuple[Factor, ...], tuple[tuple[float, ...], ...]]:
        """The factors, and the points where these are written down one by one."""
        if file.design.kind not in STATED:
            if not file.factors:
                self.complain((), "a sweep needs factors", allowed="factors: {PATH: {low: ..., high: ...}}")
            found = [f for name, given in file.factors.items() for f in self._factors(name, given, file)]
            names = [factor.name for factor in found]
            for name in {name for name in names if names.count(name) > 1}:
                self.complain(("factors",), f"{name} is a factor twice")
            return tuple(found), ()
        if file.factors:
            message = f"the points of a {file.design.kind} say themselves what differs"
            self.complain(("factors",), message, allowed="no factors", of_key=True)
        trail: Trail = ("design", "points")
        rows: Any = file.design.points
        if file.design.kind == "table":
            trail = ("design", "file")
            try:
                rows = read_points(self.path.parent, file.design.file)
            except InputProblems as error:
                self.passed_on(trail, error)
                return (), ()
        if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) and row for row in rows):
            self.complain(trail, "a list of points is needed, each a mapping of factor to value")
            return (), ()
        return self._stated(trail, rows, file.design.kind)

    def _stated(
        self, trail: Trail, rows: list[dict[str, Any]], kind: str
    ) -> tuple[tuple[Factor, ...], tuple[tuple[float, ...], ...]]:
        names = list(rows[0])
        for at, row in enumerate(rows):
            if list(row) != names and set(row) != set(names):
                where = (*trail, at) if kind == "list" else trail
                self.complain(where, f"point {at} names other factors than the first", allowed=", ".join(names))
                return (), ()
        if "scenario" in names and not self.scenarios:
            for name in dict.fromkeys(str(row["scenario"]) for row in rows):
                try:
                    self.scenarios.append(load_scenario(name, self.world))
                except InputProblems as error:
                    self.passed_on(trail, error)
        factors, cells = [], []
        for name in names:
            column = [row[name] for row in rows]
            values = list(dict.fromkeys(column))
            good = True
            for value in self._telling(values):
                at = next(at for at, other in enumerate(column) if other == value)
                good &= self._value((*trail, at, name) if kind == "list" else trail, name, value)
            if not good:
                continue
            if any(isinstance(value, str) for value in values):
                factors.append(Factor(name, levels=tuple(values)))
                place = {value: float(at) for at, value in enumerate(values)}
                cells.append([place[value] for value in column])
            else:
                factors.append(Factor(name, float(min(values)), float(max(values))))
                cells.append([float(value) for value in column])
        return tuple(factors), tuple(zip(*cells, strict=True)) if cells else ()

    @staticmethod
    def _telling(values: Sequence[Any]) -> list[Any]:
        """The values that show whether all are good: of many numbers, the smallest and the largest."""
        numbers = [v for v in values if isinstance(v, int | float) and not isinstance(v, bool)]
        if len(values) <= 100 or len(numbers) < len(values) or not all(map(math.isfinite, numbers)):
            return list(values)
        return [min(numbers), max(numbers)]

    def _factors(self, name: str, given: Any, file: SweepFile) -> Iterator[Factor]:
        """The factors that one entry stands for: one, or every number that fits a pattern."""
        trail = ("factors", name)
        if given == DECLARED:
            paths = [path for path in self.world.numbers if fnmatchcase(path, name)] if _ANY in name else [name]
            ranges = {path: span for path in paths if (span := self._declared(path)) is not None}
            if not ranges:
                known = list(self.world.numbers)
                self.complain(trail, f"'{name}' is no number that has a range", known, name, of_key=True)
            kind = file.design.kind
            if kind in CROSSED:
                self.complain(trail, f"a {kind} needs levels", allowed="[VALUE, ...] or {low, high, steps}")
            yield from (Factor(path, *span, declared=True) for path, span in ranges.items())
            return
        if given == ALL and (name == "theory" or name.startswith("form.")):
            given = self._names(name)
        entry = FactorEntry(levels=given) if isinstance(given, list) and given else self._entry(trail, given)
        if entry is not None and (found := self._factor(trail, name, entry, file.design.kind)) is not None:
            yield found

    def _declared(self, path: str) -> tuple[float, float] | None:
        """Range over which a number is drawn under the theory and scenarios of the file; none if it is held."""
        number = self.world.numbers.get(path)
        is_rule = path.startswith("rules.")
        if number is None or number.is_silent or not (is_rule or path in self.world.coded_index):
            return None
        low, high, name = number.low, number.high, path.rsplit(".", 1)[1]
        preset = self.world.theories[self.theory] if self.theory else None
        if is_rule and preset:
            if name in preset.fix:
                return None
            low, high = preset.ranges.get(name, (low, high))
        forms = {**self.world.default_forms, **self.forms}
        if is_rule and any(name in each.fix for factor in forms for each in self.world.forms[factor].values()):
            return None
        for scenario in self.scenarios:
            if path in scenario.fixed:
                return None
            low, high = scenario.uncertain.get(path, (low, high))
        return (low, high) if high > low else None

    def _entry(self, trail: Trail, given: Any) -> FactorEntry | None:
        try:
            return FactorEntry.model_validate(given)
        except ValidationError as error:
            wanted = "[VALUE, ...], {low: ..., high: ...}, or 'declared'"
            finding = error.errors(include_url=False)[0]
            loc = (*trail, *finding["loc"])
            if finding["type"] == "extra_forbidden":
                known = list(FactorEntry.model_fields)
                self.complain(loc, f"unknown key '{loc[-1]}'", known, loc[-1], of_key=True)
            else:
                self.complain(loc, f"{trail[-1]} is {shown(finding.get('input'))}", allowed=wanted)
            return None

    def _factor(self, trail: Trail, name: str, entry: FactorEntry, kind: str) -> Factor | None:
        levels, span = entry.levels, (entry.low, entry.high)
        if (levels is None) == (entry.low is None or entry.high is None):
            self.complain(trail, f"{name} needs levels, or both low and high", allowed="one of the two")
            return None
        if levels is None:
            low, high = float(span[0] or 0.0), float(span[1] or 0.0)
            if not math.isfinite(low + high) or low >= high:
                self.complain(trail, f"{name}: low {low:g} is not below high {high:g}")
                return None
            if kind in CROSSED:
                if entry.steps is None:
                    self.complain(trail, f"a {kind} needs levels", allowed="[VALUE, ...] or {low, high, steps}")
                    return None
                width = (high - low) / (entry.steps - 1)
                levels = [low + width * step for step in range(entry.steps - 1)] + [high]
        elif kind == "morris":
            message = f"morris changes numbers by a step; {name} has levels"
            self.complain(trail, message, allowed="{low: ..., high: ...}")
            return None
        ends = levels if levels is not None else [low, high]
        moves = self._moves(trail, name, entry, ends)
        if moves is None:
            return None
        listed = (*trail, "levels") if "levels" in (self._raw(trail) or {}) else trail
        if not moves and not all(self._value((*listed, at), name, value) for at, value in enumerate(ends)):
            return None
        if len(set(map(str, ends))) < len(ends):
            self.complain(trail, f"a level of {name} stands twice")
            return None
        if levels is None:
            return Factor(name, low, high, moves=moves)
        kept = tuple(level if isinstance(level, str) else float(level) for level in levels)
        numbers = [level for level in kept if isinstance(level, float)]
        return Factor(name, min(numbers, default=0.0), max(numbers, default=0.0), kept, moves)

    def _raw(self, trail: Trail) -> dict[str, Any] | None:
        data = plain(self.document.root) if self.document.root else None
        for step in trail:
            data = data.get(step) if isinstance(data, dict) else None
        return data if isinstance(data, dict) else None

    def _moves(
        self, trail: Trail, name: str, entry: FactorEntry, ends: list[Any]
    ) -> Mapping[str, tuple[float, float]] | None:
        """What a factor of a name of its own moves, and how far; none where that cannot be."""
        if entry.moves is None:
            return {}
        if not name.isidentifier() or name in ("scenario", "theory", "seed") or name in levers():
            self.complain(trail, f"'{name}' cannot name what moves together", allowed="a word of its own", of_key=True)
            return None
        if not all(isinstance(end, int | float) and not isinstance(end, bool) for end in ends) or min(ends) == max(
            ends
        ):
            self.complain(trail, f"{name} moves others, so it needs two numbers or more")
            return None
        for path, pair in entry.moves.items():
            where = (*trail, "moves", path)
            if len(pair) != 2:
                self.complain(where, f"{path} needs its values at {name}'s lowest and highest", allowed="[LOW, HIGH]")
                return None
            if not all(self._value((*where, at), path, value) for at, value in enumerate(pair)):
                return None
        return {path: (float(pair[0]), float(pair[1])) for path, pair in entry.moves.items()}

    def _names(self, name: str) -> list[str]:
        """What a factor of names may be."""
        if name == "theory":
            return list(self.world.theories)
        if name == "scenario":
            return [scenario.name for scenario in self.scenarios]
        return list(self.world.forms.get(name.removeprefix("form."), ()))

    def known(self, trail: Trail, name: str, value: Any) -> bool:
        """Whether a theory or form goes by this name; if not, say so."""
        known = self._names(name)
        if name.startswith("form.") and not known:
            factors = [f"form.{factor}" for factor in self.world.forms]
            self.complain(trail, f"unknown form factor '{name}'", factors, name, of_key=True)
        elif value in known:
            return True
        else:
            self.complain(trail, f"unknown {name.partition('.')[0]} {shown(value)}", known, value)
        return False

    def _value(self, trail: Trail, name: str, value: Any) -> bool:
        """Whether a factor can take a value in every scenario; if not, say so."""
        if name == "scenario":
            return value in self._names(name)  # whoever loaded the scenarios has complained
        if name == "theory" or name.startswith("form."):
            return self.known(trail, name, value)
        if name == "seed":
            whole = isinstance(value, int | float) and not isinstance(value, bool) and float(value).is_integer()
            if not whole or not 0 <= value < MOST_SEED:
                self.complain(trail, f"the seed is {shown(value)}", allowed=f"a whole number below {MOST_SEED}")
                return False
            return True
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            self.complain(trail, f"{name} is {shown(value)}, not a number", allowed="a number, or an id")
            return False
        for scenario in self.scenarios:
            try:
                apply_settings(scenario, [f"{name}={value}"], self.world)
            except InputProblems as error:
                self.passed_on(trail, error)
                return False
        return True
