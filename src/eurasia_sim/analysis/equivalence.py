"""Whether a difference is there, is not there, or needs more runs to be told."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import norm, t

from eurasia_sim.analysis.differences import (
    QUANTILES,
    Difference,
    paired_difference,
    pooled_spread,
    quantile_shifts,
    unpaired_difference,
)
from eurasia_sim.compute.dimensions import Floats

DIFFERENT, EQUIVALENT, INCONCLUSIVE = "different", "equivalent", "inconclusive"
# Cohen's "small": the share of the runs' standard deviation below which a difference is taken for none unless told.
SMALL_SHARE = 0.2
_MANY = 1e6
_TWO_SIDED, _ONE_SIDED = (
    0.975,
    0.95,
)  # a 95 % interval leaves 2.5 % on a side; two one-sided tests take 5 % each


class Precision(NamedTuple):
    """How well a mean difference is known."""

    deviation: float  # standard deviation of one difference, as if n runs a side gave it
    error: float  # standard error of the mean difference
    freedom: float  # degrees of freedom of Student's t


@dataclass(frozen=True)
class Judgement:
    """What a difference amounts to beside the smallest effect that matters."""

    smallest: float
    p: float  # of the two one-sided tests: small where the difference is within the smallest effect either way
    word: str
    more: float  # further runs a side to tell, about; NaN when told or not to be said, inf when no number would do

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
        shifts = {
            f"shift_{100 * at:.0f}": value for at, value in zip(QUANTILES, self.shifts, strict=True)
        }
        found, judgement = asdict(self.difference), self.judgement
        return {
            **found,
            "superiority": self.difference.superiority,
            **shifts,
            "smallest": judgement.smallest,
            "equivalence_p": judgement.p,
            "verdict": judgement.word,
            "more_runs": judgement.more,
        }


def paired_precision(change: Floats) -> Precision:
    """Precision of the mean of paired differences."""
    if len(change) < 2:
        return Precision(math.nan, math.nan, math.nan)
    deviation = float(change.std(ddof=1))
    return Precision(deviation, deviation / math.sqrt(len(change)), len(change) - 1)


def unpaired_precision(first: Floats, second: Floats) -> Precision:
    """Precision of the difference of two means, each side with a variance of its own (Welch)."""
    if min(len(first), len(second)) < 2:
        return Precision(math.nan, math.nan, math.nan)
    variances = [float(side.var(ddof=1)) for side in (first, second)]
    own = [variance / len(side) for variance, side in zip(variances, (first, second), strict=True)]
    squares = sum(
        part**2 / (len(side) - 1) for part, side in zip(own, (first, second), strict=True)
    )
    freedom = sum(own) ** 2 / squares if squares > 0 else float(len(first) + len(second) - 2)
    return Precision(math.sqrt(sum(variances)), math.sqrt(sum(own)), freedom)


def judged(found: Difference, precision: Precision, smallest: float) -> Judgement:
    """What a difference amounts to, given the smallest effect that matters.

    Form: two one-sided t-tests (schuirmann1987), whose larger p is that of (smallest - |mean|) / error. `equivalent`
    where it is at most 0.05; `different` where the t-test on the far side rejects at 2.5 % *and* the whole bootstrap
    interval lies beyond the smallest effect: the percentile interval of a handful of runs is too narrow to stand alone.

    Args:
        smallest: in the measure's unit, at least 0.
    """
    if found.n < 2 or math.isnan(smallest):
        return Judgement(smallest, math.nan, INCONCLUSIVE, math.nan)
    room = smallest - abs(found.mean)
    if precision.error > 0:
        p = float(t.sf(room / precision.error, precision.freedom))
    else:  # nothing varies: the difference is what it is
        p = 0.0 if room > 0 or found.mean == 0 else 1.0 if room < 0 else 0.5
    if p <= 1 - _ONE_SIDED:
        return Judgement(smallest, p, EQUIVALENT, math.nan)
    beyond = found.low > smallest or found.high < -smallest
    if p >= _TWO_SIDED and beyond:
        return Judgement(smallest, p, DIFFERENT, math.nan)
    return Judgement(smallest, p, INCONCLUSIVE, _runs_to_tell(room, precision.deviation, found.n))


def _runs_to_tell(room: float, deviation: float, n: int) -> float:
    """Further runs a side after which the interval would clear the smallest effect, were mean and spread to stay.

    Form: n = (z s / room)^2 + z^2 / 2, the second part for the variance being estimated (guenther1981).
    """
    if room == 0:
        return math.inf
    z = float(norm.ppf(_ONE_SIDED if room > 0 else _TWO_SIDED))
    return max(float(np.ceil((z * deviation / room) ** 2 + z**2 / 2)) - n, 1.0)


def compared(
    first: pd.DataFrame,
    second: pd.DataFrame,
    measure: str,
    smallest: float | None = None,
    *,
    are_paired: bool,
) -> Compared:
    """One measure of two tables of runs, a failed run missing from every number.

    Args:
        smallest: smallest effect that matters, in the measure's unit; by default `SMALL_SHARE` of the runs' standard
            deviation about their own side's mean (cohen1988).
        are_paired: whether a row of one table and the same row of the other share their draw.
    """
    values = [table[measure].to_numpy() for table in (first, second)]
    present = [np.isfinite(side) for side in values]
    if are_paired:
        present = [present[0] & present[1]] * 2
    one, two = (side[there] for side, there in zip(values, present, strict=True))
    if are_paired:
        found, precision = paired_difference(first, second, measure), paired_precision(one - two)
    else:
        found, precision = unpaired_difference(first, second, measure), unpaired_precision(one, two)
    if smallest is None:
        smallest = SMALL_SHARE * pooled_spread(one, two)
    return Compared(found, judged(found, precision, smallest), quantile_shifts(one, two))
