"""Calibration: the draws of everything uncertain closest to what is documented.

Claim: keeping the draws whose summaries lie nearest to the observed ones draws from an
approximation of the posterior (Biau, Cérou and Guyader 2015, "New insights into approximate
Bayesian computation": k nearest neighbours).
Form: a summary is by how much a run misses a pattern of the training half, in standard deviations
over all runs, and 0 where it passes; the observed summary is 0 throughout; distances add up. The
other half is never used in the fit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.stats import false_discovery_control, kstest

from eurasia_sim.compute.dimensions import Floats, Integers
from eurasia_sim.evidence.claims import load_evidence
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.scenarios.posterior import Posterior, digest_of_ranges
from eurasia_sim.scenarios.scenario import Scenario
from eurasia_sim.simulation.inputs import prepare
from eurasia_sim.simulation.parameter_draws import Draws, range_draws, ranges_of
from eurasia_sim.validation.patterns import HALVES, Pattern, circularity, load_patterns
from eurasia_sim.validation.scores import (
    Validation,
    margin,
    quantity,
    read_patterns,
    scores,
    validate,
    within_reach,
)
from eurasia_sim.world.provenance import Ancestry
from eurasia_sim.world.world import World

FALSE_DISCOVERIES = 0.05


@dataclass(frozen=True)
class Calibration:
    """The draws that a fit kept, the change of every number, and scores on both halves."""

    posterior: Posterior
    numbers: pd.DataFrame  # of `contractions`
    patterns: tuple[str, ...]  # ids of those of the training half in the fit
    distance: float  # mean over all runs, in standard deviations missed in sum
    kept_distance: float  # the same over those kept
    failed: int
    before: Validation  # fresh runs over the ranges
    after: Validation  # fresh runs of the posterior, under the same seeds


def calibrate(
    world: World,
    scenario: Scenario,
    theory: str,
    n: int,
    keep: int,
    seed: int,
    *,
    workers: int | None = None,
    report: Callable[[str, int, int], None] = lambda *_: None,
) -> Calibration:
    """Fit everything uncertain to the training half; score fresh runs on both halves around it.

    Args:
        scenario: one that draws from declared ranges and fixes nothing.
        n: draws of the design. keep: draws kept, and fresh runs of each score.
        report: called with the stage, and how many of its runs are done, of how many.

    Raises:
        DataError: where there is no pattern to fit, or fewer runs finish than are to be kept.
        KeyboardInterrupt: when interrupted; nothing is kept.
    """
    if scenario.posterior is not None or scenario.uncertain or scenario.fixed:
        why = "so a fit of it is no posterior of the world's own"
        raise DataError([f"{scenario.name} narrows or fixes numbers, {why}"])
    patterns = _training_patterns(world, scenario)
    inputs = prepare(world, scenario, theory)
    draws, ranges = range_draws(world, inputs, n, seed), ranges_of(world, inputs)

    def read(months: dict[str, Floats], _: Integers) -> Floats:
        return np.stack([margin(each, quantity(each, months)) for each in patterns], axis=1)

    def tell(done: int) -> None:
        report("fit", done, n)

    margins = np.concatenate(read_patterns(patterns, inputs, draws, read, workers, tell))
    distances = shortfalls(margins).sum(axis=1)
    kept = nearest_draws(margins, keep)
    numbers = tuple(int(each) for each in kept)
    posterior = Posterior(scenario.name, theory, n, seed, numbers, digest_of_ranges(ranges))
    scored = []
    for label, own in (("before", scenario), ("after", replace(scenario, posterior=posterior))):

        def tell_side(side: str, done: int, of: int, label: str = label) -> None:
            report(f"{label}, {side}", done, of)

        found = validate(world, own, theory, keep, seed + 1, workers=workers, report=tell_side)
        scored.append(found)
    before, after = scored
    table = after.table.assign(counted=before.table["counted"])  # the same patterns on both sides
    return Calibration(
        posterior=posterior,
        numbers=contractions(draws, kept, ranges),
        patterns=tuple(pattern.id for pattern in patterns),
        distance=float(np.nanmean(distances)),
        kept_distance=float(distances[kept].mean()),
        failed=int(np.isnan(distances).sum()),
        before=before,
        after=replace(after, table=table, scores=scores(table)),
    )


def _training_patterns(world: World, scenario: Scenario) -> list[Pattern]:
    """The patterns of the training half that are free of circles and end before the scenario."""
    ancestry = Ancestry(world, load_evidence(world.directory))
    patterns = [
        pattern
        for pattern in within_reach(load_patterns(world), scenario.months)
        if pattern.half == HALVES[0] and not circularity(pattern, ancestry)
    ]
    if not patterns:
        none = "no pattern of the training half is free of circles and ends before"
        raise DataError([f"{none} {scenario.name} does"])
    return patterns


def shortfalls(margins: Floats) -> Floats:
    """(R, P) standard deviations (over the finished runs) by which runs miss patterns; 0 at least.

    Args:
        margins: (R, P) of `scores.margin`; NaN for a failed run.
    """
    spread = np.nanstd(margins, axis=0)
    return np.asarray(np.maximum(-margins, 0.0) / np.where(spread > 0, spread, 1.0))


def nearest_draws(margins: Floats, keep: int) -> Integers:
    """(keep,) numbers of the runs that miss least in sum, the closest first.

    Raises:
        DataError: where fewer runs finished.
    """
    from sklearn.neighbors import NearestNeighbors

    missed = shortfalls(margins)
    finished = np.flatnonzero(np.isfinite(missed).all(axis=1))
    if len(finished) < keep:
        few = f"only {len(finished)} of {len(missed)} runs finished"
        raise DataError([f"{few}, fewer than the {keep} to be kept"])
    neighbours = NearestNeighbors(n_neighbors=keep, metric="manhattan", algorithm="brute")
    _, places = neighbours.fit(missed[finished]).kneighbors(np.zeros((1, missed.shape[1])))
    return np.asarray(finished[places[0]], np.int64)


def contractions(
    draws: Draws, kept: Integers, ranges: dict[str, tuple[float, float]]
) -> pd.DataFrame:
    """Every number from prior to posterior, those that moved most clearly first.

    Returns:
        number, low, high, prior_mean, prior_sd, mean, sd, contraction (1 less the ratio of standard
        deviations; below 0 it spread), shift (in prior standard deviations), p (Kolmogorov-Smirnov
        against the uniform prior), q (the false discovery rate at which it would count as moved;
        Benjamini and Hochberg 1995).
    """
    rows = []
    for path, (low, high) in ranges.items():
        before, after = draws.drawn[path], draws.drawn[path][kept]
        rows.append(
            {
                "number": path,
                "low": low,
                "high": high,
                "prior_mean": before.mean(),
                "prior_sd": before.std(),
                "mean": after.mean(),
                "sd": after.std(),
                "contraction": 1.0 - after.std() / before.std(),
                "shift": (after.mean() - before.mean()) / before.std(),
                "p": kstest(after, "uniform", args=(low, high - low)).pvalue,
            }
        )
    table = pd.DataFrame(rows)
    table["q"] = false_discovery_control(table["p"])
    return table.sort_values("p", kind="stable", ignore_index=True)
