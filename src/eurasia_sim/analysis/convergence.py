"""How well a mean is known after so many runs, how many more a stated precision takes, and when to stop.

Claim: Lee et al. 2015 (JASSS 18(4) 4) have the number of runs follow from the width of an interval, with a least number
below which the width itself is not to be believed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import t

from eurasia_sim.compute.dimensions import Floats
from eurasia_sim.files.data_yaml import DataError

_SIDE = 0.975  # a 95 % interval leaves 2.5 % on a side
_FIRST, _GROWTH = (
    10,
    1.5,
)  # runs at which half-widths begin to be told, and how fast their number grows
_RULE = "half-width"
_MANY = 10_000_000


def half_width(values: Floats) -> float:
    """Half the width of the 95 % interval of a mean (Student's t); infinite below two runs, missing ones left out."""
    present = values[np.isfinite(values)]
    if len(present) < 2:
        return math.inf
    return float(t.ppf(_SIDE, len(present) - 1) * present.std(ddof=1) / math.sqrt(len(present)))


def widths(values: Floats) -> pd.DataFrame:
    """Mean and half-width after the first n runs, n growing by half at a time up to all: n, mean, half_width."""
    present = values[np.isfinite(values)]
    sizes, size = [], float(_FIRST)
    while size < len(present):
        sizes.append(int(size))
        size *= _GROWTH
    rows = [
        {"n": n, "mean": float(present[:n].mean()), "half_width": half_width(present[:n])}
        for n in [*sizes, len(present)]
        if n
    ]
    return pd.DataFrame(rows, columns=["n", "mean", "half_width"])


def runs_needed(deviation: float, precision: float) -> int:
    """Least number of runs whose 95 % interval is at most `precision` to either side, were the spread to stay.

    Args:
        deviation: standard deviation of one run. precision: above 0, in the measure's unit.
    """

    def is_enough(n: int) -> bool:
        return bool(t.ppf(_SIDE, n - 1) * deviation / math.sqrt(n) <= precision)

    low, high = 2, 2
    while not is_enough(high):
        low, high = high, 2 * high
        if high > _MANY:
            return high
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if is_enough(middle) else (middle + 1, high)
    return low


def precision_row(values: Floats, precision: float | None) -> dict[str, float]:
    """How well a mean is known, and how many more runs a stated precision takes.

    Args:
        precision: by default half of what is known now.

    Returns:
        n, mean, half_width, precision, needed (runs in all), more (NaN below two runs).
    """
    present = values[np.isfinite(values)]
    width = half_width(present)
    wanted = width / 2 if precision is None else precision
    row = {
        "n": len(present),
        "mean": float(present.mean()) if len(present) else math.nan,
        "half_width": width,
    }
    if len(present) < 2:
        return {**row, "precision": wanted, "needed": math.nan, "more": math.nan}
    needed = runs_needed(float(present.std(ddof=1)), wanted) if wanted > 0 else len(present)
    return {**row, "precision": wanted, "needed": needed, "more": max(needed - len(present), 0)}


@dataclass(frozen=True)
class StoppingRule:
    """When to stop: once every mean is known to a half-width.

    It is asked only after whole blocks of runs, whose number no worker changes, so that the same command always stops
    at the same run. A block is also the least number of runs.
    """

    half_width: float

    @classmethod
    def read(cls, text: str) -> StoppingRule:
        """The rule that a text such as `half-width=0.002` states.

        Raises:
            DataError: for another text.
        """
        name, _, value = text.partition("=")
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if name.strip() != _RULE or not 0 < number < math.inf:
            raise DataError(
                [
                    f"--until {text} is no rule; write {_RULE}=0.002, a number above 0 in the measure's unit"
                ]
            )
        return cls(number)

    def __str__(self) -> str:
        return f"{_RULE}={self.half_width:g}"

    def is_met(self, values: Mapping[str, Floats]) -> bool:
        """Whether every mean is known well enough."""
        return self.widest(values)[1] <= self.half_width

    @staticmethod
    def widest(values: Mapping[str, Floats]) -> tuple[str, float]:
        """What is known least, and its half-width."""
        found = {name: half_width(own) for name, own in values.items()}
        name = max(found, key=lambda each: found[each])
        return name, found[name]


def watched(
    runs: pd.DataFrame, scenarios: Sequence[str], measures: Sequence[str]
) -> dict[str, Floats]:
    """What a stopping rule looks at: of one scenario every measure, of several the paired differences from the first.

    Args:
        runs: a row a run: scenario, theory, set, run, the measures; in any order.

    Returns:
        By a name in words, (runs,) values in the order of the runs; a failed run, or pair, is NaN.
    """
    found: dict[str, Floats] = {}
    for (theory, kind), own in runs.groupby(["theory", "set"], sort=True):
        by_run = {
            name: table.set_index("run").sort_index() for name, table in own.groupby("scenario")
        }
        first = by_run[scenarios[0]][list(measures)]
        others = [
            (f" less {name}", first - by_run[name][list(measures)]) for name in scenarios[1:]
        ] or [("", first)]
        for label, table in others:
            for measure in measures:
                found[f"{measure} of {scenarios[0]}{label}, {theory}, {kind}"] = table[
                    measure
                ].to_numpy(np.float64)
    return found
