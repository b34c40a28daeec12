"""The factors of a sweep file, each value checked as a scenario's own would be."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from fnmatch import translate
from pathlib import Path
from typing import Any

import numpy as np

from eurasia_sim.experiments import schema
from eurasia_sim.experiments.schema import Factor, FactorEntry, SweepFile, is_choice
from eurasia_sim.files.checker import Trail, shown
from eurasia_sim.files.user_yaml import Document, InputProblems, scalar
from eurasia_sim.scenarios.checks import WorldChecker
from eurasia_sim.scenarios.scenario import Scenario, apply_settings, earliest_parting, load_scenario
from eurasia_sim.world.levers import levers
from eurasia_sim.world.world import World

MOST_WHOLE = 2**53  # a design's table holds float64, which tells whole numbers apart up to here
_FAULTS_SHOWN = 3  # of the values of one factor
_LEVELS = "[VALUE, ...] or {low, high, steps}"
_ONE = "one of the two"

Fault = tuple[str, str]  # what is wrong, and what would be right


def fault(name: str, value: Any) -> Fault | None:
    """What keeps a value from being run and stored as it is written; none if nothing does."""
    is_small = type(value) in (int, float) and 0 <= value < MOST_WHOLE and name == name.strip()
    if is_small and (not is_choice(name) or (name == "seed" and float(value).is_integer())):
        return None  # what most values of a large table are
    is_plain = value is None or isinstance(value, bool | int | float | str | list | dict)
    given = shown(value) if is_plain else f"a {type(value).__name__}"  # tables may hold dates
    is_text, right = isinstance(value, str), "a number, or an id"
    read = scalar(value) if is_text else value
    is_number = isinstance(read, int | float) and not isinstance(read, bool)
    is_whole = is_number and not is_text and 0 <= value < MOST_WHOLE and float(value).is_integer()
    wrong = ""
    if name != name.strip():
        wrong, right = f"the factor {shown(name)} has space around its name", shown(name.strip())
    elif name == "seed":
        wrong = "" if is_whole else f"the seed is {given}"
        right = f"a whole number from 0 to below {MOST_WHOLE}"
    elif is_choice(name):
        wrong, right = "" if is_text else f"{name} is {given}, not a name", "a name, as text"
    elif is_text and value != value.strip():
        wrong, right = f"{name} is {given}, with space around it", shown(value.strip())
    elif is_text and not isinstance(read, str):
        reads = f"reads as {'a number' if is_number else 'no text'}"
        wrong, right = f"{name} is the text {given}, which {reads}", "a number without quotes"
    elif not is_text and not is_number:
        wrong = f"{name} is {given}, not a number"
    elif isinstance(value, int) and abs(value) > MOST_WHOLE:
        wrong = f"{name} is {given}: it cannot be kept to its last digit"
        right = f"whole numbers up to {MOST_WHOLE}"
    elif not is_text and not math.isfinite(value):
        wrong = f"{name} is {given}, not a finite number"
    return (wrong, right) if wrong else None


def twin(values: Iterable[Hashable]) -> tuple[int, int] | None:
    """The places of the first two values that are the same; 1 and 1.0 are."""
    seen: dict[Hashable, int] = {}
    for at, value in enumerate(values):
        if (first := seen.setdefault(value, at)) != at:
            return first, at
    return None


class FactorReader(WorldChecker):
    """Reads the factors of one sweep file; problems land in the document, and reading goes on."""

    def __init__(self, document: Document, path: Path, world: World, most: int) -> None:
        super().__init__(document, world)
        self.path, self.most = path, most  # points
        self.scenarios: list[Scenario] = []
        self.called: dict[str, str] = {}  # names by what the file calls a scenario; "" for none
        self.since: int | None = None  # month of a lever that is set without one, in all scenarios
        self.theory: str | None = None
        self.forms: dict[str, str] = {}

    def pass_on(self, trail: Trail, error: InputProblems) -> None:
        """Report, at a place of this file, the first thing wrong with what it names."""
        first, place = error.problems[0], self.place(trail, of_key=False)
        self.document.report(place, first.message, first.suggestion, first.allowed)

    def breaks(self, trail: Trail, *rules: tuple[bool, Trail, str, str]) -> bool:
        """Whether a rule is broken; complain of the first.

        Args:
            rules: whether it is broken, the keys below the trail, the message, what is allowed.
        """
        for is_broken, below, message, allowed in rules:
            if is_broken:
                self.complain((*trail, *below), message, allowed=allowed, of_key=bool(below))
                return True
        return False

    def load(self, trail: Trail, given: Any) -> None:
        """Load a scenario that the file names; each is loaded once, and none after many faults."""
        if not isinstance(given, str) or given in self.called or self.document.is_full:
            return
        self.called[given] = ""
        try:
            scenario = load_scenario(given, self.world)
        except InputProblems as error:
            self.pass_on(trail, error)
            return
        name = scenario.name
        second = f"'{given}' is a second scenario by the name {name}"
        draws = f"{name} draws its numbers from the posterior"
        if not self.breaks(
            trail,
            (name in self.called.values(), (), f"{second}: their runs could not be told apart",
             "each scenario once, and each under a name of its own"),
            (scenario.posterior is not None, (), f"{draws}, and a sweep lays them out itself",
             "a scenario without `uncertain: posterior`"),
        ):  # fmt: skip
            self.called[given] = name
            self.scenarios.append(scenario)

    def apply_set(self, file: SweepFile) -> None:
        """Apply what the file sets to the loaded scenarios, from one month in all."""
        settings = [f"{path}={value}" for path, value in file.set.items()]
        since = earliest_parting(self.scenarios)
        for at, scenario in enumerate(self.scenarios):
            try:
                self.scenarios[at] = apply_settings(scenario, settings, self.world, since)
            except InputProblems as error:
                self.pass_on(("set", list(file.set)[error.problems[0].line - 1]), error)
        self.since = earliest_parting(self.scenarios)

    def values(self, name: str, values: Sequence[Any], place: Callable[[int], Trail]) -> list[int]:
        """Complain of values that a factor cannot take in every scenario; return their places."""
        if self.document.is_full:
            return [0]
        faults = [(at, wrong) for at, value in enumerate(values) if (wrong := fault(name, value))]
        for at, (message, allowed) in faults[:_FAULTS_SHOWN]:
            self.complain(place(at), message, allowed=allowed)
        if faults:
            return [at for at, _ in faults]
        # Every text and the smallest, largest and least positive number show whether all are good.
        texts = {v: at for at, v in reversed([*enumerate(values)]) if isinstance(v, str)}
        numbers = [at for at, value in enumerate(values) if not isinstance(value, str)]
        ends = [end(numbers, key=values.__getitem__) for end in (min, max) if numbers]
        ends += sorted((at for at in numbers if values[at] > 0), key=values.__getitem__)[:1]
        for at in sorted({*texts.values(), *ends}):
            if not self._value(place(at), name, values[at]):
                return [at]
        return []

    def _value(self, trail: Trail, name: str, value: Any) -> bool:
        """Whether a factor can take a value without fault in every scenario; if not, complain."""
        if name == "scenario":
            return bool(self.called.get(value))  # whoever loaded the scenarios has complained
        if name == "seed":
            return True
        if is_choice(name):
            return self.known(trail, name, value)
        for scenario in self.scenarios:
            try:
                apply_settings(scenario, [f"{name}={value}"], self.world, self.since)
            except InputProblems as error:
                self.pass_on(trail, error)
                return False
        return True

    def names_of(self, name: str) -> list[str]:
        """What a factor of names may be."""
        if name == "theory":
            return list(self.world.theories)
        return list(self.world.forms.get(name.removeprefix("form."), ()))

    def known(self, trail: Trail, name: str, value: Any) -> bool:
        """Whether a theory or form goes by this name; if not, complain."""
        known = self.names_of(name)
        if name.startswith("form.") and not known:
            factors = [f"form.{factor}" for factor in self.world.forms]
            self.complain(trail, f"unknown form factor '{name}'", factors, name, of_key=True)
        elif value not in known:
            self.complain(trail, f"unknown {name.partition('.')[0]} {shown(value)}", known, value)
        return value in known

    def kept(self, name: str, value: Any) -> float | str:
        """A checked value as it is kept; the same value is kept alike however it is written."""
        if name == "scenario":
            return self.called[value]
        return value if isinstance(value, str) else float(value)

    def factors_of(self, name: str, entry: FactorEntry, file: SweepFile) -> Iterator[Factor]:
        """The factors that one entry stands for: one, or every number that fits a pattern."""
        trail: Trail = ("factors", name)
        if entry.every == schema.DECLARED:
            yield from self._declared(trail, name, file)
        elif entry.every == schema.ALL and not (name == "theory" or name.startswith("form.")):
            allowed = "[VALUE, ...], {low: ..., high: ...}, or 'declared'"
            self.complain(trail, f"{name} is 'all', which is for a theory or form", allowed=allowed)
        elif entry.every == schema.ALL and not self.names_of(name):
            self.known(trail, name, schema.ALL)
        else:
            levels = self.names_of(name) if entry.every == schema.ALL else entry.levels
            if (found := self._factor(trail, name, entry, levels, file.design.kind)) is not None:
                yield found

    def _declared(self, trail: Trail, name: str, file: SweepFile) -> Iterator[Factor]:
        numbers, kind = self.world.numbers, file.design.kind
        fits = re.compile(translate(name)).match
        drawn = self.world.drawn.union(*(scenario.uncertain for scenario in self.scenarios))
        paths = [path for path in numbers if path in drawn and fits(path)]
        paths = paths if "*" in name else [name]
        ranges = {path: span for path in paths if (span := self._range(path)) is not None}
        for path in ranges:
            if len({scenario.uncertain.get(path) for scenario in self.scenarios}) > 1:
                message = f"the scenarios narrow {path} differently, so it has no one range"
                allowed = "the same `uncertain` in all, or low and high here"
                self.complain(trail, message, allowed=allowed)
        if name in file.set:
            self.report_clash(trail, name, name, "")
        elif not ranges:
            message = f"'{name}' is no number that has a range"
            self.complain(trail, message, list(filter(self._range, numbers)), name, of_key=True)
        if kind in schema.CROSSED:
            self.complain(trail, f"a {kind} needs levels", allowed=_LEVELS)
        yield from (Factor(path, *span, declared=True) for path, span in ranges.items())

    def _range(self, path: str) -> tuple[float, float] | None:
        """Range that a number has under the file's theory and scenarios; none if it is held."""
        number, name = self.world.numbers.get(path), path.rpartition(".")[2]
        is_rule = path.startswith("rules.")
        if number is None or number.is_silent or not (is_rule or path in self.world.coded_index):
            return None
        span = number.low, number.high
        if is_rule:
            holders = [form for names in self.world.forms.values() for form in names.values()]
            preset = self.world.theories[self.theory] if self.theory else None
            if any(name in each.fix for each in holders) or (preset and name in preset.fix):
                return None
            span = preset.ranges.get(name, span) if preset else span
        for scenario in self.scenarios:
            span = scenario.uncertain.get(path, span)
        is_held = any(path in scenario.fixed for scenario in self.scenarios)
        return None if is_held or span[1] <= span[0] else span

    def _factor(
        self, trail: Trail, name: str, entry: FactorEntry, levels: list[Any] | None, kind: str
    ) -> Factor | None:
        """The factor of an entry; none if it is wrong."""
        low, high, steps = entry.low, entry.high, entry.steps
        is_range, is_crossed = levels is None, kind in schema.CROSSED
        if self.breaks(
            trail,
            (is_range == (low is None or high is None), (),
             f"{name} needs levels, or both low and high", _ONE),
            (kind == "morris" and not is_range, (),
             f"morris changes numbers by a step; {name} has levels", "{low: ..., high: ...}"),
            (steps is not None and not is_range, ("steps",), "steps means nothing beside levels",
             "low and high alone"),
            (steps is not None and not is_crossed, ("steps",),
             f"steps means nothing in a {kind} design", "low and high alone"),
            (is_range and not -math.inf < (low or 0) < (high or 0) < math.inf, (),
             f"{name}: low {shown(low)} is not below high {shown(high)}", ""),
            (is_range and is_crossed and steps is None, (), f"a {kind} needs levels", _LEVELS),
            (is_range and not is_crossed and name == "seed", (),
             f"a {kind} draws any number of a range, and a seed is a whole number",
             "levels: [SEED, ...]"),
        ):  # fmt: skip
            return None
        ends = levels or [low, high]
        if (moves := self._moves(trail, name, entry, ends)) is None:
            return None

        def place(at: int) -> Trail:
            if is_range:
                return (*trail, ("low", "high")[at])
            return (*trail, at) if entry.is_short else (*trail, "levels", at)

        if not moves and self.values(name, ends, place):
            return None
        if is_range and not is_crossed:
            return Factor(name, float(ends[0]), float(ends[1]), moves=moves)
        if is_range:  # the ends are exactly those that are stated
            first, last, count = float(ends[0]), float(ends[1]), (steps or 2) - 1
            kept = [*(first + (last - first) / count * np.arange(count)).tolist(), last]
        else:
            kept = [self.kept(name, level) for level in ends]
        numbers = [level for level in kept if isinstance(level, float)]
        same = twin(kept)
        twice = " and ".join(str((levels or kept)[at]) for at in same or ())
        if self.breaks(
            place(same[1]) if same and not is_range else trail,
            (name == "seed" and not all(map(float.is_integer, numbers)), (),
             "these steps make seeds that are no whole numbers", "steps of whole numbers"),
            (same is not None, (), f"a level of {name} stands twice: {twice}", "each level once"),
        ):  # fmt: skip
            return None
        low, high = min(numbers, default=0.0), max(numbers, default=0.0)
        return Factor(name, low, high, tuple(kept), moves)

    def _moves(
        self, trail: Trail, name: str, entry: FactorEntry, ends: list[Any]
    ) -> Mapping[str, tuple[float, float]] | None:
        """What a factor of a name of its own moves, and how far; none where that cannot be."""
        moves = entry.moves or {}
        is_taken = not name.isidentifier() or is_choice(name) or name in levers()
        faulty = any(isinstance(end, str) or fault(name, end) for end in ends)
        if moves and self.breaks(
            trail,
            (is_taken, (), f"'{name}' cannot name what moves together", "a word of its own"),
            (faulty or len(set(ends)) < 2, (),
             f"{name} moves others, so it needs two numbers or more", ""),
            *((is_choice(path), ("moves", path), f"'{path}' cannot be moved", "numbers and levers")
              for path in moves),
            (all(low == high for low, high in moves.values()), ("moves",),
             f"{name} moves nothing: each path has one value at both ends", ""),
        ):  # fmt: skip
            return None
        for path, pair in moves.items():
            if self.values(path, pair, [(*trail, "moves", path, at) for at in (0, 1)].__getitem__):
                return None
        return {path: (float(pair[0]), float(pair[1])) for path, pair in moves.items()}

    def report_clash(self, trail: Trail, name: str, path: str, whose: str) -> None:
        """Complain that a factor sets what another one does, or, where none is named, the file."""
        both = f"'{name}' sets {path}, which stands under set: too"
        if whose:
            both = f"'{whose}' and '{name}' both set {path}"
        message = f"{both}: one would silently overwrite the other"
        self.complain(trail, message, allowed=_ONE, of_key=True)
