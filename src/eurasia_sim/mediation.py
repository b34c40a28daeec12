"""Through which mechanism an effect travels: two scenarios side by side, one mechanism held on the other's path.

Claim: an effect that goes when a link is held still ran through that link (Pearl 2001, "Direct and indirect effects").
Form: both scenarios run month by month under the same draws; after the named mechanism has worked in the changed one,
what it writes is replaced by what it wrote in the unchanged one.
"""

from __future__ import annotations

import numpy as np

from eurasia_sim.compilation import compiled
from eurasia_sim.derivation import derive
from eurasia_sim.kernel import PHASES, Counts, turn, work
from eurasia_sim.layout import state_size, unpack_constants, unpack_state
from eurasia_sim.mathematics import copy
from eurasia_sim.measures import observe, up_to
from eurasia_sim.parameters import Integers

# What each mechanism hands to the others, in the order in which they work.
OUTPUTS: dict[str, tuple[str, ...]] = {
    "perception": ("power", "hazard", "projected", "spillover", "threat"),
    "alignment": ("leaning", "alignment"),
    "allocation": ("budget", "common", "containment", "inclination", "effort"),
    "cooperation": ("joint", "pair_joint", "attended", "gathered", "summoned", "partnership", "rivalry"),
    "contest": ("access", "influence", "held", "demand", "strength", "total"),
    "regime": ("ruler", "challenger", "control", "economy", "militants", "restraint", "stability", "standing"),
    "recognition": ("recognition", "standing"),
}


def output_places(mechanism: str, actors: int, theatres: int, venues: int, pairs: int) -> Integers:
    """(Z,) where on the flat row of a run's memory a mechanism's output lies."""
    row = np.arange(float(state_size.py_func(actors, theatres, venues, pairs)))
    state = unpack_state.py_func(row, actors, theatres, venues, pairs)
    places = [getattr(state, name).view(np.float64).ravel() for name in OUTPUTS[mechanism]]
    return np.concatenate(places).astype(np.int64)


@compiled
def run_beside(
    rules, rows, seeds, memories, fixed, geography, unchanged, changed, nows, focus, scopes, start, burn_in, held,
    places, kept, row, twins, trajectories,
):  # fmt: skip
    """Run the changed scenario from the month of parting, with one mechanism's output held on the unchanged one's path.

    Args:
        memories: (R, Z) snapshots before month `start`, left as they are.
        unchanged, changed: the schedules of the two scenarios. nows: (2, W) scratch, a month of each.
        held: place in `OUTPUTS` of the mechanism that is held. places: (Y,) its output on the flat row.
        kept: (C,) columns. row: as long as all columns, scratch. twins: (2, Z) scratch.
        trajectories: (R, T - start, C), written.
    """
    counts = Counts(
        geography.name_hash.size, geography.size.size, geography.convenes.shape[0], focus.shape[0], scopes.shape[0]
    )
    n, k, v, pairs, areas = counts
    own, other = twins[0], twins[1]
    for r in range(rows.shape[0]):
        p = rules[r]
        derive(rows[r], fixed, geography, focus, scopes, p)
        copy(memories[r], own)
        copy(memories[r], other)
        state, constants = unpack_state(own, n, k, v, pairs), unpack_constants(fixed, n, k, v, pairs, areas)
        for t in range(start, changed.first.size - 1):
            since = t if t > start else 0
            turn(changed, since, t, nows[0])
            turn(unchanged, since, t, nows[1])
            number = np.uint64(t + burn_in)
            for mechanism in range(1, len(PHASES)):
                work(mechanism, other, fixed, nows[1], counts, seeds[r], number, p)
                work(mechanism, own, fixed, nows[0], counts, seeds[r], number, p)
                if mechanism == 1 + held:
                    for place in places:
                        own[place] = other[place]
            observe(state, constants, row, up_to(kept))
            for c in range(kept.size):
                trajectories[r, t - start, c] = row[kept[c]]
