"""Scores of runs of the record on documented patterns, beside two naive baselines.

Pattern-oriented modelling (grimm2005): many weak patterns at once filter a model better than one
strong one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eurasia_sim.compute.dimensions import Floats, Integers
from eurasia_sim.evidence.claims import load_evidence
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.scenarios.scenario import Scenario
from eurasia_sim.simulation.ensemble import chunks_of, run_paired
from eurasia_sim.simulation.inputs import Inputs, prepare
from eurasia_sim.simulation.parameter_draws import Draws, range_draws, reference_draws
from eurasia_sim.validation.patterns import HALVES, Pattern, circularity, load_patterns
from eurasia_sim.world.provenance import Ancestry
from eurasia_sim.world.world import World

Flags = NDArray[np.bool_]
Found = TypeVar("Found")
MODEL, REFERENCE, NULL, UNCHANGED = "model", "reference", "null", "unchanged"
# The theory over its ranges and at reference values, the null theory, and no change at all.
SIDES = (MODEL, REFERENCE, NULL, UNCHANGED)
BASELINES = (NULL, UNCHANGED)
EVERY = "all"
_HALF_OF_RUNS = 0.5


def extended(scenario: Scenario, last: int) -> Scenario:
    """The scenario run to another last month, since the start of the record."""
    return replace(scenario, months=last + 1)


def within_reach(patterns: Sequence[Pattern], months: int) -> tuple[Pattern, ...]:
    """The patterns that end within so many months."""
    return tuple(pattern for pattern in patterns if pattern.span[1] < months)


def quantity(pattern: Pattern, months: Mapping[str, Floats]) -> Floats:
    """(R, T) the quantity of a pattern: the mean of its columns, less that of those taken away."""
    values = np.mean([months[column] for column in pattern.of], axis=0)
    if pattern.less:
        values = values - np.mean([months[column] for column in pattern.less], axis=0)
    return np.asarray(values)


def passed(pattern: Pattern, values: Floats) -> Flags:
    """(R,) which runs pass a pattern; NaN passes none, and equal values show no order or change.

    Form: order, mean over the window above 0; sign, mean of the later window above (below) that of
    the earlier; band, mean over the window within its ends; window, the first month after the first
    in which the threshold is reached from the other side lies in the window.

    Args:
        values: (R, T) of `quantity`.
    """
    if pattern.kind == "window":
        beyond = values >= pattern.low if pattern.rises else values <= pattern.low
        crossing = beyond[:, 1:] & ~beyond[:, :-1] & np.isfinite(values[:, :-1])
        month = np.where(crossing.any(axis=1), crossing.argmax(axis=1) + 1, -1)
        ((first, last),) = pattern.windows
        return np.asarray((first <= month) & (month <= last))
    found = margin(pattern, values)
    return np.asarray(found >= 0.0 if pattern.kind == "band" else found > 0.0)


def margin(pattern: Pattern, values: Floats) -> Floats:
    """(R,) by how much a run passes a pattern, in the unit of its quantity; below 0 it misses.

    Form: order and sign, the difference that must be above 0; band, the distance to its nearer end;
    window, the lesser of how far the threshold is passed within the window and how far it is missed
    before.

    Args:
        values: (R, T) of `quantity`.
    """
    sign = 1.0 if pattern.rises else -1.0
    if pattern.kind == "window":
        ((first, last),) = pattern.windows
        beyond = (values - pattern.low) * sign
        before = -beyond[:, :first].max(axis=1) if first else np.full(len(values), np.inf)
        return np.asarray(np.minimum(beyond[:, first : last + 1].max(axis=1), before))
    # A change is taken from the first month, so that it is exactly 0 in what never moves.
    start = values[:, :1] if pattern.kind == "sign" else 0.0
    moved = values - start
    means = [moved[:, first : last + 1].mean(axis=1) for first, last in pattern.windows]
    if pattern.kind == "band":
        return np.asarray(np.minimum(means[0] - pattern.low, pattern.high - means[0]))
    return np.asarray(sign * (means[1] - means[0] if pattern.kind == "sign" else means[0]))


def pass_matrix(patterns: Sequence[Pattern], months: Mapping[str, Floats]) -> Flags:
    """(R, P) which runs pass which patterns.

    Args:
        months: by column, (R, T) values month by month from the start of the record.
    """
    return np.stack([passed(pattern, quantity(pattern, months)) for pattern in patterns], axis=1)


def standing_still(months: Mapping[str, Floats]) -> dict[str, Floats]:
    """The same runs with every column at its value of the first month."""
    return {
        name: np.repeat(values[:, :1], values.shape[1], axis=1) for name, values in months.items()
    }


def read_patterns(
    patterns: Sequence[Pattern],
    inputs: Inputs,
    draws: Draws,
    read: Callable[[dict[str, Floats], Integers], Found],
    workers: int | None = None,
    report: Callable[[int], None] = lambda _: None,
) -> list[Found]:
    """Run one scenario under one theory for every draw, and keep what is read, chunk by chunk.

    Args:
        read: called with (R, T) values by column of the patterns, and (R,) index in kernel.STATUS.
        report: called with the number of finished runs.

    Raises:
        KeyboardInterrupt: once the chunks in flight are done.
    """
    names = dict.fromkeys(column for pattern in patterns for column in pattern.columns)
    kept = np.array([inputs.columns.index(name) for name in names], np.int64)

    def work(chunk: slice) -> Found:
        (outcome,) = run_paired([inputs], draws.part(chunk), (0, 1), kept)
        months = {name: outcome.trajectories[:, :, c] for c, name in enumerate(names)}
        return read(months, outcome.statuses[:, 0])

    return chunks_of(work, len(draws), workers, report)


def pass_shares(
    patterns: Sequence[Pattern],
    inputs: Inputs,
    draws: Draws,
    workers: int | None = None,
    report: Callable[[int], None] = lambda _: None,
) -> tuple[Floats, Floats, int]:
    """(P,) share of the finished runs that pass, (P,) that would unchanged, and failed runs."""

    def read(months: dict[str, Floats], statuses: Integers) -> tuple[Flags, Flags]:
        own, still = pass_matrix(patterns, months), pass_matrix(patterns, standing_still(months))
        return own[statuses == 0], still[statuses == 0]

    chunks = read_patterns(patterns, inputs, draws, read, workers, report)
    own, still = (np.concatenate(found) for found in zip(*chunks, strict=True))
    failed = len(draws) - len(own)
    if not len(own):
        nothing = np.full(len(patterns), np.nan)
        return nothing, nothing, failed
    return own.mean(axis=0), still.mean(axis=0), failed


def pattern_table(
    patterns: Sequence[Pattern],
    circular: Mapping[str, Sequence[str]],
    shares: Mapping[str, Floats],
    world: World,
) -> pd.DataFrame:
    """A row a pattern: what it rests on, the share of runs that pass it, and whether it counts.

    A pattern counts where it is not circular and more than half of a baseline's runs fail it.

    Args:
        circular: reasons by pattern id, from `patterns.circularity`.
        shares: (P,) by side of `SIDES`; NaN for a side that was not run.
    """
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
            **{side: shares.get(side, np.nan) for side in SIDES},
        }
    )
    fails = (rows[[*BASELINES]] < _HALF_OF_RUNS).any(axis=1)
    rows["counted"] = (rows["circular"] == "") & fails
    return rows


def brier_score(shares: Floats) -> float:
    """Mean squared distance of pass probabilities from 1; 0 is perfect, as patterns did happen."""
    return float(np.mean((1.0 - np.asarray(shares)) ** 2)) if len(shares) else float("nan")


def scores(table: pd.DataFrame) -> list[dict[str, Any]]:
    """For all counted patterns and for each half: number, mean pass probability, Brier score."""
    found = []
    for half in (EVERY, *HALVES):
        rows = table[table["counted"] & ((half == EVERY) | (table["half"] == half))]
        score = {side: float(rows[side].mean()) for side in SIDES}
        brier = {side: brier_score(rows[side].to_numpy()) for side in SIDES}
        found.append({"half": half, "patterns": len(rows), "score": score, "brier": brier})
    return found


@dataclass(frozen=True)
class Validation:
    """Scores of a scenario under one theory on documented patterns."""

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
    """Score n runs over the declared ranges, n at reference values, and n of the null theory.

    Args:
        report: called with the side, and how many of its runs are done, of how many.

    Raises:
        DataError: where the world has no patterns, or the scenario ends before any of them.
        KeyboardInterrupt: when interrupted; nothing is kept.
    """
    every = load_patterns(world)
    patterns = within_reach(every, scenario.months)
    if not patterns:
        end = f"{scenario.name} ends in {world.date(scenario.months - 1)}"
        raise DataError([f"{end}, before the first pattern has: name a later month"])
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

        shares[side], still, failed[side] = pass_shares(patterns, inputs, draws, workers, tell)
        if side == MODEL:
            shares[UNCHANGED] = still
    table = pattern_table(patterns, circular, shares, world)
    reached = {pattern.id for pattern in patterns}
    missing = tuple(pattern.id for pattern in every if pattern.id not in reached)
    return Validation(table, scores(table), failed, missing)
