"""A world: who, where, what happened and what every number of it rests on, ready to be made into arrays."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eurasia_sim.compute.dimensions import CONSTRUCTS, DOMAINS, THREATS, Floats, Geography
from eurasia_sim.files.data_yaml import (
    DataError,
    Number,
    Page,
    month_name,
    month_number,
    near,
    packaged,
    read_page,
    read_pages,
    world_folder,
)
from eurasia_sim.kernel.arrays import coded_of
from eurasia_sim.world.entities import Actor, Event, Institution, Preset, Theatre
from eurasia_sim.world.geography import geography_of
from eurasia_sim.world.loader import (
    THEATRE_TABLES,
    TRAITS,
    Gathered,
    read_actors,
    read_capabilities,
    read_homes,
    read_institutions,
    read_interests,
    read_record,
    read_table,
    read_theatres,
    read_ties,
)
from eurasia_sim.world.theories import read_rules, read_theories

# Paths of the numbers that hold in every world.
OF_RULES = ("rules.", "theories.", "forms.")
_FILES = ("actors", "theatres", "ties", "capabilities", "institutions", "record")


@dataclass(frozen=True)
class World:
    """Every number of a world and of the rules by its path, and the arrays a run is given."""

    name: str
    directory: Path
    actors: Mapping[str, Actor]
    theatres: Mapping[str, Theatre]
    institutions: Mapping[str, Institution]
    regions: Mapping[str, tuple[str, ...]]
    pairs: tuple[tuple[str, str], ...]
    start: int  # months since year 0 of the first month of the record
    record_until: int  # months since year 0 of its last month
    horizon: int  # months since year 0 of the last month a run reaches
    burn_in: int  # months run before the start
    numbers: Mapping[str, Number]
    record: Mapping[
        str, Mapping[int, float | str]
    ]  # lever path -> month since the start -> value, without events
    events: Mapping[str, Event]
    theories: Mapping[str, Preset]
    forms: Mapping[str, Mapping[str, Preset]]  # factor -> alternative
    default_theory: str
    null_theory: (
        str | None
    )  # the preset that no theory argues for; what it also shows is no evidence
    default_forms: Mapping[str, str]  # factor -> alternative
    digest: str  # of all files it was read from

    @property
    def months(self) -> int:
        """Months from the start of the record to the horizon, both included."""
        return self.horizon - self.start + 1

    def month(self, date: str) -> int:
        """Months from the start of the record to a date YYYY-MM."""
        return month_number(date) - self.start

    def date(self, month: int) -> str:
        """The date YYYY-MM of a month since the start of the record."""
        return month_name(self.start + month)

    def event_dates(self) -> dict[str, int]:
        """Month (since the start of the record) of every event by id."""
        return {event.id: event.month for event in self.events.values()}

    def number(self, path: str) -> Number:
        """The number at a path; raises `DataError` with the nearest paths when there is none."""
        if path not in self.numbers:
            raise DataError([f"{path} names no number{near(path, self.numbers)}"])
        return self.numbers[path]

    def record_steps(self, drop: Collection[str] = ()) -> dict[str, dict[int, float | str]]:
        """The record as lever path -> month since the start -> value, with every event that is not dropped."""
        unknown = [name for name in drop if name not in self.events]
        if unknown:
            raise DataError(
                [f"{name} is no event of the record{near(name, self.events)}" for name in unknown]
            )
        steps = {path: dict(dated) for path, dated in self.record.items()}
        for event in sorted(self.events.values(), key=lambda event: event.month):
            if event.id not in drop:
                for path, value in event.sets.items():
                    steps.setdefault(path, {})[event.month] = value
        return {path: dict(sorted(dated.items())) for path, dated in steps.items()}

    def geography(self) -> Geography:
        """The fixed facts of place as arrays."""
        return geography_of(self.actors, self.theatres, self.institutions, self.numbers)

    @cached_property
    def coded_paths(self) -> tuple[str, ...]:
        """Path of every element of the flat coded row; those without a number never vary."""
        return tuple(_coded_paths(list(self.actors), list(self.theatres)))

    @cached_property
    def coded_index(self) -> dict[str, int]:
        """Place of a path in the flat coded row."""
        return {path: at for at, path in enumerate(self.coded_paths) if path in self.numbers}

    def coded_row(self, overrides: Mapping[str, float] | None = None) -> Floats:
        """(M,) reference values of every coded number, NaN where silent; overrides by path stay within their range."""
        row = self._coded(lambda number: number.value)
        for path, value in (overrides or {}).items():
            if path in self.coded_index:
                row[self.coded_index[path]] = self.fixed(path, value)
            elif path not in self.numbers:
                self.number(path)
        return row

    def coded_bounds(self) -> tuple[Floats, Floats]:
        """(M,) lowest and (M,) highest values an ensemble draws from; equal where nothing varies, NaN where silent."""
        return self._coded(lambda number: number.low), self._coded(lambda number: number.high)

    def _coded(self, of: Callable[[Number], float]) -> Floats:
        row = np.zeros(len(self.coded_paths))
        for path, at in self.coded_index.items():
            row[at] = of(self.numbers[path])
        return row

    def coded(self, row: Floats) -> Any:
        """Views of a flat row, or of many (..., M), as the named arrays."""
        return coded_of(row, len(self.actors), len(self.theatres))

    @cached_property
    def rule_paths(self) -> dict[str, str]:
        """Path of every rule's number by its flat name."""
        return {path.rsplit(".", 1)[1]: path for path in self.numbers if path.startswith("rules.")}

    @cached_property
    def rules_dtype(self) -> np.dtype[np.void]:
        """One float64 field for each number of the rules."""
        return np.dtype([(name, np.float64) for name in self.rule_paths])

    def rules_record(self, overrides: Mapping[str, float] | None = None) -> NDArray[np.void]:
        """The rules' reference values as one record of shape (); overrides by path stay within their range."""
        record = np.zeros((), dtype=self.rules_dtype)
        for name, path in self.rule_paths.items():
            given = (overrides or {}).get(path)
            record[name] = self.numbers[path].value if given is None else self.fixed(path, given)
        return record

    def fixed(self, path: str, value: float) -> float:
        """The value, if the number's range holds it."""
        number = self.number(path)
        if number.is_silent:
            raise DataError(
                [f"{path}: the documents are silent on it; vary rules.allocation.silence instead"]
            )
        if not number.low <= value <= number.high:
            raise DataError(
                [f"{path} = {value:g} lies outside its range [{number.low:g}, {number.high:g}]"]
            )
        return float(value)


def _coded_paths(actors: list[str], theatres: list[str]) -> Iterator[str]:
    """Paths in the order of `fields.CODED`, field by field and row by row."""
    yield from (f"actors.{i}.interests.{c}" for i in actors for c in CONSTRUCTS)
    for block in ("denial", "affinity"):
        yield from (f"actors.{i}.{block}.{j}" for i in actors for j in actors)
    yield from (f"actors.{i}.susceptibility.{h}" for i in actors for h in THREATS)
    yield from (f"actors.{i}.offensive_capability" for i in actors)
    yield from (f"actors.{i}.skill.{d}" for i in actors for d in DOMAINS)
    yield from (f"actors.{i}.front.{j}" for i in actors for j in actors)
    yield from (f"actors.{i}.own_power" for i in actors)
    for table in ("opportunity", "base_stability"):
        yield from (f"theatres.{k}.{table}" for k in theatres)
    yield from (f"theatres.{k}.threat_source.{h}" for k in theatres for h in THREATS)
    for table in ("initial_control", "initial_militants", "initial_economy"):
        yield from (f"theatres.{k}.{table}" for k in theatres)
    yield from (
        f"theatres.{k}.initial_influence.{i}.{d}" for i in actors for k in theatres for d in DOMAINS
    )
    yield from (f"theatres.{k}.initial_recognition.{i}" for i in actors for k in theatres)


def load_world(directory: Path | str | None = None, rules_directory: Path | None = None) -> World:
    """The world in a folder under the rules in another; the packaged ones where none is given.

    Args:
        directory: a folder, or the name of a packaged world.

    Raises:
        DataError: with every problem found, each as file:line, key, value and what would be right.
    """
    folder = world_folder(directory)
    rules_folder = rules_directory or packaged() / "rules"
    pages, rules = read_pages(folder), read_pages(rules_folder)
    missing = [f"{folder.name}/{name}.yaml is missing" for name in _FILES if name not in pages]
    missing += [] if "theories" in rules else ["rules/theories.yaml is missing"]
    if missing:
        raise DataError(missing)
    into = Gathered()
    try:
        world = _assembled(folder, pages, rules, into)
        world = replace(
            world, digest=_digest([*folder.glob("*.yaml"), *rules_folder.glob("*.yaml")])
        )
    except (KeyError, TypeError, AttributeError) as error:
        if into.problems:
            raise DataError(into.problems) from error
        raise DataError(
            [f"{into.reading}: an entry is missing or has another form than it should: {error}"]
        ) from error
    if not into.problems:
        into.problems += _conflicts(world, pages)
    if into.problems:
        raise DataError(into.problems)
    return world


def _assembled(
    folder: Path, pages: Mapping[str, Page], rules: Mapping[str, Page], into: Gathered
) -> World:
    """Everything read in the order in which ids become known; what is wrong gathers in `into`."""

    def page(name: str) -> Page:
        into.reading = f"{name}.yaml"
        return {**rules, **pages}[name]

    for name in rules:
        if name != "theories":
            read_rules(page(name), into)
    theories, forms, default_forms = read_theories(page("theories"), into)
    read_actors(page("actors"), into)
    regions, pairs = read_theatres(page("theatres"), into)
    read_homes(page("actors"), into)
    read_interests(page("actors"), into)
    for table, axes in TRAITS.items():
        read_table(page("actors"), ("traits", table), axes, ("actors", "actor"), into)
    for table, axes in THEATRE_TABLES.items():
        read_table(page("theatres"), (table,), axes, ("theatres", "theatre"), into)
    read_ties(page("ties"), into)
    read_capabilities(page("capabilities"), into)
    period = page("record").data["period"]
    start = month_number(period["start"])
    institutions = read_institutions(page("institutions"), into, start)
    record, events = read_record(page("record"), into, start)
    default, null = (rules["theories"].data.get(key) for key in ("default", "baseline"))
    for key, name in (("default", default), ("baseline", null)):
        if name is not None:
            into.known(rules["theories"], (key,), name, theories, "preset")
    return World(
        name=folder.name,
        directory=folder,
        actors=into.actors,
        theatres=into.theatres,
        institutions=institutions,
        regions=regions,
        pairs=pairs,
        start=start,
        record_until=month_number(period["record_until"]),
        horizon=month_number(period["horizon"]),
        burn_in=int(period["burn_in"]),
        numbers=into.numbers,
        record=record,
        events=events,
        theories=theories,
        forms=forms,
        default_theory=default or next(iter(theories), ""),
        null_theory=null,
        default_forms=default_forms,
        digest="",
    )


def _conflicts(world: World, pages: Mapping[str, Page]) -> list[str]:
    """What each file alone cannot show: missing distances, shares above one, claims and passages that do not exist."""
    problems = []
    try:
        world.geography()
    except DataError as error:
        problems += error.problems
    shares = world.coded(world.coded_row()).initial_influence.sum(axis=0)
    for k, d in np.argwhere(shares > 1.0 + 1e-9):
        place = f"theatres.{list(world.theatres)[k]}.initial_influence, {DOMAINS[d]}"
        problems.append(f"theatres.yaml: {place}: shares sum to {shares[k, d]:g}; at most 1")
    claims = {entry["id"] for entry in pages["claims"].data} if "claims" in pages else set()
    if "second_coding" in pages:
        claims |= {
            entry["id"]
            for turn in pages["second_coding"].data["rounds"]
            for entry in turn["claims"]
        }
    documents = pages["documents"].data if "documents" in pages else {}
    beside_rules = read_page(
        world_folder() / "documents.yaml"
    ).data  # the rules were written from these, for any world
    for number in world.numbers.values():
        held = beside_rules if number.path.startswith(OF_RULES) else documents
        problems += [
            f"{number.place}: {number.path} rests on {what}"
            for what in _unfounded(number, claims, held)
        ]
    return problems


def _unfounded(
    number: Number, claims: Collection[str], documents: Mapping[str, Any]
) -> Iterator[str]:
    """Claims and passages of a number's sources that are not there."""
    yield from (
        f"claim {claim}, which claims.yaml does not hold"
        for claim in number.claims()
        if claim not in claims
    )
    for item in number.source:
        name = item.get("document")
        if name is not None and name not in documents:
            yield f"document {name!r}, which documents.yaml does not hold{near(str(name), documents)}"
        elif name is not None:
            held = [entry["lines"] for entry in documents[name]["paragraphs"]]
            if not any(first <= item["lines"][0] <= last for first, last in held):
                yield f"{name}, L{item['lines'][0]}, which is no line of a paragraph there"


def _digest(paths: Iterable[Path]) -> str:
    """SHA-256 of the files' names and bytes, in the order of their names."""
    total = hashlib.sha256()
    for path in sorted(paths):
        total.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return total.hexdigest()
