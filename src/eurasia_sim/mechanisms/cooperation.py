"""What two actors do together rather than alone, and in whose venues (cites grieco1988, keohane1984)."""

from __future__ import annotations

from eurasia_sim.compute.blocks import RUNS
from eurasia_sim.compute.dimensions import DOMAIN_COUNT
from eurasia_sim.compute.jit import compiled, inlined, sequence
from eurasia_sim.compute.mathematics import TINY, exponential, fused, greater, lesser, logistic, square_root
from eurasia_sim.compute.vectors import spread


@inlined
def readiness(trust, venues, p):
    """Log-odds of acting jointly before any gain: trust (mean alignment) and shared venues against reluctance.

    Claim: institutions ease cooperation (keohane1984); the aligned cooperate (walt1985).
    """
    return p.joint_trust * trust + p.joint_venues * venues - p.joint_reluctance


@inlined
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


@compiled
def join(state, month, facts, p):
    """Write what each two do jointly: each actor's largest a cell, and each pair's rivalry and partnership.

    Form: together = max(willing, imposed jointness) * overlap; overlap is the smaller effort in a theatre and domain.
    Rivalry is the overlap that is not joined, over both budgets; partnership what is joined, over both.
    """
    effort, danger, joint, together = state.effort, state.danger, state.joint, state.together
    alignment, venues, jointness, budget = state.alignment, month.common_venues, month.jointness, state.budget
    rivalry, partnership = state.rivalry, state.partnership
    actors, theatres = state.actors, state.theatres
    for i in range(actors):
        for k in range(theatres):
            for d in range(DOMAIN_COUNT):
                danger[i, k, d] = square_root(state.common[i, k, d])
                joint[i, k, d] = 0.0
        rivalry[i, i], partnership[i, i] = 0.0, 0.0
    for i in range(actors):
        for j in range(i + 1, actors):
            trust = 0.5 * (alignment[i, j] + alignment[j, i])
            overlap, joined = spread(0.0), spread(0.0)
            for d in range(DOMAIN_COUNT):
                ready = readiness(trust, venues[i, j, d], p)
                for k in range(theatres):
                    less, both = lesser(effort[i, k, d], effort[j, k, d]), effort[i, k, d] + effort[j, k, d]
                    willing = logistic(joint_odds(ready, danger[i, k, d] * danger[j, k, d], less / (both + TINY), p))
                    done = greater(willing, jointness[k, d]) * less
                    joint[i, k, d], joint[j, k, d] = greater(joint[i, k, d], done), greater(joint[j, k, d], done)
                    together[k, d] = done
                    overlap, joined = overlap + less, joined + done
            share = 2.0 / (budget[i] + budget[j] + TINY)
            rivalry[i, j], partnership[i, j] = share * (overlap - joined), share * joined
            rivalry[j, i], partnership[j, i] = rivalry[i, j], partnership[i, j]
            keep_focal(i, j, state, facts)


@inlined
def keep_focal(i, j, state, facts):
    """Keep what two do jointly, cell by cell, if they are a pair in focus."""
    for pair in range(facts.pairs):
        first, second = facts.focus[pair, 0], facts.focus[pair, 1]
        if (first == i and second == j) or (first == j and second == i):
            for k in range(facts.theatres):
                for d in range(DOMAIN_COUNT):
                    state.pair_joint[pair, k, d] = state.together[k, d]


@inlined
def venue_pulls(state, constants, month, facts, p):
    """Write each actor's pull toward each venue (N, V), 0 where it is no member."""
    attended, alignment, weight, membership = state.attended, state.alignment, constants.weight, month.membership
    actors, venues = state.actors, state.venues
    for v in range(venues):
        for i in range(actors):
            attended[i, v] = 0.0
        for j in range(actors):
            convened = facts.convenes[v, j]
            if convened > 0.0:
                for i in range(actors):
                    attended[i, v] += convened * (weight[j, 0] if i == j else alignment[i, j])
        for i in range(actors):
            attended[i, v] = membership[v, i] * exponential(p.venue_pull * attended[i, v])


@inlined
def find_hosts(state, month, facts):
    """Write whose ruler is a member of which venue (V, K), 1 or 0."""
    for r in range(RUNS):
        run, membership = state[r], month[r].membership
        for k in range(facts.theatres):
            host = run.ruler[k]
            for v in range(facts.venues):
                run.hosted[v, k] = 1.0 if host >= 0 and membership[v, host] > 0.0 else 0.0


@inlined
def summon(state, facts, p):
    """Write what the conveners of venues gain by them in each theatre whose ruler is a member (N, K)."""
    summoned, gathered, hosted = state.summoned, state.gathered, state.hosted
    for j in range(state.actors):
        for k in range(state.theatres):
            summoned[j, k] = 0.0
    for v in range(state.venues):
        for j in range(state.actors):
            if facts.convenes[v, j] > 0.0:
                for k in range(state.theatres):
                    summoned[j, k] += hosted[v, k] * (p.venue_influence * facts.convenes[v, j] * gathered[v])


@compiled
def convene(state, constants, month, facts, p):
    """Write how effort divides over venues (N, V), its sum in each, and what their conveners gain by it (N, K).

    Each actor's diplomatic and joint effort goes to the venues it belongs to; their conveners gain in each theatre
    whose ruler is a member.

    Claim: who convenes the region is itself contested (aliyev2022 L304, L316).
    Form: a logit over memberships by the convener's alignment with the member, its own convening counting by primacy.
    """
    attended, gathered, effort, joint = state.attended, state.gathered, state.effort, state.joint
    venue_pulls(state, constants, month, facts, p)
    for v in range(state.venues):
        gathered[v] = 0.0
    for i in range(state.actors):
        spent, pull = spread(0.0), spread(TINY)
        for k in range(state.theatres):
            spent += effort[i, k, 2] + joint[i, k, 0] + joint[i, k, 1]
        for v in range(state.venues):
            pull += attended[i, v]
        for v in range(state.venues):
            attended[i, v] *= spent / pull
            gathered[v] += attended[i, v]
    find_hosts(state, month, facts)
    summon(state, facts, p)


@sequence
def cooperate(state, constants, month, facts, p):
    """Settle, for efforts given, what is done jointly and where actors meet."""
    join(state, month, facts, p)
    convene(state, constants, month, facts, p)
