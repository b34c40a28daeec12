"""Scenario discovery: boxes in the space of assumptions in which something holds.

Boxes are found on every other draw and judged on the rest.

Claim: Friedman and Fisher 1999 ("Bump hunting in high-dimensional data") peel a box until the cases
sought fill it; Breiman et al. 1984 split the space into a tree of boxes; Bryant and Lempert 2010
read such boxes as scenarios, by coverage, density, and the probability that a limit is there by
chance (quasi-p).
"""

import contextlib
import io
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import binomtest
from sklearn.tree import DecisionTreeClassifier

from eurasia_sim.files.data_yaml import DataError, Number

PRIM, CART = "PRIM", "CART"
_MOST_NUMBERS = 12  # that correlate most with the cases sought; more let chance draw boxes
_FEWEST = 20  # cases of either kind below which no box is sought
_MOST_LIMITS = 4
_FEWEST_IN_A_LEAF = 0.05  # share of the training draws
_LEAST_GAIN = 0.01  # of purity by a split, weighted by the draws it parts
_BETWEEN = "\x1f"  # between a factor and its level; no name holds it
_NAN = float("nan")
Flags = NDArray[np.bool_]
Sides = dict[str, tuple[float, float] | frozenset[str]]  # by name, ends of a number or levels


@dataclass(frozen=True)
class Region:
    """A box with its density and coverage on the draws held back."""

    sides: Sides
    limits: tuple[str, ...]  # in words
    density: float  # share of the box's draws in which it holds
    coverage: float  # share of all draws in which it holds that lie in the box

    def left(self, points: pd.DataFrame) -> float:
        """Share of other points in the box; NaN where one of its names is missing, or one value."""
        own = points.reindex(columns=[*self.sides])
        varies = len(own) and (own != own.iloc[0]).any().all() and own.notna().any().all()
        return float(_inside(points, self.sides).mean()) if varies else _NAN


def _trains(points: pd.DataFrame) -> Flags:
    """Which draws boxes are found on; the rest judge them."""
    return np.asarray(np.arange(len(points)) % 2 == 0)


def region(
    points: pd.DataFrame, holds: Flags, density: float, coverage: float, most: int = _MOST_LIMITS
) -> Region | None:
    """The box of enough density and coverage on the half held back that covers most, if any.

    Form: PRIM peels over the factors (columns of text) and the numbers of the points (P, columns)
    that correlate most with `holds` (P,); a box has at most `most` limits.
    """
    trains = _trains(points)
    if min(holds[trains].sum(), (~holds[trains]).sum()) < _FEWEST:
        return None
    chosen = _closest(points[trains], holds[trains])
    enough = []
    for box in _peeled(chosen, holds[trains]):
        known = _quality(points[~trains], holds[~trains], box)
        if 0 < len(box) <= most and known["density"] >= density and known["coverage"] >= coverage:
            words = tuple(limit["limit"] for limit in _limits(box, chosen))
            enough.append(Region(box, words, known["density"], known["coverage"]))
    return max(enough, key=lambda each: each.coverage, default=None)


def deciding_sign(points: pd.DataFrame, holds: Flags, least: float) -> Region | None:
    """The side of the one number's zero on which something holds, and on the other does not.

    Form: which number (of those whose values lie on both sides of zero) and which side is chosen on
    every other point; of the rest enough must lie on either side, and on each at least a share
    `least` must be as said.
    """
    trains = _trains(points)
    numbers = points.select_dtypes("number")
    above = numbers.loc[:, (numbers.min() < 0) & (numbers.max() > 0)] > 0
    if above.empty:
        return None
    agrees = above[trains].eq(pd.Series(holds, points.index)[trains], axis=0).mean()
    name = str((agrees - 0.5).abs().idxmax())
    is_above = bool(agrees[name] > 0.5)
    side, rest = (above[name].to_numpy() == is_above)[~trains], holds[~trains]
    if min(side.sum(), (~side).sum()) < _FEWEST:
        return None
    density, missed = float(rest[side].mean()), float(rest[~side].mean())
    if min(density, 1.0 - missed) < least:
        return None
    sides: Sides = {name: (0.0, np.inf) if is_above else (-np.inf, 0.0)}
    coverage = float(rest[side].sum() / rest.sum())
    return Region(sides, (f"{name} {'>' if is_above else '<'} 0",), density, coverage)


def discovered(points: pd.DataFrame, holds: Flags) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Boxes in which something holds, a row a limit, and PRIM's peeling path, a row a step.

    Form: of the boxes on PRIM's path with at most four limits, the one with the best harmonic mean
    of coverage and density in training is given, then every dense leaf of a CART tree, which has at
    most as many levels and no leaf below a twentieth of the training draws. Density, coverage, mass
    and quasi-p are of the half held back. Raises DataError where it holds, or does not, in too few
    draws.
    """
    trains = _trains(points)
    own, rest = holds[trains], (points[~trains], holds[~trains])
    hits, fewest = int(own.sum()), int(min(own.sum(), (~own).sum()))
    if fewest < _FEWEST:
        what = "holds" if hits == fewest else "does not hold"
        few = f"what is sought {what} in {fewest} of {len(own)} training draws"
        raise DataError([f"{few}; {_FEWEST} are needed"])
    chosen = _closest(points[trains], own)

    def harmonic(box: Sides) -> float:
        density, coverage, _ = _quality(chosen, own, box).values()
        return 2 * density * coverage / (density + coverage) if density + coverage else 0.0

    whole = {"base": float(rest[1].mean()), "draws": len(rest[1])}
    path = _peeled(chosen, own)
    best = max((box for box in path if len(box) <= _MOST_LIMITS), key=harmonic, default={})
    found = [*([(PRIM, best)] if best else []), *((CART, box) for box in _leaves(chosen, own))]
    limits = [
        {"method": method, "box": order, **limit,
         "quasi_p": quasi_p(*rest, box, limit["parameter"]), **_quality(*rest, box), **whole}
        for order, (method, box) in enumerate(found, start=1)
        for limit in _limits(box, chosen)
    ]  # fmt: skip
    steps = [
        {"step": step, "limited": len(box), **_quality(*rest, box), "chosen": box is best}
        for step, box in enumerate(path)
    ]
    return pd.DataFrame(limits), pd.DataFrame(steps).assign(**whole)


def quasi_p(points: pd.DataFrame, holds: Flags, box: Sides, name: str) -> float:
    """Probability of as many hits in a box by chance, at the density without one of its limits.

    Form: Bryant and Lempert 2010: a one-sided binomial test. NaN where the box is empty.
    """
    inside = _inside(points, box)
    without = _inside(points, {other: sides for other, sides in box.items() if other != name})
    if not inside.any():
        return _NAN
    hits, cases = int(holds[inside].sum()), int(inside.sum())
    return float(binomtest(hits, cases, float(holds[without].mean()), "greater").pvalue)


def box_table(boxes: pd.DataFrame, numbers: Mapping[str, Number]) -> pd.DataFrame:
    """The limits of boxes with the meaning and unit that the catalogue, by path, has of each."""
    if boxes.empty:
        return boxes
    table, names = boxes.copy(), boxes["parameter"]
    found = [numbers.get(name) or numbers.get(f"rules.{name}") for name in names]
    for at, column in ((4, "meaning"), (5, "unit")):
        table.insert(at, column, [getattr(number, column, "") for number in found])
    return table


def is_number(values: pd.Series) -> bool:
    """Whether a column holds numbers, not levels."""
    return bool(pd.api.types.is_numeric_dtype(values))


def _closest(points: pd.DataFrame, holds: Flags) -> pd.DataFrame:
    """Factors that vary, and the numbers that correlate most with `holds`, gaps by the median."""
    numbers, levels = points.select_dtypes("number"), points.select_dtypes(exclude="number")
    numbers = numbers.fillna(numbers.median())
    numbers = numbers.loc[:, numbers.nunique() > 2]
    strength = numbers.rank().corrwith(pd.Series(holds.astype(float), index=points.index)).abs()
    closest = strength.sort_values(ascending=False, kind="stable").index[:_MOST_NUMBERS]
    return pd.concat([levels.loc[:, (levels != levels.iloc[0]).any()], numbers[closest]], axis=1)


def _peeled(points: pd.DataFrame, holds: Flags) -> list[Sides]:
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        from ema_workbench.analysis import prim

        kinds = dict.fromkeys(points.select_dtypes(exclude="number"), "category")
        search = prim.Prim(points.astype(kinds), holds.astype(int), threshold=0.1, peel_alpha=0.05)
        found = search.find_box()
    boxes = []
    for limits in found.box_lims if found is not None else ():
        sides: Sides = {
            name: frozenset(map(str, low)) if isinstance(low, set) else (float(low), float(high))
            for name, (low, high) in limits[points.columns].items()
        }
        boxes.append(_limited(sides, points))
    return boxes


def _leaves(points: pd.DataFrame, holds: Flags) -> list[Sides]:
    """Leaf boxes of a classification tree that are denser than the whole, most coverage first."""
    coded = pd.get_dummies(points, prefix_sep=_BETWEEN, dtype=float)
    tree = DecisionTreeClassifier(
        max_depth=_MOST_LIMITS, min_samples_leaf=max(int(_FEWEST_IN_A_LEAF * len(points)), 1),
        min_impurity_decrease=_LEAST_GAIN, class_weight="balanced", random_state=0,
    ).fit(coded.to_numpy(), holds).tree_  # fmt: skip

    def leaves(node: int, box: Sides) -> list[Sides]:
        if tree.children_left[node] < 0:
            return [_limited(box, points)]
        name, _, level = str(coded.columns[tree.feature[node]]).partition(_BETWEEN)
        cut, sides = float(tree.threshold[node]), box[name]
        below, above = Sides(box), Sides(box)
        if isinstance(sides, frozenset):  # the column of a level: none below, all above
            below[name], above[name] = sides - {level}, sides & {level}
        else:  # what equals the cut goes to the left; the next number is the right side's least
            below[name] = sides[0], min(sides[1], cut)
            above[name] = max(sides[0], float(np.nextafter(cut, np.inf))), sides[1]
        right, left = tree.children_right[node], tree.children_left[node]
        return [*leaves(right, above), *leaves(left, below)]

    whole: Sides = {
        str(name): (-np.inf, np.inf) if is_number(own) else frozenset(map(str, own.unique()))
        for name, own in points.items()
    }
    found = [(_quality(points, holds, box), box) for box in leaves(0, whole)]
    dense = [(known["coverage"], box) for known, box in found if known["density"] > holds.mean()]
    return [box for _, box in sorted(dense, key=lambda each: -each[0])]


def _limited(box: Sides, points: pd.DataFrame) -> Sides:
    """The sides of a box that leave some points out, with finite ends."""
    found: Sides = {}
    for name, sides in box.items():
        if not _inside(points, {name: sides}).all():
            found[name] = sides
            if isinstance(sides, tuple):
                least, most = float(points[name].min()), float(points[name].max())
                found[name] = max(sides[0], least), min(sides[1], most)
    return found


def _inside(points: pd.DataFrame, box: Sides) -> Flags:
    """(P,) which points lie in a box; a gap counts as the median."""
    inside = np.ones(len(points), bool)
    for name, limits in box.items():
        values = points[name]
        if isinstance(limits, frozenset):
            inside &= values.isin(limits).to_numpy()
        else:
            inside &= values.fillna(values.median()).between(*limits).to_numpy()
    return inside


def _quality(points: pd.DataFrame, holds: Flags, box: Sides) -> dict[str, float]:
    """Density, coverage and mass of a box; 0 where there is nothing to divide by."""
    inside = _inside(points, box)
    hits = holds[inside].sum()
    return {
        "density": float(hits / inside.sum()) if inside.any() else 0.0,
        "coverage": float(hits / holds.sum()) if holds.any() else 0.0,
        "mass": float(inside.mean()),
    }


def _limits(box: Sides, points: pd.DataFrame) -> list[dict[str, Any]]:
    """Every limit of a box, in words and as numbers; an end at the end of the points is none."""
    found = []
    for name, sides in box.items():
        low = high = _NAN
        if isinstance(sides, frozenset):
            words = f"{name} is {' or '.join(sorted(sides))}"
        else:
            low = sides[0] if sides[0] > points[name].min() else _NAN
            high = sides[1] if sides[1] < points[name].max() else _NAN
            words = f"{low:.3g} ≤ {name} ≤ {high:.3g}"
            if np.isnan(low):
                words = f"{name} ≤ {high:.3g}"
            elif np.isnan(high):
                words = f"{name} ≥ {low:.3g}"
        found.append({"limit": words, "parameter": name, "low": low, "high": high})
    return found
