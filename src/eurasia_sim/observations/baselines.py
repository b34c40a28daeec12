"""Means of forecasts that cost nothing: each knows a series up to an origin; skill.py adds the spread."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from eurasia_sim.observations.filter import filtered, group_mean, last_value, mean_of, recent_mean
from eurasia_sim.observations.loader import Series
from eurasia_sim.world.world import World

Floats = NDArray[np.float64]
Baseline = Callable[[Series, tuple[int, ...]], Floats]  # past, horizons in years -> (U, H) means
FIRST = 3  # years that a forecast needs before it
TREND = 5  # years of a trend
_CLOSE = 300.0  # km added to a distance, so that neighbours do not trade without bound


def still(level: Floats, horizons: tuple[int, ...]) -> Floats:
    """(U, H) one level at every horizon."""
    return np.repeat(level[:, None], len(horizons), axis=1)


def unmoved(level: Callable[[Floats], Floats]) -> Baseline:
    """The baseline that a level of the past (U, T) -> (U,) stays or comes back."""
    return lambda past, horizons: still(level(past.values), horizons)


def thirds(past: Series, horizons: tuple[int, ...]) -> Floats:
    """The filtered level stays: no number of it is fitted to earlier targets."""
    return still(filtered(past.values, past.errors), horizons)


def noise_filter(past: Series, horizons: tuple[int, ...]) -> Floats:
    """Last value, three-year mean, own mean and group mean, with weights ≥ 0 that fitted earlier targets best.

    Weights are fitted for each horizon on origins whose target lies in the past; before there are two such, the
    filtered level stays.
    """
    found = thirds(past, horizons)
    now = _features(past.values)
    for at, horizon in enumerate(horizons):
        ends = range(FIRST, past.values.shape[1] - horizon + 1)
        if len(ends) < 2:
            continue
        x = np.concatenate([_features(past.values[:, :end]) for end in ends])
        y = np.concatenate([past.values[:, end + horizon - 1] for end in ends])
        known = np.isfinite(x).all(axis=1) & np.isfinite(y)
        if known.sum() > x.shape[1]:
            # Weights are of values less the group's mean: a level in common is no reason for weight.
            weights = nnls(x[known, :3] - x[known, 3:], y[known] - x[known, 3])[0]
            known_now = np.isfinite(now).all(axis=1)
            guess = now[:, 3] + (now[:, :3] - now[:, 3:]) @ weights
            found[:, at] = np.where(known_now, guess, found[:, at])
    return found


def _features(values: Floats) -> Floats:
    """(U, 4) last value, three-year mean, own mean, mean of all units."""
    centre = np.full(len(values), group_mean(values))
    return np.column_stack([last_value(values), recent_mean(values), mean_of(values), centre])


def _slope(values: Floats) -> Floats:
    """(U,) least-squares slope a year over the last five years; 0 with fewer than two values."""
    recent = values[:, -TREND:]
    held = np.isfinite(recent)
    years = np.where(held, np.arange(recent.shape[1], dtype=float), 0.0)
    counts = np.maximum(held.sum(axis=1), 1)
    centred = np.where(held, years - (years.sum(axis=1) / counts)[:, None], 0.0)
    below = (centred**2).sum(axis=1)
    return np.where(
        below > 0,
        (centred * np.nan_to_num(recent)).sum(axis=1) / np.where(below > 0, below, 1),
        0.0,
    )


def _along(values: Floats, horizons: tuple[int, ...], share: float) -> Floats:
    steps = np.array(horizons, dtype=float)
    return np.asarray(last_value(values)[:, None] + share * _slope(values)[:, None] * steps)


def log_trend(past: Series, horizons: tuple[int, ...]) -> Floats:
    """The slope of the last five years on the linked scale goes on: a growth rate where the link is a logarithm."""
    return _along(past.values, horizons, 1.0)


def half_trend(past: Series, horizons: tuple[int, ...]) -> Floats:
    """Half that slope goes on."""
    return _along(past.values, horizons, 0.5)


def level_trend(past: Series, horizons: tuple[int, ...]) -> Floats:
    """The slope of the figures themselves goes on, never below the smallest figure so far."""
    link = past.item.link
    if link.transform not in ("log", "log1p") or not np.isfinite(past.values).any():
        return log_trend(past, horizons)
    added = 1.0 if link.transform == "log1p" else 0.0
    figures = np.exp(link.sign * past.values) - added
    ahead = np.maximum(_along(figures, horizons, 1.0), np.nanmin(figures))
    return np.asarray(link.sign * np.log(ahead + added), dtype=np.float64)


FREE: Mapping[str, Baseline] = {
    "last value": unmoved(last_value),
    "three-year mean": unmoved(recent_mean),
    "own mean": unmoved(mean_of),
    "thirds": thirds,
    "noise filter": noise_filter,
    "log trend": log_trend,
    "level trend": level_trend,
    "half trend": half_trend,
}


def gravity(size: Floats, distance: Floats) -> Baseline:
    """A baseline of trade: least squares on size and distance up to the origin, with the origin's size held.

    Args:
        size: (U, T) log of the five-year mean of output, or of its ratio for a ratio of two partners.
        distance: (U,) log of distance, or the difference of two logs.

    Source: Tinbergen's gravity equation.
    """

    def ahead(past: Series, horizons: tuple[int, ...]) -> Floats:
        units, years = past.values.shape
        held = size[:, :years]
        x = np.stack(
            [np.ones((units, years)), held, np.repeat(distance[:, None], years, axis=1)], axis=-1
        )
        known = np.isfinite(past.values) & np.isfinite(x).all(axis=-1)
        weights = np.linalg.lstsq(x[known], past.values[known], rcond=None)[0]
        return still(np.asarray(x[:, -1] @ weights, dtype=np.float64), horizons)

    return ahead


def gravity_of(world: World, series: Series) -> Baseline | None:
    """Gravity for an item of partners, or of two rival partners, of a theatre; nothing for any other item."""
    axes = list(series.item.axes.values())
    if series.item.part != "influence_economy" or axes not in (
        ["actor", "theatre"],
        ["actor", "actor", "theatre"],
    ):
        return None
    size, distance = np.zeros(series.values.shape), np.zeros(len(series.units))
    for at, unit in enumerate(series.units):
        for actor, sign in zip(unit[:-1], (1.0, -1.0), strict=False):
            size[at] += sign * _size(world, actor, series.years)
            pair = [
                f"ties.border_distance.{unit[-1]}.{actor}",
                f"ties.border_distance.{actor}.{unit[-1]}",
            ]
            known = [world.numbers[name].value for name in pair if name in world.numbers]
            distance[at] += sign * np.log(known[0] + _CLOSE) if known else np.nan
    return gravity(size, distance)


def _size(world: World, actor: str, years: NDArray[np.int64]) -> Floats:
    """(T,) log of the mean output of the five years up to each year; NaN where none is known."""
    paths = {
        year: f"capabilities.gdp.{actor}.{year}"
        for year in range(int(years[0]) - TREND, int(years[-1]) + 1)
    }
    output = {
        year: world.numbers[path].value for year, path in paths.items() if path in world.numbers
    }
    recent = [
        [output[y] for y in range(year - TREND + 1, year + 1) if y in output] for year in years
    ]
    return np.array([np.log(np.mean(each)) if each else np.nan for each in recent])
