"""How effort becomes influence: access granted by the host, and a contest for shares (cites tullock1980, hirshleifer1989)."""

from __future__ import annotations

from eurasia_sim.mathematics import compiled, exponential, logarithm


@compiled
def contest_strength(effort, p):  # type: ignore[no-untyped-def]
    """What an effort weighs in a contest; 0 without effort, rising.

    Claim: success goes by ratio of powered efforts (tullock1980), or by their difference (hirshleifer1989).
    Form: effort ** decisiveness; with `difference_contest` 1, exp(difference_scale * effort) - 1, so that who makes
    no effort still gains nothing.
    """
    if effort <= 0.0:
        return 0.0
    if p.difference_contest > 0.5:
        return exponential(p.difference_scale * effort) - 1.0
    return exponential(p.decisiveness * logarithm(effort))


@compiled
def demand_for_balancer(k, host, state):  # type: ignore[no-untyped-def]
    """Unmet need of a host for someone to balance with, >= 0: each threat it sees, as far as no aligned patron covers it.

    Claim: small states look for other powers to balance with, more so as one of the patrons leaves (aliyev2022 L372-392).
    Form: sum over threats of threat * (1 - security influence of those the host leans toward, weighed by the leaning).
    """
    actors = state.power.size
    cover = 0.0
    for j in range(actors):
        if j != host:
            cover += max(state.alignment[host, j], 0.0) * state.influence[j, k, 0]
    need = 0.0
    for m in range(actors):
        own = max(state.alignment[host, m], 0.0) * state.influence[m, k, 0] if m != host else 0.0
        need += state.threat[host, m] * (1.0 - (cover - own))
    return max(need, 0.0)


@compiled
def host_access(leaning, share, hedging, balancing, known, p):  # type: ignore[no-untyped-def]
    """How far a host lets a patron in, >= 0.

    Claim: Central Asian states hedge between patrons (aliyev2022 L372-392).
    Form: (1 + alignment) / 2, less as the patron already holds much of the domain and the host cares for autonomy, more
    as the patron can balance threats other than itself, and as it has recognised the ruler.
    """
    return 0.5 * (1.0 + leaning) * (1.0 - hedging * share) * (1.0 + p.access_balancing * balancing + p.access_recognition * known)


@compiled
def grant_access(state, constants, p):  # type: ignore[no-untyped-def]
    """Write each actor's access to each theatre and domain (N, K, D), and each host's unmet demand (K,)."""
    actors, theatres, domains = state.influence.shape
    for k in range(theatres):
        host = state.ruler[k]
        state.demand[k] = 0.0
        if host >= 0:
            state.demand[k] = demand_for_balancer(k, host, state)
        for i in range(actors):
            for d in range(domains):
                if host < 0 or i == host:
                    state.access[i, k, d] = 1.0
                elif i == state.challenger[k]:
                    state.access[i, k, d] = state.control[k]
                else:
                    hedging = p.access_hedging * constants.weight[host, 4]
                    balancing = max(state.demand[k] - state.threat[host, i], 0.0)
                    state.access[i, k, d] = host_access(
                        state.alignment[host, i],
                        state.influence[i, k, d],
                        min(hedging, 1.0),
                        balancing,
                        0.25 * state.recognition[i, k] * constants.contested[k],
                        p,
                    )


@compiled
def contest(state, constants, p):  # type: ignore[no-untyped-def]
    """Move influence shares toward success in the contest; shares of a theatre and domain sum to at most 1.

    Form: influence += influence_rate * (strength / (unclaimed + all strength) - influence), with
    strength = access * contest_strength(effort + synergy * joint effort), plus what convening brings in diplomacy.
    """
    grant_access(state, constants, p)
    actors, theatres, domains = state.influence.shape
    total = state.total
    total[:] = p.unclaimed
    for i in range(actors):
        for k in range(theatres):
            for d in range(domains):
                effort = state.effort[i, k, d] + p.synergy * state.joint[i, k, d]
                if d == 2:
                    effort += state.summoned[i, k]
                strength = state.access[i, k, d] * contest_strength(effort, p)
                state.strength[i, k, d] = strength
                total[k, d] += strength
    for i in range(actors):
        for k in range(theatres):
            for d in range(domains):
                share = state.strength[i, k, d] / total[k, d]
                state.influence[i, k, d] += p.influence_rate * (share - state.influence[i, k, d])
