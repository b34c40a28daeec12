"""What two actors do together rather than alone, and in whose venues (cites grieco1988, keohane1984)."""

from __future__ import annotations

import numpy as np

from eurasia_sim.compilation import compiled, flat, phase, shaped
from eurasia_sim.mathematics import (
    TINY,
    copy,
    exponential,
    fill,
    greater,
    lesser,
    logistics,
    neighbour,
    pair_place,
    pairs_apart,
)


@phase
def readiness(trust, venues, p):
    """Log-odds of acting jointly before any gain: trust (mean alignment) and shared venues against reluctance.

    Claim: institutions ease cooperation (keohane1984); the aligned cooperate (walt1985).
    """
    return p.joint_trust * trust + p.joint_venues * venues - p.joint_reluctance


@phase
def joint_odds(ready, pooled, own_share, p):
    """Log-odds that the less favoured of two does together what both do in one place.

    Claim: a state's worth of cooperation is its gain less k times the gap by which the partner gains more, V - k(W - V)
    (grieco1988).
    Form: readiness and gain * (s - k(1 - 2s)), s the smaller party's share of the effort; it takes two, so the smaller
    willingness decides, and the smaller share has it.

    Args:
        ready: log-odds. pooled: common danger, >= 0. own_share: s in [0, 0.5].
    """
    gain = p.joint_gain + p.joint_danger * pooled
    return ready + gain * (own_share - p.relative_gains * (1.0 - 2.0 * own_share))


@phase
def joint_volumes(mine, theirs, danger, others_danger, ready, least, p, smaller, together):
    """Write for a row of meetings the smaller of two efforts, and what of it is done together.

    Args:
        mine, theirs: the two efforts. danger, others_danger: square roots of the two's containment needs, whose product
            is the need they have in common. ready: log-odds. least: share that is done jointly in any case.
        smaller, together: written; all of one length.
    """
    for c in range(together.size):
        less = lesser(mine[c], theirs[c])
        share = less / (mine[c] + theirs[c] + TINY)
        smaller[c] = less
        together[c] = joint_odds(ready[c], danger[c] * others_danger[c], share, p)
    logistics(together)
    for c in range(together.size):
        together[c] = greater(together[c], least[c]) * smaller[c]


@phase
def close_circle(actors, circle):
    """Write the first rows of a circle of actors again after its last, so that everyone's neighbours follow it."""
    for i in range(actors, circle.shape[0]):
        copy(circle[i - actors], circle[i])


@phase
def make_ready(alignment, venues, p, ready):
    """Write each pair's readiness, cell by cell, in the order of the circle; `ready` is (pairs, K * D)."""
    actors, theatres = alignment.shape[0], ready.shape[1] // 3
    for distance in range(1, actors // 2 + 1):
        for place in range(pairs_apart(distance, actors)):
            i, j = place, neighbour(place, distance, actors)
            trust = 0.5 * (alignment[i, j] + alignment[j, i])
            security = readiness(trust, venues[i, j, 0], p)
            economic = readiness(trust, venues[i, j, 1], p)
            diplomatic = readiness(trust, venues[i, j, 2], p)
            row = shaped(ready[(distance - 1) * actors + place], (theatres, 3))
            for k in range(theatres):
                row[k, 0], row[k, 1], row[k, 2] = security, economic, diplomatic


@phase
def meet(state, month, p):
    """Write for each pair, cell by cell, its smaller effort and what of it is done together.

    Form: actors stand in a circle and meet by distance along it, so that all meetings at one distance are one long row.
    """
    actors = state.effort.shape[0]
    effort, roots, least = state.effort_circle, state.danger_circle, state.least_joint
    cells = effort.shape[1]
    copy(flat(state.effort), flat(effort[:actors]))
    for c in range(actors * cells):
        flat(roots)[c] = np.sqrt(flat(state.common)[c])
    close_circle(actors, effort)
    close_circle(actors, roots)
    for i in range(actors):
        copy(flat(month.jointness), least[i])
    make_ready(state.alignment, month.venues, p, state.pair_ready)
    ready, smaller, together = flat(state.pair_ready), flat(state.pair_smaller), flat(state.pair_together)
    for distance in range(1, actors // 2 + 1):
        size, shift, at = pairs_apart(distance, actors) * cells, distance * cells, (distance - 1) * actors * cells
        joint_volumes(
            flat(effort)[:size], flat(effort)[shift : shift + size],
            flat(roots)[:size], flat(roots)[shift : shift + size],
            ready[at : at + size], flat(least), p, smaller[at : at + size], together[at : at + size],
        )  # fmt: skip


@phase
def raise_to(volumes, largest):
    """Raise a flat row to another where that is larger."""
    for c in range(volumes.size):
        largest[c] = greater(largest[c], volumes[c])


@phase
def largest_joint(together, circle, joint):
    """Write each actor's largest joint effort a cell: joint (N, K * D), from the meetings along the circle."""
    actors, cells = joint.shape
    volumes = flat(circle)
    fill(volumes, 0.0)
    for distance in range(1, actors // 2 + 1):
        size, shift, at = pairs_apart(distance, actors) * cells, distance * cells, (distance - 1) * actors * cells
        raise_to(together[at : at + size], volumes[:size])
        raise_to(together[at : at + size], volumes[shift : shift + size])
    copy(flat(circle[:actors]), flat(joint))
    raise_to(flat(circle[actors:]), flat(joint))


@phase
def sum_of_cells(row):
    """Sum of a row of K * 3 cells, theatre by theatre."""
    total, cells = 0.0, shaped(row, (row.size // 3, 3))
    for k in range(cells.shape[0]):
        total += cells[k, 0] + cells[k, 1] + cells[k, 2]
    return total


@phase
def share_out(state):
    """Write each pair's rivalry and partnership from the meetings: contested and joint overlap over both budgets."""
    actors, means = state.budget.size, state.budget
    smaller, together = state.pair_smaller, state.pair_together
    for distance in range(1, actors // 2 + 1):
        for place in range(pairs_apart(distance, actors)):
            i, j = place, neighbour(place, distance, actors)
            pair = (distance - 1) * actors + place
            overlap, shared = sum_of_cells(smaller[pair]), sum_of_cells(together[pair])
            both = means[i] + means[j] + TINY
            state.rivalry[i, j] = 2.0 * (overlap - shared) / both
            state.partnership[i, j] = 2.0 * shared / both
            state.rivalry[j, i], state.partnership[j, i] = state.rivalry[i, j], state.partnership[i, j]


@phase
def join(state, constants, month, p):
    """Write what is done jointly, by each actor and by each pair.

    For each actor its largest joint effort a cell, for each pair its rivalry (contested overlap over both budgets) and
    partnership (joint overlap over both budgets); and the focal pairs' joint efforts.
    """
    actors, theatres, domains = state.effort.shape
    meet(state, month, p)
    joint = shaped(state.joint, (actors, theatres * domains))
    largest_joint(flat(state.pair_together), state.effort_circle, joint)
    share_out(state)
    for pair in range(constants.focus.shape[0]):
        place = pair_place(constants.focus[pair, 0], constants.focus[pair, 1], actors)
        copy(state.pair_together[place], flat(state.pair_joint[pair]))


@phase
def convene(state, constants, month, p):
    """Write how effort divides over venues (N, V), and what their conveners gain by it (N, K).

    Each actor's diplomatic and joint effort goes to the venues it belongs to; their conveners gain in each theatre
    whose ruler is a member.

    Claim: who convenes the region is itself contested (aliyev2022 L304, L316).
    Form: a logit over memberships by the convener's alignment with the member, its own convening counting by primacy.
    """
    convenes, membership, weight, alignment = constants.convenes, month.membership, constants.weight, state.alignment
    attended, summoned, effort, joint, ruler = state.attended, state.summoned, state.effort, state.joint, state.ruler
    venues, actors = convenes.shape
    theatres = effort.shape[1]
    fill(flat(attended), 0.0)
    for v in range(venues):
        for j in range(actors):
            if convenes[v, j] > 0.0:
                for i in range(actors):
                    attended[i, v] += convenes[v, j] * (weight[i, 0] if j == i else alignment[i, j])
    pull = flat(attended)
    for c in range(pull.size):
        pull[c] = exponential(p.venue_pull * pull[c])
    for i in range(actors):
        spent, total = 0.0, TINY
        for k in range(theatres):
            spent += effort[i, k, 2] + joint[i, k, 0] + joint[i, k, 1]
        for v in range(venues):
            attended[i, v] *= membership[v, i]
            total += attended[i, v]
        for v in range(venues):
            attended[i, v] *= spent / total
    fill(flat(summoned), 0.0)
    for v in range(venues):
        gathered = 0.0
        for i in range(actors):
            gathered += attended[i, v]
        for j in range(actors):
            if convenes[v, j] > 0.0:
                for k in range(theatres):
                    if ruler[k] >= 0 and membership[v, ruler[k]] > 0.0:
                        summoned[j, k] += p.venue_influence * convenes[v, j] * gathered


@compiled
def cooperate(state, constants, month, p):
    """Settle, for efforts given, what is done jointly and where actors meet."""
    join(state, constants, month, p)
    convene(state, constants, month, p)
