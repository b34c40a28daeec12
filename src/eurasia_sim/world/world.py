"""A world: who, where, what happened, the parent of every number, and the arrays of a run."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property, lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eurasia_sim.compute.dimensions import DOMAINS, Floats, Geography, Integers, name_hash
from eurasia_sim.evidence.claims import Document, load_evidence
from eurasia_sim.files import data_yaml
from eurasia_sim.files.data_yaml import DataError, Number, near, packaged, world_folder
from eurasia_sim.files.page import Problem
from eurasia_sim.kernel.arrays import coded_of
from eurasia_sim.world.forms import Actor, Event, Institution, Preset, Theatre, coded_paths
from eurasia_sim.world.levers import present_path
from eurasia_sim.world.loader import Loader

_HALF_A_YEAR = 6  # months after which a year's figure is known
_YEARS_OF_OUTPUT = 5
# Units of people, and how many of each make ten million.
_TEN_MILLION = {"people": 1e7, "thousand people": 1e4, "million people": 10, "tens of millions": 1}
_UNSTATED = ("initial_fighters", "initial_strength")  # coded, and nothing where not given
OF_RULES = ("rules.", "theories.", "forms.")  # begin paths that hold in every world
Steps = Mapping[int, float | str]  # month since the start -> value


@dataclass(frozen=True, repr=False)
class World:
    """Every number of a world and of the rules by its path, and the arrays a run is given."""

    name: str
    directory: Path
    actors: Mapping[str, Actor]
    theatres: Mapping[str, Theatre]
    institutions: Mapping[str, Institution]
    regions: Mapping[str, tuple[str, ...]]
    pairs: tuple[tuple[str, str], ...]
    first: int  # months since year 0 of the first month of the record
    start: int  # the same of the first month of a run
    record_until: int  # months since year 0 of its last month
    horizon: int  # months since year 0 of the last month a run reaches
    burn_in: int  # months run before the start
    numbers: Mapping[str, Number]
    factors: Mapping[str, tuple[str, ...]]  # path -> paths of the coded cells that it moves
    record: Mapping[str, Steps]  # by lever path, without events
    events: Mapping[str, Event]
    theories: Mapping[str, Preset]
    forms: Mapping[str, Mapping[str, Preset]]  # factor -> alternative
    default_theory: str
    null_theory: str | None  # the preset that no theory argues for; what it shows is no evidence
    default_forms: Mapping[str, str]  # factor -> alternative
    digest: str  # of all files it was read from

    def __repr__(self) -> str:
        return f"<world {self.name}: {len(self.actors)} actors, {len(self.theatres)} theatres>"

    @property
    def months(self) -> int:
        """Months from the start of the record to the horizon, both included."""
        return self.horizon - self.start + 1

    def month(self, date: str) -> int:
        """Months from the start of the record to a date YYYY-MM."""
        return data_yaml.month_number(date) - self.start

    def date(self, month: int) -> str:
        """The date YYYY-MM of a month since the start of the record."""
        return data_yaml.month_name(self.start + month)

    def number(self, path: str) -> Number:
        """The number at a path; raises `DataError` with the nearest paths when there is none."""
        if path not in self.numbers:
            raise DataError([f"{path} names no number{near(present_path(path), self.numbers)}"])
        return self.numbers[path]

    def record_steps(self, drop: Collection[str] = ()) -> dict[str, dict[int, float | str]]:
        """Steps of the record by lever path, with every event that is not dropped."""
        events = self.events
        if unknown := [name for name in drop if name not in events]:
            raise DataError(
                f"{each} is no event of the record{near(each, events)}" for each in unknown
            )
        steps = {path: dict(dated) for path, dated in self.record.items()}
        for event in sorted(events.values(), key=lambda event: event.month):
            if event.id not in drop:
                for path, value in event.sets.items():
                    steps.setdefault(path, {})[event.month] = value
        return {path: dict(sorted(dated.items())) for path, dated in steps.items()}

    def geography(self) -> Geography:
        """The fixed facts of place as arrays, in the order of the mappings.

        Raises DataError for every distance that is missing, and for an unknown unit of people.
        """
        lands, places = [actor.territory for actor in self.actors.values()], list(self.theatres)
        venues, problems = list(self.institutions.values()), list[str]()
        ties: dict[tuple[str, str, str], float] = {}  # given once and read both ways
        for path, number in self.numbers.items():
            if path.startswith("ties."):
                _, table, one, other = path.split(".")
                ties[table, one, other] = ties[table, other, one] = number.value

        def touching(a: str, b: str) -> bool:
            return a == b or bool(ties.get(("land_border", a, b)))

        def distance(a: str, b: str, table: str = "capital_distance") -> float:
            """Kilometres; a land is no distance from itself, or from a border that it shares."""
            value = 0.0 if a == b else ties.get((table, a, b))
            if value is None and (table == "capital_distance" or not touching(a, b)):
                first, second = sorted((a, b))
                wrong = f"{table} of {first} and {second} is missing; give it once, in km"
                problems.append(f"ties.yaml: {wrong}")
            return value or 0.0

        def role(name: str) -> Integers:
            order = {actor: at for at, actor in enumerate(self.actors)}
            ids = [getattr(theatre, name) for theatre in self.theatres.values()]
            return np.array([order.get(each, -1) for each in ids], dtype=np.int64)

        apart = partial(distance, table="border_distance")
        found = Geography(
            distance=_table(lands, lands, distance),
            border=_table(lands, lands, touching) * (1.0 - np.eye(len(lands))),
            theatre_distance=_table(lands, places, distance),
            theatre_border=_table(lands, places, touching),
            border_distance=_table(lands, places, apart),
            theatre_separation=_table(places, places, apart),
            size=np.array([self._people(place, problems) for place in places]),
            wealth=self._wealth(lands),
            ruler=role("ruler"),
            challenger=role("challenger"),
            contender=role("contender"),
            observed=np.full((3, len(lands), len(lands)), np.nan),
            convenes=_table(venues, list(self.actors), lambda v, name: v.convenes.get(name, 0.0)),
            venue_domains=_table(venues, DOMAINS, lambda v, domain: domain in v.domains),
            name_hash=np.array([*map(name_hash, self.actors)], np.uint64),
            theatre_hash=np.array([*map(name_hash, self.theatres)], np.uint64),
        )
        if problems:
            raise DataError(dict.fromkeys(problems))
        return found

    def _people(self, theatre: str, problems: list[str]) -> float:
        """Tens of millions; an empty theatre has none."""
        population = self.numbers.get(f"theatres.{theatre}.population")
        if population is None:
            return 0.0
        if population.unit not in _TEN_MILLION:
            wrong = f"{population.path} has unit {population.unit!r}; use one of"
            problems.append(f"{population.place}: {wrong} {', '.join(_TEN_MILLION)}")
        return population.value / _TEN_MILLION.get(population.unit, 1.0)

    def _wealth(self, lands: Sequence[str]) -> Floats:
        """Mean yearly output of five years up to the opening; power where a world has no output.

        Years between figures are interpolated; those before the first and after the last hold them.
        """
        # The year of a later start is not over.
        known = self.start if self.start == self.first else self.start - _HALF_A_YEAR
        output = self.yearly("gdp") or self.yearly("cinc")
        years = known // 12 - np.arange(_YEARS_OF_OUTPUT)
        each = [dict(sorted(output.get(land, {0: 0.0}).items())) for land in lands]
        return np.array([np.interp(years, list(own), list(own.values())).mean() for own in each])

    def yearly(self, table: str) -> dict[str, dict[int, float]]:
        """Figures of a table of capabilities, by territory and year."""
        found: dict[str, dict[int, float]] = {}
        for path, number in self.numbers.items():
            if path.startswith(f"capabilities.{table}."):
                land, year = path.split(".")[2:]
                found.setdefault(land, {})[int(year)] = number.value
        return found

    @cached_property
    def names(self) -> dict[str, str]:
        """Names of actors and theatres by id."""
        every: Mapping[str, Any] = {**self.actors, **self.theatres}
        return {name: each.name for name, each in every.items()}

    @cached_property
    def coded_paths(self) -> tuple[str, ...]:
        """Path of every element of the flat coded row; those without a number never vary.

        Factors come last. Who sets one moves its cells too.
        """
        return (*coded_paths(self.actors, self.theatres), *self.factors)

    @cached_property
    def coded_index(self) -> dict[str, int]:
        """Place of a path in the flat coded row."""
        return {path: at for at, path in enumerate(self.coded_paths) if path in self.numbers}

    def coded_row(self, overrides: Mapping[str, float] | None = None) -> Floats:
        """(M,) reference values, NaN where silent; overrides by path stay within their range."""
        row = np.zeros(len(self.coded_paths))
        for name in _UNSTATED:
            getattr(self.coded(row), name)[:] = np.nan
        for path, at in self.coded_index.items():
            row[at] = self.numbers[path].value
        given = {path: self.fixed(path, value) for path, value in (overrides or {}).items()}
        places = self.coded_index
        for path in sorted(given.keys() & places.keys(), key=self.factors.keys().__contains__):
            self.put(row, path, given[path], [places[cell] for cell in given if cell in places])
        return row

    def put(
        self, rows: Floats, path: str, values: Floats | float, fixed: Collection[int] = ()
    ) -> None:
        """Write a coded number, or a factor and the cells it moves, into rows (..., M), in place.

        Form: from its coded value a cell goes toward the high end of its range by the factor, or
        toward the low end by as much as the factor is below 0. Cells at `fixed` places stay.
        """
        rows[..., self.coded_index[path]] = values
        if path in self.factors:
            places, (low, value, high) = self._ends[path]
            free = ~np.isin(places, list(fixed))
            by = np.asarray(values, np.float64)[..., None]
            span = np.where(by < 0.0, value - low, high - value)
            rows[..., places[free]] = (value + by * span)[..., free]

    @cached_property
    def _ends(self) -> dict[str, tuple[Integers, Floats]]:
        """Of every factor, places of its cells (C,); low end, value and high end of each (3, C)."""
        found = {}
        for path, cells in self.factors.items():
            own = [self.numbers[cell] for cell in cells]
            spans = np.array([(each.low, each.value, each.high) for each in own]).reshape(-1, 3)
            found[path] = np.array([self.coded_index[cell] for cell in cells], np.int64), spans.T
        return found

    @cached_property
    def moved_by(self) -> dict[str, str]:
        """The factor that moves a cell, by the cell's path."""
        return {cell: path for path, cells in self.factors.items() for cell in cells}

    @cached_property
    def drawn(self) -> frozenset[str]:
        """Paths of the numbers that an ensemble over the declared ranges draws."""
        paths = {*self.rule_paths.values(), *self.coded_index} - self.moved_by.keys()
        return frozenset(path for path in paths if self.numbers[path].is_uncertain)

    def coded(self, row: Floats) -> Any:
        """Views of a flat row, or of many (..., M), as the named arrays; factors left out."""
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
        """The rules' reference values as one record; overrides by path stay within their range."""
        record = np.zeros((), dtype=self.rules_dtype)
        for name, path in self.rule_paths.items():
            given = (overrides or {}).get(path)
            record[name] = self.numbers[path].value if given is None else self.fixed(path, given)
        return record

    def fixed(self, path: str, value: float) -> float:
        """The value, if the number's range holds it."""
        number = self.number(path)
        if number.is_silent:
            remedy = "vary rules.allocation.silence instead"
            raise DataError([f"{path}: the documents are silent on it; {remedy}"])
        if not number.low <= value <= number.high:
            ends = f"[{number.low:g}, {number.high:g}]"
            raise DataError([f"{path} = {value:g} lies outside its range {ends}"])
        return float(value)


def _table(rows: Sequence[Any], columns: Sequence[Any], value: Callable[..., float]) -> Floats:
    cells = [[value(row, column) for column in columns] for row in rows]
    return np.array(cells, dtype=np.float64).reshape(len(rows), len(columns))


def load_world(directory: Path | str | None = None, rules_directory: Path | None = None) -> World:
    """The world in a folder, or of a packaged name, under the rules in another; else the packaged.

    Raises DataError with every problem, each as file:line, key, value and what would be right.
    """
    folder, rules_folder = world_folder(directory), rules_directory or packaged() / "rules"
    files = [*folder.glob("*"), *folder.glob("observations/*"), *rules_folder.glob("*")]
    return _read_world(folder, rules_folder, data_yaml.stamps(files))


@lru_cache(maxsize=4)
def _read_world(folder: Path, rules_folder: Path, stamps: tuple[object, ...]) -> World:
    """A world, read once while its files are what they were."""
    del stamps  # the key alone
    read = Loader(folder, rules_folder)
    world = World(**{each.name: getattr(read, each.name) for each in fields(World)})
    for path in sorted(folder.glob("*.yaml")):
        data_yaml.read_page(path)  # whatever the folder holds beside the world is YAML too
    if problems := _conflicts(world):
        raise DataError(problems)
    return world


def _conflicts(world: World) -> list[Problem | str]:
    """Faults that no file shows alone: distances, shares above 1, unknown claims and passages."""
    problems: list[Problem | str] = []
    try:
        world.geography()
    except DataError as error:
        problems += error.problems
    shares = world.coded(world.coded_row()).initial_influence.sum(axis=0)
    for k, d in np.argwhere(shares > 1.0 + 1e-9):
        place = f"theatres.{list(world.theatres)[k]}.initial_influence, {DOMAINS[d]}"
        problems.append(f"theatres.yaml: {place}: shares sum to {shares[k, d]:g}; at most 1")
    evidence = load_evidence(world.directory)
    second = (claim for each in evidence.rounds for claim in each.claims)
    claims = {claim.id for claim in (*evidence.claims, *second)}
    is_default = world.directory == world_folder()
    of_rules = evidence.documents if is_default else load_evidence().documents
    for number in world.numbers.values():
        known = of_rules if number.path.startswith(OF_RULES) else evidence.documents
        for what in _unfounded(number, claims, known):
            problems.append(f"{number.place}: {number.path} rests on {what}")
    return problems


def _unfounded(
    number: Number, claims: Collection[str], documents: Mapping[str, Document]
) -> Iterator[str]:
    """Claims and passages of a number's sources that do not exist."""
    for claim in number.claims():
        if claim not in claims:
            yield f"claim {claim}, which claims.yaml does not hold"
    for item in number.source:
        name = item.get("document")
        if name is not None and name not in documents:
            yield f"document {name!r}, which documents.yaml does not hold{near(name, documents)}"
        elif name is not None:
            first, spans = item["lines"][0], [each.lines for each in documents[name].paragraphs]
            if not any(begin <= first <= end for begin, end in spans):
                yield f"{name}, L{first}, which is no line of a paragraph there"
