"""The noise filter: a unit's level at an origin, shrunk by how reliable its values are."""

import numpy as np

from eurasia_sim.compute.dimensions import Floats

WINDOW = 3  # years in the recent mean


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
