"""What two actors do together rather than alone, and in whose venues (cites grieco1988, keohane1984)."""

from __future__ import annotations

from eurasia_sim.compilation import phase, whole
from eurasia_sim.lanes import LANES, all_eight, eight, eights, spread, total
from eurasia_sim.mathematics import (
    TINY,
    exponential,
    farthest,
    fill,
    fused,
    greater,
    lesser,
    logistic,
    meeting,
    neighbour,
    square_root,
)
from eurasia_sim.parameters import DOMAIN_COUNT


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
    gain = fused(p.joint_danger, pooled, p.joint_gain)
    worth = fused(1.0 + 2.0 * p.relative_gains, own_share, -p.relative_gains)
    return fused(gain, worth, ready)


@phase
def go_round(row, needed, circle):
    """Write what actors have round the circle, the first again after the last, until the needed places are filled."""
    for first in range(0, needed, row.size):
        for i in range(0, row.size, LANES):
            circle[eight(first + i)] = all_eight(row[eight(i)])


@phase
def make_ready(alignment, venues, p, trust, ready):
    """Write each meeting's readiness by domain, (places, D, M), in places round the circle.

    Args:
        venues: (places, D, M) shared by the two who meet. trust: (places, M) scratch, their mean alignment.
    """
    places, _, distances = ready.shape
    actors = alignment.shape[0]
    for m in range(distances):
        for place in range(actors):
            j = neighbour(place, m + 1, actors)
            trust[place, m] = 0.5 * (alignment[place, j] + alignment[j, place])
        for place in range(actors, places):
            trust[place, m] = trust[place - actors, m]
        for i in eights(places):
            for d in range(DOMAIN_COUNT):
                ready[i, d, m] = readiness(trust[i, m], venues[i, d, m], p)


@phase
def weigh_meetings(i, j, m, state, p):
    """Write the log-odds of acting jointly at eight meetings, cell by cell; return their smaller efforts' sums.

    Args:
        i, j: who meets, round the circle. m: the distance, from 0.
    """
    effort, roots, ready, together = state.effort_circle, state.danger_circle, state.ready, state.together
    theatres = together.shape[1]
    overlap = spread(0.0)
    for k in range(theatres):
        for d in range(DOMAIN_COUNT):
            less, both = lesser(effort[i, k, d], effort[j, k, d]), effort[i, k, d] + effort[j, k, d]
            pooled = roots[i, k, d] * roots[j, k, d]
            together[i, k, d, m] = joint_odds(ready[i, d, m], pooled, less / (both + TINY), p)
            overlap += less
    return overlap


@phase
def hold_meetings(i, j, m, state, least):
    """Put what is done together in place of its log-odds, raise each actor's largest by it, and return the sums.

    Args:
        least: (K, D) share of the smaller effort that is done jointly in any case.
    """
    effort, together, as_first, as_second = state.effort_circle, state.together, state.joint_first, state.joint_second
    theatres = together.shape[1]
    agreed = spread(0.0)
    for k in range(theatres):
        for d in range(DOMAIN_COUNT):
            share = greater(logistic(together[i, k, d, m]), least[k, d])
            joint = share * lesser(effort[i, k, d], effort[j, k, d])
            together[i, k, d, m] = joint
            as_first[i, k, d] = greater(as_first[i, k, d], joint)
            as_second[j, k, d] = greater(as_second[j, k, d], joint)
            agreed += joint
    return agreed


@phase
def meet_at(distance, state, month, p):
    """Write for all meetings at a distance what is done together, cell by cell, and rivalry and partnership of the two.

    Form: rivalry is the smaller efforts not joined, over both budgets; partnership what is joined, over both.
    """
    budgets, m = state.budget_circle, distance - 1
    for first in range(0, state.ready.shape[0], LANES):
        i, j = eight(first), eight(first + distance)
        overlap = weigh_meetings(i, j, m, state, p)
        agreed = hold_meetings(i, j, m, state, month.jointness)
        share = 2.0 / (budgets[i] + budgets[j] + TINY)
        state.rival[i, m], state.partner[i, m] = share * (overlap - agreed), share * agreed


@phase
def meet(state, month, p):
    """Write for each pair, cell by cell, what of its smaller effort is done together, and each actor's largest.

    Form: actors stand in a circle and meet by distance along it, from each place on, eight meetings at a time.
    """
    joint, as_first, as_second, roots = state.joint, state.joint_first, state.joint_second, state.weighed
    actors, theatres, _ = joint.shape
    needed = state.ready.shape[0] + farthest(actors)
    go_round(state.budget, needed, state.budget_circle)
    for k in range(theatres):
        for d in range(DOMAIN_COUNT):
            for i in eights(actors):
                roots[i, k, d] = square_root(state.common[i, k, d])
            go_round(state.effort[:, k, d], needed, state.effort_circle[:, k, d])
            go_round(roots[:, k, d], needed, state.danger_circle[:, k, d])
    fill(whole(as_first), 0.0)
    fill(whole(as_second), 0.0)
    make_ready(state.alignment, month.meetings, p, state.rival, state.ready)
    for distance in range(1, farthest(actors) + 1):
        meet_at(distance, state, month, p)
    for k in range(theatres):
        for d in range(DOMAIN_COUNT):
            for i in range(actors):
                second = greater(as_second[i, k, d], as_second[i + actors, k, d])
                joint[i, k, d] = greater(as_first[i, k, d], second)


@phase
def share_out(state):
    """Write each pair's rivalry and partnership (N, N) from its meeting."""
    rivalry, partnership, rival, partner = state.rivalry, state.partnership, state.rival, state.partner
    actors = rivalry.shape[0]
    for m in range(farthest(actors)):
        for i in range(actors):
            j = neighbour(i, m + 1, actors)
            rivalry[i, j], rivalry[j, i] = rival[i, m], rival[i, m]
            partnership[i, j], partnership[j, i] = partner[i, m], partner[i, m]


@phase
def join(state, constants, month, p):
    """Write what is done jointly, by each actor and by each pair.

    For each actor its largest joint effort a cell, for each pair its rivalry (contested overlap over both budgets) and
    partnership (joint overlap over both budgets); and the focal pairs' joint efforts.
    """
    actors, theatres, _ = state.effort.shape
    meet(state, month, p)
    share_out(state)
    for pair in range(constants.focus.shape[0]):
        place, distance = meeting(constants.focus[pair, 0], constants.focus[pair, 1], actors)
        for k in range(theatres):
            for d in range(DOMAIN_COUNT):
                state.pair_joint[pair, k, d] = state.together[place, k, d, distance - 1]


@phase
def convene(state, constants, month, p):
    """Write how effort divides over venues (N, V), its sum in each, and what their conveners gain by it (N, K).

    Each actor's diplomatic and joint effort goes to the venues it belongs to; their conveners gain in each theatre
    whose ruler is a member.

    Claim: who convenes the region is itself contested (aliyev2022 L304, L316).
    Form: a logit over memberships by the convener's alignment with the member, its own convening counting by primacy.
    """
    attended, summoned, spent, ruler, effort = state.attended, state.summoned, state.spent, state.ruler, state.effort
    convenes, membership, alignment, joint = constants.convenes, month.membership, state.alignment, state.joint
    venues, actors = convenes.shape
    theatres = effort.shape[1]
    fill(whole(summoned), 0.0)
    fill(whole(attended), 0.0)
    for v in range(venues):
        for j in range(actors):
            if convenes[v, j] > 0.0:
                for i in eights(actors):
                    attended[i, v] += convenes[v, j] * alignment[i, j]
                attended[j, v] += convenes[v, j] * (constants.weight[j, 0] - alignment[j, j])
    for i in eights(actors):
        volume, pull = spread(0.0), spread(TINY)
        for k in range(theatres):
            volume += effort[i, k, 2] + joint[i, k, 0] + joint[i, k, 1]
        for v in range(venues):
            attended[i, v] = membership[i, v] * exponential(p.venue_pull * attended[i, v])
            pull += attended[i, v]
        spent[i] = volume / pull
    for v in range(venues):
        gathered = 0.0
        for i in eights(actors):
            attended[i, v] *= spent[i]
            gathered += total(attended[i, v])
        state.gathered[v] = gathered
        for j in range(actors):
            if convenes[v, j] > 0.0:
                for k in range(theatres):
                    if ruler[k] >= 0 and membership[ruler[k], v] > 0.0:
                        summoned[j, k] += p.venue_influence * convenes[v, j] * gathered


@phase
def cooperate(state, constants, month, p):
    """Settle, for efforts given, what is done jointly and where actors meet."""
    join(state, constants, month, p)
    convene(state, constants, month, p)
