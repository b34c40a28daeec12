"""How precisely a mean is known, how many more runs a precision takes, and when to stop.

Claim: Lee et al. 2015 (JASSS 18(4) 4) derive the number of runs from the width of an interval, with
a least number below which the width itself is not reliable.
"""

import contextlib
import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

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
    """Stop once every mean is known to a half-width.

    It is applied after whole blocks of runs, the least number at once, whose number no worker
    changes: the same command always stops at the same run.
    """

    half_width: float

    @classmethod
    def read(cls, text: str) -> Self:
        """The rule of a text such as `half-width=0.002`; raises DataError for another text."""
        name, _, value = text.partition("=")
        with contextlib.suppress(ValueError):
            if name.strip() == _RULE and 0 < float(value) < math.inf:
                return cls(float(value))
        right = f"write {_RULE}=0.002, a number above 0 in the measure's unit"
        raise DataError([f"--until {text} is no rule; {right}"])

    def __str__(self) -> str:
        return f"{_RULE}={self.half_width:g}"

    def is_met(self, values: Mapping[str, Floats]) -> bool:
        """Whether every mean is known well enough."""
        return self.widest(values)[1] <= self.half_width

    @staticmethod
    def widest(values: Mapping[str, Floats]) -> tuple[str, float]:
        """Name and half-width of what is known least; NaN where that is not known at all."""
        widths = {name: half_width(own) for name, own in values.items()}
        name = max(widths, key=lambda name: (math.isnan(widths[name]), widths[name]))
        return name, widths[name]


def watched(
    runs: pd.DataFrame, scenarios: Sequence[str], measures: Sequence[str]
) -> dict[str, Floats]:
    """Values of a stopping rule: measures of one scenario, or of the first less each other.

    By a name in words, (runs,) values in the order of the runs; a failed run, or pair, is NaN.
    """
    found: dict[str, Floats] = {}
    for (theory, kind), own in runs.groupby(["theory", "set"], sort=True):
        first, *others = (
            own[own["scenario"] == name].set_index("run").sort_index()[list(measures)]
            for name in scenarios
        )
        tables = {f" less {x}": first - y for x, y in zip(scenarios[1:], others, strict=True)}
        for label, table in (tables or {"": first}).items():
            for measure in measures:
                name = f"{measure} of {scenarios[0]}{label}, {theory}, {kind}"
                found[name] = table[measure].to_numpy(np.float64)
    return found
