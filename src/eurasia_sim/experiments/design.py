"""A design laid out: the points of a sweep, by scipy's quasi-Monte Carlo and SALib's samplers."""

import hashlib
import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from SALib.sample import morris, sobol
from scipy.stats import qmc

from eurasia_sim.compute.dimensions import Floats
from eurasia_sim.experiments.schema import SPREAD, Experiment, Factor
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.files.memory import require_memory

_MOST_SEED = 2**32  # what SALib's samplers take
_COPIES = 3  # of its points that a sampler holds at once
_ANY_SIZE = ("latin_hypercube", "morris")  # samplers that take any number


@dataclass(frozen=True)
class Design:
    """The points of a sweep."""

    factors: tuple[Factor, ...]
    cells: Floats  # (P, F) values; for a factor whose levels are names, the place of the level
    left_out: int = 0  # points that broke a constraint

    @property
    def digest(self) -> str:
        """SHA-256 of factors and points."""
        digest = hashlib.sha256(repr([factor.described() for factor in self.factors]).encode())
        digest.update(self.cells.data)  # in place: a copy would be most of a sweep's memory
        return digest.hexdigest()

    def table(self) -> pd.DataFrame:
        """A row a point: `point`, then a column a factor."""
        columns = {f.column: f.labels(self.cells[:, at]) for at, f in enumerate(self.factors)}
        return pd.DataFrame({"point": np.arange(len(self.cells), dtype=np.int64), **columns})


def memory_of(points: int, factors: int) -> int:
    """Bytes that a design takes while it is laid out."""
    return _COPIES * points * factors * 8


def lay_out(experiment: Experiment, most: int | None = None) -> Design:
    """The points of an experiment, the same each time and in the same order.

    A Sobol' or Saltelli design of more points begins with the points of the smaller one; hypercubes
    and Morris trajectories are laid in blocks, so a list of sizes begins with the points of any
    shorter list; a grid begins with those of a grid that lacks the last levels of its first factor.
    Raises DataError where memory does not hold them, or constraints leave none.

    Args:
        most: only about so many, to see what a point takes, and without constraints; of a sample,
            those of a smaller one.
    """
    factors, count = experiment.factors, experiment.points
    if most is None:
        what = f"{experiment.path}: {count:,} points of {len(factors):,} factors"
        require_memory(memory_of(count, len(factors)), what, "fewer points or fewer factors")
    count = count if most is None else min(count, most)
    if experiment.stated:
        cells = np.array(experiment.stated[:count])
    elif experiment.kind in SPREAD:
        cells = _spread(experiment, most)
    else:
        lengths = [len(factor.levels) for factor in factors]
        is_grid, places = experiment.kind == "grid", np.arange(count)
        crossed = np.unravel_index(places, lengths) if is_grid else [places] * len(factors)
        columns = [_cells(each)[own] for each, own in zip(factors, crossed, strict=True)]
        cells = np.stack(columns, axis=1)
    cells, whole = np.ascontiguousarray(cells, np.float64), len(cells)
    if most is None and experiment.file.constraints:
        cells = cells[_kept(experiment, cells)]
        if not len(cells):
            left = f"the constraints leave none of {whole:,} points"
            raise DataError([f"{experiment.path}: {left}"])
    return Design(factors, cells, whole - len(cells))


def _kept(experiment: Experiment, cells: Floats) -> NDArray[np.bool_]:
    column = {factor.name: cells[:, at] for at, factor in enumerate(experiment.factors)}
    kept = np.ones(len(cells), bool)
    for constraint in experiment.file.constraints:
        total = sum(weight * column[name] for name, weight in constraint.sum.items())
        low, high = constraint.at_least, constraint.at_most
        kept &= (-np.inf if low is None else low) <= total
        kept &= total <= (np.inf if high is None else high)
    return kept


def _cells(factor: Factor) -> Floats:
    return np.array([*range(len(factor.levels))] if factor.is_text else factor.levels, np.float64)


def _spread(experiment: Experiment, most: int | None) -> Floats:
    """Points spread over the unit cube by the design's sampler, then over ranges and levels."""
    sizes = experiment.file.design.sizes
    if most is not None:  # one block, of about as many points
        first = min(sizes[0], most * sum(sizes) // experiment.points or 1)
        sizes = [first if experiment.kind in _ANY_SIZE else 1 << (first.bit_length() - 1)]
    cells = np.concatenate([_unit(experiment, size, block) for block, size in enumerate(sizes)])
    for at, factor in enumerate(experiment.factors):
        own, count, high = cells[:, at], len(factor.levels), factor.high
        if count:
            cells[:, at] = _cells(factor)[np.minimum((own * count).astype(int), count - 1)]
        else:
            between = np.minimum(factor.low + (high - factor.low) * own, high)
            cells[:, at] = np.where(own == 1.0, high, between)
    return cells


def _unit(experiment: Experiment, size: int, block: int) -> Floats:
    count, kind, design = len(experiment.factors), experiment.kind, experiment.file.design
    generator = np.random.default_rng([experiment.file.seed, block])
    if kind == "latin_hypercube":
        return np.asarray(qmc.LatinHypercube(count, rng=generator).random(size))
    if kind == "sobol":
        return np.asarray(qmc.Sobol(count, rng=generator).random_base2(math.ceil(math.log2(size))))
    names = [factor.name for factor in experiment.factors]
    problem = {"num_vars": count, "names": names, "bounds": [[0, 1]] * count}
    seed = int(generator.integers(1, _MOST_SEED))
    if kind == "morris":
        return np.asarray(morris.sample(problem, size, num_levels=design.levels, seed=seed))
    second = design.second_order
    return np.asarray(sobol.sample(problem, size, calc_second_order=second, seed=seed))
