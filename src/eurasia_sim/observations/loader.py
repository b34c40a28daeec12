"""Observed series of a world, read from its folder `observations/`; a world may have none."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from eurasia_sim.compute.dimensions import Floats, Integers
from eurasia_sim.files.checker import Strict, validated
from eurasia_sim.files.data_yaml import LARGEST, DataError, near, packaged, read_page
from eurasia_sim.files.ordinary import Missing, Unreadable, table_rows
from eurasia_sim.observations.links import Link, linked, sampling_error
from eurasia_sim.world.forms import Text
from eurasia_sim.world.levers import choices
from eurasia_sim.world.world import World

FOLDER = "observations"
FILE = "observations.yaml"
Unit = tuple[str, ...]
ErrorModel = Literal["none", "column", "binomial", "counts", "poisson"]
_ERRORS_OF = {  # a transform; of any other none, column and, for a share of 1, binomial
    "share": ("binomial",),
    "log_balance": ("counts",),
    "log1p": ("none", "column", "poisson"),
}
_COLUMNS = {"column": ["error"], "binomial": ["n"], "counts": ["n"]}  # beside the value
_LARGEST_TABLE = 16 * 1024**2  # bytes
_LONGEST = 60  # characters of a cell that are shown
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_Year = Annotated[int, Field(ge=1500, le=2200)]
_Years = Annotated[list[_Year], Field(min_length=2, max_length=2)]


class Source(Strict):
    """Who provides an item, in which release and under which terms."""

    dataset: Text
    cite: Text
    terms: Text
    known_from: Literal["read", "second hand", "recalled"]


class Item(Strict):
    """One observed item: what it is, what it reads and how it is linked to that."""

    says: Text
    cannot: Text
    source: Source
    unit: Text
    axes: Annotated[dict[str, Literal["actor", "theatre"]], Field(min_length=1)]
    coverage: _Years
    complete: bool  # whether every unit has every year from its first to its last
    part: Text  # the part of the world it observes; items of different parts are never averaged
    reads: list[str]  # columns of a run, with {axis} for the unit's ids
    combine: Literal["mean", "log_ratio"] = "mean"  # of a unit's columns
    link: Link
    error: ErrorModel
    year_effects: bool  # whether a year has a value of its own for each group of dyads
    use: Literal["fits", "scores", "input"]


class _Catalogue(Strict):
    until: _Year
    hegemon: list[str] = Field(default_factory=list)
    items: Annotated[dict[str, Item], Field(min_length=1)]


@dataclass(frozen=True)
class Series:
    """Values of one item.

    Attributes:
        units: (U,) ids of each unit, in the order of the item's axes.
        years: (T,) consecutive years.
        values: (U, T) on the linked scale; NaN where nothing was observed.
        errors: (U, T) standard deviation of the sampling error on that scale; 0 if none is known.
        groups: (U,) 1 for units with the hegemon, else 0.
    """

    name: str
    item: Item
    units: tuple[Unit, ...]
    years: Integers
    values: Floats
    errors: Floats
    groups: Integers

    @property
    def ids(self) -> list[str]:
        """Every actor and place in any unit, sorted."""
        return sorted({each for unit in self.units for each in unit})

    def columns(self, unit: Unit) -> list[str]:
        """Columns of a run that a unit observes."""
        ids = dict(zip(self.item.axes, unit, strict=True))
        return [_PLACEHOLDER.sub(lambda found: ids[found[1]], name) for name in self.item.reads]

    def only(self, kept: NDArray[np.bool_]) -> Series:
        """The series of the units that are kept, (U,) booleans."""
        units = tuple(unit for unit, keep in zip(self.units, kept, strict=True) if keep)
        values, errors, groups = self.values[kept], self.errors[kept], self.groups[kept]
        return replace(self, units=units, values=values, errors=errors, groups=groups)

    def until(self, year: int) -> Series:
        """The series up to a year."""
        kept = self.years <= year
        values, errors = self.values[:, kept], self.errors[:, kept]
        return replace(self, years=self.years[kept], values=values, errors=errors)


def load_observations(world: World) -> dict[str, Series]:
    """Series of a world by item; empty where it has no folder of observations.

    Raises:
        DataError: with everything wrong, each as file:line, key, value and what would be right.
    """
    folder = world.directory / FOLDER
    if not (folder / FILE).exists():
        return {}
    page = read_page(folder / FILE)
    problems: list[str] = []
    catalogue = validated(page, _Catalogue, page.data, (), problems)
    if catalogue is None:
        raise DataError(problems)
    for name in catalogue.hegemon:
        if name not in world.actors:
            wrong = unknown(name, "actor", world.actors)
            problems.append(f"{page.place(['hegemon'])}: hegemon: {wrong}")
    found = {}
    for name, item in catalogue.items.items():
        wrong_keys = list(_wrong_keys(item, catalogue.until, world))
        for key, value, wanted in wrong_keys:
            place = page.place(["items", name, *key.split(".")])
            problems.append(f"{place}: items.{name}.{key.split('.')[0]} = {value!r}: {wanted}")
        if "error" not in (key for key, _, _ in wrong_keys):
            rows = _Table(folder / f"{name}.csv", item, world, problems).rows()
            if rows:
                found[name] = _series(name, item, rows, catalogue.hegemon)
    problems += [
        f"{name}.csv: {FILE} has no item {name}{near(name, catalogue.items)}"
        for name in sorted({path.stem for path in folder.glob("*.csv")} - set(catalogue.items))
    ]
    if problems:
        raise DataError(problems)
    return found


def unknown(name: str, kind: str, known: Iterable[str]) -> str:
    """That a word is no id, and which ids are near."""
    return f"{name[:_LONGEST]!r} is no {kind}{near(name, known) or '; one of ' + ', '.join(known)}"


def _wrong_keys(item: Item, until: int, world: World) -> Iterator[tuple[str, Any, str]]:
    """Key, value and what would be right, of what an entry's form alone cannot show."""
    published = read_page(packaged() / "measures.yaml").data
    for at, column in enumerate(item.reads):
        for wrong in _misread(column, item, published, world):
            yield f"reads.{at}", column, wrong
    if item.combine == "log_ratio" and len(item.reads) != 2:
        yield "combine", item.combine, f"a ratio is of two columns, reads has {len(item.reads)}"
    if not item.coverage[0] <= item.coverage[1] <= until:
        yield "coverage", item.coverage, f"first year, then last, at most {until}"
    allowed = _ERRORS_OF.get(item.link.transform, ("none", "column", "binomial"))
    if item.error not in allowed:
        yield "error", item.error, f"{item.link.transform} takes {' or '.join(allowed)}"


def _misread(column: str, item: Item, published: Mapping[str, Any], world: World) -> Iterator[str]:
    """Why no run publishes a column that an item reads."""
    measure, *steps = column.split(".")
    kinds = published.get(measure, {}).get("of", [])
    if measure not in published:
        yield unknown(measure, "measure", published)
    elif len(steps) != len(kinds):
        yield f"{measure} is of {', '.join(kinds)}, {len(kinds)} names after dots"
    else:
        own = {"pair": [f"{a}-{b}" for a, b in world.pairs], "scope": [*world.regions, "all"]}
        for step, kind in zip(steps, kinds, strict=True):
            axis = _PLACEHOLDER.fullmatch(step)
            among = own[kind] if kind in own else choices(kind, world)
            if axis and item.axes.get(axis[1]) != kind:
                yield f"{step} must be an axis of kind {kind}; axes are {item.axes}"
            elif not axis and step not in among:
                yield unknown(step, kind, among)


_Row = tuple[Unit, int, float, float, float]  # unit, year, value, n, error


@dataclass
class _Table:
    """The table of an item; every problem with it goes to `problems` as file:line."""

    path: Path
    item: Item
    world: World
    problems: list[str]

    def rows(self) -> list[_Row]:
        """Rows that are in order."""
        name = self.path.name
        header = ["year", *self.item.axes, "value", *_COLUMNS.get(self.item.error, [])]
        try:
            (_, given), *lines = list(table_rows(self.path, _LARGEST_TABLE)) or [(1, [""])]
        except Missing:
            self.problems.append(f"{name} is missing; {FILE} has an item {self.path.stem}")
            return []
        except Unreadable as error:
            self.problems.append(f"{name}:{error.place[0]}: {error}")
            return []
        if given != header:
            wanted = f"they must be {','.join(header)}"
            self.problems.append(f"{name}:1: the columns are {','.join(given)}; {wanted}")
            return []
        rows: dict[tuple[Unit, int], _Row] = {}
        for line, cells in lines:
            wrong: list[str] = []
            row = self._row(header, cells, wrong)
            if row and row[:2] in rows:
                wrong.append(f"{'.'.join(row[0])} of {row[1]} was given before")
            elif row and not wrong:
                rows[row[:2]] = row
            self.problems += [f"{name}:{line}: {what}" for what in wrong]
        if not rows and not self.problems:
            self.problems.append(f"{name} has no rows")
        self.problems += [f"{name}: {what}" for what in self._gaps(rows)]
        return list(rows.values())

    def _row(self, header: list[str], row: list[str], wrong: list[str]) -> _Row | None:
        """One row, or None where it cannot be read; what is wrong goes to `wrong`."""
        item, world = self.item, self.world
        if len(row) != len(header):
            wrong.append(f"{len(row)} cells; the header has {len(header)}")
            return None
        cells = dict(zip(header, row, strict=True))
        for axis, kind in item.axes.items():
            among = choices(kind, world)
            if cells[axis] not in among:
                wrong.append(f"{axis} = {unknown(cells[axis], kind, among)}")
        unit = tuple(cells[axis] for axis in item.axes)
        if len(set(unit)) < len(unit) and set(item.axes.values()) == {"actor"}:
            wrong.append(f"{'.'.join(unit)} names one actor twice")
        first, last = item.coverage
        year = int(cells["year"]) if re.fullmatch("[0-9]{4}", cells["year"]) else -1
        if not first <= year <= last:
            wrong.append(f"year = {cells['year']!r} lies outside the coverage {first} to {last}")
        numbers = {"n": 0.0, "error": 0.0}
        for key in ("value", *_COLUMNS.get(item.error, [])):
            numbers[key] = _number(cells[key])
            if not abs(numbers[key]) <= LARGEST or (key != "value" and numbers[key] < 0):
                rule = f"must be a finite number up to {LARGEST:g}, and no n or error is negative"
                wrong.append(f"{key} = {cells[key][:_LONGEST]!r} {rule}")
                return None
        value, n = numbers["value"], numbers["n"]
        refused = item.link.refuses(value, n)
        if item.error == "binomial" and item.link.transform != "share":
            is_share = 0 <= value <= 1 and n > 0
            refused = "" if is_share else "a binomial error needs a share from 0 to 1 and n above 0"
        if refused:
            wrong.append(f"value = {cells['value']}: {refused}")
        return unit, year, value, n, numbers["error"]

    def _gaps(self, rows: Iterable[tuple[Unit, int]]) -> Iterator[str]:
        """Years that a unit of a complete item lacks, and dyads given in both orders."""
        years: dict[Unit, set[int]] = defaultdict(set)
        for unit, year in rows:
            years[unit].add(year)
        is_dyad = list(self.item.axes.values()) == ["actor", "actor"]
        for unit, known in years.items():
            missing = sorted(set(range(min(known), max(known) + 1)) - known)
            if self.item.complete and missing:
                listed = ", ".join(map(str, missing))
                yield f"{'.'.join(unit)} has no row of {listed}, and the item is complete"
            if is_dyad and unit < unit[::-1] and unit[::-1] in years:
                yield f"{'.'.join(unit)} is given in both orders; an undirected dyad has one"


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _series(name: str, item: Item, rows: list[_Row], hegemon: list[str]) -> Series:
    units = tuple(dict.fromkeys(row[0] for row in rows))
    years = np.arange(item.coverage[0], item.coverage[1] + 1)
    table = np.full((3, len(units), len(years)), np.nan)
    place = {unit: at for at, unit in enumerate(units)}
    for unit, year, *numbers in rows:
        table[:, place[unit], year - item.coverage[0]] = numbers
    value, n, error = table
    groups = np.array([int(any(actor in hegemon for actor in unit)) for unit in units])
    errors = sampling_error(item.link, item.error, value, n, error)
    return Series(name, item, units, years, linked(item.link, value, n), errors, groups)
