"""Where in the space of assumptions something holds: a box in the parameters' own terms, judged on draws held back.

Claim: Friedman and Fisher 1999 ("Bump hunting in high-dimensional data") peel a box until what is sought fills it;
Bryant and Lempert 2010 read such boxes as scenarios, by coverage and density.
"""

from __future__ import annotations

import contextlib
import io
import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eurasia_sim.parameters import Floats

_MOST_LOOKED_AT = 12  # numbers that go with what is sought most closely; with more, chance alone draws boxes
_FEWEST = 20  # cases of either kind below which no box is sought
_MOST_LIMITS = 4


@dataclass(frozen=True)
class Region:
    """A box and how well it does on the draws held back."""

    limits: tuple[str, ...]  # in words
    density: float  # share of the box's draws in which it holds
    coverage: float  # share of all draws in which it holds that lie in the box


def region(points: pd.DataFrame, holds: NDArray[np.bool_], density: float, coverage: float) -> Region | None:
    """The box in which `holds` is dense enough and that covers enough of it, on the half held back; None without one.

    Form: every other point trains, the rest judge. Peeling looks at the factors (columns of text) and at the numbers
    that go with `holds` most closely; of the boxes on its path that pass, the one that covers most is given.

    Args:
        points: (P, columns) numbers and factors. holds: (P,).
    """
    trains = np.arange(len(points)) % 2 == 0
    if min(holds[trains].sum(), (~holds[trains]).sum()) < _FEWEST:
        return None
    chosen = _closest(points[trains], holds[trains])
    best: Region | None = None
    for box in _boxes(chosen, holds[trains]):
        inside = _inside(points[~trains], box)
        held = holds[~trains]
        found = Region(
            tuple(_in_words(box, chosen)),
            float(held[inside].mean()) if inside.any() else 0.0,
            float(held[inside].sum() / held.sum()) if held.any() else 0.0,
        )
        passes = found.density >= density and found.coverage >= coverage and len(found.limits) <= _MOST_LIMITS
        if passes and (best is None or found.coverage > best.coverage):
            best = found
    return best


def _closest(points: pd.DataFrame, holds: NDArray[np.bool_]) -> pd.DataFrame:
    """Factors, and the numbers most closely correlated with what is sought; a silent number is put at the median."""
    numbers = points.select_dtypes("number")
    numbers = numbers.fillna(numbers.median())
    numbers = numbers.loc[:, numbers.nunique() > 2]
    strength = numbers.rank().corrwith(pd.Series(holds.astype(float), index=points.index)).abs()
    closest = strength.sort_values(ascending=False, kind="stable").index[:_MOST_LOOKED_AT]
    return pd.concat([points.select_dtypes(exclude="number"), numbers[closest]], axis=1)


Box = dict[str, tuple[float, float] | frozenset[str]]


def _boxes(points: pd.DataFrame, holds: NDArray[np.bool_]) -> list[Box]:
    """Every box along the peeling path, smallest last."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        from ema_workbench.analysis import prim

        prepared = points.copy()
        for name in prepared.select_dtypes(exclude="number"):
            prepared[name] = prepared[name].astype("category")
        found = prim.Prim(prepared, holds.astype(int), threshold=0.1, peel_alpha=0.05).find_box()
    boxes = []
    for limits in found.box_lims if found is not None else ():
        box: Box = {}
        for name in points.columns:
            ends = limits[name]
            if isinstance(ends.iloc[0], set):
                if set(ends.iloc[0]) != set(points[name].unique()):
                    box[name] = frozenset(str(each) for each in ends.iloc[0])
            elif ends.iloc[0] > points[name].min() or ends.iloc[1] < points[name].max():
                box[name] = (float(ends.iloc[0]), float(ends.iloc[1]))
        boxes.append(box)
    return boxes


def _inside(points: pd.DataFrame, box: Box) -> NDArray[np.bool_]:
    inside = np.ones(len(points), bool)
    for name, limits in box.items():
        if isinstance(limits, frozenset):
            inside &= points[name].isin(limits).to_numpy()
        else:
            values: Floats = points[name].fillna(points[name].median()).to_numpy(np.float64)
            inside &= (values >= limits[0]) & (values <= limits[1])
    return inside


def _in_words(box: Box, points: pd.DataFrame) -> list[str]:
    words = []
    for name, limits in box.items():
        if isinstance(limits, frozenset):
            words.append(f"{name} is {' or '.join(sorted(limits))}")
        elif limits[0] <= points[name].min():
            words.append(f"{name} ≤ {limits[1]:.3g}")
        elif limits[1] >= points[name].max():
            words.append(f"{name} ≥ {limits[0]:.3g}")
        else:
            words.append(f"{limits[0]:.3g} ≤ {name} ≤ {limits[1]:.3g}")
    return words
