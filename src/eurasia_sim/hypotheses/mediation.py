"""Mediated share: how much of an effect goes when one mechanism is held on the unchanged path.

Claim: an effect that goes when a link is held ran through that link (Pearl 2001, "Direct and
indirect effects").
Form: both scenarios run month by month under the same draws; after the named mechanism has worked
in the changed one, its output is replaced by that of the unchanged one.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from eurasia_sim.compute.blocks import RUNS
from eurasia_sim.compute.dimensions import Floats, Integers
from eurasia_sim.compute.jit import compiled
from eurasia_sim.hypotheses.arms import Plan, by_column, read, with_fixed
from eurasia_sim.hypotheses.hypothesis import Part
from eurasia_sim.kernel.arrays import STATE
from eurasia_sim.kernel.month import PHASES, apply_levers, checked, run_mechanism
from eurasia_sim.kernel.outcomes import observe
from eurasia_sim.kernel.workspace import Workspace, levers_of, plan_of
from eurasia_sim.simulation.ensemble import chunks_of, run_branched, snapshots
from eurasia_sim.simulation.inputs import Inputs
from eurasia_sim.simulation.parameter_draws import Draws

# State that each mechanism hands to the others, in the order in which they work.
OUTPUTS: dict[str, tuple[str, ...]] = {
    "perception": ("power", "hazard", "projected", "spillover", "threat", "regional", "party"),
    "alignment": ("leaning", "alignment", "regional_overlap"),
    "allocation": ("budget", "common", "containment", "inclination", "effort"),
    "cooperation": (
        "joint", "pair_joint", "venue_effort", "venue_total", "convening_influence", "partnership",
        "rivalry",
    ),
    "contest": (
        "access", "influence", "regional_influence", "demand", "strength", "total", "deposit",
        "posted", "posted_strength", "shut",
    ),
    "regime": (
        "ruler", "challenger", "control", "fighters", "ruler_strength", "violence", "narcotics",
        "militants", "restraint", "stability", "standing",
    ),
    "recognition": ("recognition", "standing"),
}  # fmt: skip


def is_mediated(part: Part) -> bool:
    """Whether a part contrasts two arms that differ in nothing but their scenarios."""
    return len(part.plus) == 1 and len(part.less) == 1 and part.plus[0][1] == part.less[0][1]


def mediated_shares(
    plan: Plan, parts: Sequence[Part], theory: str, draws: Draws, workers: int | None = None
) -> list[dict[str, float]]:
    """For each part, by mechanism, the share of its effect that goes when its output is held.

    1 is all of it, 0 none; above 1 the rest works the other way, below 0 the mechanism dampened the
    effect. Shares need not add up: a link held also stops what came through it from elsewhere.

    Args:
        parts: all of the same two arms with the same numbers.
    """
    changed, unchanged = (plan.inputs(arm, theory, {}) for arm in parts[0].arms)
    own = with_fixed(plan.world, changed, draws)
    names = list(dict.fromkeys(name for part in parts for name in part.metric.names))
    kept = np.array([changed.columns.index(name) for name in names], np.int64)
    start, since = plan.parting(changed, unchanged), min(part.window[0] for part in parts)

    def readings(path: Floats) -> Floats:
        months = by_column(names, path)
        return np.array([read(part.metric, part.window, since, months) for part in parts])

    def work(chunk: slice) -> Floats:
        few = own.part(chunk)
        both = run_branched([changed, unchanged], [start, start], few, kept, since)
        base = readings(both[1])
        found = [readings(both[0]) - base]
        memories = snapshots(changed, few, start)
        for mechanism in OUTPUTS:
            path = run_beside(changed, unchanged, few, memories, start, mechanism, kept)
            if start < since:
                path = path[:, since - start :]
            else:  # the window opens before the two part
                path = np.concatenate([both[1][:, : start - since], path], axis=1)
            found.append(readings(path) - base)
        return np.array(found)

    effects = np.concatenate(chunks_of(work, len(draws), workers), axis=2)
    return [_shares(effects[:, at]) for at in range(len(parts))]


def _shares(effects: Floats) -> dict[str, float]:
    """By mechanism, the share of one part's effect that goes.

    Args:
        effects: (1 + mechanisms, R), the free effect first.
    """
    whole = np.isfinite(effects).all(axis=0)
    means = effects[:, whole].mean(axis=1) if whole.any() else np.full(len(effects), np.nan)
    free = means[0] or np.nan  # no effect has no shares
    shares = 1.0 - means[1:] / free
    return dict(zip(OUTPUTS, map(float, shares), strict=True))


@compiled
def _run_beside(own, other, report, levers, plan, months, buffers, held, places, trajectory):
    """Run two blocks month by month, one mechanism's output of `own` copied from `other`.

    Args:
        own, other: `Blocks`. levers, months, buffers: two each, the changed scenario's and the
            unchanged one's: lever series, and the numbers of the blocks' months and states.
        held: place in `OUTPUTS` of the mechanism. places: (Y,) its output. trajectory: (months,
            kept, 8), written.
    """
    state, constants, _, facts, _ = own
    for t in range(plan.start, plan.stop):
        apply_levers(levers[0], t, t == plan.start, months[0])
        apply_levers(levers[1], t, t == plan.start, months[1])
        for mechanism in range(1, len(PHASES)):
            run_mechanism(mechanism, other, t)
            run_mechanism(mechanism, own, t)
            if mechanism == 1 + held:
                for place in places:
                    for r in range(RUNS):
                        buffers[0][place, r] = buffers[1][place, r]
        observe(state, constants, facts, report, plan.needed)
        for c in range(plan.kept.size):
            trajectory[t - plan.kept_start, c] = report.observed[plan.kept[c]]


def run_beside(
    changed: Inputs, unchanged: Inputs, draws: Draws, memories: Floats, start: int, mechanism: str,
    kept: Integers,
) -> Floats:  # fmt: skip
    """Run the changed scenario with one mechanism's output held on the unchanged one's path.

    Args:
        memories: (R, Z) snapshots before month `start`, the month of parting; not changed.

    Returns:
        (R, months from `start`, kept).
    """
    months, held = (start, min(changed.months, unchanged.months)), list(OUTPUTS).index(mechanism)
    found = np.full((len(draws), changed.months - start, len(kept)), np.nan)
    own, other = (Workspace(changed.facts, draws.rules) for _ in range(2))
    plan = plan_of(months, changed.burn_in, kept=kept)
    spans = [STATE.place(name, changed.facts.counts)[0] for name in OUTPUTS[mechanism]]
    places = np.concatenate([np.arange(span.start, span.stop) for span in spans])
    for first in range(0, len(draws), RUNS):
        some = slice(first, first + RUNS)
        part, which = draws.part(some), np.zeros(RUNS, np.int64)
        for workspace in (own, other):
            workspace.load(part.rules, part.rows, part.seeds, memories[some])
        trajectory = np.full((months[1] - start, len(kept), RUNS), np.nan)
        levers = tuple(levers_of([inputs.levers], which, months) for inputs in (changed, unchanged))
        _run_beside(
            checked(own.blocks), checked(other.blocks), own.report, levers, plan,
            (own.month.memory, other.month.memory), (own.state.memory, other.state.memory), held,
            places, trajectory,
        )  # fmt: skip
        found[some, : months[1] - start] = trajectory[:, :, : len(part)].transpose(2, 0, 1)
    return found
