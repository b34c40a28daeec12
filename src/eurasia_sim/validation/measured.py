"""What observed items read of runs: a value a draw, unit and year, beside what was observed."""

from collections.abc import Iterable, Mapping

import numpy as np

from eurasia_sim.compute.dimensions import Floats, Integers
from eurasia_sim.observations.loader import Series, load_observations
from eurasia_sim.observations.skill import relative
from eurasia_sim.simulation.ensemble import chunks_of, run_paired
from eurasia_sim.simulation.inputs import Inputs
from eurasia_sim.simulation.parameter_draws import Draws
from eurasia_sim.world.world import World

_YEAR = 12  # months
_LEAST = 1e-3  # of a share whose logarithm is read; less is none


def compared(world: World) -> dict[str, Series]:
    """By item, what a measure can be held against; empty where the world has no observations.

    With year effects, less the year's mean of the group. An input is left out, and what no measure
    reads.
    """
    return {
        name: relative(series) if series.item.year_effects else series
        for name, series in load_observations(world).items()
        if series.item.reads and series.item.use != "input"
    }


def columns_read(items: Iterable[Series]) -> tuple[str, ...]:
    """Every column of a run that the items read, each once."""
    every = (name for series in items for unit in series.units for name in series.columns(unit))
    return tuple(dict.fromkeys(every))


def years_read(items: Iterable[Series]) -> Integers:
    """From the first to the last year of any item."""
    ends = [(series.years[0], series.years[-1]) for series in items]
    return np.arange(min(first for first, _ in ends), max(last for _, last in ends) + 1)


def yearly(world: World, months: Floats, years: Integers) -> Floats:
    """(R, Y, C) means over the months of each year that were run; NaN for a year without any.

    Args:
        months: (R, T, C) from the start of the record.
    """
    calendar = (world.start + np.arange(months.shape[1])) // _YEAR
    found = np.full((len(months), len(years), months.shape[2]), np.nan)
    for at, year in enumerate(years):
        if (own := calendar == year).any():
            found[:, at] = months[:, own].mean(axis=1)
    return found


def measures(series: Series, means: Mapping[str, Floats], years: Integers) -> Floats:
    """(R, U, T) what an item reads of every run: the mean of a unit's columns, or their log ratio.

    An item with year effects reads the distance from its group's mean of the year, as the observed
    values of `compared` are.

    Args:
        means: by column, (R, Y) of `yearly`.
        years: (Y,) theirs; those of the series are among them.
    """
    own = np.searchsorted(years, series.years)
    units = []
    for unit in series.units:
        columns = np.array([means[name][:, own] for name in series.columns(unit)])
        if series.item.combine == "log_ratio":
            above, below = np.log(np.maximum(columns, _LEAST))
            units.append(above - below)
        else:
            units.append(columns.mean(axis=0))
    found = np.stack(units, axis=1)
    for group in np.unique(series.groups) if series.item.year_effects else ():
        members = series.groups == group
        found[:, members] -= found[:, members].mean(axis=1, keepdims=True)
    return found


def simulated(
    world: World,
    inputs: Inputs,
    draws: Draws,
    items: Mapping[str, Series],
    workers: int | None = None,
) -> dict[str, Floats]:
    """By item, (R, U, T) what it reads of one scenario's runs; NaN for a failed run."""
    names, years = columns_read(items.values()), years_read(items.values())
    kept = np.array([inputs.columns.index(name) for name in names], np.int64)

    def work(chunk: slice) -> Floats:
        (outcome,) = run_paired([inputs], draws.part(chunk), (0, 1), kept)
        return yearly(world, outcome.trajectories, years)

    found = np.concatenate(chunks_of(work, len(draws), workers))
    means = {name: found[:, :, at] for at, name in enumerate(names)}
    return {name: measures(series, means, years) for name, series in items.items()}
