"""What observed series leave of uncertain numbers, by an ensemble smoother.

Claim: assimilating the same data several times, each time with a larger error, draws members close
to the posterior of a model that is not linear (emerick2013); a number that no predicted value goes
along with is left as it is (adaptive localisation, vossepoel2025).
Form: a number goes in as the normal score of its place in its range. The data are the `Channel`s of
`validation.evidence`, whose errors are independent and of unit variance.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from eurasia_sim.compute.dimensions import Floats
from eurasia_sim.files.data_yaml import DataError

STEPS = 3  # times that the data are assimilated
FALSE_MOVES = 0.05  # chance that a fit moves any number with which nothing goes along
_STILL = 1e-9
Predict = Callable[[int, Floats], Floats]  # step, (M, R) scores -> (D, R) predicted data


@dataclass(frozen=True)
class Smoothed:
    """Members after the last step, and which number goes along with which datum before it."""

    scores: Floats  # (M, R)
    along: Floats  # (M, D) correlation at the first step; 0 where chance could show as much

    @property
    def moved(self) -> NDArray[np.bool_]:
        """(M,) which numbers the data speak of."""
        return np.asarray((self.along != 0).any(axis=1))


def values_of_scores(scores: Floats, low: Floats | float, high: Floats | float) -> Floats:
    """Values within a range of normal scores."""
    return np.asarray(low + (high - low) * norm.cdf(scores))


def chance_level(pairs: int, members: int, rate: float = FALSE_MOVES) -> float:
    """The correlation that the largest of so many exceeds by chance at a rate."""
    return float(np.tanh(norm.isf(rate / (2 * max(pairs, 1))) / np.sqrt(max(members - 3, 1))))


def smooth(
    scores: Floats,
    predict: Predict,
    observed: Floats,
    seed: int,
    *,
    fixed: int = 0,
    rate: float = FALSE_MOVES,
) -> Smoothed:
    """Members that agree with data whose errors are independent and of unit variance.

    Args:
        scores: (M, R) normal scores of M numbers in R members, drawn from the prior.
        observed: (D,) the data.
        fixed: how many of the last numbers are nuisances, which any datum may move.
        rate: how often a fit may move some number by chance.

    Raises:
        DataError: where the extra that holds the smoother is not installed.
    """
    smoother = _smoother(observed, seed)
    members, main = scores.shape[1], len(scores) - fixed
    least = chance_level(main * len(observed), members, rate)
    along: Floats = np.zeros((len(scores), len(observed)))
    for step in range(STEPS):

        def keep(correlation: Floats, _: Any, step: int = step) -> NDArray[np.bool_]:
            found = np.abs(correlation) > least
            if not step:
                along[:] = np.where(found, correlation, 0.0)
            else:
                found &= (along != 0).any(axis=1, keepdims=True)
            return found

        smoother.prepare_assimilation(Y=_varied(predict(step, scores)), truncation=1.0)
        scores = smoother.assimilate_batch(X=scores, correlation_callback=keep, n_jobs=1)
    return Smoothed(scores, along)


def _varied(predicted: Floats) -> Floats:
    """Data as predicted; one that no member changes, so little that no number goes along with it.

    Else its correlation with anything would be 0 over 0.
    """
    still = predicted.std(axis=1) <= _STILL
    chance = np.random.default_rng(0).normal(size=(int(still.sum()), predicted.shape[1]))
    varied = predicted.copy()
    varied[still] += _STILL * chance
    return varied


def _smoother(observed: Floats, seed: int) -> Any:
    """The smoother of the one library that we may use but not pass on."""
    try:
        from iterative_ensemble_smoother import AdaptiveESMDA
    except ImportError as error:
        need = "a fit needs iterative_ensemble_smoother (GPL-3.0), which the extra `fit` installs"
        raise DataError([f'{need}: pip install "eurasia-sim[fit]"']) from error
    return AdaptiveESMDA(np.ones(len(observed)), observed, alpha=STEPS, seed=seed)
