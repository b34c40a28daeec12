"""A theory fitted to the record: its numbers before and after, and what both foretell.

Whatever is scored after an origin is fitted up to that origin only; the fit to the whole record,
which is kept, is never scored.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

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
from eurasia_sim.validation import evidence
from eurasia_sim.validation.evidence import Channel, ErrorModel, Evidence
from eurasia_sim.validation.fit import Smoothed, smooth, values_of_scores
from eurasia_sim.validation.measured import compared, simulated
from eurasia_sim.world.world import World

ORIGINS = (2008, 2011, 2014, 2017)  # last years known; what is foretold are the next three
Measures = Mapping[str, Floats]  # item -> (R, U, T)
Flags = NDArray[np.bool_]
_YEAR = 12


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
    ) -> Problem:  # fmt: skip
        """The record of a world under a theory.

        Raises:
            DataError: where nothing of the world was observed that a fit can use.
        """
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

        Raises:
            DataError: where too few runs end.
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
        means = {name: each[ended].mean(axis=0) for name, each in found.items()}
        return {
            name: np.where(ended[:, None, None], each, means[name]) for name, each in found.items()
        }

    def evidence(self, origin: int) -> dict[str, Evidence]:
        """Every item in blocks up to an origin, and after it."""
        first = self.world.start // _YEAR
        return {name: Evidence.of(each, origin, first) for name, each in self.items.items()}


def _ended(found: Measures) -> Flags:
    """(R,) which runs ended, one at least: a failed one has no year of any item."""
    ended = [np.isfinite(each).any(axis=(1, 2)) for each in found.values()]
    if not np.any(ended):
        raise DataError(["every run of the record failed, so there is nothing to fit"])
    return np.asarray(np.logical_or.reduce(ended), bool)


@dataclass(frozen=True)
class Fit:
    """Members after a fit of some items, and what moved each number."""

    problem: Problem
    channels: tuple[Channel, ...]
    smoothed: Smoothed  # of the M numbers, then a scale a channel

    @classmethod
    def of(
        cls,
        problem: Problem,
        items: Mapping[str, Evidence],
        origin: int,
        units: Mapping[str, float] | None = None,
    ) -> Fit:
        """Assimilate what was observed of some items up to their origin.

        Args:
            units: mean of each scale's prior where it is known.

        Raises:
            DataError: where no number moves anything that was observed.
        """
        scores, first = problem.prior
        rng = np.random.default_rng([problem.seed, 1])
        channels, scales = [], []
        for name, item in items.items():
            blocks = item.blocks(first[name])
            own = np.asarray(rng.normal(size=scores.shape[1]))
            error = ErrorModel.of(item, blocks, (units or {}).get(name))
            if error and problem.items[name].item.use == "fits":
                channel = Channel.of(item, error, blocks, own)
                if len(channel.observed):
                    channels.append(channel)
                    scales.append(own)

        def predict(step: int, members: Floats) -> Floats:
            found = problem.measures(members[: len(scores)], origin) if step else first
            own = zip(channels, members[len(scores) :], strict=True)
            return np.concatenate(
                [each.predicted(each.item.blocks(found[each.item.name]), scale)
                 for each, scale in own]
            )  # fmt: skip

        if not channels:
            still = f"no number moves anything observed to {origin} under {problem.inputs.theory}"
            raise DataError([f"{still}, so there is nothing to fit"])
        observed = np.concatenate([each.observed for each in channels])
        members = np.vstack([scores, *scales])
        smoothed = smooth(members, predict, observed, problem.seed, fixed=len(scales))
        return cls(problem, tuple(channels), smoothed)

    @property
    def scores(self) -> Floats:
        """(M, R) members of the numbers."""
        return self.smoothed.scores[: len(self.problem.ranges)]

    @property
    def moved(self) -> Flags:
        """(M,) which numbers the items speak of."""
        return self.smoothed.moved[: len(self.problem.ranges)]

    def members(self) -> dict[str, Floats]:
        """(R,) values of every number that the record speaks of."""
        rows = zip(self.problem.ranges.items(), self.scores, self.moved, strict=True)
        return {path: values_of_scores(row, *ends) for (path, ends), row, moved in rows if moved}

    def numbers(self) -> pd.DataFrame:
        """Every number from prior to posterior, those of which most is learnt first.

        Returns:
            number, low, high (declared), moved, before_low … after_high (5 and 95 % of members),
            left (standard deviation after over before) and shift (of the mean, in those before),
            both on the unbounded scale, and items (those it goes along with, the closest first).
        """
        starts = np.cumsum([0, *(len(each.observed) for each in self.channels)])[:-1]
        along = np.abs(self.smoothed.along[: len(self.problem.ranges)])
        close = np.maximum.reduceat(along, starts, axis=1)  # (M, channels)
        names = [each.item.name for each in self.channels]
        items = [", ".join(names[c] for c in np.argsort(own)[::-1] if own[c] > 0) for own in close]
        low, high = np.array([*self.problem.ranges.values()]).T
        # Laid out alike, so that what has not moved differs by nothing.
        old, new = (np.ascontiguousarray(each) for each in (self.problem.prior[0], self.scores))
        before, after = (
            np.quantile(values_of_scores(each, low[:, None], high[:, None]), (0.05, 0.95), axis=1)
            for each in (old, new)
        )
        spread = old.std(axis=1)
        table = pd.DataFrame(
            {
                "number": [*self.problem.ranges], "low": low, "high": high, "moved": self.moved,
                "before_low": before[0], "before_high": before[1],
                "after_low": after[0], "after_high": after[1], "left": new.std(axis=1) / spread,
                "shift": (new.mean(axis=1) - old.mean(axis=1)) / spread, "items": items,
            }
        )  # fmt: skip
        order = np.lexsort((table["left"] - table["shift"].abs(), ~table["moved"]))
        return table.iloc[order].reset_index(drop=True)


def foretold(fit: Fit, items: Mapping[str, Evidence], origin: int) -> pd.DataFrame:
    """Log density of everything in the block after an origin, over the ranges and of the fit.

    Returns:
        A row a target: item, origin, unit, declared, fitted.
    """
    before = fit.problem.prior[1]
    after = fit.problem.measures(fit.scores, origin + evidence.BLOCK)
    tables = []
    for name, item in items.items():
        error = ErrorModel.of(item, item.blocks(before[name]))
        if error and item.ahead.any():
            declared, fitted = (
                evidence.log_scores(item, error, item.blocks(each[name]))
                for each in (before, after)
            )
            units = np.flatnonzero(item.ahead)
            head = {"item": name, "origin": origin, "unit": units}
            tables.append(pd.DataFrame({**head, "declared": declared, "fitted": fitted}))
    return pd.concat(tables, ignore_index=True)


@dataclass(frozen=True)
class Calibration:
    """A theory's fit to the whole record, and what fits up to earlier origins foretold."""

    fit: Fit
    until: int
    numbers: pd.DataFrame  # of `Fit.numbers`
    targets: pd.DataFrame  # of `foretold`, every origin

    def scales(self) -> dict[str, float]:
        """By fitted item, the mean scale after the fit over its mean before."""
        rows = zip(self.fit.channels, self.fit.smoothed.scores[len(self.numbers) :], strict=True)
        return {each.item.name: float(1 + evidence.SCALE_SPREAD * row.mean()) for each, row in rows}

    def held_out(self) -> pd.DataFrame:
        """By item and over all: targets, sums of log densities, and what the fit gains.

        Returns:
            item, targets, declared, fitted, gain, error (its standard error, each unit of an item
            counted as one witness).
        """
        rows = self.targets.assign(gain=self.targets["fitted"] - self.targets["declared"])
        witnesses = rows.groupby(["item", "unit"], sort=False)["gain"].sum()
        tables = [*rows.groupby("item", sort=False), ("all", rows)]
        found = []
        for name, own in tables:
            gains = witnesses if name == "all" else witnesses[name]
            error = float(np.sqrt(len(gains)) * gains.std(ddof=1)) if len(gains) > 1 else np.nan
            sums = own[["declared", "fitted", "gain"]].sum()
            found.append({"item": name, "targets": len(own), **sums, "error": error})
        return pd.DataFrame(found)


def calibrate(problem: Problem, report: Callable[[str, int, int], None]) -> Calibration:
    """Fit a theory up to each origin and score it after it; then fit it to the whole record."""
    tables = []
    until = max(int(each.years[-1]) for each in problem.items.values())
    for done, origin in enumerate(ORIGINS):
        report(f"{problem.inputs.theory}, up to {origin}", done, len(ORIGINS) + 1)
        items = problem.evidence(origin)
        tables.append(foretold(Fit.of(problem, items, origin), items, origin))
    report(f"{problem.inputs.theory}, up to {until}", len(ORIGINS), len(ORIGINS) + 1)
    fit = Fit.of(problem, problem.evidence(until), until)
    return Calibration(fit, until, fit.numbers(), pd.concat(tables, ignore_index=True))
