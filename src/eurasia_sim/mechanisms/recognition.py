"""How far each actor goes in recognising a ruler that came by force.

The ladder: listed, contact, embassy, accredited, recognised.
"""

from __future__ import annotations

import numpy as np

from eurasia_sim.compute.dimensions import COMMERCE, CONTAINMENT, STANDING
from eurasia_sim.compute.jit import compiled, inlined
from eurasia_sim.compute.mathematics import THIRD, TINY, choose, greater, logistic, where_known
from eurasia_sim.compute.random_streams import draw, uniform
from eurasia_sim.compute.vectors import each_run

STREAM = np.uint64(4)
LADDER_TOP = 4.0
CONTACT = 1.0


@inlined
def partners_level(i, k, contender, state):
    """Ladder level (0..4) of i's partners toward theatre k's contender, by power and alignment.

    Claim: neither power leads; Russia follows the caution of others (wishnick2021 L53, L65).
    Form: the contender is nobody's partner in this.
    """
    level, weight = each_run(0.0), each_run(0.0)
    for j in range(state.actors):
        if j not in (i, contender):
            tie = state.power[j] * greater(state.alignment[i, j], 0.0)
            level += tie * state.stood[j, k]
            weight += tie
    return choose(weight, level / greater(weight, TINY), 0.0)


@inlined
def step_hazard(need, trade, lead, restraint, audience, here, p):
    """Chance of taking the next step of the ladder this month, in (0, recognition_rate).

    Claim: security and trade draw toward a new ruler, conduct and partners' steps matter, and
    the audience holds back (wishnick2021 L45-53, opportunity2021 L5, L18).
    Form: recognition_rate * L(weighed reasons for and against), with L the logistic.

    Args:
        need: containment's weight times spill-over. trade: commerce's weight times opportunity and
        nearness. lead: own level less partners'. restraint: the ruler's. audience: standing's
        weight times enmity. here: own level, 0..4.
    """
    return p.recognition_rate * logistic(
        p.recognition_base
        + p.recognition_need * need
        + p.recognition_commerce * trade
        - p.recognition_partners * lead
        + p.recognition_conduct * restraint
        - p.recognition_audience * audience
        - p.recognition_step * here
    )


@inlined
def hostile_neighbours(k, contender, ruler, affinity):
    """Mean enmity of other theatres' rulers toward a contender, in [0, 1]; 0 without any."""
    enmity, hosts = 0.0, 0.0
    for other in range(ruler.size):
        if other != k and ruler[other] >= 0:
            enmity += max(-affinity[ruler[other], contender], 0.0) / 3.0
            hosts += 1.0
    return enmity / hosts if hosts > 0.0 else 0.0


@inlined
def face_contender(k, contender, state, constants):
    """Write for theatre k the highest open step toward its contender, and neighbours' enmity.

    Steps beyond contact are open only toward a contender that rules.
    """
    for r in range(state.block_runs):
        run = state[r]
        run.open_to[k] = LADDER_TOP if run.ruler[k] == contender else CONTACT
        run.hostility[k] = hostile_neighbours(k, contender, run.ruler, constants[r].affinity)


@inlined
def chance_to_step(i, k, contender, lead, state, constants, p):
    """Actor i's chance of a step toward k's contender; lead: own level less partners'."""
    weight = constants.weight
    need = weight[i, CONTAINMENT] * state.spillover[i, k]
    trade = weight[i, COMMERCE] * constants.opportunity[k] * constants.nearness_theatre[i, k]
    audience = weight[i, STANDING] * greater(-constants.affinity[i, contender], 0.0) * THIRD
    return step_hazard(need, trade, lead, state.restraint[k], audience, state.recognition[i, k], p)


@compiled
def recognise(state, constants, month, facts, t, p):
    """Let each actor stay or step up the ladder toward each contender, at its audience's price.

    Claim: China risks its name in Central Asia if it is far in front (wishnick2021 L53,
    untitled2021 L97-101). Form: an imposed level is taken as given; a lead over partners costs
    audience_cost times the enmity of neighbours in standing.
    """
    power, recognition, stood = state.power, state.recognition, state.stood
    standing = state.standing
    for i in range(state.actors):
        for k in range(
            state.theatres
        ):  # all decide at once, seeing where partners stood a month ago
            stood[i, k] = recognition[i, k]
    for k in range(state.theatres):
        contender = facts.contender[k]
        if contender < 0:
            continue
        face_contender(k, contender, state, constants)
        for i in range(state.actors):
            if i == contender:
                continue
            lead = stood[i, k] - partners_level(i, k, contender, state)
            chance = chance_to_step(i, k, contender, lead, state, constants, p)
            words = draw(
                state.seed, STREAM, np.uint64(t), facts.name_hash[i], facts.theatre_hash[k]
            )
            step = choose(
                state.open_to[k] - stood[i, k], choose(chance - uniform(words[0]), 1.0, 0.0), 0.0
            )
            level = where_known(month.recognition[i, k], stood[i, k] + step)
            price = p.audience_cost * greater(lead, 0.0) * state.hostility[k]
            recognition[i, k] = choose(power[i], level, stood[i, k])
            standing[i] -= choose(power[i], price, 0.0)
