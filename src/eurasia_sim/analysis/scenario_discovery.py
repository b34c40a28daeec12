"""Scenario discovery: boxes in the space of assumptions in which something holds.

Boxes are found on half of the draws and judged on the other half.

Claim: Friedman and Fisher 1999 ("Bump hunting in high-dimensional data") peel a box until the cases
sought fill it; Breiman et al. 1984 split the space into a tree of boxes; Bryant and Lempert 2010
read such boxes as scenarios, by coverage, density, and the probability that a limit is there by
chance (quasi-p).
"""

import contextlib
import io
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import binomtest

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
        """Share of other points that lie in the box.

        NaN of none, where a name is missing, and where a factor of the box has one level in them.
        """
        own = points.reindex(columns=[*self.sides])
        varies = len(own) and (own != own.iloc[0]).any().all() and own.notna().any().all()
        return float(_inside(points, self.sides).mean()) if varies else _NAN


@dataclass(frozen=True)
class Discovery:
    """The boxes found, PRIM's first, and PRIM's peeling path on the draws held back."""

    boxes: pd.DataFrame  # a row a limit, with the quality of its box on the draws held back
    path: pd.DataFrame  # a row a step: step, limited, density, coverage, mass, chosen, base, draws


def region(
    points: pd.DataFrame, holds: Flags, density: float, coverage: float, most: int = _MOST_LIMITS
) -> Region | None:
    """The box of enough density and coverage on the half held back that covers most, if any.

    Form: every other point trains, the rest judge. PRIM peels over the factors (columns of text)
    and the numbers that correlate most with `holds`.

    Args:
        points: (P, columns) numbers and factors. holds: (P,). most: limits of a box.
    """
    trains = np.arange(len(points)) % 2 == 0
    if min(holds[trains].sum(), (~holds[trains]).sum()) < _FEWEST:
        return None
    chosen, held_back = _closest(points[trains], holds[trains]), (points[~trains], holds[~trains])
    found = [
        Region(box, _in_words(box, chosen), *_quality(*held_back, box)[:2])
        for box in _peeled(chosen, holds[trains])
        if 0 < len(box) <= most
    ]
    enough = [each for each in found if each.density >= density and each.coverage >= coverage]
    return max(enough, key=lambda each: each.coverage, default=None)


def deciding_sign(points: pd.DataFrame, holds: Flags, least: float) -> Region | None:
    """The side of the one number's zero on which something holds, and on the other does not.

    Form: which number and which side is chosen on every other point; of the rest enough must lie on
    either side, and on each at least a share `least` must be as said.

    Args:
        points: (P, columns); a number counts whose values lie on both sides of zero. holds: (P,).
    """
    trains = np.arange(len(points)) % 2 == 0
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


def discovered(points: pd.DataFrame, holds: Flags) -> Discovery:
    """Boxes in which something holds: one by PRIM, and every dense leaf of a CART tree.

    Form: every other point trains, the rest judge. Of the boxes on PRIM's path with at most four
    limits, the one with the best harmonic mean of coverage and density in training is given. CART's
    tree has at most as many levels, and no leaf below a twentieth of the training draws. A limit's
    quasi-p is one-sided and binomial, on the half held back.

    Args:
        points: (P, columns) numbers and factors (text). holds: (P,).

    Raises:
        DataError: where it holds, or does not, in too few draws to seek a box.
    """
    trains = np.arange(len(points)) % 2 == 0
    hits = int(holds[trains].sum())
    fewest = min(hits, int(trains.sum()) - hits)
    if fewest < _FEWEST:
        what = "holds" if hits == fewest else "does not hold"
        few = f"what is sought {what} in {fewest} of {trains.sum()} training draws"
        raise DataError([f"{few}; {_FEWEST} are needed"])
    chosen = _closest(points[trains], holds[trains])
    rest = points[~trains], holds[~trains]

    def harmonic(box: Sides) -> float:
        density, coverage, _ = _quality(chosen, holds[trains], box)
        return 2 * density * coverage / (density + coverage) if density + coverage else 0.0

    def quality(box: Sides) -> dict[str, Any]:
        return dict(zip(("density", "coverage", "mass"), _quality(*rest, box), strict=True))

    whole = {"base": float(rest[1].mean()), "draws": len(rest[1])}
    path = _peeled(chosen, holds[trains])
    best = max((box for box in path if len(box) <= _MOST_LIMITS), key=harmonic, default={})
    found = [(PRIM, best), *((CART, box) for box in _leaves(chosen, holds[trains]))]
    limits = [
        {"method": method, "box": order, **limit,
         "quasi_p": quasi_p(*rest, box, limit["parameter"]), **quality(box), **whole}
        for order, (method, box) in enumerate(found if best else found[1:], start=1)
        for limit in _limits(box, chosen)
    ]  # fmt: skip
    steps = [
        {"step": step, "limited": len(box), **quality(box), "chosen": box is best, **whole}
        for step, box in enumerate(path)
    ]
    return Discovery(pd.DataFrame(limits), pd.DataFrame(steps))


def _limits(box: Sides, points: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Every limit of a box, in words and as numbers; an end at the end of the points is none."""
    for (name, sides), words in zip(box.items(), _in_words(box, points), strict=True):
        low = high = _NAN
        if isinstance(sides, tuple):
            low = sides[0] if sides[0] > points[name].min() else _NAN
            high = sides[1] if sides[1] < points[name].max() else _NAN
        yield {"limit": words, "parameter": name, "low": low, "high": high}


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
    """The limits of boxes with the meaning and unit of each parameter.

    Args:
        numbers: the catalogue, by path.
    """
    table = boxes.copy()
    names = boxes.get("parameter", ())
    found = [numbers.get(name) or numbers.get(f"rules.{name}") for name in names]
    for at, column in ((4, "meaning"), (5, "unit")) if len(boxes) else ():
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
    """Every box along PRIM's peeling path, smallest last."""
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
    from sklearn.tree import DecisionTreeClassifier

    coded = pd.get_dummies(points, prefix_sep=_BETWEEN, dtype=float)
    tree = DecisionTreeClassifier(
        max_depth=_MOST_LIMITS,
        min_samples_leaf=max(int(_FEWEST_IN_A_LEAF * len(points)), 1),
        min_impurity_decrease=_LEAST_GAIN,
        class_weight="balanced",
        random_state=0,
    ).fit(coded.to_numpy(), holds).tree_  # fmt: skip
    whole: Sides = {
        str(name): (-np.inf, np.inf) if is_number(own) else frozenset(map(str, own.unique()))
        for name, own in points.items()
    }

    def leaves(node: int, box: Sides) -> Iterator[Sides]:
        if tree.children_left[node] < 0:
            yield box
            return
        column, cut = str(coded.columns[tree.feature[node]]), float(tree.threshold[node])
        for children, below in ((tree.children_right, False), (tree.children_left, True)):
            yield from leaves(children[node], _cut(box, column, cut, below=below))

    found = [(*_quality(points, holds, box)[:2], _limited(box, points)) for box in leaves(0, whole)]
    dense = [(coverage, box) for density, coverage, box in found if density > holds.mean()]
    return [box for _, box in sorted(dense, key=lambda each: -each[0])]


def _cut(box: Sides, column: str, cut: float, *, below: bool) -> Sides:
    """A box on one side of a split; a split on a level's column keeps the level or drops it."""
    name, _, level = column.partition(_BETWEEN)
    sides = box[name]
    if isinstance(sides, frozenset):
        return {**box, name: sides - {level} if below else sides & {level}}
    low, high = sides
    if below:
        return {**box, name: (low, min(high, cut))}
    # The tree sends what equals the cut to the left; the next number is the right side's least.
    return {**box, name: (max(low, float(np.nextafter(cut, np.inf))), high)}


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


def _quality(points: pd.DataFrame, holds: Flags, box: Sides) -> tuple[float, float, float]:
    """Density, coverage and mass of a box; 0 where there is nothing to divide by."""
    inside = _inside(points, box)
    hits = holds[inside].sum()
    density = float(hits / inside.sum()) if inside.any() else 0.0
    coverage = float(hits / holds.sum()) if holds.any() else 0.0
    return density, coverage, float(inside.mean())


def _in_words(box: Sides, points: pd.DataFrame) -> tuple[str, ...]:
    """Each limit of a box in words."""
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
    return tuple(words)
