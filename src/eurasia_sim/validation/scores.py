"""How well runs of the record pass what is documented of it, beside two naive baselines.

Pattern-oriented modelling (grimm2005): many weak patterns at once filter a model better than one strong one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eurasia_sim.compute.dimensions import Floats, Integers
from eurasia_sim.evidence.claims import load_evidence
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.scenarios.scenario import Scenario
from eurasia_sim.simulation.ensemble import Progress, in_chunks, run_paired
from eurasia_sim.simulation.inputs import Inputs, prepare
from eurasia_sim.simulation.parameter_draws import Draws, range_draws, reference_draws
from eurasia_sim.validation.patterns import HALVES, Pattern, circularity, load_patterns
from eurasia_sim.world.provenance import Ancestry
from eurasia_sim.world.world import World

Flags = NDArray[np.bool_]
MODEL, REFERENCE, NULL, UNCHANGED = "model", "reference", "null", "unchanged"
# What passes are counted of: the theory over its ranges and at reference values, the null theory, and no change at all.
SIDES = (MODEL, REFERENCE, NULL, UNCHANGED)
BASELINES = (NULL, UNCHANGED)
EVERY = "all"
_HALF_OF_RUNS = 0.5


@dataclass(frozen=True)
class Passes:
    """Which runs passed which patterns; a failed run passes none and is not counted."""

    model: Flags  # (R, P)
    unchanged: Flags  # (R, P) the same runs, had nothing moved since their first month
    statuses: Integers  # (R,) index in kernel.STATUS

    def shares(self) -> tuple[Floats, Floats]:
        """(P,) and (P,) share of the finished runs that passed, and that would have had nothing moved."""
        finished = self.statuses == 0
        if not finished.any():
            nothing = np.full(self.model.shape[1], np.nan)
            return nothing, nothing
        return self.model[finished].mean(axis=0), self.unchanged[finished].mean(axis=0)


def extended(scenario: Scenario, last: int) -> Scenario:
    """The scenario run to another last month, since the start of the record; what it holds last, it goes on holding."""
    return replace(scenario, months=last + 1)


def within_reach(patterns: Sequence[Pattern], months: int) -> tuple[Pattern, ...]:
    """The patterns that a run of so many months can be held against."""
    return tuple(pattern for pattern in patterns if pattern.span[1] < months)


def columns_read(patterns: Sequence[Pattern]) -> tuple[str, ...]:
    """Every column that some pattern reads, once."""
    return tuple(dict.fromkeys(column for pattern in patterns for column in pattern.columns))


def quantity(pattern: Pattern, months: Mapping[str, Floats]) -> Floats:
    """(R, T) what a pattern reads month by month: the mean of its columns, less the mean of those taken away."""
    values = np.mean([months[column] for column in pattern.of], axis=0)
    if pattern.less:
        values = values - np.mean([months[column] for column in pattern.less], axis=0)
    return np.asarray(values)


def passed(pattern: Pattern, values: Floats) -> Flags:
    """(R,) which runs pass a pattern; NaN passes none, and no order or change is found in equal values.

    Form: order, mean over the window above 0; sign, mean of the later window above (below) that of the earlier; band,
    mean over the window within its ends; window, the first month after the first in which the threshold is reached from
    the other side lies in the window.

    Args:
        values: (R, T) of `quantity`.
    """
    if pattern.kind == "window":
        return _first_crossing_inside(pattern, values)
    found = margin(pattern, values)
    return np.asarray(found >= 0.0 if pattern.kind == "band" else found > 0.0)


def margin(pattern: Pattern, values: Floats) -> Floats:
    """(R,) by how much a run passes a pattern, in the unit of what it reads; below 0 it misses by that much.

    Form: order and sign, the difference that must be above 0; band, the distance to its nearer end; window, the lesser
    of how far the threshold is reached within the window and how far it is kept from before.

    Args:
        values: (R, T) of `quantity`.
    """
    if pattern.kind == "window":
        ((first, last),) = pattern.windows
        beyond = (values - pattern.low) * (1.0 if pattern.rises else -1.0)
        before = -beyond[:, :first].max(axis=1) if first else np.full(len(values), np.inf)
        return np.asarray(np.minimum(beyond[:, first : last + 1].max(axis=1), before))
    means = _window_means(pattern, values)
    if pattern.kind == "band":
        return np.asarray(np.minimum(means[0] - pattern.low, pattern.high - means[0]))
    risen = means[-1] - means[0] if pattern.kind == "sign" else means[0]
    return np.asarray(risen if pattern.rises else -risen)


def _window_means(pattern: Pattern, values: Floats) -> list[Floats]:
    """(R,) a window; a change is taken from the first month, so that in what never moves it is exactly nothing."""
    start = values[:, :1] if pattern.kind == "sign" else 0.0
    return [(values[:, first : last + 1] - start).mean(axis=1) for first, last in pattern.windows]


def _first_crossing_inside(pattern: Pattern, values: Floats) -> Flags:
    beyond = values >= pattern.low if pattern.rises else values <= pattern.low
    crossing = beyond[:, 1:] & ~beyond[:, :-1] & np.isfinite(values[:, :-1])
    month = np.where(crossing.any(axis=1), crossing.argmax(axis=1) + 1, -1)
    ((first, last),) = pattern.windows
    return np.asarray((first <= month) & (month <= last))


def pass_matrix(patterns: Sequence[Pattern], months: Mapping[str, Floats]) -> Flags:
    """(R, P) which runs pass which patterns.

    Args:
        months: by column, (R, T) values month by month from the start of the record.
    """
    return np.stack([passed(pattern, quantity(pattern, months)) for pattern in patterns], axis=1)


def standing_still(months: Mapping[str, Floats]) -> dict[str, Floats]:
    """The same runs had every column stayed at its value of the first month."""
    return {
        name: np.repeat(values[:, :1], values.shape[1], axis=1) for name, values in months.items()
    }


def validate_runs(
    patterns: Sequence[Pattern],
    inputs: Inputs,
    draws: Draws,
    *,
    workers: int | None = None,
    report: Callable[[int], None] = lambda _: None,
) -> Passes:
    """Run one scenario under one theory for every draw, keeping of each run only what it passes.

    Args:
        report: told how many runs are finished.

    Raises:
        KeyboardInterrupt: once the chunks in flight are done.
    """
    names = columns_read(patterns)
    kept = np.array([inputs.columns.index(name) for name in names], np.int64)
    shape = (len(draws), len(patterns))
    found = Passes(np.zeros(shape, bool), np.zeros(shape, bool), np.zeros(len(draws), np.int64))

    def work(chunk: slice) -> tuple[Flags, Flags, Integers]:
        (outcome,) = run_paired([inputs], draws.part(chunk), (0, 1), kept)
        months = {name: outcome.trajectories[:, :, c] for c, name in enumerate(names)}
        return (
            pass_matrix(patterns, months),
            pass_matrix(patterns, standing_still(months)),
            outcome.statuses[:, 0],
        )

    def take(chunk: slice, part: tuple[Flags, Flags, Integers]) -> None:
        found.model[chunk], found.unchanged[chunk], found.statuses[chunk] = part

    progress = Progress(len(draws))
    in_chunks(work, take, progress, workers, lambda progress: report(progress.finished))
    if progress.stop.is_set():
        raise KeyboardInterrupt
    return found


def pattern_table(
    patterns: Sequence[Pattern],
    circular: Mapping[str, Sequence[str]],
    shares: Mapping[str, Floats],
    world: World,
) -> pd.DataFrame:
    """A row a pattern: what it is, what it rests on, the share of runs that pass it by side, and whether it counts.

    A pattern counts where it is not circular and at least one baseline fails it, that is in more than half of its runs.

    Args:
        circular: reasons by pattern id, from `patterns.circularity`.
        shares: (P,) by side of `SIDES`; a side that was not run is left out and stays NaN.
    """
    nothing = np.full(len(patterns), np.nan)
    sides = {side: shares.get(side, nothing) for side in SIDES}
    rows = pd.DataFrame(
        {
            "pattern": [pattern.id for pattern in patterns],
            "says": [pattern.says for pattern in patterns],
            "kind": [pattern.kind for pattern in patterns],
            "half": [pattern.half for pattern in patterns],
            "first": [world.date(pattern.span[0]) for pattern in patterns],
            "last": [world.date(pattern.span[1]) for pattern in patterns],
            "rests_on": [
                ", ".join((*p.claims, *(item["dataset"] for item in p.source))) for p in patterns
            ],
            "circular": ["; ".join(circular[pattern.id]) for pattern in patterns],
            **sides,
        }
    )
    fails = np.stack([sides[side] < _HALF_OF_RUNS for side in BASELINES])
    rows["counted"] = (rows["circular"] == "").to_numpy() & fails.any(axis=0)
    return rows


def brier_score(shares: Floats) -> float:
    """Mean squared distance of pass probabilities from 1, in [0, 1]; what is documented did happen, so 0 is perfect."""
    return float(np.mean((1.0 - np.asarray(shares)) ** 2)) if len(shares) else float("nan")


def scores(table: pd.DataFrame) -> list[dict[str, Any]]:
    """For all counted patterns and for each half: how many, and by side the mean pass probability and Brier score."""
    found = []
    for half in (EVERY, *HALVES):
        own = (
            table["counted"].to_numpy()
            & table["half"].isin(HALVES if half == EVERY else (half,)).to_numpy()
        )
        rows = table[own]
        score = {side: float(rows[side].mean()) if len(rows) else float("nan") for side in SIDES}
        brier = {side: brier_score(rows[side].to_numpy()) for side in SIDES}
        found.append({"half": half, "patterns": len(rows), "score": score, "brier": brier})
    return found


@dataclass(frozen=True)
class Validation:
    """A scenario under one theory, held against what is documented."""

    table: pd.DataFrame  # of `pattern_table`
    scores: list[dict[str, Any]]  # of `scores`
    failed: dict[str, int]  # runs that failed, by side
    out_of_reach: tuple[str, ...]  # patterns that end after the scenario does


def validate(
    world: World,
    scenario: Scenario,
    theory: str,
    n: int,
    seed: int,
    *,
    workers: int | None = None,
    report: Callable[[str, int, int], None] = lambda *_: None,
) -> Validation:
    """Score n runs over the declared ranges, n at reference values, and n of the null theory over its ranges.

    Args:
        report: told the side, and how many of its runs are done, of how many.

    Raises:
        DataError: where the world has no patterns, or the scenario ends before any of them.
        KeyboardInterrupt: when interrupted; nothing is kept.
    """
    every = load_patterns(world)
    patterns = within_reach(every, scenario.months)
    if not patterns:
        last = world.date(scenario.months - 1)
        raise DataError(
            [f"{scenario.name} ends in {last}, before the first pattern has: name a later month"]
        )
    ancestry = Ancestry(world, load_evidence(world.directory))
    circular = {pattern.id: circularity(pattern, ancestry) for pattern in patterns}
    own = prepare(world, scenario, theory)
    null = prepare(world, replace(scenario, posterior=None), world.null_theory)
    sides = {
        MODEL: (own, range_draws(world, own, n, seed)),
        REFERENCE: (own, reference_draws(own, n, seed)),
        NULL: (null, range_draws(world, null, n, seed)),
    }
    shares, failed = {}, {}
    for side, (inputs, draws) in sides.items():

        def tell(done: int, side: str = side) -> None:
            report(side, done, n)

        passes = validate_runs(patterns, inputs, draws, workers=workers, report=tell)
        shares[side], unchanged = passes.shares()
        failed[side] = int((passes.statuses != 0).sum())
        if side == MODEL:
            shares[UNCHANGED] = unchanged
    table = pattern_table(patterns, circular, shares, world)
    reached = {pattern.id for pattern in patterns}
    missing = tuple(pattern.id for pattern in every if pattern.id not in reached)
    return Validation(table, scores(table), failed, missing)
