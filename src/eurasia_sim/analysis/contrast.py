"""Paired runs of two scenarios: what the first has more of, run by run, and how surely."""

import math
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import binomtest

from eurasia_sim.analysis.convergence import is_flat
from eurasia_sim.analysis.differences import mean_interval
from eurasia_sim.compute.dimensions import Floats
from eurasia_sim.files.data_yaml import DataError, near
from eurasia_sim.scenarios.schema import measures as known_measures

SHARES = (0.9, 0.7, 0.5, 0.3)  # of runs that a band holds, widest first
ENDS = tuple(f"q{50 + sign * 50 * share:g}" for share in SHARES for sign in (-1, 1))
SETTLED = 0.8  # share of draws that agree on a sign


def band_ends(runs: Floats) -> list[tuple[Any, Any]]:
    """Both ends of every band of finite runs (R,) or (R, T), widest first."""
    levels = [(0.5 - share / 2, 0.5 + share / 2) for share in SHARES]
    return [tuple(np.quantile(runs, ends, axis=0)) for ends in levels]


def measures_in(runs: pd.DataFrame) -> list[str]:
    """Columns that hold a measure."""
    return [name for name in map(str, runs.columns) if name.split(".")[0] in known_measures()]


def tidy(runs: pd.DataFrame) -> pd.DataFrame:
    """Runs as a row a run and measure.

    Returns:
        Columns `scenario`, `draw`, `measure`, `who` (an actor, or a pair), `where` (a region, or a
        theatre and domain) and `value`; what a measure is not of is empty.
    """
    parts = {}
    for column in measures_in(runs):
        name, *rest = column.split(".")
        whose = sum(kind in ("actor", "pair", "direction") for kind in known_measures()[name]["of"])
        parts[column] = (name, ".".join(rest[:whose]), ".".join(rest[whose:]))
    found = runs.melt(["scenario", "draw"], [*parts], "column", "value")
    heads = pd.DataFrame.from_dict(parts, "index", columns=["measure", "who", "where"])
    heads = heads.loc[found.pop("column")].reset_index(drop=True)
    return pd.concat([found[["scenario", "draw"]], heads, found["value"]], axis="columns")


def paired(runs: pd.DataFrame, pattern: str = "competition.*") -> pd.DataFrame:
    """What the first two scenarios of a table of paired runs differ by: see `difference_summary`.

    Args:
        pattern: a measure's name, or a wildcard.

    Raises:
        DataError: where the table has fewer than two scenarios, or no such measure.
    """
    asked = [name for name in measures_in(runs) if fnmatchcase(name, pattern)]
    names = list(dict.fromkeys(runs["scenario"]))
    if not asked:
        raise DataError([f"{pattern} is no measure of these runs{near(pattern, [*runs.columns])}"])
    if len(names) < 2:
        raise DataError([f"these runs are of {names[0]} alone: a difference needs two scenarios"])
    return difference_summary(runs, names[0], names[1], asked)


def differences_of(
    table: pd.DataFrame, first: str, second: str, measures: Sequence[str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Paired differences, first scenario minus second, and the second's runs.

    Args:
        table: a row a run and scenario, both scenarios in it.

    Returns:
        A row a run that either has, a column a measure; NaN where either side lacks it.

    Raises:
        ValueError: where the runs of the two do not share their seeds and so are no pairs.
    """
    one, other = (table[table["scenario"] == name].set_index("run") for name in (first, second))
    both = one.index.intersection(other.index)
    if "seed" in table and not one.loc[both, "seed"].equals(other.loc[both, "seed"]):
        raise ValueError(f"runs of {first} and {second} share no seeds: they cannot be paired")
    return one[list(measures)].sub(other[list(measures)]), other[list(measures)]


def difference_summary(
    table: pd.DataFrame, first: str, second: str, measures: Sequence[str]
) -> pd.DataFrame:
    """A row a measure, in its unit.

    Returns:
        Columns `measure`, `pairs`, `missing`, `mean`, `low`, `high` (95 % interval of the mean),
        `above`, `below` (shares of pairs above and below zero), `level` (mean of the second
        scenario's whole pairs), `spread` (standard deviation of these) over the root mean square
        of the difference as `times`, and the ends of the bands (`q5` … `q65`).
    """
    gaps, others = differences_of(table, first, second, measures)
    found = []
    for measure in measures:
        whole = np.isfinite(gaps[measure].to_numpy(dtype=float))
        values = gaps.loc[whole, measure].to_numpy(dtype=float)
        levels = others.loc[gaps.index[whole], measure]
        low, high = mean_interval(values)
        row = {"measure": measure, "pairs": len(values), "missing": int((~whole).sum())}
        row |= dict.fromkeys(("mean", "low", "high", "above", "below", "times"), math.nan)
        row["level"] = levels.mean()
        if len(values):
            size = math.sqrt(float((values**2).mean()))
            row |= {"mean": values.mean(), "low": low, "high": high, "above": (values > 0).mean()}
            row |= {
                "below": (values < 0).mean(),
                "times": levels.std() / size if size else math.nan,
            }
            ends = [end for band in band_ends(values) for end in band]
            middle = np.full(len(ends), values.mean()) if is_flat(values) else ends
            row |= dict(zip(ENDS, middle, strict=True))
        found.append(row)
    return pd.DataFrame(found, columns=list(dict.fromkeys(key for row in found for key in row)))


def has_level(row: Mapping[str, float]) -> bool:
    """Whether the second scenario's mean is large beside what the pairs differ by."""
    spread = row.get(ENDS[1], math.nan) - row.get(ENDS[0], math.nan)
    return abs(row["level"]) > max(spread, 1e-9)


def says(row: Mapping[str, Any], subject: str, over: str) -> str:
    """What the draws say of the sign of one difference, in a sentence; few are put to a sign test.

    Args:
        row: of `difference_summary`.
        subject: the measure in words.
        over: what the draws were taken over, in words.
    """
    if not row["pairs"]:
        return f"{subject.rstrip(',')}: no pair of runs finished"
    up, down, count = row["above"], row["below"], f"{row['pairs']} draws {over}"
    if up == down == 0:
        return f"{subject} is the same in all {count}"
    rises, share, against = (True, up, down) if up >= down else (False, down, up)
    verb, other = ("rises", "falls") if rises else ("falls", "rises")
    word = "so the sign is settled" if share >= SETTLED else "so the sign is not settled"
    if share >= SETTLED and binomtest(round(share * row["pairs"]), row["pairs"]).pvalue >= 0.05:
        word = "too few draws to settle the sign"
    so = f"and {other} in {100 * against:.0f} %, {word}"
    return f"{subject} {verb} in {100 * share:.0f} % of {count} {so}."
