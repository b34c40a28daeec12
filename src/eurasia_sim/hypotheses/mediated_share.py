"""Through what an effect travels: the share of it that goes when one mechanism is held on the unchanged path."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from eurasia_sim.compute.dimensions import Floats
from eurasia_sim.hypotheses import mediation
from eurasia_sim.hypotheses.arms import Plan, read_columns, with_fixed
from eurasia_sim.hypotheses.hypothesis import Part
from eurasia_sim.simulation.ensemble import Progress, in_chunks, run_branched, snapshots
from eurasia_sim.simulation.parameter_draws import Draws


def travelled(
    plan: Plan, parts: Sequence[Part], theory: str, draws: Draws, workers: int | None = None,
    report: Callable[[int], None] = lambda _: None,
) -> list[dict[str, float]]:  # fmt: skip
    """For each part, by mechanism, the share of its effect that goes when that mechanism's output is held.

    1 is all of it, 0 none; above 1 the rest works the other way, below 0 the mechanism dampened the effect. Shares need
    not add up: a link held also stops what came through it from elsewhere.

    Args:
        parts: all of the same two arms with the same numbers. report: told how many runs were made.
    """
    changed, unchanged = (plan.inputs(arm, theory, {}) for arm in parts[0].arms)
    own = with_fixed(plan.world, changed, draws)
    names = list(dict.fromkeys(name for part in parts for name in part.metric.names))
    kept = np.array([changed.columns.index(name) for name in names], np.int64)
    start, since = plan.parting(changed, unchanged), min(part.window[0] for part in parts)
    effects = np.full((1 + len(mediation.OUTPUTS), len(parts), len(draws)), np.nan)

    def readings(path: Floats) -> Floats:
        return np.array(
            [read_columns(part.metric, part.window, since, names, path) for part in parts]
        )

    def work(chunk: slice) -> Floats:
        few = own.part(chunk)
        both = run_branched([changed, unchanged], [start, start], few, kept, since)
        base = readings(both[1])
        found = [readings(both[0]) - base]
        memories = snapshots(changed, few, start)
        for mechanism in mediation.OUTPUTS:
            path = mediation.run_beside(changed, unchanged, few, memories, start, mechanism, kept)
            if start < since:
                path = path[:, since - start :]
            else:  # the window opens before the two part: what they share comes first
                path = np.concatenate([both[1][:, : start - since], path], axis=1)
            found.append(readings(path) - base)
        return np.array(found)

    def take(chunk: slice, found: Floats) -> None:
        effects[:, :, chunk] = found

    progress = Progress(len(draws))
    in_chunks(work, take, progress, workers, lambda progress: report(progress.finished))
    if progress.stop.is_set():
        raise KeyboardInterrupt
    return [_shares(effects[:, at]) for at in range(len(parts))]


def _shares(effects: Floats) -> dict[str, float]:
    """By mechanism, the share of one part's effect that goes. effects: (free, then held one by one; R)."""
    whole = np.isfinite(effects).all(axis=0)
    means = effects[:, whole].mean(axis=1) if whole.any() else np.full(len(effects), np.nan)
    free = means[0] or np.nan  # of no effect there are no shares
    return {
        mechanism: float(1.0 - means[1 + at] / free)
        for at, mechanism in enumerate(mediation.OUTPUTS)
    }


def can_travel(part: Part) -> bool:
    """Whether a part contrasts two arms that differ in nothing but their scenarios."""
    return len(part.plus) == 1 and len(part.less) == 1 and part.plus[0][1] == part.less[0][1]
