"""Joint or separate effort of two actors, and in whose venues (grieco1988, keohane1984)."""

from eurasia_sim.compute.dimensions import DIPLOMATIC, DOMAIN_COUNT, ECONOMIC, PRIMACY, SECURITY
from eurasia_sim.compute.jit import compiled, inlined, sequence
from eurasia_sim.compute.mathematics import TINY, exponential, greater, lesser, logarithm, logistic


@inlined
def readiness(trust, overlap, p):
    """Log-odds of joint work of two who contribute alike.

    Claim: the aligned cooperate (walt1985); institutions raise the level, and what two lean to each
    other (keohane1984); a common danger makes sharing burdens likely (aliyev2022 L130), or leaves
    each the hope that the other bears them (olson1966).
    Form: logit(joint_level) + joint_relation * (trust - 1/2) + joint_overlap * (overlap - 1/2),
    with the two's mean alignment, and overlap of what they fear near the region, in [0, 1).
    """
    level, rest = greater(p.joint_level, TINY), greater(1.0 - p.joint_level, TINY)
    need = p.joint_overlap * (overlap - 0.5)
    return logarithm(level / rest) + p.joint_relation * (trust - 0.5) + need


@inlined
def joint_odds(ready, own_share, p):
    """Log-odds that the less favoured of two does jointly what both do in one place.

    Claim: a state's worth of cooperation is its gain less k times the gap by which the partner
    gains more, V - k(W - V) (grieco1988).
    Form: ready - relative_gains * (1 - 2s), with s the smaller party's share of the effort, in
    [0, 0.5]; it takes two, so the smaller willingness decides.
    """
    return ready - p.relative_gains * (1.0 - 2.0 * own_share)


@compiled
def join(state, month, facts, p):
    """Write the joint effort of each pair, and the pair's rivalry and partnership.

    Form: joint = max(willing, imposed jointness) * overlap; overlap is the smaller of two efforts
    in a theatre and domain. Over both budgets, rivalry is twice the overlap that is not joint and
    partnership twice what is. An actor's joint effort in a cell is the largest with any partner.
    """
    effort, joint, alignment = state.effort, state.joint, state.alignment
    for i in range(state.actors):
        for k in range(state.theatres):
            for d in range(DOMAIN_COUNT):
                joint[i, k, d] = 0.0
        state.rivalry[i, i] = state.partnership[i, i] = 0.0
    for i in range(state.actors):
        for j in range(i + 1, state.actors):
            trust = 0.5 * (alignment[i, j] + alignment[j, i])
            ready = readiness(trust, state.regional_overlap[i, j], p)
            overlap = joined = 0.0
            for d in range(DOMAIN_COUNT):
                for k in range(state.theatres):
                    smaller = lesser(effort[i, k, d], effort[j, k, d])
                    own_share = smaller / (effort[i, k, d] + effort[j, k, d] + TINY)
                    willing = logistic(joint_odds(ready, own_share, p))
                    both = greater(willing, month.jointness[k, d]) * smaller
                    joint[i, k, d] = greater(joint[i, k, d], both)
                    joint[j, k, d] = greater(joint[j, k, d], both)
                    state.together[k, d] = both
                    overlap += smaller
                    joined += both
            share = 2.0 / (state.budget[i] + state.budget[j] + TINY)
            state.rivalry[i, j] = state.rivalry[j, i] = share * (overlap - joined)
            state.partnership[i, j] = state.partnership[j, i] = share * joined
            keep_focal(i, j, state, facts)


@inlined
def keep_focal(i, j, state, facts):
    """Keep the joint effort of two actors, cell by cell, if they are a pair in focus."""
    for pair in range(facts.pairs):
        first, second = facts.focus[pair, 0], facts.focus[pair, 1]
        if (first == i and second == j) or (first == j and second == i):
            for k in range(facts.theatres):
                for d in range(DOMAIN_COUNT):
                    state.pair_joint[pair, k, d] = state.together[k, d]


@inlined
def appeal(i, v, state, constants, month, facts, p):
    """Weight of venue v in actor i's choice of venues; 0 where it is no member.

    Form: exp(venue_pull * sum over conveners of their share of the convening times i's alignment
    with them); for its own convening, i's interest in primacy stands for the alignment.
    """
    regard = 0.0
    for j in range(state.actors):
        convened = facts.convenes[v, j]
        if convened > 0.0:
            own = constants.weight[j, PRIMACY] if i == j else state.alignment[i, j]
            regard += convened * own
    return month.membership[v, i] * exponential(p.venue_pull * regard)


@compiled
def choose_venues(state, constants, month, facts, p):
    """Write each actor's effort in each venue (N, V), and the sum of all in each (V,).

    Form: diplomatic effort, and joint effort in security and economy, divide over the venues to
    which an actor belongs, in proportion to their appeal (a logit).
    """
    venue_effort, joint = state.venue_effort, state.joint
    for v in range(state.venues):
        state.venue_total[v] = 0.0
    for i in range(state.actors):
        spent, appeals = 0.0, TINY
        for k in range(state.theatres):
            spent += state.effort[i, k, DIPLOMATIC] + joint[i, k, SECURITY] + joint[i, k, ECONOMIC]
        for v in range(state.venues):
            venue_effort[i, v] = appeal(i, v, state, constants, month, facts, p)
            appeals += venue_effort[i, v]
        for v in range(state.venues):
            venue_effort[i, v] *= spent / appeals
            state.venue_total[v] += venue_effort[i, v]


@inlined
def find_hosts(state, month, facts):
    """Write whose ruler is a member of which venue (V, K), 1 or 0."""
    for r in range(state.block_runs):
        run, membership = state[r], month[r].membership
        for k in range(facts.theatres):
            host = run.ruler[k]
            for v in range(facts.venues):
                run.hosted[v, k] = 1.0 if host >= 0 and membership[v, host] > 0.0 else 0.0


@compiled
def convene(state, month, facts, p):
    """Write what the conveners of venues gain in each theatre whose ruler is a member (N, K).

    Claim: who convenes the region is itself contested (aliyev2022 L304, L316).
    Form: the sum over venues of the convener's share of the convening times the effort of all.
    """
    find_hosts(state, month, facts)
    influence = state.convening_influence
    for j in range(state.actors):
        for k in range(state.theatres):
            influence[j, k] = 0.0
        for v in range(state.venues):
            if facts.convenes[v, j] > 0.0:
                gain = p.venue_influence * facts.convenes[v, j] * state.venue_total[v]
                for k in range(state.theatres):
                    influence[j, k] += state.hosted[v, k] * gain


@sequence
def cooperate(state, constants, month, facts, p):
    """Settle, for the efforts chosen, what is done jointly and where actors meet."""
    join(state, month, facts, p)
    choose_venues(state, constants, month, facts, p)
    convene(state, month, facts, p)
