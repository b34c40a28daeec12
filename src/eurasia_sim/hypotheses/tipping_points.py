"""What would reverse an effect: the smallest change of numbers, inside their ranges, that turns its sign."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from eurasia_sim.compute.dimensions import Floats
from eurasia_sim.hypotheses.arms import Plan, effect, read_runs
from eurasia_sim.hypotheses.hypothesis import Part
from eurasia_sim.simulation.inputs import Inputs
from eurasia_sim.simulation.parameter_draws import Draws, hold_shares, put
from eurasia_sim.world.world import World

_ALONE = 10  # numbers tried by themselves: those that go with the effect most closely
_TOGETHER = (3, 10, 30)
_FRACTIONS = (0.25, 0.5, 0.75, 1.0)  # of the way from the reference to the end of the range


@dataclass(frozen=True)
class Reversal:
    """The smallest change found, or none."""

    changes: Mapping[str, float]  # path -> value; empty if none was found
    fraction: float  # of the way from the reference to the ends of the ranges
    tried: int

    @property
    def words(self) -> str:
        """The change as a sentence would say it."""
        if not self.changes:
            return f"none found in {self.tried}"
        shown = [
            f"{path.split('.', 1)[1]} = {value:.3g}"
            for path, value in list(self.changes.items())[:3]
        ]
        more = len(self.changes) - len(shown)
        return (
            ", ".join(shown)
            + (f" and {more} more" if more > 0 else "")
            + f" ({self.fraction:.0%} of the way)"
        )


def reversal(
    world: World, part: Part, theory: str, inputs: Inputs, ranges: Mapping[str, tuple[float, float]], seed: np.uint64,
    points: pd.DataFrame, effects: Floats, now: float, workers: int | None = None,
) -> Reversal:  # fmt: skip
    """The smallest change tried that turns a part's effect at reference around.

    Form: numbers are ranked by the rank correlation of each with the effect over the sample; the closest are moved by
    themselves, then the closest few together, each toward the end of its range that pulls the effect back. The
    candidate with the fewest numbers and then the shortest way wins.

    Args:
        inputs: at reference. points, effects: the sample's points under this theory and the effect at each.
        now: the effect at reference; its sign is what must turn.
    """
    if not np.isfinite(now) or now == 0.0:
        return Reversal({}, float("nan"), 0)
    pulls = _pulls(points, effects, list(ranges))
    ends = {
        path: ranges[path][1] if (strength < 0) == (now > 0) else ranges[path][0]
        for path, strength in pulls.items()
    }
    reference = {path: _value(world, inputs, path) for path in ends}
    closest = [path for path in ends if np.isfinite(reference[path])]
    groups = [(path,) for path in closest[:_ALONE]] + [
        tuple(closest[:count]) for count in _TOGETHER
    ]
    candidates = [(group, fraction) for group in groups for fraction in _FRACTIONS]
    count = len(candidates)
    draws = Draws(
        np.repeat(inputs.rules[None], count),
        np.tile(inputs.row, (count, 1)),
        np.full(count, seed, np.uint64),
    )
    for at, (group, fraction) in enumerate(candidates):
        own = Draws(draws.rules[at : at + 1], draws.rows[at : at + 1], draws.seeds[at : at + 1])
        for path in group:
            put(world, own, path, reference[path] + fraction * (ends[path] - reference[path]))
    hold_shares(world, draws)
    plan = Plan.of(world, [part])
    found = effect(plan, part, read_runs(plan, theory, {}, draws, workers=workers))
    turned = [
        c
        for c, value in zip(candidates, found, strict=True)
        if np.isfinite(value) and value * now < 0
    ]
    if not turned:
        return Reversal({}, float("nan"), count)
    group, fraction = min(turned, key=lambda candidate: (len(candidate[0]), candidate[1]))
    changes = {path: reference[path] + fraction * (ends[path] - reference[path]) for path in group}
    return Reversal(changes, fraction, count)


def _pulls(points: pd.DataFrame, effects: Floats, paths: Sequence[str]) -> dict[str, float]:
    """Rank correlation of each number with the effect, the closest first."""
    known = [path for path in paths if path in points and points[path].nunique() > 2]
    strength = points[known].rank().corrwith(pd.Series(effects, index=points.index).rank()).dropna()
    order = strength.abs().sort_values(ascending=False, kind="stable").index
    return {str(path): float(strength[path]) for path in order}


def _value(world: World, inputs: Inputs, path: str) -> float:
    if path in world.coded_index:
        return float(inputs.row[world.coded_index[path]])
    return float(inputs.rules[path.rsplit(".", 1)[1]])
