"""How effort becomes influence: access granted by the host, and a contest for shares.

Cites tullock1980, hirshleifer1989.
"""

from __future__ import annotations

from eurasia_sim.compute.blocks import RUNS
from eurasia_sim.compute.dimensions import AUTONOMY, DIPLOMATIC, DOMAIN_COUNT, ECONOMIC, SECURITY
from eurasia_sim.compute.jit import compiled, inlined, sequence
from eurasia_sim.compute.mathematics import TINY, choose, exponential, greater, logarithm
from eurasia_sim.compute.vectors import each_run, in_some_run


@inlined
def ratio_strength(effort, p):
    """What an effort weighs where success goes by ratio: effort ** decisiveness (tullock1980).

    Form: 0 without effort, whatever the decisiveness.
    """
    return choose(
        effort - TINY, exponential(p.decisiveness * logarithm(greater(effort, TINY))), 0.0
    )


@inlined
def difference_strength(effort, p):
    """What an effort weighs where success goes by difference: exp(difference_scale * effort) - 1.

    Form: the weight of hirshleifer1989 less its value at no effort, so that who makes none gains
    nothing.
    """
    return exponential(p.difference_scale * effort) - 1.0


@inlined
def face_host(k, state):
    """Write how theatre k's host leans to each actor and fears each (N,); 0 without a host.

    Nobody is its own patron.
    """
    for r in range(RUNS):
        run = state[r]
        host = run.ruler[k]
        for j in range(state.actors):
            run.host_leaning[j] = run.alignment[host, j] if host >= 0 else 0.0
            run.host_threat[j] = run.threat[host, j] if host >= 0 else 0.0
        if host >= 0:
            run.host_leaning[host] = 0.0


@inlined
def uncovered_threats(k, state):
    """Write the part of each threat to theatre k's host that no patron covers (N,), and the sum.

    Claim: small states look for other powers to balance with, more so as one of the patrons leaves
    (aliyev2022 L372-392).
    Form: threat * (1 - security influence of those the host leans toward, weighed by the leaning,
    the threatening one's own left out).
    """
    leaning, threat, influence = state.host_leaning, state.host_threat, state.influence
    uncovered = state.uncovered
    covered, need = each_run(0.0), each_run(0.0)
    for j in range(state.actors):
        covered += greater(leaning[j], 0.0) * influence[j, k, SECURITY]
    for m in range(state.actors):
        own = greater(leaning[m], 0.0) * influence[m, k, SECURITY]
        uncovered[m] = greater(threat[m] * (1.0 - (covered - own)), 0.0)
        need += uncovered[m]
    state.demand[k] = need


@inlined
def host_access(leaning, share, hedging, balancing, known, p):
    """How far a host lets a patron in, in [0, 1].

    Claim: Central Asian states hedge between patrons (aliyev2022 L372-392).
    Form: (1 + alignment) / 2, less as the patron already holds much of the domain and the host
    cares for autonomy; what is still closed opens as the patron can balance threats other than
    itself, and as it has recognised the ruler.
    """
    opened = 0.5 * (1.0 + leaning) * (1.0 - hedging * share)
    reasons = p.access_balancing * balancing + p.access_recognition * known
    return 1.0 - (1.0 - opened) / (1.0 + reasons)


@inlined
def weigh_host(k, state, constants, facts, p):
    """Write for theatre k how much its host hedges, and what a ladder step opens."""
    for r in range(RUNS):
        host = state[r].ruler[k]
        autonomy = constants[r].weight[host, AUTONOMY] if host >= 0 else 0.0
        state[r].hedging[k] = min(p[r].access_hedging * autonomy, 1.0)
        state[r].by_force[k] = 0.25 if host >= 0 and host == facts.contender[k] else 0.0


@inlined
def open_homes(k, state):
    """Open theatre k to its ruler, to its challenger by control, to all where nobody rules."""
    for r in range(RUNS):
        run = state[r]
        host, challenger = run.ruler[k], run.challenger[k]
        for d in range(DOMAIN_COUNT):
            if host < 0:
                for i in range(state.actors):
                    run.access[i, k, d] = 1.0
            else:
                run.access[host, k, d] = 1.0
                if challenger >= 0:
                    run.access[challenger, k, d] = run.control[k]


@compiled
def grant_access(state, constants, facts, p):
    """Write each actor's access (N, K, D) and each host's unmet demand (K,)."""
    influence, access, demand = state.influence, state.access, state.demand
    uncovered = state.uncovered
    leaning, recognition, hedging = state.host_leaning, state.recognition, state.hedging
    by_force = state.by_force
    for k in range(state.theatres):
        face_host(k, state)
        uncovered_threats(k, state)
        weigh_host(k, state, constants, facts, p)
        for i in range(state.actors):
            known, balancing = by_force[k] * recognition[i, k], demand[k] - uncovered[i]
            for d in range(DOMAIN_COUNT):
                share = influence[i, k, d]
                access[i, k, d] = host_access(leaning[i], share, hedging[k], balancing, known, p)
        open_homes(k, state)


@compiled
def gather_efforts(state, p):
    """Write what each actor brings (N, K, D): effort, joint effort, and convening in diplomacy."""
    effort, joint, strength = state.effort, state.joint, state.strength
    convening_influence = state.convening_influence
    for i in range(state.actors):
        for k in range(state.theatres):
            for d in range(DOMAIN_COUNT):
                strength[i, k, d] = effort[i, k, d] + p.synergy * joint[i, k, d]
            strength[i, k, DIPLOMATIC] += convening_influence[i, k]


@compiled
def weigh_efforts(state, p):
    """Put its weight in the contest in place of every effort, by ratio or by difference."""
    strength = state.strength
    by_difference = in_some_run(p.difference_contest - 0.5)
    for i in range(state.actors):
        for k in range(state.theatres):
            for d in range(DOMAIN_COUNT):
                weighed = ratio_strength(strength[i, k, d], p)
                if by_difference:
                    other = difference_strength(strength[i, k, d], p)
                    weighed = choose(p.difference_contest - 0.5, other, weighed)
                strength[i, k, d] = weighed


@inlined
def sum_influence(state, constants):
    """Write each actor's mean influence over domains, summed over theatres by size (N,)."""
    influence, size = state.influence, constants.size
    for i in range(state.actors):
        total = each_run(0.0)
        for k in range(state.theatres):
            own = (
                influence[i, k, SECURITY] + influence[i, k, ECONOMIC] + influence[i, k, DIPLOMATIC]
            )
            total += size[k] / DOMAIN_COUNT * own
        state.regional_influence[i] = total


@compiled
def settle_shares(state, p):
    """Move influence toward success in the contest; shares of a cell sum to at most 1.

    Form: influence += influence_rate * (strength / (unclaimed + all strength) - influence),
    strength times access.
    """
    influence, strength, access = state.influence, state.strength, state.access
    for k in range(state.theatres):
        for d in range(DOMAIN_COUNT):
            everyone = p.unclaimed + each_run(0.0)
            for i in range(state.actors):
                strength[i, k, d] *= access[i, k, d]
                everyone += strength[i, k, d]
            state.total[k, d] = everyone
            share = 1.0 / everyone
            for i in range(state.actors):
                success = share * strength[i, k, d]
                influence[i, k, d] += p.influence_rate * (success - influence[i, k, d])


@sequence
def contest(state, constants, facts, t, p):
    """Turn effort into influence: access, what each brings, its weight, the shares it claims.

    Before month 0 influence stands as it opens.
    """
    grant_access(state, constants, facts, p)
    if t >= 0:
        gather_efforts(state, p)
        weigh_efforts(state, p)
        settle_shares(state, p)
    sum_influence(state, constants)
