"""Where budgets go (cites luce1959, mcfadden1974, wildavsky1964, boulding1962)."""

from __future__ import annotations

import numpy as np

from eurasia_sim.compilation import compiled, flat, phase, shaped
from eurasia_sim.mathematics import copy, exponential, exponentials, fill, logarithm, saturation
from eurasia_sim.streams import draw_at, gumbels, uniform

STREAM = np.uint64(2)


@phase
def budget(power, p):
    """What an actor can spend in a month: power ** budget_elasticity; 0 without power."""
    return exponential(p.budget_elasticity * logarithm(power)) if power > 0.0 else 0.0


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
        for i in range(actors):
            carried += effort[i, k, 0]
        for i in range(actors):
            left[i, k] = spillover[i, k] / (1.0 + p.burden_sharing * (carried - effort[i, k, 0]))
    for i in range(actors):
        for k in range(theatres):
            need = 0.0
            for source in range(theatres):
                need += gate[k, source] * left[i, source]
            met[i, k] = need


@phase
def weigh_rivals(apart, denial, threat, influence, out):
    """Write sums over others of their influence in each cell, weighed three ways: (3, row).

    Args:
        apart, denial, threat: (N,) one actor's weights on each other. influence: (N, row), K * D cells and padding.
    """
    displaced, resisted, guarded = out[0], out[1], out[2]
    fill(flat(out), 0.0)
    for j in range(apart.size):
        first, second, third, row = apart[j], denial[j], threat[j], influence[j]
        for c in range(row.size):
            displaced[c] += first * row[c]
            resisted[c] += second * row[c]
            guarded[c] += third * row[c]


@phase
def rival_motives(state, constants, p):
    """Write the pull of others' influence on each actor's effort (N, K, D): nearness, access and gain of undoing it.

    Claim: great powers seek influence at each other's expense (mearsheimer2001); actors keep named rivals out
    (aliyev2022 L398); states resist a threatening power near them (walt1985).
    Form: for one unit of another's influence, primacy by how far apart the two are aligned, plus denial; in security
    also survival by perceived threat. Sufficiency in [0, 1] sates primacy by the influence already held: at 0 an actor
    is never content, at 1 content in proportion.
    """
    actors, theatres, domains = state.influence.shape
    cells = theatres * domains
    influence, utility = shaped(state.influence, (actors, cells)), shaped(state.utility, (actors, cells))
    # Rows as long as some vector registers are summed several times as fast as rows of an odd length.
    padded = state.padded_influence
    for i in range(actors):
        copy(influence[i], padded[i, :cells])
    access = shaped(state.access, (actors, cells))
    alignment, threat, weight, denial = state.alignment, state.threat, constants.weight, constants.denial
    displaced, resisted, guarded = state.scratch_cells[0], state.scratch_cells[1], state.scratch_cells[2]
    near, apart = constants.nearness_theatre, state.scratch_actor
    for i in range(actors):
        for j in range(actors):
            apart[i, j] = 0.5 * (1.0 - alignment[i, j])
    for i in range(actors):
        weigh_rivals(apart[i], denial[i], threat[i], padded, state.scratch_cells)
        primacy, keep_out, survival = p.motive_primacy * weight[i, 0], p.motive_denial, p.motive_survival * weight[i, 5]
        for c in range(cells):
            sated = 1.0 - p.sufficiency * influence[i, c]
            utility[i, c] = primacy * sated * displaced[c] + keep_out * resisted[c]
        for k in range(theatres):
            utility[i, k * domains] += survival * guarded[k * domains]
            for d in range(domains):
                utility[i, k * domains + d] *= near[i, k] * access[i, k * domains + d]


@phase
def home_motives(state, constants, p):
    """Add what moves whoever rules or contests a theatre: autonomy from the largest patron, and its own survival.

    Form: at home nobody lacks the means for a domain, so what `marginal_utility` takes for lack of skill is given back.
    """
    influence, utility, threat, weight = state.influence, state.utility, state.threat, constants.weight
    actors, theatres, domains = influence.shape
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
            for d in range(domains):
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
    actors, theatres, domains = utility.shape
    for i in range(actors):
        for k in range(theatres):
            need = p.motive_containment * weight[i, 1] * met[i, k]
            common[i, k, 0] = need * p.containment_security
            common[i, k, 1] = need * p.containment_economic
            common[i, k, 2] = need * p.containment_diplomatic
            trade = p.motive_commerce * weight[i, 2] * opportunity[k] * stability[k] * near[i, k]
            distance = p.distance_cost * (1.0 - near[i, k])
            utility[i, k, 1] += access[i, k, 1] * trade
            utility[i, k, 2] += p.motive_standing * weight[i, 6] * (1.0 - stability[k]) * size[k]
            for d in range(domains):
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
    inclination, luck, utility = flat(state.inclination), flat(state.luck), flat(state.utility)
    if p.utility_noise > 0.0:
        where = constants.cell_address
        for c in range(where.shape[1]):
            words = draw_at(seed, STREAM, month_number, where[0, c], where[1, c], where[2, c])
            luck[3 * c] = uniform(words[0])
            luck[3 * c + 1] = uniform(words[1])
            luck[3 * c + 2] = uniform(words[2])
        gumbels(luck)
    for c in range(luck.size):
        moved = habit * inclination[c] + (1.0 - habit) * utility[c] / p.temperature
        inclination[c] = moved + p.utility_noise * luck[c]


@phase
def impose(own, presence, aid, scripted, means, p):
    """Write the share of one actor's budget that the scenario commits to each cell; return their sum, at most 1.

    Args:
        own: (K, D) written. presence: (K, X). aid: (K,) billion US dollars a year. scripted: (K, D) shares.
        means: the budget, >= 0.
    """
    taken, unit = 0.0, 1.0 / means if means > 0.0 else 0.0
    for k in range(own.shape[0]):
        posted = (
            p.effort_bases * presence[k, 0] + p.effort_forces * presence[k, 1] + p.effort_counterterror * presence[k, 2]
        )
        own[k, 0] = scripted[k, 0] + unit * posted
        own[k, 1] = scripted[k, 1] + unit * p.effort_aid * aid[k]
        own[k, 2] = scripted[k, 2]
        taken += own[k, 0] + own[k, 1] + own[k, 2]
    if taken > 1.0:
        row = flat(own)
        for c in range(row.size):
            row[c] /= taken
        return 1.0
    return taken


@phase
def weigh_by_size(choice, size):
    """Weigh one actor's choices (K, D) by the theatres' sizes; return their sum."""
    total = 0.0
    for k in range(size.size):
        for d in range(3):
            choice[k, d] *= size[k]
        total += choice[k, 0] + choice[k, 1] + choice[k, 2]
    return total


@phase
def spend(state, constants, month, p):
    """Write every actor's effort (N, K, D): what is imposed, and the rest of the budget by logit over inclinations.

    Form: share = size * exp(inclination) / (reserve + sum of the same), the size term of destination choice; what goes
    to `reserve` is spent outside the region.
    """
    means = state.budget
    copy(flat(state.inclination), flat(state.weighed))
    exponentials(flat(state.weighed))
    for i in range(means.size):
        means[i] = budget(state.power[i], p)
        free = 1.0 - impose(state.imposed[i], month.presence[i], month.aid[i], month.imposed[i], means[i], p)
        unit = free / (p.reserve + weigh_by_size(state.weighed[i], constants.size))
        own, choice, effort = flat(state.imposed[i]), flat(state.weighed[i]), flat(state.effort[i])
        for c in range(effort.size):
            effort[c] = means[i] * (own[c] + unit * choice[c])


@compiled
def allocate(state, constants, month, seed, month_number, p):
    """Choose this month's efforts from what is perceived: utilities, inclinations, spending."""
    marginal_utility(state, constants, p)
    incline(state, constants, seed, month_number, p)
    spend(state, constants, month, p)
