"""Scores of forecasts at rolling origins, against the best free baseline of that time."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from eurasia_sim.compute.dimensions import Floats, Integers
from eurasia_sim.observations.baselines import FIRST, FREE, Baseline
from eurasia_sim.observations.filter import mean_of, recent_mean
from eurasia_sim.observations.loader import Series

Target = Literal["level", "change"]
Dyads = Literal["all", "without the hegemon"]
TARGETS: tuple[Target, ...] = ("level", "change")
HORIZONS = (1, 3, 5)
CHOSEN = "best free"
LEAST_CASES = 10  # earlier targets, of all units, that a choice among the free baselines needs


@dataclass(frozen=True)
class Rolled:
    """Forecasts of M methods at O origins for U units, and what came."""

    methods: tuple[str, ...]
    free: int  # how many methods, the first ones, are free baselines
    ends: Integers  # (O,) number of years known at each origin
    past: Integers  # (O,) number of origins, the first ones, whose target is known at each
    means: Floats  # (M, O, U)
    truth: Floats  # (O, U), NaN where nothing was observed

    def only(self, kept: NDArray[np.bool_]) -> Self:
        """The same for some of the units, (U,) booleans."""
        return replace(self, means=self.means[..., kept], truth=self.truth[:, kept])


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


def rolled(
    series: Series,
    free: Mapping[str, Baseline],
    horizon: int,
    target: Target,
    others: Mapping[str, Baseline] | None = None,
) -> Rolled:
    """Forecasts at every origin; `change` is the next years' mean less that of the last three.

    The best is chosen among the free baselines; the others are scored beside them.
    """
    methods = {**free, **(others or {})}
    ends = np.arange(FIRST, series.values.shape[1] - horizon + 1)
    is_change = target == "change"
    ahead = tuple(range(1, horizon + 1)) if is_change else (horizon,)
    means = np.full((len(methods), len(ends), len(series.units)), np.nan)
    truth = np.full(means.shape[1:], np.nan)
    for at, end in enumerate(ends):
        past = series.until(int(series.years[end - 1]))
        before = recent_mean(past.values) if is_change else np.zeros(len(series.units))
        begin = end if is_change else end + horizon - 1
        truth[at] = mean_of(series.values[:, begin : end + horizon]) - before
        for own, baseline in zip(means, methods.values(), strict=True):
            own[at] = baseline(past, ahead).mean(axis=1) - before
    known = np.searchsorted(ends + horizon, ends, side="right")
    return Rolled(tuple(methods), len(free), ends, known, means, truth)


def spreads(found: Rolled) -> tuple[Floats, Integers]:
    """(M, O) root mean square of each method's errors known at each origin, NaN where none was.

    With it (O,) place of the free baseline with the smallest one. While fewer than `LEAST_CASES`
    targets are known, of all units, it is the first one listed: of `FREE`, the last value.
    """
    errors = np.ascontiguousarray(found.truth - found.means)
    held = np.isfinite(errors)

    def up_to(each: NDArray[Any]) -> NDArray[Any]:
        """(..., O) sums over the origins whose targets were known at each."""
        sums = np.cumsum(each, axis=-1)
        return np.concatenate([np.zeros_like(sums[..., :1]), sums], axis=-1)[..., found.past]

    counts = up_to(held.sum(axis=2))
    squares = up_to(np.where(held, errors**2, 0.0).sum(axis=2))
    sizes = np.where(counts > 0, np.sqrt(squares / np.maximum(counts, 1)), np.nan)
    best = np.argmin(np.nan_to_num(sizes[: found.free], nan=np.inf), axis=0)
    cases = up_to(np.all(held[: found.free], axis=0).sum(axis=1))
    return sizes, np.where(cases >= LEAST_CASES, best, 0)


def measured(found: Rolled) -> dict[str, tuple[float, float, int]]:
    """RMSE, CRPS and number of cases of every method and of the best free one at the time.

    The cases are the cells at which every method has a forecast and a spread; without any, empty.
    """
    from scoringrules import crps_normal  # which takes seconds

    if not len(found.ends):
        return {}
    sizes, best = spreads(found)
    of_best = np.take_along_axis(found.means, best[None, :, None], axis=0)
    means = np.concatenate([found.means, of_best])
    sizes = np.concatenate([sizes, np.take_along_axis(sizes, best[None], axis=0)])
    is_told = np.isfinite(means) & (np.nan_to_num(sizes) > 0)[:, :, None]
    cells: NDArray[np.bool_] = np.isfinite(found.truth) & np.all(is_told, axis=0)
    if not cells.any():
        return {}
    result = {}
    for name, mean, size in zip([*found.methods, CHOSEN], means, sizes, strict=True):
        error = (found.truth - mean)[cells]
        sd = np.broadcast_to(size[:, None], cells.shape)[cells]
        crps = float(np.mean(crps_normal(error, 0.0, sd)))
        result[name] = (float(np.sqrt(np.mean(error**2))), crps, int(cells.sum()))
    return result


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
    ids = sorted({each for unit in series.units for each in unit})
    left_out = np.array([[name not in unit for unit in series.units] for name in ids])
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
