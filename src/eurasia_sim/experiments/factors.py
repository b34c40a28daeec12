"""The factors of a sweep file: what may differ between points, each value checked as a scenario's own would be."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from eurasia_sim.experiments.schema import CROSSED, Factor, FactorEntry, Points, SweepFile
from eurasia_sim.experiments.values import fault, is_choice, twin
from eurasia_sim.files.checker import Trail, shown
from eurasia_sim.files.user_yaml import Document, InputProblems, plain
from eurasia_sim.scenarios.checks import WorldChecker
from eurasia_sim.scenarios.scenario import Scenario, apply_settings, earliest_parting, load_scenario
from eurasia_sim.world.levers import levers
from eurasia_sim.world.world import World

DECLARED, ALL = "declared", "all"
_ANY = "*"
_FAULTS_SHOWN = 3  # of the values of one factor


class FactorReader(WorldChecker):
    """Reads the factors of one sweep file; what is wrong lands in the document, and reading goes on."""

    def __init__(self, document: Document, path: Path, world: World) -> None:
        super().__init__(document, world)
        self.path = path
        self.scenarios: list[Scenario] = []
        self.called: dict[str, str] = {}  # name of each scenario by what the file calls it; empty where it is none
        self.since: int | None = None  # month in which a lever that is set without one is set in every scenario
        self.theory: str | None = None
        self.forms: dict[str, str] = {}

    def passed_on(self, trail: Trail, error: InputProblems) -> None:
        """Report, at a place of this file, the first thing wrong with what it names."""
        first = error.problems[0]
        self.document.report(self.place(trail, of_key=False), first.message, first.suggestion, first.allowed)

    def load(self, trail: Trail, given: Any) -> None:
        """Load a scenario that the file names; each is loaded once."""
        if not isinstance(given, str) or given in self.called:
            return
        self.called[given] = ""
        try:
            scenario = load_scenario(given, self.world)
        except InputProblems as error:
            self.passed_on(trail, error)
            return
        if scenario.name in self.called.values():
            message = f"'{given}' is a second scenario by the name {scenario.name}: their runs could not be told apart"
            self.complain(trail, message, allowed="each scenario once, and each under a name of its own")
            return
        if scenario.posterior is not None:
            message = f"{scenario.name} draws its numbers from the posterior, and a sweep lays them out itself"
            self.complain(trail, message, allowed="a scenario without `uncertain: posterior`")
            return
        self.called[given] = scenario.name
        self.scenarios.append(scenario)

    def work_in(self, file: SweepFile) -> None:
        """Work what the file sets into the scenarios, from one month in all, once these are loaded."""
        settings, since = [f"{path}={value}" for path, value in file.set.items()], earliest_parting(self.scenarios)
        for at, scenario in enumerate(self.scenarios):
            try:
                self.scenarios[at] = apply_settings(scenario, settings, self.world, since)
            except InputProblems as error:
                self.passed_on(("set", list(file.set)[error.problems[0].line - 1]), error)
        self.since = earliest_parting(self.scenarios)

    def values(
        self, name: str, values: Sequence[Any], place: Callable[[int], Trail], table: Points | None = None
    ) -> bool:
        """Whether a factor can take each of many values in every scenario; if not, say which and where."""
        faults = [(at, wrong) for at, value in enumerate(values) if (wrong := fault(name, value)) is not None]
        before = len(self.document.problems)
        for at, (message, allowed) in faults[:_FAULTS_SHOWN]:
            self.complain(place(at), message, allowed=allowed)
            self._place_in(table, before, at, name)
            before = len(self.document.problems)
        if faults:
            return False
        for at in _telling(values):
            if not self._value(place(at), name, values[at]):
                self._place_in(table, before, at, name)
                return False
        return True

    def _place_in(self, table: Points | None, first: int, row: int, name: str) -> None:
        """Tell the problems from the first on of their place in a table."""
        if table is not None:
            problems = self.document.problems
            problems[first:] = [table.placed(problem, row, name) for problem in problems[first:]]

    def kept(self, name: str, value: Any) -> float | str:
        """A checked value as it is kept; the same value is kept alike however it is written."""
        if name == "scenario":
            return self.called[value]
        return value if isinstance(value, str) else float(value)

    def say_clash(self, trail: Trail, name: str, path: str, whose: str) -> None:
        """Complain that a factor sets what another one does, or, where none is named, what the file sets."""
        if not whose:
            message = f"'{name}' sets {path}, which stands under set: too and would silently be overwritten"
        elif whose == name:
            message = f"'{name}' sets {path} twice"
        else:
            message = f"'{whose}' and '{name}' both set {path}: one would silently overwrite the other"
        self.complain(trail, message, allowed="one of the two", of_key=True)

    # --- factors with ranges or levels

    def factors_of(self, name: str, given: Any, file: SweepFile) -> Iterator[Factor]:
        """The factors that one entry stands for: one, or every number that fits a pattern."""
        trail = ("factors", name)
        if given == DECLARED:
            paths = [path for path in self.world.numbers if fnmatchcase(path, name)] if _ANY in name else [name]
            ranges = {path: span for path in paths if (span := self._declared(path)) is not None}
            for path in ranges:
                if len({scenario.uncertain.get(path) for scenario in self.scenarios}) > 1:
                    message = f"the scenarios narrow {path} differently, so it has no one range to be drawn over"
                    self.complain(trail, message, allowed="the same `uncertain` in all, or low and high here")
            if name in file.set:
                self.say_clash(trail, name, name, "")
            elif not ranges:
                known = list(self.world.numbers)
                self.complain(trail, f"'{name}' is no number that has a range", known, name, of_key=True)
            kind = file.design.kind
            if kind in CROSSED:
                self.complain(trail, f"a {kind} needs levels", allowed="[VALUE, ...] or {low, high, steps}")
            yield from (Factor(path, *span, declared=True) for path, span in ranges.items())
            return
        if given == ALL and (name == "theory" or name.startswith("form.")):
            given = self.names_of(name)
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
        if (entry.levels is None) == (entry.low is None or entry.high is None):
            self.complain(trail, f"{name} needs levels, or both low and high", allowed="one of the two")
            return None
        if entry.levels is not None and kind == "morris":
            message = f"morris changes numbers by a step; {name} has levels"
            self.complain(trail, message, allowed="{low: ..., high: ...}")
            return None
        if entry.steps is not None and (entry.levels is not None or kind not in CROSSED):
            where = "beside levels" if entry.levels is not None else f"in a {kind} design"
            self.complain((*trail, "steps"), f"steps means nothing {where}", allowed="low and high alone", of_key=True)
        ends = entry.levels or [entry.low, entry.high]
        if entry.levels is None and not self._is_range(trail, name, entry, kind):
            return None
        moves = self._moves(trail, name, entry, ends)
        if moves is None:
            return None
        listed = (*trail, "levels") if "levels" in (self._raw(trail) or {}) else trail
        places = listed if entry.levels is not None else trail
        keys: Sequence[Any] = range(len(ends)) if entry.levels is not None else ("low", "high")
        if not moves and not self.values(name, ends, lambda at: (*places, keys[at])):
            return None
        if entry.levels is None and kind not in CROSSED:
            return Factor(name, float(ends[0]), float(ends[1]), moves=moves)
        levels = [self.kept(name, level) for level in ends] if entry.levels is not None else _levels(entry)
        if name == "seed" and not all(float(level).is_integer() for level in levels):
            self.complain(trail, "these steps make seeds that are no whole numbers", allowed="steps of whole numbers")
            return None
        if (same := twin(levels)) is not None:
            said = f"a level of {name} stands twice: {' and '.join(str((entry.levels or levels)[at]) for at in same)}"
            self.complain((*listed, same[1]) if entry.levels is not None else trail, said, allowed="each level once")
            return None
        numbers = [level for level in levels if isinstance(level, float)]
        return Factor(name, min(numbers, default=0.0), max(numbers, default=0.0), tuple(levels), moves)

    def _is_range(self, trail: Trail, name: str, entry: FactorEntry, kind: str) -> bool:
        """Whether a low and a high make a range that this design can use; if not, say so."""
        low, high = entry.low or 0, entry.high or 0
        if not math.isfinite(low) or not math.isfinite(high) or low >= high:
            self.complain(trail, f"{name}: low {float(low):g} is not below high {float(high):g}")
        elif kind in CROSSED and entry.steps is None:
            self.complain(trail, f"a {kind} needs levels", allowed="[VALUE, ...] or {low, high, steps}")
        elif kind not in CROSSED and name == "seed":
            message = f"a {kind} draws any number of a range, and a seed is a whole number"
            self.complain(trail, message, allowed="levels: [SEED, ...]")
        else:
            return True
        return False

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
        if any(isinstance(end, str) or fault(name, end) for end in ends) or len(set(ends)) < 2:
            self.complain(trail, f"{name} moves others, so it needs two numbers or more")
            return None
        for path, pair in entry.moves.items():
            where = (*trail, "moves", path)
            if is_choice(path) or path == "seed":
                self.complain(where, f"'{path}' cannot be moved", allowed="numbers and levers", of_key=True)
                return None
            if len(pair) != 2:
                self.complain(where, f"{path} needs its values at {name}'s lowest and highest", allowed="[LOW, HIGH]")
                return None
            if not self.values(path, pair, lambda at, where=where: (*where, at)):  # type: ignore[misc]
                return None
        if all(low == high for low, high in entry.moves.values()):
            self.complain((*trail, "moves"), f"{name} moves nothing: each path has one value at both ends")
            return None
        return {path: (float(pair[0]), float(pair[1])) for path, pair in entry.moves.items()}

    def names_of(self, name: str) -> list[str]:
        """What a factor of names may be."""
        if name == "theory":
            return list(self.world.theories)
        if name == "scenario":
            return [scenario.name for scenario in self.scenarios]
        return list(self.world.forms.get(name.removeprefix("form."), ()))

    def known(self, trail: Trail, name: str, value: Any) -> bool:
        """Whether a theory or form goes by this name; if not, say so."""
        known = self.names_of(name)
        if name.startswith("form.") and not known:
            factors = [f"form.{factor}" for factor in self.world.forms]
            self.complain(trail, f"unknown form factor '{name}'", factors, name, of_key=True)
        elif value in known:
            return True
        else:
            self.complain(trail, f"unknown {name.partition('.')[0]} {shown(value)}", known, value)
        return False

    def _value(self, trail: Trail, name: str, value: Any) -> bool:
        """Whether a factor can take a value, which has no fault of its own, in every scenario; if not, say so."""
        if name == "scenario":
            return bool(self.called.get(value))  # whoever loaded the scenarios has complained
        if is_choice(name):
            return self.known(trail, name, value)
        if name == "seed":
            return True
        for scenario in self.scenarios:
            try:
                apply_settings(scenario, [f"{name}={value}"], self.world, self.since)
            except InputProblems as error:
                self.passed_on(trail, error)
                return False
        return True


def _telling(values: Sequence[Any]) -> list[int]:
    """Places of the values that show whether all are good: every text once, the smallest and the largest number."""
    texts = {value: at for at, value in reversed(list(enumerate(values))) if isinstance(value, str)}
    numbers = [at for at, value in enumerate(values) if not isinstance(value, str)]
    ends = {min(numbers, key=values.__getitem__), max(numbers, key=values.__getitem__)} if numbers else set()
    return sorted({*texts.values(), *ends})


def _levels(entry: FactorEntry) -> list[float]:
    """The levels of a range that is divided into steps; its ends are exactly those that are stated."""
    low, high, steps = float(entry.low or 0.0), float(entry.high or 0.0), entry.steps or 2
    return [*(low + (high - low) / (steps - 1) * np.arange(steps - 1)).tolist(), high]
