"""Differences between two sets of runs: intervals, effect sizes, and whether they matter."""

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import bootstrap, norm, t

from eurasia_sim.analysis.convergence import half_width
from eurasia_sim.compute.dimensions import Floats

DIFFERENT, EQUIVALENT, INCONCLUSIVE = "different", "equivalent", "inconclusive"
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
SMALL_SHARE = 0.2  # default smallest effect in standard deviations: Cohen's "small"
PARTS = ("colocation", "cooperation")  # what two parts of a difference are told from
_RESAMPLES = 2000
_LEVEL = 0.95
_VALUES_AT_ONCE = 4_000_000  # resampled values in memory: bounds the memory of a bootstrap
_TWO_SIDED, _ONE_SIDED = 0.975, 0.95  # quantiles of a 95 % interval and of a one-sided 5 % test
_FEW = 20  # values below which an interval is Student's
FEWEST = 10  # runs a side of which the smallest effect may be a share of their own spread
_MANY = 1e6
_NAN = math.nan


@dataclass(frozen=True)
class Difference:
    """First less second: over pairs of runs, or without pairs over all combinations of runs."""

    measure: str
    mean: float = _NAN
    low: float = _NAN  # of the 95 % interval of the mean
    high: float = _NAN
    positive: float = _NAN  # share of pairs in which the difference is above 0
    negative: float = _NAN
    correlation: float = _NAN  # of the two sides' runs; NaN where either does not vary
    variance_gain: float = _NAN  # variance of an unpaired difference over that of the paired one
    effect_size: float = _NAN  # mean in standard deviations; NaN where nothing varies
    n: int = 0  # pairs in which both runs succeeded; without pairs, runs of the smaller side

    @property
    def superiority(self) -> float:
        """Probability that the first is above the second, ties counted half (vargha2000)."""
        return (1.0 + self.positive - self.negative) / 2


class Precision(NamedTuple):
    """How well a mean difference is known; NaN below two values."""

    deviation: float = _NAN  # standard deviation of one difference, as if n runs a side gave it
    error: float = _NAN  # standard error of the mean difference
    freedom: float = _NAN  # degrees of freedom of Student's t


@dataclass(frozen=True)
class Judgement:
    """A difference set against the smallest effect that matters."""

    smallest: float
    p: float  # of the two one-sided tests: small where the difference is within ± smallest
    word: str
    more: float  # further runs a side for a verdict; NaN if decided or unknown, inf if never

    def __str__(self) -> str:
        if self.word != INCONCLUSIVE:
            return self.word
        if math.isnan(self.more):
            return f"{self.word}: too few runs"
        many = "over a million" if self.more > _MANY else f"about {self.more:.0f}"
        return f"{self.word}: {many} more run{'' if self.more == 1 else 's'}"


@dataclass(frozen=True)
class Compared:
    """One measure of two sides, over one set of draws."""

    difference: Difference
    judgement: Judgement
    shifts: tuple[float, ...]  # of the quantiles in `QUANTILES`

    def row(self) -> dict[str, Any]:
        """The numbers as one flat row."""
        found, judged = self.difference, self.judgement
        names = [f"shift_{100 * at:.0f}" for at in QUANTILES]
        return {
            **asdict(found), "superiority": found.superiority,
            **dict(zip(names, self.shifts, strict=True)), "smallest": judged.smallest,
            "equivalence_p": judged.p, "verdict": judged.word, "more_runs": judged.more,
        }  # fmt: skip


def mean_interval(values: Floats) -> tuple[float, float]:
    """95 % interval of a mean; the mean where nothing varies, NaN below two values.

    Form: Student's t for fewer than twenty values, whose resamples would be too much alike; else
    percentiles of a bootstrap.
    """
    if len(values) < _FEW or np.ptp(values) == 0.0:
        middle, half = float(values.mean()) if len(values) else _NAN, half_width(values)
        return middle - half, middle + half
    return _bootstrapped((values,), np.mean)


def gap_interval(first: Floats, second: Floats) -> tuple[float, float]:
    """95 % interval of the difference of two means, as of one; NaN below two runs a side."""
    if min(len(first), len(second)) < _FEW or np.ptp(first) == np.ptp(second) == 0.0:
        gap, known = float(first.mean() - second.mean()), unpaired_precision(first, second)
        half = float(t.ppf(_TWO_SIDED, known.freedom)) * known.error
        return gap - half, gap + half
    return _bootstrapped((first, second), lambda a, b, axis: a.mean(axis) - b.mean(axis))


def _bootstrapped(
    samples: tuple[Floats, ...], statistic: Callable[..., Any]
) -> tuple[float, float]:
    batch = max(_VALUES_AT_ONCE // max(map(len, samples)), 1)
    found = bootstrap(
        samples, statistic, n_resamples=_RESAMPLES, confidence_level=_LEVEL, method="percentile",
        batch=batch, rng=np.random.default_rng(0), vectorized=True,
    )  # fmt: skip
    return float(found.confidence_interval.low), float(found.confidence_interval.high)


def parts(kind: str, met: Sequence[Floats], together: Sequence[Floats]) -> tuple[Floats, Floats]:
    """Co-location part and joint-share part of a difference in competition or cooperation.

    Form: competition = c (1 - j) and cooperation = c j, with c co-location and j the joint share
    of the overlap. At the middles of the two sides the parts are exact: dc (1 - j) - dj c, and
    dc j + dj c. j comes from the window's averages, so that the product holds for them.

    Args:
        kind: competition or cooperation. met, together: co-location and cooperation of both sides.

    Returns:
        (R,) each, run by run.
    """
    joint = [
        np.divide(both, c, out=np.zeros_like(c), where=c > 0)
        for both, c in zip(together, met, strict=True)
    ]
    more, sooner = met[0] - met[1], joint[0] - joint[1]
    middle_met, middle_joint = (met[0] + met[1]) / 2, (joint[0] + joint[1]) / 2
    if kind == "competition":
        return more * (1 - middle_joint), -sooner * middle_met
    return more * middle_joint, sooner * middle_met


def change(measure: str, first: Floats, second: Floats) -> Difference:
    """Paired difference of runs in equal order, all finished."""
    if not len(first):
        return Difference(measure)
    each = first - second
    low, high = mean_interval(each)
    spread = float(each.std())
    varies = np.ptp(first) > 0 and np.ptp(second) > 0
    return Difference(
        measure, float(each.mean()), low, high, float((each > 0).mean()), float((each < 0).mean()),
        correlation=float(np.corrcoef(first, second)[0, 1]) if varies else _NAN,
        variance_gain=float((first.var() + second.var()) / spread**2) if spread else _NAN,
        effect_size=float(each.mean() / spread) if spread else _NAN,
        n=len(each),
    )  # fmt: skip


def paired_difference(first: pd.DataFrame, second: pd.DataFrame, measure: str) -> Difference:
    """Difference of one measure between two tables of the same runs, failed pairs left out.

    Raises:
        ValueError: when the tables do not hold the same runs by the same seeds.
    """
    if list(first["run"]) != list(second["run"]) or list(first["seed"]) != list(second["seed"]):
        why = "the two tables do not hold the same runs: pairing needs equal seeds in equal order"
        raise ValueError(why)
    whole = np.isfinite(first[measure].to_numpy()) & np.isfinite(second[measure].to_numpy())
    a, b = first.loc[whole], second.loc[whole]
    return change(measure, a[measure].to_numpy(), b[measure].to_numpy())


def apart(measure: str, first: Floats, second: Floats) -> Difference:
    """Difference of unrelated runs, all finished.

    The effect size is in pooled standard deviations (cohen1988); what only pairs show is NaN.
    """
    if not len(first) or not len(second):
        return Difference(measure)
    low, high = gap_interval(first, second)
    mean, spread = float(first.mean() - second.mean()), pooled_spread(first, second)
    combinations, ordered = len(first) * len(second), np.sort(second)
    below, upto = (np.searchsorted(ordered, first, side).sum() for side in ("left", "right"))
    return Difference(
        measure, mean, low, high, float(below / combinations),
        float((combinations - upto) / combinations),
        effect_size=mean / spread if spread > 0 else _NAN, n=min(len(first), len(second)),
    )  # fmt: skip


def pooled_spread(first: Floats, second: Floats) -> float:
    """Pooled standard deviation, both sides weighing alike; NaN below two runs a side."""
    if min(len(first), len(second)) < 2:
        return _NAN
    return float(np.sqrt((first.var(ddof=1) + second.var(ddof=1)) / 2))


def quantile_shifts(first: Floats, second: Floats) -> tuple[float, ...]:
    """`QUANTILES` of the first less those of the second."""
    if not len(first) or not len(second):
        return (_NAN,) * len(QUANTILES)
    return tuple((np.quantile(first, QUANTILES) - np.quantile(second, QUANTILES)).tolist())


def paired_precision(changes: Floats) -> Precision:
    """Precision of the mean of paired differences."""
    if len(changes) < 2:
        return Precision()
    deviation = float(changes.std(ddof=1))
    return Precision(deviation, deviation / math.sqrt(len(changes)), len(changes) - 1)


def unpaired_precision(first: Floats, second: Floats) -> Precision:
    """Precision of the difference of two means with a variance each (Welch)."""
    sides = (first, second)
    if min(map(len, sides)) < 2:
        return Precision()
    variances = [float(side.var(ddof=1)) for side in sides]
    errors = [variance / len(side) for variance, side in zip(variances, sides, strict=True)]
    squares = sum(error**2 / (len(side) - 1) for error, side in zip(errors, sides, strict=True))
    freedom = sum(errors) ** 2 / squares if squares > 0 else float(len(first) + len(second) - 2)
    return Precision(math.sqrt(sum(variances)), math.sqrt(sum(errors)), freedom)


def judged(found: Difference, precision: Precision, smallest: float) -> Judgement:
    """The verdict on a difference, given the smallest effect that matters.

    Form: two one-sided t-tests (schuirmann1987), whose larger p is that of (smallest - |mean|) /
    error. `equivalent` where it is at most 0.05; `different` where the t-test on the far side
    rejects at 2.5 % *and* the whole interval lies beyond the smallest effect.

    Args:
        smallest: in the measure's unit, at least 0.
    """
    if found.n < 2 or math.isnan(smallest):
        return Judgement(smallest, _NAN, INCONCLUSIVE, _NAN)
    room = smallest - abs(found.mean)
    if precision.error > 0:
        p = float(t.sf(room / precision.error, precision.freedom))
    else:  # nothing varies: the difference is exact
        p = 0.0 if room > 0 or found.mean == 0 else 1.0 if room < 0 else 0.5
    if p <= 1 - _ONE_SIDED:
        return Judgement(smallest, p, EQUIVALENT, _NAN)
    if p >= _TWO_SIDED and (found.low > smallest or found.high < -smallest):
        return Judgement(smallest, p, DIFFERENT, _NAN)
    return Judgement(smallest, p, INCONCLUSIVE, _more_runs(room, precision.deviation, found.n))


def _more_runs(room: float, deviation: float, n: int) -> float:
    """Further runs a side until the interval clears the smallest effect, mean and spread as now.

    Form: n = (z s / room)^2 + z^2 / 2, the second part for the estimated variance (guenther1981).
    """
    if room == 0:
        return math.inf
    z = float(norm.ppf(_ONE_SIDED if room > 0 else _TWO_SIDED))
    ratio = z * deviation / room
    return max(float(np.ceil(ratio * ratio + z * z / 2)) - n, 1.0)


def compared(
    first: pd.DataFrame, second: pd.DataFrame, measure: str, smallest: float | None = None, *,
    are_paired: bool,
) -> Compared:  # fmt: skip
    """One measure of two tables of runs, failed runs left out of every number.

    Args:
        smallest: smallest effect that matters, in the measure's unit; by default `SMALL_SHARE` of
            the pooled standard deviation of the runs (cohen1988), unknown below `FEWEST` unless
            every pair differs alike.
        are_paired: whether equal rows of the two tables share their draw.
    """
    one, two = first[measure].to_numpy(), second[measure].to_numpy()
    if are_paired:
        whole = np.isfinite(one) & np.isfinite(two)
        one, two = one[whole], two[whole]
        found, precision = change(measure, one, two), paired_precision(one - two)
    else:
        one, two = one[np.isfinite(one)], two[np.isfinite(two)]
        found, precision = apart(measure, one, two), unpaired_precision(one, two)
    if smallest is None:
        known = precision.error == 0 or min(len(one), len(two)) >= FEWEST
        smallest = SMALL_SHARE * pooled_spread(one, two) if known else _NAN
    return Compared(found, judged(found, precision, smallest), quantile_shifts(one, two))
