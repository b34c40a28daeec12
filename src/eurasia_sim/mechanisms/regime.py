"""Who rules a contested theatre, the war for it, and what war and rule do to order there.

Cites tullock1980, hirshleifer1989, collier2009. What happens hangs on who rules, so the rule is
written for one run: `run` is its state. Rates are a year's; strengths are shares of that of a ruler
of all the land with ample aid.
"""

import numpy as np

from eurasia_sim.compute.dimensions import COUNTERTERROR, FORCES, MONTH, SECURITY, TERRORISM
from eurasia_sim.compute.jit import inlined, sequence
from eurasia_sim.compute.mathematics import exponential, logarithm, saturation, square_root
from eurasia_sim.compute.random_streams import draw, shock, uniform

STREAM = np.uint64(3)
FULL_RECOGNITION = 4.0


@inlined
def troops(presence):
    """Forces of one actor in a theatre (X,), in 100,000."""
    return presence[FORCES] + presence[COUNTERTERROR]


@inlined
def beside_ruler(k, run, month):
    """Foreign forces beside theatre k's ruler, in 100,000.

    Form: troops by 1/2 + the ruler's leaning to their owner - the challenger's, held in [0, 1].
    """
    ruler, challenger, beside = run.ruler[k], run.challenger[k], 0.0
    for i in range(run.actors):
        if ruler >= 0 and i not in (ruler, challenger):
            side = 0.5 + run.alignment[ruler, i] - run.alignment[challenger, i]
            beside += troops(month.presence[i, k]) * min(max(side, 0.0), 1.0)
    return beside


@inlined
def shelter(k, run, month, facts, p):
    """Sanctuary that neighbours give the challenger, in [0, 1].

    Claim: rebels outlast a state where a neighbour shelters them (salehyan2007); Pakistan was the
    Taliban's ally (aliyev2022 L218).
    Form: the most that one neighbour gives: its pressure on the ruler, full at `shelter_pressure`,
    times its share of its and the land's power.
    """
    ruler, most = run.ruler[k], 0.0
    for i in range(run.actors):
        if ruler >= 0 and i not in (ruler, run.challenger[k]) and facts.theatre_border[i, k] > 0:
            pressed = min(month.pressure[i, ruler] / p.shelter_pressure, 1.0)
            both = run.power[i] + month.theatre_capability[k]
            most = max(most, pressed * run.power[i] / both if both > 0.0 else 0.0)
    return most


@inlined
def room(sheltered, narcotics, provoked, p):
    """Strength that the challenger can feed.

    Claim: rebellion is where it can be financed and hidden (collier2009), and foreign forces
    provoke some of it (kress2009).
    Form: feasible_shelter * shelter * (1 + feasible_rents * narcotics) + provocation * forces.
    """
    rents = 1.0 + p.feasible_rents * narcotics
    return p.feasible_shelter * sheltered * rents + p.provocation * provoked


@inlined
def fighters_step(fighters, feasible, luck, p):
    """Challenger's fighters a month on: logistic growth in what can be fed, never below a remnant.

    `luck` is this month's chance, a share of the fighters.
    """
    if feasible <= 0.0:
        return fighters * (1.0 - MONTH * p.organisation)
    grown = fighters + MONTH * p.organisation * fighters * (1.0 - fighters / feasible)
    return max(grown + luck * fighters, p.control_remnant * feasible)


@inlined
def contest_odds(fighters, opposed):
    """Challenger's share in the contest for the land: the ratio form, exponent 2 (tullock1980)."""
    both = fighters * fighters + opposed * opposed
    return fighters * fighters / both if both > 0.0 else 0.0


@inlined
def control_step(control, odds, luck, p):
    """Challenger's share of the land a month on, in [0, 1].

    Claim: foreign forces kept order (aliyev2022 L322); the Taliban spread (untitled2021 L78-88).
    Form: it follows the contest at `control_pace`, with most chance where the land is halved.
    """
    moved = control + MONTH * p.control_pace * (odds - control) + luck * control * (1.0 - control)
    return min(max(moved, 0.0), 1.0)


@inlined
def strength_step(strength, control, base, aid, p):
    """Ruler's own strength a month on.

    Claim: aid paid three quarters of the republic's budget (untitled2021 L27-33).
    Form: it tends to the land held times base + (1 - base) * aid / (aid + aid_half), with aid in
    billion US dollars a year and the theatre's own order, in [0, 1], for base.
    """
    funded = base + (1.0 - base) * aid / (aid + p.aid_half)
    return strength + MONTH * p.organisation * ((1.0 - control) * funded - strength)


@inlined
def violence(fighters, strength, control, p):
    """Deaths a year and 30 million people: two strong sides kill where the land is disputed."""
    scale = p.deaths_scale * square_root(max(fighters * strength, 0.0))
    return scale * 4.0 * control * (1.0 - control)


@inlined
def change_rule(run, k, successor, p):
    """Give theatre k a new ruler; patrons of the fallen lose standing, their rivals gain.

    Claim: the fall of Kabul cost the United States reputation and lifted Russia's and China's
    (opportunity2021 L24, aliyev2022 L248, L264).
    Form: the fallen fights on with a remnant. A patron's loss is its share of security influence
    times the fallen ruler's leaning to it; each other actor gains by its own distance from the
    loser.
    """
    fallen, remnant = run.ruler[k], p.control_remnant * run.ruler_strength[k]
    run.ruler[k], run.challenger[k], run.control[k] = successor, fallen, p.control_remnant
    run.ruler_strength[k], run.fighters[k] = min(run.fighters[k], 1.0), remnant
    for j in range(run.actors):
        if fallen >= 0 and j not in (successor, fallen):
            lost = run.influence[j, k, SECURITY] * max(run.alignment[fallen, j], 0.0)
            run.standing[j] -= lost
            for i in range(run.actors):
                if i != j and run.power[i] > 0.0:
                    run.standing[i] += p.standing_gain * 0.5 * (1.0 - run.alignment[i, j]) * lost


@inlined
def transfer_rule(run, constants, month, k, odds, chance, p):
    """Change theatre k's ruler where one is imposed, where its land is lost, or it is deserted.

    Form: while rule is free, a ruler falls once the challenger's control passes the threshold, or
    at a rate of desertion * (2 * odds - 1) while it would lose the contest, by a chance in (0, 1).
    Who is put in by others has at least the theatre's own order for strength.
    """
    imposed, challenger = np.int64(month.rule[k]), run.challenger[k]
    if imposed >= 0 and imposed != run.ruler[k]:
        change_rule(run, k, imposed, p)
        run.ruler_strength[k] = max(run.ruler_strength[k], constants.base_stability[k])
    elif imposed >= 0:
        run.control[k] = min(run.control[k], p.control_threshold)
    elif challenger >= 0:
        deserted = 1.0 - exponential(-MONTH * p.desertion * max(2.0 * odds - 1.0, 0.0))
        if run.control[k] > p.control_threshold or chance < deserted:
            change_rule(run, k, challenger, p)


@inlined
def esteem(contender, k, power, recognition):
    """Recognition by the powers of theatre k's contender once it rules, by power, in [0, 1]."""
    known, weight = 0.0, 0.0
    for i in range(power.size):
        if i != contender:
            known += power[i] * recognition[i, k]
            weight += power[i]
    return known / (weight * FULL_RECOGNITION) if weight > 0.0 else 0.0


@inlined
def laxity(actor, contender, p):
    """How far an actor that holds land lets be who strike elsewhere from it, in [0, 1].

    Claim: a movement that came by force is closer to such groups (aliyev2022 L402).
    """
    return p.laxity_by_force if actor == contender else p.laxity


@inlined
def restraint_step(restraint, lax, aid, known, conduct, p):
    """Ruler's restraint of those who would use its land, a month on, in [0, 1].

    Claim: conduct is traded for aid and recognition (wishnick2021 L53; aliyev2022 L92, L284;
    opportunity2021 L5).
    Form: it tends to 1 - lax * (1 - what is bought), plus the lever in [-1, 1]; aid in billion US
    dollars a year and esteem in [0, 1] buy it.
    """
    bought = p.restraint_aid * saturation(aid) + p.restraint_recognition * known
    target = 1.0 - lax * (1.0 - min(bought, 1.0)) + conduct
    return restraint + MONTH * p.restraint_rate * (min(max(target, 0.0), 1.0) - restraint)


@inlined
def militants_target(loose, war, surge, forces, guard, p):
    """Where militants tend, in [0, 1].

    Claim: the end of the operation raised the terrorist threat (aliyev2022 L168).
    Form: laxity of who holds the land, by the land held, more by war in [0, 1] and by a surge, over
    1 + what troops but the challenger's, in 100,000, and outsiders' other effort hold down.
    """
    bred = loose * (p.militants_base + (1.0 - p.militants_base) * war)
    bred *= 1.0 + p.surge_breeding * surge
    return min(bred / (1.0 + p.suppression * forces + p.militants_guard * guard), 1.0)


@inlined
def fight(run, constants, month, facts, k, words, p):
    """Advance fighters, control, the ruler's strength and rule of a contested theatre.

    Claim: arms that fall to fighters are among the gravest dangers (aliyev2022 L224).
    Form: arms to the ruler count as aid; arms / (arms + aid_half) to the challenger counts as
    shelter where no neighbour gives more.
    """
    aid, base, armed = 0.0, 0.0, 0.0
    for i in range(run.actors):
        armed += month.arms[i, run.challenger[k]]
    if run.ruler[k] >= 0:  # where nobody rules there is no strength to pay for
        base = constants.base_stability[k]
        for i in range(run.actors):
            aid += month.aid[i, k] + month.arms[i, run.ruler[k]]
    beside = p.forces_strength * beside_ruler(k, run, month)
    sheltered = max(shelter(k, run, month, facts, p), armed / (armed + p.aid_half))
    feasible = room(sheltered, run.narcotics[k], beside, p)
    luck = p.war_noise * square_root(MONTH)
    run.fighters[k] = fighters_step(run.fighters[k], feasible, luck * shock(uniform(words[0])), p)
    odds = contest_odds(run.fighters[k], run.ruler_strength[k] + beside)
    run.control[k] = control_step(run.control[k], odds, luck * shock(uniform(words[1])), p)
    run.ruler_strength[k] = strength_step(run.ruler_strength[k], run.control[k], base, aid, p)
    transfer_rule(run, constants, month, k, odds, uniform(words[2]), p)


@inlined
def as_imposed(order, imposed):
    """Order that the scenario imposes; the order itself where it imposes none (NaN)."""
    return order if np.isnan(imposed) else imposed


@inlined
def settle(run, month, facts, k, p):
    """Advance what war and rule do: violence, order, crop, restraint and militants."""
    ruler, challenger, contender = run.ruler[k], run.challenger[k], facts.contender[k]
    control, aid, forces, guard = run.control[k], 0.0, 0.0, 0.0
    for i in range(run.actors):
        aid += month.aid[i, k]
        if i != challenger:
            forces += troops(month.presence[i, k])
            if i != ruler:
                guard += run.effort[i, k, SECURITY] - p.effort_forces * troops(month.presence[i, k])
    deaths = violence(run.fighters[k], run.ruler_strength[k], control, p)
    war = deaths / (deaths + p.deaths_half)
    run.violence[k] = logarithm(1.0 + deaths * facts.population[k] / 3.0)
    run.stability[k] = as_imposed(run.ruler_strength[k] * (1.0 - war), month.stability[k])
    crop = (1.0 - month.ban[k] * (1.0 - control)) * (1.0 - p.crop_order * run.stability[k])
    run.narcotics[k] += MONTH * (crop - run.narcotics[k])
    known = esteem(contender, k, run.power, run.recognition) if ruler == contender else 0.0
    lax = laxity(ruler, contender, p)
    run.restraint[k] = restraint_step(run.restraint[k], lax, aid, known, month.conduct[k], p)
    loose = (1.0 - run.restraint[k]) * (1.0 - control) + laxity(challenger, contender, p) * control
    militants = militants_target(loose, war, month.surge[k, TERRORISM], forces, max(guard, 0.0), p)
    run.militants[k] += MONTH * p.militants_rate * (militants - run.militants[k])


@inlined
def catch_disorder(run, constants, month, k, p):
    """Move order of an uncontested theatre toward its own, less spill-over to its ruler.

    Claim: Afghan disorder threatens to spread to Central Asia (aliyev2022 L92, L168, L280).
    Form: its own order * (1 - stability_contagion * S(what arrives from elsewhere)).
    """
    arriving = 0.0
    for source in range(run.theatres):
        if run.ruler[k] >= 0 and source != k:
            arriving += run.spillover[run.ruler[k], source]
    order = constants.base_stability[k] * (1.0 - p.stability_contagion * saturation(arriving))
    order = run.stability[k] + MONTH * p.stability_rate * (order - run.stability[k])
    run.stability[k] = as_imposed(order, month.stability[k])
    run.narcotics[k] = 1.0 - run.stability[k]


@inlined
def rule_once(run, constants, month, facts, t, p):
    """Move one run's rule, and what follows from it, of every theatre one month on."""
    for k in range(run.theatres):
        if run.challenger[k] >= 0:
            key = facts.theatre_hash[k]
            words = draw(run.seed, STREAM, np.uint64(t), key, key)
            fight(run, constants, month, facts, k, words, p)
            settle(run, month, facts, k, p)
        else:
            transfer_rule(run, constants, month, k, 0.0, 1.0, p)
            catch_disorder(run, constants, month, k, p)
    for i in range(run.actors):
        run.standing[i] *= 1.0 - p.standing_decay


@sequence
def rule(state, constants, month, facts, t, p):
    """Advance rule, war, order, conduct and militants by one month."""
    for r in range(state.block_runs):
        rule_once(state[r], constants[r], month[r], facts, t, p[r])
