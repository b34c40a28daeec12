"""How effort becomes influence: access granted by the host, and a contest for shares.

Cites tullock1980, hirshleifer1989.
"""

from __future__ import annotations

from eurasia_sim.compilation import compiled, flat, phase
from eurasia_sim.mathematics import TINY, exponential, fill, logarithm


@phase
def ratio_strengths(efforts, p):
    """Put what it weighs where success goes by ratio in place of every effort: effort ** decisiveness (tullock1980).

    Form: 0 without effort, whatever the decisiveness.
    """
    none = logarithm(TINY)
    for c in range(efforts.size):
        efforts[c] = logarithm(max(efforts[c], TINY))
    for c in range(efforts.size):
        powered = exponential(p.decisiveness * efforts[c])
        efforts[c] = 0.0 if efforts[c] <= none else powered


@phase
def difference_strengths(efforts, p):
    """Put what it weighs where success goes by difference in place of every effort: exp(difference_scale * effort) - 1.

    Form: the weight of hirshleifer1989 less its value at no effort, so that who makes none gains nothing.
    """
    for c in range(efforts.size):
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
    covered = 0.0
    for j in range(threat.size):
        if j != host:
            covered += max(alignment[j], 0.0) * cover[j]
    need = 0.0
    for m in range(threat.size):
        own = max(alignment[m], 0.0) * cover[m] if m != host else 0.0
        out[m] = max(threat[m] * (1.0 - (covered - own)), 0.0)
        need += out[m]
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
    uncovered = state.uncovered
    actors, theatres, domains = influence.shape
    for k in range(theatres):
        host = ruler[k]
        if host < 0:
            demand[k] = 0.0
            for i in range(actors):
                fill(access[i, k], 1.0)
            continue
        demand[k] = uncovered_threats(alignment[host], threat[host], influence[:, k, 0], host, uncovered)
        hedging = min(p.access_hedging * constants.weight[host, 4], 1.0)
        by_force = 0.25 if host == constants.contender[k] else 0.0
        for i in range(actors):
            known, balancing = by_force * recognition[i, k], demand[k] - uncovered[i]
            for d in range(domains):
                access[i, k, d] = host_access(alignment[host, i], influence[i, k, d], hedging, balancing, known, p)
        fill(access[host, k], 1.0)
        if challenger[k] >= 0:
            fill(access[challenger[k], k], state.control[k])


@compiled
def contest(state, constants, p):
    """Move influence shares toward success in the contest; shares of a theatre and domain sum to at most 1.

    Form: influence += influence_rate * (strength / (unclaimed + all strength) - influence), with
    strength = access * (effort + synergy * joint effort, weighed by ratio or difference); convening adds to diplomacy.
    """
    grant_access(state, constants, p)
    theatres, domains = state.total.shape
    cells = theatres * domains
    strength, effort, joint = flat(state.strength), flat(state.effort), flat(state.joint)
    access, influence, total = flat(state.access), flat(state.influence), flat(state.total)
    for c in range(strength.size):
        strength[c] = effort[c] + p.synergy * joint[c]
    summoned = flat(state.summoned)
    for c in range(summoned.size):
        strength[c * domains + 2] += summoned[c]
    if p.difference_contest > 0.5:
        difference_strengths(strength, p)
    else:
        ratio_strengths(strength, p)
    for c in range(strength.size):
        strength[c] *= access[c]
    fill(total, p.unclaimed)
    for first in range(0, strength.size, cells):
        for c in range(cells):
            total[c] += strength[first + c]
    for first in range(0, strength.size, cells):
        for c in range(cells):
            influence[first + c] += p.influence_rate * (strength[first + c] / total[c] - influence[first + c])
