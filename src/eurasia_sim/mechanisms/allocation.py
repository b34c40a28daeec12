"""Where budgets go, and whether alone or together (cites luce1959, mcfadden1974, wildavsky1964, grieco1988)."""

from __future__ import annotations

import numpy as np

from eurasia_sim.mathematics import compiled, exponential, logarithm, logistic, saturation
from eurasia_sim.streams import draw, gumbel

STREAM = np.uint64(2)


@compiled
def budget(power, p):  # type: ignore[no-untyped-def]
    """What an actor can spend in a month: power ** budget_elasticity; 0 without power."""
    if power <= 0.0:
        return 0.0
    return exponential(p.budget_elasticity * logarithm(power))


@compiled
def containment_need(state, constants, p):  # type: ignore[no-untyped-def]
    """Write each actor's need to hold back what spills over, at its source and at the lands between (N, K).

    Claim: keeping spill-over in is both powers' first worry, met in Afghanistan and on Central Asia's borders
    (aliyev2022 L92, L130, L266); others' efforts carry part of the load (aliyev2022 L322, L354).
    Form: spill-over from a source, less what others' security effort there already carries, is met in a theatre in
    proportion to `gate`, the theatre's closeness to the source.
    """
    actors, theatres = state.spillover.shape
    for k in range(theatres):
        carried = 0.0
        for i in range(actors):
            carried += state.effort[i, k, 0]
        for i in range(actors):
            others = carried - state.effort[i, k, 0]
            state.open_spillover[i, k] = state.spillover[i, k] / (1.0 + p.burden_sharing * others)
    for i in range(actors):
        for k in range(theatres):
            need = 0.0
            for source in range(theatres):
                need += constants.gate[k, source] * state.open_spillover[i, source]
            state.containment[i, k] = need


@compiled
def rival_weights(state, constants, p):  # type: ignore[no-untyped-def]
    """Write what one unit of j's influence is worth undoing to i: in any domain, and in security (N, N) each.

    Claim: great powers seek influence at each other's expense (mearsheimer2001); actors keep named rivals out
    (aliyev2022 L398); states resist a threatening power near them (walt1985).
    Form: primacy * dissimilarity of alignment + denial; in security also survival * perceived threat.
    """
    actors = state.alignment.shape[0]
    for i in range(actors):
        for j in range(actors):
            apart = 0.5 * (1.0 - state.alignment[i, j])
            state.displace[i, j] = p.motive_primacy * constants.weight[i, 0] * apart
            state.resist[i, j] = p.motive_denial * constants.denial[i, j]
            state.guard[i, j] = p.motive_survival * constants.weight[i, 5] * state.threat[i, j]


@compiled
def rival_motives(state, constants, p):  # type: ignore[no-untyped-def]
    """Write the pull of others' influence on each actor's effort (N, K, D): nearness times what it is worth undoing.

    Form: sufficiency in [0, 1] sates primacy by the influence already held: 0 never content, 1 content in proportion.
    """
    actors, theatres, domains = state.influence.shape
    rival_weights(state, constants, p)
    state.utility[:] = 0.0
    for i in range(actors):
        for j in range(actors):
            displace, resist, guard = state.displace[i, j], state.resist[i, j], state.guard[i, j]
            for k in range(theatres):
                security = (resist + guard) * state.influence[j, k, 0]
                state.utility[i, k, 0] += displace * state.influence[j, k, 0] * (1.0 - p.sufficiency * state.influence[i, k, 0]) + security
                for d in range(1, domains):
                    sated = 1.0 - p.sufficiency * state.influence[i, k, d]
                    state.utility[i, k, d] += (displace * sated + resist) * state.influence[j, k, d]
        for k in range(theatres):
            for d in range(domains):
                state.utility[i, k, d] *= constants.nearness_theatre[i, k]


@compiled
def home_motives(state, constants, p):  # type: ignore[no-untyped-def]
    """Add what moves whoever rules or contests a theatre: autonomy from the largest patron, and its own survival."""
    actors, theatres, domains = state.influence.shape
    for k in range(theatres):
        for role in range(2):
            i = state.ruler[k] if role == 0 else state.challenger[k]
            if i < 0:
                continue
            fear = 0.0
            for j in range(actors):
                fear += state.threat[i, j]
            contested = state.control[k] if role == 0 else 1.0 - state.control[k]
            peril = saturation(fear) + state.militants[k] + constants.contested[k] * contested
            state.utility[i, k, 0] += p.motive_home_survival * constants.weight[i, 5] * peril
            for d in range(domains):
                largest = 0.0
                for j in range(actors):
                    if j != i:
                        largest = max(largest, state.influence[j, k, d])
                state.utility[i, k, d] += p.motive_autonomy * constants.weight[i, 4] * largest


@compiled
def marginal_utility(state, constants, p):  # type: ignore[no-untyped-def]
    """Write the worth of one more unit of effort to each actor in each theatre and domain (N, K, D).

    Form: rivals' influence, containment, commerce, standing, autonomy and survival by the coded weights, less the cost
    of distance and of means that do not suit the domain.
    """
    actors, theatres, domains = state.influence.shape
    rival_motives(state, constants, p)
    home_motives(state, constants, p)
    containment_need(state, constants, p)
    for i in range(actors):
        for k in range(theatres):
            near = constants.nearness_theatre[i, k]
            need = p.motive_containment * constants.weight[i, 1] * state.containment[i, k]
            trade = p.motive_commerce * constants.weight[i, 2] * constants.opportunity[k] * state.stability[k] * near
            stage = p.motive_standing * constants.weight[i, 6] * (1.0 - state.stability[k]) * constants.size[k]
            cost = p.distance_cost * (1.0 - near)
            state.utility[i, k, 0] += need * p.containment_security - cost
            state.utility[i, k, 1] += need * p.containment_economic + trade - cost
            state.utility[i, k, 2] += need * p.containment_diplomatic + stage - cost
            for d in range(domains):
                state.utility[i, k, d] -= p.skill_cost * (1.0 - constants.skill[i, d])
                state.common[i, k, d] = need * (
                    p.containment_security if d == 0 else (p.containment_economic if d == 1 else p.containment_diplomatic)
                )


@compiled
def incline(state, constants, seed, month_number, p):  # type: ignore[no-untyped-def]
    """Update every actor's inclination (N, K, D), the logarithm of a choice weight.

    Claim: budgets move from last year's by small steps (wildavsky1964); choice goes by utility with an unobserved part
    (luce1959, mcfadden1974).
    Form: inclination = habit * inclination + (1 - habit) * utility / temperature + utility_noise * Gumbel. At habit 1
    nothing but chance moves an allocation. The first month has no last one and starts at its utilities.
    """
    actors, theatres, domains = state.inclination.shape
    habit = p.habit if month_number > 0 else 0.0
    for i in range(actors):
        for k in range(theatres):
            if p.utility_noise > 0.0:
                a, b, c, _ = draw(seed, STREAM, month_number, constants.name_hash[i], constants.theatre_hash[k])
                state.luck[i, k, 0], state.luck[i, k, 1], state.luck[i, k, 2] = gumbel(a), gumbel(b), gumbel(c)
            for d in range(domains):
                state.inclination[i, k, d] = (
                    habit * state.inclination[i, k, d]
                    + (1.0 - habit) * state.utility[i, k, d] / p.temperature
                    + p.utility_noise * state.luck[i, k, d]
                )


@compiled
def impose(state, month, i, p):  # type: ignore[no-untyped-def]
    """Write the part of an actor's effort that the scenario sets; return the share of the budget it takes, at most 1."""
    theatres, domains = state.imposed.shape[1:]
    taken = 0.0
    for k in range(theatres):
        for d in range(domains):
            state.imposed[i, k, d] = month.imposed[i, k, d]
        posted = (
            p.effort_bases * month.presence[i, k, 0]
            + p.effort_forces * month.presence[i, k, 1]
            + p.effort_counterterror * month.presence[i, k, 2]
        )
        if state.budget[i] > 0.0:
            state.imposed[i, k, 0] += posted / state.budget[i]
            state.imposed[i, k, 1] += p.effort_aid * month.aid[i, k] / state.budget[i]
        for d in range(domains):
            taken += state.imposed[i, k, d]
    if taken > 1.0:
        for k in range(theatres):
            for d in range(domains):
                state.imposed[i, k, d] /= taken
        return 1.0
    return taken


@compiled
def spend(state, constants, month, p):  # type: ignore[no-untyped-def]
    """Write every actor's effort (N, K, D): what is imposed, and the rest of the budget by logit over inclinations.

    Form: share = size * exp(inclination) / (reserve + sum of the same), the size term of destination choice; what goes
    to `reserve` is spent outside the region.
    """
    actors, theatres, domains = state.effort.shape
    for i in range(actors):
        state.budget[i] = budget(state.power[i], p)
        free = 1.0 - impose(state, month, i, p)
        total = p.reserve
        for k in range(theatres):
            for d in range(domains):
                weight = constants.size[k] * exponential(state.inclination[i, k, d])
                state.weighed[i, k, d] = weight
                total += weight
        for k in range(theatres):
            for d in range(domains):
                share = state.imposed[i, k, d] + free * state.weighed[i, k, d] / total
                state.effort[i, k, d] = state.budget[i] * share


@compiled
def joint_willingness(trust, pooled, own_share, venues, p):  # type: ignore[no-untyped-def]
    """Willingness of the less favoured of two to do together what both do in one place, in (0, 1).

    Claim: a state's worth of cooperation is its gain less k times the gap by which the partner gains more, V - k(W - V)
    (grieco1988); institutions ease cooperation (keohane1984).
    Form: logistic of trust, of shared venues, and of gain * (s - k(1 - 2s)), s the smaller party's share of the effort;
    it takes two, so the smaller willingness decides, and the smaller share has it.

    Args:
        trust: mean alignment, [-1, 1]. pooled: common danger, >= 0. own_share: s in [0, 0.5]. venues: shared, >= 0.
    """
    gain = p.joint_gain + p.joint_danger * pooled
    relative = own_share - p.relative_gains * (1.0 - 2.0 * own_share)
    return logistic(-p.joint_reluctance + p.joint_trust * trust + p.joint_venues * venues + gain * relative)


@compiled
def joint_volume(i, j, k, d, trust, state, month, p):  # type: ignore[no-untyped-def]
    """What actors i and j do together in theatre k and domain d, at most the smaller of their efforts."""
    mine, theirs = state.effort[i, k, d], state.effort[j, k, d]
    smaller = min(mine, theirs)
    willing = joint_willingness(
        trust,
        state.common_root[i, k, d] * state.common_root[j, k, d],
        smaller / (mine + theirs + 1e-300),
        month.comembership[i, j, d],
        p,
    )
    return max(willing, month.jointness[k, d]) * smaller


@compiled
def join(state, month, p):  # type: ignore[no-untyped-def]
    """Write what is done jointly: for each actor its largest joint effort a cell, for each pair its rivalry (contested
    overlap over both budgets) and partnership (joint overlap over both budgets)."""
    actors, theatres, domains = state.effort.shape
    state.joint[:] = 0.0
    for i in range(actors):
        for k in range(theatres):
            for d in range(domains):
                state.common_root[i, k, d] = np.sqrt(state.common[i, k, d])
    for i in range(actors):
        for j in range(i + 1, actors):
            overlap, together = 0.0, 0.0
            trust = 0.5 * (state.alignment[i, j] + state.alignment[j, i])
            for k in range(theatres):
                for d in range(domains):
                    shared = joint_volume(i, j, k, d, trust, state, month, p)
                    state.joint[i, k, d] = max(state.joint[i, k, d], shared)
                    state.joint[j, k, d] = max(state.joint[j, k, d], shared)
                    overlap += min(state.effort[i, k, d], state.effort[j, k, d])
                    together += shared
            both = state.budget[i] + state.budget[j] + 1e-300
            state.rivalry[i, j] = 2.0 * (overlap - together) / both
            state.rivalry[j, i] = state.rivalry[i, j]
            state.partnership[i, j] = 2.0 * together / both
            state.partnership[j, i] = state.partnership[i, j]


@compiled
def convene(state, constants, month, p):  # type: ignore[no-untyped-def]
    """Write how each actor's diplomatic and joint effort divides over the venues it belongs to (N, V), and what the
    conveners of those venues gain by it in each theatre whose ruler is a member (N, K).

    Claim: who convenes the region is itself contested (aliyev2022 L304, L316).
    Form: a logit over memberships by the convener's alignment with the member, its own convening counting by primacy.
    """
    venues, actors = constants.convenes.shape
    theatres = state.effort.shape[1]
    state.summoned[:] = 0.0
    for i in range(actors):
        effort = 0.0
        for k in range(theatres):
            effort += state.effort[i, k, 2] + state.joint[i, k, 0] + state.joint[i, k, 1]
        total = 0.0
        for v in range(venues):
            state.attended[i, v] = 0.0
            if month.membership[v, i] > 0.0:
                pull = 0.0
                for j in range(actors):
                    if j == i:
                        pull += constants.convenes[v, j] * constants.weight[i, 0]
                    else:
                        pull += constants.convenes[v, j] * state.alignment[i, j]
                state.attended[i, v] = month.membership[v, i] * exponential(p.venue_pull * pull)
                total += state.attended[i, v]
        for v in range(venues):
            state.attended[i, v] *= effort / (total + 1e-300)
    for v in range(venues):
        gathered = 0.0
        for i in range(actors):
            gathered += state.attended[i, v]
        for k in range(theatres):
            host = state.ruler[k]
            if host >= 0 and month.membership[v, host] > 0.0:
                for j in range(actors):
                    state.summoned[j, k] += p.venue_influence * constants.convenes[v, j] * gathered


@compiled
def allocate(state, constants, month, seed, month_number, p):  # type: ignore[no-untyped-def]
    """Choose this month's efforts from what is perceived: utilities, inclinations, spending, joint work, venues."""
    marginal_utility(state, constants, p)
    incline(state, constants, seed, month_number, p)
    spend(state, constants, month, p)


@compiled
def cooperate(state, constants, month, p):  # type: ignore[no-untyped-def]
    """Settle, for efforts given, what is done jointly and where actors meet."""
    join(state, month, p)
    convene(state, constants, month, p)
