"""Differences between runs, paired or not, with interval, parts, and what the pairing gained."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import bootstrap

from eurasia_sim.compute.dimensions import Floats

_RESAMPLES = 2000
_LEVEL = 0.95
# Resampled values held at once, so that a bootstrap of many runs needs no more memory than one of few.
_VALUES_AT_ONCE = 4_000_000
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass(frozen=True)
class Difference:
    """First less second, run by run; where runs are not paired, every run of the first by every run of the second."""

    measure: str
    mean: float
    low: float  # of the 95 % bootstrap interval of the mean
    high: float
    positive: float  # share of pairs in which the difference is above 0
    negative: float
    colocation_part: float  # NaN but for competition and cooperation
    joint_part: float
    correlation: float  # of the two scenarios' runs; NaN where either does not vary
    variance_gain: float  # variance of an unpaired difference over that of the paired one
    effect_size: float  # mean difference in standard deviations of the paired differences; NaN where they do not vary
    n: int  # pairs in which both runs succeeded; without pairs, succeeded runs of the side that has fewer

    @property
    def superiority(self) -> float:
        """Probability that the first is above the second, ties counted half (vargha2000); 0 to 1."""
        return (1.0 + self.positive - self.negative) / 2


def mean_interval(values: Floats, seed: int = 0) -> tuple[float, float]:
    """95 % bootstrap interval of a mean (percentile); the mean itself where nothing varies."""
    if len(values) < 2 or np.ptp(values) == 0.0:
        middle = float(values.mean()) if len(values) else float("nan")
        return middle, middle
    return _bootstrapped((values,), np.mean, seed)


def gap_interval(first: Floats, second: Floats, seed: int = 0) -> tuple[float, float]:
    """95 % bootstrap interval of the difference of two means whose runs are not paired; NaN below two runs a side."""
    if min(len(first), len(second)) < 2:
        return float("nan"), float("nan")
    if np.ptp(first) == np.ptp(second) == 0.0:
        gap = float(first[0] - second[0])
        return gap, gap
    return _bootstrapped((first, second), _gap, seed)


def _gap(first: Floats, second: Floats, axis: int) -> Floats:
    return np.asarray(first.mean(axis=axis) - second.mean(axis=axis))


def _bootstrapped(
    samples: tuple[Floats, ...], statistic: Callable[..., Any], seed: int
) -> tuple[float, float]:
    found = bootstrap(
        samples, statistic, n_resamples=_RESAMPLES, confidence_level=_LEVEL, method="percentile",
        batch=max(_VALUES_AT_ONCE // max(map(len, samples)), 1), rng=np.random.default_rng(seed), vectorized=True,
    )  # fmt: skip
    return float(found.confidence_interval.low), float(found.confidence_interval.high)


def parts(first: pd.DataFrame, second: pd.DataFrame, measure: str) -> tuple[Floats, Floats]:
    """Co-location part and joint-share part of a difference in competition or cooperation, run by run.

    Form: competition = c (1 - j) and cooperation = c j, with c co-location and j the joint share of the overlap. With
    middles of the two scenarios the parts are exact: dc (1 - j) - dj c, and dc j + dj c. j is read off the window's
    averages, so that the product holds for them.
    """
    kind, whom = measure.split(".", 1)
    tables = [
        (t[f"colocation.{whom}"].to_numpy(), t[f"cooperation.{whom}"].to_numpy())
        for t in (first, second)
    ]
    met = [c for c, _ in tables]
    joint = [np.divide(together, c, out=np.zeros_like(c), where=c > 0) for c, together in tables]
    more, sooner = met[0] - met[1], joint[0] - joint[1]
    middle_met, middle_joint = (met[0] + met[1]) / 2, (joint[0] + joint[1]) / 2
    if kind == "competition":
        return more * (1 - middle_joint), -sooner * middle_met
    return more * middle_joint, sooner * middle_met


def paired_difference(first: pd.DataFrame, second: pd.DataFrame, measure: str) -> Difference:
    """Difference of one measure between two tables of the same runs in the same order; failed pairs are left out.

    Raises:
        ValueError: when the tables do not hold the same runs by the same seeds.
    """
    if list(first["run"]) != list(second["run"]) or list(first["seed"]) != list(second["seed"]):
        raise ValueError(
            "the two tables do not hold the same runs: pairing needs equal seeds in equal order"
        )
    whole = np.isfinite(first[measure].to_numpy()) & np.isfinite(second[measure].to_numpy())
    a, b = first.loc[whole], second.loc[whole]
    one, two = a[measure].to_numpy(), b[measure].to_numpy()
    change = one - two
    low, high = mean_interval(change)
    meeting, joining = np.full(1, np.nan), np.full(1, np.nan)
    if measure.split(".", maxsplit=1)[0] in ("competition", "cooperation"):
        meeting, joining = parts(a, b, measure)
    varies = len(change) > 1 and np.ptp(one) > 0 and np.ptp(two) > 0
    spread = float(change.std()) if len(change) > 1 else 0.0
    return Difference(
        measure=measure,
        mean=float(change.mean()) if len(change) else float("nan"),
        low=low,
        high=high,
        positive=float((change > 0).mean()) if len(change) else float("nan"),
        negative=float((change < 0).mean()) if len(change) else float("nan"),
        colocation_part=float(meeting.mean()) if len(meeting) else float("nan"),
        joint_part=float(joining.mean()) if len(joining) else float("nan"),
        correlation=float(np.corrcoef(one, two)[0, 1]) if varies else float("nan"),
        variance_gain=float((one.var() + two.var()) / spread**2) if spread else float("nan"),
        effect_size=float(change.mean() / spread) if spread else float("nan"),
        n=len(change),
    )


def unpaired_difference(first: pd.DataFrame, second: pd.DataFrame, measure: str) -> Difference:
    """Difference of one measure between two tables whose runs have nothing to do with each other; failed runs left out.

    The effect size is in standard deviations of the runs, pooled (cohen1988); what only pairs can tell is NaN.
    """
    one, two = (
        values[np.isfinite(values)]
        for values in (first[measure].to_numpy(), second[measure].to_numpy())
    )
    nothing, whole = float("nan"), len(one) > 0 and len(two) > 0
    low, high = gap_interval(one, two)
    mean = float(one.mean() - two.mean()) if whole else nothing
    ordered, combinations = np.sort(two), len(one) * len(two)
    spread = pooled_spread(one, two)
    return Difference(
        measure=measure,
        mean=mean,
        low=low,
        high=high,
        positive=float(np.searchsorted(ordered, one, "left").sum() / combinations)
        if whole
        else nothing,
        negative=float((len(two) - np.searchsorted(ordered, one, "right")).sum() / combinations)
        if whole
        else nothing,
        colocation_part=nothing,
        joint_part=nothing,
        correlation=nothing,
        variance_gain=nothing,
        effect_size=mean / spread if spread > 0 else nothing,
        n=min(len(one), len(two)),
    )


def pooled_spread(first: Floats, second: Floats) -> float:
    """Standard deviation of runs about their own side's mean, both sides weighing alike; NaN below two runs a side."""
    if min(len(first), len(second)) < 2:
        return float("nan")
    return float(np.sqrt((first.var(ddof=1) + second.var(ddof=1)) / 2))


def quantile_shifts(first: Floats, second: Floats) -> tuple[float, ...]:
    """Quantiles 5, 25, 50, 75 and 95 % of the first less those of the second: where in the runs the two part."""
    if not len(first) or not len(second):
        return (float("nan"),) * len(QUANTILES)
    return tuple(
        float(shift) for shift in np.quantile(first, QUANTILES) - np.quantile(second, QUANTILES)
    )
