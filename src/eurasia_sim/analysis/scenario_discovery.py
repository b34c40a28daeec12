"""Where in the space of assumptions something holds: a box in the parameters' own terms, judged on draws held back.

Claim: Friedman and Fisher 1999 ("Bump hunting in high-dimensional data") peel a box until what is sought fills it;
Breiman et al. 1984 split the space into a tree of boxes; Bryant and Lempert 2010 read such boxes as scenarios, by
coverage, density, and how likely each limit is to be there by chance (quasi-p).
"""

from __future__ import annotations

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

from eurasia_sim.compute.dimensions import Floats
from eurasia_sim.files.data_yaml import DataError, Number

_MOST_LOOKED_AT = (
    12  # numbers that go with what is sought most closely; with more, chance alone draws boxes
)
_FEWEST = 20  # cases of either kind below which no box is sought
_MOST_LIMITS = 4
_FEWEST_IN_A_LEAF = 0.05  # share of the training draws
_LEAST_GAIN = 0.01  # of purity by a split, weighed by the draws it parts
PRIM, CART = "PRIM", "CART"
_BETWEEN = "\x1f"  # parts a factor from its level; no name holds it
Sides = dict[str, tuple[float, float] | frozenset[str]]


@dataclass(frozen=True)
class Region:
    """A box and how well it does on the draws held back."""

    limits: tuple[str, ...]  # in words
    density: float  # share of the box's draws in which it holds
    coverage: float  # share of all draws in which it holds that lie in the box


def region(
    points: pd.DataFrame, holds: NDArray[np.bool_], density: float, coverage: float
) -> Region | None:
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
        inside, held = _inside(points[~trains], box), holds[~trains]
        found = Region(tuple(_in_words(box, chosen)), *_density_and_coverage(inside, held))
        passes = (
            found.density >= density
            and found.coverage >= coverage
            and len(found.limits) <= _MOST_LIMITS
        )
        if passes and (best is None or found.coverage > best.coverage):
            best = found
    return best


@dataclass(frozen=True)
class Limit:
    """One limit of a box: a range of a number, or the levels of a factor."""

    name: str
    words: str
    low: float  # NaN without a lower end, and for a factor
    high: float
    quasi_p: float  # probability that a box without it would do as well by chance


@dataclass(frozen=True)
class Box:
    """A box found on half the draws, and how well it does on the half held back."""

    method: str
    limits: tuple[Limit, ...]
    density: float
    coverage: float
    mass: float  # share of the draws held back that lie in it
    base: float  # density without any box
    draws: int  # held back

    @property
    def words(self) -> str:
        """All limits in one line."""
        return " and ".join(limit.words for limit in self.limits) or "everywhere"


@dataclass(frozen=True)
class Discovery:
    """The boxes found, PRIM's first, and the path along which PRIM peeled, each step on the draws held back."""

    boxes: list[Box]
    path: pd.DataFrame  # a row a step: step, limited, density, coverage, mass, chosen, base, draws


def discovered(points: pd.DataFrame, holds: NDArray[np.bool_]) -> Discovery:
    """Boxes in which something holds, by PRIM (one) and by CART (each leaf of the tree where it mostly does).

    Form: every other point trains, the rest judge. Of the boxes on PRIM's path with at most four limits, the one with
    the best harmonic mean of coverage and density in training is given. CART's tree has at most as many levels, and
    no leaf below a twentieth of the training draws. A limit's quasi-p is one-sided and binomial, on the half held back.

    Args:
        points: (P, columns) numbers and factors (text). holds: (P,).

    Raises:
        DataError: where it holds, or does not, in too few draws to seek a box.
    """
    trains = np.arange(len(points)) % 2 == 0
    fewest = min(int(holds[trains].sum()), int((~holds[trains]).sum()))
    if fewest < _FEWEST:
        what = "holds" if holds[trains].sum() == fewest else "does not hold"
        raise DataError(
            [
                f"what is sought {what} in {fewest} of {trains.sum()} training draws; {_FEWEST} are needed"
            ]
        )
    chosen = _closest(points[trains], holds[trains])
    peeled = _boxes(chosen, holds[trains])
    best = max(
        (box for box in peeled if len(box) <= _MOST_LIMITS),
        key=lambda box: _harmonic(*_density_and_coverage(_inside(chosen, box), holds[trains])), default={},
    )  # fmt: skip
    found = [(PRIM, best)] if best else []
    found += [(CART, box) for box in _leaves(chosen, holds[trains]) if box]
    judged = [
        _judged(method, box, chosen, points[~trains], holds[~trains]) for method, box in found
    ]
    return Discovery(judged, _path(peeled, best, points[~trains], holds[~trains]))


def _path(
    peeled: list[Sides], best: Sides, points: pd.DataFrame, holds: NDArray[np.bool_]
) -> pd.DataFrame:
    """Every box along a path on the draws held back, from the whole space on; the chosen one is marked."""
    rows = []
    for step, box in enumerate(peeled):
        inside = _inside(points, box)
        density, coverage = _density_and_coverage(inside, holds)
        rows.append(
            {"step": step, "limited": len(box), "density": density, "coverage": coverage,
             "mass": float(inside.mean()), "chosen": box is best, "base": float(holds.mean()), "draws": len(holds)}
        )  # fmt: skip
    return pd.DataFrame(rows)


def _judged(
    method: str, box: Sides, chosen: pd.DataFrame, points: pd.DataFrame, holds: NDArray[np.bool_]
) -> Box:
    """A box on the draws held back."""
    inside = _inside(points, box)
    limits = tuple(
        Limit(name, words, *_ends(sides, chosen[name]), quasi_p(points, holds, box, name))
        for (name, sides), words in zip(box.items(), _in_words(box, chosen), strict=True)
    )
    density, coverage = _density_and_coverage(inside, holds)
    return Box(
        method, limits, density, coverage, float(inside.mean()), float(holds.mean()), len(holds)
    )


def _ends(sides: tuple[float, float] | frozenset[str], values: pd.Series) -> tuple[float, float]:
    if isinstance(sides, frozenset):
        return float("nan"), float("nan")
    low, high = sides
    return low if low > values.min() else float("nan"), high if high < values.max() else float(
        "nan"
    )


def quasi_p(points: pd.DataFrame, holds: NDArray[np.bool_], box: Sides, name: str) -> float:
    """Probability of at least so many hits in the box if they were as dense as in the box without one of its limits.

    Form: Bryant and Lempert 2010: a one-sided binomial test. NaN where the box is empty.
    """
    inside = _inside(points, box)
    without = _inside(points, {other: sides for other, sides in box.items() if other != name})
    if not inside.any():
        return float("nan")
    return float(
        binomtest(
            int(holds[inside].sum()), int(inside.sum()), float(holds[without].mean()), "greater"
        ).pvalue
    )


def box_table(boxes: list[Box], numbers: Mapping[str, Number]) -> pd.DataFrame:
    """A row a limit of a box, in the parameter's own words: what it means, its unit, and how well its box does.

    Args:
        numbers: the catalogue, by path.
    """
    rows: list[dict[str, Any]] = []
    for order, box in enumerate(boxes, start=1):
        for limit in box.limits:
            number = numbers.get(limit.name) or numbers.get(f"rules.{limit.name}")
            said = {
                "meaning": number.meaning if number else "",
                "unit": number.unit if number else "",
            }
            rows.append(
                {"method": box.method, "box": order, "limit": limit.words, "parameter": limit.name, **said,
                 "low": limit.low, "high": limit.high, "quasi_p": limit.quasi_p, "density": box.density,
                 "coverage": box.coverage, "mass": box.mass, "base": box.base, "draws": box.draws}
            )  # fmt: skip
    return pd.DataFrame(rows)


def _density_and_coverage(
    inside: NDArray[np.bool_], holds: NDArray[np.bool_]
) -> tuple[float, float]:
    hits = holds[inside].sum()
    return (
        float(hits / inside.sum()) if inside.any() else 0.0,
        float(hits / holds.sum()) if holds.any() else 0.0,
    )


def _harmonic(density: float, coverage: float) -> float:
    return 2 * density * coverage / (density + coverage) if density + coverage else 0.0


def _leaves(points: pd.DataFrame, holds: NDArray[np.bool_]) -> Iterator[Sides]:
    """The leaf boxes of a classification tree in which it mostly holds, the fullest first."""
    from sklearn.tree import DecisionTreeClassifier

    coded = pd.get_dummies(points, prefix_sep=_BETWEEN, dtype=float)
    fewest = max(int(_FEWEST_IN_A_LEAF * len(points)), 1)
    fitted = DecisionTreeClassifier(
        max_depth=_MOST_LIMITS,
        min_samples_leaf=fewest,
        min_impurity_decrease=_LEAST_GAIN,
        class_weight="balanced",
        random_state=0,
    ).fit(coded.to_numpy(), holds)
    tree = fitted.tree_
    whole: Sides = {
        str(name): (-np.inf, np.inf)
        if is_number(points[name])
        else frozenset(map(str, points[name].unique()))
        for name in points
    }
    found: list[tuple[float, Sides]] = []
    waiting = [(0, whole)]
    while waiting:
        node, box = waiting.pop()
        if tree.children_left[node] < 0:
            inside = _inside(points, box)
            if holds[inside].mean() > holds.mean():
                found.append(
                    (_density_and_coverage(inside, holds)[1], _limited(box, whole, points))
                )
            continue
        column, cut = str(coded.columns[tree.feature[node]]), float(tree.threshold[node])
        waiting.append((tree.children_left[node], _cut(box, column, cut, below=True)))
        waiting.append((tree.children_right[node], _cut(box, column, cut, below=False)))
    found.sort(key=lambda each: -each[0])
    yield from (box for _, box in found)


def is_number(values: pd.Series) -> bool:
    """Whether a column holds numbers, not levels."""
    return bool(pd.api.types.is_numeric_dtype(values))


def _cut(box: Sides, column: str, cut: float, *, below: bool) -> Sides:
    """A box on one side of a split; a split on a level's column keeps the level or drops it."""
    name, _, level = column.partition(_BETWEEN)
    sides = box[name]
    if isinstance(sides, frozenset):
        return {**box, name: sides - {level} if below else sides & {level}}
    # The tree sends what equals the cut to the left; a number just above it is the right side's least.
    ends = (
        (sides[0], min(sides[1], cut))
        if below
        else (max(sides[0], float(np.nextafter(cut, np.inf))), sides[1])
    )
    return {**box, name: ends}


def _limited(box: Sides, whole: Sides, points: pd.DataFrame) -> Sides:
    """A box's own limits: sides that leave something out, closed by what there is."""
    found: Sides = {}
    for name, sides in box.items():
        if sides == whole[name]:
            continue
        if not isinstance(sides, frozenset):
            sides = (
                max(sides[0], float(points[name].min())),
                min(sides[1], float(points[name].max())),
            )  # noqa: PLW2901
        found[name] = sides
    return found


def _closest(points: pd.DataFrame, holds: NDArray[np.bool_]) -> pd.DataFrame:
    """Factors, and the numbers most closely correlated with what is sought; a silent number is put at the median."""
    numbers = points.select_dtypes("number")
    numbers = numbers.fillna(numbers.median())
    numbers = numbers.loc[:, numbers.nunique() > 2]
    strength = numbers.rank().corrwith(pd.Series(holds.astype(float), index=points.index)).abs()
    closest = strength.sort_values(ascending=False, kind="stable").index[:_MOST_LOOKED_AT]
    return pd.concat([points.select_dtypes(exclude="number"), numbers[closest]], axis=1)


def _boxes(points: pd.DataFrame, holds: NDArray[np.bool_]) -> list[Sides]:
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
        box: Sides = {}
        for name in points.columns:
            ends = limits[name]
            if isinstance(ends.iloc[0], set):
                if set(ends.iloc[0]) != set(points[name].unique()):
                    box[name] = frozenset(str(each) for each in ends.iloc[0])
            elif ends.iloc[0] > points[name].min() or ends.iloc[1] < points[name].max():
                box[name] = (float(ends.iloc[0]), float(ends.iloc[1]))
        boxes.append(box)
    return boxes


def _inside(points: pd.DataFrame, box: Sides) -> NDArray[np.bool_]:
    inside = np.ones(len(points), bool)
    for name, limits in box.items():
        if isinstance(limits, frozenset):
            inside &= points[name].isin(limits).to_numpy()
        else:
            values: Floats = points[name].fillna(points[name].median()).to_numpy(np.float64)
            inside &= (values >= limits[0]) & (values <= limits[1])
    return inside


def _in_words(box: Sides, points: pd.DataFrame) -> list[str]:
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
