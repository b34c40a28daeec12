"""Common factors: a number that moves many coded cells together, each within its own range.

A cell keeps its value, range and claims; what is uncertain is how far all of a kind lie toward the
ends of their ranges, as a reader of the documents who is stricter or milder in one is so in all.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from fnmatch import translate

import numpy as np

from eurasia_sim.compute.dimensions import Floats, Integers
from eurasia_sim.files.data_yaml import Number, leaves
from eurasia_sim.files.page import Page
from eurasia_sim.world.loader import Gathered

FACTORS = "factors."  # begins the path of every factor


def read_factors(page: Page, coded: Sequence[str], into: Gathered) -> dict[str, tuple[str, ...]]:
    """Read the factors; return, by path, the paths of the cells that each moves.

    A cell belongs to the first factor that names it.

    Args:
        coded: paths of all cells of the world.
    """
    numbers, found = into.numbers, dict[str, tuple[str, ...]]()
    free = [path for path in coded if path in numbers and numbers[path].is_uncertain]
    for leaf in leaves(page):
        path = FACTORS + ".".join(leaf.ids)
        number = into.add(page, leaf, path)
        cells: list[str] = []
        for pattern in leaf.header.get("moves") or ():
            fits = re.compile(translate(str(pattern))).match
            moved = [cell for cell in free if fits(cell)]
            cells += moved
            free = [cell for cell in free if cell not in moved]
            if not moved:
                wrong = "fits no coded number that has a range and that no factor before it moves"
                wrong = f"{path} moves {pattern!r}, which {wrong}"
                page.complain(leaf.keys, wrong, free, pattern)
        if not leaf.header.get("moves"):
            right = "moves: a list of paths, * for any part of one"
            page.complain(leaf.keys, f"{path} moves nothing", allowed=right)
        if number is not None and not -1.0 <= number.low <= number.high <= 1.0:
            page.complain(leaf.keys, f"the range of {path} must lie in [-1, 1]")
        found[path] = tuple(cells)
    return found


def move(
    rows: Floats, ends: tuple[Integers, Floats], factor: Floats | float, fixed: Collection[int] = ()
) -> None:
    """Set, in place, the cells of a factor in coded rows (..., M).

    Form: from its coded value a cell goes toward the high end of its range by the factor, or toward
    the low end by as much as the factor is below 0.

    Args:
        ends: of `ends_of`. factor: (...) in [-1, 1]. fixed: places that stay as they are.
    """
    places, (low, value, high) = ends
    free = ~np.isin(places, list(fixed))
    by = np.asarray(factor, np.float64)[..., None]
    span = np.where(by < 0.0, value - low, high - value)
    rows[..., places[free]] = (value + by * span)[..., free]


def ends_of(
    cells: Sequence[str], numbers: Mapping[str, Number], places: Mapping[str, int]
) -> tuple[Integers, Floats]:
    """Places of cells on a coded row (C,); low end, value and high end of each (3, C)."""
    of = [numbers[cell] for cell in cells]
    spans = np.array([(each.low, each.value, each.high) for each in of]).reshape(-1, 3).T
    return np.array([places[cell] for cell in cells], np.int64), spans
