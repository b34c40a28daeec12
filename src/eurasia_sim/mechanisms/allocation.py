"""Where budgets go (cites luce1959, mcfadden1974, wildavsky1964, boulding1962)."""

from __future__ import annotations

import numpy as np

from eurasia_sim.compilation import phase, whole
from eurasia_sim.lanes import eights, spread, total
from eurasia_sim.mathematics import TINY, exponential, fused, greater, lesser, logarithm, saturation, where_positive
from eurasia_sim.parameters import DOMAIN_COUNT
from eurasia_sim.streams import draw_at, gumbels, uniform

STREAM = np.uint64(2)


@phase
def budget(power, p):
    """What an actor can spend in a month: power ** budget_elasticity; 0 without power."""
    return where_positive(power, exponential(p.budget_elasticity * logarithm(greater(power, TINY))))


@phase
def containment_need(state, constants, p):
    """Write each actor's need to hold back what spills over, at its source and at the lands between (N, K).

    Claim: keeping spill-over in is both powers' first worry, met in Afghanistan and on Central Asia's borders
    (aliyev2022 L92, L130, L266); others' efforts carry part of the load (aliyev2022 L322, L354).
    Form: spill-over from a source, less what others' security effort there already carries, is met in a theatre in
    proportion to `gate`, the theatre's closeness to the source.
    """
    spillover, effort, left, met, gate = (
        state.spillover, state.effort, state.open_spillover, state.containment, constants.gate,
    )  # fmt: skip
    actors, theatres = spillover.shape
    for k in range(theatres):
        carried = 0.0
        for i in eights(actors):
            carried += total(effort[i, k, 0])
        for i in eights(actors):
            left[i, k] = spillover[i, k] / (1.0 + p.burden_sharing * (carried - effort[i, k, 0]))
    for k in range(theatres):
        for i in eights(actors):
            need = gate[k, 0] * left[i, 0]
            for source in range(1, theatres):
                need = fused(gate[k, source], left[i, source], need)
            met[i, k] = need


@phase
def weigh_rivals(state, constants, p):
    """Write what a unit of each other one's influence moves an actor to undo, three ways (N, N)."""
    alignment, threat, weight, denial = state.alignment, state.threat, constants.weight, constants.denial
    actors = threat.shape[0]
    for j in range(actors):
        for i in eights(actors):
            state.pushed[i, j] = p.motive_primacy * weight[i, 0] * 0.5 * (1.0 - alignment[i, j])
            state.resisted[i, j] = p.motive_denial * denial[i, j]
            state.guarded[i, j] = p.motive_survival * weight[i, 5] * threat[i, j]


@phase
def sum_rivals(i, k, state):
    """Sums over others of their influence in a theatre's domains: as it is worth displacing, and keeping out or off."""
    influence, pushed, resisted, guarded = state.influence, state.pushed, state.resisted, state.guarded
    a, b, c, x, y, z = spread(0.0), spread(0.0), spread(0.0), spread(0.0), spread(0.0), spread(0.0)
    # One loop for all domains: its steps cost as much as three of its sums.
    for j in range(influence.shape[0]):
        push, resist = pushed[i, j], resisted[i, j]
        security, economic, diplomatic = influence[j, k, 0], influence[j, k, 1], influence[j, k, 2]
        a, b, c = fused(push, security, a), fused(push, economic, b), fused(push, diplomatic, c)
        x = fused(resist + guarded[i, j], security, x)
        y, z = fused(resist, economic, y), fused(resist, diplomatic, z)
    return (a, b, c), (x, y, z)


@phase
def rival_motives(state, constants, p):
    """Write the pull of others' influence on each actor's effort (N, K, D): nearness, access and gain of undoing it.

    Claim: great powers seek influence at each other's expense (mearsheimer2001); actors keep named rivals out
    (aliyev2022 L398); states resist a threatening power near them (walt1985).
    Form: for one unit of another's influence, primacy by how far apart the two are aligned, plus denial; in security
    also survival by perceived threat. Sufficiency in [0, 1] sates primacy by the influence already held: at 0 an actor
    is never content, at 1 content in proportion.
    """
    influence, utility, access, near = state.influence, state.utility, state.access, constants.nearness_theatre
    actors, theatres, _ = influence.shape
    weigh_rivals(state, constants, p)
    for k in range(theatres):
        for i in eights(actors):
            displaced, resisted = sum_rivals(i, k, state)
            for d in range(DOMAIN_COUNT):
                sated = 1.0 - p.sufficiency * influence[i, k, d]
                utility[i, k, d] = near[i, k] * access[i, k, d] * (sated * displaced[d] + resisted[d])


@phase
def home_motives(state, constants, p):
    """Add what moves whoever rules or contests a theatre: autonomy from the largest patron, and its own survival.

    Form: at home nobody lacks the means for a domain, so what `marginal_utility` takes for lack of skill is given back.
    """
    influence, utility, threat, weight = state.influence, state.utility, state.threat, constants.weight
    actors, theatres, _ = influence.shape
    for k in range(theatres):
        for role in range(2):
            i = state.ruler[k] if role == 0 else state.challenger[k]
            if i < 0:
                continue
            fear = 0.0
            for j in range(actors):
                fear += threat[i, j]
            contested = state.control[k] if role == 0 else 1.0 - state.control[k]
            peril = saturation(fear) + state.militants[k] + constants.contested[k] * contested
            utility[i, k, 0] += p.motive_home_survival * weight[i, 5] * peril
            for d in range(DOMAIN_COUNT):
                largest = 0.0
                for j in range(actors):
                    if j != i:
                        largest = max(largest, influence[j, k, d])
                lacking = p.skill_cost * (1.0 - constants.skill[i, d])
                utility[i, k, d] += p.motive_autonomy * weight[i, 4] * largest + lacking


@phase
def marginal_utility(state, constants, p):
    """Write the worth of one more unit of effort to each actor in each theatre and domain (N, K, D).

    Form: rivals' influence, containment and commerce by the coded weights, each as far as the host grants access, since
    effort that is not let in changes nothing; standing; at home autonomy and survival; less the cost of distance and of
    means that do not suit the domain.
    """
    rival_motives(state, constants, p)
    home_motives(state, constants, p)
    containment_need(state, constants, p)
    utility, common, met, stability, access = (
        state.utility, state.common, state.containment, state.stability, state.access,
    )  # fmt: skip
    weight, skill, near, size, opportunity = (
        constants.weight, constants.skill, constants.nearness_theatre, constants.size, constants.opportunity,
    )  # fmt: skip
    actors, theatres, _ = utility.shape
    for k in range(theatres):
        for i in eights(actors):
            need = p.motive_containment * weight[i, 1] * met[i, k]
            common[i, k, 0] = need * p.containment_security
            common[i, k, 1] = need * p.containment_economic
            common[i, k, 2] = need * p.containment_diplomatic
            trade = p.motive_commerce * weight[i, 2] * opportunity[k] * stability[k] * near[i, k]
            distance = p.distance_cost * (1.0 - near[i, k])
            utility[i, k, 1] += access[i, k, 1] * trade
            utility[i, k, 2] += p.motive_standing * weight[i, 6] * (1.0 - stability[k]) * size[k]
            for d in range(DOMAIN_COUNT):
                utility[i, k, d] += access[i, k, d] * common[i, k, d] - distance - p.skill_cost * (1.0 - skill[i, d])


@phase
def incline(state, constants, seed, month_number, p):
    """Update every actor's inclination (N, K, D), the logarithm of a choice weight.

    Claim: budgets move from last year's by small steps (wildavsky1964); choice goes by utility with an unobserved part
    (luce1959, mcfadden1974).
    Form: inclination = habit * inclination + (1 - habit) * utility / temperature + utility_noise * Gumbel. At habit 1
    nothing but chance moves an allocation. The first month has no last one and starts at its utilities.
    """
    habit = p.habit if month_number > 0 else 0.0
    inclination, luck, utility = whole(state.inclination), whole(state.luck), whole(state.utility)
    if p.utility_noise > 0.0:
        where, size = constants.cell_address, luck.size // 3
        for c in range(size):
            words = draw_at(seed, STREAM, month_number, where[c], where[size + c], where[2 * size + c])
            luck[c] = uniform(words[0])
            luck[size + c] = uniform(words[1])
            luck[2 * size + c] = uniform(words[2])
        gumbels(luck)
    pace = (1.0 - habit) / p.temperature
    for c in eights(luck.size):
        inclination[c] = habit * inclination[c] + pace * utility[c] + p.utility_noise * luck[c]


@phase
def impose(own, presence, aid, scripted, means, committed, p):
    """Write the share of each budget that the scenario commits to each cell, and their sum, at most 1.

    Args:
        own: (N, K, D) written. presence: (N, K, X). aid: (N, K) billion US dollars a year. scripted: (N, K, D) shares.
        means: (N,) budgets, >= 0. committed: (N,) written.
    """
    actors, theatres, _ = own.shape
    for i in eights(actors):
        taken, unit = spread(0.0), where_positive(means[i], 1.0 / greater(means[i], TINY))
        for k in range(theatres):
            posted = (
                p.effort_bases * presence[i, k, 0]
                + p.effort_forces * presence[i, k, 1]
                + p.effort_counterterror * presence[i, k, 2]
            )
            own[i, k, 0] = scripted[i, k, 0] + unit * posted
            own[i, k, 1] = scripted[i, k, 1] + unit * p.effort_aid * aid[i, k]
            own[i, k, 2] = scripted[i, k, 2]
            taken += own[i, k, 0] + own[i, k, 1] + own[i, k, 2]
        fitted = 1.0 / greater(taken, 1.0)
        for k in range(theatres):
            for d in range(DOMAIN_COUNT):
                own[i, k, d] *= fitted
        committed[i] = lesser(taken, 1.0)


@phase
def spend(state, constants, month, p):
    """Write every actor's effort (N, K, D): what is imposed, and the rest of the budget by logit over inclinations.

    Form: share = size * exp(inclination) / (reserve + sum of the same), the size term of destination choice; what goes
    to `reserve` is spent outside the region.
    """
    own, choice, effort, inclination = state.imposed, state.weighed, state.effort, state.inclination
    actors, theatres, _ = effort.shape
    for i in eights(actors):
        state.budget[i] = budget(state.power[i], p)
    impose(own, month.presence, month.aid, month.imposed, state.budget, state.committed, p)
    for i in eights(actors):
        weighed = spread(p.reserve)
        for k in range(theatres):
            for d in range(DOMAIN_COUNT):
                choice[i, k, d] = exponential(inclination[i, k, d]) * constants.size[k]
                weighed += choice[i, k, d]
        unit = (1.0 - state.committed[i]) / weighed
        for k in range(theatres):
            for d in range(DOMAIN_COUNT):
                effort[i, k, d] = state.budget[i] * (own[i, k, d] + unit * choice[i, k, d])


@phase
def allocate(state, constants, month, seed, month_number, p):
    """Choose this month's efforts from what is perceived: utilities, inclinations, spending."""
    marginal_utility(state, constants, p)
    incline(state, constants, seed, month_number, p)
    spend(state, constants, month, p)
