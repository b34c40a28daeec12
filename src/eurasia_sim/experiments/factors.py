"""The factors of a sweep file, each value checked as a scenario's own would be."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from fnmatch import translate
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from eurasia_sim.experiments.schema import CROSSED, Factor, FactorEntry, SweepFile
from eurasia_sim.files.checker import Trail, shown
from eurasia_sim.files.user_yaml import Document, InputProblems, scalar
from eurasia_sim.scenarios.checks import WorldChecker
from eurasia_sim.scenarios.scenario import (
    Scenario,
    apply_settings,
    earliest_parting,
    load_scenario,
)
from eurasia_sim.world.levers import levers
from eurasia_sim.world.world import World

DECLARED, ALL = "declared", "all"
MOST_WHOLE = 2**53  # a design's table holds float64, which tells whole numbers apart up to here
_FAULTS_SHOWN = 3  # of the values of one factor
_LEVELS = "[VALUE, ...] or {low, high, steps}"

Fault = tuple[str, str]  # what is wrong, and what would be right


def is_choice(name: str) -> bool:
    """Whether a factor chooses by name, rather than setting a number or a lever."""
    return name in ("scenario", "theory") or name.startswith("form.")


def fault(name: str, value: Any) -> Fault | None:
    """What keeps a value from being run and stored as it is written; none if nothing does."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if name != name.strip():
        return f"the factor {shown(name)} has space around its name", shown(name.strip())
    if is_choice(name) and isinstance(value, str):
        return None
    if name == "seed":
        is_good = is_number and 0 <= value < MOST_WHOLE and float(value).is_integer()
    else:
        is_good = is_number and abs(value) < MOST_WHOLE
    if is_good:
        return None
    is_plain = value is None or isinstance(value, bool | int | float | str | list | dict)
    given = shown(value) if is_plain else f"a {type(value).__name__}"  # of a table: a date, bytes
    if is_choice(name):
        return f"{name} is {given}, not a name", "a name, as text"
    if name == "seed":
        return f"the seed is {given}", f"a whole number from 0 to below {MOST_WHOLE}"
    if isinstance(value, str):
        if value != value.strip():
            return f"{name} is {given}, with space around it", shown(value.strip())
        if isinstance(read := scalar(value), str):
            return None
        is_number = isinstance(read, int | float) and not isinstance(read, bool)
        reads = f"reads as {'a number' if is_number else 'no text'}"
        return f"{name} is the text {given}, which {reads}", "a number without quotes, or an id"
    if not is_number:
        return f"{name} is {given}, not a number", "a number, or an id"
    if isinstance(value, int) and abs(value) > MOST_WHOLE:
        digits = f"{name} is {given}: it cannot be kept to its last digit"
        return digits, f"whole numbers up to {MOST_WHOLE}"
    finite = math.isfinite(value)
    return None if finite else (f"{name} is {given}, not a finite number", "a number, or an id")


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
        if scenario.name in self.called.values():
            second = f"'{given}' is a second scenario by the name {scenario.name}"
            message = f"{second}: their runs could not be told apart"
            allowed = "each scenario once, and each under a name of its own"
            self.complain(trail, message, allowed=allowed)
        elif scenario.posterior is not None:
            draws = f"{scenario.name} draws its numbers from the posterior"
            message = f"{draws}, and a sweep lays them out itself"
            self.complain(trail, message, allowed="a scenario without `uncertain: posterior`")
        else:
            self.called[given] = scenario.name
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
        # Every text, the smallest and the largest number show whether all are good.
        texts: dict[str, int] = {}
        for at, value in enumerate(values):
            if isinstance(value, str):
                texts.setdefault(value, at)
        checked = set(texts.values())
        if numbers := [at for at, value in enumerate(values) if not isinstance(value, str)]:
            checked |= {min(numbers, key=values.__getitem__), max(numbers, key=values.__getitem__)}
        for at in sorted(checked):
            if not self._value(place(at), name, values[at]):
                return [at]
        return []

    def kept(self, name: str, value: Any) -> float | str:
        """A checked value as it is kept; the same value is kept alike however it is written."""
        if name == "scenario":
            return self.called[value]
        return value if isinstance(value, str) else float(value)

    def report_clash(self, trail: Trail, name: str, path: str, whose: str) -> None:
        """Complain that a factor sets what another one does, or, where none is named, the file."""
        if not whose:
            under = f"'{name}' sets {path}, which stands under set: too"
            message = f"{under} and would silently be overwritten"
        elif whose == name:
            message = f"'{name}' sets {path} twice"
        else:
            both = f"'{whose}' and '{name}' both set {path}"
            message = f"{both}: one would silently overwrite the other"
        self.complain(trail, message, allowed="one of the two", of_key=True)

    def factors_of(self, name: str, given: Any, file: SweepFile) -> Iterator[Factor]:
        """The factors that one entry stands for: one, or every number that fits a pattern."""
        trail = ("factors", name)
        if given == DECLARED:
            yield from self._declared(trail, name, file)
            return
        if given == ALL and (name == "theory" or name.startswith("form.")):
            given = self.names_of(name)
        try:
            is_list = isinstance(given, list) and given
            entry = FactorEntry(levels=given) if is_list else FactorEntry.model_validate(given)
        except ValidationError as error:
            finding = error.errors(include_url=False)[0]
            loc = (*trail, *finding["loc"])
            if finding["type"] == "extra_forbidden":
                known = list(FactorEntry.model_fields)
                self.complain(loc, f"unknown key '{loc[-1]}'", known, loc[-1], of_key=True)
            else:
                wanted = "[VALUE, ...], {low: ..., high: ...}, or 'declared'"
                self.complain(loc, f"{name} is {shown(finding.get('input'))}", allowed=wanted)
            return
        listed = (*trail, "levels") if isinstance(given, dict) else trail
        if (found := self._factor(trail, listed, name, entry, file.design.kind)) is not None:
            yield found

    def _declared(self, trail: Trail, name: str, file: SweepFile) -> Iterator[Factor]:
        numbers, kind = self.world.numbers, file.design.kind
        fits = re.compile(translate(name)).match
        paths = [path for path in numbers if fits(path)] if "*" in name else [name]
        ranges = {path: span for path in paths if (span := self._range(path)) is not None}
        for path in ranges:
            if len({scenario.uncertain.get(path) for scenario in self.scenarios}) > 1:
                message = f"the scenarios narrow {path} differently"
                message = f"{message}, so it has no one range to be drawn over"
                allowed = "the same `uncertain` in all, or low and high here"
                self.complain(trail, message, allowed=allowed)
        if name in file.set:
            self.report_clash(trail, name, name, "")
        elif not ranges:
            message = f"'{name}' is no number that has a range"
            self.complain(trail, message, list(numbers), name, of_key=True)
        if kind in CROSSED:
            self.complain(trail, f"a {kind} needs levels", allowed=_LEVELS)
        yield from (Factor(path, *span, declared=True) for path, span in ranges.items())

    def _range(self, path: str) -> tuple[float, float] | None:
        """Range that a number has under the file's theory and scenarios; none if it is held."""
        number, name = self.world.numbers.get(path), path.rpartition(".")[2]
        is_rule = path.startswith("rules.")
        if number is None or number.is_silent or not (is_rule or path in self.world.coded_index):
            return None
        low, high = number.low, number.high
        if is_rule:
            preset = self.world.theories[self.theory] if self.theory else None
            factors = {**self.world.default_forms, **self.forms}
            forms = [form for factor in factors for form in self.world.forms[factor].values()]
            if any(name in form.fix for form in forms) or (preset and name in preset.fix):
                return None
            low, high = preset.ranges.get(name, (low, high)) if preset else (low, high)
        for scenario in self.scenarios:
            if path in scenario.fixed:
                return None
            low, high = scenario.uncertain.get(path, (low, high))
        return (low, high) if high > low else None

    def _factor(
        self, trail: Trail, listed: Trail, name: str, entry: FactorEntry, kind: str
    ) -> Factor | None:
        """The factor of an entry whose levels stand at `listed`; none if it is wrong."""
        levels, steps = entry.levels, entry.steps
        if (levels is None) == (entry.low is None or entry.high is None):
            message = f"{name} needs levels, or both low and high"
            self.complain(trail, message, allowed="one of the two")
            return None
        if levels is not None and kind == "morris":
            message = f"morris changes numbers by a step; {name} has levels"
            self.complain(trail, message, allowed="{low: ..., high: ...}")
            return None
        if steps is not None and (levels is not None or kind not in CROSSED):
            where = "beside levels" if levels is not None else f"in a {kind} design"
            message, place = f"steps means nothing {where}", (*trail, "steps")
            self.complain(place, message, allowed="low and high alone", of_key=True)
        ends = levels or [entry.low, entry.high]
        if levels is None and not self._is_range(trail, name, entry, kind):
            return None
        if (moves := self._moves(trail, name, entry, ends)) is None:
            return None
        if levels is None:
            places: list[Trail] = [(*trail, "low"), (*trail, "high")]
        else:
            places = [(*listed, at) for at in range(len(levels))]
        if not moves and self.values(name, ends, places.__getitem__):
            return None
        if levels is None and kind not in CROSSED:
            return Factor(name, float(ends[0]), float(ends[1]), moves=moves)
        if levels is not None:
            kept = [self.kept(name, level) for level in levels]
        else:  # the ends are exactly those that are stated
            low, high, count = float(ends[0]), float(ends[1]), (steps or 2) - 1
            kept = [*(low + (high - low) / count * np.arange(count)).tolist(), high]
        numbers = [level for level in kept if isinstance(level, float)]
        if name == "seed" and not all(map(float.is_integer, numbers)):
            message = "these steps make seeds that are no whole numbers"
            self.complain(trail, message, allowed="steps of whole numbers")
            return None
        if (same := twin(kept)) is not None:
            twice = " and ".join(str((levels or kept)[at]) for at in same)
            place = trail if levels is None else (*listed, same[1])
            message = f"a level of {name} stands twice: {twice}"
            self.complain(place, message, allowed="each level once")
            return None
        low, high = min(numbers, default=0.0), max(numbers, default=0.0)
        return Factor(name, low, high, tuple(kept), moves)

    def _is_range(self, trail: Trail, name: str, entry: FactorEntry, kind: str) -> bool:
        """Whether a low and a high make a range that this design can use; if not, complain."""
        low, high = entry.low or 0, entry.high or 0
        if not math.isfinite(low) or not math.isfinite(high) or low >= high:
            self.complain(trail, f"{name}: low {float(low):g} is not below high {float(high):g}")
        elif kind in CROSSED and entry.steps is None:
            self.complain(trail, f"a {kind} needs levels", allowed=_LEVELS)
        elif kind not in CROSSED and name == "seed":
            message = f"a {kind} draws any number of a range, and a seed is a whole number"
            self.complain(trail, message, allowed="levels: [SEED, ...]")
        else:
            return True
        return False

    def _moves(
        self, trail: Trail, name: str, entry: FactorEntry, ends: list[Any]
    ) -> Mapping[str, tuple[float, float]] | None:
        """What a factor of a name of its own moves, and how far; none where that cannot be."""
        if entry.moves is None:
            return {}
        taken = (*levers(), "scenario", "theory", "seed")
        if not name.isidentifier() or name in taken:
            message = f"'{name}' cannot name what moves together"
            self.complain(trail, message, allowed="a word of its own", of_key=True)
            return None
        if any(isinstance(end, str) or fault(name, end) for end in ends) or len(set(ends)) < 2:
            self.complain(trail, f"{name} moves others, so it needs two numbers or more")
            return None
        for path, pair in entry.moves.items():
            where = (*trail, "moves", path)
            if is_choice(path) or path == "seed":
                message = f"'{path}' cannot be moved"
                self.complain(where, message, allowed="numbers and levers", of_key=True)
                return None
            if len(pair) != 2:
                message = f"{path} needs its values at {name}'s lowest and highest"
                self.complain(where, message, allowed="[LOW, HIGH]")
                return None
            if self.values(path, pair, [(*where, 0), (*where, 1)].__getitem__):
                return None
        if all(low == high for low, high in entry.moves.values()):
            message = f"{name} moves nothing: each path has one value at both ends"
            self.complain((*trail, "moves"), message)
            return None
        return {path: (float(pair[0]), float(pair[1])) for path, pair in entry.moves.items()}

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
        elif value in known:
            return True
        else:
            self.complain(trail, f"unknown {name.partition('.')[0]} {shown(value)}", known, value)
        return False

    def _value(self, trail: Trail, name: str, value: Any) -> bool:
        """Whether a factor can take a value without fault in every scenario; if not, complain."""
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
                self.pass_on(trail, error)
                return False
        return True
