"""Scores of forecasts at rolling origins, against the best free baseline of that time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from eurasia_sim.compute.dimensions import Floats, Integers
from eurasia_sim.observations.baselines import FIRST, FREE, Baseline
from eurasia_sim.observations.filter import mean_of, recent_mean
from eurasia_sim.observations.links import year_means
from eurasia_sim.observations.loader import Series

Target = Literal["level", "change"]
HORIZONS = (1, 3, 5)
CHOSEN = "best free"
LEAST_CASES = 10  # earlier targets, of all units, that a choice among the free baselines needs


@dataclass(frozen=True)
class Forecast:
    """(U, H) means and (H,) standard deviations of earlier errors, NaN where none is known."""

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
    ends: Integers
    means: Mapping[str, Floats]
    truth: Floats

    def known_at(self, end: int) -> NDArray[np.bool_]:
        """(O,) whether the target of each origin is known where so many years are."""
        return self.ends + self.horizon <= end

    def only(self, kept: NDArray[np.bool_]) -> Rolled:
        """The same for some of the units, (U,) booleans."""
        means = {name: each[:, kept] for name, each in self.means.items()}
        return replace(self, means=means, truth=self.truth[:, kept])


@dataclass(frozen=True)
class Score:
    """Errors of one method, over the origins at which every method has a spread."""

    item: str
    method: str
    horizon: int
    target: Target
    cases: int
    units: int
    rmse: float
    crps: float
    low: float  # smallest CRPS with one actor or place left out, NaN where nobody would be left
    high: float  # the largest

    @property
    def note(self) -> str:
        """What a reader must know of it."""
        return "n = 1" if self.units == 1 else ""


def relative(series: Series) -> Series:
    """The series less the year's mean of each group, which every method knows of the target too."""
    return replace(series, values=series.values - year_means(series.values, series.groups))


def rolled(series: Series, methods: Mapping[str, Baseline], horizon: int, target: Target) -> Rolled:
    """Forecasts at every origin; `change` is the next years' mean less that of the last three."""
    ends = np.arange(FIRST, series.values.shape[1] - horizon + 1)
    is_change = target == "change"
    ahead = tuple(range(1, horizon + 1)) if is_change else (horizon,)
    shape = (len(ends), len(series.units))
    means = {name: np.full(shape, np.nan) for name in methods}
    truth = np.full(shape, np.nan)
    for at, end in enumerate(ends):
        past = series.until(int(series.years[end - 1]))
        before = recent_mean(past.values) if is_change else np.zeros(shape[1])
        begin = end if is_change else end + horizon - 1
        truth[at] = mean_of(series.values[:, begin : end + horizon]) - before
        for name, baseline in methods.items():
            means[name][at] = baseline(past, ahead).mean(axis=1) - before
    return Rolled(horizon, target, ends, means, truth)


def forecast(baseline: Baseline, past: Series, horizons: tuple[int, ...] = HORIZONS) -> Forecast:
    """Mean and spread of a baseline from what is known up to the last year of `past`."""
    errors = []
    for horizon in horizons:
        found = rolled(past, {"": baseline}, horizon, "level")
        errors.append(_root_mean_square(found.truth - found.means[""]))
    return Forecast(baseline(past, horizons), np.array(errors))


def _root_mean_square(errors: Floats) -> float:
    return float(np.sqrt(np.nanmean(errors**2))) if np.isfinite(errors).any() else np.nan


def spreads(found: Rolled, errors: Floats) -> Floats:
    """(O,) root mean square of the errors (O, U) known at each origin; NaN where none was."""
    return np.array([_root_mean_square(errors[found.known_at(end)]) for end in found.ends])


def chosen(found: Rolled) -> list[str]:
    """At each origin the free baseline with the smallest error on the targets known by then.

    Before `LEAST_CASES` targets are known it is the first one listed: of `FREE`, the last value.
    """
    names = list(found.means)
    errors = np.array([found.truth - each for each in found.means.values()])
    best = []
    for end in found.ends:
        known = errors[:, found.known_at(end)]
        cases = int(np.isfinite(known).all(axis=0).sum())
        sizes = [_root_mean_square(each) for each in known]
        best.append(names[int(np.nanargmin(sizes)) if cases >= LEAST_CASES else 0])
    return best


def scores(
    series: Series,
    methods: Mapping[str, Baseline] = FREE,
    *,
    target: Target = "level",
    horizons: tuple[int, ...] = HORIZONS,
) -> list[Score]:
    """Scores of every method and of the best free one at the time, worst CRPS first by horizon."""
    listed = []
    for horizon in horizons:
        found = rolled(series, methods, horizon, target)
        kept = [np.array([name not in unit for unit in series.units]) for name in series.ids]
        parts = [measured(found.only(each)) for each in kept if each.any() and not each.all()]
        units = int(np.isfinite(found.truth).any(axis=0).sum())
        for name, (rmse, crps, cases) in measured(found).items():
            left = [part[name][1] for part in parts if name in part] or [np.nan]
            ends = min(left), max(left)
            listed.append(
                Score(series.name, name, horizon, target, cases, units, rmse, crps, *ends)
            )
    return sorted(listed, key=lambda score: (score.horizon, -score.crps))


def measured(found: Rolled) -> dict[str, tuple[float, float, int]]:
    """RMSE, CRPS and number of cases of every method.

    The cases are the cells at which every method has a forecast and a spread.
    """
    from scoringrules import crps_normal

    if not len(found.ends):
        return {}
    best = chosen(found)
    means = dict(found.means)
    wide = {name: spreads(found, found.truth - each) for name, each in means.items()}
    for table in (means, wide):
        table[CHOSEN] = np.array([table[name][at] for at, name in enumerate(best)])
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
