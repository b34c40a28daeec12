"""How far each actor goes in recognising a ruler that came by force: listed, contact, embassy, accredited, recognised."""

from __future__ import annotations

import numpy as np

from eurasia_sim.mathematics import compiled, logistic
from eurasia_sim.streams import draw, uniform

STREAM = np.uint64(4)
LADDER_TOP = 4.0
CONTACT = 1.0


@compiled
def partners_level(i, k, state):  # type: ignore[no-untyped-def]
    """Ladder level of i's partners toward theatre k's contender, weighed by power and by i's alignment; 0..4.

    Claim: neither power leads; Russia follows the caution of others (wishnick2021 L53, L65).
    """
    level, weight = 0.0, 0.0
    for j in range(state.power.size):
        if j != i:
            tie = state.power[j] * max(state.alignment[i, j], 0.0)
            level += tie * state.recognition[j, k]
            weight += tie
    return level / weight if weight > 0.0 else 0.0


@compiled
def step_hazard(i, k, contender, state, constants, p):  # type: ignore[no-untyped-def]
    """Chance that actor i takes the next step toward the contender of theatre k this month, in (0, recognition_rate).

    Claim: interests in security and trade draw toward it, conduct and partners' steps matter, and the audience at home
    and among neighbours holds back (wishnick2021 L45-53, opportunity2021 L5).
    Form: recognition_rate * logistic of those terms; the audience's cost is standing's weight times enmity.
    """
    here = state.recognition[i, k]
    need = constants.weight[i, 1] * state.spillover[i, k]
    trade = constants.weight[i, 2] * constants.opportunity[k] * constants.nearness_theatre[i, k]
    enmity = max(-constants.affinity[i, contender], 0.0) / 3.0
    return p.recognition_rate * logistic(
        p.recognition_base
        + p.recognition_need * need
        + p.recognition_commerce * trade
        + p.recognition_partners * (partners_level(i, k, state) - here)
        + p.recognition_conduct * state.restraint[k]
        - p.recognition_audience * constants.weight[i, 6] * enmity
        - p.recognition_step * here
    )


@compiled
def audience_cost(i, k, contender, state, constants, p):  # type: ignore[no-untyped-def]
    """Standing that actor i loses this month by being ahead of its partners in dealing with a contender others dislike.

    Claim: China risks its name in Central Asia if it is seen too far in front (wishnick2021 L53, untitled2021 L97-101).
    Form: audience_cost * lead over partners * mean enmity of the rulers of the other theatres toward the contender.
    """
    lead = max(state.recognition[i, k] - partners_level(i, k, state), 0.0)
    enmity, hosts = 0.0, 0.0
    for other in range(state.ruler.size):
        host = state.ruler[other]
        if other != k and host >= 0 and host != i:
            enmity += max(-constants.affinity[host, contender], 0.0) / 3.0
            hosts += 1.0
    return p.audience_cost * lead * enmity / hosts if hosts > 0.0 else 0.0


@compiled
def recognise(state, constants, month, seed, month_number, p):  # type: ignore[no-untyped-def]
    """Let each actor stay or step up the ladder toward each theatre's contender, and pay its audience's price.

    Steps beyond contact are open only toward a contender that rules. An imposed level is taken as given.
    """
    for k in range(state.ruler.size):
        contender = constants.contender[k]
        if contender < 0:
            continue
        for i in range(state.power.size):
            if i == contender or state.power[i] <= 0.0:
                continue
            if not np.isnan(month.recognition[i, k]):
                state.recognition[i, k] = month.recognition[i, k]
            elif state.recognition[i, k] < (LADDER_TOP if state.ruler[k] == contender else CONTACT):
                word, _, _, _ = draw(seed, STREAM, month_number, constants.name_hash[i], constants.theatre_hash[k])
                if uniform(word) < step_hazard(i, k, contender, state, constants, p):
                    state.recognition[i, k] += 1.0
            state.standing[i] -= audience_cost(i, k, contender, state, constants, p)
