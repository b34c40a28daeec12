"""An observed item in blocks of years, with its error model, up to an origin and after it.

Form: mean of a block = level + offset of the unit + scale × measure + error. Offsets and level are
marginal, the scale is drawn with the numbers; their variances and the error's come from what was
observed up to the origin. A year's mean of the group has been taken off before.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve, solve_triangular
from scipy.special import logsumexp
from scipy.stats import t as student

from eurasia_sim.compute.dimensions import Floats, Integers
from eurasia_sim.observations.loader import Series

BLOCK = 3  # years; values of neighbouring years are no independent witnesses
SCALE_SPREAD = 0.7  # of the scale's prior, in its own mean
_DEGREES = 4  # of freedom of what is foretold
_WIDE = 100.0  # variance of the level common to all units, in variances of the item
_LEAST_SIGNAL = 0.1  # of a direction in which draws differ, in standard deviations of its error
_MOST_DIRECTIONS = 20  # of an item, the widest first
_STILL = 1e-9  # of a measure that no draw moves
_LEAST_ERROR = 0.05  # of a block's error, in standard deviations of the item


@dataclass(frozen=True)
class Evidence:
    """Means of an item over blocks of years; the last block lies after the origin.

    Attributes:
        weights: (U, T, B) of every year in the mean of a block; all 0 where nothing was observed.
        values: (U, B) NaN where nothing was observed.
        errors: (U, B) standard deviation of the sampling error.
        groups: (U,)
    """

    name: str
    weights: Floats
    values: Floats
    errors: Floats
    groups: Integers

    @classmethod
    def of(cls, series: Series, origin: int, first: int) -> Evidence:
        """A series from its first year that is run, in blocks back from the origin, and one beyond.

        A block that the first year cuts is kept.
        """
        known = np.isfinite(series.values) & (series.years >= first)
        number = (series.years - origin - 1) // BLOCK  # 0 the block after the origin
        blocks = [*range(min(int(number.min()), -1), 0), 0]
        masks = np.stack([known & (number == block) for block in blocks], axis=2)
        counts = masks.sum(axis=1)
        weights = masks / np.maximum(counts, 1)[:, None, :]
        values = np.einsum("utb,ut->ub", weights, np.where(known, series.values, 0.0))
        squares = np.einsum("utb,ut->ub", weights**2, np.nan_to_num(series.errors) ** 2)
        values = np.where(counts > 0, values, np.nan)
        return cls(series.name, weights, values, np.sqrt(squares), series.groups)

    @property
    def past(self) -> NDArray[np.bool_]:
        """(U, B) cells with a value up to the origin."""
        known = np.isfinite(self.values)
        known[:, -1] = False
        return known

    @property
    def ahead(self) -> NDArray[np.bool_]:
        """(U,) units with a value after the origin, and one before."""
        return np.asarray(np.isfinite(self.values[:, -1]) & self.past.any(axis=1))

    def blocks(self, measure: Floats) -> Floats:
        """(R, U, B) means of a measure (R, U, T) over the years of which each block is made."""
        return np.asarray(np.einsum("utb,rut->rub", self.weights, np.nan_to_num(measure)))


@dataclass(frozen=True)
class ErrorModel:
    """Numbers of an item's error, from what was observed up to an origin."""

    residual: float  # standard deviation of a block beyond its sampling error
    between: float  # variance of the units' offsets
    level: float  # variance of the level
    unit: float  # mean of the scale's prior

    @classmethod
    def of(cls, item: Evidence, measure: Floats, unit: float | None = None) -> ErrorModel | None:
        """The model beside draws; None where what was observed never varies.

        Args:
            measure: (R, U, B) of `Evidence.blocks`.
            unit: the scale's mean, where it is known; else it makes draws spread as the item does.
        """
        past = item.past
        spread = float(np.std(item.values[past])) if past.any() else 0.0
        if spread <= 0 or past.sum(axis=1).max() < 2:
            return None
        moves = float(np.std(measure[:, past]))
        residual, between = _variances(
            np.where(past, item.values, np.nan), measure.mean(axis=0), item.errors
        )
        residual = max(residual, (_LEAST_ERROR * spread) ** 2)
        unit = unit or (spread / moves if moves > _STILL else spread)
        return cls(float(np.sqrt(residual)), between, _WIDE * spread**2, unit)

    def scale(self, scores: Floats) -> Floats:
        """Scales of normal scores."""
        return self.unit * (1 + SCALE_SPREAD * scores)

    def covariance(self, item: Evidence, one: Integers, other: Integers) -> Floats:
        """Covariance of cells, each (C, 2) of unit and block, for a scale of 0."""
        same_unit = one[:, None, 0] == other[None, :, 0]
        same = same_unit & (one[:, None, 1] == other[None, :, 1])
        own = self.residual**2 + item.errors[one[:, 0], one[:, 1]] ** 2
        total = self.level + self.between * same_unit + np.where(same, own[:, None], 0.0)
        return np.asarray(total)


def _variances(values: Floats, measure: Floats, errors: Floats) -> tuple[float, float]:
    """Variance of (U, B) blocks beyond their sampling error, and between units (ANOVA)."""
    known = np.isfinite(values)  # the slope on the measure is that of changes within units
    held = known.any(axis=1)
    counts = known.sum(axis=1)[held]
    x = np.where(known, measure, np.nan)
    x_means, y_means = np.nanmean(x[held], axis=1), np.nanmean(values[held], axis=1)
    x_moved, y_moved = x[held] - x_means[:, None], values[held] - y_means[:, None]
    below = float(np.nansum(x_moved**2))
    slope = float(np.nansum(x_moved * y_moved)) / below if below > _STILL else 0.0
    free = max(int(counts.sum()) - len(counts) - 1, 1)
    within = float(np.nansum((y_moved - slope * x_moved) ** 2)) / free
    residual = max(within - float(np.mean(errors[known] ** 2)), 0.0)
    if len(counts) < 2:
        return residual, 0.0
    offsets = y_means - slope * x_means
    return residual, max(float(np.var(offsets, ddof=1) - np.mean(within / counts)), 0.0)


@dataclass(frozen=True)
class Channel:
    """An item's past as data with independent errors of unit variance.

    Only directions in which draws differ are kept: the others say nothing of any number.
    """

    item: Evidence
    error: ErrorModel
    turn: Floats  # (D, C) from cells to data
    observed: Floats  # (D,)

    @classmethod
    def of(cls, item: Evidence, error: ErrorModel, measure: Floats, scales: Floats) -> Channel:
        """The channel whose directions are those in which these draws of measure and scale differ.

        Args:
            measure: (R, U, B). scales: (R,) normal scores of the scale.
        """
        measure = np.where(measure.std(axis=0) > _STILL, measure, 0.0)  # else no number moves it
        cells = np.argwhere(item.past)
        factor = np.linalg.cholesky(error.covariance(item, cells, cells))
        predicted = error.scale(scales)[:, None] * measure[:, item.past]
        white = solve_triangular(factor, (predicted - predicted.mean(axis=0)).T, lower=True)
        squares, directions = np.linalg.eigh(white @ white.T / (len(measure) - 1))
        kept = directions[:, squares > _LEAST_SIGNAL**2][:, ::-1][:, :_MOST_DIRECTIONS]
        turn = solve_triangular(factor, kept, lower=True, trans="T").T
        return cls(item, error, turn, turn @ item.values[item.past])

    def predicted(self, measure: Floats, scales: Floats) -> Floats:
        """(D, R) data that draws predict."""
        own = self.error.scale(scales)[:, None] * measure[:, self.item.past]
        return np.asarray(self.turn @ own.T)


def log_scores(item: Evidence, error: ErrorModel, measure: Floats) -> Floats:
    """(A,) log density that draws give each unit's block after the origin, given its past.

    Form: by draw, offsets, level and scale are known from the past by their exact posterior. The
    density is Student's, since units differ in how much they vary, and its mean over draws.

    Args:
        measure: (R, U, B) of draws.
    """
    cells, units = np.argwhere(item.past), np.flatnonzero(item.ahead)
    after = np.column_stack([units, np.full(len(units), item.values.shape[1] - 1)])
    factor = cho_factor(error.covariance(item, cells, cells), lower=True)
    across = error.covariance(item, after, cells)
    gain = cho_solve(factor, across.T).T
    past, ahead = measure[:, item.past], measure[:, units, -1]
    said = cho_solve(factor, past.T)  # (C, R)
    prior = (error.unit * SCALE_SPREAD) ** -2.0
    precision = prior + (past.T * said).sum(axis=0)
    scale = (prior * error.unit + said.T @ item.values[item.past]) / precision
    apart = ahead - past @ gain.T
    mean = gain @ item.values[item.past] + scale[:, None] * apart
    own = np.diag(error.covariance(item, after, after)) - (gain * across).sum(axis=1)
    spread = np.sqrt(own + apart**2 / precision[:, None])
    density = student.logpdf(item.values[units, -1], _DEGREES, mean, spread)
    return np.asarray(logsumexp(density, axis=0) - np.log(len(density)))
