"""Observed series of a world, read from its folder `observations/`; a world may have none."""

from __future__ import annotations

import contextlib
import math
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from operator import attrgetter
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from eurasia_sim.compute.dimensions import Floats, Integers
from eurasia_sim.files.checker import Strict
from eurasia_sim.files.data_yaml import LARGEST, DataError, near, packaged, read_page, refuse
from eurasia_sim.files.ordinary import Unreadable, table_rows
from eurasia_sim.files.page import Page
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


class Floor(Strict):
    """Where an item's forecasts are pooled, their numbers fitted up to each origin."""

    origins: Annotated[list[_Year], Field(min_length=1)]
    ahead: int | None = Field(default=None, ge=1)  # years; none: every later year
    signs: dict[str, Literal[-1, 1]] = Field(default_factory=dict)  # of columns along the item


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
    scale: float | None = Field(default=None, gt=0)  # of the measure, where one unit is both's
    offset: Literal["mean", "last"] = "mean"  # what lasts of a unit's deviations from the measure
    floor: Floor | None = None
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
    catalogue = page.validated(_Catalogue)
    if catalogue is None:
        raise DataError(page.in_order())
    for name in catalogue.hegemon:
        if name not in world.actors:
            page.complain(("hegemon",), f"unknown actor '{name}'", world.actors, name)
    found, documents = {}, [page]
    for name, item in catalogue.items.items():
        allowed = _ERRORS_OF.get(item.link.transform, ("none", "column", "binomial"))
        _check_item(page, name, item, allowed, catalogue.until, world)
        if item.error in allowed:
            documents.append(Page(f"{name}.csv"))
            if rows := _rows(folder / f"{name}.csv", item, world, documents[-1]):
                found[name] = _series(name, item, rows, catalogue.hegemon)
    for name in sorted({path.stem for path in folder.glob("*.csv")} - set(catalogue.items)):
        wrong = f"there is a {name}.csv and no item {name}"
        page.complain(("items",), wrong, catalogue.items, name)
    refuse(documents)
    return found


def _check_item(
    page: Page, name: str, item: Item, errors: tuple[str, ...], until: int, world: World
) -> None:
    """Complain of what an entry's form alone cannot show."""

    def wrong(key: str, right: str) -> None:
        message = f"items.{name}.{key} is {attrgetter(key)(item)!r}"
        page.complain(("items", name, *key.split(".")), message, allowed=right)

    published = read_page(packaged() / "measures.yaml").data
    for at, column in enumerate(item.reads):
        for why in _misread(column, item, published, world):
            page.complain(("items", name, "reads", at), f"items.{name}.reads is {column!r}: {why}")
    for column in item.floor.signs if item.floor else ():
        for why in _misread(column, item, published, world):
            page.complain(("items", name, "floor"), f"items.{name}.floor, {column!r}: {why}")
    if item.combine == "log_ratio" and len(item.reads) != 2:
        wrong("combine", f"a ratio is of two columns, reads has {len(item.reads)}")
    first, last = item.coverage
    if not first <= last <= until:
        wrong("coverage", f"first year, then last, at most {until}")
    if item.floor and not all(first <= year < last for year in item.floor.origins):
        wrong("floor.origins", f"years from {first} to {last - 1}, before a target")
    if item.error not in errors:
        wrong("error", f"{item.link.transform} takes {' or '.join(errors)}")


def _misread(column: str, item: Item, published: Mapping[str, Any], world: World) -> Iterator[str]:
    """Why no run publishes a column that an item reads."""
    measure, *steps = column.split(".")
    kinds = published.get(measure, {}).get("of", [])
    if measure not in published:
        yield f"unknown measure '{measure}'{near(measure, published)}"
    elif len(steps) != len(kinds):
        yield f"{measure} is of {', '.join(kinds)}, {len(kinds)} names after dots"
    else:
        pairs = [f"{a}-{b}" for a, b in world.pairs]
        ways = [*pairs, *(f"{b}-{a}" for a, b in world.pairs)]
        own = {"pair": pairs, "direction": ways, "scope": [*world.regions, "all"]}
        for step, kind in zip(steps, kinds, strict=True):
            axis = _PLACEHOLDER.fullmatch(step)
            among = own[kind] if kind in own else choices(kind, world)
            if axis and item.axes.get(axis[1]) != kind:
                yield f"{step} must be an axis of kind {kind}; axes are {item.axes}"
            elif not axis and step not in among:
                yield f"unknown {kind} '{step}'{near(step, among)}"


_Row = tuple[Unit, int, float, float, float]  # unit, year, value, n, error


def _rows(path: Path, item: Item, world: World, table: Page) -> list[_Row]:
    """Rows of a table that are in order; every fault of it is noted with its line."""
    header = ["year", *item.axes, "value", *_COLUMNS.get(item.error, [])]
    try:
        (_, given), *lines = list(table_rows(path, _LARGEST_TABLE)) or [(1, [""])]
    except Unreadable as error:
        table.report(error.place, error.wrong, allowed=error.allowed)
        return []
    if given != header:
        table.report((1, 1), f"the columns are {','.join(given)}", allowed=",".join(header))
        return []
    rows: dict[tuple[Unit, int], _Row] = {}
    for line, cells in lines:
        if len(cells) != len(header):
            table.report((line, 1), f"{len(cells)} cells; the header has {len(header)}")
            continue
        by_name = dict(zip(header, cells, strict=True))
        unit = tuple(by_name[axis] for axis in item.axes)
        year = int(by_name["year"]) if re.fullmatch("[0-9]{4}", by_name["year"]) else -1
        value, n, own = (_number(by_name.get(key, "0")) for key in ("value", "n", "error"))
        row = unit, year, value, n, own
        wrong = list(_faults(row, by_name, item, world))
        if (unit, year) in rows:
            wrong.append(f"{'.'.join(unit)} of {year} was given before")
        elif not wrong:
            rows[unit, year] = row
        for each in wrong:
            table.report((line, 1), each)
    if not rows and not table.problems:
        table.report((1, 1), "there are no rows")
    for each in _gaps(rows, item):
        table.report((1, 1), each)
    return list(rows.values())


def _faults(row: _Row, cells: Mapping[str, str], item: Item, world: World) -> Iterator[str]:
    """What is wrong with one row."""
    unit, year, value, n, error = row
    for axis, kind in item.axes.items():
        among = choices(kind, world)
        if cells[axis] not in among:
            own = cells[axis][:_LONGEST]
            yield f"{axis}: unknown {kind} '{own}'{near(own, among)}; one of {', '.join(among)}"
    if len(set(unit)) < len(unit) and set(item.axes.values()) == {"actor"}:
        yield f"{'.'.join(unit)} names one actor twice"
    first, last = item.coverage
    if not first <= year <= last:
        yield f"year = {cells['year']!r} lies outside the coverage {first} to {last}"
    least = {"value": -LARGEST, "n": 0.0, "error": 0.0}
    numbers = dict(zip(least, (value, n, error), strict=True))
    wrong = [key for key, number in numbers.items() if not least[key] <= number <= LARGEST]
    for key in wrong:
        rule = f"must be a finite number up to {LARGEST:g}, and no n or error is negative"
        yield f"{key} = {cells[key][:_LONGEST]!r} {rule}"
    refused = item.link.refuses(value, n)
    if item.error == "binomial" and item.link.transform != "share":
        is_share = 0 <= value <= 1 and n > 0
        refused = "" if is_share else "a binomial error needs a share from 0 to 1 and n above 0"
    if refused and not wrong:
        yield f"value = {cells['value']}: {refused}"


def _gaps(rows: Iterable[tuple[Unit, int]], item: Item) -> Iterator[str]:
    """Years that a unit of a complete item lacks, and dyads given in both orders."""
    years: dict[Unit, set[int]] = defaultdict(set)
    for unit, year in rows:
        years[unit].add(year)
    is_dyad = list(item.axes.values()) == ["actor", "actor"]
    for unit, known in years.items():
        missing = sorted(set(range(min(known), max(known) + 1)) - known)
        if item.complete and missing:
            listed = ", ".join(map(str, missing))
            yield f"{'.'.join(unit)} has no row of {listed}, and the item is complete"
        if is_dyad and unit < unit[::-1] and unit[::-1] in years:
            yield f"{'.'.join(unit)} is given in both orders; an undirected dyad has one"


def _number(text: str) -> float:
    with contextlib.suppress(ValueError):
        return float(text)
    return math.nan


def _series(name: str, item: Item, rows: list[_Row], hegemon: list[str]) -> Series:
    units = tuple(dict.fromkeys(row[0] for row in rows))
    years = np.arange(item.coverage[0], item.coverage[1] + 1)
    value, n, error = table = np.full((3, len(units), len(years)), np.nan)
    for unit, year, *numbers in rows:
        table[:, units.index(unit), year - item.coverage[0]] = numbers
    groups = np.array([int(any(actor in hegemon for actor in unit)) for unit in units])
    errors = sampling_error(item.link, item.error, value, n, error)
    return Series(name, item, units, years, linked(item.link, value, n), errors, groups)
