"""Through which mechanism an effect travels: two scenarios side by side, one mechanism held on the other's path.

Claim: an effect that goes when a link is held still ran through that link (Pearl 2001, "Direct and indirect effects").
Form: both scenarios run month by month under the same draws; after the named mechanism has worked in the changed one,
what it writes is replaced by what it wrote in the unchanged one.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from eurasia_sim.compute.blocks import RUNS
from eurasia_sim.compute.dimensions import Floats, Integers
from eurasia_sim.compute.jit import compiled
from eurasia_sim.kernel.arrays import STATE
from eurasia_sim.kernel.month import PHASES, apply_levers, checked, run_mechanism
from eurasia_sim.kernel.outcomes import observe
from eurasia_sim.kernel.workspace import Workspace, levers_of, plan_of
from eurasia_sim.simulation.inputs import Inputs

# What each mechanism hands to the others, in the order in which they work.
OUTPUTS: dict[str, tuple[str, ...]] = {
    "perception": ("power", "hazard", "projected", "spillover", "threat"),
    "alignment": ("leaning", "alignment"),
    "allocation": ("budget", "common", "containment", "inclination", "effort"),
    "cooperation": ("joint", "pair_joint", "venue_effort", "venue_total", "convening_influence", "partnership", "rivalry"),
    "contest": ("access", "influence", "held", "demand", "strength", "total"),
    "regime": ("ruler", "challenger", "control", "economy", "militants", "restraint", "stability", "standing"),
    "recognition": ("recognition", "standing"),
}


def output_places(mechanism: str, counts: Any) -> Integers:
    """(Z,) where among a run's numbers a mechanism's output lies."""
    places = [STATE.place(name, counts)[0] for name in OUTPUTS[mechanism]]
    return np.concatenate([np.arange(place.start, place.stop) for place in places])


@compiled
def _run_beside(own, other, report, levers, plan, months, buffers, held, places, trajectory):
    """Run two blocks month by month, one mechanism's output of `own` held on what it is in `other`.

    Args:
        own, other: `Blocks`. levers, months, buffers: two each, the changed scenario's and the unchanged one's: lever
            series, and the numbers of the blocks' months and states.
        held: place in `OUTPUTS` of the mechanism. places: (Y,) its output. trajectory: (months, kept, 8), written.
    """
    state, constants, _, facts, _ = own
    for t in range(plan.start, plan.stop):
        apply_levers(levers[0], t, t == plan.start, months[0])
        apply_levers(levers[1], t, t == plan.start, months[1])
        number = np.uint64(t + plan.burn_in)
        for mechanism in range(1, len(PHASES)):
            run_mechanism(mechanism, other, number)
            run_mechanism(mechanism, own, number)
            if mechanism == 1 + held:
                for place in places:
                    for r in range(RUNS):
                        buffers[0][place, r] = buffers[1][place, r]
        observe(state, constants, facts, report, plan.needed)
        for c in range(plan.kept.size):
            trajectory[t - plan.kept_start, c] = report.observed[plan.kept[c]]


def run_beside(
    changed: Inputs, unchanged: Inputs, draws: Any, memories: Floats, start: int, mechanism: str, kept: Integers
) -> Floats:
    """(R, months from `start`, kept) of the changed scenario, one mechanism's output held on the unchanged one's path.

    Args:
        draws: `Draws`. memories: (R, Z) snapshots before month `start`, the month of parting; left as they are.
    """
    months, held = (start, min(changed.months, unchanged.months)), list(OUTPUTS).index(mechanism)
    found = np.full((len(draws), changed.months - start, len(kept)), np.nan)
    own, other = (Workspace(changed.facts, draws.rules) for _ in range(2))
    plan, places = plan_of(months, changed.burn_in, kept=kept), output_places(mechanism, changed.facts.counts)
    for first in range(0, len(draws), RUNS):
        some = slice(first, first + RUNS)
        part, which = draws.part(some), np.zeros(RUNS, np.int64)
        for workspace in (own, other):
            workspace.load(part.rules, part.rows, part.seeds, memories[some])
        trajectory = np.full((months[1] - start, len(kept), RUNS), np.nan)
        levers = tuple(levers_of([inputs.levers], which, months) for inputs in (changed, unchanged))
        _run_beside(
            checked(own.blocks), checked(other.blocks), own.report, levers, plan,
            (own.month.memory, other.month.memory), (own.state.memory, other.state.memory), held, places, trajectory,
        )  # fmt: skip
        found[some, : months[1] - start] = trajectory[:, :, : len(part)].transpose(2, 0, 1)
    return found
