"""What observed items say of numbers: blocks of years with an error model, and a smoother.

Claim: assimilating the same data several times, each time with a larger error, draws members close
to the posterior of a model that is not linear (emerick2013); a number that no predicted value goes
along with is left as it is (adaptive localisation, vossepoel2025).
Form: mean of a block = level + offset of the unit + scale × measure + error. Offsets and level are
marginal, the scale is drawn with the numbers; their variances and the error's come from what was
observed up to the origin. A year's mean of the group has been taken off before.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve, solve_triangular
from scipy.special import logsumexp
from scipy.stats import norm
from scipy.stats import t as student

from eurasia_sim.compute.dimensions import Floats, Integers
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.observations.loader import Series

BLOCK = 3  # years; values of neighbouring years are no independent witnesses
SCALE_SPREAD = 0.7  # of the scale's prior, in its own mean
STEPS = 3  # times that the data are assimilated
FALSE_MOVES = 0.05  # chance that a fit moves any number with which nothing goes along
_DEGREES = 4  # of freedom of what is foretold
_WIDE = 100.0  # variance of the level common to all units, in variances of the item
_LEAST_SIGNAL = 0.1  # of a direction in which draws differ, in standard deviations of its error
_MOST_DIRECTIONS = 20  # of an item, the widest first
_STILL = 1e-9  # of what no draw moves
_LEAST_ERROR = 0.05  # of a block's error, in standard deviations of the item


@dataclass(frozen=True)
class Evidence:
    """Means of an item over blocks of years, the last one after the origin, and its error model."""

    weights: Floats  # (U, T, B) of every year in a block's mean; all 0 where nothing was observed
    values: Floats  # (U, B) NaN where nothing was observed
    errors: Floats  # (U, B) standard deviation of the sampling error
    residual: float = np.nan  # standard deviation of a block beyond its sampling error
    between: float = np.nan  # variance of the units' offsets
    level: float = np.nan  # variance of the level
    unit: float = np.nan  # mean of the scale's prior

    @classmethod
    def of(cls, series: Series, origin: int, first: int) -> Self:
        """Blocks back from the origin, and one beyond, of the years from the first that is run.

        A block that the first year cuts is kept. The error model is not there yet.
        """
        known = np.isfinite(series.values) & (series.years >= first)
        number = (series.years - origin - 1) // BLOCK  # 0 the block after the origin
        blocks = [*range(min(int(number.min()), -1), 0), 0]
        masks = np.stack([known & (number == block) for block in blocks], axis=2)
        counts = masks.sum(axis=1)
        weights = masks / np.maximum(counts, 1)[:, None, :]
        values = np.einsum("utb,ut->ub", weights, np.where(known, series.values, 0.0))
        squares = np.einsum("utb,ut->ub", weights**2, np.nan_to_num(series.errors) ** 2)
        return cls(weights, np.where(counts > 0, values, np.nan), np.sqrt(squares))

    def beside(self, measure: Floats, unit: float | None = None) -> Self | None:
        """With the error model beside draws (R, U, B); None where what was observed never varies.

        Where the scale's mean, `unit`, is not known, it makes draws spread as the item does.
        """
        past = self.past
        spread = float(np.std(self.values[past])) if past.any() else 0.0
        if spread <= 0 or past.sum(axis=1).max() < 2:
            return None
        moves = float(np.std(measure[:, past]))
        residual, between = _variances(
            np.where(past, self.values, np.nan), measure.mean(axis=0), self.errors
        )
        residual = float(np.sqrt(max(residual, (_LEAST_ERROR * spread) ** 2)))
        unit = unit or (spread / moves if moves > _STILL else spread)
        level = _WIDE * spread**2
        return replace(self, residual=residual, between=between, level=level, unit=unit)

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

    def scale(self, scores: Floats) -> Floats:
        """Scales of normal scores."""
        return self.unit * (1 + SCALE_SPREAD * scores)

    def predicted(self, measure: Floats, scales: Floats) -> Floats:
        """(R, C) past cells of draws of the measure (R, U, B) and of the scale's score (R,)."""
        return np.asarray(self.scale(scales)[:, None] * measure[:, self.past])

    def covariance(self, one: Integers, other: Integers) -> Floats:
        """Covariance of cells, each (C, 2) of unit and block, for a scale of 0."""
        same_unit = one[:, None, 0] == other[None, :, 0]
        same = same_unit & (one[:, None, 1] == other[None, :, 1])
        own = self.residual**2 + self.errors[one[:, 0], one[:, 1]] ** 2
        total = self.level + self.between * same_unit + np.where(same, own[:, None], 0.0)
        return np.asarray(total)

    def turn(self, measure: Floats, scales: Floats) -> Floats:
        """(D, C) that turns past cells into data with independent errors of unit variance.

        Only directions in which these draws of measure and scale differ are kept: the others say
        nothing of any number.
        """
        measure = np.where(measure.std(axis=0) > _STILL, measure, 0.0)  # else no number moves it
        cells = np.argwhere(self.past)
        factor = np.linalg.cholesky(self.covariance(cells, cells))
        predicted = self.predicted(measure, scales)
        white = solve_triangular(factor, (predicted - predicted.mean(axis=0)).T, lower=True)
        squares, directions = np.linalg.eigh(white @ white.T / (len(measure) - 1))
        kept = directions[:, squares > _LEAST_SIGNAL**2][:, ::-1][:, :_MOST_DIRECTIONS]
        return np.asarray(solve_triangular(factor, kept, lower=True, trans="T").T)

    def log_scores(self, measure: Floats) -> Floats:
        """(A,) log density that draws give each unit's block after the origin, given its past.

        Form: by draw, offsets, level and scale are known from the past by their exact posterior.
        The density is Student's, since units differ in how much they vary, and its mean over draws
        of the measure (R, U, B).
        """
        cells, units = np.argwhere(self.past), np.flatnonzero(self.ahead)
        after = np.column_stack([units, np.full(len(units), self.values.shape[1] - 1)])
        factor = cho_factor(self.covariance(cells, cells), lower=True)
        across = self.covariance(after, cells)
        gain = cho_solve(factor, across.T).T
        known, past, ahead = self.values[self.past], measure[:, self.past], measure[:, units, -1]
        said = cho_solve(factor, past.T)  # (C, R)
        prior = (self.unit * SCALE_SPREAD) ** -2.0
        precision = prior + (past.T * said).sum(axis=0)
        scale = (prior * self.unit + said.T @ known) / precision
        apart = ahead - past @ gain.T
        mean = gain @ known + scale[:, None] * apart
        own = np.diag(self.covariance(after, after)) - (gain * across).sum(axis=1)
        spread = np.sqrt(own + apart**2 / precision[:, None])
        density = student.logpdf(self.values[units, -1], _DEGREES, mean, spread)
        return np.asarray(logsumexp(density, axis=0) - np.log(len(density)))


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


def chance_level(pairs: int, members: int, rate: float = FALSE_MOVES) -> float:
    """The correlation that the largest of so many exceeds by chance at a rate."""
    return float(np.tanh(norm.isf(rate / (2 * max(pairs, 1))) / np.sqrt(max(members - 3, 1))))


def smooth(
    scores: Floats, predict: Callable[[int, Floats], Floats], observed: Floats, seed: int, *,
    fixed: int = 0, rate: float = FALSE_MOVES,
) -> tuple[Floats, Floats]:  # fmt: skip
    """(M, R) members that agree with data whose errors are independent and of unit variance.

    With them (M, D) which number goes along with which datum at the first step: their correlation,
    0 where chance could show as much, at a rate. Raises DataError without the extra `fit`.

    Args:
        scores: (M, R) normal scores of M numbers in R members, drawn from the prior; the last,
            `fixed`, are nuisances.
        predict: from step and scores to (D, R) predictions of what was observed (D,).
    """
    try:
        from iterative_ensemble_smoother import AdaptiveESMDA  # which we may use but not pass on
    except ImportError as error:
        need = "a fit needs iterative_ensemble_smoother (GPL-3.0), which the extra `fit` installs"
        raise DataError([f'{need}: pip install "eurasia-sim[fit]"']) from error
    smoother = AdaptiveESMDA(np.ones(len(observed)), observed, alpha=STEPS, seed=seed)
    pairs = (len(scores) - fixed) * len(observed)
    least = chance_level(pairs, scores.shape[1], rate)
    along: Floats = np.zeros((len(scores), len(observed)))
    for step in range(STEPS):

        def keep(correlation: Floats, _: Any, step: int = step) -> NDArray[np.bool_]:
            found = np.abs(correlation) > least
            if not step:
                along[:] = np.where(found, correlation, 0.0)
            else:
                found &= (along != 0).any(axis=1, keepdims=True)
            return found

        predicted = np.array(predict(step, scores))
        # A datum that no member changes: a correlation with it would be 0 over 0.
        still = predicted.std(axis=1) <= _STILL
        chance = np.random.default_rng(0).normal(size=(int(still.sum()), predicted.shape[1]))
        predicted[still] += _STILL * chance
        smoother.prepare_assimilation(Y=predicted, truncation=1.0)
        scores = smoother.assimilate_batch(X=scores, correlation_callback=keep, n_jobs=1)
    return scores, along
