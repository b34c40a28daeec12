"""Observed series of a world, read from its folder `observations/` and checked; a world may have none."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from eurasia_sim.files.data_yaml import DataError, Page, near, packaged, read_page
from eurasia_sim.observations.links import Link, linked, sampling_error
from eurasia_sim.world.levers import choices
from eurasia_sim.world.world import World

FOLDER = "observations"
FILE = "observations.yaml"
Floats = NDArray[np.float64]
Unit = tuple[str, ...]
Form = TypeVar("Form", bound=BaseModel)
ErrorModel = Literal["none", "column", "binomial", "counts", "poisson"]
# Error models that a transform allows; every other transform allows none, column and, for a share of 1, binomial.
_ALLOWED = {
    "share": ("binomial",),
    "log_balance": ("counts",),
    "log1p": ("none", "column", "poisson"),
}
_EXTRA = {"none": (), "poisson": (), "column": ("error",), "binomial": ("n",), "counts": ("n",)}
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_Text = Annotated[str, Field(min_length=1)]
_Years = Annotated[list[int], Field(min_length=2, max_length=2)]


class Strict(BaseModel):
    """A form in which an unknown key or a value of another kind is an error."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Source(Strict):
    """Who provides an item, in which release and under which terms."""

    dataset: _Text
    cite: _Text
    terms: _Text
    known_from: Literal["read", "second hand", "recalled"]


class Item(Strict):
    """One observed item: what it is, what it reads and how it is linked to that."""

    says: _Text
    cannot: _Text
    source: Source
    unit: _Text
    axes: Annotated[dict[str, Literal["actor", "theatre"]], Field(min_length=1)]
    coverage: _Years
    complete: bool  # whether every unit has every year from its first to its last
    part: _Text  # the part of the world it observes; items of different parts are never averaged
    reads: list[str]  # columns of a run, with {axis} for the unit's ids
    link: Link
    error: ErrorModel
    year_effects: bool  # whether a year has a value of its own for each group of dyads
    use: Literal["fits", "scores", "input"]


class _Catalogue(Strict):
    until: int
    hegemon: list[str] = Field(default_factory=list)
    items: Annotated[dict[str, Item], Field(min_length=1)]


@dataclass(frozen=True)
class Series:
    """Values of one item.

    Attributes:
        units: (U,) ids of each unit, in the order of the item's axes.
        years: (T,) consecutive years.
        values: (U, T) on the linked scale; NaN where nothing was observed.
        errors: (U, T) standard deviation of the sampling error on that scale; 0 where none is known.
        groups: (U,) 1 for units with the hegemon, else 0.
    """

    name: str
    item: Item
    units: tuple[Unit, ...]
    years: NDArray[np.int64]
    values: Floats
    errors: Floats
    groups: NDArray[np.int64]

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
        return replace(
            self, years=self.years[kept], values=self.values[:, kept], errors=self.errors[:, kept]
        )


def load_observations(world: World) -> dict[str, Series]:
    """Series of a world by item; empty where it has no folder of observations.

    Raises:
        DataError: with everything wrong, each as file:line, key, value and what would be right.
    """
    folder = world.directory / FOLDER
    if not (folder / FILE).is_file():
        return {}
    page = read_page(folder / FILE)
    problems: list[str] = []
    catalogue = validated(page, _Catalogue, page.data, (), problems)
    if catalogue is None:
        raise DataError(problems)
    strange = [name for name in catalogue.hegemon if name not in world.actors]
    place = page.place(["hegemon"])
    problems += [f"{place}: hegemon: {unknown(name, 'actor', world.actors)}" for name in strange]
    found = {}
    for name, item in catalogue.items.items():
        problems += _misread(page, name, item, world)
        if item.coverage[0] > item.coverage[1] or item.coverage[1] > catalogue.until:
            place = page.place(["items", name, "coverage"])
            problems.append(
                f"{place}: items.{name}.coverage = {item.coverage}: first year, then last, at most {catalogue.until}"
            )
        allowed = _ALLOWED.get(item.link.transform, ("none", "column", "binomial"))
        if item.error not in allowed:
            place = page.place(["items", name, "error"])
            problems.append(
                f"{place}: items.{name}.error = {item.error!r}: {item.link.transform} takes {' or '.join(allowed)}"
            )
            continue
        rows = _rows(folder / f"{name}.csv", item, world, problems)
        if rows:
            found[name] = _series(name, item, rows, catalogue.hegemon)
    stray = sorted({path.stem for path in folder.glob("*.csv")} - set(catalogue.items))
    problems += [
        f"{name}.csv: {FILE} has no item {name}{near(name, catalogue.items)}" for name in stray
    ]
    if problems:
        raise DataError(problems)
    return found


def validated(
    page: Page, form: type[Form], data: Any, keys: tuple[str, ...], problems: list[str]
) -> Form | None:
    """Data as a form; what is wrong goes to `problems` with file, line, key and value."""
    try:
        return form.model_validate(data)
    except ValidationError as error:
        for finding in error.errors(include_url=False):
            trail = (*keys, *map(str, finding["loc"]))
            wanted = finding["msg"].removeprefix("Input should be ")
            if finding["type"] == "extra_forbidden":
                fields = [name for part in (form, Item, Source, Link) for name in part.model_fields]
                wanted = f"no known key{near(trail[-1], fields)}"
            problems.append(
                f"{page.place(trail)}: {'.'.join(trail)} = {finding.get('input')!r}: {wanted}"
            )
        return None


def unknown(name: str, kind: str, known: Mapping[str, Any] | list[str]) -> str:
    """That a word is no id, and which ids are near."""
    return f"{name!r} is no {kind}{near(name, known) or '; one of ' + ', '.join(known)}"


def _misread(page: Page, name: str, item: Item, world: World) -> Iterator[str]:
    """Columns that an item reads and no run publishes."""
    published = read_page(packaged() / "measures.yaml").data
    pairs = [f"{a}-{b}" for a, b in world.pairs]
    for at, column in enumerate(item.reads):
        place = f"{page.place(['items', name, 'reads', str(at)])}: items.{name}.reads = {column!r}"
        measure, *steps = column.split(".")
        if measure not in published:
            yield f"{place}: {unknown(measure, 'measure', published)}"
            continue
        wanted = published[measure]["of"]
        if len(steps) != len(wanted):
            yield f"{place}: {measure} is of {', '.join(wanted)}, {len(wanted)} names after dots"
            continue
        for step, kind in zip(steps, wanted, strict=True):
            found = _PLACEHOLDER.fullmatch(step)
            if found and item.axes.get(found[1]) != kind:
                yield f"{place}: {step} must be an axis of kind {kind}; axes are {item.axes}"
            elif not found:
                own = {"pair": pairs, "scope": [*world.regions, "all"]}
                among = own[kind] if kind in own else choices(kind, world.actors, world.theatres)
                if step not in among:
                    yield f"{place}: {unknown(step, kind, among)}"


_Row = tuple[Unit, int, float, float, float]  # unit, year, value, n, error


def _rows(path: Path, item: Item, world: World, problems: list[str]) -> list[_Row]:
    """Rows of an item's table; every problem with it as file:line."""
    if not path.is_file():
        problems.append(f"{path.name} is missing; {FILE} has an item {path.stem}")
        return []
    header = ["year", *item.axes, "value", *_EXTRA[item.error]]
    rows: dict[tuple[Unit, int], _Row] = {}
    with path.open(encoding="utf-8", newline="") as stream:
        lines = csv.reader(stream)
        given = next(lines, [])
        if given != header:
            problems.append(
                f"{path.name}:1: the columns are {','.join(given)}; they must be {','.join(header)}"
            )
            return []
        for line, cells in enumerate(lines, start=2):
            before = len(problems)
            row = _row(f"{path.name}:{line}", cells, header, item, world, problems)
            if row and row[:2] in rows:
                problems.append(
                    f"{path.name}:{line}: {'.'.join(row[0])} of {row[1]} was given before"
                )
            elif row and len(problems) == before:
                rows[row[:2]] = row
    if not rows and not problems:
        problems.append(f"{path.name} has no rows")
    problems += _gaps(path.name, item, rows)
    return list(rows.values())


def _row(
    place: str, cells: list[str], header: list[str], item: Item, world: World, problems: list[str]
) -> _Row | None:
    if len(cells) != len(header):
        problems.append(f"{place}: {len(cells)} cells; the header has {len(header)}")
        return None
    named = dict(zip(header, cells, strict=True))
    for axis, kind in item.axes.items():
        among = choices(kind, world.actors, world.theatres)
        if named[axis] not in among:
            problems.append(f"{place}: {axis} = {unknown(named[axis], kind, among)}")
    unit = tuple(named[axis] for axis in item.axes)
    if len(set(unit)) < len(unit) and set(item.axes.values()) == {"actor"}:
        problems.append(f"{place}: {'.'.join(unit)} names one actor twice")
    first, last = item.coverage
    year = int(named["year"]) if named["year"].isdigit() else -1
    if not first <= year <= last:
        problems.append(
            f"{place}: year = {named['year']!r} lies outside the coverage {first} to {last}"
        )
    numbers = {"n": 0.0, "error": 0.0}
    for key in ("value", *_EXTRA[item.error]):
        try:
            numbers[key] = float(named[key])
        except ValueError:
            numbers[key] = math.nan
        if not math.isfinite(numbers[key]) or (key != "value" and numbers[key] < 0):
            problems.append(
                f"{place}: {key} = {named[key]!r} must be a finite number, and no n or error is negative"
            )
            return None
    wrong = item.link.refuses(numbers["value"], numbers["n"])
    if (
        item.error == "binomial"
        and item.link.transform != "share"
        and not (0 <= numbers["value"] <= 1 and numbers["n"] > 0)
    ):
        wrong = "a binomial error needs a share from 0 to 1 and n above 0"
    if wrong:
        problems.append(f"{place}: value = {named['value']}: {wrong}")
    return unit, year, numbers["value"], numbers["n"], numbers["error"]


def _gaps(name: str, item: Item, rows: Mapping[tuple[Unit, int], _Row]) -> Iterator[str]:
    """Years between a unit's first and last that a complete item lacks, and a dyad given in both directions."""
    years: dict[Unit, set[int]] = {}
    for unit, year in rows:
        years.setdefault(unit, set()).add(year)
    for unit, held in years.items():
        missing = sorted(set(range(min(held), max(held) + 1)) - held)
        if item.complete and missing:
            yield f"{name}: {'.'.join(unit)} has no row of {', '.join(map(str, missing))}, and the item is complete"
        if (
            unit[::-1] in years
            and unit < unit[::-1]
            and list(item.axes.values()) == ["actor", "actor"]
        ):
            yield f"{name}: {'.'.join(unit)} is given in both orders; an undirected dyad has one"


def _series(name: str, item: Item, rows: list[_Row], hegemon: list[str]) -> Series:
    units = tuple(dict.fromkeys(row[0] for row in rows))
    years = np.arange(item.coverage[0], item.coverage[1] + 1)
    table = np.full((3, len(units), len(years)), np.nan)
    place = {unit: at for at, unit in enumerate(units)}
    for unit, year, *numbers in rows:
        table[:, place[unit], year - item.coverage[0]] = numbers
    value, n, error = table
    groups = np.array([int(any(one in hegemon for one in unit)) for unit in units])
    values = linked(item.link, value, n)
    return Series(
        name,
        item,
        units,
        years,
        values,
        sampling_error(item.link, item.error, value, n, error),
        groups,
    )
