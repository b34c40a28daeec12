"""Scores of forecasts at rolling origins, against the best free baseline of that time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from eurasia_sim.compute.dimensions import Floats, Integers
from eurasia_sim.observations.baselines import FIRST, FREE, Baseline
from eurasia_sim.observations.filter import mean_of, recent_mean
from eurasia_sim.observations.links import year_means
from eurasia_sim.observations.loader import Series

Target = Literal["level", "change"]
Dyads = Literal["all", "without the hegemon"]
TARGETS: tuple[Target, ...] = ("level", "change")
HORIZONS = (1, 3, 5)
CHOSEN = "best free"
LEAST_CASES = 10  # earlier targets, of all units, that a choice among the free baselines needs


@dataclass(frozen=True)
class Rolled:
    """Forecasts of several methods at every origin, and what came.

    Attributes:
        ends: (O,) number of years known at each origin.
        free: how many methods, the first ones, are free baselines.
        means: method -> (O, U).
        truth: (O, U), NaN where nothing was observed.
    """

    horizon: int
    target: Target
    ends: Integers
    free: int
    means: Mapping[str, Floats]
    truth: Floats

    def only(self, kept: NDArray[np.bool_]) -> Rolled:
        """The same for some of the units, (U,) booleans."""
        means = {name: each[:, kept] for name, each in self.means.items()}
        return replace(self, means=means, truth=self.truth[:, kept])


class Score(NamedTuple):
    """Errors of one method, over the origins at which every method has a spread."""

    item: str
    method: str
    dyads: Dyads
    horizon: int
    target: Target
    cases: int
    units: int
    rmse: float
    crps: float
    skill: float  # 1 less CRPS over that of the best free baseline: 0 as good, 1 perfect
    low: float  # smallest skill with one actor or place left out, NaN where nobody would be left
    high: float  # the largest


def relative(series: Series) -> Series:
    """The series less the year's mean of each group, which every method knows of the target too."""
    return replace(series, values=series.values - year_means(series.values, series.groups))


def rolled(
    series: Series,
    free: Mapping[str, Baseline],
    horizon: int,
    target: Target,
    others: Mapping[str, Baseline] | None = None,
) -> Rolled:
    """Forecasts at every origin; `change` is the next years' mean less that of the last three.

    Args:
        free: baselines among which the best is chosen.
        others: methods that are scored beside them.
    """
    methods = {**free, **(others or {})}
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
    return Rolled(horizon, target, ends, len(free), means, truth)


def spreads(found: Rolled) -> tuple[Floats, Integers]:
    """(M, O) root mean square of each method's errors known at each origin, NaN where none was.

    With it (O,) how many targets, of all units, were known then and forecast by all that is free.
    """
    errors = np.array([found.truth - each for each in found.means.values()])
    held = np.isfinite(errors)
    past = np.searchsorted(found.ends + found.horizon, found.ends, side="right")

    def up_to(each: NDArray[Any]) -> NDArray[Any]:
        """(..., O) sums over the origins whose targets were known at each."""
        sums = np.cumsum(each, axis=-1)
        return np.concatenate([np.zeros_like(sums[..., :1]), sums], axis=-1)[..., past]

    counts = up_to(held.sum(axis=2))
    squares = up_to(np.where(held, errors**2, 0.0).sum(axis=2))
    sizes = np.where(counts > 0, np.sqrt(squares / np.maximum(counts, 1)), np.nan)
    return sizes, up_to(np.all(held[: found.free], axis=0).sum(axis=1)).astype(np.int64)


def chosen(found: Rolled, sizes: Floats, cases: Integers) -> Integers:
    """(O,) place of the free baseline with the smallest error on the targets known by then.

    Before `LEAST_CASES` targets are known it is the first one listed: of `FREE`, the last value.

    Args:
        sizes, cases: of `spreads`.
    """
    best = np.argmin(np.nan_to_num(sizes[: found.free], nan=np.inf), axis=0)
    return np.where(cases >= LEAST_CASES, best, 0)


def scores(
    series: Series,
    free: Mapping[str, Baseline] = FREE,
    others: Mapping[str, Baseline] | None = None,
    *,
    target: Target = "level",
    horizons: tuple[int, ...] = HORIZONS,
) -> list[Score]:
    """Scores of every method and of the best free one at the time, worst CRPS first by horizon.

    A series with dyads of the hegemon is scored with and without them.
    """
    listed = []
    parts: dict[Dyads, NDArray[np.bool_]] = {"all": series.groups >= 0}
    if len(np.unique(series.groups)) > 1:
        parts["without the hegemon"] = series.groups == 0
    left_out = np.array([[name not in unit for unit in series.units] for name in series.ids])
    for horizon in horizons:
        found = rolled(series, free, horizon, target, others)
        for dyads, own in parts.items():
            rests = [
                kept for kept in np.unique(left_out & own, axis=0) if 0 < kept.sum() < own.sum()
            ]
            whole, *rest = (measured(found.only(kept)) for kept in (own, *rests))
            units = int(np.isfinite(found.truth[:, own]).any(axis=0).sum())
            for name, (rmse, crps, cases) in whole.items():
                skill, *left = (1 - x[name][1] / x[CHOSEN][1] for x in (whole, *rest) if x)
                ends = min(left, default=np.nan), max(left, default=np.nan)
                about = (series.name, name, dyads, horizon, target, cases, units)
                listed.append(Score(*about, rmse, crps, skill, *ends))
    return sorted(listed, key=lambda score: (score.horizon, score.dyads, -score.crps))


def measured(found: Rolled) -> dict[str, tuple[float, float, int]]:
    """RMSE, CRPS and number of cases of every method.

    The cases are the cells at which every method has a forecast and a spread.
    """
    from scoringrules import crps_normal

    if not len(found.ends):
        return {}
    sizes, known = spreads(found)
    best = chosen(found, sizes, known)[None]
    means = np.array([*found.means.values()])
    means = np.concatenate([means, np.take_along_axis(means, best[..., None], axis=0)])
    sizes = np.concatenate([sizes, np.take_along_axis(sizes, best, axis=0)])
    is_told = np.isfinite(means) & (np.nan_to_num(sizes) > 0)[:, :, None]
    cells: NDArray[np.bool_] = np.isfinite(found.truth) & np.all(is_told, axis=0)
    if not cells.any():
        return {}
    result = {}
    for name, mean, size in zip([*found.means, CHOSEN], means, sizes, strict=True):
        error = (found.truth - mean)[cells]
        sd = np.broadcast_to(size[:, None], cells.shape)[cells]
        crps = float(np.mean(crps_normal(error, 0.0, sd)))
        result[name] = (float(np.sqrt(np.mean(error**2))), crps, int(cells.sum()))
    return result
