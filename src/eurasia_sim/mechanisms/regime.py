"""Who rules a contested theatre, how stable it is, what its conduct is traded for.

What happens hangs on who rules, so the rule is written for one run: `run` is its state.
"""

from __future__ import annotations

import numpy as np

from eurasia_sim.compute.blocks import RUNS
from eurasia_sim.compute.dimensions import ECONOMIC, SECURITY
from eurasia_sim.compute.jit import inlined, sequence
from eurasia_sim.compute.mathematics import logistic, saturation
from eurasia_sim.compute.random_streams import draw, shock, uniform

STREAM = np.uint64(3)
LADDER_TOP = 4.0


@inlined
def forces_weight(presence, p):
    """Weight of one actor's forces (X,) against those who fight the ruler, >= 0."""
    return (
        p.suppression_bases * presence[0]
        + p.suppression_forces * presence[1]
        + p.suppression_counterterror * presence[2]
    )


@inlined
def suppression(k, run, month, p):
    """Weight of foreign forces in theatre k against militants, and of those beside the ruler.

    Form: all forces but the challenger's press militants; against the challenger they count as far
    as the ruler leans to their owner.
    """
    ruler, against_militants, beside_ruler = run.ruler[k], 0.0, 0.0
    for i in range(month.presence.shape[0]):
        if i != run.challenger[k]:
            weight = forces_weight(month.presence[i, k], p)
            against_militants += weight
            if ruler >= 0:
                beside_ruler += weight * max(run.alignment[ruler, i], 0.0)
    return against_militants, beside_ruler


@inlined
def control_step(control, challenger_power, ruler_power, held_down, noise, p):
    """Challenger's control of the land a month on, kept off 0 and 1 by `control_margin`.

    Claim: the Taliban spread as foreign forces shrank (untitled2021 L78-88, aliyev2022 L322).
    Form: logistic growth at a rate set by how far the challenger's share of all power on the ground
    exceeds the share at which the ruler holds.
    """
    ground = challenger_power + ruler_power + held_down
    share = challenger_power / ground if ground > 0.0 else 0.0
    drive = p.control_rate * (share - p.control_hold) + p.regime_noise * noise
    return min(
        max(control + drive * control * (1.0 - control), p.control_margin), 1.0 - p.control_margin
    )


@inlined
def change_rule(run, k, successor, p):
    """Give theatre k a new ruler; patrons of the fallen lose standing, their rivals gain.

    Claim: the fall of Kabul cost the United States reputation and lifted Russia's and China's
    (opportunity2021 L24, aliyev2022 L248, L264).
    Form: a patron's loss is its share of security influence times the fallen ruler's leaning to it;
    each other actor gains by its own distance from the loser.
    """
    fallen = run.ruler[k]
    run.ruler[k] = successor
    run.challenger[k] = fallen
    run.control[k] = p.control_remnant
    if fallen < 0:
        return
    for j in range(run.power.size):
        if j not in (successor, fallen):
            lost = run.influence[j, k, SECURITY] * max(run.alignment[fallen, j], 0.0)
            run.standing[j] -= lost
            for i in range(run.power.size):
                if i != j and run.power[i] > 0.0:
                    run.standing[i] += p.standing_gain * 0.5 * (1.0 - run.alignment[i, j]) * lost


@inlined
def transfer_rule(run, month, k, p):
    """Change theatre k's ruler where the scenario imposes one or control has passed."""
    imposed = np.int64(month.rule[k])
    if imposed >= 0 and imposed != run.ruler[k]:
        change_rule(run, k, imposed, p)
    elif imposed >= 0:
        run.control[k] = min(run.control[k], p.control_threshold)
    elif run.challenger[k] >= 0 and run.control[k] > p.control_threshold:
        change_rule(run, k, run.challenger[k], p)


@inlined
def esteem(contender, k, power, recognition):
    """Recognition by the powers of theatre k's contender once it rules, by power, in [0, 1]."""
    known, weight = 0.0, 0.0
    for i in range(power.size):
        if i != contender:
            known += power[i] * recognition[i, k]
            weight += power[i]
    return known / (weight * LADDER_TOP) if weight > 0.0 else 0.0


@inlined
def restraint_step(restraint, aid, known, conduct, p):
    """Ruler's restraint of those who would use its land, a month on, in [0, 1].

    Claim: conduct is traded for aid and recognition (wishnick2021 L53; aliyev2022 L92, L284;
    opportunity2021 L5).

    Args:
        restraint: now. aid: billion US dollars a year. known: esteem in [0, 1].
        conduct: the lever, -1..1.
    """
    target = (
        p.restraint_base
        + p.restraint_aid * saturation(aid)
        + p.restraint_recognition * known
        + conduct
    )
    return restraint + p.restraint_rate * (min(max(target, 0.0), 1.0) - restraint)


@inlined
def militants_target(restraint, stability, held_down, guard, p):
    """Where militants tend, in [0, 1]: up with disorder and laxity, down with force."""
    bred = (1.0 - restraint) * (p.militants_base + p.militants_disorder * (1.0 - stability))
    return min(bred / (1.0 + held_down + p.militants_effort * guard), 1.0)


@inlined
def stability_target(control, economy, guard, known, militants, noise, p):
    """Where stability tends, in (0, 1).

    Form: logistic, up with rule undisputed, economy, foreign guard and esteem, down with militants.
    """
    return logistic(
        p.stability_base
        - p.stability_dispute * 4.0 * control * (1.0 - control)
        + p.stability_economy * economy
        + p.stability_guard * saturation(guard)
        + p.stability_recognition * known
        - p.stability_militants * militants
        + p.regime_noise * noise
    )


@inlined
def settle(run, month, facts, k, held_down, noise, p):
    """Advance restraint, militants, economy and stability of a contested theatre, in [0, 1]."""
    effort, ruler, challenger = run.effort, run.ruler[k], run.challenger[k]
    contender = facts.contender[k]
    aid, trade, guard = 0.0, 0.0, 0.0
    for i in range(effort.shape[0]):
        aid += month.aid[i, k]
        if i not in (ruler, challenger):
            trade += effort[i, k, ECONOMIC]
            guard += effort[i, k, SECURITY]
    known = esteem(contender, k, run.power, run.recognition) if ruler == contender else 0.0
    run.restraint[k] = restraint_step(run.restraint[k], aid, known, month.conduct[k], p)
    militants = militants_target(run.restraint[k], run.stability[k], held_down, guard, p)
    run.militants[k] += p.militants_rate * (militants - run.militants[k])
    economy = saturation(p.economy_aid * aid + p.economy_trade * trade)
    run.economy[k] += p.economy_rate * (economy - run.economy[k])
    stability = stability_target(
        run.control[k], run.economy[k], guard, known, run.militants[k], noise, p
    )
    run.stability[k] += p.stability_rate * (stability - run.stability[k])


@inlined
def contagion(run, constants, k, p):
    """Where stability of an uncontested theatre tends: its own, less spill-over to its ruler.

    Claim: instability in Afghanistan threatens to spread to Central Asia (aliyev2022 L92, L168,
    L280).
    """
    arriving = 0.0
    if run.ruler[k] >= 0:
        for source in range(run.ruler.size):
            if source != k:
                arriving += run.spillover[run.ruler[k], source]
    return constants.base_stability[k] * (1.0 - p.stability_contagion * saturation(arriving))


@inlined
def rule_once(run, constants, month, facts, t, p):
    """Move one run's rule, and what follows from it, of every theatre one month on."""
    ruler, challenger, control, power = run.ruler, run.challenger, run.control, run.power
    for k in range(run.theatres):
        if challenger[k] >= 0:
            held_down, beside_ruler = suppression(k, run, month, p)
            words = draw(
                run.seed, STREAM, np.uint64(t), facts.theatre_hash[k], facts.theatre_hash[k]
            )
            held = (
                power[ruler[k]] if ruler[k] >= 0 else 0.0
            )  # a negative index would read the last actor's power
            ground, noise = p.suppression_power * beside_ruler, shock(uniform(words[0]))
            control[k] = control_step(control[k], power[challenger[k]], held, ground, noise, p)
            transfer_rule(run, month, k, p)
            settle(run, month, facts, k, held_down, shock(uniform(words[1])), p)
        else:
            transfer_rule(run, month, k, p)
            run.stability[k] += p.stability_rate * (
                contagion(run, constants, k, p) - run.stability[k]
            )
        if not np.isnan(month.stability[k]):
            run.stability[k] = month.stability[k]
    for i in range(run.actors):
        run.standing[i] *= 1.0 - p.standing_decay


@sequence
def rule(state, constants, month, facts, t, p):
    """Advance rule, control, conduct, militants, economy and stability by one month."""
    for r in range(RUNS):
        rule_once(state[r], constants[r], month[r], facts, t, p[r])
