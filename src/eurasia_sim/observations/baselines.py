"""Forecasts that cost nothing: means from a series up to an origin; skill.py adds the spread."""

from collections.abc import Callable, Mapping

import numpy as np
from scipy.optimize import nnls

from eurasia_sim.compute.dimensions import Floats, Integers
from eurasia_sim.observations.filter import filtered, group_mean, last_value, mean_of, recent_mean
from eurasia_sim.observations.loader import Series
from eurasia_sim.world.world import World

Baseline = Callable[[Series, tuple[int, ...]], Floats]  # past, horizons in years -> (U, H) means
FIRST = 3  # years that a forecast needs before it
TREND = 5  # years of a trend
_CLOSE = 300.0  # km added to a distance, so that neighbours do not trade without bound


def still(level: Floats, horizons: tuple[int, ...]) -> Floats:
    """(U, H) one level at every horizon."""
    return np.repeat(level[:, None], len(horizons), axis=1)


def thirds(past: Series, horizons: tuple[int, ...]) -> Floats:
    """The filtered level stays: no number of it is fitted to earlier targets."""
    return still(filtered(past.values, past.errors), horizons)


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


def _along(values: Floats, horizons: tuple[int, ...], share: float) -> Floats:
    """(U, H) last value moved by a share of the least-squares slope of the last five years."""
    recent = values[:, -TREND:]
    years = np.where(np.isfinite(recent), np.arange(recent.shape[1], dtype=float), np.nan)
    centred = np.nan_to_num(years - mean_of(years)[:, None])
    below = (centred**2).sum(axis=1)  # 0 with fewer than two values
    above = (centred * np.nan_to_num(recent)).sum(axis=1)
    slope = np.divide(above, below, out=np.zeros(len(below)), where=below > 0)
    return np.asarray(last_value(values)[:, None] + share * slope[:, None] * np.array(horizons))


def _of_figures(past: Series, ahead: Callable[[Floats], Floats]) -> Floats:
    """(U, H) what lies ahead of the figures themselves, never below the smallest so far."""
    link = past.item.link
    if link.transform not in ("log", "log1p") or not np.isfinite(past.values).any():
        return ahead(past.values)
    added = 1.0 if link.transform == "log1p" else 0.0
    figures = np.exp(link.sign * past.values) - added
    found = np.maximum(ahead(figures), np.nanmin(figures))
    return np.asarray(link.sign * np.log(found + added), dtype=np.float64)


def level_trend(past: Series, horizons: tuple[int, ...]) -> Floats:
    """The slope of the figures of the last five years goes on."""
    return _of_figures(past, lambda figures: _along(figures, horizons, 1.0))


def level_line(first: int) -> Baseline:
    """A straight line by least squares through all figures from a year on."""

    def ahead(past: Series, horizons: tuple[int, ...]) -> Floats:
        later = past.years[-1] + np.array(horizons)

        def along(figures: Floats) -> Floats:
            found = []
            for row in figures:
                known = np.isfinite(row) & (past.years >= first)
                found.append(np.polyval(np.polyfit(past.years[known], row[known], 1), later))
            return np.array(found)

        return _of_figures(past, along)

    return ahead


FREE: Mapping[str, Baseline] = {
    "last value": lambda past, horizons: still(last_value(past.values), horizons),
    "three-year mean": lambda past, horizons: still(recent_mean(past.values), horizons),
    "own mean": lambda past, horizons: still(mean_of(past.values), horizons),
    "thirds": thirds,
    "noise filter": noise_filter,
    # The slope on the linked scale goes on, or half of it: a growth rate where that is a logarithm.
    "log trend": lambda past, horizons: _along(past.values, horizons, 1.0),
    "level trend": level_trend,
    "half trend": lambda past, horizons: _along(past.values, horizons, 0.5),
}


def gravity(size: Floats, distance: Floats) -> Baseline:
    """A baseline of trade: least squares on size and distance up to the origin, whose size stays.

    Args:
        size: (U, T) log of the five-year mean of output; of a ratio of two partners, of its ratio.
        distance: (U,) log of distance, or the difference of two logs.

    Source: Tinbergen's gravity equation.
    """

    def ahead(past: Series, horizons: tuple[int, ...]) -> Floats:
        shape = past.values.shape
        apart = np.broadcast_to(distance[:, None], shape)
        x = np.stack([np.ones(shape), size[:, : shape[1]], apart], axis=-1)
        known = np.isfinite(past.values) & np.isfinite(x).all(axis=-1)
        weights = np.linalg.lstsq(x[known], past.values[known], rcond=None)[0]
        return still(np.asarray(x[:, -1] @ weights, dtype=np.float64), horizons)

    return ahead


def gravity_of(world: World, series: Series) -> Baseline | None:
    """Gravity for an item of partners, or of two rival partners, of a theatre; else None."""
    axes = " ".join(series.item.axes.values())
    is_trade = axes in ("actor theatre", "actor actor theatre")
    if series.item.part != "influence_economy" or not is_trade:
        return None
    size, distance = np.zeros(series.values.shape), np.zeros(len(series.units))
    for at, unit in enumerate(series.units):
        for actor, sign in zip(unit[:-1], (1.0, -1.0), strict=False):
            size[at] += sign * _size(world, actor, series.years)
            pairs = (f"{unit[-1]}.{actor}", f"{actor}.{unit[-1]}")
            found = [world.numbers.get(f"ties.border_distance.{pair}") for pair in pairs]
            apart = next((number.value for number in found if number), np.nan)
            distance[at] += sign * np.log(apart + _CLOSE)
    return gravity(size, distance)


def _size(world: World, actor: str, years: Integers) -> Floats:
    """(T,) log of the mean output of the five years up to each year; NaN where none is known."""
    means = []
    for year in years:
        recent = [f"capabilities.gdp.{actor}.{year - ago}" for ago in range(TREND)]
        output = [world.numbers[path].value for path in recent if path in world.numbers]
        means.append(float(np.mean(output)) if output else np.nan)
    return np.asarray(np.log(np.array(means)))
