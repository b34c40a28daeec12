"""A less B: intervals, effect sizes, whether they matter, and what two scenarios differ by.

A difference is of pairs of runs that share their draw, or of unrelated runs.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import binomtest, bootstrap, norm, t

from eurasia_sim.analysis.convergence import half_width, is_flat
from eurasia_sim.compute.dimensions import Floats
from eurasia_sim.files.data_yaml import DataError, near
from eurasia_sim.scenarios.schema import measures as known_measures

DIFFERENT, EQUIVALENT, INCONCLUSIVE = "different", "equivalent", "inconclusive"
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
SMALL_SHARE = 0.2  # default smallest effect in standard deviations: Cohen's "small"
FEWEST = 10  # runs a side of which the smallest effect may be a share of their own spread
PARTS = ("colocation", "cooperation")  # what two parts of a difference are told from
SHARES = (0.9, 0.7, 0.5, 0.3)  # of runs that a band holds, widest first
ENDS = tuple(f"q{50 + sign * 50 * share:g}" for share in SHARES for sign in (-1, 1))
SETTLED = 0.8  # share of draws that agree on a sign
_RESAMPLES, _LEVEL = 2000, 0.95
_VALUES_AT_ONCE = 4_000_000  # resampled values in memory: bounds the memory of a bootstrap
_TWO_SIDED, _ONE_SIDED = 0.975, 0.95  # quantiles of a 95 % interval and of a one-sided 5 % test
_FEW = 20  # values below which an interval is Student's
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


def mean_interval(values: Floats) -> tuple[float, float]:
    """95 % interval of a mean; the mean where nothing varies, NaN below two values.

    Form: Student's t for fewer than twenty values (resamples would be too alike), else a bootstrap.
    """
    if len(values) < _FEW or np.ptp(values) == 0.0:
        middle, half = float(values.mean()) if len(values) else _NAN, half_width(values)
        return middle - half, middle + half
    return _bootstrapped((values,), np.mean)


def _bootstrapped(
    samples: tuple[Floats, ...], statistic: Callable[..., Any]
) -> tuple[float, float]:
    found = bootstrap(
        samples, statistic, n_resamples=_RESAMPLES, confidence_level=_LEVEL, method="percentile",
        batch=max(_VALUES_AT_ONCE // max(map(len, samples)), 1), rng=np.random.default_rng(0),
        vectorized=True,
    )  # fmt: skip
    return float(found.confidence_interval.low), float(found.confidence_interval.high)


def parts(kind: str, met: Sequence[Floats], together: Sequence[Floats]) -> tuple[Floats, Floats]:
    """Co-location part and joint-share part of a difference in competition or cooperation.

    Form: competition = c (1 - j) and cooperation = c j, with c co-location and j the joint share
    of the overlap. At the middles of the two sides the parts are exact: dc (1 - j) - dj c, and
    dc j + dj c. j comes from the window's averages, so that the product holds for them. `met` and
    `together` are co-location and cooperation of both sides, (R,) each.
    """
    pairs = zip(together, met, strict=True)
    joint = [np.divide(both, c, out=np.zeros_like(c), where=c > 0) for both, c in pairs]
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

    Raises ValueError when the tables do not hold the same runs by the same seeds.
    """
    if any(list(first[key]) != list(second[key]) for key in ("run", "seed")):
        why = "the two tables do not hold the same runs: pairing needs equal seeds in equal order"
        raise ValueError(why)
    one, two = first[measure].to_numpy(), second[measure].to_numpy()
    whole = np.isfinite(one) & np.isfinite(two)
    return change(measure, one[whole], two[whole])


def apart(measure: str, first: Floats, second: Floats) -> Difference:
    """Difference of unrelated runs, all finished.

    The effect size is in pooled standard deviations (cohen1988); what only pairs show is NaN.
    """
    if not len(first) or not len(second):
        return Difference(measure)
    mean, spread = float(first.mean() - second.mean()), _pooled_spread(first, second)
    if min(len(first), len(second)) < _FEW or np.ptp(first) == np.ptp(second) == 0.0:
        _, error, freedom = _precision(first, second, are_paired=False)
        half = float(t.ppf(_TWO_SIDED, freedom)) * error
        low, high = mean - half, mean + half
    else:
        low, high = _bootstrapped((first, second), lambda a, b, axis: a.mean(axis) - b.mean(axis))
    combinations, ordered = len(first) * len(second), np.sort(second)
    below, upto = (np.searchsorted(ordered, first, side).sum() for side in ("left", "right"))
    return Difference(
        measure, mean, low, high, float(below / combinations),
        float((combinations - upto) / combinations),
        effect_size=mean / spread if spread > 0 else _NAN, n=min(len(first), len(second)),
    )  # fmt: skip


def _pooled_spread(first: Floats, second: Floats) -> float:
    """Pooled standard deviation, both sides weighing alike; NaN below two runs a side."""
    if min(len(first), len(second)) < 2:
        return _NAN
    return float(np.sqrt((first.var(ddof=1) + second.var(ddof=1)) / 2))


def _precision(one: Floats, two: Floats, *, are_paired: bool) -> tuple[float, float, float]:
    """Deviation of one difference, standard error of the mean one, degrees of freedom of its t.

    Unrelated runs have a variance each side (Welch).
    """
    sides = one, two
    if min(map(len, sides)) < 2:
        return _NAN, _NAN, _NAN
    if are_paired:
        deviation = float((one - two).std(ddof=1))
        return deviation, deviation / math.sqrt(len(one)), len(one) - 1
    variances = [float(side.var(ddof=1)) for side in sides]
    errors = [variance / len(side) for variance, side in zip(variances, sides, strict=True)]
    squares = sum(error**2 / (len(side) - 1) for error, side in zip(errors, sides, strict=True))
    freedom = sum(errors) ** 2 / squares if squares > 0 else float(sum(map(len, sides)) - 2)
    return math.sqrt(sum(variances)), math.sqrt(sum(errors)), freedom


def compared(
    first: pd.DataFrame, second: pd.DataFrame, measure: str, smallest: float | None = None, *,
    are_paired: bool,
) -> dict[str, Any]:  # fmt: skip
    """One measure of two tables of runs as a flat row, failed runs left out of every number.

    Form: two one-sided t-tests (schuirmann1987), whose larger p is that of (smallest - |mean|) /
    error. `equivalent` where it is at most 0.05; `different` where the t-test on the far side
    rejects at 2.5 % *and* the whole interval lies beyond the smallest effect.

    Args:
        smallest: smallest effect that matters, in the measure's unit, at least 0; by default
            `SMALL_SHARE` of the pooled standard deviation of the runs (cohen1988), unknown below
            `FEWEST` unless every pair differs alike.
        are_paired: whether equal rows of the two tables share their draw.

    Returns:
        The fields of `Difference`; superiority (probability that the first is above the second,
        ties counted half: vargha2000); shift_5 … shift_95 (the first's quantiles less the
        second's); smallest, equivalence_p, verdict; more_runs (further runs a side for a verdict;
        NaN if decided or unknown, inf if never).
    """
    one, two = first[measure].to_numpy(), second[measure].to_numpy()
    if are_paired:
        whole = np.isfinite(one) & np.isfinite(two)
        one, two = one[whole], two[whole]
    else:
        one, two = one[np.isfinite(one)], two[np.isfinite(two)]
    found = (change if are_paired else apart)(measure, one, two)
    precision = _precision(one, two, are_paired=are_paired)
    if smallest is None:
        known = precision[1] == 0 or min(len(one), len(two)) >= FEWEST
        smallest = SMALL_SHARE * _pooled_spread(one, two) if known else _NAN
    shifts = np.full(len(QUANTILES), _NAN)
    if len(one) and len(two):
        shifts = np.quantile(one, QUANTILES) - np.quantile(two, QUANTILES)
    p, word, more = _judged(found, smallest, *precision)
    return {
        **asdict(found), "superiority": (1.0 + found.positive - found.negative) / 2,
        **{f"shift_{100 * at:.0f}": by for at, by in zip(QUANTILES, shifts.tolist(), strict=True)},
        "smallest": smallest, "equivalence_p": p, "verdict": word, "more_runs": more,
    }  # fmt: skip


def _judged(
    found: Difference, smallest: float, deviation: float, error: float, freedom: float
) -> tuple[float, str, float]:
    """The larger p of the two tests, the verdict, and how many more runs it takes."""
    if found.n < 2 or math.isnan(smallest):
        return _NAN, INCONCLUSIVE, _NAN
    room = smallest - abs(found.mean)
    if error > 0:
        p = float(t.sf(room / error, freedom))
    else:  # nothing varies: the difference is exact
        p = 0.0 if room > 0 or found.mean == 0 else 1.0 if room < 0 else 0.5
    if p <= 1 - _ONE_SIDED:
        return p, EQUIVALENT, _NAN
    if p >= _TWO_SIDED and (found.low > smallest or found.high < -smallest):
        return p, DIFFERENT, _NAN
    if room == 0:
        return p, INCONCLUSIVE, math.inf
    # For mean and spread as now: n = (z s / room)^2 + z^2 / 2, the second part for the estimated
    # variance (guenther1981).
    z = float(norm.ppf(_ONE_SIDED if room > 0 else _TWO_SIDED))
    ratio = z * deviation / room
    return p, INCONCLUSIVE, max(float(np.ceil(ratio * ratio + z * z / 2)) - found.n, 1.0)


def verdict_in_words(row: Mapping[str, Any]) -> str:
    """The verdict in a row of `compared`, with how many more runs one would take."""
    word, more = row["verdict"], row["more_runs"]
    if word != INCONCLUSIVE:
        return str(word)
    if math.isnan(more):
        return f"{word}: too few runs"
    many = "over a million" if more > _MANY else f"about {more:.0f}"
    return f"{word}: {many} more run{'' if more == 1 else 's'}"


def band_ends(runs: Floats) -> list[tuple[Any, Any]]:
    """Both ends of every band of finite runs (R,) or (R, T), widest first."""
    levels = [(0.5 - share / 2, 0.5 + share / 2) for share in SHARES]
    return [tuple(np.quantile(runs, ends, axis=0)) for ends in levels]


def _measures_in(runs: pd.DataFrame) -> list[str]:
    return [name for name in map(str, runs.columns) if name.split(".")[0] in known_measures()]


def tidy(runs: pd.DataFrame) -> pd.DataFrame:
    """Runs as a row a run and measure: `scenario`, `draw`, `measure`, `who`, `where`, `value`.

    `who` is an actor, or a pair; `where` a region, or a theatre and domain; either may be empty.
    """
    heads = {}
    for column in _measures_in(runs):
        name, *rest = column.split(".")
        whose = sum(kind in ("actor", "pair", "direction") for kind in known_measures()[name]["of"])
        heads[column] = name, ".".join(rest[:whose]), ".".join(rest[whose:])
    found = runs.melt(["scenario", "draw"], [*heads])
    found[["measure", "who", "where"]] = [heads[column] for column in found.pop("variable")]
    return found[["scenario", "draw", "measure", "who", "where", "value"]]


def paired(runs: pd.DataFrame, pattern: str = "competition.*") -> pd.DataFrame:
    """What the first two scenarios of a table of paired runs differ by: see `difference_summary`.

    `pattern` is a measure's name, or a wildcard. Raises DataError where the table has fewer than
    two scenarios, or no such measure.
    """
    asked = [name for name in _measures_in(runs) if fnmatchcase(name, pattern)]
    names = list(dict.fromkeys(runs["scenario"]))
    if not asked:
        raise DataError([f"{pattern} is no measure of these runs{near(pattern, [*runs.columns])}"])
    if len(names) < 2:
        raise DataError([f"these runs are of {names[0]} alone: a difference needs two scenarios"])
    return difference_summary(runs, names[0], names[1], asked)


def differences_of(
    table: pd.DataFrame, first: str, second: str, measures: Sequence[str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Paired differences by run and measure, first scenario minus second, and the second's runs.

    NaN where either side lacks a run. Raises ValueError where the two do not share their seeds.
    """
    one, other = (table[table["scenario"] == name].set_index("run") for name in (first, second))
    both = one.index.intersection(other.index)
    if "seed" in table and not one.loc[both, "seed"].equals(other.loc[both, "seed"]):
        raise ValueError(f"runs of {first} and {second} share no seeds: they cannot be paired")
    return one[list(measures)].sub(other[list(measures)]), other[list(measures)]


def difference_summary(
    table: pd.DataFrame, first: str, second: str, measures: Sequence[str]
) -> pd.DataFrame:
    """A row a measure, in its unit: `measure`, `pairs`, `missing`, `mean`, and the rest.

    `low` and `high` are the 95 % interval of the mean; `above` and `below` shares of pairs beside
    zero; `level` the mean of the second scenario's whole pairs, `times` their standard deviation
    over the root mean square of the difference; `q5` … `q65` the ends of the bands.
    """
    gaps, others = differences_of(table, first, second, measures)
    found = []
    for measure in measures:
        each = gaps[measure].to_numpy(dtype=float)
        values, levels = each[np.isfinite(each)], others.loc[gaps.index[np.isfinite(each)], measure]
        row = {"measure": measure, "pairs": len(values), "missing": len(each) - len(values)}
        row |= dict.fromkeys(("mean", "low", "high", "above", "below", "times"), _NAN)
        row["level"] = levels.mean()
        if len(values):
            row["mean"], (row["low"], row["high"]) = values.mean(), mean_interval(values)
            row |= {"above": (values > 0).mean(), "below": (values < 0).mean()}
            if size := math.sqrt(float((values**2).mean())):
                row["times"] = levels.std() / size
            ends = [end for band in band_ends(values) for end in band]
            middle = np.full(len(ends), values.mean()) if is_flat(values) else ends
            row |= dict(zip(ENDS, middle, strict=True))
        found.append(row)
    return pd.DataFrame(found, columns=list(dict.fromkeys(key for row in found for key in row)))


def has_level(row: Mapping[str, float]) -> bool:
    """Whether the second scenario's mean is large beside what the pairs differ by."""
    spread = row.get(ENDS[1], _NAN) - row.get(ENDS[0], _NAN)
    return abs(row["level"]) > max(spread, 1e-9)


def says(row: Mapping[str, Any], subject: str, over: str) -> str:
    """What draws over something say of the sign of a row of `difference_summary`, in a sentence.

    `subject` is the measure in words; few draws are put to a sign test.
    """
    if not row["pairs"]:
        return f"{subject.rstrip(',')}: no pair of runs finished"
    up, down, count = row["above"], row["below"], f"{row['pairs']} draws {over}"
    if up == down == 0:
        return f"{subject} is the same in all {count}"
    share, verb, against, other = up, "rises", down, "falls"
    if down > up:
        share, verb, against, other = down, "falls", up, "rises"
    word = "so the sign is settled" if share >= SETTLED else "so the sign is not settled"
    if share >= SETTLED and binomtest(round(share * row["pairs"]), row["pairs"]).pvalue >= 0.05:
        word = "too few draws to settle the sign"
    so = f"and {other} in {100 * against:.0f} %, {word}"
    return f"{subject} {verb} in {100 * share:.0f} % of {count} {so}."
