"""Tipping points: the smallest change of numbers, inside their ranges, that turns a sign."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from eurasia_sim.compute.dimensions import Floats
from eurasia_sim.hypotheses.arms import Plan, effect, read_runs
from eurasia_sim.hypotheses.hypothesis import Part
from eurasia_sim.simulation.inputs import Inputs
from eurasia_sim.simulation.parameter_draws import (
    draws_at,
    hold_shares,
    put,
    ranges_of,
    reference_draws,
    values_of,
)
from eurasia_sim.world.world import World

_ALONE = 10  # numbers moved by themselves: those that correlate most with the effect
_TOGETHER = (3, 10, 30)  # numbers moved together
_FRACTIONS = (0.25, 0.5, 0.75, 1.0)  # of the way from the reference to the end of the range
_NAMED = 3


def tipping_point(
    world: World, part: Part, inputs: Inputs, seed: np.uint64, points: pd.DataFrame,
    effects: Floats, now: float, workers: int | None = None,
) -> str:  # fmt: skip
    """The smallest change tried that turns a part's effect at reference, in words.

    Form: numbers are ranked by the rank correlation of each with the effect over the sample; the
    closest are moved by themselves, then the closest few together, each toward the end of its range
    that pulls the effect back. The candidate with the fewest numbers, then the shortest way, wins.

    Args:
        inputs: at reference. points, effects: the sample's points under this theory and the effect
            at each. now: the effect at reference; its sign is what must turn.
    """
    if not np.isfinite(now) or now == 0.0:
        return in_words({}, 0.0, 0)
    ranges = ranges_of(world, inputs)
    ends = {
        path: ranges[path][int((strength < 0) == (now > 0))]
        for path, strength in correlations(points, effects, list(ranges)).items()
    }
    alone = reference_draws(inputs, 1, 0)
    reference = {path: float(values_of(world, alone, path)[0]) for path in ends}
    closest = [path for path in ends if np.isfinite(reference[path])]
    groups = [[path] for path in closest[:_ALONE]] + [closest[:count] for count in _TOGETHER]
    candidates = [
        {path: reference[path] + way * (ends[path] - reference[path]) for path in group}
        for group in groups
        for way in _FRACTIONS
    ]
    count = len(candidates)
    draws = draws_at(inputs, np.full(count, seed, np.uint64))
    for at, changes in enumerate(candidates):
        own = draws.part(slice(at, at + 1))
        for path, value in changes.items():
            put(world, own, path, value)
    hold_shares(world, draws)
    plan = Plan.of(world, [part])
    found = effect(plan, part, read_runs(plan, inputs.theory, {}, draws, workers=workers))
    turned = [at for at in range(count) if np.isfinite(found[at]) and found[at] * now < 0]
    if not turned:
        return in_words({}, 0.0, count)
    at = min(turned, key=lambda at: (len(candidates[at]), at % len(_FRACTIONS)))
    return in_words(candidates[at], _FRACTIONS[at % len(_FRACTIONS)], count)


def in_words(changes: Mapping[str, float], fraction: float, tried: int) -> str:
    """The changes, by path, with the fraction of the way to the ends of their ranges."""
    if not changes:
        return f"none found in {tried}"
    shown = [f"{path.split('.', 1)[1]} = {value:.3g}" for path, value in changes.items()]
    more = len(shown) - _NAMED
    rest = f" and {more} more" if more > 0 else ""
    return f"{', '.join(shown[:_NAMED])}{rest} ({fraction:.0%} of the way)"


def correlations(points: pd.DataFrame, effects: Floats, paths: Sequence[str]) -> dict[str, float]:
    """Rank correlation of each number with the effect, the closest first."""
    known = [path for path in paths if path in points and points[path].nunique() > 2]
    strength = points[known].rank().corrwith(pd.Series(effects, index=points.index).rank()).dropna()
    order = strength.abs().sort_values(ascending=False, kind="stable").index
    return {str(path): float(strength[path]) for path in order}
