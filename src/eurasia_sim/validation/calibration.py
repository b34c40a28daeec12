"""A theory fitted to the record by an ensemble smoother, and what it foretells before and after.

Claim: assimilating the same data several times, each time with a larger error, draws members close
to the posterior of a model that is not linear (emerick2013); a number that no predicted value goes
along with is left as it is (adaptive localisation, vossepoel2025).
Form: a number goes in as the normal score of its place in its range. Whatever is scored after an
origin is fitted up to that origin only; the fit to the whole record is kept and never scored.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm, qmc

from eurasia_sim.compute.dimensions import Floats
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.observations.loader import Series
from eurasia_sim.scenarios.posterior import LEAST_MEMBERS
from eurasia_sim.scenarios.scenario import as_recorded
from eurasia_sim.simulation.inputs import Inputs, prepare
from eurasia_sim.simulation.parameter_draws import (
    Draws,
    hold_shares,
    put,
    ranges_of,
    reference_draws,
)
from eurasia_sim.validation.evidence import BLOCK, SCALE_SPREAD, Evidence
from eurasia_sim.validation.measured import compared, simulated
from eurasia_sim.world.world import World

ORIGINS = (2008, 2011, 2014, 2017)  # last years known; what is foretold are the next three
Measures = Mapping[str, Floats]  # item -> (R, U, T)
Items = Mapping[str, Evidence | None]  # None: what was observed never varies
STEPS = 3  # times that the data are assimilated
FALSE_MOVES = 0.05  # chance that a fit moves any number with which nothing goes along
_STILL = 1e-9
_YEAR = 12


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


@dataclass(frozen=True)
class Problem:
    """A theory and its forms, the observed items, and members of the prior."""

    world: World
    inputs: Inputs
    items: Mapping[str, Series]
    members: int
    seed: int
    workers: int | None = None

    @classmethod
    def of(
        cls, world: World, theory: str, members: int, seed: int, workers: int | None = None,
        forms: Mapping[str, str] | None = None,
    ) -> Self:  # fmt: skip
        """The record of a world under a theory. Raises DataError where it has nothing to fit to."""
        items = compared(world)
        if not any(series.item.use == "fits" for series in items.values()):
            raise DataError([f"the world {world.name} has no observed series to fit to"])
        inputs = prepare(world, as_recorded(world), theory, forms)
        return cls(world, inputs, items, members, seed, workers)

    @cached_property
    def ranges(self) -> dict[str, tuple[float, float]]:
        """Declared ranges of the M uncertain numbers."""
        return ranges_of(self.world, self.inputs)

    @cached_property
    def prior(self) -> tuple[Floats, Measures]:
        """(M, R) scores spread evenly over the ranges, of members whose run ends; and its measures.

        Raises DataError where too few runs end.
        """
        cube = qmc.LatinHypercube(len(self.ranges), rng=np.random.default_rng(self.seed))
        scores = norm.ppf(cube.random(self.members)).T
        found = simulated(self.world, self.inputs, self.draws(scores), self.items, self.workers)
        ended = _ended(found)
        if ended.sum() < min(LEAST_MEMBERS, self.members):
            raise DataError([f"only {ended.sum()} of {self.members} runs of the prior ended"])
        return scores[:, ended], {name: each[ended] for name, each in found.items()}

    def draws(self, scores: Floats) -> Draws:
        """Runs of (M, R) scores; member by member the same chance at every step."""
        draws = reference_draws(self.inputs, scores.shape[1], self.seed)
        for path, row in zip(self.ranges, scores, strict=True):
            put(self.world, draws, path, values_of_scores(row, *self.ranges[path]))
        hold_shares(self.world, draws)
        return draws

    def measures(self, scores: Floats, until: int | None = None) -> Measures:
        """Measures of (M, R) scores, NaN after a year; a failed run is given the others' mean."""
        months = self.inputs.months
        if until is not None:
            months = min(months, (until + 1) * _YEAR - self.world.start)
        inputs = replace(self.inputs, months=months)
        found = simulated(self.world, inputs, self.draws(scores), self.items, self.workers)
        if (ended := _ended(found)).all():
            return found
        return {
            name: np.where(ended[:, None, None], each, each[ended].mean(axis=0))
            for name, each in found.items()
        }

    def evidence(self, origin: int) -> Items:
        """Every item in blocks up to an origin and after it, beside the prior."""
        first, prior = self.world.start // _YEAR, self.prior[1]
        blocks = {name: Evidence.of(each, origin, first) for name, each in self.items.items()}
        return {name: each.beside(each.blocks(prior[name])) for name, each in blocks.items()}


def _ended(found: Measures) -> NDArray[np.bool_]:
    """(R,) which runs ended, one at least: a failed one has no year of any item."""
    ended = np.any([np.isfinite(each).any(axis=(1, 2)) for each in found.values()], axis=0)
    if not ended.any():
        raise DataError(["every run of the record failed, so there is nothing to fit"])
    return np.asarray(ended)


@dataclass(frozen=True)
class Fit:
    """Members after a fit of some items up to an origin, and what moved each number."""

    problem: Problem
    origin: int
    data: NDArray[np.str_]  # (D,) the item of every datum
    members: Floats  # (M + S, R) normal scores of the M numbers, then of the scale of each item
    along: Floats  # (M, D) correlation of number and datum; 0 where chance could show as much

    @classmethod
    def of(cls, problem: Problem, items: Items, origin: int) -> Self:
        """Assimilate what was observed of some items up to their origin.

        Raises DataError where no number moves anything that was observed.
        """
        scores, prior = problem.prior
        rng = np.random.default_rng([problem.seed, 1])
        fitted: list[tuple[str, Evidence, Floats]] = []
        scales = []
        for name, item in items.items():
            own = np.asarray(rng.normal(size=scores.shape[1]))
            if item and problem.items[name].item.use == "fits":
                turn = item.turn(item.blocks(prior[name]), own)
                if len(turn):
                    fitted.append((name, item, turn))
                    scales.append(own)

        def predict(step: int, members: Floats) -> Floats:
            found = problem.measures(members[: len(scores)], origin) if step else prior
            own = zip(fitted, members[len(scores) :], strict=True)
            return np.concatenate(
                [
                    turn @ item.predicted(item.blocks(found[name]), scale).T
                    for (name, item, turn), scale in own
                ]
            )

        if not fitted:
            still = f"no number moves anything observed to {origin} under {problem.inputs.theory}"
            raise DataError([f"{still}, so there is nothing to fit"])
        observed = np.concatenate([turn @ item.values[item.past] for _, item, turn in fitted])
        data = np.repeat([name for name, *_ in fitted], [len(turn) for *_, turn in fitted])
        start, count = np.vstack([scores, *scales]), len(scales)
        members, along = smooth(start, predict, observed, problem.seed, fixed=count)
        return cls(problem, origin, data, members, along[: len(scores)])

    @property
    def scores(self) -> Floats:
        """(M, R) members of the numbers."""
        return self.members[: len(self.along)]

    @property
    def moved(self) -> NDArray[np.bool_]:
        """(M,) which numbers the items speak of."""
        return np.asarray((self.along != 0).any(axis=1))

    def scales(self) -> dict[str, float]:
        """By fitted item, the mean scale after the fit over its mean before."""
        rows = zip(dict.fromkeys(self.data), self.members[len(self.along) :], strict=True)
        return {str(name): float(1 + SCALE_SPREAD * row.mean()) for name, row in rows}

    def values(self) -> dict[str, Floats]:
        """(R,) values of every number that the record speaks of."""
        rows = zip(self.problem.ranges.items(), self.scores, self.moved, strict=True)
        return {path: values_of_scores(row, *ends) for (path, ends), row, moved in rows if moved}

    def numbers(self) -> pd.DataFrame:
        """Every number from prior to posterior, those of which most is learnt first.

        Columns number, low, high (declared), moved, before_low … after_high (5 and 95 % of
        members), left (standard deviation after over before) and shift (of the mean, in those
        before), both on the unbounded scale, and items (it goes along with, the closest first).
        """
        names = np.array([*dict.fromkeys(self.data)])
        along = np.abs(self.along)
        close = np.column_stack([along[:, self.data == name].max(axis=1) for name in names])
        low, high = np.array([*self.problem.ranges.values()]).T
        # Laid out alike, so that what has not moved differs by nothing.
        old, new = (np.ascontiguousarray(each) for each in (self.problem.prior[0], self.scores))
        spread = old.std(axis=1)
        table = pd.DataFrame(
            {"number": [*self.problem.ranges], "low": low, "high": high, "moved": self.moved}
        )
        for side, each in (("before", old), ("after", new)):
            values = values_of_scores(each, low[:, None], high[:, None])
            table[f"{side}_low"], table[f"{side}_high"] = np.quantile(values, (0.05, 0.95), axis=1)
        table["left"] = new.std(axis=1) / spread
        table["shift"] = (new.mean(axis=1) - old.mean(axis=1)) / spread
        table["items"] = [
            ", ".join(names[at] for at in np.argsort(own)[::-1] if own[at] > 0) for own in close
        ]
        order = np.lexsort((table["left"] - table["shift"].abs(), ~table["moved"]))
        return table.iloc[order].reset_index(drop=True)


def foretold(fit: Fit, items: Items) -> pd.DataFrame:
    """Log density of everything in the block after a fit's origin, over the ranges and of the fit.

    A row a target: item, origin, unit, declared, fitted.
    """
    before = fit.problem.prior[1]
    after = fit.problem.measures(fit.scores, fit.origin + BLOCK)
    tables = []
    for name, item in items.items():
        if item and item.ahead.any():
            declared, fitted = (
                item.log_scores(item.blocks(each[name])) for each in (before, after)
            )
            head = {"item": name, "origin": fit.origin, "unit": np.flatnonzero(item.ahead)}
            tables.append(pd.DataFrame({**head, "declared": declared, "fitted": fitted}))
    return pd.concat(tables, ignore_index=True)


def held_out(targets: pd.DataFrame) -> pd.DataFrame:
    """By item and over all: targets of `foretold`, sums of log densities, what the fit gains.

    Columns item, targets, declared, fitted, gain, error (its standard error, each unit of an item
    counted as one witness).
    """
    rows = targets.assign(gain=targets["fitted"] - targets["declared"])
    found = []
    for name, own in (*rows.groupby("item", sort=False), ("all", rows)):
        gains = own.groupby(["item", "unit"], sort=False)["gain"].sum()
        error = float(np.sqrt(len(gains)) * gains.std(ddof=1)) if len(gains) > 1 else np.nan
        sums = own[["declared", "fitted", "gain"]].sum()
        found.append({"item": name, "targets": len(own), **sums, "error": error})
    return pd.DataFrame(found)


def calibrate(
    problem: Problem, report: Callable[[int], None] = lambda _: None
) -> tuple[Fit, pd.DataFrame]:
    """A theory's fit to the whole record, and what fits up to each origin foretold after it.

    `report` is called with the number of fits that are done.
    """
    until = max(int(each.years[-1]) for each in problem.items.values())
    tables = []
    for done, origin in enumerate(ORIGINS):
        report(done)
        items = problem.evidence(origin)
        tables.append(foretold(Fit.of(problem, items, origin), items))
    report(len(ORIGINS))
    fit = Fit.of(problem, problem.evidence(until), until)
    return fit, pd.concat(tables, ignore_index=True)
