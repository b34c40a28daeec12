"""Forecasts that cost nothing: means from a series up to an origin; skill.py adds the spread."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

import numpy as np
from scipy.optimize import nnls

from eurasia_sim.compute.dimensions import Floats
from eurasia_sim.observations.filter import filtered, group_mean, last_value, mean_of, recent_mean
from eurasia_sim.observations.loader import Series
from eurasia_sim.world.world import World

Baseline = Callable[[Series, tuple[int, ...]], Floats]  # past, horizons in years -> (U, H) means
FIRST = 3  # years that a forecast needs before it
TREND = 5  # years of a trend
_CLOSE = 300.0  # km added to a distance, so that neighbours do not trade without bound


def still(level: Callable[[Series], Floats]) -> Baseline:
    """The forecast in which a level (U,) of the past stays."""
    return lambda past, horizons: np.repeat(level(past)[:, None], len(horizons), axis=1)


thirds = still(lambda past: filtered(past.values, past.errors))  # no number fitted to targets


def noise_filter(past: Series, horizons: tuple[int, ...]) -> Floats:
    """Last value, three-year mean, own mean and group mean, weighed as fitted earlier targets best.

    Weights ≥ 0 are fitted for each horizon on origins whose target lies in the past; before there
    are two such, the filtered level stays.
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
            # Of values less the group's mean: a level in common is no reason for weight.
            weights = nnls(x[known, :3] - x[known, 3:], y[known] - x[known, 3])[0]
            guess = now[:, 3] + (now[:, :3] - now[:, 3:]) @ weights
            found[:, at] = np.where(np.isfinite(guess), guess, found[:, at])
    return found


def _features(values: Floats) -> Floats:
    """(U, 4) last value, three-year mean, own mean, mean of all units."""
    centre = np.full(len(values), group_mean(values))
    return np.column_stack([last_value(values), recent_mean(values), mean_of(values), centre])


def trend(past: Series, horizons: tuple[int, ...], share: float = 1.0) -> Floats:
    """A share of the least-squares slope of the last five years goes on from the last value."""
    recent = past.values[:, -TREND:]
    years = np.where(np.isfinite(recent), np.arange(recent.shape[1], dtype=float), np.nan)
    centred = np.nan_to_num(years - mean_of(years)[:, None])
    below = (centred**2).sum(axis=1)  # 0 with fewer than two values
    above = (centred * np.nan_to_num(recent)).sum(axis=1)
    slope = np.divide(above, below, out=np.zeros(len(below)), where=below > 0)
    ahead = share * slope[:, None] * np.array(horizons)
    return np.asarray(last_value(past.values)[:, None] + ahead)


def line(past: Series, horizons: tuple[int, ...], first: int) -> Floats:
    """A straight line by least squares through all values from a year on."""
    later, found = past.years[-1] + np.array(horizons), []
    for row in past.values:
        known = np.isfinite(row) & (past.years >= first)
        found.append(np.polyval(np.polyfit(past.years[known], row[known], 1), later))
    return np.array(found)


def of_figures(baseline: Baseline) -> Baseline:
    """A forecast of the figures themselves, not their logarithms; never below the least so far."""

    def ahead(past: Series, horizons: tuple[int, ...]) -> Floats:
        link = past.item.link
        if link.transform not in ("log", "log1p") or not np.isfinite(past.values).any():
            return baseline(past, horizons)
        added = 1.0 if link.transform == "log1p" else 0.0
        figures = np.exp(link.sign * past.values) - added
        found = baseline(replace(past, values=figures), horizons)
        found = np.maximum(found, np.nanmin(figures))
        return np.asarray(link.sign * np.log(found + added))

    return ahead


FREE: Mapping[str, Baseline] = {
    "last value": still(lambda past: last_value(past.values)),
    "three-year mean": still(lambda past: recent_mean(past.values)),
    "own mean": still(lambda past: mean_of(past.values)),
    "thirds": thirds,
    "noise filter": noise_filter,
    # On the linked scale: a growth rate where that is a logarithm.
    "log trend": trend,
    "level trend": of_figures(trend),
    "half trend": partial(trend, share=0.5),
}


def gravity(size: Floats, distance: Floats) -> Baseline:
    """Trade by Tinbergen's equation: least squares on size and distance, whose last size stays.

    Size (U, T) is the log of the five-year mean of output, distance (U,) that of distance; of a
    ratio of two partners, each is the difference of two logs.
    """

    def level(past: Series) -> Floats:
        shape = past.values.shape
        apart = np.broadcast_to(distance[:, None], shape)
        x = np.stack([np.ones(shape), size[:, : shape[1]], apart], axis=-1)
        known = np.isfinite(past.values) & np.isfinite(x).all(axis=-1)
        weights = np.linalg.lstsq(x[known], past.values[known], rcond=None)[0]
        return np.asarray(x[:, -1] @ weights)

    return still(level)


def gravity_of(world: World, series: Series) -> dict[str, Baseline]:
    """Gravity for an item of partners, or of two rival partners, of a theatre; else nothing."""
    is_trade = [*series.item.axes.values()][-2:] == ["actor", "theatre"]
    if series.item.part != "influence_economy" or not is_trade:
        return {}
    size, distance = np.zeros(series.values.shape), np.zeros(len(series.units))
    for at, (*actors, theatre) in enumerate(series.units):
        for actor, sign in zip(actors, (1.0, -1.0), strict=False):
            size[at] += sign * _size(world, actor, series)
            pairs = (f"{theatre}.{actor}", f"{actor}.{theatre}")
            found = [world.numbers.get(f"ties.border_distance.{pair}") for pair in pairs]
            apart = next((number.value for number in found if number), np.nan)
            distance[at] += sign * np.log(apart + _CLOSE)
    return {"gravity": gravity(size, distance)}


def _size(world: World, actor: str, series: Series) -> Floats:
    """(T,) log of the mean output of the five years up to each year; NaN where none is known."""
    means = []
    for year in series.years:
        recent = [f"capabilities.gdp.{actor}.{year - ago}" for ago in range(TREND)]
        output = [world.numbers[path].value for path in recent if path in world.numbers]
        means.append(float(np.mean(output)) if output else np.nan)
    return np.asarray(np.log(np.array(means)))
