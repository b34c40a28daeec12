"""The factors of a sweep file, each value checked as a scenario's own would be."""

import math
import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from fnmatch import translate
from pathlib import Path
from typing import Any, Never

import numpy as np

from eurasia_sim.experiments import schema
from eurasia_sim.experiments.schema import Factor, FactorEntry, SweepFile, is_choice
from eurasia_sim.files.checker import Trail, shown
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.files.page import Page, scalar
from eurasia_sim.scenarios.checks import WorldChecker
from eurasia_sim.scenarios.scenario import Scenario, apply_settings, earliest_parting, load_scenario
from eurasia_sim.world.levers import levers
from eurasia_sim.world.world import World

MOST_WHOLE = 2**53  # a design's table holds float64, which tells whole numbers apart up to here
_FAULTS_SHOWN = 3  # of the values of one factor
_LEVELS = "[VALUE, ...] or {low, high, steps}"
_ONE = "one of the two"


class Refused(Exception):
    """What is wrong with an entry has been complained of, and the rest of it is not read."""


def fault(name: str, value: Any) -> tuple[str, str] | None:
    """What keeps a value from being run and stored as it is written, and what would be right."""
    is_small = type(value) in (int, float) and 0 <= value < MOST_WHOLE and name == name.strip()
    if is_small and (not is_choice(name) or (name == "seed" and float(value).is_integer())):
        return None  # what most values of a large table are
    is_plain = value is None or isinstance(value, bool | int | float | str | list | dict)
    given = shown(value) if is_plain else f"a {type(value).__name__}"  # tables may hold dates
    is_number, right = type(value) in (int, float), "a number, or an id"
    if name != name.strip():
        return f"the factor {shown(name)} has space around its name", shown(name.strip())
    if name == "seed":
        is_whole = is_number and 0 <= value < MOST_WHOLE and float(value).is_integer()
        right = f"a whole number from 0 to below {MOST_WHOLE}"
        return None if is_whole else (f"the seed is {given}", right)
    if is_choice(name):
        is_name = isinstance(value, str)
        return None if is_name else (f"{name} is {given}, not a name", "a name, as text")
    if isinstance(value, str):
        if value != value.strip():
            return f"{name} is {given}, with space around it", shown(value.strip())
        if isinstance(read := scalar(value), str):
            return None
        what = "a number" if type(read) in (int, float) else "no text"
        return f"{name} is the text {given}, which reads as {what}", "a number without quotes"
    if not is_number:
        return f"{name} is {given}, not a number", right
    if isinstance(value, int) and abs(value) > MOST_WHOLE:
        wrong = f"{name} is {given}: it cannot be kept to its last digit"
        return wrong, f"whole numbers up to {MOST_WHOLE}"
    return None if math.isfinite(value) else (f"{name} is {given}, not a finite number", right)


def twin(values: Iterable[Hashable]) -> tuple[int, int] | None:
    """The places of the first two values that are the same; 1 and 1.0 are."""
    seen: dict[Hashable, int] = {}
    for at, value in enumerate(values):
        if (first := seen.setdefault(value, at)) != at:
            return first, at
    return None


class FactorReader(WorldChecker):
    """Reads the factors of one sweep file; problems land in the document, and reading goes on."""

    def __init__(self, document: Page, path: Path, world: World, most: int) -> None:
        super().__init__(document, world)
        self.path, self.most = path, most  # points
        self.scenarios: list[Scenario] = []
        self.called: dict[str, str] = {}  # names by what the file calls a scenario; "" for none
        self.since: int | None = None  # month of a lever that is set without one, in all scenarios
        self.theory: str | None = None

    def pass_on(self, trail: Trail, error: DataError) -> None:
        """Report, at a place of this file, the first thing wrong with what it names."""
        self.document.pass_on(trail, error.problems[0])

    def refuse(
        self, trail: Trail, message: str, allowed: str = "", *, of_key: bool = False
    ) -> Never:
        """Complain, and read no more of what is being read."""
        self.complain(trail, message, allowed=allowed, of_key=of_key)
        raise Refused

    def load(self, trail: Trail, given: Any) -> None:
        """Load a scenario that the file names; each is loaded once, and none after many faults."""
        if not isinstance(given, str) or given in self.called or self.document.is_full:
            return
        self.called[given] = ""
        try:
            scenario = load_scenario(given, self.world)
        except DataError as error:
            self.pass_on(trail, error)
            return
        name = scenario.name
        if name in self.called.values():
            message = f"'{given}' is a second scenario by the name {name}"
            right = "each scenario once, and each under a name of its own"
            self.complain(trail, f"{message}: their runs could not be told apart", allowed=right)
        elif scenario.posterior is not None:
            message = f"{name} draws numbers from the posterior, and a sweep lays them out itself"
            self.complain(trail, message, allowed="a scenario without `uncertain: posterior`")
        else:
            self.called[given] = name
            self.scenarios.append(scenario)

    def apply_set(self, file: SweepFile) -> None:
        """Apply what the file sets to the loaded scenarios, from one month in all."""
        settings = [f"{path}={value}" for path, value in file.set.items()]
        since = earliest_parting(self.scenarios)
        for at, scenario in enumerate(self.scenarios):
            try:
                self.scenarios[at] = apply_settings(scenario, settings, self.world, since)
            except DataError as error:
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
            except DataError as error:
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
        """The factors that one entry stands for: one, or every number that fits a pattern.

        Raises:
            Refused: where the entry is wrong.
        """
        trail: Trail = ("factors", name)
        if entry.every == schema.DECLARED:
            yield from self._declared(trail, name, file)
            return
        levels = entry.levels
        if entry.every == schema.ALL:
            if not (name == "theory" or name.startswith("form.")):
                message = f"{name} is 'all', which is for a theory or form"
                self.refuse(trail, message, "[VALUE, ...], {low: ..., high: ...}, or 'declared'")
            levels = self.names_of(name)
            if not levels and not self.known(trail, name, schema.ALL):
                raise Refused
        yield self._factor(trail, name, entry, levels, file.design.kind)

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
    ) -> Factor:
        """The factor of an entry with levels or a range."""
        low, high, steps = entry.low, entry.high, entry.steps
        is_range, is_crossed = levels is None, kind in schema.CROSSED
        if is_range == (low is None or high is None):
            self.refuse(trail, f"{name} needs levels, or both low and high", _ONE)
        if kind == "morris" and not is_range:
            message = f"morris changes numbers by a step; {name} has levels"
            self.refuse(trail, message, "{low: ..., high: ...}")
        if steps is not None and not (is_range and is_crossed):
            where = f"in a {kind} design" if is_range else "beside levels"
            message = f"steps means nothing {where}"
            self.refuse((*trail, "steps"), message, "low and high alone", of_key=True)
        if is_range and not -math.inf < (low or 0) < (high or 0) < math.inf:
            self.refuse(trail, f"{name}: low {shown(low)} is not below high {shown(high)}")
        if is_range and is_crossed and steps is None:
            self.refuse(trail, f"a {kind} needs levels", _LEVELS)
        if is_range and not is_crossed and name == "seed":
            message = f"a {kind} draws any number of a range, and a seed is a whole number"
            self.refuse(trail, message, "levels: [SEED, ...]")
        ends = levels or [low, high]

        def place(at: int) -> Trail:
            if is_range:
                return (*trail, ("low", "high")[at])
            return (*trail, at) if entry.is_short else (*trail, "levels", at)

        if entry.moves:
            self._check_moves(trail, name, entry.moves, ends)
        elif self.values(name, ends, place):
            raise Refused
        moves = {path: (float(a), float(b)) for path, (a, b) in (entry.moves or {}).items()}
        if is_range and not is_crossed:
            return Factor(name, float(ends[0]), float(ends[1]), moves=moves)
        if is_range:  # the ends are exactly those that are stated
            first, last, count = float(ends[0]), float(ends[1]), (steps or 2) - 1
            kept = [*(first + (last - first) / count * np.arange(count)).tolist(), last]
        else:
            kept = [self.kept(name, level) for level in ends]
        numbers = [level for level in kept if isinstance(level, float)]
        if name == "seed" and not all(map(float.is_integer, numbers)):
            self.refuse(trail, "these steps make seeds that are no whole numbers", "whole steps")
        if (same := twin(kept)) is not None:
            twice = " and ".join(str((levels or kept)[at]) for at in same)
            second = trail if is_range else place(same[1])
            self.refuse(second, f"a level of {name} stands twice: {twice}", "each level once")
        low, high = min(numbers, default=0.0), max(numbers, default=0.0)
        return Factor(name, low, high, tuple(kept), moves)

    def _check_moves(
        self, trail: Trail, name: str, moves: Mapping[str, Sequence[float]], ends: list[Any]
    ) -> None:
        """Refuse a factor of a name of its own that cannot move what it is to move."""
        if not name.isidentifier() or is_choice(name) or name in levers():
            self.refuse(trail, f"'{name}' cannot name what moves together", "a word of its own")
        if any(isinstance(end, str) or fault(name, end) for end in ends) or len({*ends}) < 2:
            self.refuse(trail, f"{name} moves others, so it needs two numbers or more")
        below = (*trail, "moves")
        for path, pair in moves.items():
            if is_choice(path):
                message = f"'{path}' cannot be moved"
                self.refuse((*below, path), message, "numbers and levers", of_key=True)
            if self.values(path, pair, [(*below, path, at) for at in (0, 1)].__getitem__):
                raise Refused
        if all(low == high for low, high in moves.values()):
            message = f"{name} moves nothing: each path has one value at both ends"
            self.refuse(below, message, of_key=True)

    def report_clash(self, trail: Trail, name: str, path: str, whose: str) -> None:
        """Complain that a factor sets what another one does, or, where none is named, the file."""
        both = f"'{name}' sets {path}, which stands under set: too"
        if whose:
            both = f"'{whose}' and '{name}' both set {path}"
        message = f"{both}: one would silently overwrite the other"
        self.complain(trail, message, allowed=_ONE, of_key=True)
