"""Where budgets go (cites luce1959, mcfadden1974, wildavsky1964, boulding1962)."""

from __future__ import annotations

import numpy as np

from eurasia_sim.compute.blocks import RUNS
from eurasia_sim.compute.dimensions import DOMAIN_COUNT
from eurasia_sim.compute.jit import compiled, inlined, sequence
from eurasia_sim.compute.mathematics import TINY, choose, exponential, fused, greater, lesser, logarithm, saturation
from eurasia_sim.compute.random_streams import draw_at, gumbel, uniform
from eurasia_sim.compute.vectors import in_some_run, spread

STREAM = np.uint64(2)


@inlined
def budget(power, p):
    """What an actor can spend in a month: power ** budget_elasticity; 0 without power."""
    return choose(power, exponential(p.budget_elasticity * logarithm(greater(power, TINY))), 0.0)


@compiled
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
    for k in range(state.theatres):
        carried = spread(0.0)
        for i in range(state.actors):
            carried += effort[i, k, 0]
        for i in range(state.actors):
            left[i, k] = spillover[i, k] / (1.0 + p.burden_sharing * (carried - effort[i, k, 0]))
    for i in range(state.actors):
        for k in range(state.theatres):
            need = spread(0.0)
            for source in range(state.theatres):
                need = fused(gate[k, source], left[i, source], need)
            met[i, k] = need


@inlined
def weigh_rivals(i, state, constants, p):
    """Write what a unit of each other one's influence moves actor i to undo, three ways (N,)."""
    alignment, threat, weight, denial = state.alignment, state.threat, constants.weight, constants.denial
    for j in range(state.actors):
        state.pushed[j] = p.motive_primacy * weight[i, 0] * 0.5 * (1.0 - alignment[i, j])
        state.resisted[j] = p.motive_denial * denial[i, j]
        state.guarded[j] = p.motive_survival * weight[i, 5] * threat[i, j]


@inlined
def sum_rivals(k, state):
    """Sums over others of their influence in a theatre's domains: as it is worth displacing, and keeping out or off."""
    influence, pushed, resisted, guarded = state.influence, state.pushed, state.resisted, state.guarded
    a, b, c, x, y, z = spread(0.0), spread(0.0), spread(0.0), spread(0.0), spread(0.0), spread(0.0)
    for j in range(state.actors):
        push, resist = pushed[j], resisted[j]
        security, economic, diplomatic = influence[j, k, 0], influence[j, k, 1], influence[j, k, 2]
        a, b, c = fused(push, security, a), fused(push, economic, b), fused(push, diplomatic, c)
        x = fused(resist + guarded[j], security, x)
        y, z = fused(resist, economic, y), fused(resist, diplomatic, z)
    return (a, b, c), (x, y, z)


@compiled
def rival_motives(state, constants, p):
    """Write the pull of others' influence on each actor's effort (N, K, D): nearness, access and gain of undoing it.

    Claim: great powers seek influence at each other's expense (mearsheimer2001); actors keep named rivals out
    (aliyev2022 L398); states resist a threatening power near them (walt1985).
    Form: for one unit of another's influence, primacy by how far apart the two are aligned, plus denial; in security
    also survival by perceived threat. Sufficiency in [0, 1] sates primacy by the influence already held: at 0 an actor
    is never content, at 1 content in proportion.
    """
    influence, utility, access, near = state.influence, state.utility, state.access, constants.nearness_theatre
    for i in range(state.actors):
        weigh_rivals(i, state, constants, p)
        for k in range(state.theatres):
            displaced, resisted = sum_rivals(k, state)
            for d in range(DOMAIN_COUNT):
                sated = 1.0 - p.sufficiency * influence[i, k, d]
                utility[i, k, d] = near[i, k] * access[i, k, d] * (sated * displaced[d] + resisted[d])


@inlined
def home_motive(i, k, contested, run, constants, p):
    """Add, in one run, what moves actor i at home in theatre k.

    Args:
        contested: share of the land that is not its own.
    """
    fear = 0.0
    for j in range(run.actors):
        fear += run.threat[i, j]
    peril = saturation(fear) + run.militants[k] + constants.contested[k] * contested
    run.utility[i, k, 0] += p.motive_home_survival * constants.weight[i, 5] * peril
    for d in range(DOMAIN_COUNT):
        largest = 0.0
        for j in range(run.actors):
            if j != i:
                largest = max(largest, run.influence[j, k, d])
        lacking = p.skill_cost * (1.0 - constants.skill[i, d])
        run.utility[i, k, d] += p.motive_autonomy * constants.weight[i, 4] * largest + lacking


@compiled
def home_motives(state, constants, p):
    """Add what moves whoever rules or contests a theatre: autonomy from the largest patron, and its own survival.

    Form: at home nobody lacks the means for a domain, so what `marginal_utility` takes for lack of skill is given back.
    """
    for r in range(RUNS):
        run = state[r]
        for k in range(state.theatres):
            if run.ruler[k] >= 0:
                home_motive(run.ruler[k], k, run.control[k], run, constants[r], p[r])
            if run.challenger[k] >= 0:
                home_motive(run.challenger[k], k, 1.0 - run.control[k], run, constants[r], p[r])


@compiled
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
    for i in range(state.actors):
        for k in range(state.theatres):
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


@compiled
def draw_luck(state, facts, month_number):
    """Write this month's unobserved part of every utility (N, K, D)."""
    luck, address = state.luck, facts.cell_address
    for i in range(state.actors):
        for k in range(state.theatres):
            words = draw_at(state.seed, STREAM, month_number, address[0, i, k], address[1, i, k], address[2, i, k])
            luck[i, k, 0], luck[i, k, 1], luck[i, k, 2] = uniform(words[0]), uniform(words[1]), uniform(words[2])
    for i in range(state.actors):
        for k in range(state.theatres):
            for d in range(DOMAIN_COUNT):
                luck[i, k, d] = gumbel(luck[i, k, d])


@compiled
def incline(state, facts, month_number, p):
    """Update every actor's inclination (N, K, D), the logarithm of a choice weight.

    Claim: budgets move from last year's by small steps (wildavsky1964); choice goes by utility with an unobserved part
    (luce1959, mcfadden1974).
    Form: inclination = habit * inclination + (1 - habit) * utility / temperature + utility_noise * Gumbel. At habit 1
    nothing but chance moves an allocation. The first month has no last one and starts at its utilities.
    """
    inclination, luck, utility = state.inclination, state.luck, state.utility
    if in_some_run(p.utility_noise):
        draw_luck(state, facts, month_number)
    habit = p.habit * (1.0 if month_number > 0 else 0.0)
    pace = (1.0 - habit) / p.temperature
    for i in range(state.actors):
        for k in range(state.theatres):
            for d in range(DOMAIN_COUNT):
                new = pace * utility[i, k, d] + p.utility_noise * luck[i, k, d]
                inclination[i, k, d] = habit * inclination[i, k, d] + new


@inlined
def impose(i, state, month, p):
    """Write the share of actor i's budget that the scenario commits to each cell (K, D); return what is left of it.

    Form: what is scripted, and what presence and aid take; scaled down where it is more than the budget.
    """
    committed, scripted, presence, aid = state.committed, month.imposed, month.presence, month.aid
    taken = spread(0.0)
    unit = choose(state.budget[i], 1.0 / greater(state.budget[i], TINY), 0.0)
    for k in range(state.theatres):
        posted = (
            p.effort_bases * presence[i, k, 0]
            + p.effort_forces * presence[i, k, 1]
            + p.effort_counterterror * presence[i, k, 2]
        )
        committed[i, k, 0] = scripted[i, k, 0] + unit * posted
        committed[i, k, 1] = scripted[i, k, 1] + unit * (p.effort_aid * aid[i, k])
        committed[i, k, 2] = scripted[i, k, 2]
        taken += committed[i, k, 0] + committed[i, k, 1] + committed[i, k, 2]
    fitted = 1.0 / greater(taken, 1.0)
    for k in range(state.theatres):
        for d in range(DOMAIN_COUNT):
            committed[i, k, d] *= fitted
    return 1.0 - lesser(taken, 1.0)


@compiled
def spend(state, constants, month, p):
    """Write every actor's effort (N, K, D): what is imposed, and the rest of the budget by logit over inclinations.

    Form: share = size * exp(inclination) / (reserve + sum of the same), the size term of destination choice; what goes
    to `reserve` is spent outside the region.
    """
    committed, choice, effort, inclination = state.committed, state.choice, state.effort, state.inclination
    for i in range(state.actors):
        state.budget[i] = budget(state.power[i], p)
        left = impose(i, state, month, p)
        weighed = p.reserve + spread(0.0)
        for k in range(state.theatres):
            for d in range(DOMAIN_COUNT):
                choice[i, k, d] = exponential(inclination[i, k, d]) * constants.size[k]
                weighed += choice[i, k, d]
        for k in range(state.theatres):
            for d in range(DOMAIN_COUNT):
                effort[i, k, d] = state.budget[i] * (committed[i, k, d] + left / weighed * choice[i, k, d])


@sequence
def allocate(state, constants, month, facts, month_number, p):
    """Choose this month's efforts from what is perceived: utilities, inclinations, spending."""
    marginal_utility(state, constants, p)
    incline(state, facts, month_number, p)
    spend(state, constants, month, p)
