"""What two actors do together rather than alone, and in whose venues (cites grieco1988, keohane1984)."""

from __future__ import annotations

import numpy as np

from eurasia_sim.mathematics import TINY, compiled, copy, exponential, fill, logistic, phase


@phase
def readiness(trust, venues, p):
    """Log-odds of acting jointly before any gain: trust (mean alignment) and shared venues against reluctance.

    Claim: institutions ease cooperation (keohane1984); the aligned cooperate (walt1985).
    """
    return p.joint_trust * trust + p.joint_venues * venues - p.joint_reluctance


@phase
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


@phase
def joint_volumes(smaller, both, danger, ready, p, out):
    """Write what is done together in each of a row of meetings, at most the smaller of two efforts.

    Args:
        smaller, both: the smaller effort, and the sum of the two. danger: the common containment need (geometric mean).
        ready: log-odds. out: written; all of one length.
    """
    for c in range(out.size):
        share = smaller[c] / (both[c] + TINY)
        out[c] = joint_willingness(ready[c], danger[c], share, p) * smaller[c]


@phase
def meet(state, month, p):
    """Write for each pair, cell by cell, its smaller effort, sum of efforts, common danger and readiness."""
    actors, theatres, domains = state.effort.shape
    effort, roots, alignment, venues = state.effort.ravel(), state.common_root.ravel(), state.alignment, month.venues
    smaller, both, danger, ready = state.pair_smaller, state.pair_both, state.pair_danger, state.pair_ready
    cells = theatres * domains
    row = 0
    for i in range(actors):
        for j in range(i + 1, actors):
            mine, theirs = i * cells, j * cells
            for c in range(cells):
                smaller[row + c] = min(effort[mine + c], effort[theirs + c])
                both[row + c] = effort[mine + c] + effort[theirs + c]
                danger[row + c] = roots[mine + c] * roots[theirs + c]
            trust = 0.5 * (alignment[i, j] + alignment[j, i])
            security = readiness(trust, venues[i, j, 0], p)
            economic = readiness(trust, venues[i, j, 1], p)
            diplomatic = readiness(trust, venues[i, j, 2], p)
            for c in range(row, row + cells, domains):
                ready[c], ready[c + 1], ready[c + 2] = security, economic, diplomatic
            row += cells


@phase
def share_out(state, month):
    """Write each actor's largest joint effort a cell, and each pair's rivalry and partnership, from the meetings."""
    actors, theatres, domains = state.effort.shape
    cells = theatres * domains
    smaller, together, least, means = state.pair_smaller, state.pair_together, month.jointness.ravel(), state.budget
    joint = state.joint.reshape((actors, cells))
    fill(state.joint.ravel(), 0.0)
    row = 0
    for i in range(actors):
        for j in range(i + 1, actors):
            overlap, shared = 0.0, 0.0
            for c in range(cells):
                volume = max(together[row + c], least[c] * smaller[row + c])
                overlap += smaller[row + c]
                shared += volume
                joint[i, c] = max(joint[i, c], volume)
                joint[j, c] = max(joint[j, c], volume)
                together[row + c] = volume
            row += cells
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
    cells = theatres * domains
    common, roots = state.common.ravel(), state.common_root.ravel()
    for c in range(common.size):
        roots[c] = np.sqrt(common[c])
    meet(state, month, p)
    joint_volumes(state.pair_smaller, state.pair_both, state.pair_danger, state.pair_ready, p, state.pair_together)
    share_out(state, month)
    for pair in range(constants.focus.shape[0]):
        one, other = constants.focus[pair, 0], constants.focus[pair, 1]
        first, second = min(one, other), max(one, other)
        row = (first * (2 * actors - first - 1) // 2 + second - first - 1) * cells
        copy(state.pair_together[row : row + cells], state.pair_joint[pair].ravel())


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
    fill(attended.ravel(), 0.0)
    for v in range(venues):
        for j in range(actors):
            if convenes[v, j] > 0.0:
                for i in range(actors):
                    attended[i, v] += convenes[v, j] * (weight[i, 0] if j == i else alignment[i, j])
    flat = attended.ravel()
    for c in range(flat.size):
        flat[c] = exponential(p.venue_pull * flat[c])
    for i in range(actors):
        spent, total = 0.0, TINY
        for k in range(theatres):
            spent += effort[i, k, 2] + joint[i, k, 0] + joint[i, k, 1]
        for v in range(venues):
            attended[i, v] *= membership[v, i]
            total += attended[i, v]
        for v in range(venues):
            attended[i, v] *= spent / total
    fill(summoned.ravel(), 0.0)
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
