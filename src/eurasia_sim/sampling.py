"""A design laid out: the points of a sweep, by scipy's quasi-Monte Carlo and SALib's samplers."""

from __future__ import annotations

import hashlib
import itertools
import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import qmc

from eurasia_sim.catalogue import DataError
from eurasia_sim.experiment_form import Experiment, Factor
from eurasia_sim.parameters import Floats

_MOST_SEED = 2**32  # what SALib's samplers take


@dataclass(frozen=True)
class Design:
    """The points of a sweep."""

    factors: tuple[Factor, ...]
    cells: Floats  # (P, F) values; for a factor whose levels are names, the place of the level
    left_out: int = 0  # points that broke a constraint

    def __len__(self) -> int:
        return len(self.cells)

    @property
    def digest(self) -> str:
        """SHA-256 of factors and points."""
        digest = hashlib.sha256(repr([factor.described() for factor in self.factors]).encode())
        digest.update(self.cells.data)  # where they lie: a copy of many points would be most of a sweep's memory
        return digest.hexdigest()

    def table(self) -> pd.DataFrame:
        """A row a point: `point`, then a column a factor, as the design lays them."""
        columns = {
            factor.column: [factor.value(cell) for cell in self.cells[:, at]] if factor.is_text else self.cells[:, at]
            for at, factor in enumerate(self.factors)
        }
        return pd.DataFrame({"point": np.arange(len(self), dtype=np.int64), **columns})


def lay_out(experiment: Experiment) -> Design:
    """The points of an experiment; the same experiment always gives the same points in the same order.

    A Sobol' or Saltelli design of more points begins with the points of the smaller one; hypercubes and Morris
    trajectories are laid in blocks, so a list of sizes begins with the points of any shorter list; a grid begins with
    those of a grid that lacks the last levels of its first factor.

    Raises:
        DataError: where constraints leave no point.
    """
    factors = experiment.factors
    if experiment.stated:
        cells = np.array(experiment.stated)
    elif experiment.kind == "grid":
        cells = np.array(list(itertools.product(*(_places(factor) for factor in factors))))
    elif experiment.kind == "zip":
        cells = np.array([_places(factor) for factor in factors]).T
    else:
        cells = _spread(experiment)
    kept = np.ones(len(cells), bool)
    for constraint in experiment.constraints:
        at = {factor.name: column for column, factor in enumerate(factors)}
        total = sum(weight * cells[:, at[name]] for name, weight in constraint.weights.items())
        kept &= (constraint.low <= total) & (total <= constraint.high)
    if not kept.any():
        raise DataError([f"{experiment.path}: the constraints leave none of {len(cells)} points"])
    cells = np.ascontiguousarray(cells if kept.all() else cells[kept], np.float64)
    return Design(factors, cells, int((~kept).sum()))


def _places(factor: Factor) -> list[float]:
    """The cells of a factor's levels."""
    return [float(at) if factor.is_text else float(level) for at, level in enumerate(factor.levels)]


def _spread(experiment: Experiment) -> Floats:
    """Points spread over the unit cube by the design's sampler, then over ranges and levels."""
    size = experiment.options["trajectories" if experiment.kind == "morris" else "points"]
    blocks = size if isinstance(size, list) else [size]
    cells = np.concatenate([_unit(experiment, count, block) for block, count in enumerate(blocks)])
    for at, factor in enumerate(experiment.factors):
        if factor.levels:
            place = np.minimum((cells[:, at] * len(factor.levels)).astype(int), len(factor.levels) - 1)
            cells[:, at] = np.array(_places(factor))[place]
        else:
            cells[:, at] = factor.low + (factor.high - factor.low) * cells[:, at]
    return cells


def _unit(experiment: Experiment, count: int, block: int) -> Floats:
    """One block of points in the unit cube."""
    dimensions = len(experiment.factors)
    generator = np.random.default_rng([experiment.seed, block])
    if experiment.kind == "latin_hypercube":
        return np.asarray(qmc.LatinHypercube(dimensions, rng=generator).random(count))
    if experiment.kind == "sobol":
        return np.asarray(qmc.Sobol(dimensions, rng=generator).random_base2(math.ceil(math.log2(count))))
    problem = {"num_vars": dimensions, "names": [f.name for f in experiment.factors], "bounds": [[0, 1]] * dimensions}
    seed = int(generator.integers(1, _MOST_SEED))
    if experiment.kind == "saltelli":
        from SALib.sample import sobol

        second = experiment.options["second_order"]
        return np.asarray(sobol.sample(problem, count, calc_second_order=second, seed=seed))
    from SALib.sample import morris

    return np.asarray(morris.sample(problem, count, num_levels=experiment.options["levels"], seed=seed))
