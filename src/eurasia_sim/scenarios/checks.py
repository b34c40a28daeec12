"""Everything that is wrong with a scenario file, found in one pass and checked against a world."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any

from pydantic import ValidationError

from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.files.user_yaml import Document, nearest, plain
from eurasia_sim.scenarios.posterior import read_posterior
from eurasia_sim.scenarios.schema import (
    POSTERIOR,
    Draft,
    EventChanges,
    EventEntry,
    ScenarioFile,
    Steps,
    Value,
    items,
    measures,
    settled,
    shown,
    text,
)
from eurasia_sim.world.levers import FREE, Lever, choices, levers
from eurasia_sim.world.world import World

MOST_HINTS = 50  # comparing a wrong word with every known one takes time; a file with more mistakes gets no more hints

# Numbers that an ensemble draws, beside the coded row.
_DRAWN = ("rules.", "capabilities.growth_beyond")

Trail = tuple[Any, ...]  # keys and indices from the root of a document to a value


def is_drawn(world: World, path: str) -> bool:
    """Whether an ensemble draws the number, so that a scenario can narrow or fix it."""
    return path in world.coded_index or path.startswith(_DRAWN)


class Checker:
    """Goes through one document; every complaint lands in the document's problems, and reading goes on."""

    def __init__(self, document: Document, world: World) -> None:
        self.document = document
        self.world = world
        self.hints = 0
        self.departs: int | None = None

    def complain(self, trail: Trail, message: str, known: Collection[str] = (), word: object = "", *,
                 allowed: str = "", of_key: bool = False) -> None:  # fmt: skip
        """Report a problem at a place, with the nearest of the known words."""
        suggestion = ""
        if known and self.hints < MOST_HINTS:
            self.hints += 1
            suggestion = nearest(word, known)
        if known and not allowed and (not suggestion or len(known) <= 16):
            allowed = ", ".join(known) if len(known) <= 40 else ""
        self.document.report(self.place(trail, of_key=of_key), message, suggestion, allowed)

    def place(self, trail: Trail, *, of_key: bool) -> tuple[int, int]:
        """Line and column of a value or key."""
        return self.document.place(trail, of_key)

    def extends(self) -> str | None:
        """Name of the scenario that the document starts from."""
        data = plain(self.document.root) if self.document.root else None
        return text(data.get("extends")) if isinstance(data, dict) else None

    def draft(self, parent: Draft | None = None) -> Draft:
        """What the document says; meaningful only if no problem was found."""
        data = plain(self.document.root) if self.document.root else None
        if not isinstance(data, dict):
            if self.document.root:
                self.complain(
                    (), "a scenario is a list of `key: value` lines, beginning with `format: 1`"
                )
            return Draft()
        self._shape(data)
        draft = Draft()
        for key in ("extends", "theory", "title", "question", "expect"):
            setattr(draft, key, text(data.get(key)) or getattr(draft, key))
        self._dates(data, draft, parent)
        self._levers(data.get("levers"), draft)
        self._events(data.get("events"), draft, parent)
        self._uncertain(data.get("uncertain"), draft)
        self._choices(data, draft)
        return draft

    def _shape(self, data: Mapping[str, Any]) -> None:
        """Keys and types, by pydantic; its findings in our words."""
        try:
            ScenarioFile.model_validate(data)
        except ValidationError as error:
            for finding in error.errors(include_url=False, include_context=True):
                self._finding(finding["loc"], finding["type"], finding["msg"], finding.get("input"))

    def _finding(self, loc: Trail, kind: str, said: str, given: object) -> None:
        name = ".".join(str(step) for step in loc)
        if kind == "extra_forbidden":
            model = ScenarioFile if len(loc) == 1 else EventChanges if len(loc) == 2 else EventEntry
            self.complain(
                loc, f"unknown key '{loc[-1]}'", list(model.model_fields), loc[-1], of_key=True
            )
        elif kind == "missing":
            self.complain(loc[:-1], f"the key '{loc[-1]}' is missing")
        elif kind == "literal_error":
            self.complain(loc, f"{name} is {shown(given)}", allowed="1")
        else:
            wanted = said.removeprefix("Input should be ").removeprefix("String should ")
            self.complain(loc, f"{name} is {shown(given)}", allowed=wanted)

    # --- dates

    def month(
        self, trail: Trail, written: object, first: int | None = None, *, of_key: bool = False
    ) -> int | None:
        """Months since the start of the record of a date YYYY-MM in the period; none if it is something else."""
        try:
            number = self.world.month(str(written))
        except DataError:
            self.complain(
                trail,
                f"{shown(written)} is no month",
                allowed="YYYY-MM, such as 2021-05",
                of_key=of_key,
            )
            return None
        period = f"{self.world.date(0)} to {self.world.date(self.world.months - 1)}"
        if not 0 <= number < self.world.months:
            self.complain(
                trail, f"{written} lies outside the period", allowed=period, of_key=of_key
            )
            return None
        if first is not None and number < first:
            early = f"{written} lies before the scenario departs ({self.world.date(first)}): nothing may change earlier"
            self.complain(trail, early, allowed=f"{self.world.date(first)} or later", of_key=of_key)
            return None
        return number

    def _dates(self, data: Mapping[str, Any], draft: Draft, parent: Draft | None) -> None:
        if isinstance(data.get("departs"), str):
            draft.departs = self.month(("departs",), data["departs"])
        elif parent:
            draft.departs = parent.departs
        if isinstance(data.get("horizon"), str):
            draft.horizon = self.month(("horizon",), data["horizon"])
        elif parent:
            draft.horizon = parent.horizon
        self.departs = draft.departs
        if (
            draft.departs is not None
            and draft.horizon is not None
            and draft.horizon < draft.departs
        ):
            message = f"the end {self.world.date(draft.horizon)} lies before the departure {self.world.date(draft.departs)}"
            self.complain(
                ("horizon",), message, allowed=f"{self.world.date(draft.departs)} or later"
            )
        changed = next((key for key in ("levers", "events") if data.get(key)), None)
        if changed and draft.departs is None and "departs" not in data:
            message = "a scenario that changes something must say from when on"
            self.complain((changed,), message, allowed="departs: YYYY-MM", of_key=True)

    # --- levers

    def _levers(self, given: object, draft: Draft) -> None:
        if not isinstance(given, dict):
            return
        for name, below in given.items():
            lever = self._lever(("levers", name), name)
            if lever:
                self._walk(lever, lever.path, ("levers", name), below, draft)

    def _lever(self, trail: Trail, name: str) -> Lever | None:
        lever = levers().get(name)
        if lever is None:
            self.complain(trail, f"unknown lever '{name}'", list(levers()), name, of_key=True)
        return lever

    def _walk(
        self, lever: Lever, kinds: tuple[str, ...], trail: Trail, given: object, draft: Draft
    ) -> None:
        """Go down a lever's nested ids to its values."""
        if not kinds:
            steps = self._steps(lever, trail, given)
            if steps:
                draft.levers[".".join(trail[1:])] = steps
            return
        if not isinstance(given, dict):
            where = ".".join(str(step) for step in trail[1:])
            message = f"{where} is {shown(given)}; it needs a {kinds[0]} below it"
            self.complain(trail, message, allowed=f"{lever.pattern}: value")
            return
        for name, below in given.items():
            if self.is_known(kinds[0], name, (*trail, name), trail[2:], lever):
                self._walk(lever, kinds[1:], (*trail, name), below, draft)

    def is_known(self, kind: str, name: str, trail: Trail, above: Trail, lever: Lever) -> bool:
        """Whether an id may stand at this step of a lever's path; if not, say so."""
        known = choices(kind, self.world.actors, self.world.theatres)
        if name not in known:
            self.complain(
                trail, f"unknown {kind} '{name}' in {lever.pattern}", known, name, of_key=True
            )
            return False
        if kind == "actor" and name in above:
            self.complain(
                trail, f"{lever.name} is between two actors; '{name}' stands twice", of_key=True
            )
            return False
        return True

    def _steps(self, lever: Lever, trail: Trail, given: object) -> Steps:
        if not isinstance(given, dict):
            return (
                {self.departs: settled(given)}
                if self.value(lever, trail, given) and self.departs is not None
                else {}
            )
        steps: Steps = {}
        for written, value in given.items():
            month = self.month((*trail, written), written, self.departs, of_key=True)
            if self.value(lever, (*trail, written), value) and month is not None:
                steps[month] = settled(value)
        if not given:
            self.complain(
                trail,
                f"{'.'.join(trail[1:])} says nothing",
                allowed="a value, or months with values",
            )
        return dict(sorted(steps.items()))

    def value(self, lever: Lever, trail: Trail, given: object) -> bool:
        """Whether a lever can take this value; if not, say so."""
        if lever.free and given == FREE:
            return True
        if lever.bounds is None:
            if isinstance(given, str) and given in self.world.actors:
                return True
            known = [*self.world.actors, FREE]
            self.complain(trail, f"unknown actor {shown(given)} for {lever.name}", known, given)
            return False
        return self._number(trail, lever.name, given, lever.bounds, lever.allowed)

    def _number(
        self, trail: Trail, name: str, given: object, bounds: tuple[float, float], allowed: str
    ) -> bool:
        if isinstance(given, bool) or not isinstance(given, int | float):
            self.complain(trail, f"{name} is {shown(given)}, not a number", allowed=allowed)
        elif not math.isfinite(given):
            self.complain(trail, f"{name} is {shown(given)}, not a finite number", allowed=allowed)
        elif not bounds[0] <= given <= bounds[1]:
            self.complain(trail, f"{name} is {shown(given)}, out of range", allowed=allowed)
        else:
            return True
        return False

    def setting(self, trail: Trail, path: str) -> tuple[Lever, str, int | None] | None:
        """The lever that a dotted path names, the path itself, and the month if the path ends in one."""
        name, *ids = path.split(".")
        lever = self._lever(trail, name)
        if lever is None:
            return None
        month = None
        if len(ids) == len(lever.path) + 1 and ids[-1][:1].isdigit():
            month = self.month(trail, ids.pop(), self.departs, of_key=True)
            if month is None:
                return None
        if len(ids) != len(lever.path):
            self.complain(
                trail, f"'{path}' has {len(ids) + 1} steps", allowed=lever.pattern, of_key=True
            )
            return None
        for at, kind in enumerate(lever.path):
            if not self.is_known(kind, ids[at], trail, tuple(ids[:at]), lever):
                return None
        return lever, ".".join([name, *ids]), month

    # --- events

    def _events(self, given: object, draft: Draft, parent: Draft | None) -> None:
        if not isinstance(given, dict):
            return
        dates = self.world.event_dates()
        for event in parent.added if parent else ():
            dates[event["id"]] = event["date"]
        for at, name in enumerate(items(given.get("drop"))):
            self._drop(("events", "drop", at), name, dates, draft)
        for at, event in enumerate(items(given.get("add"))):
            if isinstance(event, dict):
                self._add(("events", "add", at), event, dates, draft)

    def _drop(self, trail: Trail, name: object, dates: Mapping[str, int], draft: Draft) -> None:
        if not isinstance(name, str):
            return
        if name not in dates:
            self.complain(trail, f"unknown event '{name}'", list(dates), name)
        elif self.departs is not None and dates[name] < self.departs:
            message = (
                f"{name} happened in {self.world.date(dates[name])}, before the scenario departs"
            )
            self.complain(
                trail, message, allowed=f"departs: {self.world.date(dates[name])} or earlier"
            )
        else:
            draft.dropped.append(name)

    def _add(
        self, trail: Trail, event: Mapping[str, Any], dates: Mapping[str, int], draft: Draft
    ) -> None:
        name = text(event.get("id"))
        if name in {*dates, *(known["id"] for known in draft.added)}:
            self.complain((*trail, "id"), f"an event '{name}' exists already", allowed="a new id")
        date = event.get("date")
        month = self.month((*trail, "date"), date, self.departs) if isinstance(date, str) else None
        sets: dict[str, Value] = {}
        for path, value in event["sets"].items() if isinstance(event.get("sets"), dict) else ():
            found = self.setting((*trail, "sets", path), path)
            if found and self.value(found[0], (*trail, "sets", path), value):
                sets[found[1]] = settled(value)
        if month is not None and name is not None:
            title = text(event.get("title")) or ""
            draft.added.append({"id": name, "date": month, "title": title, "sets": sets})

    # --- numbers, theory, measures

    def _uncertain(self, given: object, draft: Draft) -> None:
        if given == POSTERIOR:
            try:
                draft.posterior = read_posterior(self.world)
            except DataError as error:
                self.complain(("uncertain",), error.problems[0])
        for path, ends in given.items() if isinstance(given, dict) else ():
            trail = ("uncertain", path)
            if (bounds := self.number_range(trail, path)) is None:
                continue
            allowed = f"within [{bounds[0]:g}, {bounds[1]:g}]"
            if not isinstance(ends, list) or len(ends) != 2:
                self.complain(
                    trail, f"{path} is {shown(ends)}; it needs [lowest, highest]", allowed=allowed
                )
                continue
            good = [
                self._number((*trail, at), path, end, bounds, allowed)
                for at, end in enumerate(ends)
            ]
            if all(good) and ends[0] > ends[1]:
                self.complain(
                    trail, f"{path}: the lowest value {ends[0]:g} is above the highest {ends[1]:g}"
                )
            elif all(good):
                draft.uncertain[path] = (float(ends[0]), float(ends[1]))

    def number_range(self, trail: Trail, path: str) -> tuple[float, float] | None:
        """Declared range of a number; none, with a complaint, if nobody knows the path."""
        number = self.world.numbers.get(path)
        if number is None:
            self.complain(
                trail, f"unknown parameter '{path}'", list(self.world.numbers), path, of_key=True
            )
            return None
        if not is_drawn(self.world, path):
            message = f"{path} is a fact that no run varies"
            self.complain(
                trail, message, allowed="a number of the rules, or a coded one", of_key=True
            )
            return None
        if number.is_silent:
            self.complain(
                trail,
                f"the documents are silent on {path}: there is no range to narrow",
                of_key=True,
            )
            return None
        return number.low, number.high

    def fixed(self, trail: Trail, path: str, given: object) -> bool:
        """Whether a number may be fixed at this value; if not, say so."""
        if (bounds := self.number_range(trail, path)) is None:
            return False
        return self._number(trail, path, given, bounds, f"{bounds[0]:g} to {bounds[1]:g}")

    def _choices(self, data: Mapping[str, Any], draft: Draft) -> None:
        theory, forms = data.get("theory"), data.get("forms")
        presets, factors = self.world.theories, self.world.forms
        if isinstance(theory, str) and theory not in presets:
            self.complain(("theory",), f"unknown theory '{theory}'", list(presets), theory)
        for factor, name in forms.items() if isinstance(forms, dict) else ():
            if factor not in factors:
                self.complain(
                    ("forms", factor),
                    f"unknown form factor '{factor}'",
                    list(factors),
                    factor,
                    of_key=True,
                )
            elif isinstance(name, str) and name not in factors[factor]:
                self.complain(
                    ("forms", factor),
                    f"unknown form '{name}' of {factor}",
                    list(factors[factor]),
                    name,
                )
            elif isinstance(name, str):
                draft.forms[factor] = name
        known = measures()
        for at, name in enumerate(items(data.get("measures"))):
            if isinstance(name, str) and name not in known:
                self.complain(("measures", at), f"unknown measure '{name}'", list(known), name)
            elif isinstance(name, str):
                draft.measures.append(name)
