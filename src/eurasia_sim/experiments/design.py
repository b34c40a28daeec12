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
from eurasia_sim.experiments.schema import PATTERNED, SPREAD, Experiment, Factor, points_of
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
        digest.update(
            self.cells.data
        )  # where they lie: a copy of many points would be most of a sweep's memory
        return digest.hexdigest()

    def table(self) -> pd.DataFrame:
        """A row a point: `point`, then a column a factor, as the design lays them."""
        columns = {
            factor.column: factor.told(self.cells[:, at]) if factor.is_text else self.cells[:, at]
            for at, factor in enumerate(self.factors)
        }
        return pd.DataFrame({"point": np.arange(len(self), dtype=np.int64), **columns})


def lay_out(experiment: Experiment) -> Design:
    """The points of an experiment; the same experiment always gives the same points in the same order.

    A Sobol' or Saltelli design of more points begins with the points of the smaller one; hypercubes and Morris
    trajectories are laid in blocks, so a list of sizes begins with the points of any shorter list; a grid begins with
    those of a grid that lacks the last levels of its first factor.

    Raises:
        DataError: where constraints leave no point, points are repeated, or memory does not hold them.
    """
    factors = experiment.factors
    _check_memory(experiment)
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
    for constraint in experiment.constraints:
        at = {factor.name: column for column, factor in enumerate(factors)}
        total = sum(weight * cells[:, at[name]] for name, weight in constraint.weights.items())
        kept &= (constraint.low <= total) & (total <= constraint.high)
    if not kept.any():
        raise DataError([f"{experiment.path}: the constraints leave none of {len(cells)} points"])
    cells = np.ascontiguousarray(cells if kept.all() else cells[kept], np.float64)
    _check_repeats(experiment, cells)
    return Design(factors, cells, int((~kept).sum()))


def _check_repeats(experiment: Experiment, cells: Floats) -> None:
    """Refuse a sample of levels that takes a point twice under the same luck; patterns may need to."""
    if (
        experiment.kind in PATTERNED
        or experiment.chance == "own"
        or not all(f.levels for f in experiment.factors)
    ):
        return
    kinds, counts = np.unique(cells, axis=0, return_counts=True)
    if len(kinds) < len(cells):
        twice = dict(
            zip((f.name for f in experiment.factors), kinds[counts.argmax()].tolist(), strict=True)
        )
        such = ", ".join(
            f"{factor.name} {factor.value(twice[factor.name])}" for factor in experiment.factors
        )
        found = f"{len(cells):,} points of levels hold only {len(kinds):,} different ones, such as {such} several times"
        why = "under `chance: common` these would be the same runs"
        raise DataError(
            [
                f"{experiment.path}: {found}; {why}\n    allowed: fewer points, or kind: grid, or chance: own"
            ]
        )


def _check_memory(experiment: Experiment) -> None:
    """Refuse points that this machine's memory does not hold, before any is made."""
    sizes = experiment.options["trajectories" if experiment.kind == "morris" else "points"]
    if experiment.kind not in SPREAD:
        return
    rows = points_of(
        experiment.kind, sizes, len(experiment.factors), experiment.options["second_order"]
    )
    need = _COPIES * rows * len(experiment.factors) * 8
    free = memory_free()
    if need > free:
        what = f"{rows:,} points of {len(experiment.factors):,} factors"
        memory = (
            f"about {need / 1e9:,.1f} GB of memory to lay out, and {free / 1e9:,.1f} GB are free"
        )
        raise DataError(
            [f"{experiment.path}: {what} take {memory}\n    allowed: fewer points or fewer factors"]
        )


def memory_free() -> int:
    """Bytes of memory that are free on this machine; where it does not say, as good as endless."""
    try:
        told = Path("/proc/meminfo").read_text(encoding="ascii")
        return int(told.partition("MemAvailable:")[2].split()[0]) * 1024
    except (OSError, ValueError, IndexError):
        return 2**63


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
            place = np.minimum(
                (cells[:, at] * len(factor.levels)).astype(int), len(factor.levels) - 1
            )
            cells[:, at] = np.array(_places(factor))[place]
        else:
            between = np.minimum(
                factor.low + (factor.high - factor.low) * cells[:, at], factor.high
            )
            cells[:, at] = np.where(cells[:, at] == 1.0, factor.high, between)
    return cells


def _unit(experiment: Experiment, count: int, block: int) -> Floats:
    """One block of points in the unit cube."""
    dimensions = len(experiment.factors)
    generator = np.random.default_rng([experiment.seed, block])
    if experiment.kind == "latin_hypercube":
        return np.asarray(qmc.LatinHypercube(dimensions, rng=generator).random(count))
    if experiment.kind == "sobol":
        return np.asarray(
            qmc.Sobol(dimensions, rng=generator).random_base2(math.ceil(math.log2(count)))
        )
    problem = {
        "num_vars": dimensions,
        "names": [f.name for f in experiment.factors],
        "bounds": [[0, 1]] * dimensions,
    }
    seed = int(generator.integers(1, _MOST_SEED))
    if experiment.kind == "saltelli":
        from SALib.sample import sobol

        second = experiment.options["second_order"]
        return np.asarray(sobol.sample(problem, count, calc_second_order=second, seed=seed))
    from SALib.sample import morris

    return np.asarray(
        morris.sample(problem, count, num_levels=experiment.options["levels"], seed=seed)
    )
