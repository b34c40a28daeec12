"""The factors of a sweep file, each value checked as a scenario's own would be."""

import math
import re
from collections.abc import Hashable, Iterable, Sequence
from fnmatch import translate
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any, Never

import numpy as np

from eurasia_sim.experiments import schema
from eurasia_sim.experiments.schema import Factor, FactorEntry, SweepFile, is_choice
from eurasia_sim.files.checker import Trail, shown
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.files.page import Page, Problem, scalar, unplaced
from eurasia_sim.scenarios.checks import WorldChecker
from eurasia_sim.scenarios.scenario import Scenario, apply_settings, earliest_parting, load_scenario
from eurasia_sim.world.levers import levers
from eurasia_sim.world.world import World

MOST_WHOLE = 2**53  # a design's table holds float64, which tells whole numbers apart up to here
_FAULTS_SHOWN = 3  # of the values of one factor


class Refused(Exception):
    """What is wrong with an entry has been complained of, and the rest of it is not read."""


def fault(name: str, value: Any) -> Problem | None:
    """What keeps a value from being run and stored as it is written."""
    is_number = type(value) in (int, float) and math.isfinite(value)
    if name != name.strip():
        return unplaced("a factor has space around its name", allowed=shown(name.strip()))
    if name == "seed":
        is_good = is_number and 0 <= value < MOST_WHOLE and float(value).is_integer()
        right = f"a whole number from 0 to below {MOST_WHOLE}"
    elif is_choice(name):
        is_good, right = isinstance(value, str), "a name, as text"
    elif isinstance(value, str):
        is_good = value == value.strip() and isinstance(scalar(value), str)
        right = "an id without space around it, or a number without quotes"
    else:
        is_good = is_number and (isinstance(value, float) or abs(value) <= MOST_WHOLE)
        right = f"a finite number; whole ones up to {MOST_WHOLE}, beyond which digits are lost"
    return None if is_good else unplaced(f"{name} is {shown(value)}", allowed=right)


def twin(values: Iterable[Hashable]) -> tuple[int, int] | None:
    """The places of the first two values that are the same; 1 and 1.0 are."""
    seen: dict[Hashable, int] = {}
    for at, value in enumerate(values):
        if (first := seen.setdefault(value, at)) != at:
            return first, at
    return None


class FactorReader(WorldChecker):
    """Reads the factors of one sweep file; problems land in the document, and reading goes on."""

    def __init__(self, document: Page, file: SweepFile, path: Path, world: World) -> None:
        super().__init__(document, world)
        self.file, self.kind, self.path = file, file.design.kind, path
        self.scenarios: list[Scenario] = []
        self.called: dict[str, str] = {}  # names by what the file calls a scenario
        self.since: int | None = None  # month of a lever that is set without one, in all scenarios
        self.theory: str | None = None

    def refuse(self, trail: Trail, message: str, allowed: str = "") -> Never:
        """Complain, and read no more of what is being read."""
        self.complain(trail, message, allowed=allowed)
        raise Refused

    def load(self, page: Page, trail: Trail, names: Sequence[Any], *below: str) -> None:
        """Load the scenarios of a list, each once; `below` leads from an entry to its name."""
        for at, name in enumerate(names):
            if isinstance(name, str) and name not in self.called and not page.is_full:
                self.called[name] = name
                if wrong := self._load(name):
                    page.pass_on((*trail, at, *below), wrong)

    def _load(self, given: str) -> Problem | None:
        try:
            scenario = load_scenario(given, self.world)
        except DataError as error:
            return error.problems[0]
        name = scenario.name
        if name in (each.name for each in self.scenarios):
            right = "each scenario once, and each under a name of its own"
            return unplaced(f"'{given}' is a second scenario by the name {name}", allowed=right)
        if scenario.posterior is not None:
            message = f"{name} draws numbers from the posterior, and a sweep lays them out itself"
            return unplaced(message, allowed="a scenario without `uncertain: posterior`")
        self.called[given] = name
        self.scenarios.append(scenario)
        return None

    def apply_set(self) -> None:
        """Apply what the file sets to the loaded scenarios, from one month in all."""
        settings = [f"{path}={value}" for path, value in self.file.set.items()]
        since = earliest_parting(self.scenarios)
        for at, scenario in enumerate(self.scenarios):
            try:
                self.scenarios[at] = apply_settings(scenario, settings, self.world, since)
            except DataError as error:
                wrong = error.problems[0]
                self.document.pass_on(("set", list(self.file.set)[wrong.line - 1]), wrong)
        self.since = earliest_parting(self.scenarios)

    def faults(self, name: str, values: Sequence[Any]) -> list[tuple[int, Problem]]:
        """The first values, by place, that a factor cannot take in every scenario, and why."""
        found = ((at, wrong) for at, value in enumerate(values) if (wrong := fault(name, value)))
        if first := [*islice(found, _FAULTS_SHOWN)]:
            return first
        # Every text and the smallest, largest and least positive number show whether all are good.
        places = {value: at for at, value in reversed([*enumerate(values)])}
        tried = [value for value in places if isinstance(value, str)]
        if numbers := [value for value in places if not isinstance(value, str)]:
            positive = min((value for value in numbers if value > 0), default=numbers[0])
            tried += [min(numbers), max(numbers), positive]
        for at in sorted({places[value] for value in tried}):
            if wrong := self._wrong(name, values[at]):
                return [(at, wrong)]
        return []

    def _wrong(self, name: str, value: Any) -> Problem | None:
        """What is wrong with a value of the right form in any scenario."""
        if name in ("scenario", "seed"):
            return None  # whoever loaded the scenarios has complained
        if is_choice(name):
            return self.unknown(name, value)
        for scenario in self.scenarios:
            try:
                apply_settings(scenario, [f"{name}={value}"], self.world, self.since)
            except DataError as error:
                return error.problems[0]
        return None

    def names_of(self, name: str) -> list[str]:
        """What a factor of names may be."""
        forms = self.world.forms.get(name.removeprefix("form."), ())
        return list(self.world.theories if name == "theory" else forms)

    def unknown(self, name: str, value: Any) -> Problem | None:
        """What is wrong with the name of a theory or form; none if there is one."""
        if not (known := self.names_of(name)):
            factors = [f"form.{factor}" for factor in self.world.forms]
            return unplaced(f"unknown form factor '{name}'", factors, name)
        wrong = f"unknown {name.partition('.')[0]} {shown(value)}"
        return None if value in known else unplaced(wrong, known, value)

    def kept(self, name: str, value: Any) -> float | str:
        """A checked value as it is kept; the same value is kept alike however it is written."""
        if name == "scenario":
            return self.called[value]
        return value if isinstance(value, str) else float(value)

    def levels_trail(self, name: str) -> Trail:
        """Where the levels of a factor stand."""
        is_short = isinstance(self.file.factors[name], list)
        return ("factors", name) if is_short else ("factors", name, "levels")

    def factors_of(self, name: str) -> list[Factor]:
        """The factors of an entry, one or all that fit a pattern; Refused where it is wrong."""
        entry, trail = self.file.factors[name], ("factors", name)
        if entry == schema.DECLARED:
            return self._declared(trail, name)
        if not isinstance(entry, FactorEntry):
            levels = entry if isinstance(entry, list) else self.names_of(name) or [entry]
            entry = FactorEntry(levels=levels)
        self._check_entry(trail, name, entry)
        return [self._factor(trail, name, entry)]

    def _declared(self, trail: Trail, name: str) -> list[Factor]:
        """The numbers that fit a pattern, over their ranges; a name alone is any that has one."""
        fits = re.compile(translate(name)).match
        drawn = self.world.drawn.union([name], *(each.uncertain for each in self.scenarios))
        ranges = {path: span for path, span in self.ranges.items() if path in drawn and fits(path)}
        if self.kind in schema.CROSSED:
            self.refuse(trail, f"a {self.kind} needs levels", "[VALUE, ...] or {low, high, steps}")
        if not ranges:
            wrong = (
                "stands under set: too" if name in self.file.set else "is no number with a range"
            )
            self.complain(trail, f"'{name}' {wrong}", list(self.ranges), name)
        for path in ranges:
            if len({scenario.uncertain.get(path) for scenario in self.scenarios}) > 1:
                message = f"the scenarios narrow {path} differently, so it has no one range"
                right = "the same `uncertain` in all, or low and high here"
                self.complain(trail, message, allowed=right)
        return [Factor(path, *span, declared=True) for path, span in ranges.items()]

    @cached_property
    def ranges(self) -> dict[str, tuple[float, float]]:
        """Ranges of the numbers that the file's theory, the forms and the scenarios leave free."""
        world, found = self.world, dict[str, tuple[float, float]]()
        theory = [world.theories[self.theory]] if self.theory else []
        forms = [form for names in world.forms.values() for form in names.values()]
        held = {name for each in (*theory, *forms) for name in each.fix}
        narrowed = theory[0].ranges if theory else {}
        for path, number in world.numbers.items():
            span, name = (number.low, number.high), path.rpartition(".")[2]
            is_rule = path.startswith("rules.")
            if is_rule:
                span = narrowed.get(name, span)
            for scenario in self.scenarios:
                span = scenario.uncertain.get(path, span)
            is_held = name in held if is_rule else path not in world.coded_index
            is_held |= number.is_silent or any(path in each.fixed for each in self.scenarios)
            if not is_held and span[0] < span[1]:
                found[path] = span
        return found

    def _check_entry(self, trail: Trail, name: str, entry: FactorEntry) -> None:
        is_crossed = self.kind in schema.CROSSED
        shapes = {
            "levels": self.kind != "morris",  # which changes numbers by a step
            "low high steps": is_crossed,
            "low high": not is_crossed and name != "seed",  # which is a whole number
        }
        keys = ("levels", "low", "high", "steps")
        given = " ".join(key for key in keys if getattr(entry, key) is not None)
        if not shapes.get(given):
            right = " or ".join(shape for shape in shapes if shapes[shape])
            self.refuse(trail, f"{name} has {given or 'nothing'} in a {self.kind} design", right)
        low, high, moves = entry.low or 0, entry.high or 0, entry.moves
        if entry.levels is None and not -math.inf < low < high < math.inf:
            self.refuse(trail, f"{name}: low {shown(low)} is not below high {shown(high)}")
        levels = entry.levels or [low, high]
        is_number = not any(isinstance(level, str) or fault(name, level) for level in levels)
        is_word = name.isidentifier() and not is_choice(name) and name not in levers()
        if moves and not (is_word and is_number and len({*levels}) > 1):
            right = "a new word as its name, and two numbers or more"
            self.refuse(trail, f"{name} cannot move others", right)
        if any(map(is_choice, moves)) or (moves and all(a == b for a, b in moves.values())):
            self.refuse(trail, f"{name} moves nothing", "numbers and levers, by two values each")

    def _factor(self, trail: Trail, name: str, entry: FactorEntry) -> Factor:
        levels, low, high = entry.levels, entry.low or 0, entry.high or 0
        for path, pair in entry.moves.items():
            self._check(path, pair, [trail] * 2)
        given, places = [low, high], [trail] * 2
        if levels is not None:
            given, places = levels, [(*self.levels_trail(name), at) for at in range(len(levels))]
        if not entry.moves:
            self._check(name, given, places)
        moves = {path: (float(a), float(b)) for path, (a, b) in entry.moves.items()}
        if levels is None and entry.steps is None:
            return Factor(name, float(low), float(high), moves=moves)
        if levels is None:
            given = np.linspace(low, high, entry.steps or 2).tolist()
            places = [trail] * len(given)
        kept = [self.kept(name, level) for level in given]
        numbers = [level for level in kept if isinstance(level, float)]
        if name == "seed" and not all(map(float.is_integer, numbers)):
            self.refuse(trail, "these steps make seeds that are no whole numbers", "whole steps")
        if (same := twin(kept)) is not None:
            twice = " and ".join(str(given[at]) for at in same)
            message = f"a level of {name} stands twice: {twice}"
            self.refuse(places[same[1]], message, "each level once")
        low, high = min(numbers, default=0.0), max(numbers, default=0.0)
        return Factor(name, low, high, tuple(kept), moves)

    def _check(self, name: str, values: Sequence[Any], places: Sequence[Trail]) -> None:
        for at, wrong in (faults := self.faults(name, values)):
            self.document.pass_on(places[at], wrong)
        if faults:
            raise Refused
