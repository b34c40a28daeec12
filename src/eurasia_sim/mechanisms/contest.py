"""How effort becomes influence: access granted by the host, and a contest for shares.

Cites tullock1980, hirshleifer1989.
"""

from __future__ import annotations

from eurasia_sim.compilation import phase, whole
from eurasia_sim.lanes import eights, spread, total
from eurasia_sim.mathematics import TINY, exponential, greater, logarithm, where_positive
from eurasia_sim.parameters import DOMAIN_COUNT


@phase
def ratio_strengths(efforts, p):
    """Put what it weighs where success goes by ratio in place of every effort: effort ** decisiveness (tullock1980).

    Form: 0 without effort, whatever the decisiveness.
    """
    none = logarithm(TINY)
    for c in eights(efforts.size):
        efforts[c] = logarithm(greater(efforts[c], TINY))
    for c in eights(efforts.size):
        efforts[c] = where_positive(efforts[c] - none, exponential(p.decisiveness * efforts[c]))


@phase
def difference_strengths(efforts, p):
    """Put what it weighs where success goes by difference in place of every effort: exp(difference_scale * effort) - 1.

    Form: the weight of hirshleifer1989 less its value at no effort, so that who makes none gains nothing.
    """
    for c in eights(efforts.size):
        efforts[c] = exponential(p.difference_scale * efforts[c]) - 1.0


@phase
def uncovered_threats(alignment, threat, cover, host, out):
    """Write what of each threat to a host no aligned patron covers, (N,); return the sum, its demand for a balancer.

    Claim: small states look for other powers to balance with, more so as one of the patrons leaves (aliyev2022
    L372-392).
    Form: threat * (1 - security influence of those the host leans toward, weighed by the leaning, the threatening one's
    own left out).

    Args:
        alignment, threat: (N,) the host's rows. cover: (N,) security influence of each in the theatre. host: its index.
    """
    own = alignment[host]
    alignment[host] = 0.0  # nobody is its own patron
    covered, need = 0.0, 0.0
    for j in eights(threat.size):
        covered += total(greater(alignment[j], 0.0) * cover[j])
    for m in eights(threat.size):
        out[m] = greater(threat[m] * (1.0 - (covered - greater(alignment[m], 0.0) * cover[m])), 0.0)
        need += total(out[m])
    alignment[host] = own
    return need


@phase
def host_access(leaning, share, hedging, balancing, known, p):
    """How far a host lets a patron in, in [0, 1].

    Claim: Central Asian states hedge between patrons (aliyev2022 L372-392).
    Form: (1 + alignment) / 2, less as the patron already holds much of the domain and the host cares for autonomy; what
    is still closed opens as the patron can balance threats other than itself, and as it has recognised the ruler.
    """
    opened = 0.5 * (1.0 + leaning) * (1.0 - hedging * share)
    return 1.0 - (1.0 - opened) / (1.0 + p.access_balancing * balancing + p.access_recognition * known)


@phase
def grant_access(state, constants, p):
    """Write each actor's access to each theatre and domain (N, K, D), and each host's unmet demand (K,)."""
    influence, access, alignment, threat = state.influence, state.access, state.alignment, state.threat
    ruler, challenger, demand, recognition = state.ruler, state.challenger, state.demand, state.recognition
    uncovered, leaning, feared = state.uncovered, state.host_leaning, state.host_threat
    actors, theatres, _ = influence.shape
    for k in range(theatres):
        host = ruler[k]
        if host < 0:
            demand[k] = 0.0
            for d in range(DOMAIN_COUNT):
                for i in eights(actors):
                    access[i, k, d] = 1.0
            continue
        for j in range(actors):
            leaning[j], feared[j] = alignment[host, j], threat[host, j]
        demand[k] = uncovered_threats(leaning, feared, influence[:, k, 0], host, uncovered)
        hedging = min(p.access_hedging * constants.weight[host, 4], 1.0)
        by_force = 0.25 if host == constants.contender[k] else 0.0
        for i in eights(actors):
            known, balancing = by_force * recognition[i, k], demand[k] - uncovered[i]
            for d in range(DOMAIN_COUNT):
                access[i, k, d] = host_access(leaning[i], influence[i, k, d], hedging, balancing, known, p)
        for d in range(DOMAIN_COUNT):
            access[host, k, d] = 1.0
            if challenger[k] >= 0:
                access[challenger[k], k, d] = state.control[k]


@phase
def gather_efforts(state, synergy):
    """Write what each actor brings to each cell (N, K, D): its effort, joint effort, and in diplomacy its convening."""
    effort, joint, strength, summoned = state.effort, state.joint, state.strength, state.summoned
    actors, theatres, _ = effort.shape
    for k in range(theatres):
        for i in eights(actors):
            for d in range(DOMAIN_COUNT):
                strength[i, k, d] = effort[i, k, d] + synergy * joint[i, k, d]
            strength[i, k, 2] += summoned[i, k]


@phase
def hold(state, size):
    """Write how much each actor holds of all theatres, by their size (N,): its mean share over domains."""
    influence = state.influence
    actors, theatres, _ = influence.shape
    for i in eights(actors):
        held = spread(0.0)
        for k in range(theatres):
            held += size[k] / DOMAIN_COUNT * (influence[i, k, 0] + influence[i, k, 1] + influence[i, k, 2])
        state.held[i] = held


@phase
def contest(state, constants, p):
    """Move influence shares toward success in the contest; shares of a theatre and domain sum to at most 1.

    Form: influence += influence_rate * (strength / (unclaimed + all strength) - influence), with
    strength = access * (effort + synergy * joint effort, weighed by ratio or difference); convening adds to diplomacy.
    """
    grant_access(state, constants, p)
    gather_efforts(state, p.synergy)
    if p.difference_contest > 0.5:
        difference_strengths(whole(state.strength), p)
    else:
        ratio_strengths(whole(state.strength), p)
    influence, strength, access = state.influence, state.strength, state.access
    actors, theatres, _ = influence.shape
    for k in range(theatres):
        for d in range(DOMAIN_COUNT):
            everyone = p.unclaimed
            for i in eights(actors):
                strength[i, k, d] *= access[i, k, d]
                everyone += total(strength[i, k, d])
            state.total[k, d] = everyone
            share = 1.0 / everyone
            for i in eights(actors):
                influence[i, k, d] += p.influence_rate * (share * strength[i, k, d] - influence[i, k, d])
    hold(state, constants.size)
