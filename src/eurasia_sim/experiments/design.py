"""A design laid out: the points of a sweep, by scipy's quasi-Monte Carlo and SALib's samplers."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import qmc

from eurasia_sim.compute.dimensions import Floats
from eurasia_sim.experiments.schema import PATTERNED, Experiment, Factor
from eurasia_sim.files.data_yaml import DataError

_MOST_SEED = 2**32  # what SALib's samplers take
_COPIES = 3  # of its points that a sampler holds at once


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
        digest.update(self.cells.data)  # in place: a copy would be most of a sweep's memory
        return digest.hexdigest()

    def table(self) -> pd.DataFrame:
        """A row a point: `point`, then a column a factor."""
        columns = {
            factor.column: factor.labels(self.cells[:, at]) if factor.is_text else self.cells[:, at]
            for at, factor in enumerate(self.factors)
        }
        return pd.DataFrame({"point": np.arange(len(self), dtype=np.int64), **columns})


def lay_out(experiment: Experiment) -> Design:
    """The points of an experiment, the same each time and in the same order.

    A Sobol' or Saltelli design of more points begins with the points of the smaller one; hypercubes
    and Morris trajectories are laid in blocks, so a list of sizes begins with the points of any
    shorter list; a grid begins with those of a grid that lacks the last levels of its first factor.

    Raises:
        DataError: where constraints leave no point, points repeat, or memory does not hold them.
    """
    factors = experiment.factors
    if experiment.stated:
        cells = np.array(experiment.stated)
    elif experiment.kind == "grid":
        crossed = np.meshgrid(*(_places(factor) for factor in factors), indexing="ij")
        cells = np.stack([axis.ravel() for axis in crossed], axis=1)
    elif experiment.kind == "zip":
        cells = np.array([_places(factor) for factor in factors]).T
    else:
        cells = _spread(experiment)
    kept = np.ones(len(cells), bool)
    at = {factor.name: column for column, factor in enumerate(factors)}
    for constraint in experiment.constraints:
        total = sum(weight * cells[:, at[name]] for name, weight in constraint.weights.items())
        kept &= (constraint.low <= total) & (total <= constraint.high)
    if not kept.any():
        raise DataError([f"{experiment.path}: the constraints leave none of {len(cells)} points"])
    cells = np.ascontiguousarray(cells if kept.all() else cells[kept], np.float64)
    _check_repeats(experiment, cells)
    return Design(factors, cells, int((~kept).sum()))


def _check_repeats(experiment: Experiment, cells: Floats) -> None:
    """Refuse a sample of levels with a point twice under the same luck; patterns may need it."""
    factors, drawn = experiment.factors, any(not factor.levels for factor in experiment.factors)
    if drawn or experiment.kind in PATTERNED or experiment.chance == "own":
        return
    points, counts = np.unique(cells, axis=0, return_counts=True)
    if len(points) < len(cells):
        twice = points[counts.argmax()].tolist()
        such = ", ".join(
            f"{f.name} {f.value(cell)}" for f, cell in zip(factors, twice, strict=True)
        )
        count = f"{len(cells):,} points of levels hold only {len(points):,} different ones"
        why = "under `chance: common` these would be the same runs"
        allowed = "fewer points, or kind: grid, or chance: own"
        message = f"{experiment.path}: {count}, such as {such} several times; {why}"
        raise DataError([f"{message}\n    allowed: {allowed}"])


def memory_free() -> int:
    """Bytes of memory that are free on this machine; where it does not say, as good as endless."""
    try:
        known = Path("/proc/meminfo").read_text(encoding="ascii")
        return int(known.partition("MemAvailable:")[2].split()[0]) * 1024
    except (OSError, ValueError, IndexError):
        return 2**63


def _places(factor: Factor) -> list[float]:
    """The cells of a factor's levels."""
    return [float(at) if factor.is_text else float(level) for at, level in enumerate(factor.levels)]


def _spread(experiment: Experiment) -> Floats:
    """Points spread over the unit cube by the design's sampler, then over ranges and levels."""
    factors, sizes = experiment.factors, experiment.design.sizes
    rows = experiment.design.rows(len(factors))
    need, free = _COPIES * rows * len(factors) * 8, memory_free()
    if need > free:
        what = (
            f"{rows:,} points of {len(factors):,} factors take about {need / 1e9:,.1f} GB of memory"
        )
        found = f"{what} to lay out, and {free / 1e9:,.1f} GB are free"
        raise DataError([f"{experiment.path}: {found}\n    allowed: fewer points or fewer factors"])
    cells = np.concatenate([_unit(experiment, size, block) for block, size in enumerate(sizes)])
    for at, factor in enumerate(factors):
        own, count, high = cells[:, at], len(factor.levels), factor.high
        if count:
            places = np.minimum((own * count).astype(int), count - 1)
            cells[:, at] = np.array(_places(factor))[places]
        else:
            between = np.minimum(factor.low + (high - factor.low) * own, high)
            cells[:, at] = np.where(own == 1.0, high, between)
    return cells


def _unit(experiment: Experiment, size: int, block: int) -> Floats:
    """One block of points in the unit cube."""
    count, design = len(experiment.factors), experiment.design
    generator = np.random.default_rng([experiment.seed, block])
    if experiment.kind == "latin_hypercube":
        return np.asarray(qmc.LatinHypercube(count, rng=generator).random(size))
    if experiment.kind == "sobol":
        sequence = qmc.Sobol(count, rng=generator)
        return np.asarray(sequence.random_base2(math.ceil(math.log2(size))))
    names = [factor.name for factor in experiment.factors]
    problem = {"num_vars": count, "names": names, "bounds": [[0, 1]] * count}
    seed = int(generator.integers(1, _MOST_SEED))
    if experiment.kind == "saltelli":
        from SALib.sample import sobol

        second = design.second_order
        return np.asarray(sobol.sample(problem, size, calc_second_order=second, seed=seed))
    from SALib.sample import morris

    return np.asarray(morris.sample(problem, size, num_levels=design.levels, seed=seed))
