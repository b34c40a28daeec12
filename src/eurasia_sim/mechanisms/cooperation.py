"""What two actors do together rather than alone, and in whose venues (cites grieco1988, keohane1984)."""

from __future__ import annotations

import numpy as np

from eurasia_sim.mathematics import TINY, compiled, exponential, logistic


@compiled
def readiness(trust, venues, p):
    """Log-odds of acting jointly before any gain: trust (mean alignment) and shared venues against reluctance.

    Claim: institutions ease cooperation (keohane1984); the aligned cooperate (walt1985).
    """
    return p.joint_trust * trust + p.joint_venues * venues - p.joint_reluctance


@compiled
def joint_willingness(ready, pooled, own_share, p):
    """Willingness of the less favoured of two to do together what both do in one place, in (0, 1).

    Claim: a state's worth of cooperation is its gain less k times the gap by which the partner gains more, V - k(W - V)
    (grieco1988).
    Form: logistic of readiness and of gain * (s - k(1 - 2s)), s the smaller party's share of the effort; it takes two,
    so the smaller willingness decides, and the smaller share has it.

    Args:
        ready: log-odds. pooled: common danger, >= 0. own_share: s in [0, 0.5].
    """
    gain = p.joint_gain + p.joint_danger * pooled
    return logistic(ready + gain * (own_share - p.relative_gains * (1.0 - 2.0 * own_share)))


@compiled
def joint_volumes(mine, theirs, my_danger, their_danger, ready, least, p, out):
    """Write what is done together in each of a row of cells, at most the smaller of two efforts.

    Args:
        mine, theirs: efforts. my_danger, their_danger: square roots of each one's containment need. ready: log-odds.
        least: imposed least joint share. out: written; all of one length.
    """
    for c in range(out.size):
        share = min(mine[c], theirs[c]) / (mine[c] + theirs[c] + TINY)
        out[c] = joint_willingness(ready[c], my_danger[c] * their_danger[c], share, p)
    for c in range(out.size):
        out[c] = max(out[c], least[c]) * min(mine[c], theirs[c])


@compiled
def repeat_own(i, state, month, p):
    """Write actor i's efforts, dangers and readiness beside those of every other actor, cell by cell (N, K, D) each."""
    actors, theatres, domains = state.effort.shape
    mine, danger, ready = state.own_effort, state.own_danger, state.readiness
    effort, roots, alignment, venues = state.effort[i], state.common_root[i], state.alignment, month.venues[i]
    for j in range(i + 1, actors):
        trust = 0.5 * (alignment[i, j] + alignment[j, i])
        for d in range(domains):
            log_odds = readiness(trust, venues[j, d], p)
            for k in range(theatres):
                mine[j, k, d] = effort[k, d]
                danger[j, k, d] = roots[k, d]
                ready[j, k, d] = log_odds


@compiled
def join(state, constants, month, p):
    """Write what is done jointly, by each actor and by each pair.

    For each actor its largest joint effort a cell, for each pair its rivalry (contested overlap over both budgets) and
    partnership (joint overlap over both budgets); and the focal pairs' joint efforts.
    """
    actors, theatres, domains = state.effort.shape
    cells = theatres * domains
    effort, joint, roots = state.effort.ravel(), state.joint.ravel(), state.common_root.ravel()
    mine, danger, ready = state.own_effort.ravel(), state.own_danger.ravel(), state.readiness.ravel()
    common, together, least = state.common.ravel(), state.together.ravel(), state.least.ravel()
    state.joint[:] = 0.0
    state.least[:] = month.jointness
    for c in range(common.size):
        roots[c] = np.sqrt(common[c])
    for i in range(actors):
        repeat_own(i, state, month, p)
        rest = (i + 1) * cells
        joint_volumes(
            mine[rest:], effort[rest:], danger[rest:], roots[rest:], ready[rest:], least[rest:], p, together[rest:]
        )
        for c in range(rest, joint.size):
            joint[c] = max(joint[c], together[c])
        for j in range(i + 1, actors):
            meet(i, j, state)
        for pair in range(constants.focus.shape[0]):
            first, second = constants.focus[pair, 0], constants.focus[pair, 1]
            if min(first, second) == i:
                state.pair_joint[pair] = state.together[max(first, second)]


@compiled
def meet(i, j, state):
    """Write rivalry and partnership of actors i and j from what they do together, and i's largest joint efforts."""
    effort, joint, together = state.effort, state.joint, state.together
    overlap, shared = 0.0, 0.0
    for k in range(effort.shape[1]):
        for d in range(effort.shape[2]):
            overlap += min(effort[i, k, d], effort[j, k, d])
            shared += together[j, k, d]
            joint[i, k, d] = max(joint[i, k, d], together[j, k, d])
    both = state.budget[i] + state.budget[j] + TINY
    state.rivalry[i, j] = 2.0 * (overlap - shared) / both
    state.partnership[i, j] = 2.0 * shared / both
    state.rivalry[j, i], state.partnership[j, i] = state.rivalry[i, j], state.partnership[i, j]


@compiled
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
    for i in range(actors):
        spent, total = 0.0, TINY
        for k in range(theatres):
            spent += effort[i, k, 2] + joint[i, k, 0] + joint[i, k, 1]
        for v in range(venues):
            pull = 0.0
            for j in range(actors):
                pull += convenes[v, j] * (weight[i, 0] if j == i else alignment[i, j])
            attended[i, v] = membership[v, i] * exponential(p.venue_pull * pull)
            total += attended[i, v]
        for v in range(venues):
            attended[i, v] *= spent / total
    summoned[:] = 0.0
    for v in range(venues):
        gathered = 0.0
        for i in range(actors):
            gathered += attended[i, v]
        for k in range(theatres):
            if ruler[k] >= 0 and membership[v, ruler[k]] > 0.0:
                for j in range(actors):
                    summoned[j, k] += p.venue_influence * convenes[v, j] * gathered


@compiled
def cooperate(state, constants, month, p):
    """Settle, for efforts given, what is done jointly and where actors meet."""
    join(state, constants, month, p)
    convene(state, constants, month, p)
