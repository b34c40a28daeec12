"""How precisely a mean is known, how many more runs a precision takes, and when to stop.

Claim: Lee et al. 2015 (JASSS 18(4) 4) derive the number of runs from the width of an interval, with
a least number below which the width itself is not reliable.
"""

import contextlib
import math
from bisect import bisect_left
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import t

from eurasia_sim.compute.dimensions import Floats
from eurasia_sim.files.data_yaml import DataError

_SIDE = 0.975  # a 95 % interval leaves 2.5 % on a side
_RULE = "half-width"
_MANY = 10_000_000
_FLAT = 1e-9  # spread below this, beside the size of the values, is rounding and no outcome


def is_flat(values: Floats) -> bool:
    """Whether finite values are all the same but for rounding; so are one value and none."""
    return values.size < 2 or bool(np.ptp(values) <= _FLAT * max(1.0, np.abs(values).max()))


def half_width(values: Floats) -> float:
    """Half-width of the 95 % interval of a mean (Student's t); NaN below two finite values."""
    present = values[np.isfinite(values)]
    if len(present) < 2:
        return math.nan
    return float(t.ppf(_SIDE, len(present) - 1) * present.std(ddof=1) / math.sqrt(len(present)))


def runs_needed(deviation: float, precision: float) -> int:
    """Least number of runs whose half-width is at most `precision`, above 0, at this deviation."""

    def is_enough(n: int) -> bool:
        return bool(t.ppf(_SIDE, n - 1) * deviation / math.sqrt(n) <= precision)

    return 2 + bisect_left(range(2, _MANY), True, key=is_enough)


def precision_row(values: Floats, precision: float | None) -> dict[str, float]:
    """How precisely a mean is known, and how many runs in all, and more, a precision takes.

    The precision is by default half of the half-width now; NaN are needed below two runs.
    """
    present = values[np.isfinite(values)]
    n, width, needed = len(present), half_width(present), math.nan
    wanted = width / 2 if precision is None else precision
    if n >= 2:
        needed = runs_needed(float(present.std(ddof=1)), wanted) if wanted > 0 else n
    row = {"n": n, "mean": float(present.mean()) if n else math.nan, "half_width": width}
    return {**row, "precision": wanted, "needed": needed, "more": max(needed - n, 0)}


@dataclass(frozen=True)
class StoppingRule:
    """Add blocks of runs until every mean is known to a half-width, or there are too many.

    No worker changes the number of runs in a block: the same command always stops at the same run.
    """

    wanted: float  # half-width
    scenarios: tuple[str, ...]
    measures: tuple[str, ...]
    block: int  # runs a scenario that are added at once, and the least number
    most: int  # runs a scenario

    def __str__(self) -> str:
        return f"{_RULE}={self.wanted:g}"

    def verdict(self, runs: pd.DataFrame) -> dict[str, Any]:
        """Whether it is met, after how many runs a scenario, and what is known least.

        Watched are measures of one scenario, or of the first less each other; failed runs are NaN.
        """
        keys, (first, *others), widths = ["theory", "set"], self.scenarios, dict[str, float]()
        for (theory, kind), own in runs.sort_values("run").groupby(keys):
            sides = {name: side.set_index("run") for name, side in own.groupby("scenario")}
            for other, measure in product(others or [""], self.measures):
                values = sides[first][measure] - (sides[other][measure] if other else 0.0)
                label = f"{measure} of {first}" + f" less {other}" * bool(other)
                widths[f"{label}, {theory}, {kind}"] = half_width(values.to_numpy())
        widest = max(widths, key=lambda name: (math.isnan(widths[name]), widths[name]))
        return {
            "rule": str(self), "met": widths[widest] <= self.wanted,
            "runs": int(runs["run"].max()) + 1, "least": self.block, "most": self.most,
            "widest": widest, "half_width": widths[widest], "measures": list(self.measures),
        }  # fmt: skip

    def goes_on(self, runs: pd.DataFrame) -> bool:
        """Whether another block is to follow these runs."""
        found = self.verdict(runs)
        return not found["met"] and found["runs"] + self.block <= self.most


def wanted_half_width(text: str) -> float:
    """That of a rule such as `half-width=0.002`; DataError for another text."""
    name, _, value = text.partition("=")
    with contextlib.suppress(ValueError):
        if name.strip() == _RULE and 0 < float(value) < math.inf:
            return float(value)
    right = f"write {_RULE}=0.002, a number above 0 in the measure's unit"
    raise DataError([f"--until {text} is no rule; {right}"])
