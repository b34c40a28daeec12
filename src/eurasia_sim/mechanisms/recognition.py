"""How far each actor goes in recognising a ruler that came by force.

The ladder: listed, contact, embassy, accredited, recognised.
"""

from __future__ import annotations

import numpy as np

from eurasia_sim.blocks import RUNS
from eurasia_sim.compilation import compiled, inlined
from eurasia_sim.mathematics import logistic
from eurasia_sim.streams import draw, uniform

STREAM = np.uint64(4)
LADDER_TOP = 4.0
CONTACT = 1.0


@inlined
def partners_level(i, contender, power, alignment, levels):
    """Ladder level of i's partners, weighed by power and by i's alignment; 0..4.

    Claim: neither power leads; Russia follows the caution of others (wishnick2021 L53, L65).

    Args:
        power: (N,). alignment: (N,) i's row. levels: (N,) toward one contender, who is nobody's partner in this.
    """
    level, weight = 0.0, 0.0
    for j in range(power.size):
        if j not in (i, contender):
            tie = power[j] * max(alignment[j], 0.0)
            level += tie * levels[j]
            weight += tie
    return level / weight if weight > 0.0 else 0.0


@inlined
def step_hazard(need, trade, lead, restraint, audience, here, p):
    """Chance of taking the next step of the ladder this month, in (0, recognition_rate).

    Claim: interests in security and trade draw toward a new ruler, conduct and partners' steps matter, and the audience
    at home and among neighbours holds back (wishnick2021 L45-53, opportunity2021 L5).

    Args:
        need: containment's weight times spill-over. trade: commerce's weight times opportunity and nearness.
        lead: own level less partners'. restraint: the ruler's. audience: standing's weight times enmity.
        here: own level, 0..4.
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
    """Mean enmity of the rulers of the other theatres toward a contender, in [0, 1]; 0 where there are none."""
    enmity, hosts = 0.0, 0.0
    for other in range(ruler.size):
        if other != k and ruler[other] >= 0:
            enmity += max(-affinity[ruler[other], contender], 0.0) / 3.0
            hosts += 1.0
    return enmity / hosts if hosts > 0.0 else 0.0


@inlined
def consider(i, k, contender, open_to, run, constants, month, facts, month_number, p):
    """Let actor i stay or step up toward theatre k's contender in one run; return by how much it is ahead of partners.

    Args:
        open_to: the highest step that is open.
    """
    recognition, weight = run.recognition, constants.weight
    lead = recognition[i, k] - partners_level(i, contender, run.power, run.alignment[i], run.stood[:, k])
    if not np.isnan(month.recognition[i, k]):
        recognition[i, k] = month.recognition[i, k]
    elif recognition[i, k] < open_to:
        need = weight[i, 1] * run.spillover[i, k]
        trade = weight[i, 2] * constants.opportunity[k] * constants.nearness_theatre[i, k]
        audience = weight[i, 6] * max(-constants.affinity[i, contender], 0.0) / 3.0
        words = draw(run.seed, STREAM, month_number, facts.name_hash[i], facts.theatre_hash[k])
        if uniform(words[0]) < step_hazard(need, trade, lead, run.restraint[k], audience, recognition[i, k], p):
            recognition[i, k] += 1.0
    return lead


@inlined
def recognise_once(run, constants, month, facts, month_number, p):
    """As `recognise`, in one run."""
    for i in range(run.actors):
        for k in range(run.theatres):  # all decide at once, seeing where partners stood a month ago
            run.stood[i, k] = run.recognition[i, k]
    for k in range(run.theatres):
        contender = facts.contender[k]
        if contender >= 0:
            open_to = LADDER_TOP if run.ruler[k] == contender else CONTACT
            hostility = hostile_neighbours(k, contender, run.ruler, constants.affinity)
            for i in range(run.actors):
                if i != contender and run.power[i] > 0.0:
                    lead = consider(i, k, contender, open_to, run, constants, month, facts, month_number, p)
                    run.standing[i] -= p.audience_cost * max(lead, 0.0) * hostility


@compiled
def recognise(state, constants, month, facts, month_number, p):
    """Let each actor stay or step up the ladder toward each theatre's contender, and pay its audience's price.

    Steps beyond contact are open only toward a contender that rules; an imposed level is taken as given. Being ahead of
    one's partners among hostile neighbours costs standing: China risks its name in Central Asia if it is too far in
    front (wishnick2021 L53, untitled2021 L97-101).
    """
    for r in range(RUNS):
        recognise_once(state[r], constants[r], month[r], facts, month_number, p[r])
