"""How far each actor goes in recognising a ruler that came by force.

The ladder: listed, contact, embassy, accredited, recognised.
"""

from __future__ import annotations

import numpy as np

from eurasia_sim.compilation import phase, whole
from eurasia_sim.mathematics import copy, logistic
from eurasia_sim.streams import draw, uniform

STREAM = np.uint64(4)
LADDER_TOP = 4.0
CONTACT = 1.0


@phase
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


@phase
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


@phase
def hostile_neighbours(k, contender, ruler, affinity):
    """Mean enmity of the rulers of the other theatres toward a contender, in [0, 1]; 0 where there are none."""
    enmity, hosts = 0.0, 0.0
    for other in range(ruler.size):
        if other != k and ruler[other] >= 0:
            enmity += max(-affinity[ruler[other], contender], 0.0) / 3.0
            hosts += 1.0
    return enmity / hosts if hosts > 0.0 else 0.0


@phase
def recognise(state, constants, month, seed, month_number, p):
    """Let each actor stay or step up the ladder toward each theatre's contender, and pay its audience's price.

    Steps beyond contact are open only toward a contender that rules; an imposed level is taken as given. Being ahead of
    one's partners among hostile neighbours costs standing: China risks its name in Central Asia if it is too far in
    front (wishnick2021 L53, untitled2021 L97-101).
    """
    power, alignment, recognition, standing = state.power, state.alignment, state.recognition, state.standing
    weight, affinity, stood = constants.weight, constants.affinity, state.scratch_theatre
    copy(
        whole(recognition), whole(stood)
    )  # all decide at once, seeing where partners stood a month ago: no place in a list matters
    for k in range(state.ruler.size):
        contender = constants.contender[k]
        if contender < 0:
            continue
        open_to = LADDER_TOP if state.ruler[k] == contender else CONTACT
        hostility = hostile_neighbours(k, contender, state.ruler, affinity)
        for i in range(power.size):
            if i == contender or power[i] <= 0.0:
                continue
            lead = recognition[i, k] - partners_level(i, contender, power, alignment[i], stood[:, k])
            if not np.isnan(month.recognition[i, k]):
                recognition[i, k] = month.recognition[i, k]
            elif recognition[i, k] < open_to:
                need = weight[i, 1] * state.spillover[i, k]
                trade = weight[i, 2] * constants.opportunity[k] * constants.nearness_theatre[i, k]
                audience = weight[i, 6] * max(-affinity[i, contender], 0.0) / 3.0
                words = draw(seed, STREAM, month_number, constants.name_hash[i], constants.theatre_hash[k])
                if uniform(words[0]) < step_hazard(
                    need, trade, lead, state.restraint[k], audience, recognition[i, k], p
                ):
                    recognition[i, k] += 1.0
            standing[i] -= p.audience_cost * max(lead, 0.0) * hostility
