"""Scores of forecasts at rolling origins: level and change apart, against the best free baseline of that time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from eurasia_sim.observations.baselines import FIRST, FREE, Baseline
from eurasia_sim.observations.filter import mean_of, recent_mean
from eurasia_sim.observations.links import year_means
from eurasia_sim.observations.loader import Series

Floats = NDArray[np.float64]
Target = Literal["level", "change"]
HORIZONS = (1, 3, 5)
CHOSEN = "best free"


@dataclass(frozen=True)
class Forecast:
    """(U, H) means and (H,) standard deviations: those of earlier errors, NaN where none is known."""

    mean: Floats
    spread: Floats


@dataclass(frozen=True)
class Rolled:
    """Forecasts of several methods at every origin, and what came.

    Attributes:
        ends: (O,) number of years known at each origin.
        means: method -> (O, U).
        truth: (O, U), NaN where nothing was observed.
    """

    horizon: int
    target: Target
    ends: NDArray[np.int64]
    means: Mapping[str, Floats]
    truth: Floats

    def only(self, kept: NDArray[np.bool_]) -> Rolled:
        """The same for some of the units, (U,) booleans."""
        means = {name: each[:, kept] for name, each in self.means.items()}
        return replace(self, means=means, truth=self.truth[:, kept])


@dataclass(frozen=True)
class Score:
    """Errors of one method for one item, horizon and target, over the origins at which every method has a spread."""

    item: str
    method: str
    horizon: int
    target: Target
    cases: int
    units: int
    rmse: float
    crps: float
    low: float  # smallest and largest CRPS with one actor or place left out; NaN where nothing is left
    high: float

    @property
    def note(self) -> str:
        """What a reader must know of it."""
        return "n = 1" if self.units == 1 else ""


def relative(series: Series) -> Series:
    """The series less the year's mean of each group, which every method then knows of the target's year too."""
    return replace(series, values=series.values - year_means(series.values, series.groups))


def rolled(series: Series, methods: Mapping[str, Baseline], horizon: int, target: Target) -> Rolled:
    """Forecasts at every origin; `change` is the mean of the next years less the last three years' mean."""
    ends = np.arange(FIRST, series.values.shape[1] - horizon + 1)
    ahead = (horizon,) if target == "level" else tuple(range(1, horizon + 1))
    shape = (len(ends), len(series.units))
    means, truth = {name: np.full(shape, np.nan) for name in methods}, np.full(shape, np.nan)
    for at, end in enumerate(ends):
        past = series.until(int(series.years[end - 1]))
        before = recent_mean(past.values) if target == "change" else np.zeros(shape[1])
        came = (
            series.values[:, end : end + horizon]
            if target == "change"
            else series.values[:, [end + horizon - 1]]
        )
        truth[at] = mean_of(came) - before
        for name, baseline in methods.items():
            means[name][at] = baseline(past, ahead).mean(axis=1) - before
    return Rolled(horizon, target, ends, means, truth)


def forecast(baseline: Baseline, past: Series, horizons: tuple[int, ...] = HORIZONS) -> Forecast:
    """Mean and spread of a baseline from what is known up to the last year of `past`."""
    wide = []
    for horizon in horizons:
        found = rolled(past, {"": baseline}, horizon, "level")
        errors = found.truth - found.means[""]
        wide.append(np.sqrt(np.nanmean(errors**2)) if np.isfinite(errors).any() else np.nan)
    return Forecast(baseline(past, horizons), np.array(wide))


def spreads(found: Rolled, errors: Floats) -> Floats:
    """(O,) root mean square of the errors (O, U) whose target was known at each origin; NaN where none was."""
    squares = [errors[found.ends + found.horizon <= end] ** 2 for end in found.ends]
    return np.array(
        [np.sqrt(np.nanmean(each)) if np.isfinite(each).any() else np.nan for each in squares]
    )


def chosen(found: Rolled) -> list[str]:
    """The free baseline with the smallest error on targets up to each origin; the first where none is known."""
    names = list(found.means)
    errors = np.array([spreads(found, found.truth - found.means[name]) for name in names])
    errors = errors.reshape(len(names), len(found.ends))
    return [
        names[int(np.nanargmin(column))] if np.isfinite(column).any() else names[0]
        for column in errors.T
    ]


def scores(
    series: Series,
    methods: Mapping[str, Baseline] = FREE,
    *,
    target: Target = "level",
    horizons: tuple[int, ...] = HORIZONS,
) -> list[Score]:
    """Scores of every method and of the best free one at the time, worst CRPS first within a horizon."""
    listed = []
    for horizon in horizons:
        found = rolled(series, methods, horizon, target)
        whole = measured(found)
        left: dict[str, list[float]] = {name: [] for name in whole}
        for name in series.ids:
            kept = np.array([name not in unit for unit in series.units])
            if kept.any() and not kept.all():
                for method, (_, crps, _) in measured(found.only(kept)).items():
                    left[method].append(crps)
        for name, (rmse, crps, cases) in whole.items():
            ends = (min(left[name]), max(left[name])) if left[name] else (np.nan, np.nan)
            units = int(np.isfinite(found.truth).any(axis=0).sum())
            listed.append(
                Score(series.name, name, horizon, target, cases, units, rmse, crps, *ends)
            )
    return sorted(listed, key=lambda score: (score.horizon, -score.crps))


def measured(found: Rolled) -> dict[str, tuple[float, float, int]]:
    """RMSE, CRPS and number of cases of every method, over the cells at which all have a forecast and a spread."""
    from scoringrules import crps_normal

    if not len(found.ends):
        return {}
    best = chosen(found)
    means = {
        **found.means,
        CHOSEN: np.array([found.means[name][at] for at, name in enumerate(best)]),
    }
    wide = {name: spreads(found, found.truth - each) for name, each in found.means.items()}
    wide[CHOSEN] = np.array([wide[name][at] for at, name in enumerate(best)])
    cells = np.isfinite(found.truth)
    for name, each in means.items():
        cells &= np.isfinite(each) & (np.nan_to_num(wide[name]) > 0)[:, None]
    if not cells.any():
        return {}
    result = {}
    for name, each in means.items():
        error = (found.truth - each)[cells]
        sd = np.broadcast_to(wide[name][:, None], cells.shape)[cells]
        crps = float(np.mean(crps_normal(found.truth[cells], each[cells], sd)))
        result[name] = (float(np.sqrt(np.mean(error**2))), crps, int(cells.sum()))
    return result
