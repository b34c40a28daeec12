"""Who rules a contested theatre, how stable it is, and what its conduct is traded for (documents; see each Claim)."""

from __future__ import annotations

import numpy as np

from eurasia_sim.mathematics import compiled, logistic, saturation
from eurasia_sim.streams import draw, shock

STREAM = np.uint64(3)


@compiled
def suppression(k, month, p):  # type: ignore[no-untyped-def]
    """Weight of all foreign forces against a challenger and militants in theatre k, >= 0."""
    total = 0.0
    for i in range(month.presence.shape[0]):
        total += (
            p.suppression_bases * month.presence[i, k, 0]
            + p.suppression_forces * month.presence[i, k, 1]
            + p.suppression_counterterror * month.presence[i, k, 2]
        )
    return total


@compiled
def control_step(control, challenger_power, ruler_power, held_down, luck, p):  # type: ignore[no-untyped-def]
    """Challenger's control of the land a month on, kept in [0.01, 0.99].

    Claim: the Taliban spread as foreign forces shrank (untitled2021 L78-88, aliyev2022 L322).
    Form: logistic growth at a rate set by how far the challenger's share of all power on the ground exceeds the share at
    which the ruler holds.
    """
    ground = challenger_power + ruler_power + held_down
    share = challenger_power / ground if ground > 0.0 else 0.0
    drive = p.control_rate * (share - p.control_hold) + p.regime_noise * luck
    return min(max(control + drive * control * (1.0 - control), 0.01), 0.99)


@compiled
def change_rule(state, k, p):  # type: ignore[no-untyped-def]
    """Swap ruler and challenger of theatre k; those who stood behind the fallen ruler lose standing, their rivals gain.

    Claim: the fall of Kabul cost the United States reputation and lifted Russia's and China's (opportunity2021 L24,
    aliyev2022 L248, L264).
    Form: each patron's loss is its share of security influence; each other actor gains by its distance from the loser.
    """
    fallen = state.ruler[k]
    state.ruler[k] = state.challenger[k]
    state.challenger[k] = fallen
    state.control[k] = p.control_remnant
    actors = state.power.size
    for j in range(actors):
        if j != state.ruler[k]:
            lost = state.influence[j, k, 0]
            state.standing[j] -= lost
            for i in range(actors):
                if i != j and state.power[i] > 0.0:
                    state.standing[i] += p.standing_gain * 0.5 * (1.0 - state.alignment[i, j]) * lost


@compiled
def transfer_rule(state, constants, month, k, p):  # type: ignore[no-untyped-def]
    """Change the ruler of theatre k where the record imposes it, or where rule is free and control passes the threshold."""
    if state.challenger[k] < 0:
        return
    imposed = np.int64(month.rule[k])
    if imposed >= 0:
        if imposed == state.challenger[k]:
            change_rule(state, k, p)
        else:
            state.control[k] = min(state.control[k], p.control_threshold)
    elif state.control[k] > p.control_threshold:
        change_rule(state, k, p)


@compiled
def restraint_step(state, constants, month, k, p):  # type: ignore[no-untyped-def]
    """Ruler's restraint of those who would use its land, a month on, in [0, 1].

    Claim: conduct is traded for aid and recognition (wishnick2021 L53; aliyev2022 L92, L284; opportunity2021 L5).
    """
    aid, known, weight = 0.0, 0.0, 0.0
    for i in range(state.power.size):
        aid += month.aid[i, k]
        if i != state.ruler[k]:
            known += state.power[i] * state.recognition[i, k]
            weight += state.power[i]
    esteem = 0.25 * known / weight if weight > 0.0 else 0.0
    target = p.restraint_base + p.restraint_aid * saturation(aid) + p.restraint_recognition * esteem + month.conduct[k]
    return state.restraint[k] + p.restraint_rate * (min(max(target, 0.0), 1.0) - state.restraint[k])


@compiled
def settle(state, constants, month, k, held_down, luck, p):  # type: ignore[no-untyped-def]
    """Write militants, economy and stability of a contested theatre a month on, each in [0, 1].

    Form: militants thrive on disorder and a ruler's laxity and yield to force; the economy lives on aid and foreign
    trade; stability follows rule undisputed, economy, foreign security effort and recognition, less militants.
    """
    aid, trade, guard, known, weight = 0.0, 0.0, 0.0, 0.0, 0.0
    for i in range(state.power.size):
        aid += month.aid[i, k]
        if i != state.ruler[k] and i != state.challenger[k]:
            trade += state.effort[i, k, 1]
            guard += state.effort[i, k, 0]
            known += state.power[i] * state.recognition[i, k]
            weight += state.power[i]
    esteem = 0.25 * known / weight if weight > 0.0 else 0.0
    disorder = 1.0 - state.stability[k]
    militants = (1.0 - state.restraint[k]) * (p.militants_base + p.militants_disorder * disorder)
    militants = min(militants / (1.0 + held_down + p.militants_effort * guard), 1.0)
    state.militants[k] += p.militants_rate * (militants - state.militants[k])
    economy = saturation(p.economy_aid * aid + p.economy_trade * trade)
    state.economy[k] += p.economy_rate * (economy - state.economy[k])
    dispute = 4.0 * state.control[k] * (1.0 - state.control[k])
    target = logistic(
        p.stability_base
        - p.stability_dispute * dispute
        + p.stability_economy * state.economy[k]
        + p.stability_guard * saturation(guard)
        + p.stability_recognition * esteem
        - p.stability_militants * state.militants[k]
        + p.regime_noise * luck
    )
    state.stability[k] += p.stability_rate * (target - state.stability[k])


@compiled
def rule(state, constants, month, seed, month_number, p):  # type: ignore[no-untyped-def]
    """Move control, rule, conduct, militants, economy and stability of every theatre with a challenger one month on."""
    for k in range(state.ruler.size):
        if state.challenger[k] >= 0:
            held_down = suppression(k, month, p)
            first, second, _, _ = draw(seed, STREAM, month_number, constants.theatre_hash[k], constants.theatre_hash[k])
            state.control[k] = control_step(
                state.control[k],
                state.power[state.challenger[k]],
                state.power[state.ruler[k]],
                p.suppression_power * held_down,
                shock(first),
                p,
            )
            transfer_rule(state, constants, month, k, p)
            state.restraint[k] = restraint_step(state, constants, month, k, p)
            settle(state, constants, month, k, held_down, shock(second), p)
        if not np.isnan(month.stability[k]):
            state.stability[k] = month.stability[k]
    for i in range(state.standing.size):
        state.standing[i] *= 1.0 - p.standing_decay
