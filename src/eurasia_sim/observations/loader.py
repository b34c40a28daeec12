"""Observed series of a world, read from its folder `observations/`; a world may have none."""

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from operator import attrgetter
from pathlib import Path
from typing import Annotated, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from eurasia_sim.compute.dimensions import Floats, Integers
from eurasia_sim.files.checker import Strict, shown
from eurasia_sim.files.data_yaml import LARGEST, DataError, near, read_page, refuse, stamps
from eurasia_sim.files.ordinary import Unreadable, table_rows
from eurasia_sim.files.page import STEP, Page
from eurasia_sim.observations import links
from eurasia_sim.world.forms import Text
from eurasia_sim.world.levers import choices
from eurasia_sim.world.world import World

FOLDER = "observations"
FILE = "observations.yaml"
Unit = tuple[str, ...]
_BESIDE_VALUE = {"column": ["error"], "binomial": ["n"], "counts": ["n"]}  # columns of a table
_LARGEST_TABLE = 16 * 1024**2  # bytes
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_Year = Annotated[int, Field(ge=1500, le=2200)]
_Years = Annotated[list[_Year], Field(min_length=2, max_length=2)]
_Table = dict[Unit, dict[int, tuple[float, float, float]]]  # by year, value, n and error
_known: dict[tuple[object, ...], dict[str, "Series"]] = {}


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
    link: links.Link
    scale: float | None = Field(default=None, gt=0)  # of the measure, where one unit is both's
    offset: Literal["mean", "last"] = "mean"  # what lasts of a unit's deviations from the measure
    floor: Floor | None = None
    error: links.ErrorModel
    year_effects: bool  # whether a year has a value of its own for each group of dyads
    use: Literal["fits", "scores", "input"]

    @property
    def signs(self) -> Mapping[str, int]:
        """Signs of the columns that should go along with the item."""
        return self.floor.signs if self.floor else {}


class _Catalogue(Strict):
    until: _Year
    hegemon: list[str] = Field(default_factory=list)
    items: Annotated[dict[str, Item], Field(min_length=1)]


@dataclass(frozen=True)
class Series:
    """Values of one item."""

    name: str
    item: Item
    units: tuple[Unit, ...]  # (U,) ids of each, in the order of the item's axes
    years: Integers  # (T,) consecutive
    values: Floats  # (U, T) on the linked scale; NaN where nothing was observed
    errors: Floats  # (U, T) standard deviation of the sampling error on that scale; 0 if unknown
    groups: Integers  # (U,) 1 for units with the hegemon, else 0

    def columns(self, unit: Unit) -> list[str]:
        """Columns of a run that a unit observes."""
        ids = dict(zip(self.item.axes, unit, strict=True))
        return [_PLACEHOLDER.sub(lambda x: ids.get(x[1], x[0]), name) for name in self.item.reads]

    def reading(self, columns: Iterable[str]) -> Self:
        """The series beside the mean of other columns of a run."""
        item = self.item.model_copy(update={"reads": [*columns], "combine": "mean"})
        return replace(self, item=item)

    def only(self, kept: NDArray[np.bool_]) -> Self:
        """The series of the units that are kept, (U,) booleans."""
        units = tuple(itertools.compress(self.units, kept))
        parts = {name: getattr(self, name)[kept] for name in ("values", "errors", "groups")}
        return replace(self, units=units, **parts)

    def until(self, year: int) -> Self:
        """The series up to a year."""
        kept = self.years <= year
        values, errors = self.values[:, kept], self.errors[:, kept]
        return replace(self, years=self.years[kept], values=values, errors=errors)

    def relative(self) -> Self:
        """Less the year's mean of each group, which every method knows of the target too."""
        return replace(self, values=self.values - links.year_means(self.values, self.groups))


def load_observations(world: World) -> dict[str, Series]:
    """Series of a world by item; empty where it has no folder of observations.

    They are read once while their files are what they were. Raises DataError with everything wrong,
    each as file:line, key, value and what would be right.
    """
    folder = world.directory / FOLDER
    if not (folder / FILE).exists():
        return {}
    key = (world.digest, stamps(folder.iterdir()))
    if key not in _known:
        _known[key] = _read_folder(folder, world)
    return dict(_known[key])


def _read_folder(folder: Path, world: World) -> dict[str, Series]:
    page = read_page(folder / FILE)
    catalogue = page.validated(_Catalogue)
    if catalogue is None:
        raise DataError(page.in_order())
    for name in catalogue.hegemon:
        if name not in world.actors:
            page.complain(("hegemon",), f"unknown actor '{name}'", world.actors, name)
    for name in sorted({path.stem for path in folder.glob("*.csv")} - set(catalogue.items)):
        wrong = f"there is a {name}.csv and no item {name}"
        page.complain(("items",), wrong, catalogue.items, name)
    found, documents = {}, [page]
    for name, item in catalogue.items.items():
        wrong_keys = [*_wrong_keys(item, catalogue.until)]
        for key, right in wrong_keys:
            message = f"items.{name}.{key} is {attrgetter(key)(item)!r}"
            page.complain(("items", name, *key.split(".")), message, allowed=right)
        if not wrong_keys:
            documents.append(Page(f"{name}.csv"))
            table = _read(folder / f"{name}.csv", item, world, documents[-1])
            if not documents[-1].problems:
                found[name] = _series(name, item, table, catalogue.hegemon)
    refuse(documents)
    return found


def _wrong_keys(item: Item, until: int) -> Iterator[tuple[str, str]]:
    """Keys of an entry that do not go with its others, and what would be right."""
    first, last = item.coverage
    if not first <= last <= until:
        yield "coverage", f"first year, then last, at most {until}"
    if item.combine == "log_ratio" and len(item.reads) != 2:
        yield "combine", f"a ratio is of two columns, reads has {len(item.reads)}"
    if item.floor and not all(first <= year < last for year in item.floor.origins):
        yield "floor.origins", f"years from {first} to {last - 1}, before a target"
    errors = links.ERRORS_OF.get(item.link.transform, ("none", "column", "binomial"))
    if item.error not in errors:
        yield "error", f"{item.link.transform} takes {' or '.join(errors)}"


class _Row(BaseModel):
    model_config = ConfigDict(allow_inf_nan=False)
    year: int
    unit: Unit
    value: Annotated[float, Field(ge=-LARGEST, le=LARGEST)]
    n: Annotated[float, Field(ge=0, le=LARGEST)] = 0.0
    error: Annotated[float, Field(ge=0, le=LARGEST)] = 0.0


def _read(path: Path, item: Item, world: World, page: Page) -> _Table:
    numbers = ["value", *_BESIDE_VALUE.get(item.error, [])]
    header = ["year", *item.axes, *numbers]
    try:
        (_, given), *lines = list(table_rows(path, _LARGEST_TABLE)) or [(1, [""])]
    except Unreadable as error:
        page.report(error.place, error.wrong, allowed=error.allowed)
        return {}
    if given != header or not lines:
        said = "there are no rows" if given == header else f"the columns are {','.join(given)}"
        page.report((1, 1), said, allowed=",".join(header))
    for line, cells in lines:
        if len(cells) != len(header):
            page.report((line, 1), f"{len(cells)} cells; the header has {len(header)}")
    if page.problems:
        return {}
    page.data = {}
    for line, (year, *rest) in lines:
        own, values = rest[: len(item.axes)], rest[len(item.axes) :]
        page.data[line] = {"year": year, "unit": own, **dict(zip(numbers, values, strict=True))}
    page.places = {f"{STEP}{line}": (line, 1) for line, _ in lines}
    table: _Table = {}
    for line, row in (page.validated(dict[int, _Row]) or {}).items():
        wrong = [*_faults(row, item, world, table)]
        for each in wrong:
            page.report((line, 1), each)
        if not wrong:
            table.setdefault(row.unit, {})[row.year] = (row.value, row.n, row.error)
    for unit, years in table.items() if item.complete else ():
        if missing := sorted({*range(min(years), max(years))} - {*years}):
            lacks = f"{'.'.join(unit)} has no row of {', '.join(map(str, missing))}"
            page.report((1, 1), f"{lacks}, and the item is complete")
    return table


def _faults(row: _Row, item: Item, world: World, before: _Table) -> Iterator[str]:
    """What is wrong with a row beside those before it."""
    unit, is_dyad = row.unit, [*item.axes.values()] == ["actor", "actor"]
    name, (first, last) = ".".join(unit), item.coverage
    for (axis, kind), own in zip(item.axes.items(), unit, strict=True):
        if own not in (among := choices(kind, world)):
            hint = f"{near(own, among)}; one of {', '.join(among)}"
            yield f"{axis}: unknown {kind} {shown(own)}{hint}"
    if not first <= row.year <= last:
        yield f"year = {row.year} lies outside the coverage {first} to {last}"
    if row.year in before.get(unit, ()):
        yield f"{name} of {row.year} was given before"
    if is_dyad and unit == unit[::-1]:
        yield f"{name} names one actor twice"
    elif is_dyad and unit[::-1] in before:
        yield f"{name} is given in both orders; an undirected dyad has one"
    if why := item.link.refuses(row.value, row.n, item.error):
        yield f"value = {row.value:g}: {why}"


def _series(name: str, item: Item, table: _Table, hegemon: list[str]) -> Series:
    years = np.arange(item.coverage[0], item.coverage[1] + 1)
    value, n, error = numbers = np.full((3, len(table), len(years)), np.nan)
    for at, rows in enumerate(table.values()):
        for year, row in rows.items():
            numbers[:, at, year - years[0]] = row
    groups = np.array([int(any(actor in hegemon for actor in unit)) for unit in table])
    errors = links.sampling_error(item.link, item.error, value, n, error)
    values = links.linked(item.link, value, n)
    return Series(name, item, tuple(table), years, values, errors, groups)
