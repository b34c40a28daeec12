"""Paired differences between scenarios, with interval, parts, and what the pairing gained."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import bootstrap

from eurasia_sim.parameters import Floats

_RESAMPLES = 2000
_LEVEL = 0.95


@dataclass(frozen=True)
class Difference:
    """First less second scenario, run by run."""

    measure: str
    mean: float
    low: float  # of the 95 % bootstrap interval of the mean
    high: float
    positive: float  # share of runs in which the difference is above 0
    negative: float
    colocation_part: float  # NaN but for competition and cooperation
    joint_part: float
    correlation: float  # of the two scenarios' runs; NaN where either does not vary
    variance_gain: float  # variance of an unpaired difference over that of the paired one
    effect_size: float  # mean difference in standard deviations of the paired differences; NaN where they do not vary
    n: int  # pairs in which both runs succeeded


def mean_interval(values: Floats, seed: int = 0) -> tuple[float, float]:
    """95 % bootstrap interval of a mean (percentile); the mean itself where nothing varies."""
    if len(values) < 2 or np.ptp(values) == 0.0:
        middle = float(values.mean()) if len(values) else float("nan")
        return middle, middle
    found = bootstrap(
        (values,), np.mean, n_resamples=_RESAMPLES, confidence_level=_LEVEL, method="percentile",
        rng=np.random.default_rng(seed), vectorized=True,
    )  # fmt: skip
    return float(found.confidence_interval.low), float(found.confidence_interval.high)


def parts(first: pd.DataFrame, second: pd.DataFrame, measure: str) -> tuple[Floats, Floats]:
    """Co-location part and joint-share part of a difference in competition or cooperation, run by run.

    Form: competition = c (1 - j) and cooperation = c j, with c co-location and j the joint share of the overlap. With
    middles of the two scenarios the parts are exact: dc (1 - j) - dj c, and dc j + dj c. j is read off the window's
    averages, so that the product holds for them.
    """
    kind, whom = measure.split(".", 1)
    tables = [(t[f"colocation.{whom}"].to_numpy(), t[f"cooperation.{whom}"].to_numpy()) for t in (first, second)]
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
        raise ValueError("the two tables do not hold the same runs: pairing needs equal seeds in equal order")
    whole = np.isfinite(first[measure].to_numpy()) & np.isfinite(second[measure].to_numpy())
    a, b = first.loc[whole], second.loc[whole]
    one, two = a[measure].to_numpy(), b[measure].to_numpy()
    change = one - two
    low, high = mean_interval(change)
    meeting, joining = np.full(1, np.nan), np.full(1, np.nan)
    if measure.split(".", maxsplit=1)[0] in ("competition", "cooperation"):
        meeting, joining = parts(a, b, measure)
    varies = len(change) > 1 and np.ptp(one) > 0 and np.ptp(two) > 0
    apart = one.var() + two.var()
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
        variance_gain=float(apart / change.var()) if len(change) > 1 and change.var() > 0 else float("nan"),
        effect_size=float(change.mean() / change.std()) if len(change) > 1 and change.std() > 0 else float("nan"),
        n=len(change),
    )
