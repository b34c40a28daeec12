"""Where budgets go (cites luce1959, mcfadden1974, wildavsky1964, boulding1962)."""

import numpy as np

from eurasia_sim.compute.dimensions import (
    AUTONOMY,
    BASES,
    COMMERCE,
    CONTAINMENT,
    COUNTERTERROR,
    DIPLOMATIC,
    DOMAIN_COUNT,
    ECONOMIC,
    FORCES,
    PRIMACY,
    SECURITY,
    SETTLING,
    STANDING,
    SURVIVAL,
)
from eurasia_sim.compute.jit import compiled, inlined, sequence
from eurasia_sim.compute.mathematics import (
    TINY,
    choose,
    exponential,
    fused,
    greater,
    lesser,
    logarithm,
    saturation,
)
from eurasia_sim.compute.random_streams import draw_at, gumbel, uniform
from eurasia_sim.compute.vectors import in_some_run

STREAM = np.uint64(2)


@inlined
def budget(power, pressed, p):
    """What an actor can spend in a month; 0 without power.

    Claim: none of an author; whether pressure moves budgets is open, and nothing measured shows it.
    Form: power ** budget_elasticity * exp(pressure_effort * pressed), with the sum of the pressures
    on it, beyond the opening's.
    """
    grown = p.budget_elasticity * logarithm(greater(power, TINY)) + p.pressure_effort * pressed
    return choose(power, exponential(grown), 0.0)


@inlined
def relation_factor(alignment, gained, p):
    """What relation and power make of the wish to keep another out; 1 where neither counts.

    Claim: as every power is after relative power, today's partner may be tomorrow's challenger
    (aliyev2022 L402).
    Form: exp(-denial_relation * alignment + denial_power * gained), with the change since the
    opening of the log of the other's power over one's own. Draws below 0 count as 0, so that a wish
    that answers to nothing stays in the space.
    """
    with_relation = greater(p.denial_relation, 0.0) * alignment
    return exponential(greater(p.denial_power, 0.0) * gained - with_relation)


@inlined
def power_gained(i, j, state):
    """Change since the opening of the log of j's power over i's; 0 where one had or has none."""
    now, then = state.power[j] * state.opening_power[i], state.power[i] * state.opening_power[j]
    return choose(now * then, logarithm(greater(now, TINY) / greater(then, TINY)), 0.0)


@compiled
def containment_need(state, constants, p):
    """Write each actor's need (N, K) to contain spill-over, at its source and in between.

    Claim: keeping spill-over in is both powers' first worry, met in Afghanistan and on Central
    Asia's borders (aliyev2022 L92, L130, L266); others' efforts carry part of the load (aliyev2022
    L322, L354).
    Form: spill-over from a source, less what others' security effort there already carries, is met
    in a theatre in proportion to `gate`, the theatre's closeness to the source.
    """
    effort, left = state.effort, state.open_spillover
    for k in range(state.theatres):
        carried = 0.0
        for i in range(state.actors):
            carried += effort[i, k, SECURITY]
        for i in range(state.actors):
            others = carried - effort[i, k, SECURITY]
            left[i, k] = state.spillover[i, k] / (1.0 + p.burden_sharing * others)
    for i in range(state.actors):
        for k in range(state.theatres):
            need = 0.0
            for source in range(state.theatres):
                need = fused(constants.gate[k, source], left[i, source], need)
            state.containment[i, k] = need


@inlined
def weigh_rival(i, j, state, constants, p):
    """Weights of displacing j's influence, of resisting it, and of resisting it in security.

    Form: displacement by how far apart the two are aligned; resistance by denial times
    `relation_factor`, and in security also by perceived threat.
    """
    apart = 0.5 * (1.0 - state.alignment[i, j])
    factor = relation_factor(state.alignment[i, j], power_gained(i, j, state), p)
    denied = p.motive_denial * constants.denial[i, j] * factor
    feared = p.motive_survival * constants.weight[i, SURVIVAL] * state.threat[i, j]
    return p.motive_primacy * constants.weight[i, PRIMACY] * apart, denied, denied + feared


@compiled
def rival_motives(state, constants, p):
    """Write the pull of others' influence on each actor's effort (N, K, D).

    Claim: great powers seek influence at each other's expense (mearsheimer2001); actors keep named
    rivals out (aliyev2022 L398); states resist a threatening power near them (walt1985).
    Form: nearness * access * sum over others of influence * (sated * displacement + resistance).
    Sufficiency in [0, 1] sates primacy by the influence an actor has: at 0 it is never content, at
    1 content in proportion.
    """
    influence, near = state.influence, constants.nearness_theatre
    for i in range(state.actors):
        for j in range(state.actors):
            displaced, denied, guarded = weigh_rival(i, j, state, constants, p)
            state.displacement_weight[j], state.denial_weight[j] = displaced, denied
            state.security_weight[j] = guarded
        for k in range(state.theatres):
            for d in range(DOMAIN_COUNT):
                displaced = resisted = 0.0
                for j in range(state.actors):
                    resist = state.security_weight[j] if d == SECURITY else state.denial_weight[j]
                    displaced = fused(state.displacement_weight[j], influence[j, k, d], displaced)
                    resisted = fused(resist, influence[j, k, d], resisted)
                sated = 1.0 - p.sufficiency * influence[i, k, d]
                pull = sated * displaced + resisted
                state.utility[i, k, d] = near[i, k] * state.access[i, k, d] * pull


@inlined
def home_motive(i, k, contested, run, constants, p):
    """Add, in one run, what moves actor i at home in theatre k, of which a share is contested."""
    fear = 0.0
    for j in range(run.actors):
        fear += run.threat[i, j]
    peril = saturation(fear) + run.militants[k] + constants.contested[k] * contested
    run.utility[i, k, SECURITY] += p.motive_home_survival * constants.weight[i, SURVIVAL] * peril
    for d in range(DOMAIN_COUNT):
        largest = 0.0
        for j in range(run.actors):
            if j != i:
                largest = max(largest, run.influence[j, k, d])
        run.utility[i, k, d] += p.motive_autonomy * constants.weight[i, AUTONOMY] * largest


@compiled
def home_motives(state, constants, p):
    """Add the motives of whoever rules or contests a theatre: autonomy and own survival."""
    for r in range(state.block_runs):
        run = state[r]
        for k in range(state.theatres):
            if run.ruler[k] >= 0:
                home_motive(run.ruler[k], k, run.control[k], run, constants[r], p[r])
            if run.challenger[k] >= 0:
                home_motive(run.challenger[k], k, 1.0 - run.control[k], run, constants[r], p[r])


@compiled
def marginal_utility(state, constants, p):
    """Write the worth of one more unit of effort (N, K, D).

    Form: rivals' influence, containment and commerce by the coded weights, each as far as the host
    grants access, since effort that is not let in changes nothing; standing; at home autonomy and
    survival; less the cost of distance, and one cost for any theatre and domain.
    """
    rival_motives(state, constants, p)
    home_motives(state, constants, p)
    containment_need(state, constants, p)
    utility, access, common, weight = state.utility, state.access, state.common, constants.weight
    for i in range(state.actors):
        for k in range(state.theatres):
            near, order = constants.nearness_theatre[i, k], state.stability[k]
            need = p.motive_containment * weight[i, CONTAINMENT] * state.containment[i, k]
            common[i, k, SECURITY] = need * p.containment_security
            common[i, k, ECONOMIC] = need * p.containment_economic
            common[i, k, DIPLOMATIC] = need * p.containment_diplomatic
            gain = constants.opportunity[k] * order * near
            trade = p.motive_commerce * weight[i, COMMERCE] * gain * state.link[i, k]
            repute = p.motive_standing * weight[i, STANDING] * (1.0 - order) * constants.size[k]
            utility[i, k, ECONOMIC] += access[i, k, ECONOMIC] * trade
            utility[i, k, DIPLOMATIC] += repute
            costs = p.distance_cost * (1.0 - near) + p.cell_cost
            for d in range(DOMAIN_COUNT):
                utility[i, k, d] += access[i, k, d] * common[i, k, d] - costs


@compiled
def draw_noise(state, facts, t):
    """Write this month's unobserved part of every utility (N, K, D)."""
    noise, address = state.noise, facts.cell_address
    for i in range(state.actors):
        for k in range(state.theatres):
            whom = address[0, i, k], address[1, i, k], address[2, i, k]
            words = draw_at(state.seed, STREAM, np.uint64(t), *whom)
            noise[i, k, SECURITY] = uniform(words[0])
            noise[i, k, ECONOMIC] = uniform(words[1])
            noise[i, k, DIPLOMATIC] = uniform(words[2])
    for i in range(state.actors):
        for k in range(state.theatres):
            for d in range(DOMAIN_COUNT):
                noise[i, k, d] = gumbel(noise[i, k, d])


@inlined
def habit_at(t, p):
    """Share of an inclination that stays from month to month."""
    return p.habit if t >= 0 else 1.0 - SETTLING


@compiled
def incline(state, facts, t, p):
    """Update every actor's inclination (N, K, D), the logarithm of a choice weight.

    Claim: budgets move from last year's by small steps (wildavsky1964); choice goes by utility with
    an unobserved part (luce1959, mcfadden1974).
    Form: inclination = habit * inclination + (1 - habit) * utility / temperature + utility_noise *
    Gumbel. At habit 1 nothing but chance moves an allocation. Before month 0 half of the way is
    gone each time, without chance.
    """
    inclination, habit = state.inclination, habit_at(t, p)
    if t >= 0 and in_some_run(p.utility_noise):
        draw_noise(state, facts, t)
    pace = (1.0 - habit) / p.temperature
    for i in range(state.actors):
        for k in range(state.theatres):
            for d in range(DOMAIN_COUNT):
                new = pace * state.utility[i, k, d] + p.utility_noise * state.noise[i, k, d]
                inclination[i, k, d] = habit * inclination[i, k, d] + new


@compiled
def owe(state, constants, facts, t, p):
    """Update what of each inclination is owed to the other of a pair in focus (F, E, K, D).

    Form: the law of inclinations, for the pull of the other's influence alone: without chance, and
    without the motives at home, which the largest patron moves whoever it is.
    """
    influence, owed, habit = state.influence, state.owed, habit_at(t, p)
    pace = (1.0 - habit) / p.temperature
    for pair in range(facts.pairs):
        for end in range(2):
            i, j = facts.focus[pair, end], facts.focus[pair, 1 - end]
            displaced, denied, guarded = weigh_rival(i, j, state, constants, p)
            for k in range(state.theatres):
                near = pace * constants.nearness_theatre[i, k]
                for d in range(DOMAIN_COUNT):
                    sated = 1.0 - p.sufficiency * influence[i, k, d]
                    pull = sated * displaced + (guarded if d == SECURITY else denied)
                    new = near * state.access[i, k, d] * pull * influence[j, k, d]
                    owed[pair, end, k, d] = habit * owed[pair, end, k, d] + new


@compiled
def deliver(state, month):
    """Write the arms that each actor gives the ruler and the challenger of each theatre (N, K)."""
    for r in range(state.block_runs):
        run, arms = state[r], month[r].arms
        for k in range(state.theatres):
            for i in range(state.actors):
                given = arms[i, run.ruler[k]] if run.ruler[k] >= 0 else 0.0
                rival = arms[i, run.challenger[k]] if run.challenger[k] >= 0 else 0.0
                run.armed[i, k] = given + rival


@inlined
def impose(i, state, month, p):
    """Write the budget shares that the scenario commits for actor i (K, D); return the rest.

    Form: what is scripted, and what presence, arms and aid take, arms as much as aid; scaled down
    where it is more than the budget.
    """
    committed, scripted, presence, taken = state.committed, month.imposed, month.presence, 0.0
    unit = choose(state.budget[i], 1.0 / greater(state.budget[i], TINY), 0.0)
    for k in range(state.theatres):
        posted = (
            p.effort_bases * presence[i, k, BASES]
            + p.effort_forces * (presence[i, k, FORCES] + presence[i, k, COUNTERTERROR])
            + p.effort_aid * state.armed[i, k]
        )
        aid = unit * (p.effort_aid * month.aid[i, k])
        committed[i, k, SECURITY] = scripted[i, k, SECURITY] + unit * posted
        committed[i, k, ECONOMIC] = scripted[i, k, ECONOMIC] + aid
        committed[i, k, DIPLOMATIC] = scripted[i, k, DIPLOMATIC]
        taken += committed[i, k, SECURITY] + committed[i, k, ECONOMIC] + committed[i, k, DIPLOMATIC]
    fitted = 1.0 / greater(taken, 1.0)
    for k in range(state.theatres):
        for d in range(DOMAIN_COUNT):
            committed[i, k, d] *= fitted
    return 1.0 - lesser(taken, 1.0)


@compiled
def spend(state, constants, month, p):
    """Write every effort (N, K, D): what is imposed, the rest by logit over inclinations.

    Form: share = size * exp(inclination) / (reserve + sum of the same), the size term of
    destination choice; what goes to `reserve` is spent outside the region.
    """
    deliver(state, month)
    for i in range(state.actors):
        pressed = state.pressed[i] - state.opening_pressed[i]
        state.budget[i] = budget(state.power[i], pressed, p)
        left, weighed = impose(i, state, month, p), p.reserve
        for k in range(state.theatres):
            for d in range(DOMAIN_COUNT):
                state.choice[i, k, d] = exponential(state.inclination[i, k, d]) * constants.size[k]
                weighed += state.choice[i, k, d]
        for k in range(state.theatres):
            for d in range(DOMAIN_COUNT):
                share = state.committed[i, k, d] + left / weighed * state.choice[i, k, d]
                state.effort[i, k, d] = state.budget[i] * share


@compiled
def note_standing(state, month, t):
    """Write how hard those with power press each, summed (N,); up to month 0 keep it, and power."""
    for i in range(state.actors):
        pressed = 0.0
        for j in range(state.actors):
            pressed += choose(state.power[j], month.pressure[j, i], 0.0)
        state.pressed[i] = pressed
        if t <= 0:
            state.opening_power[i], state.opening_pressed[i] = state.power[i], pressed


@sequence
def allocate(state, constants, month, facts, t, p):
    """Choose this month's efforts from what is perceived: utilities, inclinations, spending."""
    note_standing(state, month, t)
    marginal_utility(state, constants, p)
    incline(state, facts, t, p)
    owe(state, constants, facts, t, p)
    spend(state, constants, month, p)
