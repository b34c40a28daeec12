"""What observed series leave of uncertain numbers, by an ensemble smoother.

Claim: assimilating the same data several times, each time with a larger error, draws members close
to the posterior of a model that is not linear (emerick2013); a number that no predicted value goes
along with is left as it is (adaptive localisation, vossepoel2025).
Form: a number goes in as the normal score of its place in its range. The data are those of
`validation.evidence`, whose errors are independent and of unit variance.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from eurasia_sim.compute.dimensions import Floats
from eurasia_sim.files.data_yaml import DataError

STEPS = 3  # times that the data are assimilated
FALSE_MOVES = 0.05  # chance that a fit moves any number with which nothing goes along
_STILL = 1e-9


def values_of_scores(scores: Floats, low: Floats | float, high: Floats | float) -> Floats:
    """Values within a range of normal scores."""
    return np.asarray(low + (high - low) * norm.cdf(scores))


def chance_level(pairs: int, members: int, rate: float = FALSE_MOVES) -> float:
    """The correlation that the largest of so many exceeds by chance at a rate."""
    return float(np.tanh(norm.isf(rate / (2 * max(pairs, 1))) / np.sqrt(max(members - 3, 1))))


def smooth(
    scores: Floats,
    predict: Callable[[int, Floats], Floats],
    observed: Floats,
    seed: int,
    *,
    fixed: int = 0,
    rate: float = FALSE_MOVES,
) -> tuple[Floats, Floats]:
    """(M, R) members that agree with data whose errors are independent and of unit variance.

    With them (M, D) which number goes along with which datum at the first step: their correlation,
    0 where chance could show as much. Raises DataError without the extra that holds the smoother.

    Args:
        scores: (M, R) normal scores of M numbers in R members, drawn from the prior.
        predict: from step and scores to (D, R) predicted data.
        observed: (D,) the data.
        fixed: how many of the last numbers are nuisances, which any datum may move.
        rate: how often a fit may move some number by chance.
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
