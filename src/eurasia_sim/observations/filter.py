"""The noise filter: a level by how reliable its values are; how actors stood at the opening."""

import numpy as np

from eurasia_sim.compute.dimensions import STANCE_COUNT, STANCES, Floats
from eurasia_sim.observations.loader import Series, load_observations
from eurasia_sim.world.world import World

WINDOW = 3  # years in the recent mean
_known: dict[tuple[str, str], Floats] = {}


def last_value(values: Floats) -> Floats:
    """(U,) latest known value of each unit; NaN where it has none."""
    held = np.isfinite(values)
    at = values.shape[1] - 1 - np.argmax(held[:, ::-1], axis=1)
    return np.where(held.any(axis=1), values[np.arange(len(values)), at], np.nan)


def mean_of(values: Floats) -> Floats:
    """(U,) mean of the known values of each unit; NaN where it has none."""
    with np.errstate(invalid="ignore"):  # none of none is NaN
        return np.asarray(np.nansum(values, axis=1) / np.isfinite(values).sum(axis=1))


def recent_mean(values: Floats) -> Floats:
    """(U,) mean of the last three years, or of all years where these hold none."""
    recent = mean_of(values[:, -WINDOW:])
    return np.where(np.isfinite(recent), recent, mean_of(values))


def group_mean(values: Floats) -> float:
    """Mean of all units' means."""
    means = mean_of(values)
    return float(np.nanmean(means)) if np.isfinite(means).any() else np.nan


def reliability(values: Floats, errors: Floats) -> Floats:
    """(U,) trust in a unit's own level, in [0, 1]: n / (n + noise / between).

    `noise` is the variance of values round their unit's mean (at least the sampling error's),
    `between` that of the units' means beyond it. One unit alone has nothing to be shrunk toward.
    """
    counts, own = np.isfinite(values).sum(axis=1), mean_of(values)
    free = max(int(np.maximum(counts - 1, 0).sum()), 1)
    within = float(np.nansum((values - own[:, None]) ** 2)) / free
    noise = max(within, float(np.nanmean(errors**2)) if np.isfinite(errors).any() else 0.0)
    held = counts > 0
    if held.sum() < 2 or noise <= 0:
        return np.ones(len(values))
    between = float(np.var(own[held], ddof=1) - np.mean(noise / counts[held]))
    return counts / (counts + noise / between) if between > 0 else np.zeros(len(values))


def filtered(values: Floats, errors: Floats) -> Floats:
    """(U,) a third each of last value, three-year mean and own mean, shrunk toward all units' mean.

    A unit without values gets the mean of all. `values` (U, T) reach up to the origin, `errors`
    (U, T) are standard deviations of their sampling error.
    """
    centre = group_mean(values)
    thirds = (last_value(values) + recent_mean(values) + mean_of(values)) / 3
    trust = reliability(values, errors)
    return np.where(np.isfinite(thirds), centre + trust * (thirds - centre), centre)


def opening_series(world: World) -> list[Series]:
    """The observed series that say how actors stand at the opening."""
    every = load_observations(world).values()
    fitted = [each for each in every if each.item.part in STANCES and each.item.use == "fits"]
    return [each for each in fitted if set(each.item.axes.values()) == {"actor"}]


def opening(world: World) -> Floats:
    """(3, N, N) how two actors stood by each of `STANCES`; NaN where nothing was seen.

    Of every item of dyads that fits, the filtered levels up to the last whole year before the
    record begins, each less the year's mean of its group, in standard deviations over dyads;
    a stance is the mean of its items.
    """
    key = (str(world.directory), world.digest)
    if key in _known:
        return _known[key]
    order = {name: at for at, name in enumerate(world.actors)}
    sums, counts = np.zeros((2, STANCE_COUNT, len(order), len(order)))
    for series in opening_series(world):
        past = series.relative().until(world.start // 12 - 1)
        past = past.only(np.asarray(np.isfinite(past.values).any(axis=1)))
        levels = filtered(past.values, past.errors) if past.units else np.zeros(1)
        spread, part = float(np.std(levels)), STANCES.index(series.item.part)
        for (one, other), level in zip(past.units, levels, strict=True) if spread > 0 else ():
            both = [order[one], order[other]], [order[other], order[one]]
            sums[part, *both] += (level - np.mean(levels)) / spread
            counts[part, *both] += 1
    _known[key] = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
    return _known[key]
