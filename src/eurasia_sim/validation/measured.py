"""What is read of runs: months of columns, and what an observed item makes of them year by year."""

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from eurasia_sim.compute.dimensions import Floats, Integers
from eurasia_sim.files.data_yaml import read_page, refuse
from eurasia_sim.observations.loader import FILE, FOLDER, Series, load_observations
from eurasia_sim.scenarios.outcome_columns import columns_of
from eurasia_sim.simulation.ensemble import chunks_of, run_paired
from eurasia_sim.simulation.inputs import Inputs
from eurasia_sim.simulation.parameter_draws import Draws
from eurasia_sim.world.world import World

YEAR = 12  # months
Items = Mapping[str, Series]
Report = Callable[[int], None]  # is called with how many runs, or fits, are done
_LEAST = 1e-3  # of a share whose logarithm is read; less is none


def read_runs(
    family: Sequence[Inputs], draws: Draws, columns: Iterable[str],
    read: Callable[[list[Floats]], Floats], workers: int | None = None,
    report: Report = lambda _: None, partings: Sequence[int] = (0,), since: int = 0,
) -> Floats:  # fmt: skip
    """(R, ...) what `read` makes of months of columns, (R, T, C) by scenario, NaN in failed runs.

    All scenarios part from the first one, each in a month of `partings`. Months begin at `since`.
    """
    kept = np.array([family[0].columns.index(name) for name in columns], np.int64)

    def work(chunk: slice) -> Floats:
        found = run_paired(family, draws.part(chunk), None, kept, since, partings)
        return read([outcome.trajectories for outcome in found])

    return np.concatenate(chunks_of(work, len(draws), workers, report))


def finished(months: Floats) -> Floats:
    """(R, T, C) of the runs that did not fail."""
    return months[np.isfinite(months).any(axis=(1, 2))]


def compared(world: World) -> dict[str, Series]:
    """Observed series that a measure can be held against, by item; with year effects, relative.

    Inputs and what reads no measure are left out. Raises DataError for a column that no run has.
    """
    items = {name: each for name, each in load_observations(world).items() if each.item.reads}
    known = columns_of(world)
    wrong = {
        (name, key): column
        for name, series in items.items()
        for key, templates in (("reads", series.item.reads), ("floor", series.item.signs))
        for column in columns_read([series.reading(templates)])
        if column not in known
    }
    if wrong:
        page = read_page(world.directory / FOLDER / FILE)
        for (name, key), column in wrong.items():
            said = f"items.{name}.{key}: no run has a column {column}"
            page.complain(("items", name, key), said, known, column)
        refuse([page])
    kept = {name: each for name, each in items.items() if each.item.use != "input"}
    return {x: each.relative() if each.item.year_effects else each for x, each in kept.items()}


def columns_read(items: Iterable[Series]) -> tuple[str, ...]:
    """Every column of a run that the items read, each once."""
    every = (name for series in items for unit in series.units for name in series.columns(unit))
    return tuple(dict.fromkeys(every))


def years_read(items: Iterable[Series]) -> Integers:
    """From the first to the last year of any item."""
    ends = [(series.years[0], series.years[-1]) for series in items]
    return np.arange(min(first for first, _ in ends), max(last for _, last in ends) + 1)


def yearly(world: World, months: Floats, years: Integers) -> Floats:
    """(R, Y, C) means over the months (R, T, C) of each year that were run; NaN without any."""
    calendar = (world.start + np.arange(months.shape[1])) // YEAR
    found = np.full((len(months), len(years), months.shape[2]), np.nan)
    for at, year in enumerate(years):
        if (own := calendar == year).any():
            found[:, at] = months[:, own].mean(axis=1)
    return found


def measures(series: Series, means: Mapping[str, Floats], years: Integers) -> Floats:
    """(..., U, T) what an item reads: the mean of a unit's columns, or their log ratio.

    An item with year effects reads the distance from its group's mean of the year, as the observed
    values of `compared` are. Means are by column, (..., Y); years (Y,) hold those of the series.
    """
    own = np.searchsorted(years, series.years)
    units = []
    for unit in series.units:
        columns = np.array([means[name][..., own] for name in series.columns(unit)])
        if series.item.combine == "log_ratio":
            above, below = np.log(np.maximum(columns, _LEAST))
            units.append(above - below)
        else:
            units.append(columns.mean(axis=0))
    found = np.stack(units, axis=-2)
    for group in np.unique(series.groups) if series.item.year_effects else ():
        members = series.groups == group
        found[..., members, :] -= found[..., members, :].mean(axis=-2, keepdims=True)
    return found


def simulated(
    world: World, family: Sequence[Inputs], draws: Draws, items: Items,
    workers: int | None = None, report: Report = lambda _: None, partings: Sequence[int] = (0,),
) -> dict[str, Floats]:  # fmt: skip
    """By item, (S, R, U, T) what it reads of runs of S scenarios; NaN for a failed run."""
    columns, years = columns_read(items.values()), years_read(items.values())

    def read(months: list[Floats]) -> Floats:
        return np.stack([yearly(world, each, years) for each in months], axis=1)

    found = read_runs(family, draws, columns, read, workers, report, partings)
    means = dict(zip(columns, np.moveaxis(found, (3, 1), (0, 1)), strict=True))
    return {name: measures(series, means, years) for name, series in items.items()}


def ended(found: Mapping[str, Floats]) -> NDArray[np.bool_]:
    """(...) which of the runs of `simulated` did not fail; who failed has no year of any item."""
    years = [np.isfinite(each).any(axis=(-2, -1)) for each in found.values()]
    return np.asarray(np.any(years, axis=0))
